"""How many: estimates of a botnet's machines from those that were seen, always with an interval.

Addresses are counted wrong both ways: most bots are never seen, and one bot has many addresses. So nothing here gives a
bare count of addresses as a size.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Z = 1.96


class Size(NamedTuple):
    """An estimate with its 95% interval; ``seen`` is what was counted."""

    value: float
    low: float
    high: float
    seen: int


def chao1(times: NDArray[np.int64]) -> Size:
    """A lower bound on how many there are, from how often each was drawn: f1 seen once, f2 twice.

    ``times`` names what was seen at each draw. Source: Chao, Scandinavian Journal of Statistics 11, 1984; the
    interval is that of Chao, Biometrics 43, 1987 (log-normal for the unseen).
    """
    if not len(times):
        return Size(0.0, 0.0, 0.0, 0)
    counts = np.unique(times, return_counts=True)[1]
    seen, once, twice = len(counts), int((counts == 1).sum()), int((counts == 2).sum())
    unseen = once * (once - 1) / (2 * (twice + 1))
    if unseen <= 0:
        return Size(float(seen), float(seen), float(seen), seen)
    ratio = once / max(twice, 1)
    variance = max(twice, 1) * (ratio**4 / 4 + ratio**3 + ratio**2 / 2)
    spread = math.exp(Z * math.sqrt(math.log(1 + variance / unseen**2)))
    return Size(seen + unseen, seen + unseen / spread, seen + unseen * spread, seen)


ADDRESSES_EACH = 1.14
"""Addresses that stand for one machine in Chao's estimate of a period: providers hand some machines several, and many a
machine is on too little to be met. Fitted on 24 botnets of six simulated tuning worlds of a week."""
SPREAD = 0.14  # of its logarithm from botnet to botnet


WEEK = 7  # days that it was fitted on; over longer ones addresses change more often, and less is known


def machines(addresses: Size, days: int = WEEK) -> Size:
    """About how many machines stand behind Chao's estimate of all addresses, with what is not known of their ratio."""
    if addresses.value <= 0:
        return addresses
    value = addresses.value / ADDRESSES_EACH
    drawn = math.log(max(addresses.high, addresses.value) / addresses.value) / Z
    spread = math.exp(Z * math.hypot(drawn, SPREAD * math.sqrt(max(days, WEEK) / WEEK)))
    return Size(value, value / spread, value * spread, addresses.seen)


def chapman(one: int, other: int, both: int) -> Size:
    """How many there are, from two halves of the traps that see independently of each other.

    Source: Chapman 1951, with the variance of Seber, Biometrika 57, 1970.
    """
    value = (one + 1) * (other + 1) / (both + 1) - 1
    variance = (one + 1) * (other + 1) * (one - both) * (other - both) / ((both + 1) ** 2 * (both + 2))
    spread = Z * math.sqrt(variance)
    seen = one + other - both
    return Size(value, max(float(seen), value - spread), value + spread, seen)


def coverage(times: NDArray[np.int64]) -> float:
    """The share of all mail that comes from addresses seen before (Good-Turing: 1 - f1/n)."""
    if not len(times):
        return 0.0
    counts = np.unique(times, return_counts=True)[1]
    return 1.0 - int((counts == 1).sum()) / len(times)


def daily(day: NDArray[np.int64], address: NDArray[np.int64], halves: NDArray[np.int64]) -> Size:
    """Addresses at work on a mean day, seen or not: within one day an address is nearly one machine.

    Each day is reckoned by two halves of the traps (Chapman), and the days are weighed by what was seen.
    """
    days = np.unique(day)
    sizes = []
    for one in days.tolist():
        here = day == one
        first = np.unique(address[here & (halves & 1 > 0)])
        second = np.unique(address[here & (halves & 2 > 0)])
        both = len(np.intersect1d(first, second))
        sizes.append(chapman(len(first), len(second), both))
    if not sizes:
        return Size(0.0, 0.0, 0.0, 0)
    values = np.array([one.value for one in sizes])
    weight = np.array([max(one.seen, 1) for one in sizes], float)
    value = float(np.average(values, weights=weight))
    wide = np.array([(one.high - one.low) / 2 for one in sizes])
    error = float(np.sqrt(((weight / weight.sum()) ** 2 * (wide / Z) ** 2).sum()))
    return Size(value, max(0.0, value - Z * error), value + Z * error, len(np.unique(address)))
