"""The DNS role: answers for the published lists, with each newer edition within a second."""

from __future__ import annotations

import threading
from collections import Counter

from junkhound.service.dns import open_responder
from junkhound.service.notes import Notes
from junkhound.verbs.office import Office


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Answer until told to stop; several responders share one port."""
    responder = open_responder(office.config, shared=office.config.serve.dns > 1, now=office.clock.now)

    def every(counts: Counter[str]) -> None:
        for name, count in counts.items():
            notes.counters[f'dns_total{{what="{name}"}}'] = count
        notes.write()

    responder.run(stop, every)
