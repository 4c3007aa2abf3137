"""Whether an address is listed at a moment, until when, and why: from its history and one policy, nothing else."""

from __future__ import annotations

import hashlib
import math
from enum import StrEnum
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from junkhound.kernel import clock
from junkhound.kernel.clock import HOUR
from junkhound.kernel.net import Network
from junkhound.listing.beta import lower_bound
from junkhound.listing.domain import Domain
from junkhound.listing.hazard import quiet_hours
from junkhound.listing.history import (
    IS_WITNESS,
    Counters,
    Days,
    History,
    Level,
    Pool,
    counters,
    decayed_30,
    unit_points,
)
from junkhound.listing.policy import FLOOR_HOURS, TAUS_HOURS, WINDOW_HOURS, Policy
from junkhound.listing.spamcop import spamcop
from junkhound.listing.units import Unit, Units, among
from junkhound.listing.witness import Witnesses, witnesses
from junkhound.listing.words import HELD_CLASS, listing_class
from junkhound.tables import Kind, Standing

# Shrinkage of the prior from network to network (PreSTA): a level counts like its neighbours against this many.
_LEVEL_WEIGHT = 8.0
_PRIOR_STRENGTH = 2.0
_PRIOR_LOW, _PRIOR_HIGH = 0.05, 0.95
# A habit of weeks is told by the two slow counters: below so many active days they promise nothing.
_FEED, _GOOD = int(Standing.FEED), int(Kind.GOOD)
_SLOW = 2
_HABIT_SHARE = 0.2


class Outcome(StrEnum):
    """What the decision asks for."""

    LIST = "list"
    PASS = "pass"  # noqa: S105 - not enough for a listing; one that stands runs out by itself
    CLEAR = "clear"  # must not stand: protected, shared, or good mail outweighs; ends a listing at once


class Reason(msgspec.Struct, frozen=True):
    """One ground of a decision: a code for machines and a sentence for people."""

    code: str
    text: str


class Decision(msgspec.Struct, frozen=True):
    """One decision about one subject, complete enough to be stored and shown for ever.

    ``score`` is the 5% lower bound of the junk share. ``inputs`` hold what the score was made from. ``exclusions``
    are networks inside the subject that the listing leaves out.
    """

    list: str
    subject: Network | Domain
    at: int
    outcome: Outcome
    score: float
    reasons: tuple[Reason, ...]
    policy: str
    inputs: dict[str, Any]
    expires_at: int | None = None
    first_at: int | None = None
    last_at: int | None = None
    messages: int = 0
    vantages: int = 0
    listing_class: str = ""
    exclusions: tuple[Network, ...] = ()

    @property
    def listed(self) -> bool:
        return self.outcome is Outcome.LIST


def prior(levels: tuple[Level, ...], junk_past: float = 0.0, good_past: float = 0.0) -> tuple[float, float]:
    """Beta(a0, b0) before the address's own last weeks: shrunk from wide networks to narrow, then its older past."""
    mean = 0.5
    for level in levels:
        mean = (_LEVEL_WEIGHT * mean + level.junk) / (_LEVEL_WEIGHT + level.junk + level.good)
    mean = (_LEVEL_WEIGHT * mean + junk_past) / (_LEVEL_WEIGHT + junk_past + good_past)
    mean = min(max(mean, _PRIOR_LOW), _PRIOR_HIGH)
    return _PRIOR_STRENGTH * mean, _PRIOR_STRENGTH * (1 - mean)


@lru_cache(maxsize=64)
def _counted(kinds: frozenset[int]) -> NDArray[np.bool_]:
    return among(Kind, kinds)


def hold_hours(hours: NDArray[np.int64], days: NDArray[np.int64], policy: Policy, relistings: int, pool: Pool) -> float:
    """How long after its last sighting a listing stands.

    As long as a further sighting within a day is likelier than ``return_share`` by the fitted hazard of its last
    hours, or than a fifth by the two slow counters of its days (those before the window are ``days``), so that a habit
    of months outlives a quiet weekend (n days left at half-life tau promise n ln2 / tau a time). Doubled at each
    return, capped, never under 3 hours.
    Source: ALGORITHMS A2; the fit is that of ``hazard``.
    """
    hold = max(FLOOR_HOURS, quiet_hours(hours, policy.return_share, pool is Pool.DYNAMIC))
    last = int(hours[-1]) // 24
    active = np.concatenate([days, np.unique(hours // 24)])
    needed = -math.log(1 - _HABIT_SHARE)
    for tau in TAUS_HOURS[_SLOW:]:
        left = float(np.exp2(-24.0 * (last - active) / tau).sum())
        promise = left * math.log(2) * 24 / tau / needed
        if promise > 1:
            hold = max(hold, tau * math.log2(promise))
    doubled = 2.0 ** min(relistings, 30)
    cap = min(policy.first_hours * doubled, policy.longest_hours)
    if pool is Pool.DYNAMIC:
        cap = min(cap, policy.dynamic_hours)
    return max(FLOOR_HOURS, min(hold * doubled, cap))


class _Evidence(msgspec.Struct):
    """The part of a history that counts at ``at``."""

    junk: Units
    good: Units
    witness: Units
    junk_days: Days
    good_days: Days


def _evidence(history: History, policy: Policy, at: int) -> _Evidence:
    now = at // HOUR
    cleared = history.cleared_hour if history.cleared_hour is not None else -1
    units = Units.of(history.units)
    # An entry of a feed is of no message, and tells all the same.
    told = (units.messages > 0) | (units.standing == _FEED)
    units = units.take((units.hour > max(now - WINDOW_HOURS, cleared)) & (units.hour <= now) & told)
    good = units.take(units.kind == _GOOD)
    junk = units.take(_counted(policy.kinds)[units.kind])
    witness = junk.take((junk.vantage != 0) & IS_WITNESS[junk.standing])
    # Older days end where the window begins: a day is counted once, as units or as a day.
    old = history.days if isinstance(history.days, Days) else Days.of(history.days)
    if len(old.day):
        old = old.take((cleared < old.day * 24) & ((old.day + 1) * 24 <= now - WINDOW_HOURS + 1))
    return _Evidence(junk, good, witness, old.take(old.junk > 0), old.take(old.good > 0))


def decide(history: History, policy: Policy, at: int) -> Decision:
    """List, pass or clear one subject at moment ``at``; equal rows and policy give the equal decision.

    It is listed when enough independent witnesses of the list's scope saw it, the 5% lower bound of
    Beta(a0 + junk, b0 + good) is above the policy's bound, and its time to live is not over.
    Source: posterior and witnesses as ALGORITHMS A2; expiry by decay as route flap damping, RFC 2439.
    """
    seen = _evidence(history, policy, at)
    weights = policy.weight_of
    junk_points, good_points = unit_points(seen.junk, False, weights), unit_points(seen.good, True, weights)
    junk = counters(junk_points, seen.junk_days.day, seen.junk_days.junk, at)
    good = counters(good_points, seen.good_days.day, seen.good_days.good, at)
    # The past enters the prior as its own voice: what the year remembers and the last weeks do not hold.
    a0, b0 = prior(history.levels, _past(seen.junk_days.day, at), _past(seen.good_days.day, at))
    recent_junk = decayed_30(junk_points, at) if len(seen.junk_days.day) else junk.d30
    recent_good = decayed_30(good_points, at) if len(seen.good_days.day) else good.d30
    score = lower_bound(a0 + recent_junk, b0 + recent_good)
    # One mail after a listing ran out must not bring it back: that would tell whoever sent it what it hit.
    since = history.ended_hour if history.ended_hour is not None else -1
    found = witnesses(seen.witness.take(seen.witness.hour >= since), policy.scope)
    hours = np.unique(seen.witness.hour)
    first, last = (int(hours[0]), int(hours[-1])) if len(hours) else (0, 0)
    expires_at = None
    if policy.method == "spamcop":
        score, held = spamcop(map(Unit._make, seen.junk.rows()), map(Unit._make, seen.good.rows()), at)
        expires_at = (last + 1) * HOUR + int(held * HOUR) if len(hours) else None
    elif len(hours):
        held = hold_hours(hours, seen.junk_days.day, policy, history.relistings, history.pool)
        # From the end of the last hour, in whole hours: rows keep no finer time for this.
        expires_at = (last + 1 + math.ceil(held)) * HOUR
    outcome, reasons = _judge(history, policy, at, found, score, recent_good, expires_at)
    if len(hours):
        reasons.insert(0, _seen_reason(seen.witness, first, last))
    return Decision(
        list=policy.name,
        subject=history.subject,
        at=at,
        outcome=outcome,
        score=score,
        reasons=tuple(reasons),
        policy=policy.hash,
        inputs=_inputs(history, seen, junk, good, (a0, b0), found),
        expires_at=expires_at if outcome is Outcome.LIST else None,
        first_at=first * HOUR if len(hours) else None,
        last_at=last * HOUR if len(hours) else None,
        messages=int(seen.witness.messages.sum()),
        vantages=seen.witness.vantages,
        listing_class=_class_of(seen.witness, history.path, policy.holds),
    )


def _past(days: NDArray[np.int64], at: int) -> float:
    """Active days before the window, each losing half its voice in a year."""
    return float(np.exp2((days - at / HOUR / 24) / 365).sum()) if len(days) else 0.0


def _judge(
    history: History, policy: Policy, at: int, found: Witnesses, score: float, good: float, expires_at: int | None
) -> tuple[Outcome, list[Reason]]:
    if isinstance(history.subject, Network) and (why := policy.protected.why(history.subject)):
        return Outcome.CLEAR, [Reason("protected", f"never listed: {why}")]
    if history.pool is Pool.SHARED:
        text = "never listed: a carrier shares this address among many customers, so it is evidence only"
        return Outcome.CLEAR, [Reason("shared", text)]
    verdict = f"the 5% lower bound of its junk share is {score:.3f}"
    if policy.method == "spamcop":
        verdict = f"by SpamCop's rules reports are {score:.3f} of reports and good mail"
    if score <= policy.bound:
        reasons = [Reason("score", f"{verdict}, not above {policy.bound:g}")]
        if good > 0:
            return Outcome.CLEAR, [*reasons, Reason("good", "good mail from it speaks against a listing")]
        return Outcome.PASS, reasons
    reasons = [Reason("score", f"{verdict}, above {policy.bound:g}")]
    if found.independent < policy.witnesses:
        needed = f"{found.independent} of {policy.witnesses} independent witnesses that scope '{policy.scope}' needs"
        if history.ended_hour is not None:
            needed += f", counted since its last listing ended on {clock.day_text(history.ended_hour * HOUR)}"
        return Outcome.PASS, [*reasons, Reason("witnesses", needed)]
    reasons.insert(0, Reason("witnesses", f"{found.independent} independent witnesses under scope '{policy.scope}'"))
    if expires_at is None or expires_at <= at:
        return Outcome.PASS, [*reasons, Reason("quiet", "nothing seen for longer than it would be held")]
    return Outcome.LIST, [*reasons, _expiry_reason(history, policy, expires_at)]


def _expiry_reason(history: History, policy: Policy, expires_at: int) -> Reason:
    text = f"ends {clock.day_text(expires_at)} unless it is seen again"
    if history.relistings:
        times = "once" if history.relistings == 1 else f"{history.relistings} times"
        text += f"; it was listed {times} before, which doubles the time each time"
    if history.pool is Pool.DYNAMIC:
        text += f"; at most {policy.dynamic_hours:g} hours, because its network hands addresses on"
    return Reason("expires", text)


def _seen_reason(units: Units, first: int, last: int) -> Reason:
    return Reason(
        "seen",
        f"{_many(int(units.messages.sum()), 'message')} in {_many(int(units.firsts().sum()), 'hourly unit')} at"
        f" {_many(units.vantages, 'vantage')}, {clock.day_text(first * HOUR)} to {clock.day_text(last * HOUR)}",
    )


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _class_of(units: Units, path: int, holds: str) -> str:
    """By the kind seen in most hours; ties go to the smaller number, which is junk first."""
    if not units.size:
        return ""
    if holds in HELD_CLASS:
        return HELD_CLASS[holds]
    return listing_class(int(np.argmax(np.bincount(units.kind))), path)


def _inputs(
    history: History, seen: _Evidence, junk: Counters, good: Counters, start: tuple[float, float], found: Witnesses
) -> dict[str, Any]:
    """What the decision was made from, as plain values; the units themselves by their digest."""
    return {
        "junk": [round(value, 6) for value in junk],
        "good": [round(value, 6) for value in good],
        "prior": [round(value, 6) for value in start],
        "levels": [[level.name, round(level.junk, 3), round(level.good, 3)] for level in history.levels],
        "witnesses": found.independent,
        "own": found.own,
        "vantages": found.vantages,
        "hours": found.hours,
        "past_days": len(seen.junk_days.day),
        "relistings": history.relistings,
        "pool": history.pool.name.lower(),
        "ended_hour": history.ended_hour,
        "cleared_hour": history.cleared_hour,
        "units": seen.junk.size + seen.good.size,
        "units_sha256": hashlib.sha256(seen.junk.digest() + seen.good.digest()).hexdigest(),
    }
