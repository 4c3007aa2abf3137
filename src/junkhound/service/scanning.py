"""The file reader: attached files looked into, off the path of mail, where ``[files]`` asks for it."""

from __future__ import annotations

import contextlib
import os
import threading
import time

from junkhound.kernel.errors import ConfigError, JunkhoundError
from junkhound.service.log import say
from junkhound.service.notes import Notes
from junkhound.verbs import files
from junkhound.verbs.office import Office

LOOK_S = 5.0
FILES = 2000  # looked into in one run
NICE = 10


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Look into new files every ``[files] look_s``."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    due, told = 0.0, ""
    while not stop.is_set():
        if time.monotonic() >= due:
            try:
                done = files.read(office, FILES, lambda what, at, of: notes.write())
                notes.add("files_total", done.files)
                notes.add("files_scanned_total", done.scanned)
                notes.add("files_malware_total", done.malware)
                notes.add("file_links_total", done.links)
                notes.gauges["files_waiting"] = done.waiting
                told = _said(done.hint, told)
            except ConfigError as error:
                told = _said(error.message, told)
            except JunkhoundError as error:
                notes.add("failures_total")
                say("files", error.message)
            due = time.monotonic() + office.config.files.look_s
        notes.write(force=True)
        stop.wait(LOOK_S)


def _said(words: str, told: str) -> str:
    if words and words != told:
        say("files", words)
    return words
