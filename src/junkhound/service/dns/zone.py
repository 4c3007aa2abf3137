"""One list as a zone: its file mapped, searched, and exchanged in place for a newer one."""

from __future__ import annotations

import mmap
import os
import zlib
from bisect import bisect_left, bisect_right
from pathlib import Path

import numpy as np
import numpy.typing as npt

from junkhound.kernel import clock, net
from junkhound.kernel.errors import DataError
from junkhound.publish import served
from junkhound.publish.served import Head, Section
from junkhound.service.dns.clients import Clients
from junkhound.wire import dns
from junkhound.wire.dns import Name, Record

_NS_TTL = 3600
_PIECE = 1 << 20
_STEP = 16  # numbers in a line of the processor's cache
_SPAN = np.array([(1 << 32 - bits) - 1 for bits in range(33)], np.uint32)
_COUNT, _TOP_BYTE = np.uint64(0x0101010101010101), np.uint64(56)
U32 = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]
Stamp = tuple[int, int, int]
"""What changes when a file is replaced: inode, size, moment of change."""


class Data:
    """One served file: the numbers that are searched are mapped, the records are read one by one when asked for.

    Errors: OSError, DataError if it is not what it claims.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb", buffering=0) as file:
            self.head = _head(file.fileno())
            if os.fstat(file.fileno()).st_size != self.head.size:
                raise DataError(f"{str(path)!r} is torn: {self.head.size} bytes were to be expected")
            least = {}
            for name, section in self.head.sections.items():
                least[name], steps = _check(file.fileno(), section, path)
                if name == "v4.first":
                    self._steps = steps
            self._map = mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ)
            # Records are read, not mapped: ten million of them would count as our memory once they were asked for.
            self._file = os.fdopen(os.dup(file.fileno()), "rb", buffering=0)
        self.first4, self.bits4 = self._array("v4.first"), self._array("v4.bits")
        self.single4 = least["v4.bits"] == 32
        self._lines = None
        if len(self.first4) >= _STEP:
            # The numbers as overlapping lines, one beginning at each of them.
            self._lines = np.ndarray((len(self.first4) - _STEP + 1,), f"V{4 * _STEP}", self.first4.data, 0, (4,))
        self._first4, self._bits4 = self._view("v4.first", "I"), self._view("v4.bits", "B")
        self._hi, self._lo, self._bits6 = self._view("v6.hi", "Q"), self._view("v6.lo", "Q"), self._view("v6.bits", "B")

    def _array(self, name: str) -> np.ndarray:
        section = self.head.sections[name]
        return np.frombuffer(self._map, section.type, section.count, section.offset)

    def _view(self, name: str, code: str) -> memoryview:
        section = self.head.sections[name]
        return memoryview(self._map)[section.offset : section.offset + section.size].cast(code)  # type: ignore[call-overload,no-any-return]

    @property
    def only_test6(self) -> bool:
        """Whether nothing but the test entry is listed in IPv6."""
        return len(self._bits6) <= 1

    def find4(self, number: int) -> int:
        """Where the entry that holds this IPv4 address stands; -1 for none."""
        place = bisect_right(self._first4, number) - 1
        if place >= 0 and (number - self._first4[place]) >> (32 - self._bits4[place]) == 0:
            return place
        return -1

    def listed4(self, numbers: U32) -> Flags:
        """The same for many: which of these addresses are listed.

        Two steps, because a search through all numbers would fetch many lines of memory for each address: the first
        stays in the cache, the second fetches one line and counts in it.
        """
        if self._lines is None:
            place = self.first4.searchsorted(numbers, "right") - 1
        else:
            start = (self._steps.searchsorted(numbers, "right") - 1) * _STEP
            np.clip(start, 0, len(self.first4) - _STEP, out=start)
            line = self._lines[start].view("<u4").reshape(-1, _STEP)
            if self.single4:
                words = (line == numbers[:, None]).view("<u8")
                found: Flags = (words[:, 0] | words[:, 1]) != 0
                return found
            words = (line <= numbers[:, None]).view("<u8")
            place = start + ((words[:, 0] + words[:, 1]) * _COUNT >> _TOP_BYTE).view(np.int64) - 1
        within = 0 if self.single4 else _SPAN.take(self.bits4.take(place))
        hit: Flags = numbers - self.first4.take(place) <= within
        return hit

    def any4(self, first: int, last: int) -> bool:
        """Whether anything is listed from ``first`` to ``last``."""
        place = bisect_right(self._first4, last) - 1
        return place >= 0 and self._first4[place] + (1 << (32 - self._bits4[place])) > first

    def _before6(self, number: int) -> int:
        """The last IPv6 entry that begins at or before ``number``."""
        hi, lo = number >> 64, number & net.MASK64
        low = bisect_left(self._hi, hi)
        return bisect_right(self._lo, lo, low, bisect_right(self._hi, hi, low)) - 1

    def any6(self, first: int, last: int) -> bool:
        """Whether anything is listed from ``first`` to ``last``, as 128-bit numbers."""
        place = self._before6(last)
        if place < 0:
            return False
        return (self._hi[place] << 64 | self._lo[place]) + (1 << (128 - self._bits6[place])) > first

    def find6(self, number: int) -> int:
        """Where the entry that holds this address stands; -1 for none."""
        return self._before6(number) if self.any6(number, number) else -1

    def sentence(self, family: str, place: int, address: str) -> str:
        """Why the entry at this place is listed, in words. ``family`` is ``v4`` or ``v6``."""
        section = self.head.sections[f"{family}.record"]
        size = section.type.itemsize
        return self.head.sentence(os.pread(self._file.fileno(), size, section.offset + place * size), address)


def _head(handle: int) -> Head:
    top = os.pread(handle, 16, 0)
    return served.head(os.pread(handle, served.head_size(top), 0))


def _check(handle: int, section: Section, path: Path) -> tuple[int, U32]:
    """Read a section through once: its sum, its order, its lengths; the least length, and every 16th number.

    By pieces, so that it takes no memory.
    """
    crc, before, least = 0, -1, 128
    steps: list[U32] = []
    piece_size = _PIECE - _PIECE % section.type.itemsize
    for at in range(0, section.size, piece_size):
        piece = os.pread(handle, min(piece_size, section.size - at), section.offset + at)
        crc = zlib.crc32(piece, crc)
        column = np.frombuffer(piece, section.type)
        if section.name in ("v4.first", "v6.hi"):
            step = 1 if section.name == "v4.first" else 0
            if before + step > int(column[0]) or (column[1:] < column[:-1]).any():
                raise DataError(f"{str(path)!r}: {section.name} does not rise")
            before = int(column[-1])
            if section.name == "v4.first":
                steps.append(column[::_STEP].copy())  # a view would keep the whole piece
        elif section.name.endswith("bits"):
            least = min(least, int(column.min()))
            if int(column.max()) > (32 if section.name == "v4.bits" else 128):
                raise DataError(f"{str(path)!r}: {section.name} holds a length that is none")
    if crc != section.crc:
        raise DataError(f"{str(path)!r}: {section.name} is damaged", "publish the list again")
    return least, np.concatenate(steps) if steps else np.zeros(0, np.uint32)


class Face:
    """What a zone says in every answer, made once for each file."""

    def __init__(self, origin: str, data: Data) -> None:
        edition = data.head.edition
        self.data, self.origin, self.expires_at = data, dns.name(origin), edition.expires_at
        self.ttl = edition.ttl_s
        servers = [dns.name(words) for words in edition.name_servers or (f"ns.{edition.zone}",)]
        contact = dns.mailbox(edition.contact or f"hostmaster@{edition.zone}")
        code = net.parse(edition.code)
        self.code = b"\x7f\0\0\2" if code is None else code.packed[12:]
        start = dns.soa(servers[0], contact, edition.at // clock.SECOND, self.ttl)
        self.soa = Record(self.origin, dns.SOA, self.ttl, start)
        self.servers = [Record(self.origin, dns.NS, _NS_TTL, (server,)) for server in servers]
        what = f"list {edition.name}, scope {edition.scope}, {data.head.count:,} entries"
        when = f"as of {clock.text(edition.at)}, good until {clock.text(edition.expires_at)}"
        self.about = Record(self.origin, dns.TXT, self.ttl, dns.txt(f"{what}, {when}"))


class Zone:
    """A list served under ``origin`` from ``path``; ``face`` is what stands there now, None before anything does.

    ``trouble`` is what is wrong with the newest file, as last said.
    """

    def __init__(self, name: str, origin: str, path: Path, allowed: Clients) -> None:
        self.name, self.origin_text, self.path, self.clients = name, origin, path, allowed
        self.origin: Name = dns.name(origin.lower())
        self.face: Face | None = None
        self.trouble = ""
        self._seen: Stamp | None = None

    def refresh(self) -> bool:
        """Take a newer file, if there is one; True if it was taken. The old one stands until then, and if it is bad.

        Errors: OSError, DataError, once for each bad file.
        """
        found = self.path.stat()
        stamp = (found.st_ino, found.st_size, found.st_mtime_ns)
        if stamp == self._seen:
            return False
        self._seen = stamp
        self.face = Face(self.origin_text, Data(self.path))
        self.trouble = ""
        return True

    def standing(self, at: int) -> Face | None:
        """What may be answered from at this moment: stale data is no answer."""
        face = self.face
        return face if face is not None and at < face.expires_at else None
