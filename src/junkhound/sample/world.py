"""Three years of mail: who sent what to whom, how it travelled, and what only we know about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from junkhound.sample import compose, forgery
from junkhound.sample.dice import DIGITS, LOWER, Dice
from junkhound.sample.ham import LISTS, NEWSLETTERS, PEERS, PEOPLE, TOPICS, Letter
from junkhound.sample.mtas import Handover, Peer, Server, date, received
from junkhound.sample.places import DANA, FERRIS, MAILBOXES, OLDMILL, PAPERMOON, QUIETPOND, STONEBRIDGE, Place
from junkhound.sample.sources import BIGMAIL_OUT, END, MONTH, START, Source, everybody, instant
from junkhound.sample.words import CAMPAIGNS

_WHERE: tuple[tuple[Place, float], ...] = (
    (QUIETPOND, 28), (OLDMILL, 20), (PAPERMOON, 17), (STONEBRIDGE, 15), (DANA, 9), (FERRIS, 11),
)  # fmt: skip


@dataclass(frozen=True)
class Truth:
    """What really happened: who injected it, who handed it to our border, what was forged. For tests only."""

    source: str
    injector: str
    handover: str
    campaign: str
    wanted: bool
    forgery: str
    forged_lines: int


@dataclass(frozen=True)
class Delivery:
    """One mail as it arrived at one place, with the session's facts and the truth."""

    place: Place
    mail: bytes
    at: float
    client: Peer
    mail_from: str
    rcpts: tuple[str, ...]
    truth: Truth


@dataclass
class _Trip:
    """One mail under way: its trace lines, top first, grow at the border."""

    place: Place
    at: float
    mail_from: str
    rcpts: tuple[str, ...]
    peer: Peer
    lines: list[str] = field(default_factory=list)

    @property
    def rcpt(self) -> str:
        """The one recipient that servers name in their line, none where there are several."""
        return self.rcpts[0] if len(self.rcpts) == 1 else ""

    def arrive(self, dice: Dice) -> None:
        """Pass the place's own servers, each of which writes its line on top."""
        for server in self.place.servers:
            if server.mta == "gmail_inside":
                self.lines.insert(0, f"Return-Path: <{self.mail_from}>\n")
            self.lines.insert(0, received(Handover(server, self.peer, self.at, self.mail_from, self.rcpt), dice))
            self.at += dice.between(1, 6)
            inside = len(self.place.servers) > 1
            self.peer = Peer(server.ip, server.name, server.name, tls=inside and server.mta == "exchange")
        if self.place is DANA:
            self.lines.insert(0, f"Delivered-To: {self.rcpts[0]}\n")
        elif self.place is FERRIS:
            self.lines.append(f"Return-Path: {self.mail_from}\n")


def deliveries() -> list[Delivery]:
    """All mail of the sample in the order of its arrival."""
    found = [one for source in everybody() for one in _sendings(source)]
    found += _wanted()
    found += _repeats(found)
    found.sort(key=lambda one: (one.at, one.place.name, one.mail))
    return found


def _sendings(source: Source) -> Iterator[Delivery]:
    for place_in_story, spell in enumerate(source.spells):
        dice = Dice("sending", source.name, place_in_story)
        begin, end = instant(spell.first), min(instant(spell.last), instant(END) - 3600)
        left = round((end - begin) / MONTH * spell.monthly)
        while left > 0:
            at = begin + dice.below(max(end - begin, 1)) + dice.below(1_000_000) / 1_000_000
            campaign = dice.weighted(source.campaigns)
            for _ in range(min(left, dice.between(1, source.burst))):
                yield _junk(source, campaign, at, dice)
                left -= 1
                at += dice.between(2, 900)


def _junk(source: Source, campaign: str, at: float, dice: Dice) -> Delivery:
    place = dice.weighted(_WHERE)
    if source.how == "webmail":  # mail between two accounts of one provider never crosses a border
        place = FERRIS if place is DANA else place
    people = dice.some(place.people, dice.weighted(((1, 6.0), (2, 1.5), (3, 0.5))) if place.kind == "trap" else 1)
    rcpts = tuple(f"{who}@{place.domain}" for who in people)
    peer = source.peer(at, dice, place.domain)
    version = int((at - instant(START)) / (100 * 86_400))
    draft = compose.junk(CAMPAIGNS[campaign], dice, at, rcpts[0], source.engine, version)
    mail_from = draft.fields["From"].rpartition("<")[2].strip(">")
    if source.engine == "bot-a" and dice.chance(0.6):
        mail_from = f"{dice.word(6)}@{dice.word(7)}.example"
    trip = _Trip(place, at, mail_from, rcpts, peer)
    kind = dice.weighted(source.forgeries)
    trip.lines = forgery.write(kind, dice, at, peer.helo, _border(place), rcpts[0])
    forged = sum(line.startswith("Received:") for line in trip.lines)
    if source.through is not None:
        _submit(trip, source, dice)
    handover = trip.peer.ip
    truth = Truth(source.name, peer.ip, handover, campaign, False, kind, forged)
    return _finish(trip, draft, truth, dice, broken=dice.chance(0.012))


def _border(place: Place) -> str:
    return place.servers[0].name if place.servers else f"mx.{place.domain}"


def _submit(trip: _Trip, source: Source, dice: Dice) -> None:
    """Through somebody else's server, which writes a genuine line and hands the mail on."""
    server, client = source.through, trip.peer
    assert server is not None
    if source.how == "webmail":
        trip.lines.insert(0, _by_web(client.ip, trip.at, dice))
    else:
        trip.lines.insert(0, received(Handover(server, client, trip.at, trip.mail_from, trip.rcpt), dice))
    trip.at += dice.between(1, 30)
    trip.peer = Peer(server.ip, server.name, server.name, tls=source.how == "webmail")


def _by_web(client: str, at: float, dice: Dice) -> str:
    """What the mailbox provider writes when its customer sends from a browser."""
    server = f"web{dice.between(2, 60)}.bigmail.example"
    return f"Received: from [{client}] by {server} via HTTP;\n\t{date(at, -480, name=True)}\n"


def _finish(trip: _Trip, draft: compose.Draft, truth: Truth, dice: Dice, broken: bool = False) -> Delivery:
    trip.at += dice.between(1, 8)
    client = trip.peer
    first = len(trip.place.servers)
    trip.arrive(dice)
    if first:
        client = trip.peer if trip.place.kind == "trap" else client
    mail = "".join(trip.lines).encode() + draft.header() + b"\n" + draft.body
    if broken:
        mail = compose.damage(mail, dice)
    if trip.place.kind == "trap":
        mail = mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return Delivery(trip.place, mail, trip.at, client, trip.mail_from, trip.rcpts, truth)


_ESP = (
    Server("out1.parcelpost.example", "198.51.100.201", "postfix"),
    Server("out2.parcelpost.example", "198.51.100.202", "postfix"),
    Server("out3.parcelpost.example", "198.51.100.203", "postfix"),
)
_SMALLPOST = Server("mail.smallpost.example", "203.0.113.213", "exim_long", 60)
_LIST_HOST = Server("lists.openlists.example", "203.0.113.200", "postfix", 60)
_COUNCIL = Server("mx.saltby-council.example", "192.0.2.100", "sendmail")


def _wanted() -> list[Delivery]:
    """Newsletters to both mailboxes (a few land in a trap that once was somebody's address), lists, people."""
    found = []
    begin, days = instant(START), (instant(END) - instant(START)) // 86_400
    for number, letter in enumerate(NEWSLETTERS):
        for issue, day in enumerate(range(3 + number * 5, days, 21), 1):
            places = [DANA, FERRIS] if number != 1 else [FERRIS]
            for place in [*places, *([QUIETPOND] if number == 2 and issue % 9 == 0 else [])]:
                dice = Dice("newsletter", letter.name, issue, place.name)
                found.append(
                    _newsletter(letter, issue, place, begin + day * 86_400 + dice.between(25_000, 60_000), dice)
                )
    for number in range(230):
        dice = Dice("person", number)
        first = 0 if number < 170 else days - 90  # at the end a new colleague writes often, by Bigmail
        at = begin + (first + dice.below(days - first)) * 86_400 + dice.between(20_000, 80_000)
        found.append(
            _listed(dice, at) if number % 3 == 0 and not first else _note(dice, at, BIGMAIL_OUT if first else None)
        )
    return found


def _fill(
    letter: Letter, dice: Dice, who: str, peer: str, issue: int, topic: str, home: str = ""
) -> tuple[str, str, str]:
    slots = {
        "who": who.title(),
        "peer": peer,
        "issue": str(issue),
        "topic": topic,
        "ref": dice.word(12, LOWER + DIGITS),
        "home": home,
    }
    sender, subject, body = (dice.spin(text, slots) for text in (letter.sender, letter.subject, letter.body))
    return sender, subject, body


def _signature(domain: str, dice: Dice) -> str:
    """The look of a DKIM signature; nothing in the sample verifies it."""
    value = "\n\t ".join(dice.word(64, LOWER + LOWER.upper() + DIGITS + "+/") for _ in range(2))
    return (
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=s1;\n"
        f"\th=from:to:subject:date:message-id; bh={dice.word(43, LOWER + DIGITS)}=;\n\tb={value}=\n"
    )


def _newsletter(letter: Letter, issue: int, place: Place, at: float, dice: Dice) -> Delivery:
    who = place.people[0]
    to = f"{who}@{place.domain}"
    sender, subject, body = _fill(letter, dice, who, "", issue, dice.one(("June", "October")))
    lists = [
        f"List-Unsubscribe: <https://{letter.host}/leave/{dice.word(10)}>, <mailto:leave@{letter.host}>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ]
    draft = compose.wanted(sender, to, subject, body, at, dice, letter.host, lists)
    server = dice.one(_ESP)
    trip = _Trip(
        place,
        at,
        f"bounce-{issue}-{dice.word(6)}@{letter.host}",
        (to,),
        Peer(server.ip, server.name, server.name, tls=True),
    )
    trip.lines = [_signature(letter.host, dice)]
    return _finish(trip, draft, Truth("parcelpost", server.ip, server.ip, letter.name, True, "none", 0), dice)


def _listed(dice: Dice, at: float) -> Delivery:
    """List mail: from a member's server to the list host, and from there to the university."""
    letter, place = dice.one(LISTS), FERRIS
    to, who = f"{letter.name}@lists.openlists.example", dice.one(PEERS)
    sender, subject, body = _fill(letter, dice, "ferris", who, 0, dice.one(TOPICS))
    lists = [
        f"List-Id: <{letter.list_id}>",
        "Precedence: list",
        f"Sender: {letter.name}-bounces@lists.openlists.example",
    ]
    draft = compose.wanted(sender, to, subject, body, at, dice, letter.host, lists)
    rcpt = f"ferris@{place.domain}"
    author = Peer("192.168.1.20", f"{who}-laptop", "", login=who)
    first = received(Handover(_SMALLPOST, author, at, f"{who}@smallpost.example", to), dice)
    peer = Peer(_SMALLPOST.ip, _SMALLPOST.name, _SMALLPOST.name, tls=True)
    second = received(Handover(_LIST_HOST, peer, at + 3, f"{who}@smallpost.example", to), dice)
    trip = _Trip(place, at + 9, f"{letter.name}-bounces@lists.openlists.example", (rcpt,),
                 Peer(_LIST_HOST.ip, _LIST_HOST.name, _LIST_HOST.name, tls=True), [second, first])  # fmt: skip
    return _finish(trip, draft, Truth("openlists", _SMALLPOST.ip, _LIST_HOST.ip, letter.name, True, "none", 0), dice)


def _note(dice: Dice, at: float, server: Server | None = None) -> Delivery:
    """A person writes to a person, from one of three servers."""
    letter, who = dice.one(PEOPLE), dice.one(PEERS)
    server = server or dice.one((BIGMAIL_OUT, _SMALLPOST, _COUNCIL))
    place = FERRIS if server is BIGMAIL_OUT else dice.one(MAILBOXES)
    home = {BIGMAIL_OUT.name: "bigmail.example", _SMALLPOST.name: "smallpost.example"}.get(
        server.name, "saltby-council.example"
    )
    to = f"{place.people[0]}@{place.domain}"
    sender, subject, body = _fill(letter, dice, place.people[0], who, 0, dice.one(TOPICS), home)
    draft = compose.wanted(sender, to, subject, body, at, dice, home, [])
    peer = Peer(server.ip, server.name, server.name, tls=True)
    trip = _Trip(place, at, f"{who}@{home}", (to,), peer)
    if server is BIGMAIL_OUT:
        client = f"2001:db8:1:{dice.between(0x100, 0x1FF):x}::{dice.between(2, 99):x}"
        trip.lines = [_signature(home, dice), _by_web(client, at - 2, dice)]
    truth = Truth(home, server.ip, server.ip, letter.name, True, "none", 0)
    return _finish(trip, draft, truth, dice)


def _repeats(found: list[Delivery]) -> list[Delivery]:
    """A few mails that a bot's retry delivered twice within the day, byte for byte."""
    dice = Dice("repeats")
    direct = [
        one for one in found if one.place is QUIETPOND and not one.truth.wanted and one.at < instant(END) - 90_000
    ]
    return [
        Delivery(
            one.place, one.mail, one.at + dice.between(300, 40_000), one.client, one.mail_from, one.rcpts, one.truth
        )
        for one in dice.some(direct, 12)
    ]
