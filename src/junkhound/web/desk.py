"""What every page works with: one open ledger, the moment asked about, and answers that are not asked for twice."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from junkhound.kernel import clock
from junkhound.kernel.clock import MINUTE, SECOND
from junkhound.kernel.config import Config
from junkhound.kernel.errors import UsageError
from junkhound.verbs.apart import Tracer
from junkhound.verbs.office import Office

_REMEMBERED = 64
_YEAR_1 = -62_135_596_800 * SECOND  # no calendar goes further back

Fields = dict[str, Any]


class _Answer(NamedTuple):
    """A page's fields, what the home was like when they were made, and until when they stand in any case."""

    fields: Fields
    state: tuple[int, ...]
    stands_until: float


class Desk:
    """The home behind the operator's pages. ``at`` pins the moment of every page that is not asked for another."""

    def __init__(self, settings: Config, at: int | None = None) -> None:
        self.settings = settings
        self._at = at
        self._first = Office(settings, at)
        self.tracer = Tracer(self._first)
        self._lock = threading.Lock()
        self._answers: OrderedDict[tuple[Any, ...], _Answer] = OrderedDict()

    def office(self, at: str | None = None) -> Office:
        """An office at the moment asked for; all of them share one ledger. Errors: UsageError."""
        moment = self._at if not at else clock.parse(at, self._first.now)
        if moment is not None and moment < _YEAR_1:
            raise UsageError(f"not a date: {at!r}", "write 2006-05-04 or an age such as 14d")
        office = Office(self.settings, moment)
        with self._lock:
            office.ledger = self._first.ledger
        return office

    def remembered(self, office: Office, name: str, asked: Mapping[str, str], make: Callable[[], Fields]) -> Fields:
        """The answer of before while nothing has changed, and for ten times as long as it took to make.

        So however often a dear page is asked for, it costs a tenth of one core's time.
        """
        key = (name, tuple(sorted(asked.items())))
        state = (office.now // MINUTE, *self._changes(office))
        begun = time.monotonic()
        with self._lock:
            held = self._answers.get(key)
            if held is not None and (held.state == state or begun < held.stands_until):
                self._answers.move_to_end(key)
                return held.fields
        made = make()
        done = time.monotonic()
        with self._lock:
            self._answers[key] = _Answer(made, state, done + 9 * (done - begun))
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
        return made

    @staticmethod
    def _changes(office: Office) -> tuple[int, int]:
        from junkhound.ledger import state

        with state.reading(office.ledger.state) as connection:
            return state.counter(connection, "manifest"), state.counter(connection, "change")

    def ready(self) -> None:
        """Ask the state database once. Errors: whatever keeps the pages from working."""
        self._changes(self.office())

    def close(self) -> None:
        """Let go of the ledger and the tracer."""
        self.tracer.close()
        if "ledger" in self._first.__dict__:
            self._first.ledger.close()
