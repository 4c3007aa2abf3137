"""Whole networks by evidence: from single addresses to what is announced, only where goodness would show.

A network is listed as a whole only if a panel of good mail is large enough to notice good senders in it and noticed
none, if its bad senders are many, old and more than its origin network explains, and never wider than announced.
Source: ALGORITHMS A3; the false discovery rate is that of Benjamini and Hochberg (1995).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from junkhound.kernel.net import Network
from junkhound.listing.policy import Policy
from junkhound.listing.ranges import Range
from junkhound.listing.rows import is_v4, masked
from junkhound.listing.senders import Senders

PANEL_DAYS = 30_000
"""Known-good sender-days over all networks that escalation needs: fewer could not bound one wrong day in 10,000."""
_EXPECTED_DAYS = 5.0
_FALSE_DISCOVERIES = 0.01
_LEAST_BAD, _LEAST_SHARE, _SPAN_HOURS = 4, 0.5, 7 * 24
_ROUTE_SHARE = 0.9
_V4_LENGTHS = (116, 117, 118, 119, 120)  # /20 to /24, beside what is announced
_V6_STEPS = ((64, 1, 128), (56, 4, 64), (48, 8, 56))  # a length, how many bad networks of the finer length it needs


class Panel(NamedTuple):
    """How much good mail is known: sender-days in the window, over how many senders."""

    days: int
    senders: int

    @property
    def enough(self) -> bool:
        return self.days >= PANEL_DAYS

    def words(self) -> str:
        """For `check` and reasons."""
        said = f"{self.days:,} known-good sender-days of {self.senders:,} senders in 35 days"
        return said if self.enough else f"{said}; escalation to networks needs {PANEL_DAYS:,}"


class Collateral(NamedTuple):
    """Good senders that a listing of a network may hit: the mean and the 95% upper bound."""

    mean: float
    upper: float

    def words(self) -> str:
        return f"may hit {self.mean:.2g} good senders (with 95% certainty at most {self.upper:.2g})"


class Evidence(NamedTuple):
    """What the window knows of one network."""

    network: Network
    operator: int
    asn: int
    bad: int
    good: int
    good_days: int
    messages: int
    first: int
    last: int
    two: bool

    @property
    def seen(self) -> int:
        return self.bad + self.good


def panel(every: Senders) -> Panel:
    """The good mail of the window."""
    good = every.good > 0
    return Panel(int(every.good_days.sum()), int(good.sum()))


def evidence(every: Senders, lengths: Sequence[int] | None, four: bool) -> list[Evidence]:
    """All networks of these lengths (None: as announced) with at least one bad sender, in order."""
    family = is_v4(every.addr_hi, every.addr_lo) == four
    part = every.take(family & (every.prefix > 0))
    found: list[Evidence] = []
    for length in lengths if lengths is not None else (0,):
        cut = part.prefix if not length else np.full(len(part), length, np.uint8)
        usable = part.take(part.prefix <= cut) if length else part  # never wider than announced
        bits = np.full(len(usable), length, np.uint8) if length else usable.prefix
        found += _by_network(usable, bits)
    return sorted(found, key=lambda one: one.network)


def _by_network(part: Senders, bits: np.ndarray) -> list[Evidence]:
    if not len(part):
        return []
    hi, lo = masked(part.addr_hi, part.addr_lo, bits)
    order = np.lexsort((bits, lo, hi))
    hi, lo, bits, part = hi[order], lo[order], bits[order], part.take(order)
    new = np.ones(len(part), bool)
    new[1:] = (hi[1:] != hi[:-1]) | (lo[1:] != lo[:-1]) | (bits[1:] != bits[:-1])
    starts = np.flatnonzero(new)
    bad = part.bad > 0
    sums = [np.add.reduceat(values.astype(np.int64), starts) for values in
            (bad, (part.good > 0) & ~bad, part.good_days, part.messages)]  # fmt: skip
    first, last = np.minimum.reduceat(part.first, starts), np.maximum.reduceat(part.last, starts)
    two = np.minimum.reduceat(part.low, starts) != np.maximum.reduceat(part.high, starts)
    found = []
    for place, start in enumerate(starts.tolist()):
        if sums[0][place]:
            network = Network(int(hi[start]), int(lo[start]), int(bits[start]))
            bad_ones, good_ones, days, messages = (int(column[place]) for column in sums)
            found.append(
                Evidence(
                    network,
                    int(part.operator[start]),
                    int(part.asn[start]),
                    bad_ones,
                    good_ones,
                    days,
                    messages,
                    int(first[place]),
                    int(last[place]),
                    bool(two[place]),
                )
            )
    return found


def expected(one: Evidence, others: Iterable[Evidence]) -> tuple[float, Collateral]:
    """Good sender-days expected in a network from others of its size and operator, and its collateral estimate.

    The others are networks of the same kind of operator and of a length within one bit that also sent junk. The
    estimate takes their good senders as draws of one gamma distribution and this network's none as one more draw.
    """
    like = [
        other for other in others
        if other.operator == one.operator and abs(other.network.bits - one.network.bits) <= 1
        and other.network != one.network
    ]  # fmt: skip
    if not like:
        return 0.0, Collateral(0.0, math.inf)
    days = sum(other.good_days for other in like) / len(like)
    counts = [other.good for other in like]
    mean = sum(counts) / len(counts)
    spread = sum((count - mean) ** 2 for count in counts) / max(len(counts) - 1, 1)
    # Method of moments: variance beyond Poisson's is that of the rates; nearly none means all are alike.
    between = max(spread - mean, 1e-6)
    shape, rate = mean * mean / between, mean / between
    after = shape / (rate + 1.0)
    upper = after + 1.645 * math.sqrt(shape) / (rate + 1.0)
    return days, Collateral(after, max(upper, after))


_REST = 10  # senders elsewhere in an origin network below which it has no rate of its own


def _unlikely(one: Evidence, asn: Mapping[int, tuple[int, int]], kind: Mapping[int, tuple[int, int]]) -> float:
    """P(so many bad of those seen, or more) by chance: a one-sided binomial test.

    The chance is the rate of the rest of its origin network; where that is all there is of it, the rate of networks of
    its kind.
    """
    bad, seen = asn.get(one.asn, (one.bad, one.seen))
    if seen - one.seen < _REST:
        bad, seen = kind.get(one.operator, (one.bad, one.seen))
    rest_bad, rest_seen = bad - one.bad, seen - one.seen
    rate = (rest_bad + 1.0) / (rest_seen + 2.0)
    total = 0.0
    for hit in range(one.bad, one.seen + 1):
        ways = math.lgamma(one.seen + 1) - math.lgamma(hit + 1) - math.lgamma(one.seen - hit + 1)
        total += math.exp(ways + hit * math.log(rate) + (one.seen - hit) * math.log1p(-rate))
    return min(total, 1.0)


def discoveries(chances: Sequence[float], rate: float = _FALSE_DISCOVERIES) -> set[int]:
    """Places of those tests that stand at this false discovery rate."""
    order = sorted(range(len(chances)), key=lambda place: chances[place])
    last = -1
    for rank, place in enumerate(order, 1):
        if chances[place] <= rate * rank / len(chances):
            last = rank
    return set(order[: max(last, 0)])


def escalated(every: Senders, ignored: frozenset[Network] = frozenset()) -> list[Range]:
    """Networks to be listed as a whole, wide ones before what lies inside them.

    ``ignored`` are networks whose owner let reports lie for 14 days: they need no week of evidence. Without that
    fact nothing comes by this path.
    """
    if not panel(every).enough:
        return []
    found: list[Range] = []
    for four in (True, False):
        like = evidence(every, None, four)
        tested = like + evidence(every, _V4_LENGTHS if four else [length for length, *_ in _V6_STEPS], four)
        tested = list({one.network: one for one in tested}.values())
        asn, kind = _rates(every, every.asn), _rates(every, every.operator)
        stand = discoveries([_unlikely(one, asn, kind) for one in tested])
        fine = [one for place, one in enumerate(tested) if place in stand and _bad_enough(one, ignored)]
        for one in sorted(fine, key=lambda one: (one.network.bits, one.network)):
            peers = [other for other in tested if abs(other.network.bits - one.network.bits) <= 1]
            days, harm = expected(one, peers)
            if days < _EXPECTED_DAYS or not (four or _grown(one, tested)):
                continue
            if not any(_inside(one.network, wide.network) for wide in found):
                found.append(_range(one, days, harm))
    return found


def do_not_route(every: Senders, approved: Mapping[Network, int]) -> list[Range]:
    """Announced networks that should not be routed, each approved by two people."""
    return [one for one in routable(every) if approved.get(one.network, 0) >= 2]


def routable(every: Senders) -> list[Range]:
    """Announced networks of which nine in ten senders are bad and none good: what people may look at and approve."""
    found = []
    for four in (True, False):
        like = evidence(every, None, four)
        for one in like:
            fits = one.bad >= _LEAST_BAD and one.bad >= _ROUTE_SHARE * one.seen and not one.good_days and one.two
            if fits:
                days, harm = expected(one, like)
                found.append(_range(one, days, harm))
    return found


def _bad_enough(one: Evidence, ignored: frozenset[Network]) -> bool:
    old = one.last - one.first >= _SPAN_HOURS or one.network in ignored
    return one.bad >= _LEAST_BAD and one.bad >= _LEAST_SHARE * one.seen and not one.good_days and old and one.two


def _grown(one: Evidence, tested: Sequence[Evidence]) -> bool:
    """IPv6: whether enough of the finer networks inside are bad for this length."""
    for length, least, finer in _V6_STEPS:
        if one.network.bits == length and finer < 128:
            inside = sum(1 for other in tested if other.network.bits == finer and _inside(other.network, one.network))
            return inside >= least
    return one.network.bits >= 48


def _inside(inner: Network, outer: Network) -> bool:
    return inner.bits >= outer.bits and outer.holds(inner.first)


def _rates(every: Senders, keys: NDArray[Any]) -> dict[int, tuple[int, int]]:
    """By key how many senders are bad, and how many were seen."""
    bad, good = every.bad > 0, (every.good > 0) & (every.bad == 0)
    found: dict[int, tuple[int, int]] = {}
    numbers, place = np.unique(keys, return_inverse=True)
    bads, goods = np.bincount(place, bad, len(numbers)), np.bincount(place, good, len(numbers))
    for number, b, g in zip(numbers.tolist(), bads.tolist(), goods.tolist(), strict=True):
        found[int(number)] = (int(b), int(b + g))
    return found


def _range(one: Evidence, days: float, harm: Collateral) -> Range:
    words = (
        f"{one.bad:,} of {one.seen:,} senders seen in it are bad and none is good, where {days:.1f} good sender-days"
        f" would be expected of a network of its kind",
        harm.words(),
    )
    return Range(one.network, one.bad, one.messages, one.first, one.last, (), words)


def candidates(every: Senders, policy: Policy, approved: Mapping[Network, int]) -> list[Range]:
    """What this kind of list would hold."""
    return do_not_route(every, approved) if policy.holds == "do-not-route" else escalated(every)
