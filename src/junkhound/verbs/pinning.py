"""The whole trace of each message that a listing pins, as JSON: made once, so that it outlives the code that made it.

The mails are hostile, so they are read in a confined child like any other; the parent holds the ledger.
"""

from __future__ import annotations

import mmap
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from enum import IntEnum, IntFlag
from typing import Any

import msgspec

from junkhound import complaint, trace
from junkhound.evidence import message
from junkhound.kernel.errors import DataError, NotFound
from junkhound.kernel.jail import Died, Jail, Limits
from junkhound.kernel.net import Address
from junkhound.ledger.listings import Listings
from junkhound.verbs import believing, intakes
from junkhound.verbs.office import Office
from junkhound.wire import segment

FORM = 1  # version of the JSON
HOPS = 200
_TRACER = "junkhound.verbs.pinning:start"
_BATCH = 500
_KILLED = '{"form":1,"error":"killed_parser"}'
_GONE = '{"form":1,"error":"gone"}'

Progress = Callable[[str, int, int], None]
Boundaries = dict[str, trace.Boundary]


def plain(value: Any) -> Any:
    """A value of the trace as JSON knows it: addresses as text, words for numbers."""
    if isinstance(value, Address):
        return str(value)
    if isinstance(value, IntFlag):
        return [flag.name.lower() for flag in type(value) if flag in value and flag.name]
    if isinstance(value, IntEnum):
        return value.name.lower()
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def told(record: segment.Record, boundaries: Boundaries) -> bytes:
    """The trace of one kept mail as JSON: its hops, and the verdict where the settings know the intake's relays.

    Of a complaint it is the mail that it shows, without a verdict: that was the complainant's word, not a path of ours.
    """
    intake = record.facts.origin.intake
    mail, border = record.mail, boundaries.get(intake)
    if intakes.is_complaints(intake):
        shown = complaint.read(mail).mails
        mail, border = (shown[0].octets if shown else b""), None
    hops = trace.read(message.parse(mail))
    verdict = None if border is None else plain(trace.judge(hops, border, record.facts))
    return msgspec.json.encode({"form": FORM, "verdict": verdict, "hops": [plain(hop) for hop in list(hops)[:HOPS]]})


def start(boundaries: Boundaries) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    """Called once in the child; the work yields one trace for each record from the place asked for on."""

    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        first = int.from_bytes(request, "big")
        buffer = mmap.mmap(fd, 0, prot=mmap.PROT_READ)
        for place, record in enumerate(segment.records(memoryview(buffer))):
            if place >= first:
                mark(place)
                yield told(record, boundaries)

    return work


class Tracer:
    """Traces kept mails in a confined child (in this process where the settings say so)."""

    def __init__(self, office: Office) -> None:
        network, trust = office.config.network, believing.trust(office.config)
        self.boundaries = {
            plan.name: trace.boundary(
                plan.relays, network.own, allow_documentation=network.allow_documentation, trust=trust
            )
            for plan in intakes.plans(office).values()
            if plan.relays or plan.name in office.config.traps
        }
        # As its rows were judged, be it by a command line's relays.
        for name, analysis in office.ledger.judged().items():
            if (border := intakes.boundary_of(office, name, analysis)) is not None:
                self.boundaries[name] = border
        engine = office.config.engine
        limits = Limits(memory_mb=engine.parser_memory_mb, item_s=engine.parser_mail_s)
        self.jail = Jail(_TRACER, self.boundaries, limits) if engine.isolate else None

    def close(self) -> None:
        """End the child."""
        if self.jail is not None:
            self.jail.close()

    def trace(self, records: Sequence[segment.Record]) -> list[str]:
        """One JSON text for each record, in their order; a mail that kills its parser gets one that says so."""
        if self.jail is None:
            return [told(record, self.boundaries).decode() for record in records]
        fd = os.memfd_create("pinned")
        try:
            with open(fd, "wb", closefd=False) as file:
                file.writelines(record.frame for record in records)
            return self._confined(self.jail, fd, len(records))
        finally:
            os.close(fd)

    @staticmethod
    def _confined(jail: Jail, fd: int, count: int) -> list[str]:
        done: list[str] = []
        deaths: Counter[int] = Counter()
        while len(done) < count:
            try:
                for frame in jail.run(fd, len(done).to_bytes(4, "big")):
                    done.append(_checked(frame))  # noqa: PERF401 - what came before a death stays
                if len(done) < count:
                    raise DataError(f"a parser told {len(done)} of {count} traces")
            except Died:
                deaths[len(done)] += 1
                if deaths[len(done)] >= 2:
                    done.append(_KILLED)
        return done[:count]


def _checked(frame: bytes) -> str:
    """A frame decoded strictly: whoever sent it has parsed hostile mail."""
    try:
        said = msgspec.json.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DataError(f"a parser sent what is no trace: {error}") from None
    if not isinstance(said, dict) or said.get("form") != FORM:
        raise DataError("a parser sent what is no trace")
    return frame.decode()


def keep_traces(office: Office, name: str, progress: Progress) -> list[str]:
    """Trace what listings of a list pin and have no trace of yet; the pinned mails that could not be read, in words."""
    book = Listings(office.ledger.state)
    waiting = book.untraced(name)
    unreadable: list[str] = []
    if not waiting:
        return unreadable
    tracer = Tracer(office)
    try:
        for at in range(0, len(waiting), _BATCH):
            progress(f"tracing what {name} pins", at, len(waiting))
            some = waiting[at : at + _BATCH]
            found = [(place, _read(office, place, unreadable)) for place in some]
            read = [(place, record) for place, record in found if isinstance(record, segment.Record)]
            told_of = tracer.trace([record for _, record in read])
            traced = [(*place, text) for (place, _), text in zip(read, told_of, strict=True)]
            # What was erased is not asked for again in every round: a tombstone says what became of it.
            book.keep_traces(traced + [(*place, _GONE) for place, record in found if record == _GONE])
    finally:
        tracer.close()
    return unreadable


def _read(office: Office, place: tuple[str, int, int], unreadable: list[str]) -> segment.Record | str | None:
    """The kept mail; what to say of one that is gone; None for one that is not what was sealed."""
    owner, number, ordinal = place
    try:
        return office.ledger.packs.read(number, ordinal)
    except NotFound:
        return _GONE
    except DataError as error:
        unreadable.append(f"{owner}: {error.message}")
        return None
