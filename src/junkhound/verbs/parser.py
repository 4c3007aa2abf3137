"""The parser process: maps one segment read-only, judges it in chunks, and sends the rows back.

It runs inside ``kernel.jail``; nothing here opens a file or keeps anything between segments.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from junkhound import sighting
from junkhound.attribution import DatedTables, RouteTable, embedded
from junkhound.wire import segment as segments

CHUNK = 128
"""Mails in one frame: what is done anew when a mail kills the parser."""


class Request(msgspec.Struct, frozen=True, array_like=True):
    """Which mails of the segment to judge: from place ``start`` on, but not ``skip``; ``killed`` are not parsed.

    ``ordinals`` gives each record's ordinal where they are not 0, 1, 2 (a pack without its good mail).
    """

    segment: int
    start: int = 0
    skip: tuple[int, ...] = ()
    killed: tuple[int, ...] = ()
    ordinals: tuple[int, ...] | None = None


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """Rows of the records before place ``end``."""

    end: int
    batch: sighting.Batch


@dataclass(frozen=True)
class Orders:
    """What a parser is started with: how to judge, and the route tables to load before it is confined."""

    hub_key: bytes
    intakes: dict[str, sighting.IntakeRules]
    routes: tuple[tuple[int, str, str], ...] = ()

    def rules(self) -> sighting.Rules:
        """Make the rules; route tables (number, date, file; no file means the embedded one) load when needed."""
        refs = [(number, date, partial(_table, number, path)) for number, date, path in self.routes]
        return sighting.Rules(self.hub_key, self.intakes, DatedTables(refs) if refs else None)


def _table(number: int, path: str) -> RouteTable:
    return RouteTable.from_bytes(Path(path).read_bytes(), number) if path else embedded()


def start(orders: Orders) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    """Called once in the child: loads, and returns the work function of ``kernel.jail``."""
    rules = orders.rules()
    decode = msgspec.msgpack.Decoder(Request).decode
    encode = msgspec.msgpack.Encoder().encode

    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        for chunk in judge(fd, decode(request), rules, mark):
            yield encode(chunk)

    return work


def judge(fd: int, request: Request, rules: sighting.Rules, mark: Callable[[int], None]) -> Iterator[Chunk]:
    """Judge the records of an open segment file, a chunk at a time."""
    if os.fstat(fd).st_size == 0:
        return
    skip, killed = frozenset(request.skip), frozenset(request.killed)
    buffer = mmap.mmap(fd, 0, prot=mmap.PROT_READ)  # unmapped when the last record is let go
    pending: list[segments.Record] = []
    place = -1
    for place, record in enumerate(segments.records(memoryview(buffer))):
        if place < request.start:
            continue
        pending.append(record)
        if len(pending) == CHUNK:
            yield _chunk(pending, place, request, rules, mark, skip, killed)
            pending = []
    if pending:
        yield _chunk(pending, place, request, rules, mark, skip, killed)


def _chunk(
    records: list[segments.Record], last: int, request: Request, rules: sighting.Rules, mark: Callable[[int], None],
    skip: frozenset[int], killed: frozenset[int],
) -> Chunk:  # fmt: skip
    first = last + 1 - len(records)

    def deliveries() -> Iterator[sighting.Delivery]:
        for place, record in enumerate(records, first):
            ordinal = place if request.ordinals is None else request.ordinals[place]
            if ordinal not in skip:
                mark(place)
                yield sighting.Delivery(request.segment, ordinal, record.sha256, record.mail, record.facts)

    return Chunk(last + 1, sighting.judge(deliveries(), rules, killed))
