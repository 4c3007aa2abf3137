"""Clock habits: whether machines sleep. Home computers are on at much the same hours; proxies and servers at all."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from junkhound.botnet.rows import Ints, Rows
from junkhound.kernel.clock import DAY

LEAST = 15  # addresses seen on two days, below which nothing is said
AWAKE = 0.20
"""Below this, an error of it above what was seen, nobody sleeps: home computers have about 0.3, proxies nearly none."""
_MOST = 8  # instants of an address that are compared


class Habit(NamedTuple):
    """How alike the hours of one address are on different days: 1 always the same hour, 0 any hour; with its error."""

    alike: float
    error: float
    addresses: int

    @property
    def awake(self) -> bool:
        """Whether these machines are on day and night."""
        return self.addresses >= LEAST and self.alike + self.error < AWAKE


def habit(rows: Rows) -> Habit:
    """The clock habit of the machines behind these rows, whatever their time zones are.

    Two instants of one address on different days are compared on the circle of the day; each address counts once.
    """
    seen: dict[int, list[tuple[int, int]]] = {}
    columns = (rows.address, rows.day, rows.first_at, rows.last_at)
    for address, day, first, last in zip(*(column.tolist() for column in columns), strict=True):
        held = seen.setdefault(address, [])
        held += [(day, first)] if last == first else [(day, first), (day, last)]
    found = [mean for held in seen.values() if (mean := _alike(sorted(held)[:_MOST])) is not None]
    if not found:
        return Habit(0.0, 1.0, 0)
    return Habit(float(np.mean(found)), float(np.std(found)) / math.sqrt(len(found)), len(found))


def _alike(instants: list[tuple[int, int]]) -> float | None:
    turns = [
        math.cos((one - other) % DAY / DAY * 2 * math.pi)
        for place, (day, one) in enumerate(instants) for later, other in instants[place + 1 :] if day != later
    ]  # fmt: skip
    return sum(turns) / len(turns) if turns else None


def habits(rows: Rows, net: Ints, count: int) -> list[Habit]:
    """That of each botnet."""
    return [habit(rows.only(net == number)) for number in range(count)]
