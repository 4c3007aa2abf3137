"""Networks listed for what several of their addresses did: dynamic pools by policy, and snowshoe ranges.

Both grow by halves: a network is taken whole only if each of its halves holds evidence and nothing in it speaks
against, else its halves are looked at. So nothing is listed much wider than what was seen, and every listing ends
where a good or stable sender begins.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

import msgspec
import numpy as np

from junkhound.kernel import clock
from junkhound.kernel.clock import HOUR
from junkhound.kernel.net import MASK64, Network
from junkhound.listing.decide import Decision, Outcome, Reason
from junkhound.listing.policy import Policy
from junkhound.listing.rows import Bools, is_v4, masked
from junkhound.listing.senders import Senders
from junkhound.listing.space import span
from junkhound.listing.words import HELD_CLASS
from junkhound.tables import Clue, Operator

SNOWSHOE_HOURS = 72
_SNOWSHOE_LEAST = 4  # addresses; "50 of 256" is usual where traps see everything
_SNOWSHOE_NARROWEST = (
    122  # the servers of one mail system stand side by side and look the same; lists of addresses have them
)
_SNOWSHOE_A_DAY = 50.0  # messages of one address: it stays below what single lists notice
_SNOWSHOE_GINI = 0.6  # of messages by address: bots differ more than that
_POOL_WIDEST = 16  # IPv4 bits
_POOL_LEAST = {16: 4, 17: 3}  # dynamic senders needed at the widest, else 2
_RULE_NAMES = 5
_OTHER_SHARE = 0.2  # senders whose name nobody wrote down look like those with a stable one
_HOMES = (int(Operator.ACCESS), int(Operator.MOBILE))

DYNAMIC_TERMS = [
    "holds ranges of access networks whose addresses are handed on, as their own names say; it says what the range is,"
    " not what an address did (answer 127.0.0.7)",
    "a range is taken whole where each of its halves has sent junk from a dynamic name (2 addresses, 3 in a /17, 4 in"
    " a /16, seen by two vantages), inside one announced network, no sender in it sent good mail, and at most one in"
    " five shows no such name; the /24 of each of those is left out",
    f"an announced network is taken whole, less its first /24, where its provider names all its lines so: {_RULE_NAMES}"
    " such names in two of its networks, seen by two vantages, and good mail from none outside their first /24",
]
SNOWSHOE_TERMS = [
    "holds ranges that spread their junk over many addresses, each of them quiet (answer 127.0.0.3)",
    f"a range of at most a /24 (IPv6: /56) with {_SNOWSHOE_LEAST} or more bad addresses within 3 days in each of whose"
    " halves some sent, seen by two vantages, alike in volume (Gini below 0.6, median at most 50 messages a day),"
    " none of them with a dynamic name, none good; what lies before the first and after the last is left out",
]


class Range(msgspec.Struct, frozen=True):
    """One network with the evidence in it: addresses that speak for it, their messages, first and last hour."""

    network: Network
    bad: int
    messages: int
    first: int
    last: int
    exclusions: tuple[Network, ...] = ()
    seen: tuple[str, ...] = ()


class _Block:
    """Evidence and blockers as sorted 128-bit numbers, to be asked by network."""

    finest_v4 = 120

    def __init__(self, every: Senders, for_it: Bools, against: Bools) -> None:
        self._numbers, self._places = _sorted(every, for_it)
        self._blockers, _ = _sorted(every, against)
        self._every = every

    def places(self, network: Network) -> list[int]:
        """Rows of the evidence inside."""
        low, high = _between(self._numbers, network)
        return self._places[low:high]

    def blocked(self, network: Network) -> bool:
        low, high = _between(self._blockers, network)
        return low < high

    def two_vantages(self, places: list[int]) -> bool:
        every = self._every
        return bool(places) and int(every.low[places].min()) != int(every.high[places].max())

    def range(self, network: Network, places: list[int]) -> Range:
        every = self._every
        return Range(
            network, len(places), int(every.messages[places].sum()), int(every.first[places].min()),
            int(every.last[places].max()), self.edges(network),
        )  # fmt: skip

    def edges(self, network: Network) -> tuple[Network, ...]:
        """What lies before the first and after the last evidence, by whole /24 (IPv6: /64): nobody saw anything there.

        Networks are laid out from their begin, and a provider's own servers stand first.
        """
        low, high = _between(self._numbers, network)
        step = 128 - (self.finest_v4 if network.is_v4 else 64)
        first, last = span(network)
        begin = self._numbers[low] >> step << step
        end = self._numbers[high - 1] >> step << step | ((1 << step) - 1)
        return tuple(networks([(a, b) for a, b in ((first, begin - 1), (end + 1, last)) if a <= b]))


class _Pool(_Block):
    """Evidence for a pool; senders without a dynamic name are left out with their /24, many of them are no pool."""

    def __init__(self, every: Senders, for_it: Bools, against: Bools, other: Bools) -> None:
        super().__init__(every, for_it, against)
        self._others, _ = _sorted(every, other)

    def blocked(self, network: Network) -> bool:
        low, high = _between(self._others, network)
        named, all_named = _between(self._numbers, network)
        return super().blocked(network) or (high - low) > _OTHER_SHARE * (high - low + all_named - named)

    def edges(self, network: Network) -> tuple[Network, ...]:
        """The edges, and the /24 of every sender without a dynamic name, unless one with such a name is in it."""
        low, high = _between(self._others, network)
        around = {Network(number >> 64, (number & MASK64) >> 8 << 8, 120) for number in self._others[low:high]}
        holes = {hole for hole in around if not self.places(hole)} if network.bits < 120 else set()
        edges = super().edges(network)
        return (*edges, *sorted(hole for hole in holes if not any(edge.holds(hole.first) for edge in edges)))

    def ruled(self, top: Network, places: list[int]) -> Range | None:
        """An announced network of a provider whose rule is known, less the /24 where its servers stand."""
        if not self.two_vantages(places) or top.bits >= 120:
            return None
        first = Network(top.hi, top.lo, 120)
        low, high = _between(self._blockers, top)
        if any(not first.holds(Network(n >> 64, n & MASK64, 128).first) for n in self._blockers[low:high]):
            return None
        every = self._every
        holes = tuple(hole for hole in self.edges(top) if hole.bits == 120 and self._other_in(hole))
        return Range(
            top, len(places), int(every.messages[places].sum()), int(every.first[places].min()),
            int(every.last[places].max()), tuple(sorted({first, *holes})),
        )  # fmt: skip

    def _other_in(self, network: Network) -> bool:
        low, high = _between(self._others, network)
        return low < high


def networks(ranges: Iterable[tuple[int, int]]) -> Iterable[Network]:
    """The fewest networks that hold exactly these ranges of numbers."""
    for first, last in ranges:
        start = first
        while start <= last:
            size = (last - start + 1).bit_length() - 1
            size = min(size, (start & -start).bit_length() - 1) if start else size
            yield Network(start >> 64, start & MASK64, 128 - size)
            start += 1 << size


def _sorted(every: Senders, which: Bools) -> tuple[list[int], list[int]]:
    places = np.flatnonzero(which)  # senders are in the order of addresses already
    his, los = every.addr_hi[places].tolist(), every.addr_lo[places].tolist()
    return [hi << 64 | lo for hi, lo in zip(his, los, strict=True)], places.tolist()


def _between(numbers: list[int], network: Network) -> tuple[int, int]:
    first, last = span(network)
    return bisect_left(numbers, first), bisect_right(numbers, last)


def halves(network: Network) -> tuple[Network, Network]:
    """The two networks that a network is made of."""
    step = 1 << (127 - network.bits)
    whole = network.hi << 64 | network.lo
    return tuple(  # type: ignore[return-value]
        Network(start >> 64, start & MASK64, network.bits + 1) for start in (whole, whole + step)
    )


def _grow(block: _Block, top: Network, widest: int, narrowest: int, enough: dict[int, int], least: int) -> list[Range]:
    """The widest networks inside ``top`` that both halves speak for and nothing speaks against."""
    found: list[Range] = []
    waiting = [top]
    while waiting:
        network = waiting.pop()
        places = block.places(network)
        if len(places) < least or not block.two_vantages(places):
            continue
        both = all(block.places(half) for half in halves(network)) if network.bits < 128 else True
        whole = both and len(places) >= enough.get(network.bits, least) and not block.blocked(network)
        if network.bits >= widest and whole:
            found.append(block.range(network, places))
        elif network.bits < narrowest:
            waiting += halves(network)
    return sorted(found, key=lambda one: one.network)


def _tops(every: Senders, which: Bools, bits: Iterable[int] | None = None) -> list[Network]:
    """The announced networks of these senders (or those of a length), wide to narrow, none inside another."""
    places = np.flatnonzero(which)
    lengths = every.prefix[places].tolist() if bits is None else [int(b) for b in bits]
    tops = {
        Network(whole >> 64, whole & MASK64, length)
        for hi, lo, length in zip(every.addr_hi[places].tolist(), every.addr_lo[places].tolist(), lengths, strict=True)
        if length
        for whole in (((hi << 64 | lo) >> (128 - length)) << (128 - length),)
    }
    kept: list[Network] = []
    for network in sorted(tops, key=lambda one: (one.hi, one.lo, one.bits)):
        if not kept or span(network)[0] > span(kept[-1])[1]:
            kept.append(network)
    return kept


def dynamic(every: Senders) -> list[Range]:
    """Ranges that are handed from customer to customer, by the names of the addresses that sent junk."""
    four = is_v4(every.addr_hi, every.addr_lo)
    bad = (every.bad > 0) & four
    named = (every.clues & int(Clue.DYNAMIC_RDNS)) != 0
    nameless = (every.clues & int(Clue.NO_RDNS)) != 0
    for_it = bad & named & (every.operator == int(Operator.ACCESS))  # carriers' shared addresses are evidence only
    against = four & (every.good > 0)
    block = _Pool(every, for_it, against, bad & ~named & ~nameless)
    enough = {96 + bits: least for bits, least in _POOL_LEAST.items()}
    ruled = _by_rule(every, for_it, bad & ~named & ~nameless, four & (every.good > 0))
    made: list[Range] = []
    for top in _tops(every, for_it):
        places = block.places(top)
        whole = block.ruled(top, places) if int(every.asn[places[0]]) in ruled else None
        if whole is not None:
            made.append(whole)
            continue
        grown = _grow(block, top, max(96 + _POOL_WIDEST, top.bits), 126, enough, 2)
        kept = (found for found in grown if found.network.bits < 120 or found.network.first != top.first)
        made += [_spare_servers(found, top) for found in kept]
    return made


def _by_rule(every: Senders, for_it: Bools, other: Bools, good: Bools) -> set[int]:
    """AS numbers of providers that name all their lines dynamically, as far as anybody saw.

    At least eight such names in two announced networks, seen by two vantages; hardly a sender without one, and good
    mail from nowhere but the first /24 of an announced network, where a provider's own servers stand.
    """
    ruled = set()
    where, networks_of = masked(every.addr_hi, every.addr_lo, every.prefix), every.prefix
    near = masked(every.addr_hi, every.addr_lo, np.full(len(every), 120, np.uint8))
    first = (near[0] == where[0]) & (near[1] == where[1])
    for asn in np.unique(every.asn[for_it]).tolist():
        mine = every.asn == asn
        names = mine & for_it
        count, others = int(names.sum()), int((mine & other).sum())
        tops = set(zip(where[1][names].tolist(), networks_of[names].tolist(), strict=True))
        two = int(every.low[names].min()) != int(every.high[names].max())
        alike = count >= _RULE_NAMES and len(tops) > 1 and others <= _OTHER_SHARE * (count + others)
        if asn and two and alike and not (mine & good & ~first).any():
            ruled.add(asn)
    return ruled


def _spare_servers(found: Range, top: Network) -> Range:
    """A range less the first /24 of its announced network: there stand the provider's own servers."""
    if found.network.first != top.first or any(hole.holds(top.first) for hole in found.exclusions):
        return found
    first = Network(top.hi, top.lo, 120)
    return msgspec.structs.replace(found, exclusions=(first, *found.exclusions))


def snowshoe(recent: Senders, every: Senders) -> list[Range]:
    """Ranges of quiet, alike senders; ``recent`` are the last 72 hours, ``every`` the whole window for what is good."""
    away = ~np.isin(recent.operator, _HOMES) & ((recent.clues & int(Clue.DYNAMIC_RDNS)) == 0)
    for_it = (recent.bad > 0) & away
    four = is_v4(recent.addr_hi, recent.addr_lo)
    block = _Block(recent, for_it, np.zeros(len(recent), bool))
    good = _Block(every, np.zeros(len(every), bool), every.good > 0)
    found = []
    for family, near, narrowest in ((four, 120, _SNOWSHOE_NARROWEST), (~four, 56, 64)):
        mine = for_it & family
        tops = _tops(recent, mine, [near] * int(mine.sum()))
        for top in tops:
            for one in _grow(_Both(block, good), top, near, narrowest, {}, _SNOWSHOE_LEAST):
                messages = recent.messages[block.places(one.network)]
                if (
                    float(np.median(messages)) <= _SNOWSHOE_A_DAY * SNOWSHOE_HOURS / 24
                    and gini(messages) < _SNOWSHOE_GINI
                ):
                    found.append(one)
    return found


class _Both(_Block):
    """Evidence of one table, blockers of another; what lies outside the first and last address seen is left out."""

    finest_v4 = 128  # whoever has a block beside such senders may be anybody

    def __init__(self, evidence: _Block, blockers: _Block) -> None:
        self._numbers, self._places, self._every = evidence._numbers, evidence._places, evidence._every
        self._blockers = blockers._blockers


def gini(values: np.ndarray) -> float:
    """How unequal: 0 where all are alike, near 1 where one has everything."""
    ordered = np.sort(values.astype(np.float64))
    count, total = len(ordered), float(ordered.sum())
    if count < 2 or total <= 0:
        return 0.0
    return float((2 * np.arange(1, count + 1) - count - 1) @ ordered / (count * total))


def pieces(network: Network, holes: Iterable[Network]) -> list[Network]:
    """What is left of a network outside ``holes``."""
    start, end = span(network)
    left: list[tuple[int, int]] = []
    for first, last in sorted(span(hole) for hole in holes):
        if first > start:
            left.append((start, first - 1))
        start = max(start, last + 1)
    return list(networks([*left, (start, end)] if start <= end else left))


def decision(one: Range, policy: Policy, at: int) -> Decision:
    """The decision to list a range, or why it may not be."""
    reasons = [
        Reason(
            "seen",
            f"{one.bad:,} of its addresses sent junk, {clock.day_text(one.first * HOUR)} to"
            f" {clock.day_text(one.last * HOUR)}, seen by two or more vantages",
        ),
        *(Reason("range", words) for words in one.seen),
    ]
    expires_at = (one.last + 1) * HOUR + int(policy.first_hours * HOUR)
    outcome = Outcome.LIST
    # Own and protected hosts inside are left out. A public file would show strangers where they stand, so a public
    # list leaves the whole range out instead.
    spared = policy.protected.inside(one.network) if policy.scope == "own" else ()
    exclusions = tuple(sorted({*one.exclusions, *spared}, key=lambda n: (n.hi, n.lo, n.bits)))
    rest = pieces(one.network, exclusions)
    if why := next((why for piece in rest if (why := policy.protected.why(piece))), None):
        outcome, reasons = Outcome.CLEAR, [*reasons, Reason("protected", f"never listed: {why}")]
    elif expires_at <= at:
        outcome, reasons = Outcome.PASS, [*reasons, Reason("quiet", "nothing seen for longer than it would be held")]
    else:
        reasons.append(Reason("expires", f"ends {clock.day_text(expires_at)} unless more of it is seen"))
    return Decision(
        list=policy.name, subject=one.network, at=at, outcome=outcome, score=1.0, reasons=tuple(reasons),
        policy=policy.hash,
        inputs={"bad": one.bad, "relistings": 0, "exclusions": [str(network) for network in exclusions]},
        expires_at=expires_at if outcome is Outcome.LIST else None, first_at=one.first * HOUR,
        last_at=one.last * HOUR, messages=one.messages, vantages=2, listing_class=HELD_CLASS[policy.holds],
        exclusions=exclusions,
    )  # fmt: skip
