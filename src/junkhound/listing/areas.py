"""All decisions of a list of networks at once: what is listed now, and what may not stand any longer."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping

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


def range_decisions(
    policy: Policy, every: Senders, recent: Senders, at: int,
    standing: Mapping[Subject, tuple[Network, ...]], approved: Mapping[Network, int] = _NOBODY,
) -> list[Decision]:  # fmt: skip
    """Every network that is to be listed, and those that stand but must not; in the order of networks.

    ``every`` are the senders of the window, ``recent`` those of the last 72 hours, ``standing`` what is listed now
    with its exclusions, ``approved`` by network how many people said yes.
    """
    made = [decision(one, policy, at) for one in _found(policy, every, recent, approved)]
    listed = {one.subject for one in made}
    made += _spoiled(policy, every, at, {s: holes for s, holes in standing.items() if s not in listed})
    return sorted(made, key=lambda one: one.subject)


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
