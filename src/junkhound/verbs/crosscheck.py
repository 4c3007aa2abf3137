"""What other people's block lists say of addresses and names: asked where it was accepted, kept with its history."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from junkhound import listing, lookup
from junkhound.kernel import clock, net
from junkhound.kernel.clock import HOUR
from junkhound.kernel.errors import ConfigError, NotFound, Refused, Temporary, UsageError
from junkhound.ledger.others import Others, Said, Standing
from junkhound.lookup import Blocklist, Question, Resolver, Word
from junkhound.lookup.asking import below
from junkhound.lookup.catalogue import NAMES
from junkhound.lookup.meaning import LISTED
from junkhound.verbs import feed_history, feeds
from junkhound.verbs.feed_history import FeedStanding
from junkhound.verbs.office import Office
from junkhound.wire import dns
from junkhound.wire.dns import Answer

BATCH = 500
"""Subjects that are asked about and kept together."""


class Shown(msgspec.Struct):
    """One list of the catalogue or the settings, and since when it may be asked (None: it may not)."""

    about: Blocklist
    accepted_at: int | None
    ours: bool = False


class Line(msgspec.Struct):
    """What one list says, and since when we have seen it say so."""

    said: Said
    since_at: int | None = None


class Checked(msgspec.Struct):
    """What all lists say of one subject. ``witnesses`` are the families among those that list it.

    ``feeds`` are its stays on imported feeds, those that stand first; they are no witness.
    """

    subject: str
    at: int
    lines: list[Line]
    fresh: bool
    gone: list[Standing] = []
    feeds: list[FeedStanding] = []

    @property
    def listed(self) -> list[Line]:
        return [line for line in self.lines if line.said.outcome == LISTED]

    @property
    def witnesses(self) -> int:
        return len({line.said.family for line in self.listed})


class Asked(msgspec.Struct):
    """What would be asked of one list: the names of the test points and of each subject."""

    zone: str
    resolver: str
    names: list[str]
    list: str


def others_of(office: Office) -> Others:
    """The words of others in the home."""
    return Others(office.ledger.state)


# --- lists and terms --------------------------------------------------------------------------------------------


def catalogue(office: Office) -> list[Shown]:
    """Every list that is known, and whether it may be asked."""
    accepted = others_of(office).accepted()
    mine = lookup.own(office.config.blocklists)
    shown = [Shown(about, 0, ours=True) for about in mine]
    for about in lookup.shipped().lists:
        if about.name not in office.config.blocklists:
            found = accepted.get(about.name)
            valid = found is not None and found.terms == about.terms_hash and not about.closed
            shown.append(Shown(about, found.accepted_at if found is not None and valid else None))
    return shown


def _find(office: Office, name: str) -> Shown:
    every = catalogue(office)
    for one in every:
        if one.about.name == name:
            return one
    raise NotFound(f"no block list {name!r} in the catalogue", "junkhound crosscheck lists shows them all")


def accept(office: Office, name: str, who: str) -> Blocklist:
    """Accept a list's terms, so that it is asked from now on. Errors: NotFound, Refused for one that has closed."""
    one = _find(office, name)
    if one.ours:
        raise Refused(f"{name!r} stands in the settings, which accepts it", f"see [blocklists.{name}]")
    if one.about.closed:
        raise Refused(f"{name!r} closed in {one.about.closed}", "a closed list may answer for every address")
    others_of(office).accept(name, one.about.terms_hash, clock.SystemClock().now(), who)
    return one.about


def withdraw(office: Office, name: str) -> None:
    """Take an acceptance back: the list is asked no more, its history stays. Errors: NotFound."""
    _find(office, name)
    if not others_of(office).withdraw(name):
        raise NotFound(f"the terms of {name!r} were not accepted")


# --- subjects ---------------------------------------------------------------------------------------------------


def subjects(office: Office, words: Iterable[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """Addresses and names that may be asked about, and those that may not, with the reason."""
    good: dict[str, None] = {}
    bad = []
    traps = {domain.lower() for trap in office.config.traps.values() for domain in trap.domains}
    for text in words:
        try:
            good[_subject(office, text, traps)] = None
        except UsageError as error:
            bad.append((text, error.message))
    return list(good), bad


def _subject(office: Office, text: str, traps: set[str]) -> str:
    address = net.parse(text)
    if address is not None:
        if not net.is_public(address, office.config.network.allow_documentation):
            raise UsageError(f"{text} is no public address: nobody lists it")
        return str(address)
    name = listing.domain_name(text)
    if name is None:
        raise UsageError(f"neither an address nor a domain: {text!r}")
    if any(name == trap or name.endswith(f".{trap}") for trap in traps):
        raise UsageError(f"{name} is a trap's domain: asking about it would give the trap away")
    return name


# --- asking -----------------------------------------------------------------------------------------------------


class Round:
    """The lists that may be asked, with a resolver; their test points are asked once.

    Errors: ConfigError without a resolver, Refused without an accepted list.
    """

    def __init__(self, office: Office, names: Sequence[str] = ()) -> None:
        settings = office.config.lookup
        self._office = office
        self.place = place_of(settings.resolver)
        every = catalogue(office)
        unknown = set(names) - {one.about.name for one in every}
        if unknown:
            raise NotFound(f"no block list {min(unknown)!r} in the catalogue", "see junkhound crosscheck lists")
        chosen = [one for one in every if not names or one.about.name in names]
        closed = [one.about.name for one in chosen if names and one.accepted_at is None]
        if closed:
            raise Refused(f"the terms of {closed[0]!r} are not accepted", f"junkhound crosscheck accept {closed[0]}")
        self.lists = [one.about for one in chosen if one.accepted_at is not None]
        if not self.lists:
            raise Refused("no list's terms are accepted, so nobody is asked", "see junkhound crosscheck lists")
        self._zones = {about.name: below(about.zone) for about in self.lists}
        self._resolver = Resolver(self.place, settings.in_flight, settings.timeout_s, settings.tries)
        self.states: dict[str, Word | None] = {}

    def ask(self, wanted: Sequence[str]) -> dict[str, list[Said]]:
        """What every list says of these subjects. Errors: Temporary where the resolver does not answer at all."""
        return asyncio.run(self._ask(wanted))

    async def _ask(self, wanted: Sequence[str]) -> dict[str, list[Said]]:
        if not self.states:
            await self._test()
        found: dict[str, list[Said]] = {subject: [] for subject in wanted}
        said_of_all = {
            about.name: Said(about.name, about.family, word.outcome, word.codes, word.means, word.scope)
            for about in self.lists
            if (word := self.states[about.name]) is not None
        }
        for subject, words in found.items():
            address = net.parse(subject)
            words += [said_of_all[one.name] for one in self.lists if one.name in said_of_all and _fits(one, address)]

        def take(question: Question, answer: Answer) -> None:
            subject, about = question.tag
            word = lookup.judge(about, answer)
            found[subject].append(Said(about.name, about.family, word.outcome, word.codes, word.means, word.scope))

        per_second = self._office.config.crosscheck.per_second
        self._resolver.per_s = per_second * len(self.lists)
        await self._resolver.ask(self._questions(wanted), take)
        return found

    def _questions(self, wanted: Sequence[str]) -> Iterator[Question]:
        fine = [(about, self._zones[about.name]) for about in self.lists if self.states[about.name] is None]
        for subject in wanted:
            address = net.parse(subject)
            front = _front(subject, address)
            for about, zone in fine:
                if _fits(about, address):
                    yield Question((subject, about), front, zone)

    async def _test(self) -> None:
        """Ask every list's test points: what must be listed, and what must not."""
        answers: dict[tuple[str, int], Answer] = {}

        def take(question: Question, answer: Answer) -> None:
            answers[question.tag] = answer

        questions = [
            Question((about.name, place), _labels(test), self._zones[about.name])
            for about in self.lists
            for place, test in enumerate(about.tests)
        ]
        self._resolver.per_s = 0
        await self._resolver.ask(iter(questions), take)
        if all(answer.code < 0 for answer in answers.values()):
            host, port = self.place
            raise Temporary(f"the resolver {host}:{port} does not answer", "see [lookup] resolver")
        self.states = {
            about.name: lookup.state(about, answers[about.name, 0], answers[about.name, 1]) for about in self.lists
        }


def _fits(about: Blocklist, address: net.Address | None) -> bool:
    """Whether a list holds such subjects at all."""
    if address is None or about.of == NAMES:
        return address is None and about.of == NAMES
    return address.is_v4 or about.ipv6


def _front(subject: str, address: net.Address | None) -> bytes:
    """The labels before a zone, in wire form (RFC 5782 sections 2.1, 2.4 and 3)."""
    if address is None:
        return _labels(subject)
    if address.is_v4:
        number = address.v4
        return b"".join(_OCTET[number >> shift & 255] for shift in (0, 8, 16, 24))
    return b"".join(b"\1" + digit.to_bytes(1, "big") for digit in reversed(address.packed.hex().encode()))


_OCTET = [b"%c%d" % (len(str(octet)), octet) for octet in range(256)]


def _labels(words: str) -> bytes:
    return bytes(dns.name(words))[:-1]


def place_of(words: str) -> tuple[str, int]:
    """The resolver as address and port. Errors: ConfigError."""
    if not words:
        raise ConfigError("no resolver is named, so nobody is asked", 'set [lookup] resolver = "127.0.0.1:53"')
    host, colon, port = words.rpartition(":")
    host = host.strip("[]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        colon = ""
    if not colon or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f"[lookup] resolver: {words!r} is no address with a port", "write 127.0.0.1:53 or [::1]:53")
    return host, int(port)


def check(
    office: Office,
    wanted: Sequence[str],
    names: Sequence[str] = (),
    again: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Checked]:
    """Every subject with what the lists say, in the order given; what was asked lately is not asked again.

    Errors: as of ``Round``; Temporary where nobody answers.
    """
    asking = Round(office, names)
    book, at = others_of(office), office.now
    since = at + 1 if again else at - int(office.config.crosscheck.again_hours * HOUR)
    wanted_lists = {about.name for about in asking.lists}
    rest = iter(wanted)
    while batch := list(islice(rest, BATCH)):
        known = {
            subject: words
            for subject, words in book.latest(batch, since).items()
            if _covers(words[1], asking.lists, subject)
        }
        new = [subject for subject in batch if subject not in known]
        found = asking.ask(new) if new else {}
        book.note(found, at)
        histories, fed = book.histories(batch), on_feeds(office, batch)
        for subject in batch:
            when, words = (at, found[subject]) if subject in found else known[subject]
            words = [said for said in words if said.list in wanted_lists]
            one = _checked(histories.get(subject, []), subject, when, words, subject in found)
            one.feeds = fed[subject]
            yield one
        if progress is not None:
            progress(len(batch))


def known(office: Office, wanted: Sequence[str]) -> list[Checked]:
    """What our imported feeds and earlier answers know of these subjects; nobody is asked."""
    histories, fed = others_of(office).histories(wanted), on_feeds(office, wanted)
    return [
        Checked(subject, office.now, [], False, histories.get(subject, []), fed[subject]) for subject in wanted
    ]  # fmt: skip


def on_feeds(office: Office, wanted: Sequence[str]) -> dict[str, list[FeedStanding]]:
    """By subject its stays on imported feeds: its own, and those of networks and names that hold it."""
    above = {subject: list(feeds.above(subject)) for subject in wanted}
    named = {name: about.tlp for name, about in office.config.feeds.items()}
    entries = {entry for every in above.values() for entry in every}
    stays = feed_history.of(office.home / "feeds", named, entries) if named else {}
    found = {subject: [stay for entry in every for stay in stays.get(entry, ())] for subject, every in above.items()}
    for every in found.values():
        every.sort(key=lambda one: (one.gone_at is not None, -(one.gone_at or 0), one.feed))
    return found


def _covers(words: Sequence[Said], lists: Sequence[Blocklist], subject: str) -> bool:
    """Whether what is known comes from all lists that would be asked now."""
    heard = {said.list for said in words}
    address = net.parse(subject)
    return all(about.name in heard for about in lists if _fits(about, address))


def _checked(history: Sequence[Standing], subject: str, at: int, words: Sequence[Said], fresh: bool) -> Checked:
    since = {one.list: one.since_at for one in history if one.gone_at is None}
    lines = [Line(said, since.get(said.list) if said.outcome == LISTED else None) for said in words]
    lines.sort(key=lambda line: (line.said.outcome != LISTED, line.said.outcome, line.said.list))
    return Checked(subject, at, lines, fresh, [one for one in history if one.gone_at is not None])


def plan(office: Office, wanted: Sequence[str], names: Sequence[str] = ()) -> list[Asked]:
    """What would be asked of whom; nothing leaves."""
    asking = Round(office, names)
    host, port = asking.place
    made = []
    for about in asking.lists:
        fronts = [*about.tests]
        fronts += [_shown(subject) for subject in wanted if _fits(about, net.parse(subject))]
        names_asked = [f"{front}.{about.zone}" for front in fronts]
        made.append(Asked(zone=about.zone, resolver=f"{host}:{port}", names=names_asked, list=about.name))
    return made


def _shown(subject: str) -> str:
    labels, words = _front(subject, net.parse(subject)), []
    while labels:
        words.append(labels[1 : labels[0] + 1].decode("ascii"))
        labels = labels[labels[0] + 1 :]
    return ".".join(words)


def history(office: Office, subject: str) -> list[Standing]:
    """Every listing of others that we ever saw of an address or a name."""
    return others_of(office).history(subject)
