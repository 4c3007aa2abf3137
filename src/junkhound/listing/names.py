"""Domains and hosts that junk mail advertises: who saw them, how many addresses named them, and who speaks for them."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from junkhound.kernel import clock
from junkhound.kernel.clock import HOUR
from junkhound.listing.beta import lower_bound
from junkhound.listing.decide import Decision, Outcome, Reason
from junkhound.listing.domain import Domain
from junkhound.listing.history import decayed_30, unit_points
from junkhound.listing.policy import Policy
from junkhound.listing.units import Unit, Units
from junkhound.listing.witness import witnesses
from junkhound.listing.words import HELD_CLASS

NAMES_HOURS = 7 * 24
_ADDRESSES = 3  # one machine may name anything; a campaign is sent by several
# What junk has named for so long is everybody's: domains of campaigns live for days (median 1.5).
_COMMON_DAYS = 60


class Advertised(msgspec.Struct, frozen=True):
    """What the window knows of one name: who saw it in mail of how many addresses.

    ``known_days`` is how long ago junk first named it; ``signed`` says that good mail is signed with it.
    """

    subject: Domain
    units: tuple[Unit, ...]
    addresses: int
    known_days: int = 0
    signed: bool = False


def decide_name(one: Advertised, policy: Policy, protected: Collection[str], at: int) -> Decision:
    """List, pass or clear one name; ``protected`` are domains that are never listed, nor anything below them."""
    now = at // HOUR
    units = [u for u in one.units if now - NAMES_HOURS < u.hour <= now and u.kind in policy.kinds and u.messages > 0]
    found = witnesses(units, policy.scope)
    points = decayed_30(unit_points(Units.of(units), weights=policy.weight_of), at)
    score = lower_bound(1.0 + points, 1.0)
    hours = [unit.hour for unit in units]
    expires_at = (max(hours) + 1) * HOUR + int(policy.first_hours * HOUR) if hours else None
    outcome, reasons = _judge(one, policy, protected, found.independent, score, expires_at, at)
    if hours:
        first, last = clock.day_text(min(hours) * HOUR), clock.day_text(max(hours) * HOUR)
        messages = sum(unit.messages for unit in units)
        seen = f"{messages:,} messages of {one.addresses:,} addresses named it, {first} to {last}"
        reasons.insert(0, Reason("seen", seen))
    return Decision(
        list=policy.name, subject=one.subject, at=at, outcome=outcome, score=score, reasons=tuple(reasons),
        policy=policy.hash,
        inputs={
            "addresses": one.addresses, "known_days": one.known_days, "signed": one.signed, "units": len(units),
            "witnesses": found.independent, "relistings": 0,
        },
        expires_at=expires_at if outcome is Outcome.LIST else None,
        first_at=min(hours) * HOUR if hours else None, last_at=max(hours) * HOUR if hours else None,
        messages=sum(unit.messages for unit in units), vantages=found.vantages,
        listing_class=HELD_CLASS[policy.holds],
    )  # fmt: skip


def _judge(
    one: Advertised, policy: Policy, protected: Collection[str], independent: int, score: float,
    expires_at: int | None, at: int,
) -> tuple[Outcome, list[Reason]]:  # fmt: skip
    name = one.subject.name
    if guard := _guard(name, protected):
        return Outcome.CLEAR, [Reason("protected", f"never listed: {guard}")]
    if one.signed:
        return Outcome.CLEAR, [Reason("good", "good mail is signed with it")]
    if one.known_days > _COMMON_DAYS:
        text = f"junk has named it for {one.known_days:,} days: what everybody links to says nothing"
        return Outcome.CLEAR, [Reason("common", text)]
    if independent < policy.witnesses:
        text = f"{independent} of {policy.witnesses} independent witnesses that scope '{policy.scope}' needs"
        return Outcome.PASS, [Reason("witnesses", text)]
    if one.addresses < _ADDRESSES:
        return Outcome.PASS, [Reason("addresses", f"named by {one.addresses} of {_ADDRESSES} addresses that it needs")]
    if score <= policy.bound:
        return Outcome.PASS, [Reason("score", f"its score is {score:.3f}, not above {policy.bound:g}")]
    if expires_at is None or expires_at <= at:
        return Outcome.PASS, [Reason("quiet", "not named for longer than it would be held")]
    return Outcome.LIST, [
        Reason("witnesses", f"{independent} independent witnesses under scope '{policy.scope}'"),
        Reason("score", f"its score is {score:.3f}, above {policy.bound:g}"),
        Reason("expires", f"ends {clock.day_text(expires_at)} unless it is named again"),
    ]


def _guard(name: str, protected: Collection[str]) -> str | None:
    labels = name.split(".")
    for place in range(len(labels)):
        if (held := ".".join(labels[place:])) in protected:
            return f"{held} is protected"
    # A name above a protected one would list it too.
    if any(one.endswith("." + name) for one in protected):
        return "a protected name is below it"
    return None
