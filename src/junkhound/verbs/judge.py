"""Segments judged by an engine and committed by this process: what ``ingest`` and the service share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from junkhound.kernel.clock import SystemClock
from junkhound.kernel.engine import Engine, engines
from junkhound.kernel.errors import Temporary
from junkhound.ledger.entry import UnitEntry
from junkhound.ledger.manifest import Duplicates
from junkhound.verbs.office import Office
from junkhound.verbs.parser import Orders
from junkhound.verbs.task import Factory, Task, again

FRESH_OBJECTS = 32
"""So many objects of fresh rows are merged (RUNTIME, processes)."""


class Done(NamedTuple):
    """A segment that was judged and what was put into the store; nothing counts yet."""

    task: Task
    entry: UnitEntry


class Judge:
    """An engine with its workers, and the commit behind them."""

    def __init__(self, office: Office, orders: Orders) -> None:
        self.ledger = office.ledger
        self.unit = Factory(office.config, orders)
        self.engine: Engine = engines.get(office.config.engine.name)(office.config.engine)

    def close(self) -> None:
        """End the workers."""
        self.engine.close()

    def judged(self, tasks: Iterable[Task | None]) -> Iterator[Done]:
        """Segments as they are done; None among the tasks means that there is nothing to give right now."""
        for task, entry in self.engine.map_units(self.unit, tasks):
            yield Done(task, entry)

    def commit(self, done: Done, counts: Counter[str] | None = None) -> tuple[int, int]:
        """As ``settle`` for one segment."""
        return self.settle([done], counts)

    def settle(self, dones: Sequence[Done], counts: Counter[str] | None = None) -> tuple[int, int]:
        """Make segments count, exactly once, and discard them from the spool; (rows added, rows known).

        Rows that another process committed meanwhile are left out and the rest is judged again. ``counts`` grows by
        what was counted of the rows added.
        """
        known = 0
        waiting = {done.entry.segment: done for done in dones}
        while True:
            try:
                committed = self.ledger.commit([done.entry for done in waiting.values()])
                break
            except Duplicates as found:
                for segment, ordinals in found.ordinals.items():
                    known += len(ordinals)
                    waiting[segment] = self._without(waiting[segment].task, ordinals)
        for done in waiting.values():
            self.ledger.spool.discard(done.task.name)
            if counts is not None and done.entry.segment in committed.segments:
                counts.update(done.entry.counts)
        return committed.rows, known

    def _without(self, task: Task, ordinals: tuple[int, ...]) -> Done:
        """The segment judged again, here, without these mails."""
        task = again(task, ordinals)
        unit = self.unit()  # one segment, hardly ever: not worth a worker
        try:
            return Done(task, unit(task))
        finally:
            unit.close()


def tidy(office: Office) -> bool:
    """Sort fresh rows into months when there are many objects of them, unless somebody else is at it."""
    fresh = sum(1 for stored in office.ledger.snapshot().of("sightings") if stored.fresh)
    if fresh < FRESH_OBJECTS:
        return False
    with suppress(Temporary), office.ledger.holding("janitor", SystemClock().now):
        office.ledger.compact(office.now)
        return True
    return False
