"""The picture reader: near-copies grouped, and text in pixels read, off the path of mail and at leisure.

It takes no more than a quarter of a core in the long run, behind everything else that runs here; each run keeps to
``[pictures] budget_s``. Where Pillow is not installed, or an OCR engine, it says so once and does what it can.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time

from junkhound.kernel.errors import ConfigError, JunkhoundError
from junkhound.service.log import say
from junkhound.service.notes import Notes
from junkhound.verbs import pictures
from junkhound.verbs.office import Office

LOOK_S = 5.0
REST = 3.0  # seconds of rest for each CPU second of work
PICTURES = 2000  # looked at in one run
NICE = 10


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Look at new pictures every ``[pictures] look_s``, later where the last run took long."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    due, told = 0.0, ""
    while not stop.is_set():
        if time.monotonic() >= due:
            wait = office.config.pictures.look_s
            try:
                began = time.process_time()
                done = pictures.read(office, PICTURES, 0.0, lambda what, at, of: notes.write())
                wait = max(wait, REST * (done.cpu_s + time.process_time() - began))
                _count(notes, done)
                if done.hint and done.hint != told:
                    told = done.hint
                    say("pictures", told)
            except ConfigError as error:  # nothing to work with: it may be installed while we run
                if error.message != told:
                    told = error.message
                    say("pictures", error.message, **({"hint": error.hint} if error.hint else {}))
            except JunkhoundError as error:
                notes.add("failures_total")
                say("pictures", error.message)
            due = time.monotonic() + wait
        notes.write(force=True)
        stop.wait(LOOK_S)


def _count(notes: Notes, done: pictures.Done) -> None:
    notes.add("pictures_total", done.pictures)
    notes.add("picture_groups_read_total", done.read)
    notes.add("picture_keys_found_total", done.found)
    notes.add("picture_cpu_seconds_total", done.cpu_s)
    notes.add("picture_readers_killed_total", done.died)
    for why, count in done.unread.items():
        notes.add(f'pictures_unread_total{{why="{why}"}}', count)
    notes.gauges["picture_groups"] = done.groups
    notes.gauges["picture_groups_waiting"] = done.waiting
