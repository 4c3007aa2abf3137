"""The judge: sealed segments of the spool become committed rows as they come."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from junkhound.kernel.errors import Temporary
from junkhound.service.log import say
from junkhound.service.notes import Notes
from junkhound.trace import Seen
from junkhound.verbs import comparing, data, intakes
from junkhound.verbs.judge import Judge
from junkhound.verbs.office import Office
from junkhound.verbs.task import Task

COMPARED_S = 300.0  # after which workers may be started anew: that costs a second of theirs


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Judge until told to stop; what was started is finished, what is sealed by then is left for the next start."""
    while not stop.is_set():
        _judge(office, stop, notes)


def _judge(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Judge until told to stop, or until there is more to compare lines with than the workers know."""
    orders = intakes.orders(office, intakes.plans(office), data.route_tables(office))
    judge = Judge(office, orders)
    try:
        for done in judge.judged(_waiting(office, stop, notes, orders.seen)):
            try:
                added, known = judge.commit(done)
            except Temporary as error:  # a full disk: the segment stays in the spool and is tried again
                notes.add("commit_failures_total")
                say("judge", error.message, segment=done.task.name)
                office.ledger.spool.release(done.task.name)
                stop.wait(1)
                continue
            notes.add("sightings_total", added)
            notes.add("known_total", known)
            notes.add("segments_total")
            for name, count in done.entry.counts.items():
                if name.startswith("defect:"):
                    notes.add("defects_total", count)
                elif name == "kind:junk":
                    notes.add("junk_total", count)
            notes.write()
    finally:
        judge.close()


def _waiting(office: Office, stop: threading.Event, notes: Notes, seen: Seen) -> Iterator[Task | None]:
    """Sealed segments that nobody else has, oldest first; None when there is nothing.

    Until ``stop``, or until the ledger knows other lines than ``seen``: workers are then started anew, with them.
    """
    spool = office.ledger.spool
    spool.recover()
    recovered = compared = time.monotonic()
    while not stop.is_set():
        if time.monotonic() - compared > COMPARED_S:
            compared = time.monotonic()
            if comparing.known(office) != seen:
                return
        names = spool.sealed()
        given = 0
        for name in names:
            if stop.is_set():
                return
            if spool.claim(name):
                given += 1
                yield Task(name, office.now)
        notes.gauges["spool_segments"] = len(names)
        if time.monotonic() - recovered > 10:
            spool.recover()  # segments of a trap that was killed
            recovered = time.monotonic()
        notes.write()
        if not given:
            yield None
