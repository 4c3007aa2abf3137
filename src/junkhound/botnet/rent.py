"""The rent ledger: which tenant had which botnet from when to when, who moved to a rival, who rents alike."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from junkhound.botnet.rows import Ints
from junkhound.kernel.clock import DAY

GAP = 2 * DAY  # a tenancy is over after so long without a mail
LEAST = 4  # mails in a tenancy
MOVED = 3 * DAY  # a tenant that is gone from one botnet and appears at another within this has moved
COMMON = 4  # tenants that two botnets must share before anybody speaks of one supply


class Tenancy(NamedTuple):
    """One tenant at one botnet: microseconds, mails, and how many days of them."""

    net: int
    tenant: int
    since: int
    until: int
    mails: int
    days: int


class Move(NamedTuple):
    """A tenant that left one botnet and went on at another."""

    tenant: int
    from_net: int
    to_net: int
    at: int


class Supply(NamedTuple):
    """Two botnets with more tenants in common than chance: perhaps one broker. ``odds`` is -log10 of the chance."""

    one: int
    other: int
    common: int
    odds: float


def tenancies(net: Ints, tenant: Ints, first: Ints, last: Ints, mails: Ints) -> list[Tenancy]:
    """Spans of mail of each tenant at each botnet, by day rows; -1 is no botnet.

    What was seen first and last lies inside the true span: each end is moved out by the mean wait between two mails,
    by which the ends of so many draws fall short (as in the German tank problem).
    """
    held: dict[tuple[int, int], list[tuple[int, int, int]]] = defaultdict(list)
    for one, who, low, high, count in zip(*(c.tolist() for c in (net, tenant, first, last, mails)), strict=True):
        if one >= 0:
            held[one, who].append((low, high, count))
    found = []
    for (one, who), spans in sorted(held.items()):
        spans.sort()
        start, end, count, days = spans[0][0], spans[0][1], 0, set[int]()
        for low, high, some in [*spans, (1 << 62, 1 << 62, 0)]:
            if low - end > GAP:
                if count >= LEAST:
                    wait = (end - start) // max(count - 1, 1)
                    found.append(Tenancy(one, who, start - wait, end + wait, count, len(days)))
                start, end, count, days = low, high, 0, set()
            end = max(end, high)
            count += some
            days.add(low // DAY)
    return found


def moves(found: Sequence[Tenancy]) -> list[Move]:
    """Tenants whose time at one botnet ended when that at another began, and who did not have both at once."""
    of: dict[int, list[Tenancy]] = defaultdict(list)
    for one in found:
        of[one.tenant].append(one)
    out = []
    for tenant, spans in sorted(of.items()):
        spans.sort(key=lambda one: one.since)
        for before, after in pairwise(spans):
            gap = after.since - before.until
            if before.net != after.net and -DAY // 2 <= gap <= MOVED:
                out.append(Move(tenant, before.net, after.net, after.since))
    return out


def supply(found: Sequence[Tenancy], least: float = 3.0) -> list[Supply]:
    """Pairs of botnets that share more tenants than chance would have it, the surest first; none where too few do.

    The chance is the hypergeometric tail, corrected for the number of pairs (Bonferroni).
    """
    tenants: dict[int, set[int]] = defaultdict(set)
    for one in found:
        tenants[one.net].add(one.tenant)
    everyone = len(set().union(*tenants.values())) if tenants else 0
    nets = sorted(tenants)
    pairs = [(a, b) for place, a in enumerate(nets) for b in nets[place + 1 :]]
    out = []
    for a, b in pairs:
        common = len(tenants[a] & tenants[b])
        if common >= COMMON:
            odds = _tail(common, len(tenants[a]), len(tenants[b]), everyone) - math.log10(len(pairs))
            if odds >= least:
                out.append(Supply(a, b, common, odds))
    return sorted(out, key=lambda one: -one.odds)


def _tail(common: int, one: int, other: int, everyone: int) -> float:
    """-log10 of the chance that two draws without regard to each other have so many in common or more."""

    def choose(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    whole = choose(everyone, other)
    terms = [
        choose(one, k) + choose(everyone - one, other - k) - whole
        for k in range(common, min(one, other) + 1)
        if other - k <= everyone - one
    ]
    if not terms:
        return 300.0
    most = max(terms)
    return -(most + math.log(math.fsum(math.exp(term - most) for term in terms))) / math.log(10)


def overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Intersection over union of two spans."""
    both = min(one[1], other[1]) - max(one[0], other[0])
    return (
        max(0.0, both / (max(one[1], other[1]) - min(one[0], other[0])))
        if max(one[1], other[1]) > min(one[0], other[0])
        else float(one == other)
    )


def daily_tenants(found: Sequence[Tenancy]) -> dict[int, dict[int, int]]:
    """For each botnet, how many tenants it had on each day (since 1970)."""
    out: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for one in found:
        for day in range(one.since // DAY, one.until // DAY + 1):
            out[one.net][day] += 1
    return {net: dict(days) for net, days in out.items()}
