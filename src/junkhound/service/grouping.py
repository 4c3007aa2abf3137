"""The grouper: new mail put into campaigns."""

from __future__ import annotations

import threading
import time

from junkhound.kernel.errors import JunkhoundError
from junkhound.service.log import say
from junkhound.service.notes import Notes
from junkhound.verbs import actors, botnets, comparing, grouping, wording
from junkhound.verbs.office import Office

LOOK_S = 5.0


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Group every ``[serve] group_s`` where something came."""
    grouped = 0.0
    while not stop.is_set():
        if not grouped or time.monotonic() - grouped > office.config.serve.group_s:
            try:
                if grouping.waiting(office):
                    _count(notes, grouping.group(office, lambda words, done, total: notes.write()))
                    _read(notes, wording.read(office, progress=lambda words, done, total: notes.write()))
                    notes.gauges["botnets"] = botnets.find(office).botnets
                    notes.gauges["actors"] = actors.find(office)
                    comparing.look(office)
            except JunkhoundError as error:  # somebody else groups: the next round looks again
                notes.add("failures_total")
                say("grouper", error.message)
            grouped = time.monotonic()
        notes.write(force=True)
        stop.wait(LOOK_S)


def _read(notes: Notes, done: wording.Done) -> None:
    notes.add("campaigns_read_total", done.campaigns)
    notes.add("campaign_mails_read_total", done.mails)
    notes.add("wordings_total", done.wordings)
    notes.add("readers_killed_total", done.died)
    notes.gauges["campaigns_to_read"] = done.waiting


def _count(notes: Notes, done: grouping.Grouped) -> None:
    notes.add("texts_total", done.texts)
    for name in ("born", "merged", "split", "revived"):
        notes.add(f'campaigns_total{{event="{name}"}}', getattr(done, name))
    notes.gauges["waiting_texts"] = done.waiting
