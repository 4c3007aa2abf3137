"""The decider: lists brought to what the rows say, and published when they changed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from random import SystemRandom

from junkhound.kernel.clock import SECOND
from junkhound.kernel.errors import JunkhoundError
from junkhound.service.log import say
from junkhound.service.notes import Notes
from junkhound.verbs import delisting, lists
from junkhound.verbs import publish as publishing
from junkhound.verbs.office import Office
from junkhound.verbs.watching import Watch

BATCH_S = (300.0, 900.0)
"""A list of scope public is written in batches, at random this long after the one before."""
_draw = SystemRandom().uniform


class Pace:
    """Which lists are to be written: own ones as soon as they changed, public ones when their batch is due.

    A public list that followed each mail at once would tell its sender which address was the trap.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[float, float], float] = _draw,
    ) -> None:
        self._clock, self._draw = clock, draw
        self._due: dict[str, float] = {}
        self._changed: set[str] = set()

    def changed(self, name: str) -> None:
        """The list may hold something else than what was written last."""
        self._changed.add(name)

    def take(self, name: str, scope: str) -> bool:
        """Whether the list is to be written now; if so, its next batch is drawn."""
        now = self._clock()
        if name not in self._changed or (scope == "public" and now < self._due.get(name, now)):
            return False
        self._changed.discard(name)
        self._due[name] = now + self._draw(*BATCH_S)
        return True


JUMP_S = 600.0
"""So far the system clock may part from elapsed time within a round; beyond that it was set, or is broken."""
HELD_S = 3600.0
"""A clock that jumped is believed when it has gone as time does for so long."""


def _elapsed() -> float:
    """Seconds that passed, sleep of the machine included where the system counts it; nobody can set them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Steady:
    """Whether the system clock goes as time does: one that jumps ahead would end every listing at once, for good."""

    def __init__(self, elapsed: Callable[[], float] = _elapsed) -> None:
        self._elapsed = elapsed
        self._good: float | None = None  # clock less elapsed time, as it was when all was well
        self._other: tuple[float, float] | None = None  # the same since a jump, and when that came

    def held(self, now: int) -> str | None:
        """Why nothing may be decided at ``now`` (microseconds); None where all is well."""
        passed = self._elapsed()
        apart = now / SECOND - passed
        if self._good is None or abs(apart - self._good) <= JUMP_S:
            self._good, self._other = apart, None
            return None
        if self._other is None or abs(apart - self._other[0]) > JUMP_S:
            self._other = apart, passed
        left = self._other[1] + HELD_S - passed
        if left <= 0:
            self._good, self._other = apart, None
            return None
        return (
            f"the system clock jumped: lists stay as they are for {left / 60:.0f} minutes, or until it is right again"
        )


def run(office: Office, stop: threading.Event, notes: Notes) -> None:
    """Decide and publish every ``[serve] decide_s``, when something changed or a day has passed since the last time."""
    settings = office.config.serve
    seen, rested, pace, watch, steady = -1, 0.0, Pace(), Watch(), Steady()
    while not stop.is_set():
        if why := steady.held(office.now):
            notes.add("failures_total")
            say("decider", why)
            notes.write(force=True)
            stop.wait(settings.decide_s)
            continue
        _settle(office, notes)
        changes = office.ledger.changes()
        if changes != seen or rested >= settings.full_decide_h * 3600:
            _decide(office, notes, pace, watch)
            seen, rested = changes, 0.0  # what changed meanwhile is read in the next round
        _publish(office, notes, pace)
        seen = office.ledger.changes() if rested == 0.0 else seen
        notes.write(force=True)
        waited = 0.0
        while waited < settings.decide_s and not stop.wait(1):
            waited += 1
            notes.write()
        rested += waited


def _decide(office: Office, notes: Notes, pace: Pace, watch: Watch) -> None:
    for name in office.config.lists:
        pace.changed(name)
    try:
        for done in watch.round(office, office.config.serve.full_decide_h * 3600):
            notes.gauges[f'list_entries{{list="{done.name}"}}'] = done.entries
            if done.refused is not None:
                notes.add("refusals_total")
                say("decider", done.refused.message, list=done.name)
        notes.add("rounds_total")
    except JunkhoundError as error:  # a held lease, a guard: the next round tries again
        notes.add("failures_total")
        say("decider", error.message)


def _settle(office: Office, notes: Notes) -> None:
    """Answer who asked on the public page to be taken off."""
    try:
        for answer in delisting.settle(office):
            notes.add("delistings_total" if answer.granted else "delistings_refused_total")
    except (JunkhoundError, OSError) as error:
        notes.add("failures_total")
        say("decider", str(error))


def _publish(office: Office, notes: Notes, pace: Pace) -> None:
    for name, rules in office.config.lists.items():
        if lists.in_shadow(office, name) or not pace.take(name, rules.scope):
            continue
        try:
            publishing.publish(office, name)
        except JunkhoundError as error:
            pace.changed(name)
            notes.add("failures_total")
            say("decider", error.message, list=name)
