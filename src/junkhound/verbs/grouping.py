"""The grouper: texts that came since it last looked are put into campaigns, new ones or those that stand.

What it knows is in rows: which campaign a text is in (table ``units``), and the book of campaigns in the state
database. Each round compares the new texts with each other, with a bounded sample of every campaign of the days
around them, with so many texts of those days that are in none, and with what older campaigns agreed on. So a round
costs what is new, and not what was ever seen.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import resources
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from junkhound import campaign, content, tables
from junkhound.campaign import Keys, Known
from junkhound.content import template
from junkhound.kernel.clock import DAY, SystemClock
from junkhound.ledger import attached, home, pictures, rewrite
from junkhound.ledger import campaigns as book
from junkhound.ledger.campaigns import Book, Campaign, Step
from junkhound.ledger.manifest import Swap
from junkhound.ledger.queries_units import Array, Units
from junkhound.tables import KeyKind
from junkhound.verbs.office import Office

WINDOW = 14  # days around new texts in which others are looked at one by one
SAMPLE = 64  # texts of a standing campaign that new ones are compared with
LONE = 100_000  # texts in no campaign that new ones are compared with
AT_ONCE = 150_000  # new texts in one round: with their sketches and neighbours some hundred megabytes
REVIVED = 14  # days of silence after which a campaign is said to be back
FEW = 10_000  # texts around new ones that are all grouped anew each time: two seconds
TENTH = 10
_MARK, _SINCE = "grouped", "grouped_since"
_REPLY = re.compile(r"(?:\s*(?:re|fw|fwd|aw|wg|sv|tr|rv|adv)\s*:)+", re.IGNORECASE)
_SHORT_SUBJECT = 6  # letters
_KINDS = tuple(int(kind) for kind in KeyKind if kind.name in campaign.KINDS and kind is not KeyKind.SUBJECT)

Progress = Callable[[str, int, int], None]


class Grouped(msgspec.Struct):
    """What one run did: texts that were new, and campaigns that were born, changed, merged, split or revived."""

    texts: int = 0
    born: int = 0
    changed: int = 0
    merged: int = 0
    split: int = 0
    revived: int = 0
    waiting: int = 0


@lru_cache(1)
def hubs() -> frozenset[int]:
    """Keys of the domains that everybody shares."""
    text = resources.files("junkhound.campaign").joinpath("data/hubs.toml").read_text("utf-8")
    lists = tomllib.loads(text)
    return frozenset(content.key(name) for names in lists.values() if isinstance(names, list) for name in names)


def group(office: Office, progress: Progress | None = None) -> Grouped:
    """Group what came since the last run. Errors: Temporary while another process groups."""
    with office.ledger.holding("grouper", SystemClock().now):
        return _Run(office, progress or (lambda words, done, total: None)).work()


def waiting(office: Office) -> bool:
    """Whether anything came since the last run."""
    mark = int(home.get_meta(office.ledger.state, _MARK) or -1)
    return any(stored.added > mark for stored in office.ledger.snapshot().of("sightings"))


def units_of(office: Office) -> Units:
    """Questions about units as they are grouped."""
    queries = Units(office.ledger.engine, office.ledger.snapshot())
    queries.least_words = campaign.LEAST_WORDS
    return queries


class _Run:
    """One run: rounds over the new texts, oldest first."""

    def __init__(self, office: Office, progress: Progress) -> None:
        self.office, self.ledger, self.progress = office, office.ledger, progress
        self.book = Book(self.ledger.state)
        self.report = Grouped()

    def work(self) -> Grouped:
        mark = int(home.get_meta(self.ledger.state, _MARK) or -1)
        queries = self.queries()
        if not queries.since(mark):
            return self.report
        came = queries.arrived(mark)
        fresh = np.flatnonzero(came["campaign"] == 0)
        known = Known(np.unique(np.concatenate([np.array(sorted(hubs()), np.uint64), queries.good_signers()])))
        touched = {int(one) for one in np.unique(came["campaign"]) if one}
        for start in range(0, len(fresh), AT_ONCE):
            self.progress("group", start, len(fresh))
            some = fresh[start : start + AT_ONCE]
            touched |= self.round(came["unit"][some], came["day"][some].astype(np.int64), known)
        self.recount(touched)
        self.report.texts = int((~came["known"].astype(bool)).sum())
        home.set_meta(self.ledger.state, _MARK, str(queries.snapshot.seq))
        return self.report

    def queries(self) -> Units:
        return units_of(self.office)

    def round(self, new: Array, days: Array, known: Known) -> set[int]:
        """Put these texts where they belong; the campaigns that got or lost any."""
        if not len(new):
            return set()
        queries = self.queries()
        first, last = int(days.min()), int(days.max())
        anew = self._anew(queries.texts_around(first - WINDOW, last + WINDOW), len(new))
        around = queries.around(first, last, WINDOW, *((0, AT_ONCE) if anew else (SAMPLE, LONE)))
        old = ~np.isin(around["unit"], new)
        unit = np.concatenate([new, around["unit"][old]]).astype(np.uint64)
        day = np.concatenate([days, around["day"][old]]).astype(np.int64)
        alias = self.book.alias()
        before = np.concatenate([np.zeros(len(new), np.int64), around["campaign"][old].astype(np.int64)])
        before = np.array([alias.get(int(one), int(one)) for one in before], np.int64)
        sketch, words, subjects = queries.texts(unit)
        times, shared = queries.shared(
            unit, _KINDS, campaign.MANNER, min(first - WINDOW, int(day.min())), last + WINDOW
        )
        keys = _keys(self._with_files(self._with_pictures(shared)), subjects)
        asleep = self._asleep(set(before.tolist()))
        units, keys = _with_asleep(campaign.Units(unit, sketch, words, times.mails, before, *times[1:]), keys, asleep,
                                   self.book.keys([one.number for one in asleep]))  # fmt: skip
        labels = campaign.group(units.anew(len(unit)) if anew else units, keys, known)
        touched = self._settle(_Round(units, keys, labels, len(unit), len(new), day, subjects), asleep)
        self.report.waiting = self.queries().texts_around(first - WINDOW, last + WINDOW, waiting=True)
        return touched

    def _anew(self, texts: int, new: int) -> bool:
        """Whether all texts of these days are grouped as if none had been before.

        So the order of arrival changes nothing: what is said at last is said by looking at everything at once. Of few
        texts always, of many each time a tenth as many came, so that a text is looked at a bounded number of times.
        """
        since = int(home.get_meta(self.ledger.state, _SINCE) or 0) + new
        anew = texts + new <= AT_ONCE and (texts + new <= FEW or since * TENTH >= texts)
        home.set_meta(self.ledger.state, _SINCE, "0" if anew else str(since))
        return anew

    def _with_pictures(self, shared: dict[str, Array]) -> dict[str, Array]:
        """Keys of pictures that are near-copies made one, and what was read in them beside."""
        places = np.flatnonzero(shared["kind"] == int(KeyKind.PICTURE))
        if not len(places):
            return shared
        keys = shared["key"].astype(np.uint64)
        group_of = pictures.groups_of(self.ledger.state, [int(key) for key in np.unique(keys[places])])
        finds = pictures.finds_of(self.ledger.state, sorted(set(group_of.values())))
        more: list[tuple[int, int, int, int]] = []
        for place in places.tolist():
            group = group_of.get(int(keys[place]))
            if group is not None:
                keys[place] = content.key(f"pictures {group}")
                row, mails = int(shared["row"][place]), int(shared["mails"][place])
                more += [(row, kind, key, mails) for kind, key in finds.get(group, ())]
        return _added({**shared, "key": keys}, more)

    def _with_files(self, shared: dict[str, Array]) -> dict[str, Array]:
        """What was found in attached files, beside the files."""
        places = np.flatnonzero(shared["kind"] == int(KeyKind.ATTACHMENT))
        finds = (
            attached.Shelf(self.ledger.state).finds(np.unique(shared["key"][places]).tolist()) if len(places) else {}
        )
        more = [
            (int(shared["row"][place]), kind, key, int(shared["mails"][place]))
            for place in (places.tolist() if finds else ()) for kind, key, _ in finds.get(int(shared["key"][place]), ())
        ]  # fmt: skip
        return _added(shared, more) if more else shared

    def _asleep(self, awake: set[int]) -> list[Campaign]:
        """Campaigns without a text around these days, which may come back."""
        return [one for one in self.book.all() if one.number not in awake and len(one.sketch) == 4 * campaign.WIDTH]

    def _settle(self, done: _Round, asleep: list[Campaign]) -> set[int]:
        """Write one round down: objects first, then everything in one transaction."""
        at = self.office.now
        lineage = campaign.trace(done.labels, done.units.group, done.units.mails)
        numbers = self.book.numbers(at, len(lineage.born))
        named = dict(zip(lineage.born, numbers, strict=True))
        of = {**lineage.kept, **{label: number for label, (number, _) in named.items()}}
        standing = {one.number: one for one in self.book.all(merged=True)}
        steps = [
            Step(named[label][0], at, "split" if parent else "born", parent or None,
                 f"split off from {standing[parent].name}" if parent else "first seen")
            for label, parent in lineage.born.items()
        ]  # fmt: skip
        merged = {}
        for number, label in lineage.merged:
            if label in of and of[label] != number:
                merged[number] = of[label]
                steps.append(Step(number, at, "merged", of[label], done.why(number, label)))
        revived = self._revived(done, asleep, lineage.kept)
        steps += [Step(one.number, at, "revived", None, words) for one, words in revived]
        now = np.array([of.get(int(label), 0) for label in done.labels], np.int64)
        real = np.arange(len(now)) < done.count
        moved = real & ((now != done.units.group) | (np.arange(len(now)) < done.new))
        changed = sorted({int(one) for one in now[moved] if one})
        noted = [*self._noted(done, now, changed, standing, dict(numbers), at)]
        keys = {number: done.top_keys(now == number) for number in changed}
        self._write(
            done.units.number[moved], now[moved], done.days[np.flatnonzero(moved)], at, noted, merged, steps, keys
        )
        self.report.born += sum(1 for parent in lineage.born.values() if not parent)
        self.report.split += sum(1 for parent in lineage.born.values() if parent)
        self.report.merged += len(merged)
        self.report.revived += len(revived)
        return {*changed, *merged.values()}

    def _revived(self, done: _Round, asleep: list[Campaign], kept: dict[int, int]) -> list[tuple[Campaign, str]]:
        label_of = {number: label for label, number in kept.items()}
        found = []
        for one in asleep:
            label = label_of.get(one.number)
            fresh = np.flatnonzero(done.labels[: done.new] == label) if label is not None else np.empty(0, np.int64)
            if len(fresh) and (silent := int(done.days[fresh].min()) - one.last_day) > REVIVED:
                found.append((one, f"back after {silent:,} days without a mail"))
        return found

    def _noted(
        self, done: _Round, now: Array, changed: Iterable[int], standing: dict[int, Campaign], names: dict[int, str],
        at: int,
    ) -> Iterable[Campaign]:  # fmt: skip
        """The campaigns that changed, with what their texts agree on now."""
        telling = done.units.telling
        for number in changed:
            rows = np.flatnonzero(now == number)
            old = standing.get(number)
            told = rows[telling[rows]]
            sketch, words, subject = b"", 0, ""
            if len(told):
                one = np.zeros(len(told), np.int64)
                _, agreed = campaign.consensus(
                    done.units.sketch[told], one, campaign.shuffled(done.units.number[told]), 1
                )
                sketch, words = agreed[0].astype("<u4").tobytes(), int(np.median(done.units.words[told]))
            titles = Counter(done.subjects[row] for row in rows.tolist() if row < done.count and done.subjects[row])
            subject = min(titles, key=lambda title: (-titles[title], title)) if titles else ""
            days = done.days[rows[rows < done.count]]
            if old is None:
                first, last = int(days.min()), int(days.max())
                mails = int(done.units.mails[rows].sum())
                yield Campaign(
                    number, names[number], at, at, first, last, mails, len(rows), 0, subject, words=words, sketch=sketch
                )  # fmt: skip
            else:
                yield msgspec.structs.replace(
                    old, changed_at=at, subject=subject or old.subject, words=words or old.words,
                    sketch=sketch or old.sketch,
                )  # fmt: skip

    def _write(
        self, unit: Array, group: Array, day: Array, at: int, noted: list[Campaign], merged: dict[int, int],
        steps: list[Step], keys: dict[int, list[book.Key]],
    ) -> None:  # fmt: skip
        engine = self.ledger.engine
        entry = None
        if len(unit):
            table = pa.table({
                "unit": pa.array(unit, pa.uint64()), "campaign": pa.array(group, pa.uint32()),
                "day": pa.array(day, pa.int32()), "made_at": pa.array(np.full(len(unit), at), pa.int64()),
            })  # fmt: skip
            engine.connection().register("grouped", table)
            try:
                entry = rewrite.write_query(engine, tables.UNITS, "SELECT * FROM grouped", "all", 0, 1)
            finally:
                engine.connection().unregister("grouped")
        swap = Swap((), () if entry is None else (entry,))
        try:
            self.ledger.manifest.swap(swap, lambda connection: book.write(connection, noted, merged, steps, keys))
        except BaseException:
            if entry is not None:
                self.ledger.store.delete(entry.path)
            raise

    def recount(self, touched: Iterable[int]) -> None:
        """Mails, texts, sources and days of these campaigns, counted anew from the rows."""
        alias = self.book.alias()
        wanted = sorted({alias.get(one, one) for one in touched})
        if not wanted:
            return
        sums = self.queries().sums(wanted, sorted(alias.items()))
        standing = {one.number: one for one in self.book.all()}
        found = []
        for row in zip(*(sums[name].tolist() for name in _SUMS), strict=True):
            values = dict(zip(_SUMS, map(int, row), strict=True))
            number = values.pop("campaign")
            if number in standing:
                found.append(msgspec.structs.replace(standing[number], **values))
        self.ledger.manifest.swap(Swap((), ()), lambda connection: book.write(connection, found, {}, (), {}))
        self.report.changed = len(found)


_SUMS = ("campaign", "mails", "units", "sources", "first_day", "last_day")


class _Round(msgspec.Struct):
    """One round's units with the label each got; the first ``new`` are new, those from ``count`` on are sleepers."""

    units: campaign.Units
    keys: Keys
    labels: Array
    count: int
    new: int
    days: Array
    subjects: list[str]

    def why(self, number: int, label: int) -> str:
        """How many of a campaign's texts were found in another."""
        both = int(((self.units.group == number) & (self.labels == label)).sum())
        return f"{both:,} of its texts are near those of the other, or share their keys"

    def top_keys(self, rows: Array) -> list[book.Key]:
        """The keys of most mails of these units."""
        inside = rows[self.keys.row] & (self.keys.kind != campaign.MANNER)
        sums: Counter[tuple[int, int]] = Counter()
        held = (self.keys.kind, self.keys.key, self.keys.mails)
        for kind, key, mails in zip(*(column[inside].tolist() for column in held), strict=True):
            sums[kind, key] += mails
        best = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))[: book.KEYS]
        return [(kind, key, mails) for (kind, key), mails in best]


def _added(shared: dict[str, Array], more: list[tuple[int, int, int, int]]) -> dict[str, Array]:
    """The keys of rows with more of them: row, kind, key, mails."""
    added = list(zip(*more, strict=True)) or [(), (), (), ()]
    return {
        "row": np.concatenate([shared["row"].astype(np.int64), np.array(added[0], np.int64)]),
        "kind": np.concatenate([shared["kind"].astype(np.int64), np.array(added[1], np.int64)]),
        "key": np.concatenate([shared["key"].astype(np.uint64), np.array(added[2], np.uint64)]),
        "mails": np.concatenate([shared["mails"].astype(np.int64), np.array(added[3], np.int64)]),
    }


def _keys(shared: dict[str, Array], subjects: list[str]) -> Keys:
    """The keys of rows, and of each text the letters of its subject."""
    titles = [(row, key) for row, words in enumerate(subjects) if (key := subject_key(words))]
    rows = np.array([row for row, _ in titles], np.int64)
    return Keys(
        np.concatenate([shared["row"].astype(np.int64), rows]),
        np.concatenate([shared["kind"].astype(np.int64), np.full(len(rows), int(KeyKind.SUBJECT))]),
        np.concatenate([shared["key"].astype(np.uint64), np.array([key for _, key in titles], np.uint64)]),
        np.concatenate([shared["mails"].astype(np.int64), np.ones(len(rows), np.int64)]),
    )


def subject_key(words: str) -> int:
    """The key of what copies of a subject share: its letters without replies' marks, numbers and codes; 0 for few."""
    found = _REPLY.match(words)
    letters = template.normalise(words[found.end() :] if found else words)
    return content.key(letters.decode("utf-8", "replace")) if len(letters) >= _SHORT_SUBJECT else 0


def _with_asleep(units: campaign.Units, keys: Keys, asleep: list[Campaign], held: dict[int, list[Any]]
                 ) -> tuple[campaign.Units, Keys]:  # fmt: skip
    """The units with one more for each sleeping campaign: what its texts agreed on, and its keys."""
    if not asleep:
        return units, keys
    numbers = np.array([one.number for one in asleep], np.int64)
    rows = [(len(units) + place, *key) for place, one in enumerate(asleep) for key in held.get(one.number, ())]
    return campaign.Units(
        np.concatenate([units.number, numbers.astype(np.uint64)]),
        np.concatenate([units.sketch, np.stack([np.frombuffer(one.sketch, "<u4") for one in asleep])]),
        np.concatenate([units.words, [max(one.words, campaign.LEAST_WORDS) for one in asleep]]),
        np.concatenate([units.mails, [one.mails for one in asleep]]),
        np.concatenate([units.group, numbers]),
        np.concatenate([units.first, [one.first_day * DAY for one in asleep]]),
        np.concatenate([units.last, [(one.last_day + 1) * DAY for one in asleep]]),
    ), Keys(
        np.concatenate([keys.row, np.array([row[0] for row in rows], np.int64)]),
        np.concatenate([keys.kind, np.array([row[1] for row in rows], np.int64)]),
        np.concatenate([keys.key, np.array([row[2] for row in rows], np.uint64)]),
        np.concatenate([keys.mails, np.array([row[3] for row in rows], np.int64)]),
    )  # fmt: skip
