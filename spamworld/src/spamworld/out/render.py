"""From deliveries to what is stored: composed, written, packed into lines. A pure function of delivery, brief and seed.

The world is written in units, by the process itself or by workers; units are the same and taken over in order, so the
bytes do not depend on the number of workers.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, TypeVar

import msgspec

from spamworld import content, wire
from spamworld.content import Brief, Options
from spamworld.out import forms
from spamworld.out.files import Bundle, Frame, Made, Shelf
from spamworld.plan import Delivery, Line
from spamworld.world import World
from spamworld.world.answers import complaints
from spamworld.world.facts import Complaint

UNIT = 1500  # mails that a worker writes at a time
AHEAD = 3  # units under way for each worker
TRUTH = "truth/truth.jsonl.zst"
MOVES = "mail/people/moves.jsonl.zst"
REPORTS = "mail/people/reports.jsonl.zst"

_row = msgspec.json.Encoder(order="deterministic").encode


Task = Callable[[Shelf, World, int], None]
T = TypeVar("T")


class Job(NamedTuple):
    """What rendering depends on beside the delivery; sent to each worker once."""

    seed: int
    briefs: Mapping[int, Brief]
    traps: frozenset[str]
    options: Options


class Stored(NamedTuple):
    """One mail as it goes into files: where, its bytes there, its truth as a line, its size alone, what it is."""

    file: str
    piece: bytes
    truth: bytes
    size: int
    kind: str
    sha256: str


def one(job: Job, delivery: Delivery) -> Stored:
    """One delivery, written."""
    composed = content.compose(delivery, job.briefs.get(delivery.campaign), job.seed, job.options)
    stack = wire.stack(delivery, job.seed)
    raw = wire.write(delivery, composed, job.seed, stack)
    if delivery.intake in job.traps:
        file = f"mail/traps/{delivery.intake}.jsonl.zst"
        piece = forms.json_line(raw, wire.session(delivery, job.seed))
    else:
        raw = raw.replace(b"\r\n", b"\n")
        file = f"mail/people/{delivery.intake}/{folder(delivery)}.mboxrd.zst"
        piece = forms.mbox(raw, delivery.envelope_from, delivery.at)
    sha256 = hashlib.sha256(raw).hexdigest()
    return Stored(file, piece, truth(delivery, composed.truth, sha256, file, stack), len(raw), delivery.kind, sha256)


def folder(delivery: Delivery) -> str:
    """Where a person's mail lies in the end: as the filter sorted it, or where its owner moved it."""
    if delivery.moved:
        return "Junk" if delivery.moved == "to-junk" else "Inbox"
    return "Junk" if delivery.kind == "junk" else "Inbox"


def acts(found: Iterable[Complaint], sha256: str) -> Iterator[tuple[str, bytes]]:
    """What its owner did with a mail: moved it against the filter, or reported it; lines by file."""
    for act in found:
        row = {"at": act.at, "mailbox": act.intake, "sha256": sha256}
        if act.kind == "report":
            yield REPORTS, _row(row) + b"\n"
        else:
            places = ("Inbox", "Junk") if act.kind == "to-junk" else ("Junk", "Inbox")
            yield MOVES, _row({**row, "from": places[0], "to": places[1]}) + b"\n"


def truth(delivery: Delivery, content_truth: Mapping[str, Any], sha256: str, file: str, stack: Iterable[Line]) -> bytes:
    """The line of one mail in ``truth/truth.jsonl.zst``."""
    injector, handover = delivery.injector, delivery.handover
    received = [line for line in stack if line.text[:9].lower() == b"received:"]
    return _row(
        {
            "id": delivery.id,
            "file": file,
            "sha256": sha256,
            "at": delivery.at,
            "intake": delivery.intake,
            "kind": delivery.kind,
            "category": delivery.category,
            "injector": injector.address,
            "host": injector.id,
            "asn": injector.asn,
            "country": injector.country,
            "handover": handover.address,
            "handover_host": handover.id,
            "class": delivery.class_,
            "engine": delivery.engine,
            "strategy": delivery.strategy,
            "innocent": delivery.innocent,
            "account": delivery.account,
            "botnet": delivery.botnet,
            "campaign": delivery.campaign,
            "version": delivery.version,
            "spammer": delivery.spammer,
            "behind": delivery.behind,
            "mangled": delivery.mangled,
            "series": delivery.series,
            "list": delivery.list,
            "forwarder": delivery.forwarder,
            "signed": [[domain, selector] for domain, selector, _ in delivery.signed],
            "broken": delivery.broken,
            "sealed": delivery.forwarder if delivery.arc else "",
            "hops": [[line.genuine, line.host, line.address] for line in received],
            "content": content_truth,
        }
    ) + b"\n"  # fmt: skip


class Unit(NamedTuple):
    """A part of the work: some days of the world, or a slice of one day."""

    number: int
    first: int
    days: int
    part: int
    parts: int


class Done(NamedTuple):
    """What became of a unit: its bundle, and what was counted."""

    frames: list[Frame]
    mails: int
    size: int
    counts: dict[str, int]


def units(days: int, mails: int) -> list[Unit]:
    """A world in parts of about ``UNIT`` mails, in order; the same whatever the number of workers."""
    daily = max(1.0, mails / days)
    if daily >= UNIT:
        parts = max(1, round(daily / UNIT))
        return [Unit(day * parts + part, day, 1, part, parts) for day in range(days) for part in range(parts)]
    span = min(days, max(1, int(UNIT / daily)))
    return [Unit(n, first, min(span, days - first), 0, 1) for n, first in enumerate(range(0, days, span))]


class Writer:
    """Renders units; every worker process has its own."""

    def __init__(self, world: World, job: Job, folder: Path, written: Any, planned: tuple[int, list[Delivery]]) -> None:
        self.world, self.job, self.folder, self.written = world, job, folder, written
        self._day = planned

    def deliveries(self, unit: Unit) -> Iterator[Delivery]:
        """The mails of a unit, in order."""
        for day in range(unit.first, unit.first + unit.days):
            if self._day[0] != day:
                self._day = (day, self.world.day(day))
            mails = self._day[1]
            yield from mails[len(mails) * unit.part // unit.parts : len(mails) * (unit.part + 1) // unit.parts]

    def render(self, unit: Unit) -> Done:
        """Write one unit into its bundle."""
        bundle = Bundle(self.path(unit))
        counts: Counter[str] = Counter()
        size = mails = 0
        mine = list(self.deliveries(unit))
        done: dict[int, list[Complaint]] = {}
        for act in complaints(self.world.setting, mine):
            done.setdefault(act.delivery, []).append(act)
        for delivery in mine:
            stored = one(self.job, delivery)
            bundle.add(stored.file, stored.piece)
            bundle.add(TRUTH, stored.truth)
            for file, line in acts(done.get(delivery.id, ()), stored.sha256):
                bundle.add(file, line)
            counts[f"mails, {stored.kind}"] += 1
            mails += 1
            size += stored.size
            if mails % 50 == 0:
                with self.written.get_lock():
                    self.written.value += 50
        return Done(bundle.close(), mails, size, counts)

    def path(self, unit: Unit) -> Path:
        """Where its bundle is, until it is taken over."""
        return self.folder / f"unit-{unit.number}"


_writer: Writer | None = None


def _start(writer: Writer) -> None:
    global _writer
    _writer = writer


def _render(unit: Unit) -> Done:
    assert _writer is not None
    return _writer.render(unit)


def _task(task: Task, folder: Path) -> dict[str, Made]:
    assert _writer is not None
    shelf = Shelf(folder)
    task(shelf, _writer.world, _writer.job.seed)
    return shelf.close()


class Crew:
    """Workers that know one world: processes, or this one alone. Use it as a context."""

    def __init__(self, world: World, job: Job, workers: int, planned: tuple[int, list[Delivery]] = (-1, [])) -> None:
        """``planned`` is a day of the world with its mails, where one is known already."""
        self._scratch = TemporaryDirectory(prefix="spamworld-")
        context = get_context("fork")
        self._written = context.Value("L", 0)
        self._writer = Writer(world, job, Path(self._scratch.name), self._written, planned)
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1:
            self._pool = ProcessPoolExecutor(workers, context, _start, (self._writer,))
        else:
            _start(self._writer)

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._scratch.cleanup()

    def _submit(self, work: Callable[..., T], *words: object) -> Future[T]:
        if self._pool is not None:
            return self._pool.submit(work, *words)
        done: Future[T] = Future()
        done.set_result(work(*words))
        return done

    def tasks(self, wanted: Iterable[Task], folder: Path) -> list[Future[dict[str, Made]]]:
        """Start what writes files of its own into ``folder``; each gives what it made."""
        return [self._submit(_task, task, folder) for task in wanted]

    def render(self, parts: list[Unit], progress: Callable[[int], None]) -> Iterator[tuple[Path, Done]]:
        """Every unit in order with the path of its bundle, which is gone when the next one is asked for.

        ``progress`` is told how many mails are written, by all workers together.
        """
        rest = iter(parts)
        waiting: deque[tuple[Unit, Future[Done]]] = deque()
        ahead = self._workers * AHEAD if self._pool is not None else 1
        while True:
            while len(waiting) < ahead and (unit := next(rest, None)) is not None:
                waiting.append((unit, self._submit(_render, unit)))
            if not waiting:
                return
            unit, future = waiting.popleft()
            while not future.done():
                wait([future], timeout=0.2)
                progress(self._written.value)
            progress(self._written.value)
            yield self._writer.path(unit), future.result()
            self._writer.path(unit).unlink()


def processes() -> int:
    """Processes that this machine has use for."""
    return len(os.sched_getaffinity(0))
