"""Take mail in: files become segments, segments become rows, and every mail counts once.

The parent reads, knows what is known and commits; workers judge. A mail is in the ledger when its segment's
manifest row is committed; until then its segment stays in the spool, and the next run finishes it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import islice
from threading import Event

import numpy as np
from msgspec import structs

from junkhound import sighting
from junkhound.intake import Mail, Problem, folder_kind, open_sources
from junkhound.intake import watch as maildir
from junkhound.kernel.clock import DAY
from junkhound.kernel.errors import JunkhoundError, Temporary, UsageError
from junkhound.ledger import outdated
from junkhound.ledger.entry import UnitEntry
from junkhound.ledger.spool import SegmentWriter, name_of
from junkhound.tables import Kind, Standing
from junkhound.verbs import data, intakes
from junkhound.verbs.judge import Done, Judge, tidy
from junkhound.verbs.office import Office
from junkhound.verbs.task import Task
from junkhound.wire import jsonl
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient

SETTLED = 4
"""Segments that are committed together: a transaction costs as much as half a segment's other work in this process."""

LOOKED_UP = 512
"""Mails whose ids are looked up together."""

Progress = Callable[[int, int, int], None]
"""(bytes read, bytes in all or 0, mails read) so far."""


@dataclass(frozen=True)
class Request:
    """What to take in, and as what.

    ``kind`` None means: a folder named Junk or Spam is junk, anything else unsorted. ``paths`` may be empty: then
    only what waits in the spool is judged. ``complaints`` says that it is mail in which others complain to us;
    ``complainant`` names the one of the settings who sent it all, by the word of whoever runs this.
    """

    paths: tuple[str, ...] = ()
    kind: Kind | None = None
    mailbox: str | None = None
    trap: str | None = None
    relays: tuple[str, ...] = ()
    complaints: bool = False
    complainant: str | None = None


@dataclass
class Report:
    """What became of it. ``counts`` are of new rows: by kind, path and defect."""

    read: int = 0
    added: int = 0
    known: int = 0
    rejudged: int = 0
    recovered: int = 0
    bytes: int = 0
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    no_boundary: list[str] = field(default_factory=list)


def ingest(
    office: Office, request: Request, progress: Progress | None = None, mails: Iterable[Mail] | None = None
) -> Report:
    """Take everything in and commit it; ``mails`` instead of the paths where the caller has read them.

    Errors: Temporary at a full disk or spool; what was committed stays.
    """
    started = time.monotonic()
    run = _Run(office, request, progress or (lambda done, total, mails: None), mails)
    try:
        run.work()
    finally:
        run.close()
    run.report.seconds = time.monotonic() - started
    return run.report


class _Run:
    """One ingest: the parent's side."""

    def __init__(self, office: Office, request: Request, progress: Progress, mails: Iterable[Mail] | None) -> None:
        self.mails = mails
        self.office = office
        self.request = request
        self.progress = progress
        self.report = Report()
        self.ledger = office.ledger
        mailbox = _complaints(office, request) if request.complaints or request.complainant else request.mailbox
        self.name = request.trap or mailbox or intakes.DEFAULT
        self.orders = intakes.orders(
            office, intakes.plans(office, mailbox, request.trap, request.relays), data.route_tables(office)
        )
        self.rules = self.orders.intakes[self.name]
        self.domains = frozenset(domain.lower() for domain in self.rules.domains)
        self.judge = Judge(office, self.orders)
        self.in_flight: set[bytes] = set()
        self.open_ids: dict[str, list[bytes]] = {}  # ids in segments that are not committed yet
        number = sighting.number(self.ledger.key, "intake", self.name)
        self.intake = {number: self.rules.analysis}
        self.packs = outdated.packs(self.ledger, number, self.rules.analysis)
        self.outdated = outdated.unkept(self.ledger, number, self.rules.analysis)
        self.mixed: set[str] = set()  # segments with mail that is judged anew from its file
        self.anew: list[UnitEntry] = []
        self.claimed: list[str] = []
        self.done: list[Done] = []  # judged, and soon to be committed
        self._plain: dict[tuple[str, bool], Facts] = {}  # what is known of mails of which nothing is known

    def close(self) -> None:
        """End the workers, then give back the segments that were not finished."""
        self.judge.close()
        for name in self.claimed:
            self.ledger.spool.release(name)

    def work(self) -> None:
        """Judge what waits, read what is new, judge anew what was judged under other settings."""
        if self.rules.boundary is None and not self.rules.complaints:
            self.report.no_boundary.append(self.name)
        tasks = self._tasks()
        try:
            for done in self.judge.judged(tasks):
                self._count(done)
        except BaseException:  # also Ctrl-C: what is judged is not to be judged again
            with suppress(Temporary):  # after a failure its writer may fail too, and the first error is the one to tell
                tasks.close()
            with suppress(JunkhoundError):
                self._settle()
            raise
        self._settle()
        if self.anew:
            rows = self.ledger.commit(self.anew, self.intake).rows
            self.report.added += rows - self.report.rejudged
            for entry in self.anew:
                self.ledger.spool.discard(entry.segment_name)
        self.judge.close()  # so that merging has the memory that they had
        tidy(self.office)

    def _count(self, done: Done) -> None:
        """Commit a segment, or keep it for the commit of all that was judged anew."""
        if done.task.packed or done.task.name in self.mixed:
            self.report.counts.update(done.entry.counts)
            self.report.rejudged += done.entry.rows if done.task.packed else 0
            self.anew.append(done.entry)  # committed together: each such commit reads every object once
            return
        self.done.append(done)
        if len(self.done) >= SETTLED:
            self._settle()

    def _settle(self) -> None:
        if not self.done:
            return
        done, self.done = self.done, []
        added, known = self.judge.settle(done, self.report.counts)
        self.report.added += added
        self.report.known += known
        for one in done:
            self.in_flight.difference_update(self.open_ids.pop(one.task.name, ()))

    # --- reading ------------------------------------------------------------------------------------------

    def _tasks(self) -> Generator[Task, None, None]:
        """Segments as they are ready: what an earlier run or the pipe left, the files, packs to judge anew."""
        now = self.office.now
        spool = self.ledger.spool
        spool.recover()
        for name in spool.sealed():
            if self._claim(name):
                self.report.recovered += 1
                yield Task(name, now)
        if self.request.paths or self.mails is not None:
            with spool.writer() as writer:
                yield from self._read(writer)
            yield from self._sealed(writer)
        for name in self.packs:
            yield Task(name, now, packed=True, version=1 + self.rules.analysis)

    def _read(self, writer: SegmentWriter) -> Iterator[Task]:
        report = self.report
        mails = self.mails
        if mails is None:
            limits = self.office.config.intake
            mails = open_sources(
                self.request.paths, limits, report.skipped, self._seen, self._problem, reports=self.rules.complaints
            )
        number, held = 0, list[bytes]()
        for batch in _batches(self._prepared(mails), LOOKED_UP):
            for facts, payload, digest, identity in self._unknown(batch):
                segment, _ = writer.append(facts, payload, digest)
                if segment != number:
                    number, held = segment, self.open_ids.setdefault(name_of(segment), [])
                held.append(identity)
                self.in_flight.add(identity)
                if identity in self.outdated:
                    self.outdated.discard(identity)
                    self.mixed.add(name_of(segment))
                    report.rejudged += 1
                if writer.sealed:
                    yield from self._sealed(writer)

    def _sealed(self, writer: SegmentWriter) -> Iterator[Task]:
        while writer.sealed:
            name = writer.sealed.pop()
            if self._claim(name):  # else a run beside us was faster, and judges it
                yield Task(name, self.office.now)

    def _claim(self, name: str) -> bool:
        if not self.ledger.spool.claim(name):
            return False
        self.claimed.append(name)
        return True

    def _prepared(self, mails: Iterable[Mail]) -> Iterator[Item]:
        report, name, identity = self.report, self.name, sighting.sighting_id
        for mail in mails:
            payload = mail.payload
            facts = self._plain.get((mail.folder, mail.truncated)) if mail.facts is None else self._facts(mail)
            if facts is None:
                facts = self._plain[mail.folder, mail.truncated] = self._facts(mail)
            digest = sha256(payload).digest()
            report.read += 1
            report.bytes += len(payload)
            yield facts, payload, digest, identity(digest, name, facts.origin.arrival)
            if not report.read % LOOKED_UP:
                self._plain.clear()  # its clock moves on

    def _unknown(self, batch: list[Item]) -> Iterator[Item]:
        """The mails of a batch that are not in the ledger, each once.

        Good and unsorted mail has no pack: where the settings changed since, it is judged anew from its file.
        """
        ids = np.frombuffer(b"".join(item[3] for item in batch), ">u8").reshape(-1, 2).astype(np.uint64)
        known = self.ledger.known(ids[:, 0], ids[:, 1])
        if known.all() and not self.outdated:
            self.report.known += len(batch)
            return
        for item, is_known in zip(batch, known.tolist(), strict=True):
            identity = item[3]
            if identity in self.in_flight or (is_known and identity not in self.outdated):
                self.report.known += 1
            else:
                yield item

    def _facts(self, mail: Mail) -> Facts:
        kind = self.request.kind
        if kind is None:
            ours = self.rules.standing is Standing.TRAP or self.rules.complaints  # what one shows has its own kind
            kind = Kind.JUNK if ours else folder_kind(mail.folder)
        now = self.office.now
        if mail.facts is None:
            return Facts(Origin(None, now, self.name, int(kind), True, truncated=mail.truncated))
        found = mail.facts
        if found.get("received_at", now) > now + DAY:  # a clock that runs ahead of ours is no clock
            found = {name: value for name, value in found.items() if name != "received_at"}
            self.report.skipped["bad_fact"] += 1
            self._problem(Problem(mail.locator, '"received_at" is in the future and left out', "bad_fact"))
        facts = jsonl.facts_of(found, self.name, int(kind), now, truncated=mail.truncated)
        return self._with_traps(facts) if self.domains else facts

    def _with_traps(self, facts: Facts) -> Facts:
        """Every recipient in a trap's own domains is a trap, whatever the file says."""
        said = facts.envelope
        recipients = tuple(structs.replace(r, trap=r.trap or _domain(r) in self.domains) for r in said.recipients)
        return structs.replace(facts, envelope=Envelope(said.mail_from, recipients))

    def _problem(self, problem: Problem) -> None:
        self.report.problem_count += 1
        if len(self.report.problems) < SHOWN:
            self.report.problems.append(problem)

    def _seen(self, done: int, total: int | None) -> None:
        self.progress(done, total or 0, self.report.read)


def _complaints(office: Office, request: Request) -> str:
    """The intake of a run over complaints. Errors: UsageError for who is not enrolled, or another intake beside it."""
    if request.mailbox or request.trap:
        raise UsageError("complaints belong to no mailbox or trap", "leave --mailbox and --trap out")
    if request.complainant is None:
        return intakes.COMPLAINTS
    if request.complainant not in office.config.complainants:
        known = ", ".join(sorted(office.config.complainants)) or "none"
        raise UsageError(
            f"nobody called {request.complainant!r} is enrolled",
            f"write [complainants.{request.complainant}] into the settings; known: {known}",
        )
    return intakes.from_complainant(request.complainant)


Item = tuple[Facts, bytes, bytes, bytes]
"""The facts of a mail, its bytes, its sha256 and its sighting id."""

WATCHED = 1000
"""Mails of watched folders that are taken in together."""

SHOWN = 1000
"""Problems that a report lists; all are counted."""


def _domain(recipient: Recipient) -> str:
    return recipient.address.rpartition(b"@")[2].lower().decode("ascii", "replace")


def _batches(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while batch := list(islice(items, size)):
        yield batch


def watch(office: Office, request: Request, stop: Event, poll_s: float = 1.0) -> Iterator[Report]:
    """Take in what stands in the Maildirs ``request.paths``, then new mail as it comes, until ``stop`` is set.

    One report a batch. Errors: NotFound for a path that is no Maildir, UsageError for none at all.
    """
    if not request.paths:
        raise UsageError("nothing to watch", "name one or more Maildirs")
    limits, skipped, problems = office.config.intake, Counter[str](), list[Problem]()
    each_s = poll_s / len(request.paths)
    folders = [maildir(path, stop, each_s, limits, skipped, problems.append) for path in request.paths]
    arrived: list[Mail] = []
    while not stop.is_set():
        for folder in folders:
            while (mail := next(folder, None)) is not None and len(arrived) < WATCHED:
                arrived.append(mail)
        if arrived or problems:
            report = ingest(office, replace(request, paths=()), mails=arrived)
            report.skipped.update(skipped)
            report.problems += problems
            report.problem_count += len(problems)
            arrived = []
            skipped.clear()
            problems.clear()
            yield report
