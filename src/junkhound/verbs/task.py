"""A segment to judge, and how workers come to judge it: what a process needs that only gives out the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from junkhound.kernel.config import Config

if TYPE_CHECKING:
    from junkhound.verbs.parser import Orders
    from junkhound.verbs.unit import UnitOfWork


class Task(msgspec.Struct, frozen=True, array_like=True):
    """A segment to judge, by name: in the spool, or (``packed``) from its pack, judged anew.

    ``skip`` are ordinals that turned out to be known when they were committed. ``version`` is part of the
    objects' names, so that rows judged anew stand beside the old ones until the manifest swaps them.
    """

    name: str
    ingested_at: int
    packed: bool = False
    skip: tuple[int, ...] = ()
    version: int = 1


def again(task: Task, skip: tuple[int, ...]) -> Task:
    """The same segment without these ordinals, under names of its own."""
    return msgspec.structs.replace(task, skip=tuple(sorted({*task.skip, *skip})), version=task.version + 1)


class Factory:
    """What ``engine.map_units`` wants: called in each worker, it makes the worker's unit."""

    modules = ("junkhound.verbs.unit",)

    def __init__(self, config: Config, orders: Orders) -> None:
        self.config, self.orders = config, orders

    def prepare(self) -> None:
        """Load what every worker and parser will need, where they are forked from."""
        from junkhound.verbs.parser import warm

        if self.config.engine.isolate:
            warm(self.orders.rules())

    def __call__(self) -> UnitOfWork:
        from junkhound.verbs.unit import UnitOfWork

        return UnitOfWork(self.config, self.orders)
