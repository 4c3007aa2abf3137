"""Actors for the person who asks: campaigns with one hand behind them, why, how surely, and how much it matters."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

import msgspec
import numpy as np

from junkhound import actor, campaign
from junkhound.actor import OFFERED, SURE, Link
from junkhound.campaign.registered import Registration
from junkhound.kernel import clock
from junkhound.kernel.clock import DAY, SystemClock
from junkhound.kernel.errors import UsageError
from junkhound.ledger import actors as book
from junkhound.ledger.actors import Actor, ActorBook
from junkhound.ledger.botnets import BotnetBook
from junkhound.ledger.campaigns import Book
from junkhound.ledger.manifest import Swap
from junkhound.tables import KeyKind
from junkhound.verbs import campaigns as campaigns_verb
from junkhound.verbs import grouping, registrations, seen
from junkhound.verbs.office import Office

NAME = re.compile(r"A-\d{4}-\d{4,}\Z", re.IGNORECASE)
OWN_SHARE = 0.1  # of a campaign's mails that have a key which is its own: anybody may put another's wallet into some
LEAST = 2  # campaigns from which on there is an actor with a name


class Tie(msgspec.Struct, frozen=True):
    """Two campaigns, how probably one hand made both, and why: each reason with its weight in log odds."""

    one: str
    other: str
    sure: float
    reasons: tuple[tuple[float, str], ...]


class Line(msgspec.Struct, frozen=True):
    """One actor: volume, harm and time as a figure of how much it matters."""

    name: str
    significance: float
    mails: int
    kinds: tuple[str, ...]
    campaigns: tuple[str, ...]
    botnets: tuple[str, ...]
    first_on: str
    last_on: str


class Successor(msgspec.Struct, frozen=True):
    """Offered, never asserted: who may have come after an actor that fell silent, or be the same."""

    old: str
    new: str
    sure: float


class Detail(msgspec.Struct, frozen=True):
    """Everything about one actor; ``perhaps`` are ties that are too weak to be asserted."""

    line: Line
    campaigns: tuple[campaigns_verb.Line, ...]
    ties: tuple[Tie, ...]
    perhaps: tuple[Tie, ...]
    successors: tuple[Successor, ...]


class _Known(msgspec.Struct):
    campaigns: list[actor.Campaign]
    links: list[Link]


def _known(office: Office) -> _Known:
    held = Book(office.ledger.state)
    keys, hubs = held.keys(), grouping.hubs()
    owned = registrations.of(office)
    nets: dict[int, set[int]] = defaultdict(set)
    for rent in BotnetBook(office.ledger.state).rents():
        nets[rent.campaign].add(rent.botnet)
    found = [
        actor.Campaign(
            one.number,
            frozenset(
                pair for kind, key, mails in keys.get(one.number, ())
                if key not in hubs and mails >= min(3, one.mails) and mails >= OWN_SHARE * one.mails
                for pair in ((KeyKind(kind).name, key), *_registered(owned, kind, key))
            ),
            one.sketch, one.words, frozenset(nets[one.number]), one.mails, one.first_day, one.last_day,
        )
        for one in held.all()
    ]  # fmt: skip
    return _Known(found, actor.links(found))


def _registered(owned: Mapping[int, Registration], kind: int, key: int) -> list[tuple[str, int]]:
    """What is known of a linked domain's registration, as keys."""
    return registrations.keys_of(owned, key) if kind == int(KeyKind.DOMAIN) else []


def find(office: Office) -> int:
    """Link the campaigns anew; names stay where most of the mail is. Gives how many actors have a name."""
    with office.ledger.holding("grouper", SystemClock().now):
        known = _known(office)
        held = ActorBook(office.ledger.state)
        before = held.campaigns()
        labels = np.array(actor.actors(known.campaigns, known.links), np.int64)
        several = np.bincount(labels, minlength=1)[labels] >= LEAST if len(labels) else np.empty(0, np.bool_)
        some = [one for one, kept in zip(known.campaigns, several.tolist(), strict=True) if kept]
        lineage = campaign.trace(
            labels[several], np.array([before.get(one.number, 0) for one in some], np.int64),
            np.array([one.mails for one in some], np.int64), 0,
        ) if some else campaign.Lineage()  # fmt: skip
        labels = labels[several]
        born = [label for label in lineage.born if label in set(labels.tolist())]
        numbers = held.numbers(office.now, len(born)) if born else []
        of = {**lineage.kept, **{label: number for label, (number, _) in zip(born, numbers, strict=True)}}
        merged = {number: of[label] for number, label in lineage.merged if of.get(label, number) != number}
        new = [Actor(number, name, office.now) for number, name in numbers]
        now = {one.number: of[int(label)] for one, label in zip(some, labels, strict=True)}
        office.ledger.manifest.swap(Swap((), ()), lambda connection: book.write(connection, new, merged, now))
        return len(of)


def rank(office: Office, limit: int = 20) -> tuple[Line, ...]:
    """The actors with a name, the most significant first."""
    lines = _lines(office)
    return tuple(sorted(lines.values(), key=lambda line: (-line.significance, line.name))[:limit])


def _lines(office: Office) -> dict[int, Line]:
    held = ActorBook(office.ledger.state)
    known, of = held.all(), held.campaigns()
    standing = {one.number: one for one in Book(office.ledger.state).all()}
    nets = {one.number: one.name for one in BotnetBook(office.ledger.state).all(merged=True)}
    rented: dict[int, set[str]] = defaultdict(set)
    for rent in BotnetBook(office.ledger.state).rents():
        rented[rent.campaign].add(nets.get(rent.botnet, ""))
    groups: dict[int, list[int]] = defaultdict(list)
    for number, who in of.items():
        if number in standing:
            groups[who].append(number)
    found = {}
    for who, numbers in groups.items():
        mine = sorted((standing[n] for n in numbers), key=lambda one: -one.mails)
        first, last = min(one.first_day for one in mine), max(one.last_day for one in mine)
        weight = sum(
            actor.significance(one.mails, actor.HARM.get(one.kind, 1.0), last - first) for one in mine
        )  # fmt: skip
        found[who] = Line(
            known[who].name, round(weight, 2), sum(one.mails for one in mine),
            tuple(sorted({one.kind for one in mine if one.kind})), tuple(one.name for one in mine),
            tuple(sorted({net for one in mine for net in rented[one.number] if net})),
            clock.day_text(first * DAY), clock.day_text(last * DAY),
        )  # fmt: skip
    return found


def show(office: Office, name: str) -> Detail:
    """Everything about one actor. Errors: UsageError, NotFound."""
    if not NAME.match(name):
        raise UsageError(f"not the name of an actor: {name!r}", "names look like A-2026-0001")
    held = ActorBook(office.ledger.state)
    who = held.get(name)
    lines, of, everyone = _lines(office), held.campaigns(), held.all()
    redacted = seen.Redactor(office)
    known = _known(office)
    standing = {one.number: one for one in Book(office.ledger.state).all()}
    mine = {number for number, one in of.items() if one == who.number and number in standing}
    names = {number: one.name for number, one in standing.items()}
    place = {one.number: at for at, one in enumerate(known.campaigns)}
    labels = actor.actors(known.campaigns, known.links)
    named = {labels[place[number]]: everyone[one].name for number, one in of.items() if number in place}
    return Detail(
        lines[who.number],
        tuple(campaigns_verb.line(standing[n], redacted) for n in sorted(mine, key=lambda n: -standing[n].mails)),
        tuple(_tie(link, names) for link in known.links if link.one in mine and link.other in mine),
        tuple(
            _tie(link, names) for link in known.links
            if (link.one in mine) != (link.other in mine) and OFFERED <= link.sure < SURE
        ),
        tuple(
            Successor(named.get(old, "(no name)"), named.get(new, "(no name)"), round(sure, 3))
            for old, new, sure in actor.successors(known.campaigns, labels, known.links)
            if everyone[who.number].name in (named.get(old), named.get(new))
        ),
    )  # fmt: skip


def _tie(link: Link, names: dict[int, str]) -> Tie:
    return Tie(names[link.one], names[link.other], round(link.sure, 4),
               tuple((round(reason.weight, 2), reason.text) for reason in link.reasons))  # fmt: skip
