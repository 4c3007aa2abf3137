"""What happens in the world, and how it bears on each botnet, country, spammer and intake.

Effects only take away mail that the same stream of chance would have sent, or add mail from a stream of their own, so
that a twin run without an event differs by its consequences and by nothing else.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from spamworld.parameters import Parameters, Tier
from spamworld.streams import quick
from spamworld.world.chance import Floats
from spamworld.world.facts import DAY, Botnet, Event, Network, Spammer

KNOWN = ("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8", "arrest", "sentence", "law", "seizure", "feed")


def events(
    seed: int,
    p: Parameters,
    tier: Tier,
    nets: Sequence[Botnet],
    senders: Sequence[Spammer],
    networks: Sequence[Network],
    domains: Sequence[str],
    bot_share: float,
    start: int,
) -> list[Event]:
    """The run's events in order of time; the tier's table says which, and where in the run."""
    out: list[Event] = []
    scene = _Scene(p, tier, nets, senders, networks, domains, bot_share)
    for n, text in enumerate(tier.events):
        kind, _, place = text.partition("@")
        if kind not in _MAKERS:
            raise ValueError(f"unknown kind of event '{kind}'")
        at = start + int(float(place) * tier.days) * DAY + 10 * 3_600_000_000
        out += _MAKERS[kind](scene, quick(seed, "event", n, kind), kind, at)
    at = start + int(tier.days * p.events.feed_at) * DAY
    out.append(Event("feed", "feed", at, f"trap domain {domains[-1]} is added", intake=domains[-1]))
    seen: dict[str, int] = {}
    named = []
    for event in sorted(out, key=lambda e: e.at):
        seen[event.id] = seen.get(event.id, 0) + 1
        suffix = "" if seen[event.id] == 1 else f"-{seen[event.id]}"
        named.append(msgspec.structs.replace(event, id=event.id + suffix))
    return named


class _Scene(NamedTuple):
    """What an event may touch."""

    p: Parameters
    tier: Tier
    nets: Sequence[Botnet]
    senders: Sequence[Spammer]
    networks: Sequence[Network]
    domains: Sequence[str]
    bots: float  # share of all junk that bots send


def _depeering(s: _Scene, q: random.Random, kind: str, at: int) -> list[Event]:
    e, hit = s.p.events, _holding(s.nets, s.p.events.e1_share)
    share = s.bots * sum(b.share for b in s.nets if b.id in hit)
    size = min(0.98, q.uniform(e.e1_low, e.e1_high) / share)
    half = int(q.uniform(e.e1_half_low_d, e.e1_half_high_d) * DAY)
    what = "a hoster is cut off and with it the controllers of botnets"
    hoster = s.nets[hit[0] - 1].hoster
    return [Event(kind, kind, at, what, botnets=hit, size=size, half=half, displaced=e.e1_displaced, hoster=hoster)]


def _largest(s: _Scene, q: random.Random, kind: str, at: int) -> list[Event]:
    drop = q.uniform(s.p.events.e2_low, s.p.events.e2_high)
    first = min(1.0, drop / (s.bots * s.nets[0].share))
    out = [Event(kind, kind, at, "the largest botnet is shut down for good", botnets=(1,), size=first)]
    left = drop - s.bots * s.nets[0].share * first
    if left > 0 and len(s.nets) > 1:  # its sibling shared renters and controllers
        size = min(1.0, left / (s.bots * s.nets[1].share))
        what = "its sibling loses its controllers too"
        out.append(Event(f"{kind}-sibling", kind, at, what, botnets=(2,), size=size))
    return out


def _one(s: _Scene, q: random.Random, kind: str, at: int) -> list[Event]:
    return [_small(q, s.p, s.nets, s.bots, at)]


def _two(s: _Scene, q: random.Random, kind: str, at: int) -> list[Event]:
    later = at + int(s.p.events.e8_gap_d * DAY)
    pair = (_small(q, s.p, s.nets, s.bots, at), _small(q, s.p, s.nets, s.bots, later, 1))
    return [msgspec.structs.replace(each, id=kind, kind=kind) for each in pair]


def _nothing(s: _Scene, q: random.Random, kind: str, at: int) -> list[Event]:
    named = (q.randrange(1, len(s.nets) + 1),)
    return [Event(kind, kind, at, "a takedown is announced and nothing happens", botnets=named)]


def _holidays(s: _Scene, q: random.Random, kind: str, at: int) -> list[Event]:
    e, year = s.p.events, dt.datetime.fromtimestamp(at / 1e6, dt.UTC).year
    at = int(dt.datetime(year, 12, 24, tzinfo=dt.UTC).timestamp()) * 1_000_000
    what = "the holidays: fewer machines are switched on"
    return [Event(kind, kind, at, what, at + e.e5_days * DAY, size=e.e5_depth)]


def _closed_ports(s: _Scene, q: random.Random, kind: str, at: int) -> list[Event]:
    e, countries = s.p.events, sorted({n.country for n in s.networks if n.role == "access"})
    what, country = "the providers of a country close port 25", q.choice(countries[:8])
    return [Event(kind, kind, at, what, country=country, size=e.e6_depth, half=int(e.e6_ramp_d * DAY))]


def _outage(s: _Scene, q: random.Random, kind: str, at: int) -> list[Event]:
    last = at + int(max(0.6, s.tier.days * s.p.events.e7_days) * DAY)
    name = s.domains[q.randrange(0, max(1, len(s.domains) - 1))]
    return [Event(kind, kind, at, f"trap domain {name} is down", last, intake=name)]


_AT_COURT = {
    "arrest": "a spammer is arrested", "sentence": "a spammer is sentenced", "seizure": "machines are seized",
}  # fmt: skip


def _court(s: _Scene, q: random.Random, kind: str, at: int) -> list[Event]:
    who = s.senders[q.randrange(len(s.senders))].id if kind == "sentence" else 1 + s.tier.spammers // 3
    replaced = kind == "arrest" and q.random() < s.p.events.arrest_replaced
    return [Event(kind, kind, at, _AT_COURT[kind], spammer=who, size=0.0 if replaced else 1.0)]


def _law(s: _Scene, q: random.Random, kind: str, at: int) -> list[Event]:
    what, element = "a law asks for a postal address and a way out", q.choice(("E6", "E8"))
    return [Event(kind, kind, at, what, element=element, size=s.p.canspam.law_shift)]


_MAKERS: dict[str, Callable[[_Scene, random.Random, str, int], list[Event]]] = {
    "E1": _depeering, "E2": _largest, "E3": _one, "E4": _nothing, "E5": _holidays, "E6": _closed_ports, "E7": _outage,
    "E8": _two, "arrest": _court, "sentence": _court, "seizure": _court, "law": _law,
}  # fmt: skip
"""How each kind of event is made."""


def _holding(nets: Sequence[Botnet], share: float) -> tuple[int, ...]:
    """The largest botnets that together hold that share."""
    out, held = [], 0.0
    for net in nets:
        out.append(net.id)
        held += net.share
        if held >= share * 0.95:
            break
    return tuple(out)


def _small(q: random.Random, p: Parameters, nets: Sequence[Botnet], bots: float, at: int, skip: int = 0) -> Event:
    """A takedown just as large as wanted, of botnets that no large one hits; ``skip`` names the next of such groups."""
    pool = list(nets[3:] if len(nets) > 6 else nets[1:]) or list(nets)
    for turn in range(skip + 1):
        group: list[Botnet] = []
        while pool and sum(b.share for b in group) * bots < p.events.e3_drop:
            group.append(pool.pop(0))
        if not pool and turn < skip:
            pool = list(nets[1:])
    share = sum(b.share for b in group)
    return Event(
        "E3",
        "E3",
        at,
        f"the controllers of botnets {', '.join(str(b.id) for b in group)} are seized",
        botnets=tuple(b.id for b in group),
        size=min(1.0, p.events.e3_drop / (bots * share)),
        half=int(p.events.e3_half_d * q.uniform(0.7, 1.4) * DAY),
    )


class Effects:
    """The events' effects as factors on what would have been sent."""

    def __init__(self, found: Sequence[Event]) -> None:
        self.all = {e.id: e for e in found}
        self._nets = [e for e in found if e.kind in ("E1", "E2", "E3", "E8") and e.botnets]
        self._dips = [e for e in found if e.kind == "E5"]
        self._countries = [e for e in found if e.kind == "E6"]
        self._gone = [e for e in found if e.kind in ("arrest", "sentence")]

    def botnet(self, number: int, at: np.ndarray | float) -> Floats:
        """Share of a botnet's mail that is still sent at those instants."""
        out = np.ones_like(np.asarray(at, np.float64))
        for event in self._nets:
            if number in event.botnets:
                age = np.asarray(at, np.float64) - event.at
                depth = event.size * (0.5 ** (np.maximum(age, 0) / event.half) if event.half else 1.0)
                out = out * np.where(age >= 0, 1.0 - depth, 1.0)
        for event in self._dips:
            inside = (np.asarray(at) >= event.at) & (np.asarray(at) < event.end)
            out = out * np.where(inside, 1.0 - event.size, 1.0)
        return out

    def ramp(self, country: str, at: int) -> float:
        """Share of the bots in a country that still get out through port 25."""
        out = 1.0
        for event in self._countries:
            if event.country == country and at > event.at:
                out *= 1.0 - event.size * min(1.0, (at - event.at) / event.half)
        return out

    @property
    def ramps(self) -> set[str]:
        return {e.country for e in self._countries}

    def gone(self, spammer: int) -> Event | None:
        """The event that ended a spammer's trade, if one did."""
        return next((e for e in self._gone if e.spammer == spammer), None)

    def displaced(self, day: int) -> list[tuple[Event, int, float]]:
        """Renters who moved by that day: (event, botnet that lost them, share of its mail now sent elsewhere)."""
        out = []
        for event in self._nets:
            if event.displaced and day > event.at:
                reach = min(1.0, (day - event.at) / (14 * DAY))
                back = 0.5 ** ((day - event.at) / event.half) if event.half else 1.0
                out += [(event, net, event.displaced * event.size * reach * back) for net in event.botnets]
        return out

    @property
    def off(self) -> dict[str, list[tuple[int, int]]]:
        """When each intake was down."""
        out: dict[str, list[tuple[int, int]]] = {}
        for event in self.all.values():
            if event.kind == "E7":
                out.setdefault(event.intake, []).append((event.at, event.end))
        return out
