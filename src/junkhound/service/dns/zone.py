"""One list as a zone: its file read and searched, and exchanged in place for a newer one."""

from __future__ import annotations

import mmap
import os
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from junkhound.kernel import clock, net
from junkhound.kernel.errors import DataError
from junkhound.publish import served
from junkhound.publish.served import Head, Section
from junkhound.service.dns.clients import Clients
from junkhound.service.dns.numbers import Numbers
from junkhound.wire import dns
from junkhound.wire.dns import Name, Record

_NS_TTL = 3600
_PIECE = 1 << 18  # entries
Stamp = tuple[int, int, int]
"""What changes when a file is replaced: inode, size, moment of change."""


class Column(Sequence[int]):
    """Numbers of a section read one by one when asked for: a search reads some twenty of them.

    Mapped, ten million of them would count as our memory once they were asked for.
    """

    def __init__(self, handle: int, section: Section) -> None:
        self._handle, self._offset, self._count = handle, section.offset, section.count
        self._size = section.type.itemsize

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: Any) -> Any:
        return int.from_bytes(os.pread(self._handle, self._size, self._offset + place * self._size), "little")


class Data:
    """One served file: IPv4 in memory, IPv6 mapped, the records read one by one when asked for.

    Errors: OSError, DataError if it is not what it claims.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb", buffering=0) as file:
            self.head = _head(file.fileno())
            if os.fstat(file.fileno()).st_size != self.head.size:
                raise DataError(f"{str(path)!r} is torn: {self.head.size} bytes were to be expected")
            sections = self.head.sections
            for section in sections.values():
                _check(file.fileno(), section, path)
            _check_counts(file.fileno(), sections, path)
            self._map = mmap.mmap(file.fileno(), 0, mmap.MAP_SHARED, mmap.PROT_READ)
            self._file = os.fdopen(os.dup(file.fileno()), "rb", buffering=0)
        handle = self._file.fileno()
        first, bits = sections["v4.first"], sections["v4.bits"]
        self.numbers = Numbers(_pairs(handle, first, bits), first.count)
        self._first4, self._bits4 = Column(handle, first), Column(handle, bits)
        self._hi, self._lo, self._bits6 = self._view("v6.hi", "Q"), self._view("v6.lo", "Q"), self._view("v6.bits", "B")
        self._hash, self._what = self._view("name.hash", "Q"), self._view("name.what", "B")
        self._end, self._text = self._view("name.end", "I"), self._view("name.text", "B")
        self._codes = {family: self._view(f"{family}.codes", "B") for family in _TOGETHER}
        self.has_names = len(self._hash) > 0

    def _view(self, name: str, code: str) -> memoryview:
        section = self.head.sections[name]
        return memoryview(self._map)[section.offset : section.offset + section.size].cast(code)  # type: ignore[call-overload,no-any-return]

    def column(self, name: str) -> np.ndarray:
        """A section as an array over the mapped file, for those who read it through."""
        section = self.head.sections[name]
        return np.frombuffer(self._map, section.type, section.count, section.offset if section.count else 0)

    def count(self, family: str) -> int:
        """How many rows there are of ``v4``, ``v6`` or ``name``."""
        return self.head.sections[f"{family}.record"].count

    def what(self, place: int) -> int:
        """What is listed of the name at this place: ``ITSELF``, ``BELOW``, ``NEVER``."""
        return self._what[place]

    @property
    def only_test6(self) -> bool:
        """Whether nothing but the test entry is listed in IPv6."""
        return len(self._bits6) <= 1

    def find4(self, number: int) -> int:
        """Where the entry that holds this IPv4 address stands; -1 for none."""
        if not self.numbers.holds(number):
            return -1
        return bisect_right(self._first4, number) - 1

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

    def _name(self, wire: bytes) -> int:
        """Where this name stands, listed or not; -1 for nowhere. Names whose hashes are equal stand together."""
        wanted = served.name_hash(wire)
        place = bisect_left(self._hash, wanted)
        while place < len(self._hash) and self._hash[place] == wanted:
            if self.text(place) == wire:
                return place
            place += 1
        return -1

    def text(self, place: int) -> bytes:
        """The labels of the name at this place."""
        return bytes(self._text[self._end[place - 1] if place else 0 : self._end[place]])

    def find_name(self, wire: bytes) -> int:
        """Where the entry that holds this name (its labels in lower case) stands; -1 for none.

        The nearest word counts: that of the name itself, else that of a domain above it.
        """
        wanted = served.ITSELF
        while wire:
            if (place := self._name(wire)) >= 0:
                what = self._what[place]
                if what & (wanted | served.NEVER):
                    return place if what & wanted else -1
            wire = wire[wire[0] + 1 :]
            wanted = served.BELOW
        return -1

    def any_name(self, wire: bytes) -> bool:
        """Whether a name stands in the list because names below it do, or itself."""
        place = self._name(wire)
        return place >= 0 and not self._what[place] & served.NEVER

    def sentence(self, family: str, place: int, subject: str) -> str:
        """Why the entry at this place is listed, in words. ``family`` is ``v4``, ``v6`` or ``name``."""
        section = self.head.sections[f"{family}.record"]
        size = section.type.itemsize
        record = os.pread(self._file.fileno(), size, section.offset + place * size)
        about = "IP" if family != "name" else "Domain" if self._what[place] & served.BELOW else "Host"
        return self.head.sentence(record, subject, about)

    def code(self, family: str, place: int) -> int:
        """Which of the list's answers the entry at this place has; 0 is the one of the whole list."""
        codes = self._codes[family]
        return codes[place] if codes else 0


def _head(handle: int) -> Head:
    top = os.pread(handle, 16, 0)
    return served.head(os.pread(handle, served.head_size(top), 0))


def _pieces(handle: int, section: Section) -> Iterator[bytes]:
    """A section's bytes by pieces, so that it takes no memory."""
    size = _PIECE * section.type.itemsize
    for at in range(0, section.size, size):
        yield os.pread(handle, min(size, section.size - at), section.offset + at)


def _pairs(handle: int, first: Section, bits: Section) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for some, lengths in zip(_pieces(handle, first), _pieces(handle, bits), strict=True):
        yield np.frombuffer(some, first.type), np.frombuffer(lengths, bits.type)


_RISING = {"v4.first": 1, "v6.hi": 0, "name.hash": 0, "name.end": 1}
"""Sections whose numbers rise, by at least so much from piece to piece."""


def _check(handle: int, section: Section, path: Path) -> None:
    """Read a section through once: its sum, its order, its lengths."""
    crc, before = 0, -1
    for piece in _pieces(handle, section):
        crc = zlib.crc32(piece, crc)
        column = np.frombuffer(piece, section.type)
        if section.name in _RISING:
            step = _RISING[section.name]
            if before + step > int(column[0]) or (column[1:] < column[:-1]).any():
                raise DataError(f"{str(path)!r}: {section.name} does not rise")
            before = int(column[-1])
        elif section.name.endswith("bits") and int(column.max()) > (32 if section.name == "v4.bits" else 128):
            raise DataError(f"{str(path)!r}: {section.name} holds a length that is none")
    if crc != section.crc:
        raise DataError(f"{str(path)!r}: {section.name} is damaged", "publish the list again")


def _check_counts(handle: int, sections: Mapping[str, Section], path: Path) -> None:
    """Columns that belong together have as many rows; the last name ends where the text does."""
    for family, columns in _TOGETHER.items():
        if len({sections[f"{family}.{column}"].count for column in columns}) > 1:
            raise DataError(f"{str(path)!r}: columns of {family} differ in length", "publish the list again")
        if sections[f"{family}.codes"].count not in (0, sections[f"{family}.record"].count):
            raise DataError(f"{str(path)!r}: {family}.codes are too few or too many", "publish the list again")
    ends, text = sections["name.end"], sections["name.text"]
    last = os.pread(handle, 4, ends.offset + ends.size - 4) if ends.count else bytes(4)
    if int.from_bytes(last, "little") != text.count:
        raise DataError(f"{str(path)!r}: the names do not end where they should", "publish the list again")


_TOGETHER = {
    "v4": ("first", "bits", "record"),
    "v6": ("hi", "lo", "bits", "record"),
    "name": ("hash", "what", "end", "record"),
}


class Style(NamedTuple):
    """How a zone is written: as a block list, or as a response policy that does ``action``."""

    form: str = "list"
    action: str = "nxdomain"


LIST_STYLE = Style()


class Face:
    """What a zone says in every answer, made once for each file; ``serial`` rises with every edition."""

    def __init__(self, origin: str, data: Data) -> None:
        edition = data.head.edition
        self.data, self.origin, self.expires_at = data, dns.name(origin), edition.expires_at
        self.ttl = edition.ttl_s
        servers = [dns.name(words) for words in edition.name_servers or (f"ns.{edition.zone}",)]
        contact = dns.mailbox(edition.contact or f"hostmaster@{edition.zone}")
        self.codes = tuple(data.head.answers(code) for code in range(len(data.head.codes) + 1))
        """The answers for what is listed, by the number that an entry has in its column of codes."""
        self.serial = edition.at // clock.SECOND
        expire_s = max((edition.expires_at - edition.at) // clock.SECOND, 1800)
        start = dns.soa(servers[0], contact, self.serial, self.ttl, expire_s)
        self.soa = Record(self.origin, dns.SOA, self.ttl, start)
        self.servers = [Record(self.origin, dns.NS, _NS_TTL, (server,)) for server in servers]
        what = f"list {edition.name}, scope {edition.scope}, {data.head.count:,} entries"
        when = f"as of {clock.text(edition.at)}, good until {clock.text(edition.expires_at)}"
        self.about = Record(self.origin, dns.TXT, self.ttl, dns.txt(f"{what}, {when}"))


class Zone:
    """A list served under ``origin`` from ``path``; ``face`` is what stands there now, None before anything does.

    ``trouble`` is what is wrong with the newest file, as last said. A policy shows the file that the zone ``of`` read.
    """

    def __init__(
        self,
        name: str,
        origin: str,
        path: Path,
        allowed: Clients,
        style: Style = LIST_STYLE,
        of: Zone | None = None,
    ) -> None:
        self.name, self.origin_text, self.path, self.clients = name, origin, path, allowed
        self.style, self._of = style, of
        self.origin: Name = dns.name(origin.lower())
        self.face: Face | None = None
        self.trouble = ""
        self._seen: Stamp | None = None

    def refresh(self) -> bool:
        """Take a newer file, if there is one; True if it was taken. The old one stands until then, and if it is bad.

        Errors: OSError, DataError, once for each bad file.
        """
        if self._of is not None:
            other = self._of.face
            if other is None or (self.face is not None and self.face.data is other.data):
                return False
            self.face = Face(self.origin_text, other.data)
            return True
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
