"""The parser process: maps one segment read-only, judges it in chunks, and sends the rows back.

It runs inside ``kernel.jail``; nothing here opens a file or keeps anything between segments.
"""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from junkhound import sighting, trace
from junkhound.attribution import DatedTables, RouteTable
from junkhound.complaint import outlook
from junkhound.kernel import net
from junkhound.ledger.entry import ComplaintEntry
from junkhound.verbs import complaining, rows
from junkhound.verbs.rows import Chunk, encoded
from junkhound.wire import segment as segments
from junkhound.wire.facts import Facts, Origin

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


@dataclass(frozen=True)
class Orders:
    """What a parser is started with: how to judge, and the route tables to load before it is confined."""

    hub_key: bytes
    intakes: dict[str, sighting.IntakeRules]
    routes: tuple[tuple[int, str, Callable[[], RouteTable]], ...] = ()
    seen: trace.Seen = trace.NOTHING

    def rules(self) -> sighting.Rules:
        """Make the rules; route tables (number, date, loader) load when they are needed."""
        return sighting.Rules(self.hub_key, self.intakes, DatedTables(self.routes) if self.routes else None, self.seen)


def start(orders: Orders) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    """Called once in the child: loads, and returns the work function of ``kernel.jail``."""
    rules = orders.rules()
    warm(rules)
    decode = msgspec.msgpack.Decoder(Request).decode

    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        for chunk in judge(fd, decode(request), rules, mark):
            yield encoded(chunk)

    return work


def warm(rules: sighting.Rules) -> None:
    """Judge a first mail, so that modules and today's route table are loaded before anything is limited or timed."""
    now = time.time_ns() // 1000
    facts = Facts(Origin(net.v4(0x08080808).packed, now, "", imported=True))
    mail = b"Received: from a by b; Thu, 4 May 2006 03:02:01 +0000\r\n\r\nhttp://example.org/\r\n"
    sighting.judge([sighting.Delivery(0, 0, bytes(32), mail, facts)], rules)
    outlook.prepare()


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

    found: list[ComplaintEntry] = []

    def deliveries() -> Iterator[sighting.Delivery]:
        for place, record in enumerate(records, first):
            ordinal = place if request.ordinals is None else request.ordinals[place]
            if ordinal not in skip:
                mark(place)
                one = sighting.Delivery(request.segment, ordinal, record.sha256, record.mail, record.facts)
                if ordinal not in killed and record.mail and rules.of(record.facts.origin.intake).complaints:
                    yield from complaining.expand(one, rules, found)
                else:
                    yield one

    def again(ordinal: int) -> None:
        mark(ordinal if places is None else places[ordinal])

    places = None if request.ordinals is None else {one: place for place, one in enumerate(request.ordinals)}
    return rows.chunk(last + 1, sighting.judge(deliveries(), rules, killed, again), found)
