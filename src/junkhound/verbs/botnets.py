"""Botnets for the person who asks: which there are, how large, who rents them; and the run that finds them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec
import numpy as np

from junkhound import botnet, campaign
from junkhound.botnet import growth, hours, life, prints, rent, size
from junkhound.kernel import clock
from junkhound.kernel.clock import DAY, SystemClock
from junkhound.kernel.errors import UsageError
from junkhound.kernel.net import Address
from junkhound.ledger import botnets as book
from junkhound.ledger.asked import Asked
from junkhound.ledger.botnets import Botnet, BotnetBook, Cell, Rent, Step
from junkhound.ledger.campaigns import Book
from junkhound.ledger.manifest import Swap
from junkhound.ledger.queries_campaigns import Campaigns
from junkhound.tables import KeyKind, SourceClass
from junkhound.verbs import data
from junkhound.verbs.campaigns import alias_of
from junkhound.verbs.office import Office

PERIOD = 60  # days before the last mail that are looked at together
MOST_MACHINES = 50  # controllers and proxies of one botnet that are noted
_DRIVING = {SourceClass.CONTROLLER: "drives relays", SourceClass.OPEN_PROXY: "an open proxy"}
NAME = re.compile(r"B-\d{4}-\d{4,}\Z", re.IGNORECASE)

Progress = Callable[[str, int, int], None]


class Estimate(msgspec.Struct, frozen=True):
    """A number of machines with its 95% interval; never a bare count."""

    value: float
    low: float
    high: float
    seen: int


class Shown(msgspec.Struct, frozen=True):
    """What its machines show: ``what`` it is, its text (or its key), and the share of the addresses that show it."""

    what: str
    name: str
    share: float
    addresses: int
    key: str = ""  # that ``entity`` answers about


class Machine(msgspec.Struct, frozen=True):
    """A machine that drives relays, or a proxy, at work for its tenants. Days are since 1970."""

    address: str
    what: str
    mails: int
    first_day: int
    last_day: int


class About(msgspec.Struct, frozen=True):
    """What is noted of a botnet beside its row. Days are since 1970."""

    whole: Estimate  # addresses in the period, seen or not (Chao1, a lower bound of them)
    daily: Estimate  # at work on a mean day (Chapman, two halves of the traps)
    coverage: float
    dialects: tuple[int, ...] = ()
    days: dict[int, int] = {}
    born: dict[int, int] = {}
    gone: dict[int, int] = {}
    networks: dict[str, int] = {}
    handed_over: tuple[tuple[str, int, int, int], ...] = ()  # address, the other botnet, last day here, first day there
    awake: bool = False  # day and night: rather a pool of proxies than home computers
    hours: tuple[float, float, int] = (
        0.0,
        1.0,
        0,
    )  # how alike an address's hours are from day to day, error, addresses
    shown: tuple[Shown, ...] = ()
    machines: tuple[Machine, ...] = ()
    grown: tuple[
        tuple[str, int], ...
    ] = ()  # addresses that no trap met, and how many of the botnet's askers ask of them


class Found(msgspec.Struct):
    """What one run found."""

    botnets: int = 0
    born: int = 0
    merged: int = 0
    sources: int = 0
    tenancies: int = 0


def find(office: Office) -> Found:
    """Find the botnets of the last days anew; names stay where most of their cells are. Errors: Temporary."""
    with office.ledger.holding("grouper", SystemClock().now):
        return _Run(office).work()


class _Run:
    def __init__(self, office: Office) -> None:
        self.office, self.ledger = office, office.ledger
        self.book, self.campaigns = BotnetBook(self.ledger.state), Book(self.ledger.state)
        self.queries = Campaigns(self.ledger.engine, self.ledger.snapshot())

    def work(self) -> Found:
        last = self.queries.last_day()
        if last is None:
            return Found()
        first = last - PERIOD + 1
        alias = alias_of(self.campaigns)
        columns = self.queries.senders_by_day(alias, first, last)
        rows = botnet.Rows(**{name: np.asarray(columns[name]) for name in botnet.Rows.__dataclass_fields__})
        if not len(rows):
            return Found()
        shown = self.queries.prints_by_cell(alias, first, last)
        self.prints = prints.Prints(**{name: np.asarray(shown[name]) for name in prints.Prints.__dataclass_fields__})
        self.machines = self.queries.sources_of_class([int(kind) for kind in _DRIVING], alias, first, last)
        self.asked = Asked(self.office.config.home).pairs(self.office.now)
        found = botnet.find(rows, self.prints)
        at = self.office.now
        before = {(cell.program, cell.campaign): cell.botnet for cell in self.book.cells()}
        inside = [place for place, net in enumerate(found.cell_net.tolist()) if net >= 0]
        labels = found.cell_net[inside]
        cells = [found.cells[place] for place in inside]
        mails = _cell_mails(rows, found, cells)
        lineage = campaign.trace(labels, np.array([before.get(c, 0) for c in cells], np.int64),
                                 np.array([mails[c][0] for c in cells], np.int64), 1)  # fmt: skip
        numbers = self.book.numbers(at, len(lineage.born)) if lineage.born else []
        named = dict(zip(lineage.born, numbers, strict=True))
        of = {**lineage.kept, **{label: number for label, (number, _) in named.items()}}
        standing = {one.number: one for one in self.book.all(merged=True)}
        steps = [
            Step(number, at, "split" if lineage.born[label] else "born", lineage.born[label] or None, "first seen")
            for label, (number, _) in named.items()
        ]
        merged = {number: of[label] for number, label in lineage.merged if label in of and of[label] != number}
        steps += [Step(number, at, "merged", into, "one program and shared senders") for number, into in merged.items()]
        noted = [
            self._noted(rows, columns, found, label, number, standing, dict(numbers), at, of)
            for label, number in of.items()
        ]
        spans = rent.tenancies(found.row_net, rows.campaign, rows.first_at, rows.last_at, rows.mails)
        rents = [
            Rent(of[one.net], one.tenant, one.since, one.until, one.mails, one.days) for one in spans if one.net in of
        ]
        kept = [Cell(of[int(label)], *c, *mails[c]) for label, c in zip(labels, cells, strict=True)]
        self.ledger.manifest.swap(
            Swap((), ()), lambda connection: book.write(connection, noted, merged, steps, kept, rents, first * DAY)
        )
        return Found(len(of), len(named), len(merged), int((found.address_net >= 0).sum()), len(rents))

    def _noted(
        self, rows: botnet.Rows, columns: dict[str, Any], found: botnet.Found, label: int, number: int,
        standing: dict[int, Botnet], names: dict[int, str], at: int, of: dict[int, int],
    ) -> Botnet:  # fmt: skip
        mine = found.row_net == label
        addresses = np.repeat(rows.address[mine], rows.mails[mine])
        whole, daily = size.chao1(addresses), size.daily(rows.day[mine], rows.address[mine], rows.half[mine])
        born, gone = life.births_and_deaths(rows.address[mine], found.row_net[mine], rows.day[mine]).get(
            label, ({}, {})
        )
        per_day = {int(d): len(np.unique(rows.address[mine & (rows.day == d)])) for d in np.unique(rows.day[mine])}
        asns = rows.addresses_by_network(mine & (found.address_net[rows.address] == label))
        organisation = data.organisations(self.office)
        handed = tuple(
            (str(Address(int(columns["addr_hi"][place]), int(columns["addr_lo"][place]))), of.get(one.to_net, 0),
             one.last_day, one.first_day)
            for one in self._handed(rows, found)
            if one.from_net == label
            for place in [int(np.flatnonzero(rows.address == one.address)[0])]
        )  # fmt: skip
        networks = {
            f"AS{asn} {organisation(asn)}".strip() if asn else "unknown": count
            for asn, count in islice(asns.items(), 12)
        }
        habit = hours.habit(rows.only(mine))
        about = About(
            Estimate(*whole), Estimate(*daily), size.coverage(addresses), self._dialects(rows, mine), per_day, born,
            gone, networks, handed[:200], habit.awake, (round(habit.alike, 3), round(habit.error, 3), habit.addresses),
            self._shown(rows, mine), self._machines(rows, mine), self._grown(columns, mine),
        )  # fmt: skip
        old = standing.get(number)
        first, last = int(rows.day[mine].min()), int(rows.day[mine].max())
        return Botnet(
            number, names[number] if old is None else old.name, at if old is None else old.born_at, at,
            first if old is None else min(first, old.first_day), last, int(rows.mails[mine].sum()),
            len(np.unique(rows.address[mine])), msgspec.json.encode(about).decode(),
        )  # fmt: skip

    def _handed(self, rows: botnet.Rows, found: botnet.Found) -> list[life.HandOver]:
        held: list[life.HandOver] | None = self.__dict__.get("handed")
        if held is None:
            held = self.__dict__["handed"] = life.hand_overs(rows.address, found.row_net, rows.day, rows.mails)
        return held

    def _shown(self, rows: botnet.Rows, mine: Any) -> tuple[Shown, ...]:
        """How its machines greet, and the systems and TLS stacks they run on."""
        cells = set(zip(rows.dialect[mine].tolist(), rows.campaign[mine].tolist(), strict=True))
        found = prints.shares(self.prints, cells)
        texts = self.queries.key_names([key for what, key, *_ in found if what != prints.PACE])
        return tuple(
            Shown(
                prints.NAMES[what],
                _print_name(what, key, texts),
                round(share, 4),
                count,
                f"{key:016x}" if key and what != prints.PACE else "",
            )
            for what, key, share, count in found
        )

    def _grown(self, columns: dict[str, Any], mine: Any) -> tuple[tuple[str, int], ...]:
        """Addresses that users of our lists ask about as they ask about this botnet's, and that no trap met."""
        if not len(self.asked):
            return ()
        subjects, subject = np.unique(self.asked[["hi", "lo"]], return_inverse=True)
        _, asker = np.unique(self.asked["asker"], return_inverse=True)
        senders = list(zip(columns["addr_hi"].tolist(), columns["addr_lo"].tolist(), strict=True))
        everyone = set(senders)
        met = {pair for pair, ours in zip(senders, mine.tolist(), strict=True) if ours}
        pairs = [(int(hi), int(lo)) for hi, lo in subjects.tolist()]
        known = np.array([place for place, pair in enumerate(pairs) if pair in met], np.int64)
        number = np.asarray(subjects["lo"] ^ (subjects["hi"] * np.uint64(0x9E3779B97F4A7C15)), np.uint64)
        found = growth.grown(subject.reshape(-1), asker.reshape(-1), known, number)
        return tuple(
            (str(Address(*pairs[one.subject])), one.askers) for one in found if pairs[one.subject] not in everyone
        )[:MOST_MACHINES]  # fmt: skip

    def _machines(self, rows: botnet.Rows, mine: Any) -> tuple[Machine, ...]:
        """Controllers and open proxies at work for the campaigns that mostly rent this botnet, most mails first."""
        tenants = set(np.unique(rows.campaign[mine]).tolist())
        held: dict[tuple[int, int, int], Machine] = {}
        for number, kind, hi, lo, mails, first, last, _ in self.machines:
            if number in tenants:
                old = held.get((kind, hi, lo))
                held[kind, hi, lo] = Machine(
                    str(Address(hi, lo)), _DRIVING[SourceClass(kind)], mails + (old.mails if old else 0),
                    min(first, old.first_day) if old else first, max(last, old.last_day) if old else last,
                )  # fmt: skip
        return tuple(sorted(held.values(), key=lambda one: (-one.mails, one.address)))[:MOST_MACHINES]

    @staticmethod
    def _dialects(rows: botnet.Rows, mine: Any) -> tuple[int, ...]:
        some = Counter[int]()
        for dialect, mails in zip(rows.dialect[mine].tolist(), rows.mails[mine].tolist(), strict=True):
            some[dialect] += mails
        return tuple(dialect for dialect, _ in some.most_common(12) if dialect)


def _print_name(what: int, key: int, texts: dict[tuple[int, int], str]) -> str:
    """A fingerprint in words: its text where it is known."""
    if what == prints.HELO and not key:
        return "a name that no other machine uses"
    if what == prints.PACE:
        return f"{1 << key >> 1:,} ms and more between commands" if key > 1 else "at once"
    kind = (KeyKind.HELO, KeyKind.SYN, KeyKind.JA4)[what]
    return texts.get((int(kind), key), "") or f"{key:016x}"


def _cell_mails(
    rows: botnet.Rows, found: botnet.Found, cells: list[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Mails and sources of each cell, by its campaign and botnet."""
    net_of = dict(zip(found.cells, found.cell_net.tolist(), strict=True))
    width = int(rows.campaign.max(initial=0)) + 1
    held = found.row_net >= 0
    code, address = (found.row_net * width + rows.campaign)[held], rows.address[held]
    names, place = np.unique(code, return_inverse=True)
    mails = dict(zip(names.tolist(), np.bincount(place.reshape(-1), rows.mails[held]).tolist(), strict=True))
    once = np.unique(code * (int(rows.address.max(initial=0)) + 1) + address) // (int(rows.address.max(initial=0)) + 1)
    sources = Counter(once.tolist())
    out = {}
    for one in cells:
        mine = net_of[one] * width + one[1]
        out[one] = int(mails.get(mine, 0)), sources[mine]
    return out


# -- for the person -------------------------------------------------------------------------------------------------


class Line(msgspec.Struct, frozen=True):
    """One botnet in words: ``size`` is an estimate, ``seen`` what was counted."""

    name: str
    mails: int
    seen: int
    size: Estimate
    daily: Estimate
    campaigns: int
    first_on: str
    last_on: str
    awake: bool = False  # its machines are on day and night: rather a pool of proxies
    machines: Estimate = Estimate(0.0, 0.0, 0.0, 0)  # behind the addresses of ``size``


class Tenant(msgspec.Struct, frozen=True):
    """One line of the rent ledger."""

    campaign: str
    subject: str
    since: str
    until: str
    mails: int
    days: int


class Move(msgspec.Struct, frozen=True):
    """A tenant that went on at a rival botnet."""

    campaign: str
    from_net: str
    to_net: str
    at: str


class Supply(msgspec.Struct, frozen=True):
    """A hypothesis: these two may be let by one broker. ``odds`` is -log10 of the chance of so many in common."""

    one: str
    other: str
    common: int
    odds: float


class Detail(msgspec.Struct, frozen=True):
    """Everything about one botnet; days as dates."""

    line: Line
    coverage: float
    networks: dict[str, int]
    days: dict[str, int]
    born: dict[str, int]
    gone: dict[str, int]
    tenants: tuple[Tenant, ...]
    tenants_a_day: dict[str, int]
    moves: tuple[Move, ...]
    supply: tuple[Supply, ...]
    handed_over: tuple[dict[str, str], ...]
    events: tuple[dict[str, str], ...]
    shown: tuple[Shown, ...] = ()
    machines: tuple[dict[str, str | int], ...] = ()
    grown: tuple[dict[str, str | int], ...] = ()


def rank(office: Office, limit: int = 20) -> tuple[Line, ...]:
    """The botnets that stand, those of most mails first."""
    held = BotnetBook(office.ledger.state)
    tenants = Counter(cell.botnet for cell in held.cells())
    return tuple(_line(one, tenants[one.number]) for one in held.all()[:limit])


def _about(one: Botnet) -> About:
    return msgspec.json.decode(one.about, type=About)


def _line(one: Botnet, campaigns: int) -> Line:
    about = _about(one)
    return Line(one.name, one.mails, one.sources, about.whole, about.daily, campaigns,
                clock.day_text(one.first_day * DAY), clock.day_text(one.last_day * DAY), about.awake,
                Estimate(*size.machines(size.Size(*msgspec.structs.astuple(about.whole)),
                                        min(PERIOD, one.last_day - one.first_day + 1))))  # fmt: skip


def show(office: Office, name: str) -> Detail:
    """Everything about one botnet. Errors: UsageError, NotFound."""
    if not NAME.match(name):
        raise UsageError(f"not the name of a botnet: {name!r}", "names look like B-2026-0001")
    held, campaigns = BotnetBook(office.ledger.state), Book(office.ledger.state)
    one = held.get(name)
    about = _about(one)
    names = {other.number: other.name for other in held.all(merged=True)}
    known = {other.number: other for other in campaigns.all(merged=True)}
    everything = held.rents()
    spans = [rent.Tenancy(r.botnet, r.campaign, r.since, r.until, r.mails, r.days) for r in everything]
    mine = [r for r in everything if r.botnet == one.number]

    def called(number: int) -> str:
        return known[number].name if number in known else ""

    return Detail(
        _line(one, len({r.campaign for r in mine})),
        about.coverage,
        about.networks,
        _dated(about.days),
        _dated(about.born),
        _dated(about.gone),
        tuple(
            Tenant(called(r.campaign), known[r.campaign].subject if r.campaign in known else "", clock.text(r.since),
                   clock.text(r.until), r.mails, r.days)
            for r in mine
        ),
        _dated(rent.daily_tenants(spans).get(one.number, {})),
        tuple(
            Move(called(m.tenant), names.get(m.from_net, ""), names.get(m.to_net, ""), clock.day_text(m.at))
            for m in rent.moves(spans) if one.number in (m.from_net, m.to_net)
        ),
        tuple(
            Supply(names.get(s.one, ""), names.get(s.other, ""), s.common, round(s.odds, 1))
            for s in rent.supply(spans) if one.number in (s.one, s.other)
        ),
        tuple(
            {"address": address, "to": names.get(other, ""), "last_on": clock.day_text(last * DAY),
             "first_on": clock.day_text(first * DAY)}
            for address, other, last, first in about.handed_over
        ),
        tuple(
            {"at": clock.text(step.at), "event": step.event, "other": names.get(step.other or 0, ""), "why": step.why}
            for step in held.events(one.number)
        ),
        about.shown,
        tuple(
            {"address": one.address, "what": one.what, "mails": one.mails,
             "first_on": clock.day_text(one.first_day * DAY), "last_on": clock.day_text(one.last_day * DAY)}
            for one in about.machines
        ),
        tuple({"address": address, "askers": askers} for address, askers in about.grown),
    )  # fmt: skip


def _dated(days: dict[int, int]) -> dict[str, int]:
    return {clock.day_text(day * DAY): count for day, count in sorted(days.items())}


def of_address(office: Office, address: Address) -> list[tuple[str, float]]:
    """The botnets that an address works for, with the share of its mail in campaigns."""
    held = BotnetBook(office.ledger.state)
    standing = held.all()
    if not standing:
        return []
    dialects = {dialect: one.number for one in standing for dialect in _about(one).dialects}
    cells = {(cell.botnet, cell.campaign) for cell in held.cells()}
    queries = Campaigns(office.ledger.engine, office.ledger.snapshot())
    total, sums = 0, Counter[int]()
    for number, dialect, mails in queries.ways_of_address(address, alias_of(Book(office.ledger.state))):
        total += mails
        net = dialects.get(dialect)
        if net is not None and (net, number) in cells:
            sums[net] += mails
    names = {one.number: one.name for one in standing}
    return [(names[net], mails / total) for net, mails in sums.most_common() if mails * 2 > total]
