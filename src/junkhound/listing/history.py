"""What is known of one address: witness units, older days, its network's manners, its past on a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from junkhound.kernel.clock import HOUR
from junkhound.kernel.net import Network
from junkhound.listing.domain import Domain
from junkhound.listing.policy import TAUS_HOURS
from junkhound.listing.units import Unit, Units, among
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
IS_OWN, IS_WITNESS = (among(Standing, some) for some in (OWN_STANDINGS, WITNESS_STANDINGS))


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
    units: tuple[Unit, ...] | Units = ()
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

    hours: NDArray[np.int64]
    worth: NDArray[np.float64]


_ALIKE: Mapping[int, float] = {}
_WEIGHED = among(Standing, (Standing.TRAP, Standing.FEED))


def _table(points: Mapping[Standing, float]) -> NDArray[np.float64]:
    worth = np.zeros(len(IS_OWN))
    for standing, value in points.items():
        worth[int(standing)] = value
    return worth


_JUNK_WORTH, _GOOD_WORTH = _table(JUNK_POINTS), _table(GOOD_POINTS)


def unit_points(units: Units, good: bool = False, weights: Mapping[int, float] = _ALIKE) -> Points:
    """At most one unit per (vantage, hour), so that one flood is not many witnesses: the best standing's points.

    ``weights`` say how much a vantage's traps or a feed tell; what people and logs saw has no such weight.
    """
    worth = (_GOOD_WORTH if good else _JUNK_WORTH)[units.standing]
    if weights:
        told = np.array([weights.get(vantage, 1.0) for vantage in units.vantage.tolist()])
        worth = np.where(_WEIGHED[units.standing], worth * told, worth)
    counted = (worth > 0) & ((units.vantage != 0) | ~IS_OWN[units.standing])
    if not counted.all():
        units, worth = units.take(counted), worth[counted]
    if not units.size:
        return Points(units.hour, worth)
    starts = np.flatnonzero(units.firsts())
    return Points(units.hour[starts], np.maximum.reduceat(worth, starts))


def counters(seen: Points, days: NDArray[np.int64], units: NDArray[np.int64], at: int) -> Counters:
    """Decayed points at ``at``: S = S * 2^(-dt / tau) + w; older ``days`` have so many ``units`` at a mailbox's worth.

    All are summed in their order, so that the order of rows changes nothing.
    """
    now = at / HOUR
    sums = [0.0] * len(TAUS_HOURS)
    for hours, worth in (seen, (days * 24 + 12, units * JUNK_POINTS[Standing.MAILBOX])):
        if len(hours):
            age = np.maximum(now - hours, 0.0)
            sums = [one + float((worth * np.exp2(age / -tau)).sum()) for one, tau in zip(sums, TAUS_HOURS, strict=True)]
    return Counters(*sums)


def decayed_30(seen: Points, at: int) -> float:
    """The third of the counters alone, of the units alone."""
    if not len(seen.hours):
        return 0.0
    return float((seen.worth * np.exp2(np.maximum(at / HOUR - seen.hours, 0.0) / -TAUS_HOURS[2])).sum())
