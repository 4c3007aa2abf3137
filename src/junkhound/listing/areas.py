"""All decisions of a list of networks at once: what is listed now, and what may not stand any longer."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from junkhound.kernel import net
from junkhound.kernel.net import Network
from junkhound.listing.decide import Decision, Outcome, Reason
from junkhound.listing.domain import Domain
from junkhound.listing.escalate import candidates
from junkhound.listing.policy import Policy
from junkhound.listing.ranges import Range, decision, dynamic, snowshoe
from junkhound.listing.senders import Senders
from junkhound.listing.space import span

Subject = Network | Domain
_NOBODY: Mapping[Network, int] = {}
_NO_LIST: Mapping[Network, str] = {}


def range_decisions(
    policy: Policy, every: Senders, recent: Senders, at: int,
    standing: Mapping[Subject, tuple[Network, ...]], approved: Mapping[Network, int] = _NOBODY,
    allowed: Mapping[Network, str] = _NO_LIST,
) -> list[Decision]:  # fmt: skip
    """Every network that is to be listed, and those that stand but must not; in the order of networks.

    ``every`` are the senders of the window, ``recent`` those of the last 72 hours, ``standing`` what is listed now
    with its exclusions, ``approved`` by network how many people said yes, ``allowed`` networks on allow lists with
    the list's name: no range lies in one, and those inside a range are left out of it.
    """
    ordered = sorted(allowed)
    found = [one for one in _found(policy, every, recent, approved) if not _around(one.network, allowed)]
    made = [decision(_less(one, ordered), policy, at) for one in found]
    for subject in standing:
        if isinstance(subject, Network) and (why := _around(subject, allowed)):
            reason = Reason("allowed", f"never listed as a range: {why}")
            made.append(Decision(policy.name, subject, at, Outcome.CLEAR, 0.0, (reason,), policy.hash, {}))
    listed = {one.subject for one in made}
    made += _spoiled(policy, every, at, {s: holes for s, holes in standing.items() if s not in listed})
    return sorted(made, key=lambda one: one.subject)


def _around(network: Network, allowed: Mapping[Network, str]) -> str | None:
    """Why a network may not be listed as a range: an allow list has all of it."""
    for bits in range(network.bits, 0, -1):
        if (name := allowed.get(wider := net.network_of(network.first, bits))) is not None:
            return f"{wider} is on the allow list {name!r}"
    return None


def _less(one: Range, allowed: Sequence[Network]) -> Range:
    """A range without the allowed networks inside; ``allowed`` are in order."""
    first, last = span(one.network)
    low, high = (bisect_left(allowed, edge, key=lambda network: span(network)[0]) for edge in (first, last + 1))
    inside = [network for network in allowed[low:high] if network.bits > one.network.bits]
    if not inside:
        return one
    holes = sorted({*one.exclusions, *inside}, key=lambda n: (n.hi, n.lo, n.bits))
    return msgspec.structs.replace(one, exclusions=tuple(holes))


def _found(policy: Policy, every: Senders, recent: Senders, approved: Mapping[Network, int]) -> list[Range]:
    if policy.holds == "dynamic":
        return dynamic(every)
    if policy.holds == "snowshoe":
        return snowshoe(recent, every)
    return candidates(every, policy, approved)


def _spoiled(
    policy: Policy, every: Senders, at: int, standing: Mapping[Subject, tuple[Network, ...]]
) -> list[Decision]:
    """A single good mail from inside ends a range at once; so does a network that is protected now."""
    good = every.take(every.good > 0)
    numbers = [hi << 64 | lo for hi, lo in zip(good.addr_hi.tolist(), good.addr_lo.tolist(), strict=True)]
    made = []
    for subject, left_out in standing.items():
        if not isinstance(subject, Network):
            continue
        first, last = span(subject)
        inside = numbers[bisect_left(numbers, first) : bisect_right(numbers, last)]
        holes = [span(hole) for hole in left_out]
        hits = [one for one in inside if not any(a <= one <= b for a, b in holes)]
        if hits:
            reason = Reason("good", f"good mail came from {len(hits):,} of its addresses")
        elif not left_out and (why := policy.protected.why(subject)):
            reason = Reason("protected", f"never listed: {why}")
        else:
            continue
        made.append(Decision(policy.name, subject, at, Outcome.CLEAR, 0.0, (reason,), policy.hash, {"good": len(hits)}))
    return made


def replaced(standing: Iterable[Subject], listed: Iterable[Subject]) -> list[Subject]:
    """Networks that stand but have become part of a wider one, or were divided into narrower ones."""
    fresh = sorted(span(subject) for subject in set(listed) if isinstance(subject, Network))
    same = set(fresh)
    gone: list[Subject] = []
    for subject in standing:
        if isinstance(subject, Network) and (own := span(subject)) not in same:
            place = bisect_right(fresh, (own[1], own[1])) - 1
            if place >= 0 and fresh[place][1] >= own[0]:
                gone.append(subject)
    return gone
