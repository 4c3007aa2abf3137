"""What is known of one address: witness units, older days, its network's manners, its past on a list."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from junkhound.kernel.clock import HOUR
from junkhound.kernel.net import Network
from junkhound.listing.domain import Domain
from junkhound.listing.policy import TAUS_HOURS
from junkhound.tables import Standing

# Points of one witness unit. Complaints never add points; an outside feed raises a score and never witnesses.
JUNK_POINTS = {
    Standing.TRAP: 5.0, Standing.MAILBOX: 4.0, Standing.LOG: 2.0, Standing.PARTNER: 3.0,
    Standing.FBL: 1.0, Standing.FEED: 1.0,
}  # fmt: skip
GOOD_POINTS = {
    Standing.MAILBOX: 4.0, Standing.LOG: 2.0, Standing.PARTNER: 3.0,
    Standing.FBL: 1.0, Standing.FEED: 1.0, Standing.QUERIES: 1.0,
}  # fmt: skip
OWN_STANDINGS = frozenset({Standing.TRAP, Standing.MAILBOX, Standing.LOG})
WITNESS_STANDINGS = OWN_STANDINGS | {Standing.PARTNER}
_NO_POINTS = 0.0


class Unit(NamedTuple):
    """What one vantage saw of the address in one hour, for one trap address, kind and standing.

    ``hour`` counts from 1970; ``vantage`` and ``trap`` are keyed numbers, 0 for none. Repeats, mail without a
    trusted time and mail whose source is not anchored never become units.
    """

    vantage: int
    hour: int
    trap: int
    kind: int
    standing: int
    messages: int = 1


class Day(NamedTuple):
    """One day before the window, from the lasting roll-up: witness units of junk, and of good."""

    day: int
    junk: int
    good: int = 0


class Days(NamedTuple):
    """Days before the window as columns, in order: whoever sent for years has thousands."""

    day: NDArray[np.int64]
    junk: NDArray[np.int64]
    good: NDArray[np.int64]

    @classmethod
    def of(cls, days: Iterable[Day]) -> Days:
        rows = np.array(sorted(days), np.int64).reshape(-1, 3)
        return cls(rows[:, 0], rows[:, 1], rows[:, 2])

    def take(self, which: NDArray[np.bool_]) -> Days:
        return Days(self.day[which], self.junk[which], self.good[which])


class Pool(IntEnum):
    """How long one customer keeps the address."""

    STATIC = 0
    DYNAMIC = 1
    SHARED = 2  # many customers at once behind a carrier's NAT: evidence only


class Level(NamedTuple):
    """How the neighbours in one network behaved, each of them counted once; the address itself left out."""

    name: str
    junk: float
    good: float


class History(msgspec.Struct, frozen=True):
    """Everything a decision may rest on; rows in any order.

    ``levels`` go from wide to narrow: origin network, announced prefix, /24 or /48. ``relistings`` counts earlier
    listings that ran out, the last of them in ``ended_hour``: a return needs witnesses of its own from then on.
    ``cleared_hour`` is when an operator took it off: nothing up to that hour counts again.
    """

    subject: Network | Domain
    units: tuple[Unit, ...] = ()
    days: tuple[Day, ...] | Days = ()
    pool: Pool = Pool.STATIC
    levels: tuple[Level, ...] = ()
    relistings: int = 0
    ended_hour: int | None = None
    cleared_hour: int | None = None
    path: int = 0  # commonest tables.Path of its junk


class Counters(NamedTuple):
    """Four decayed counters (6 h, 3 d, 30 d, 365 d): points left at the moment asked for."""

    h6: float
    d3: float
    d30: float
    d365: float


class Points(NamedTuple):
    """What units are worth: the hour and the points of each, at most one for a (vantage, hour)."""

    hours: tuple[int, ...]
    worth: tuple[float, ...]


_ALIKE: Mapping[int, float] = {}
_WEIGHED = frozenset({int(Standing.TRAP), int(Standing.FEED)})
_OWN = frozenset(map(int, OWN_STANDINGS))


def unit_points(
    units: Iterable[Unit], points: Mapping[Standing, float], weights: Mapping[int, float] = _ALIKE
) -> Points:
    """At most one unit per (vantage, hour), so that one flood is not many witnesses: the best standing's points.

    ``weights`` say how much a vantage's traps or a feed tell; what people and logs saw has no such weight.
    """
    best: dict[tuple[int, int], float] = {}
    for vantage, hour, _, _, standing, _ in units:
        worth = points.get(standing, _NO_POINTS)  # type: ignore[call-overload]
        if weights and standing in _WEIGHED:
            worth *= weights.get(vantage, 1.0)
        if worth and (vantage or standing not in _OWN):
            key = (vantage, hour)
            if worth > best.get(key, _NO_POINTS):
                best[key] = worth
    return Points(tuple(hour for _, hour in best), tuple(best.values()))


@lru_cache(maxsize=8192)
def _left(age: float) -> tuple[float, ...]:
    """What is left of a point at this age, by each of the four counters; decisions of one moment ask for few ages."""
    return tuple(2.0 ** (-max(age, 0.0) / tau) for tau in TAUS_HOURS)


def counters(seen: Points, days: NDArray[np.int64], units: NDArray[np.int64], at: int) -> Counters:
    """Decayed points at ``at``: S = S * 2^(-dt / tau) + w; older ``days`` have so many ``units`` at a mailbox's worth.

    The points are summed exactly (fsum) and the days in their order, so that the order of rows changes nothing.
    """
    now = at / HOUR
    left = [(_left(now - hour), worth) for hour, worth in zip(*seen, strict=True)]
    sums = [math.fsum([worth * fade[place] for fade, worth in left]) for place in range(4)]
    if len(days):
        age, worth_of = np.maximum(now - days * 24 - 12, 0.0), units * JUNK_POINTS[Standing.MAILBOX]
        sums = [one + float((worth_of * np.exp2(age / -tau)).sum()) for one, tau in zip(sums, TAUS_HOURS, strict=True)]
    return Counters(*sums)


def decayed_30(seen: Points, at: int) -> float:
    """The third of the counters alone, of the units alone."""
    now = at / HOUR
    return math.fsum([worth * _left(now - hour)[2] for hour, worth in zip(*seen, strict=True)])
