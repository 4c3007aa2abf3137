"""The role that follows the logs of the settings: what it folds goes into the spool, where the judge takes it."""

from __future__ import annotations

import threading

from junkhound.kernel.errors import JunkhoundError
from junkhound.service.log import say
from junkhound.service.notes import Notes
from junkhound.verbs import logs
from junkhound.verbs.office import Office


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Follow until told to stop; the last lines are folded before it ends."""
    followed = logs.follow(office, stop, lambda words: say("logs", words))
    while True:
        try:
            for taken in followed:
                notes.add("log_lines_total", taken.lines)
                for what, count in taken.events.items():
                    notes.add(f'log_events_total{{kind="{what}"}}', count)
                notes.write()
            return
        except JunkhoundError as error:  # a full disk: what was not written is read again
            notes.add("failures_total")
            say("logs", error.message)
            if stop.wait(5):
                return
            followed = logs.follow(office, stop, lambda words: say("logs", words))
