"""One log, followed as ``tail -F`` does, with a memory that outlasts the process.

A file is known by the hash of its first line, not by its name or inode: a rotated log keeps it, also when it is
compressed, and a new one has another. Where two files begin alike, or one is written anew under our eyes, the bytes
before the remembered place tell: they must be those that were read. Only whole lines are given.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from glob import escape, glob
from hashlib import sha256

import msgspec

from junkhound.intake.unpack import MAGIC, Broken, Gauge, Unpacked
from junkhound.kernel import config

CHUNK = 4 << 20  # bytes given at a time
LONGEST = 64 * 1024  # of a line; what is longer is passed over
FIRST = 4096  # bytes of the first line that are hashed
TAIL = 256  # bytes before the place that are compared

Warn = Callable[[str], None]


class Place(msgspec.Struct, frozen=True):
    """How far a file was read: by its first line's hash, its ``turn`` (how often it began anew), and the bytes before.

    ``pending`` is how far a chunk goes that was begun and may not be on the disk yet: it is read again to that very
    place, so that it becomes the same rows.
    """

    file: str
    turn: int = 0
    offset: int = 0
    tail: str = ""
    pending: int | None = None


class Chunk(msgspec.Struct, frozen=True):
    """Whole lines, where they begin (with the hash of the bytes before), and the place behind them."""

    lines: bytes
    start: int
    place: Place
    before: str = ""


class LogFile:
    """One path: what stands in it and its rotated elders that was not read yet, then what is appended.

    ``places`` are the remembered ones by file; ``appended`` keeps the file open over a rotation, ``whole`` does not.
    """

    def __init__(
        self, path: str, places: dict[str, Place], limits: config.Intake, warn: Warn = lambda words: None
    ) -> None:
        self.path = path
        self._places = places
        self._limits = limits
        self._warn = warn
        self._handle: int | None = None
        self._place: Place | None = None

    def close(self) -> None:
        """Let the file go."""
        if self._handle is not None:
            os.close(self._handle)
        self._handle = self._place = None

    def elders(self) -> list[str]:
        """Rotated files of this path that come before it and have lines we have not read: oldest first.

        Only where this path was read before: whoever begins to follow a log does not want its whole past.
        """
        known = [place.file for place in self._places.values()]
        if not known:
            return []
        found = []
        for name in glob(f"{escape(self.path)}[.-]*"):
            try:
                found.append((os.stat(name).st_mtime_ns, name))
            except OSError:
                continue
        names = [name for _, name in sorted(found)]
        seen = [n for n, name in enumerate(names) if (mark := fingerprint(self._start(name))) and mark in known]
        return names[max(seen) :] if seen else []

    def _start(self, name: str) -> bytes:
        try:
            with open(name, "rb") as file:
                head = file.read(FIRST * 4)
        except OSError:
            return b""
        if _form(head):
            return next(self._unpacked(name, FIRST), b"")
        return head

    def whole(self, name: str = "") -> Iterator[Chunk]:
        """What is unread in a file as it stands now, packed or not; an unfinished last line waits, if it may grow."""
        name = name or self.path
        try:
            with open(name, "rb") as file:
                packed = _form(file.read(8))
        except OSError as error:
            self._warn(f"{name}: {error.strerror or error}")
            return
        if packed:
            yield from self._packed(name)
            return
        handle = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            place = self._known(handle)
            while place is not None and (chunk := self._next(handle, place)) is not None:
                yield chunk
                place = self._remember(chunk.place)
        finally:
            os.close(handle)

    def appended(self) -> Iterator[Chunk]:
        """What was appended since the last call; through a rotation to the new file, once the old one is read."""
        if self._handle is None and not self._open():
            return
        while self._handle is not None:
            if self._place is None:
                self._place = self._known(self._handle)
            while self._place is not None and (chunk := self._next(self._handle, self._place)) is not None:
                yield chunk
                self._place = self._remember(chunk.place)
            if not self._renamed():
                self._begin_anew()
                return
            os.close(self._handle)  # read to its end, and nobody writes to it any more
            self._handle = self._place = None
            self._open()

    def _remember(self, place: Place) -> Place:
        self._places[place.file] = place
        return place

    def _open(self) -> bool:
        try:
            self._handle = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return False  # between two files of a rotation, or not there yet
        return True

    def _renamed(self) -> bool:
        """Whether another file stands under our path, or none."""
        assert self._handle is not None
        try:
            now = os.stat(self.path)
        except OSError:
            return False  # it may come back; until then we hold what we have
        here = os.fstat(self._handle)
        return (now.st_dev, now.st_ino) != (here.st_dev, here.st_ino)

    def _begin_anew(self) -> None:
        """Where the file was cut to nothing (``copytruncate``), it begins again."""
        assert self._handle is not None
        if self._place is not None and os.fstat(self._handle).st_size < self._place.offset:
            self._place = None

    def _known(self, handle: int) -> Place | None:
        """The place to read on from; None where the file has no whole line yet."""
        mark = fingerprint(os.pread(handle, FIRST, 0))
        if not mark:
            return None
        place = self._places.get(mark)
        if place is None:
            return Place(mark)
        if os.fstat(handle).st_size < place.offset or _tail(handle, place.offset) != place.tail:
            return Place(mark, place.turn + 1)  # begins alike, and is another
        return place

    def _next(self, handle: int, place: Place) -> Chunk | None:
        """The next whole lines behind a place, to its pending end where it has one."""
        if _tail(handle, place.offset) != place.tail:
            mark = fingerprint(os.pread(handle, FIRST, 0))
            if not mark:
                return None
            place = Place(
                mark, place.turn + 1 if mark == place.file else self._places.get(mark, Place(mark, -1)).turn + 1
            )
        size = CHUNK if place.pending is None else place.pending - place.offset
        octets = os.pread(handle, size, place.offset)
        end = len(octets) if place.pending is not None else octets.rfind(b"\n") + 1
        if not end and len(octets) >= CHUNK:
            end = len(octets)  # a line longer than any daemon writes: it is passed over
        if not end:
            return None
        stop = place.offset + end
        return Chunk(octets[:end], place.offset, Place(place.file, place.turn, stop, _tail(handle, stop)), place.tail)

    def _packed(self, name: str) -> Iterator[Chunk]:
        """A compressed file is whole: also its last line counts."""
        start, rest, place = 0, b"", None
        for octets in self._unpacked(name, CHUNK):
            rest += octets
            if place is None:
                mark = fingerprint(rest[:FIRST]) or fingerprint(rest[:FIRST] + b"\n")
                place = self._places.get(mark) or Place(mark)
            end = rest.rfind(b"\n") + 1
            if end and start + end > place.offset:
                yield from self._piece(rest[:end], start, place)
                place = self._remember(Place(place.file, place.turn, start + end, place.tail))
            start, rest = start + end, rest[end:]
        if place is not None and rest and start + len(rest) > place.offset:
            yield from self._piece(rest, start, place)
            self._remember(Place(place.file, place.turn, start + len(rest), place.tail))

    def _piece(self, octets: bytes, start: int, place: Place) -> Iterator[Chunk]:
        skip = max(0, place.offset - start)
        tail = sha256(octets[-TAIL:]).hexdigest()[:16] if len(octets) >= TAIL else ""
        yield Chunk(octets[skip:], start + skip, Place(place.file, place.turn, start + len(octets), tail), place.tail)

    def _unpacked(self, name: str, size: int) -> Iterator[bytes]:
        limits = self._limits
        gauge = Gauge(limits.archive_limit_mb * 1_000_000, limits.archive_ratio, limits.archive_members)
        with open(name, "rb") as file:

            def read(wanted: int) -> bytes:
                octets = file.read(wanted)
                gauge.took(len(octets))
                return octets

            head = file.read(8)
            file.seek(0)
            form = _form(head)
            unpacked = Unpacked(read, form, gauge, 0, self._warn)
            try:
                while octets := unpacked.read(size):
                    yield octets
            except Broken as error:
                self._warn(f"{name}: {error}")


def fingerprint(head: bytes) -> str:
    """What a file is known by: the hash of its first line; empty where that is not whole yet."""
    end = head.find(b"\n")
    if end < 0 and len(head) < FIRST:
        return ""
    return sha256(head[: end if end >= 0 else FIRST]).hexdigest()[:32]


def _tail(handle: int, offset: int) -> str:
    """The hash of the bytes before a place; empty near the beginning, which the first line's hash covers."""
    if offset < TAIL:
        return ""
    return sha256(os.pread(handle, TAIL, offset - TAIL)).hexdigest()[:16]


def _form(head: bytes) -> str:
    return next((form for form, magics in MAGIC.items() if head.startswith(magics)), "")
