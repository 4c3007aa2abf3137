"""What is known of one address: witness units, older days, its network's manners, its past on a list."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import NamedTuple

import msgspec

from junkhound.kernel.clock import HOUR
from junkhound.kernel.net import Network
from junkhound.listing.domain import Domain
from junkhound.listing.policy import TAUS_HOURS
from junkhound.tables import Kind, Standing

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
    days: tuple[Day, ...] = ()
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


def _unit_points(
    units: Iterable[Unit], points: dict[Standing, float], weights: Mapping[int, float]
) -> dict[tuple[int, int], float]:
    """At most one unit per (vantage, hour), so that one flood is not many witnesses: the best standing's points.

    ``weights`` say how much a vantage's traps or a feed tell; what people and logs saw has no such weight.
    """
    best: dict[tuple[int, int], float] = {}
    for unit in units:
        worth = points.get(Standing(unit.standing), _NO_POINTS)
        if unit.standing in (Standing.TRAP, Standing.FEED):
            worth *= weights.get(unit.vantage, 1.0)
        if worth and (unit.vantage or unit.standing not in OWN_STANDINGS):
            key = (unit.vantage, unit.hour)
            best[key] = max(worth, best.get(key, _NO_POINTS))
    return best


_ALIKE: Mapping[int, float] = {}


def counters(
    units: Iterable[Unit],
    days: Iterable[tuple[int, int]],
    points: dict[Standing, float],
    at: int,
    weights: Mapping[int, float] = _ALIKE,
) -> Counters:
    """Decayed points at ``at``: S = S * 2^(-dt / tau) + w; older ``days`` are (day, units) at a mailbox's worth.

    Summed exactly (fsum), so that the order of rows changes nothing.
    """
    now = at / HOUR
    seen = [(now - hour, worth) for (_, hour), worth in _unit_points(units, points, weights).items()]
    old = [(now - day * 24 - 12, count * points[Standing.MAILBOX]) for day, count in days]
    sums = [math.fsum(worth * 2.0 ** (-max(age, 0.0) / tau) for age, worth in (*seen, *old)) for tau in TAUS_HOURS]
    return Counters(*sums)


def is_good(unit: Unit) -> bool:
    """Whether the unit speaks for the address."""
    return unit.kind == Kind.GOOD
