"""Why an address is listed, or is not: the stored decision and its history; or, asked for, a decision made anew."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from junkhound import listing
from junkhound.kernel import clock
from junkhound.kernel.clock import DAY
from junkhound.kernel.errors import JunkhoundError, NotFound
from junkhound.kernel.net import Address, Network
from junkhound.ledger.listing_records import Event, Listing, Past, Stored
from junkhound.ledger.others import Others as StandingElsewhere
from junkhound.ledger.others import Standing
from junkhound.ledger.rows import Sighting
from junkhound.listing import Decision, History
from junkhound.provider import Found
from junkhound.tables import Kind
from junkhound.verbs import botnets, campaigns, complaints, contacts, data, deciding, feeds, kinds, lists
from junkhound.verbs.office import Office
from junkhound.verbs.publish import edition_of, entry_of

_NUMBER = re.compile(r"JH-\d{4}-\d{6,}\Z", re.IGNORECASE)
_ID = re.compile(r"[0-9a-f]{32}\Z", re.IGNORECASE)


NEWEST = 5


class Record(msgspec.Struct):
    """One listing with its life, the decision that was stored for it, and what others read about it.

    ``published`` is the text of the zone; None where it stands no more or its list is not configured any longer.
    """

    listing: Listing
    live: bool
    events: list[Event]
    decision: Stored
    published: str | None
    pinned: int


class Activity(msgspec.Struct):
    """What an address did up to the moment asked for, of one kind."""

    kind: str
    messages: int
    days: int
    first_on: str
    last_on: str


class Others(msgspec.Struct):
    """What other people's block lists said when we last asked them (``at``, None for never), and ever said before."""

    at: int | None
    asked: int
    standing: list[Standing]
    gone: list[Standing]

    @property
    def witnesses(self) -> int:
        """Families among those that list it: lists that copy one another say it once."""
        return len({one.family for one in self.standing})


class Why(msgspec.Struct):
    """Everything that is known about one address and its lists; ``newest`` are its latest sightings.

    ``campaigns`` are those it sent for, with its mails for each; ``botnets`` those it works for, with its share.
    ``complaints`` are the numbers of those that claim, show or suspect it, the newest first; ``feeds`` are the
    imported lists that name it or a network around it.
    """

    address: Address
    at: int
    network: data.Found | None
    activity: list[Activity]
    newest: list[Sighting]
    records: list[Record]
    others: Others
    campaigns: list[tuple[campaigns.Line, int]] = []
    botnets: list[tuple[str, float]] = []
    complaints: list[str] = []
    machine: kinds.Machine | None = None
    """What it seems to be, as most of ``newest`` say."""
    contacts: list[Found] = []
    """Whom to write to about it, as of ``at``."""
    feeds: list[feeds.Hit] = []

    @property
    def listed(self) -> bool:
        return any(record.live for record in self.records)


def read(office: Office, text: str) -> Address:
    """The address that an address, a listing's number or a sighting's id stands for. Errors: NotFound, UsageError."""
    words = text.strip()
    if _NUMBER.match(words):
        held = lists.book_of(office).get(words.upper()).subject
        if not isinstance(held, Network):
            raise NotFound(f"{words.upper()} lists the name {held}", f"try 'junkhound lists explain {held}'")
        return held.first
    if _ID.match(words):
        found = office.ledger.query().sightings([(int(words[:16], 16), int(words[16:], 16))])
        if not found:
            raise NotFound(f"no sighting {words!r}", "junkhound why ADDRESS shows the ids of its newest sightings")
        address = found[0].address
        if address is None:
            raise NotFound(f"sighting {words} blames no address", "no trusted relay saw who sent it")
        return address
    return lists.read_subject(words).first


def why(office: Office, text: str) -> Why:
    """The stored decisions about an address, its listings of all times, what it did, and whose it is.

    Errors: UsageError for text that is none of address, id and number; NotFound for an unknown id or number.
    """
    address = read(office, text)
    at = office.now
    book = lists.book_of(office)
    records = [_record(office, one) for one in book.of(address) if one.listed_at <= at]
    newest = office.ledger.query().newest(address, NEWEST, at + 1)
    network = _network(office, address)
    return Why(
        address=address,
        at=at,
        network=network,
        activity=_activity(office, address),
        newest=newest,
        records=records,
        others=_others(office, str(address)),
        campaigns=campaigns.of_address(office, address),
        botnets=botnets.of_address(office, address),
        complaints=[one.number for one in complaints.about(office, str(address)) if one.status != complaints.ASIDE],
        machine=_machine(newest),
        contacts=contacts.of_address(office, address, network.asn if network is not None else 0, at // DAY),
        feeds=feeds.check(office, str(address)),
    )


def _machine(newest: Sequence[Sighting]) -> kinds.Machine | None:
    junk = [one for one in newest if one.kind == Kind.JUNK]
    found = kinds.usual(one.source_class for one in junk)
    if found is None:
        return None
    kind, mails, of = found
    return kinds.machine(kind, f"{mails} of its {of} newest junk mails say so", junk[0].operator)


def _record(office: Office, one: Listing) -> Record:
    book = lists.book_of(office)
    live = one.live(office.now)
    published = None
    if live and one.list in office.config.lists:
        (policy,) = deciding.policies(office, one.list)
        entry = entry_of(one)
        published = edition_of(office.config, policy, [entry], office.now).sentence(entry, one.words)
    pinned = len(book.pins(one.number))
    return Record(one, live, book.events(one.number), book.decision(one.decision), published, pinned)


def _others(office: Office, subject: str) -> Others:
    book = StandingElsewhere(office.ledger.state)
    latest = book.latest([subject], 0).get(subject)
    every = [one for one in book.history(subject) if one.since_at <= office.now]
    standing = [one for one in every if one.gone_at is None or one.gone_at > office.now]
    gone = [one for one in every if one not in standing]
    return Others(latest and latest[0], len(latest[1]) if latest else 0, standing, gone)


def _network(office: Office, address: Address) -> data.Found | None:
    try:
        return data.lookup(office, [str(address)])[0]
    except (JunkhoundError, IndexError):
        return None


def _activity(office: Office, address: Address) -> list[Activity]:
    by_kind: dict[int, list[tuple[int, int]]] = {}
    for count in office.ledger.query().days(address, until=office.now // DAY + 1):
        by_kind.setdefault(count.kind, []).append((count.day, count.messages))
    return [
        Activity(
            kind=Kind(kind).name.lower(),
            messages=sum(messages for _, messages in days),
            days=len(days),
            first_on=clock.day_text(days[0][0] * DAY),
            last_on=clock.day_text(days[-1][0] * DAY),
        )
        for kind, days in sorted(by_kind.items())
    ]


def recompute(
    office: Office, text: str, name: str | None = None, progress: deciding.Progress | None = None
) -> Sequence[Decision]:
    """What each list would decide now from the rows of today: nothing is stored, nothing stored is shown."""
    address = read(office, text)
    book = lists.book_of(office)
    docket = deciding.Docket(office, office.now, progress)
    made = []
    for policy in deciding.policies(office, name):
        subject = policy.subject(address)
        groups = docket.groups(policy)
        number = groups.find(subject)
        past = book.past(policy.name, office.now)
        if number is None:
            before = past.get(subject, Past())
            history = History(
                subject, relistings=before.relistings, ended_hour=before.ended_hour, cleared_hour=before.cleared_hour
            )
            made.append(listing.decide(history, policy, office.now))
        else:
            made += docket.judge(policy, groups, [(subject, number)], past)
    return made
