"""The decider: lists brought to what the rows say, and published when they changed."""

from __future__ import annotations

import threading

from junkhound.kernel.errors import JunkhoundError
from junkhound.service.log import say
from junkhound.service.notes import Notes
from junkhound.verbs import lists
from junkhound.verbs import publish as publishing
from junkhound.verbs.office import Office


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Decide and publish every ``[serve] decide_s``, when something changed or a day has passed since the last time."""
    settings = office.config.serve
    seen, rested = -1, 0.0
    while not stop.is_set():
        changes = office.ledger.changes()
        if changes != seen or rested >= settings.full_decide_h * 3600:
            _round(office, notes)
            seen, rested = office.ledger.changes(), 0.0
        notes.write(force=True)
        waited = 0.0
        while waited < settings.decide_s and not stop.wait(1):
            waited += 1
            notes.write()
        rested += waited


def _round(office: Office, notes: Notes) -> None:
    try:
        for done in lists.decide(office):
            notes.gauges[f'list_entries{{list="{done.name}"}}'] = done.entries
            if done.refused is not None:
                notes.add("refusals_total")
                say("decider", done.refused.message, list=done.name)
        publishing.publish(office)
        notes.add("rounds_total")
    except JunkhoundError as error:  # a held lease, a guard: the next round tries again
        notes.add("failures_total")
        say("decider", error.message)
