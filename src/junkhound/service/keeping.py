"""The janitor: fresh rows sorted into months, and what is past its time let go."""

from __future__ import annotations

import threading
import time

from junkhound.kernel.clock import SystemClock
from junkhound.kernel.errors import JunkhoundError
from junkhound.ledger.asked import Asked
from junkhound.ledger.held import Held
from junkhound.service.log import say
from junkhound.service.notes import Notes
from junkhound.verbs import feeds, guard_pack
from junkhound.verbs.judge import tidy
from junkhound.verbs.office import Office

LOOK_S = 5.0
RETAIN_S = 86_400.0


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Compact when 32 fresh objects are there or after ``[serve] janitor_s``; retain once a day; make guard packs."""
    compacted, retained, packed = time.monotonic(), 0.0, 0.0
    pack_s = 3600 * office.config.guard.pack_every_h
    while not stop.is_set():
        try:
            if tidy(office):
                compacted = time.monotonic()
                notes.add("compactions_total")
            elif time.monotonic() - compacted > office.config.serve.janitor_s:
                with office.ledger.holding("janitor", SystemClock().now):
                    office.ledger.compact(office.now)
                compacted = time.monotonic()
                notes.add("compactions_total")
            if not retained or time.monotonic() - retained > RETAIN_S:
                with office.ledger.holding("janitor", SystemClock().now):
                    for kind, count in office.ledger.retain(office.now).items():
                        notes.add(f'retired_total{{class="{kind}"}}', count)
                Asked(office.home).sweep(SystemClock().now())  # also where the log was switched off meanwhile
                Held(office.home).sweep(SystemClock().now(), office.config.retention.sessions_days)
                retained = time.monotonic()
            for name in feeds.due(office):  # none, unless the settings say how often
                feeds.fetch(office, name)
            if pack_s and (not packed or time.monotonic() - packed > pack_s):
                packed = time.monotonic()  # one that fails is tried again when the next is due
                guard_pack.write_pack(office)
                notes.add("guard_packs_total")
        except JunkhoundError as error:
            notes.add("failures_total")
            say("janitor", error.message)
        notes.write(force=True)
        stop.wait(LOOK_S)
