"""One segment judged, packed and put into the store: the unit of work that every engine runs.

The worker holds store access and never parses mail; a confined child does (``kernel.jail``). Objects are put
before anything names them, under names that a second run finds taken, so a unit may run twice and count once.
"""

from __future__ import annotations

import mmap
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from junkhound import sighting
from junkhound.kernel.config import Config
from junkhound.kernel.errors import DataError
from junkhound.kernel.jail import Died, Jail, Limits
from junkhound.ledger import objects
from junkhound.ledger.entry import ObjectEntry, PackEntry, UnitEntry
from junkhound.ledger.packs import Packs, write_pack
from junkhound.ledger.spool import Spool
from junkhound.ledger.store import open_store
from junkhound.tables import Kind
from junkhound.verbs.parser import Orders, Request, judge
from junkhound.verbs.rows import TABLES, Chunk, Rows, decoded
from junkhound.verbs.task import Task
from junkhound.wire import segment as segments

PARSER = "junkhound.verbs.parser:start"
"""What runs in the confined child."""


class UnitOfWork:
    """Judges segments; one in each worker, with one parser process of its own."""

    def __init__(self, config: Config, orders: Orders) -> None:
        self.store = open_store(config.store.objects, config.home)
        self.spool = Spool(config.home, config.store)
        self.packs = Packs(self.store)
        engine = config.engine
        limits = Limits(memory_mb=engine.parser_memory_mb, item_s=engine.parser_mail_s)
        self.jail = Jail(PARSER, orders, limits) if engine.isolate else None
        self.rules = None if engine.isolate else orders.rules()

    def close(self) -> None:
        """End the parser process."""
        if self.jail is not None:
            self.jail.close()

    def __call__(self, task: Task) -> UnitEntry:
        """Judge one segment. Errors: DataError for a damaged one, Temporary where the store cannot take it."""
        segment = int(task.name, 16)
        with self._opened(task) as (fd, ordinals):
            rows = Rows()
            for chunk in self._judged(fd, Request(segment, skip=task.skip, ordinals=ordinals)):
                rows.add(chunk)
            pack = None if task.packed else self._pack(task, fd)
        again = self.store.exists(objects.fresh_path(task.ingested_at, task.name, task.version, "sightings"))
        put = tuple(self._put(task, rows))
        return UnitEntry(
            segment=segment,
            segment_name=task.name,
            objects=put,
            pack=pack,
            names=tuple(sorted(rows.names)),
            intakes=tuple((intake, analysis, count) for (intake, analysis), count in sorted(rows.intakes.items())),
            rows=rows.rows,
            counts=dict(rows.counts),
            ids=b"" if again else rows.ids(),
            complaints=tuple(rows.complaints),
        )

    @contextmanager
    def _opened(self, task: Task) -> Iterator[tuple[int, tuple[int, ...] | None]]:
        """The segment as a file of records, with their ordinals where they are not 0, 1, 2."""
        ordinals: tuple[int, ...] | None = None
        if task.packed:
            fd = os.memfd_create(task.name)
            found = []
            with open(fd, "wb", closefd=False) as file:
                for record in self.packs.records(task.name):
                    file.write(record.frame)
                    found.append(record.ordinal)
            ordinals = tuple(found)
        else:
            fd = os.open(self.spool.path(task.name), os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield fd, ordinals
        finally:
            os.close(fd)

    def _judged(self, fd: int, request: Request) -> Iterator[Chunk]:
        if self.jail is None:
            assert self.rules is not None
            yield from judge(fd, request, self.rules, lambda place: None)
            return
        deaths: Counter[int] = Counter()
        while True:
            try:
                for frame in self.jail.run(fd, msgspec.msgpack.encode(request)):
                    chunk = self._checked(frame)
                    request = msgspec.structs.replace(request, start=chunk.end)
                    yield chunk
                return
            except Died as died:
                place = max(died.item, request.start)
                deaths[place] += 1
                if deaths[place] > _DEATHS:
                    raise DataError(
                        f"the parser dies at mail {place} of segment {request.segment:016x} even unread: {died.why}",
                        "it stays in the spool; run junkhound check, and tell us of it",
                    ) from None
                if deaths[place] >= 2:  # kept, with its defect, and not tried again
                    ordinal = place if request.ordinals is None else request.ordinals[place]
                    request = msgspec.structs.replace(request, killed=(*request.killed, ordinal))

    def _checked(self, frame: bytes) -> Chunk:
        """A frame decoded strictly: whoever sent it has parsed hostile mail."""
        try:
            return decoded(frame)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise DataError(f"a parser sent what is no batch of rows: {error}") from None

    def _pack(self, task: Task, fd: int) -> PackEntry | None:
        if os.fstat(fd).st_size == 0:
            return None
        skip = frozenset(task.skip)

        def keep(record: segments.Record) -> bool:
            return record.ordinal not in skip and record.facts.origin.kind not in _UNPACKED

        buffer = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
        return write_pack(self.store, task.name, segments.records(memoryview(buffer)), keep)

    def _put(self, task: Task, rows: Rows) -> Iterator[ObjectEntry]:
        for name, table in TABLES.items():
            if columns := rows.table(name):
                path = objects.fresh_path(task.ingested_at, task.name, task.version, name)
                yield objects.write(self.store, table, columns, path)


_DEATHS = 4
"""Two reading a mail, and two keeping it unread."""

_UNPACKED = frozenset(int(kind) for kind in (*sighting.SPARSE, *sighting.WITHOUT_MAIL))
assert Kind.JUNK not in _UNPACKED
