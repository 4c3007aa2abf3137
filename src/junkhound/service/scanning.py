"""The file reader: attached files looked into, off the path of mail, where ``[files]`` asks for it."""

from __future__ import annotations

import threading

from junkhound.service import leisure
from junkhound.service.notes import Notes
from junkhound.verbs import files
from junkhound.verbs.office import Office

FILES = 2000  # looked into in one run


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Look into new files every ``[files] look_s``."""

    def turn() -> tuple[float, str]:
        done = files.read(office, FILES, lambda what, at, of: notes.write())
        notes.add("files_total", done.files)
        notes.add("files_scanned_total", done.scanned)
        notes.add("files_malware_total", done.malware)
        notes.add("file_links_total", done.links)
        notes.gauges["files_waiting"] = done.waiting
        return 0.0, done.hint

    leisure.run("files", office.config.files.look_s, turn, stop, notes)
