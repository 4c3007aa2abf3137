"""The form that our own DNS responder maps: sorted numbers to search, and a record for each to tell why.

The specification, with an example, is ``docs/specs/served.md``.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import xxhash

from junkhound.kernel import clock, net
from junkhound.kernel.errors import DataError
from junkhound.kernel.net import Network
from junkhound.publish.cover import Span, less, merged
from junkhound.publish.edition import ADDRESSES, NAMES, Edition, Entry, NameEntry, facts
from junkhound.publish.outputs import outputs

MAGIC = b"JHSERVED"
VERSION = 2
TEST = "test entry, RFC 5782 section 5"
_ALIGN = 8
_TOP = len(MAGIC) + 8
_EPOCH = date(1970, 1, 1).toordinal()

RECORD = np.dtype(
    [("year", "<u2"), ("serial", "<u4"), ("class", "u1"), ("messages", "u1"),
     ("since", "<u2"), ("last_seen", "<u2"), ("expires", "<u2")]
)  # fmt: skip
"""What is known of one listing in 14 bytes: days since 1970, places in the header's words; year 0 is the test entry."""

TYPES: dict[str, np.dtype[Any]] = {
    "v4.first": np.dtype("<u4"), "v4.bits": np.dtype("u1"), "v4.record": RECORD,
    "v6.hi": np.dtype("<u8"), "v6.lo": np.dtype("<u8"), "v6.bits": np.dtype("u1"), "v6.record": RECORD,
    "name.hash": np.dtype("<u8"), "name.what": np.dtype("u1"), "name.end": np.dtype("<u4"),
    "name.text": np.dtype("u1"), "name.record": RECORD,
    "v4.codes": np.dtype("u1"), "v6.codes": np.dtype("u1"), "name.codes": np.dtype("u1"),
}  # fmt: skip
"""The sections in the order of the file; all ``codes`` may be missing.

``first`` and ``hi``, ``lo`` and ``hash`` rise, networks never overlap.
"""

ITSELF, BELOW, NEVER = 1, 2, 4
"""What is listed of a name: itself, every name below it; or nothing of both, whatever stands above it.

0 is a name that is not listed, and exists because names below it are.
"""
_TEST_NAME, _NEVER_LISTED = "test", "invalid"

_NUMBER, _REST = struct.Struct("<HI"), struct.Struct("<BBHHH")  # a record in two parts

Columns = Mapping[str, npt.NDArray[Any]]


class Section(msgspec.Struct, frozen=True):
    """Where one column stands: ``offset`` from the file's begin, CRC-32 of its bytes."""

    name: str
    count: int
    offset: int
    crc: int

    @property
    def type(self) -> np.dtype[Any]:
        return TYPES[self.name]

    @property
    def size(self) -> int:
        return self.count * self.type.itemsize


class Head(msgspec.Struct, frozen=True):
    """What a file says of itself: its edition without entries, the words records point to, and the sections."""

    edition: Edition
    count: int
    classes: tuple[str, ...]
    messages: tuple[str, ...]
    codes: tuple[tuple[str, ...], ...]
    sections: Mapping[str, Section]
    size: int

    def sentence(self, record: bytes, subject: str, about: str = "IP") -> str:
        """The TXT record of a listing, as the one who asked for ``subject`` reads it: ``about`` is what it is called.

        Errors: DataError.
        """
        year, serial = _NUMBER.unpack_from(record)
        if not year:
            return TEST
        try:
            facts = _facts(self.classes, self.messages, record[_NUMBER.size :])
        except (IndexError, ValueError) as error:
            raise DataError(f"list {self.edition.name!r}: a record makes no sense: {error}") from None
        return self.edition.words(about, subject, f"JH-{year:04d}-{serial:06d}", facts)

    def answers(self, code: int) -> tuple[bytes, ...]:
        """The addresses that are answered for an entry with this number in its column of codes. Errors: DataError."""
        try:
            words = self.codes[code - 1] if code else (self.edition.code,)
        except IndexError:
            raise DataError(f"list {self.edition.name!r} knows no codes {code}") from None
        return tuple(address.packed[12:] for one in words if (address := net.parse(one)) is not None)


@lru_cache(4096)
def _facts(classes: tuple[str, ...], messages: tuple[str, ...], rest: bytes) -> str:
    """The words that a record's places and days stand for. Errors: ValueError, IndexError."""
    of_class, of_messages, since, last_seen, expires = _REST.unpack(rest)
    entry = Entry(
        network=Network(0, 0, 128),
        number="JH-2000-000000",
        listing_class=classes[of_class],
        messages=messages[of_messages],
        since=_day(since),
        last_seen=_day(last_seen),
        expires=_day(expires),
    )
    return facts(entry)


@outputs.register("served")
def served(edition: Edition) -> dict[str, bytes]:
    """One file a list, binary, in the byte order of all common machines: nothing in it is parsed before it is used."""
    # The test entries of RFC 5782 section 5 are listed as such, and no entry reaches the two that must not be.
    tests = [_must(words) for words in ("127.0.0.2", "127.0.0.1")]
    holes4 = merged([*(n for n in edition.exclusions if n.is_v4), *tests])
    mapped = [Network(0, net.V4 | 0x7F000000 | last, 128) for last in (2, 1)]
    holes6 = merged([*(n for n in edition.exclusions if not n.is_v4), *mapped])
    named = edition.of == NAMES and not edition.entries  # a combined list may hold both
    four = _rows((e for e in edition.entries if e.network.is_v4), holes4, None if named else tests[0])
    six = _rows((e for e in edition.entries if not e.network.is_v4), holes6, None if named else mapped[0])
    everything: list[Entry | NameEntry] = [*edition.entries, *edition.names]
    classes, messages = (sorted({getattr(e, name) for e in everything}) for name in ("listing_class", "messages"))
    codes = sorted({entry.codes for entry in everything if entry.codes})
    names = _names(edition)
    columns: dict[str, npt.NDArray[Any]] = {
        "v4.first": np.array([n.lo & 0xFFFF_FFFF for n, _ in four], "<u4"),
        "v4.bits": np.array([n.bits - 96 for n, _ in four], "u1"),
        "v6.hi": np.array([n.hi for n, _ in six], "<u8"),
        "v6.lo": np.array([n.lo for n, _ in six], "<u8"),
        "v6.bits": np.array([n.bits for n, _ in six], "u1"),
        "name.hash": np.array([row[0] for row in names], "<u8"),
        "name.what": np.array([row[2] for row in names], "u1"),
        "name.end": np.cumsum([len(row[1]) for row in names]).astype("<u4"),
        "name.text": np.frombuffer(b"".join(row[1] for row in names), "u1"),
    }
    for family, rows in (("v4", four), ("v6", six), ("name", names)):
        entries = [row[-1] for row in rows]
        columns[f"{family}.record"] = _records(entries, classes, messages)
        if codes:
            of_codes = {(): 0, **{some: place for place, some in enumerate(codes, 1)}}
            columns[f"{family}.codes"] = np.array([of_codes[e.codes] if e is not None else 0 for e in entries], "u1")
    return {"served": encode(edition, edition.size, columns, classes, messages, codes)}


def _rows(entries: Iterable[Entry], holes: list[Span], test: Network | None) -> list[tuple[Network, Entry | None]]:
    rows: list[tuple[Network, Entry | None]] = [(piece, e) for e in entries for piece in less(e.network, holes)]
    if test is not None:
        rows.append((test, None))
    rows.sort(key=lambda row: row[0])
    return rows


def wire_name(name: str) -> bytes:
    """The labels of a name, each behind its length, without the root."""
    return b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split("."))


def _with_above(wire: bytes) -> Iterator[bytes]:
    """The name and every name above it."""
    while wire:
        yield wire
        wire = wire[wire[0] + 1 :]


def name_hash(wire: bytes) -> int:
    """The number by which a name is found."""
    return xxhash.xxh3_64_intdigest(wire)


def _names(edition: Edition) -> list[tuple[int, bytes, int, NameEntry | None]]:
    """Hash, name, what is listed of it, its entry; in the order of hashes, with all names above listed ones."""
    rows: dict[bytes, tuple[int, NameEntry | None]] = {
        wire_name(name): (NEVER, None) for name in edition.name_exclusions
    }
    if edition.of == NAMES or edition.names:
        rows[wire_name(_NEVER_LISTED)] = (NEVER, None)
        rows[wire_name(_TEST_NAME)] = (ITSELF, None)
    holes = frozenset(wire for wire, (what, _) in rows.items() if what == NEVER)
    for entry in edition.names:
        wire = wire_name(entry.name)
        if holes.isdisjoint(_with_above(wire)):
            rows[wire] = (ITSELF | (BELOW if entry.below else 0), entry)
    for wire, (what, _) in list(rows.items()):
        if what != NEVER:
            for above in _with_above(wire):
                rows.setdefault(above, (0, None))
    found = [(name_hash(wire), wire, what, entry) for wire, (what, entry) in rows.items()]
    return sorted(found, key=lambda row: row[:2])


def _records(rows: list[Entry | NameEntry | None], classes: list[str], messages: list[str]) -> npt.NDArray[Any]:
    of_class, of_messages = ({words: place for place, words in enumerate(some)} for some in (classes, messages))
    made = np.zeros(len(rows), RECORD)
    for place, e in enumerate(rows):
        if e is not None:
            _, year, serial = e.number.split("-")
            days = (_days(e.since), _days(e.last_seen), _days(e.expires))
            made[place] = (int(year), int(serial), of_class[e.listing_class], of_messages[e.messages], *days)
    return made


def encode(
    edition: Edition,
    count: int,
    columns: Columns,
    classes: Iterable[str],
    messages: Iterable[str],
    codes: Iterable[tuple[str, ...]] = (),
) -> bytes:
    """The file from its columns; ``edition`` gives what the zone says of itself, its entries are not looked at."""
    about = {
        "list": edition.name, "scope": edition.scope, "zone": edition.zone, "generated": edition.at,
        "expires": edition.expires_at, "ttl": edition.ttl_s, "code": edition.code, "url": edition.url,
        "name_servers": edition.name_servers, "contact": edition.contact, "of": edition.of, "count": count,
        "classes": list(classes), "messages": list(messages), "codes": list(codes),
    }  # fmt: skip
    body: list[bytes] = []
    sections: list[dict[str, Any]] = []
    offset = 0
    for name, kind in TYPES.items():
        given = columns.get(name)
        column = b"" if given is None else given.astype(kind, copy=False).tobytes()
        crc = zlib.crc32(column)
        sections.append({"name": name, "count": 0 if given is None else len(given), "offset": offset, "crc": crc})
        body.append(column + bytes(-len(column) % _ALIGN))
        offset += len(body[-1])
    header = json.dumps({**about, "size": offset, "sections": sections}).encode()
    header += b" " * (-(_TOP + len(header)) % _ALIGN)
    return b"".join([MAGIC, VERSION.to_bytes(4, "little"), len(header).to_bytes(4, "little"), header, *body])


def head(content: bytes) -> Head:
    """Read the beginning of a file: pass all of it, or its first ``head_size`` bytes. Errors: DataError."""
    size = head_size(content[:_TOP])
    try:
        about = json.loads(content[_TOP:size])
        edition = Edition(
            name=about["list"], scope=about["scope"], at=about["generated"], expires_at=about["expires"], entries=(),
            zone=about["zone"], name_servers=tuple(about["name_servers"]), contact=about["contact"],
            ttl_s=about["ttl"], code=about["code"], url=about["url"], of=about.get("of", ADDRESSES),
        )  # fmt: skip
        found = (Section(s["name"], s["count"], size + s["offset"], s["crc"]) for s in about["sections"])
        sections = {section.name: section for section in found}
        if content[len(MAGIC)] == 1:  # knew no names and one code
            sections |= {name: Section(name, 0, size, 0) for name in list(TYPES)[7:]}
        if set(sections) != set(TYPES) or any(s.offset % _ALIGN or s.offset + s.size > size + about["size"]
                                              for s in sections.values()):  # fmt: skip
            raise DataError("the sections of a served list are not where they should be")
        codes = tuple(tuple(some) for some in about.get("codes", ()))
        return Head(edition, about["count"], tuple(about["classes"]), tuple(about["messages"]), codes, sections,
                    size + about["size"])  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"the head of a served list makes no sense: {error!r}") from None


def head_size(top: bytes) -> int:
    """Bytes of the head, from the first 16 of a file. Errors: DataError for another format or version."""
    if len(top) < _TOP or not top.startswith(MAGIC):
        raise DataError("not a served list", "junkhound publish writes one: LIST.served")
    version = int.from_bytes(top[len(MAGIC) : len(MAGIC) + 4], "little")
    if not 1 <= version <= VERSION:
        raise DataError(f"a served list of version {version}; this Junkhound reads {VERSION}", "publish it again")
    return _TOP + int.from_bytes(top[len(MAGIC) + 4 : _TOP], "little")


@lru_cache(4096)
def _days(words: str) -> int:
    return date.fromisoformat(words).toordinal() - _EPOCH


def _day(days: int) -> str:
    return clock.day_text(int(days) * clock.DAY)


def _must(words: str) -> Network:
    network = net.parse_network(words)
    assert network is not None
    return network
