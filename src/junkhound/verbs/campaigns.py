"""Campaigns for the person who asks: which there are, and everything that is known of one."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from junkhound.kernel import clock
from junkhound.kernel.clock import DAY
from junkhound.kernel.errors import UsageError
from junkhound.kernel.net import Address
from junkhound.ledger import attached
from junkhound.ledger.campaigns import Book, Campaign
from junkhound.ledger.queries_campaigns import Alias, Campaigns, Sender
from junkhound.ledger.queries_mail import Mails
from junkhound.tables import KeyKind, Path, country_code
from junkhound.verbs import data, seen
from junkhound.verbs.office import Office

NAME = re.compile(r"K-\d{4}-\d{6,}\Z", re.IGNORECASE)
_ORDERS: dict[str, Callable[[Campaign], int]] = {
    "mails": lambda one: one.mails, "recent": lambda one: one.last_day, "sources": lambda one: one.sources,
}  # fmt: skip


class Line(msgspec.Struct, frozen=True):
    """One campaign of a ranking; days as dates, ``kind`` empty where it is not told."""

    name: str
    subject: str
    kind: str
    sure: float
    mails: int
    texts: int
    sources: int
    first_on: str
    last_on: str


class Ranking(msgspec.Struct, frozen=True):
    """Campaigns in order, with their base: all that stand, their mails, and the span of days."""

    lines: tuple[Line, ...]
    campaigns: int
    mails: int
    first_on: str
    last_on: str


class Part(msgspec.Struct, frozen=True):
    """One day, country, network or way of a campaign's mail."""

    what: str
    mails: int
    sources: int


class Source(msgspec.Struct, frozen=True):
    """One address that sent for it."""

    address: str
    mails: int
    first_on: str
    last_on: str
    asn: int
    country: str


class Thing(msgspec.Struct, frozen=True):
    """A thing that its mails share; ``others`` are further campaigns that have it."""

    kind: str
    name: str
    key: str
    mails: int
    others: tuple[str, ...] = ()


class Event(msgspec.Struct, frozen=True):
    """One step of its life."""

    at: str
    event: str
    other: str
    why: str


class Detail(msgspec.Struct, frozen=True):
    """Everything about one campaign."""

    line: Line
    why: str
    days: tuple[Part, ...]
    countries: tuple[Part, ...]
    networks: tuple[Part, ...]
    ways: tuple[Part, ...]
    top: tuple[Source, ...]
    things: tuple[Thing, ...]
    subjects: tuple[str, ...]
    samples: tuple[str, ...]
    events: tuple[Event, ...]


def rank(
    office: Office,
    by: str = "mails",
    limit: int = 20,
    kind: str = "",
    since: str | None = None,
    until: str | None = None,
) -> Ranking:
    """Campaigns ranked by ``mails``, ``recent`` (last day) or ``sources``. Errors: UsageError."""
    if by not in _ORDERS:
        raise UsageError(f"cannot rank campaigns by {by!r}", f"known: {', '.join(_ORDERS)}")
    low = None if since is None else clock.parse(since, office.now) // DAY
    high = None if until is None else clock.parse(until, office.now) // DAY
    found = [
        one for one in Book(office.ledger.state).all()
        if one.mails and (not kind or one.kind == kind) and (low is None or one.last_day >= low)
        and (high is None or one.first_day < high)
    ]  # fmt: skip
    found.sort(key=lambda one: (-_ORDERS[by](one), -one.mails, one.number))
    redacted = seen.Redactor(office)
    return Ranking(
        tuple(line(one, redacted) for one in found[:limit]),
        len(found),
        sum(one.mails for one in found),
        _on(min((one.first_day for one in found), default=None)),
        _on(max((one.last_day for one in found), default=None)),
    )


def line(one: Campaign, redacted: seen.Redactor) -> Line:
    """A campaign in words."""
    return Line(one.name, redacted(one.subject), one.kind, one.sure, one.mails, one.units, one.sources,
                _on(one.first_day), _on(one.last_day))  # fmt: skip


def _on(day: int | None) -> str:
    return "" if day is None else clock.day_text(day * DAY)


def alias_of(book: Book) -> Alias:
    """What merged into what, for queries."""
    return sorted(book.alias().items())


def show(office: Office, name: str, limit: int = 20) -> Detail:
    """Everything about one campaign; a merged one's name leads to where its mail is. Errors: UsageError, NotFound."""
    if not NAME.match(name):
        raise UsageError(f"not the name of a campaign: {name!r}", "names look like K-2026-000123")
    book, redacted = Book(office.ledger.state), seen.Redactor(office)
    one = book.get(name)
    alias = alias_of(book)
    queries = Campaigns(office.ledger.engine, office.ledger.snapshot())
    names = {other.number: other.name for other in book.all(merged=True)}
    ways = queries.by(one.number, "path", alias)
    kept = queries.samples(one.number, alias)
    subjects = Mails(queries.engine, queries.snapshot).subjects([row[4] for row in kept])
    return Detail(
        line(one, redacted),
        one.why,
        tuple(Part(_on(part.value), part.mails, part.sources) for part in queries.by(one.number, "day", alias)),
        tuple(
            Part(country_code(part.value), part.mails, part.sources)
            for part in queries.by(one.number, "country", alias)[:limit]
        ),
        tuple(
            Part(_network(office, part.value), part.mails, part.sources)
            for part in queries.by(one.number, "asn", alias)[:limit]
        ),
        tuple(Part(Path(part.value).name.lower(), part.mails, part.sources) for part in ways),
        tuple(source(sender) for sender in queries.senders(one.number, alias, limit)),
        things(queries, book, one.number, names, redacted),
        tuple(dict.fromkeys(redacted(words) for words in subjects.values() if words)),
        tuple(f"{row[0]:016x}{row[1]:016x}" for row in kept),
        tuple(
            Event(clock.text(step.at), step.event, names.get(step.other or 0, ""), step.why)
            for step in book.events(one.number)
        ),
    )


def _network(office: Office, asn: int) -> str:
    if not asn:
        return "unknown"
    return f"AS{asn} {data.organisations(office)(asn)}".strip()


def source(sender: Sender) -> Source:
    """A source in words."""
    return Source(str(sender.address), sender.mails, _on(sender.first_day), _on(sender.last_day), sender.asn,
                  country_code(sender.country) if sender.country else "")  # fmt: skip


SEVERAL = 20  # mails that share a thing, beside which what one mail has is no thing that they share


def things(
    queries: Campaigns, book: Book, number: int, names: dict[int, str], redacted: seen.Redactor
) -> tuple[Thing, ...]:
    """The keys of a campaign with their texts, and which other campaigns have them."""
    held = book.keys()
    owners: dict[tuple[int, int], list[int]] = {}
    standing = {one.number for one in book.all()}
    for campaign, keys in held.items():
        for kind, key, _ in keys:
            if campaign in standing:
                owners.setdefault((kind, key), []).append(campaign)
    subject = int(KeyKind.SUBJECT)  # the letters that subjects share, known by hash alone: subjects are told apart
    mine = [one for one in held.get(number, []) if one[0] != subject]
    least = 2 if any(mails >= SEVERAL for _, _, mails in mine) else 1
    mine = [one for one in mine if one[2] >= least]
    texts = queries.key_names([key for _, key, _ in mine])
    malware = attached.Shelf(book.engine).malware()
    texts |= {(kind, key): f"malware: {malware[key]}" for kind, key, _ in mine
              if kind == int(KeyKind.ATTACHMENT) and key in malware}  # fmt: skip
    return tuple(
        Thing(KeyKind(kind).name.lower(), redacted(texts.get((kind, key), "")), f"{key:016x}", mails,
              tuple(names[other] for other in sorted(owners[kind, key]) if other != number)[:20])
        for kind, key, mails in mine
    )  # fmt: skip


def of_address(office: Office, address: Address) -> list[tuple[Line, int]]:
    """The campaigns that an address sent for, with its mails for each."""
    book, redacted = Book(office.ledger.state), seen.Redactor(office)
    alias = alias_of(book)
    queries = Campaigns(office.ledger.engine, office.ledger.snapshot())
    standing = {one.number: one for one in book.all()}
    return [
        (line(standing[used.campaign], redacted), used.mails)
        for used in queries.of_address(address, alias)
        if used.campaign in standing
    ]
