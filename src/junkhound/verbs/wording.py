"""Campaigns read: what each is about, and the patterns of its wordings. Off the path of mail, some mails of each.

The mails are read in a confined child, as everything that parses them is. A campaign is read again when it has twice
the mails or ``DRIFT`` more; what its patterns no longer match makes new ones, so a new wording is a step in its life.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from junkhound import campaign as room
from junkhound import content
from junkhound.campaign import kinds, pattern, reading, rules, topics
from junkhound.campaign.pattern import Pattern
from junkhound.evidence.message import parse
from junkhound.intake import open_sources
from junkhound.kernel import clock
from junkhound.kernel.clock import SystemClock
from junkhound.kernel.errors import NotFound, UsageError
from junkhound.kernel.jail import Died, Jail, Limits
from junkhound.ledger import attached, pictures
from junkhound.ledger.campaigns import Book, Campaign
from junkhound.ledger.queries_campaigns import Campaigns, Kept
from junkhound.ledger.wordings import Reading, Shelf, Wording
from junkhound.tables import KeyKind
from junkhound.verbs import evidence
from junkhound.verbs.campaigns import NAME, alias_of
from junkhound.verbs.office import Office

PARSER = "junkhound.verbs.wording:start"
"""What runs in the confined child."""

PICTURED = 0.1  # of a campaign's mails that must have a picture for its text to be theirs
READ = 500  # mails of one campaign that are looked at
FOR_KIND = 60  # of them that tell its kind
DRIFT = 500  # mails more after which a campaign is read again
MATCHED = 0.99  # share of its mails that patterns match, below which new ones are looked for
BATCH = 250  # mails in the child at a time
BUDGET_S = 120.0  # CPU seconds of one run

Progress = Callable[[str, int, int], None]


class Request(msgspec.Struct, frozen=True, array_like=True):
    """Mails in the memory that is handed over: where each begins, its length, its recipients."""

    mails: tuple[tuple[int, int, tuple[str, ...]], ...]


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What one mail says."""

    place: int
    read: reading.Read


class Done(msgspec.Struct):
    """What one run did: campaigns and mails read, kinds told, wordings found; campaigns that wait for the next run."""

    campaigns: int = 0
    mails: int = 0
    told: int = 0
    wordings: int = 0
    waiting: int = 0
    died: int = 0
    cpu_s: float = 0.0


def start(orders: None) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    """Called once in the child: loads, and returns the work function of ``kernel.jail``."""
    reading.read(parse(b"Subject: order\r\n\r\npills at http://example.org/ or call +1 617 555 0100\r\n"))
    decode = msgspec.msgpack.Decoder(Request).decode
    encode = msgspec.msgpack.Encoder().encode

    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        for place, (at, size, recipients) in enumerate(decode(request).mails):
            mark(place)
            yield encode(Answer(place, reading.read(parse(os.pread(fd, size, at)), recipients)))

    return work


class Seen(NamedTuple):
    """One mail that was read: where it is kept, and what it says."""

    kept: Kept
    read: reading.Read


def read(office: Office, budget_s: float = BUDGET_S, progress: Progress | None = None) -> Done:
    """Read the campaigns that are due, those of most mails first, until ``budget_s`` CPU seconds are used."""
    with office.ledger.holding("reader", SystemClock().now):
        run = _Run(office)
        try:
            return run.work(budget_s, progress or (lambda words, done, total: None))
        finally:
            run.close()


class _Run:
    """One run."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.book, self.shelf = Book(office.ledger.state), Shelf(office.ledger.state)
        engine = office.config.engine
        limits = Limits(memory_mb=engine.parser_memory_mb, item_s=engine.parser_mail_s)
        self.jail = Jail(PARSER, None, limits) if engine.isolate else None
        self.malware = attached.Shelf(office.ledger.state).malware()
        self.pictured = {
            content.key(f"pictures {group.number}"): group.text
            for group in pictures.Shelf(office.ledger.state).groups() if group.text
        }  # fmt: skip
        self.done = Done()

    def close(self) -> None:
        if self.jail is not None:
            self.jail.close()

    def work(self, budget_s: float, progress: Progress) -> Done:
        began = time.process_time()
        readings = self.shelf.readings()
        due = [one for one in self.book.all() if _due(one, readings.get(one.number))]
        self.done.waiting = len(due)
        kept = self._kept(due)
        keys = self.book.keys([one.number for one in due]) if due else {}
        for place, one in enumerate(due):
            self.done.cpu_s = time.process_time() - began
            if self.done.cpu_s >= budget_s:
                break
            progress("read campaigns", place, len(due))
            self._campaign(one, self._read(kept.get(one.number, [])), keys.get(one.number, []))
            self.done.waiting -= 1
        self.done.cpu_s = time.process_time() - began
        return self.done

    def _kept(self, due: Sequence[Campaign]) -> dict[int, list[Kept]]:
        if not due:
            return {}
        queries = Campaigns(self.office.ledger.engine, self.office.ledger.snapshot())
        queries.least_words = room.LEAST_WORDS
        return queries.kept([one.number for one in due], alias_of(self.book), READ)

    def _campaign(self, one: Campaign, seen: list[Seen], keys: Sequence[tuple[int, int, int]]) -> None:
        """What one campaign is about, and its wordings, written down together."""
        self.done.campaigns += 1
        self.done.mails += len(seen)
        at = self.office.now
        said = _said(one, seen[:FOR_KIND], keys, self.malware)
        verdict = kinds.judge(_shown(one, said, keys, self.pictured)) if seen else None
        known = self.shelf.wordings(one.number)
        met, left = _met(known, seen)
        matched = 1 - len(left) / len(seen) if seen else 1.0
        made: list[Wording] = []
        if len(left) >= pattern.LEAST and matched < MATCHED:
            made = self._made(one, left, at, len(known))
        patterns = [_pattern(row) for row in made]
        still = [each for each in left if not any(p.matches(each.read.text) for p in patterns)]
        share = 1 - len(still) / len(seen) if seen and (known or made) else None
        told = None
        if verdict is not None and not one.why.startswith(BY_HAND):
            told = (verdict.kind, verdict.sure, verdict.why)
            self.done.told += bool(verdict.kind)
        self.done.wordings += len(made)
        why = f"{len(made)} new {'wording' if len(made) == 1 else 'wordings'}, of {len(left):,} mails read"
        self.shelf.put(Reading(one.number, at, one.mails, len(seen), share), made, met, told, why)

    def _made(self, one: Campaign, left: list[Seen], at: int, known: int) -> list[Wording]:
        found = pattern.infer([each.read.text for each in left], [each.read.fields for each in left])
        rows: list[Wording] = []
        for clean in filter(None, (redacted(self.office, each) for each in found)):
            copies = [each for each in left if clean.matches(each.read.text)]
            hit = [each.kept for each in copies]
            days, traps = max(each.day for each in hit), len({each.trap for each in hit})
            clean = msgspec.structs.replace(clean, vantages=_vantages(clean, copies))
            rows.append(Wording(one.number, known + len(rows) + 1, at, days, traps,
                                msgspec.json.encode(clean).decode()))  # fmt: skip
        return rows

    # -- the child ---------------------------------------------------------------------------------------------

    def _read(self, kept: Sequence[Kept]) -> list[Seen]:
        found: list[Seen] = []
        for start_at in range(0, len(kept), BATCH):
            some = []
            for one in kept[start_at : start_at + BATCH]:
                try:
                    record = self.office.ledger.packs.read(one.segment, one.ordinal)
                except NotFound:
                    continue
                names = tuple(r.address.decode("utf-8", "replace") for r in record.facts.envelope.recipients)
                some.append((one, bytes(record.mail), names[: reading.MOST_NAMED]))
            found += [Seen(some[answer.place][0], answer.read) for answer in self._answers(some)]
        return found

    def _answers(self, mails: Sequence[tuple[Kept, bytes, tuple[str, ...]]]) -> Iterator[Answer]:
        """The child's answers; a mail that kills it is left out, and counted."""
        if self.jail is None:
            for place, (_, mail, names) in enumerate(mails):
                yield Answer(place, reading.read(parse(mail), names))
            return
        decode = msgspec.msgpack.Decoder(Answer).decode
        fd = os.memfd_create("campaigns")
        try:
            spans, at = [], 0
            for _, mail, names in mails:
                os.pwrite(fd, mail, at)
                spans.append((at, len(mail), names))
                at += len(mail)
            answered: set[int] = set()
            dead = 0
            while dead <= 8:
                try:
                    for frame in self.jail.run(fd, msgspec.msgpack.encode(Request(tuple(spans)))):
                        answer = decode(frame)
                        if answer.place < len(mails) and answer.place not in answered:
                            answered.add(answer.place)
                            yield answer
                    return
                except Died as died:
                    dead += 1
                    self.done.died += 1
                    answered.add(died.item)
                    spans = [(at, 0, ()) if n in answered else span for n, span in enumerate(spans)]
        finally:
            os.close(fd)


def redacted(office: Office, found: Pattern) -> Pattern | None:
    """The pattern without phrases and values that name a trap; None where too little is left of it."""

    def named(words: str) -> bool:
        octets = words.encode("utf-8", "replace")
        return evidence.secrets_in(office, octets).named_in(octets)

    parts = [part for part in found.parts if not any(map(named, part))]
    if sum(map(pattern.part_says, parts)) < pattern.LEAST_BITS:
        return None
    phrases, turns = tuple(part[0] for part in parts), tuple(part[1:] for part in parts)
    gaps = found.gaps if len(phrases) == len(found.phrases) else ()
    if any(named(value) for gap in gaps for value in gap.values):
        gaps = ()
    fields = {name: words for name, words in found.fields.items() if not named(words.replace("\\", ""))}
    return msgspec.structs.replace(found, phrases=phrases, turns=turns if any(turns) else (), gaps=gaps, fields=fields)


def _vantages(found: Pattern, copies: Sequence[Seen]) -> int:
    """How many vantages of standing ``trap`` saw each of its phrases, turns and all: the least of them."""
    return min(
        len({one.kept.vantage for one in copies if phrase in one.read.text} - {0})
        for part in found.parts
        for phrase in part
    )


BY_HAND = "told by "
"""How the reason of a kind begins that a person gave; it is never overwritten."""


def _due(one: Campaign, last: Reading | None) -> bool:
    return one.mails > 0 and (last is None or one.mails >= 2 * last.mails or one.mails - last.mails >= DRIFT)


def _said(
    one: Campaign, seen: Sequence[Seen], keys: Sequence[tuple[int, int, int]], malware: Container[int]
) -> list[kinds.Said]:
    """What its mails tell, with the shares that only their pictures name, and the files that a scanner knows."""
    touted = sum(mails for kind, _, mails in keys if kind == int(KeyKind.TICKER))
    infected = sum(mails for kind, key, mails in keys if kind == int(KeyKind.ATTACHMENT) and key in malware)
    said = [each.read.said for each in seen]
    if 2 * infected >= one.mails:
        said = [msgspec.structs.replace(each, carried=tuple({*each.carried, "program"})) for each in said]
    if 2 * touted >= one.mails:
        said = [msgspec.structs.replace(each, carried=tuple({*each.carried, "ticker"})) for each in said]
    return said


def _shown(
    one: Campaign, said: Sequence[kinds.Said], keys: Sequence[tuple[int, int, int]], pictured: Mapping[int, str]
) -> list[kinds.Said]:  # fmt: skip
    """What its mails tell, with what was read in the pictures of a tenth of them and more beside their own words."""
    texts = [
        pictured[key] for kind, key, mails in keys
        if kind == int(KeyKind.PICTURE) and key in pictured and mails >= PICTURED * one.mails
    ]  # fmt: skip
    found = topics.shipped().found("\n".join(texts)) if texts else {}
    return [
        msgspec.structs.replace(each, topics={**found, **each.topics}) if found and "picture" in each.carried else each
        for each in said
    ]


def _met(known: Sequence[Wording], seen: Sequence[Seen]) -> tuple[dict[int, int], list[Seen]]:
    """(serial and newest day of the wordings that match some, the mails that none matches)."""
    met: dict[int, int] = {}
    left = []
    patterns = [(row.serial, _pattern(row)) for row in known]
    for one in seen:
        for serial, each in patterns:
            if each.matches(one.read.text):
                met[serial] = max(met.get(serial, 0), one.kept.day)
                break
        else:
            left.append(one)
    return met, left


def _pattern(row: Wording) -> Pattern:
    return msgspec.json.decode(row.content, type=Pattern)


class Line(msgspec.Struct, frozen=True):
    """One wording for a person; ``says`` in bits, ``traps`` different ones among the mails it was learned from."""

    campaign: str
    kind: str
    version: int
    made_at: str
    met_on: str
    traps: int
    pattern: Pattern


LEAST_TRAPS = 2
"""What leaves was seen by two traps: a word that a sender gave to one alone would tell which it is."""


def patterns(office: Office, campaign: int | None = None) -> list[tuple[Wording, Pattern]]:
    """The wordings of one campaign or of all, with their patterns: for filters, such as a guard's.

    Those of campaigns that merged are the other's now. A text is asked as ``campaign.reading.canon`` makes it;
    ``Pattern.matches`` takes some microseconds.
    """
    book = Book(office.ledger.state)
    alias = book.alias()
    rows = [msgspec.structs.replace(row, campaign=alias.get(row.campaign, row.campaign))
            for row in Shelf(office.ledger.state).wordings()]  # fmt: skip
    return [(row, _pattern(row)) for row in rows if campaign is None or row.campaign == campaign]


def lines(office: Office, name: str = "") -> tuple[Line, ...]:
    """The wordings of a campaign, or of all, those met last first. Errors: UsageError, NotFound."""
    book = Book(office.ledger.state)
    if name and not NAME.match(name):
        raise UsageError(f"not the name of a campaign: {name!r}", "names look like K-2026-000123")
    wanted = book.get(name).number if name else None
    names = {one.number: one for one in book.all()}
    found = [(row, made) for row, made in patterns(office, wanted) if row.campaign in names]
    found.sort(key=lambda pair: (-pair[0].met_on, pair[0].campaign, pair[0].version))
    return tuple(
        Line(names[row.campaign].name, names[row.campaign].kind, row.version, clock.text(row.made_at),
             clock.day_text(row.met_on * clock.DAY), row.traps, made)
        for row, made in found
    )  # fmt: skip


def exported(office: Office, form: str, name: str = "", private: bool = False) -> str:
    """Rules in one of ``rules.FORMS``; those that only one trap has seen stay here unless ``private``."""
    if form not in rules.FORMS:
        raise UsageError(f"no form {form!r}", f"known: {', '.join(rules.FORMS)}")
    some = [one for one in lines(office, name) if private or one.traps >= LEAST_TRAPS]
    return rules.FORMS[form]([rules.Rule(one.campaign, one.kind, one.version, one.met_on, one.pattern) for one in some])


class Tried(msgspec.Struct, frozen=True):
    """What the patterns hit of some mails: how many were read, how many hit, the first of those with the campaign."""

    mails: int
    hits: int
    shown: tuple[tuple[str, str], ...]


def tried(office: Office, paths: Sequence[str], name: str = "", limit: int = 20) -> Tried:
    """Try the patterns on mail in files, archives and folders; nothing of it is kept. Errors: NotFound, UsageError."""
    asked = lines(office, name)
    read_, hits, shown = 0, 0, list[tuple[str, str]]()
    for one in open_sources(paths, office.config.intake):
        read_ += 1
        text = reading.read(parse(one.payload)).text
        hit = next((line for line in asked if line.pattern.matches(text)), None)
        if hit is not None:
            hits += 1
            if len(shown) < limit:
                shown.append((one.locator, f"{hit.campaign} wording {hit.version}"))
    return Tried(read_, hits, tuple(shown))


def told_by_hand(office: Office, name: str, kind: str, who: str) -> None:
    """Say what a campaign is about; that stays whatever is read later. Errors: UsageError, NotFound."""
    if kind and kind not in kinds.shipped().kinds:
        raise UsageError(f"no kind {kind!r}", f"known: {', '.join(sorted(kinds.shipped().kinds))}")
    one = Book(office.ledger.state).get(name)
    said = (kind, 1.0 if kind else 0.0, f"{BY_HAND}{who}" if kind else "")
    Shelf(office.ledger.state).tell(one.number, *said)
