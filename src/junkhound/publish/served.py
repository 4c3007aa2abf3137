"""The form that our own DNS responder maps: sorted numbers to search, and a record for each to tell why.

The specification, with an example, is ``docs/specs/served.md``.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from junkhound.kernel import clock, net
from junkhound.kernel.errors import DataError
from junkhound.kernel.net import Network
from junkhound.publish.cover import Span, less, merged
from junkhound.publish.edition import Edition, Entry
from junkhound.publish.outputs import outputs

MAGIC = b"JHSERVED"
VERSION = 1
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
}  # fmt: skip
"""The sections in the order of the file. ``first`` and ``hi``, ``lo`` rise, networks never overlap."""

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
    sections: Mapping[str, Section]
    size: int

    def sentence(self, record: bytes, address: str) -> str:
        """The TXT record of a listing, as the one who asked for ``address`` reads it. Errors: DataError."""
        row = np.frombuffer(record, RECORD, 1)[0]
        if not row["year"]:
            return TEST
        try:
            entry = Entry(
                network=Network(0, 0, 128),
                number=f"JH-{row['year']:04d}-{row['serial']:06d}",
                listing_class=self.classes[row["class"]],
                messages=self.messages[row["messages"]],
                since=_day(row["since"]),
                last_seen=_day(row["last_seen"]),
                expires=_day(row["expires"]),
            )
        except (IndexError, ValueError) as error:
            raise DataError(f"list {self.edition.name!r}: a record makes no sense: {error}") from None
        return self.edition.sentence(entry, address)


@outputs.register("served")
def served(edition: Edition) -> dict[str, bytes]:
    """One file a list, binary, in the byte order of all common machines: nothing in it is parsed before it is used."""
    # The test entries of RFC 5782 section 5 are listed as such, and no entry reaches the two that must not be.
    tests = [_must(words) for words in ("127.0.0.2", "127.0.0.1")]
    holes4 = merged([*(n for n in edition.exclusions if n.is_v4), *tests])
    mapped = [Network(0, net.V4 | 0x7F000000 | last, 128) for last in (2, 1)]
    holes6 = merged([*(n for n in edition.exclusions if not n.is_v4), *mapped])
    four = _rows((e for e in edition.entries if e.network.is_v4), holes4, tests[0])
    six = _rows((e for e in edition.entries if not e.network.is_v4), holes6, mapped[0])
    classes, messages = (sorted({getattr(e, name) for e in edition.entries}) for name in ("listing_class", "messages"))
    columns: dict[str, npt.NDArray[Any]] = {
        "v4.first": np.array([n.lo & 0xFFFF_FFFF for n, _ in four], "<u4"),
        "v4.bits": np.array([n.bits - 96 for n, _ in four], "u1"),
        "v4.record": _records(four, classes, messages),
        "v6.hi": np.array([n.hi for n, _ in six], "<u8"),
        "v6.lo": np.array([n.lo for n, _ in six], "<u8"),
        "v6.bits": np.array([n.bits for n, _ in six], "u1"),
        "v6.record": _records(six, classes, messages),
    }
    return {"served": encode(edition, len(edition.entries), columns, classes, messages)}


def _rows(entries: Iterable[Entry], holes: list[Span], test: Network) -> list[tuple[Network, Entry | None]]:
    rows: list[tuple[Network, Entry | None]] = [(piece, e) for e in entries for piece in less(e.network, holes)]
    rows.append((test, None))
    rows.sort(key=lambda row: row[0])
    return rows


def _records(rows: list[tuple[Network, Entry | None]], classes: list[str], messages: list[str]) -> npt.NDArray[Any]:
    of_class, of_messages = ({words: place for place, words in enumerate(some)} for some in (classes, messages))
    made = np.zeros(len(rows), RECORD)
    for place, (_, e) in enumerate(rows):
        if e is not None:
            _, year, serial = e.number.split("-")
            days = (_days(e.since), _days(e.last_seen), _days(e.expires))
            made[place] = (int(year), int(serial), of_class[e.listing_class], of_messages[e.messages], *days)
    return made


def encode(edition: Edition, count: int, columns: Columns, classes: Iterable[str], messages: Iterable[str]) -> bytes:
    """The file from its columns; ``edition`` gives what the zone says of itself, its entries are not looked at."""
    about = {
        "list": edition.name, "scope": edition.scope, "zone": edition.zone, "generated": edition.at,
        "expires": edition.expires_at, "ttl": edition.ttl_s, "code": edition.code, "url": edition.url,
        "name_servers": edition.name_servers, "contact": edition.contact, "count": count,
        "classes": list(classes), "messages": list(messages),
    }  # fmt: skip
    body: list[bytes] = []
    sections: list[dict[str, Any]] = []
    offset = 0
    for name, kind in TYPES.items():
        column = columns[name].astype(kind, copy=False).tobytes()
        crc = zlib.crc32(column)
        sections.append({"name": name, "count": len(columns[name]), "offset": offset, "crc": crc})
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
            ttl_s=about["ttl"], code=about["code"], url=about["url"],
        )  # fmt: skip
        found = (Section(s["name"], s["count"], size + s["offset"], s["crc"]) for s in about["sections"])
        sections = {section.name: section for section in found}
        if set(sections) != set(TYPES) or any(s.offset % _ALIGN or s.offset + s.size > size + about["size"]
                                              for s in sections.values()):  # fmt: skip
            raise DataError("the sections of a served list are not where they should be")
        return Head(edition, about["count"], tuple(about["classes"]), tuple(about["messages"]), sections,
                    size + about["size"])  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"the head of a served list makes no sense: {error!r}") from None


def head_size(top: bytes) -> int:
    """Bytes of the head, from the first 16 of a file. Errors: DataError for another format or version."""
    if len(top) < _TOP or not top.startswith(MAGIC):
        raise DataError("not a served list", "junkhound publish writes one: LIST.served")
    version = int.from_bytes(top[len(MAGIC) : len(MAGIC) + 4], "little")
    if version != VERSION:
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
