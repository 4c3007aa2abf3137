"""The picture reader: near-copies grouped, and text in pixels read, off the path of mail and at leisure.

It takes no more than a quarter of a core in the long run, behind everything else that runs here; each run keeps to
``[pictures] budget_s``. Where Pillow is not installed, or an OCR engine, it says so once and does what it can.
"""

from __future__ import annotations

import threading
import time

from junkhound.service import leisure
from junkhound.service.notes import Notes
from junkhound.verbs import pictures
from junkhound.verbs.office import Office

REST = 3.0  # seconds of rest for each CPU second of work
PICTURES = 2000  # looked at in one run


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Look at new pictures every ``[pictures] look_s``, later where the last run took long."""

    def turn() -> tuple[float, str]:
        began = time.process_time()
        done = pictures.read(office, PICTURES, 0.0, lambda what, at, of: notes.write())
        _count(notes, done)
        return REST * (done.cpu_s + time.process_time() - began), done.hint

    leisure.run("pictures", office.config.pictures.look_s, turn, stop, notes)


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
