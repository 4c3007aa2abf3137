"""What becomes of machines: when each was first and last seen at work for a botnet, and which changed hands."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from junkhound.botnet.rows import Ints

SHARE = 0.8  # of an address's mail on a day that must be of one botnet, for the day to be that botnet's
LEAST_DAYS = 2  # days with each botnet, before and after
POOLED = 3  # changes of hands within the period: then many machines stand behind the address


class HandOver(NamedTuple):
    """A machine that worked for one botnet up to a day and for another from a day on."""

    address: int
    from_net: int
    to_net: int
    last_day: int
    first_day: int


def births_and_deaths(address: Ints, net: Ints, day: Ints) -> dict[int, tuple[dict[int, int], dict[int, int]]]:
    """For each botnet: machines first seen, and last seen, by day."""
    first: dict[tuple[int, int], int] = {}
    last: dict[tuple[int, int], int] = {}
    for who, one, when in zip(address.tolist(), net.tolist(), day.tolist(), strict=True):
        if one >= 0:
            first[one, who] = min(when, first.get((one, who), when))
            last[one, who] = max(when, last.get((one, who), when))
    found: dict[int, tuple[dict[int, int], dict[int, int]]] = defaultdict(lambda: (defaultdict(int), defaultdict(int)))
    for (one, _), when in first.items():
        found[one][0][when] += 1
    for (one, _), when in last.items():
        found[one][1][when] += 1
    return {one: (dict(born), dict(gone)) for one, (born, gone) in found.items()}


def hand_overs(address: Ints, net: Ints, day: Ints, mails: Ints) -> list[HandOver]:
    """Addresses that worked for one botnet on some days and for another on later ones, never both.

    An address that changes to and fro is a pool's, with many machines behind it, and is passed over. A single day says
    too little: a new lease would look the same.
    """
    held: dict[int, dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    for who, one, when, count in zip(address.tolist(), net.tolist(), day.tolist(), mails.tolist(), strict=True):
        if one >= 0:
            held[who][when][one] += count
    found = []
    for who, days in held.items():
        series = []
        for when in sorted(days):
            total, best = sum(days[when].values()), max(days[when], key=lambda one: (days[when][one], -one))
            if days[when][best] >= SHARE * total:
                series.append((when, best))
        changes = [n for n in range(1, len(series)) if series[n][1] != series[n - 1][1]]
        if len(changes) != 1 or len(changes) >= POOLED:
            continue
        cut = changes[0]
        if cut >= LEAST_DAYS and len(series) - cut >= LEAST_DAYS:
            found.append(HandOver(who, series[0][1], series[-1][1], series[cut - 1][0], series[cut][0]))
    return found
