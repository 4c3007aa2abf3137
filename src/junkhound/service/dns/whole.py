"""Everything that a zone holds, as records for those who take it whole: as a block list, or as a response policy.

Every record is made for a message whose question is the zone's name: owners end in a pointer to it, so that a record
has the same bytes in every message and in every edition, and two editions can be compared by them.

Source: RFC 5782; response policies: draft-vixie-dnsop-dns-rpz-00.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from junkhound.kernel import net
from junkhound.publish import served
from junkhound.service.dns.zone import Data, Face, Style
from junkhound.wire import dns

LIST, POLICY = "list", "policy"
"""Forms of a zone: one that mail servers ask, and one that resolvers take to refuse what is listed."""

_ORIGIN = b"\xc0\x0c"  # where the question's name stands
_HEAD = struct.Struct(">2HIH")
_LABEL = [b"%c%d" % (len(str(octet)), octet) for octet in range(256)]
_NIBBLE = [b"\1%x" % nibble for nibble in range(16)]
_STAR = b"\1*"
_ROWS = 4096
_TARGETS = {"nxdomain": "", "nodata": "*", "drop": "rpz-drop", "tcp-only": "rpz-tcp-only", "passthru": "rpz-passthru"}
ACTIONS = tuple(_TARGETS)
"""What a response policy does with what is listed."""
_NEVER_LISTED = served.wire_name("invalid")


def records(face: Face, style: Style, some: Sequence[int] | None = None, rest: bool = True) -> Iterator[bytes]:
    """The records of a zone without its SOA.

    ``some`` are the IPv4 rows that are wanted, None for all; ``rest`` says whether the others are.
    """
    make = _Listed(face) if style.form == LIST else _Policy(face, style.action)
    if rest:
        yield from apex(face)
    for place, first, bits in _v4(face.data, some):
        yield from make.v4(place, first, bits)
    if rest:
        yield from others(face, style)


def others(face: Face, style: Style) -> Iterator[bytes]:
    """The records for IPv6 and for names."""
    make = _Listed(face) if style.form == LIST else _Policy(face, style.action)
    for place, hi, lo, bits in _v6(face.data):
        yield from make.v6(place, hi << 64 | lo, bits)
    for place in range(face.data.count("name")):
        yield from make.name(place)


def apex(face: Face) -> Iterator[bytes]:
    """NS, and what TXT says of the zone."""
    for record in [*face.servers, face.about]:
        yield _record(_ORIGIN, record.kind, record.ttl, b"".join(record.value))


def soa(face: Face) -> bytes:
    """The record with which each transfer begins and ends."""
    return _record(_ORIGIN, dns.SOA, face.ttl, b"".join(face.soa.value))


class _Listed:
    """A and TXT for what is listed, ``*`` for networks and for all below a domain."""

    def __init__(self, face: Face) -> None:
        self._data, self._ttl = face.data, face.ttl
        self._codes = [[_tail(dns.A, face.ttl, code) for code in codes] for codes in face.codes]
        self._never = _tail(dns.TXT, face.ttl, b"".join(dns.txt("never listed")))

    def _all(self, owners: Sequence[bytes], family: str, place: int, subject: str) -> Iterator[bytes]:
        words = b"".join(dns.txt(self._data.sentence(family, place, subject)))
        text = _tail(dns.TXT, self._ttl, words)
        for owner in owners:
            for code in self._codes[self._data.code(family, place)]:
                yield owner + code
            yield owner + text

    def v4(self, place: int, first: int, bits: int) -> Iterator[bytes]:
        shown = str(net.v4(first)) + (f"/{bits}" if bits < 32 else "")
        return self._all(_owners4(first, bits), "v4", place, shown)

    def v6(self, place: int, first: int, bits: int) -> Iterator[bytes]:
        address = net.Address(first >> 64, first & net.MASK64)
        return self._all(_owners6(first, bits), "v6", place, f"{address}" + (f"/{bits}" if bits < 128 else ""))

    def name(self, place: int) -> Iterator[bytes]:
        """What the responder says of this name and of those below it: a wildcard stops at every name that exists."""
        data = self._data
        wire = data.text(place)
        for asked in (wire, _STAR + wire):
            found = data.find_name(asked)
            if found >= 0:
                yield from self._all([asked + _ORIGIN], "name", found, _words(data.text(found)))
            elif data.what(place) & served.NEVER and data.find_name(_STAR + wire[wire[0] + 1 :]) >= 0:
                yield asked + _ORIGIN + self._never  # else the wildcard above would hold it


class _Policy:
    """Triggers for resolvers. What is never listed passes, whatever stands above it."""

    def __init__(self, face: Face, action: str) -> None:
        self._data = face.data
        self._act = _tail(dns.CNAME, face.ttl, _target(action))
        self._pass = _tail(dns.CNAME, face.ttl, _target("passthru"))

    def v4(self, place: int, first: int, bits: int) -> Iterator[bytes]:
        if first >> 24 != 127:  # the test entry: a resolver that refused it would refuse every block list's answer
            octets = b"".join(_LABEL[first >> shift & 255] for shift in (0, 8, 16, 24))
            yield b"%c%d" % (len(str(bits)), bits) + octets + b"\6rpz-ip" + _ORIGIN + self._act

    def v6(self, place: int, first: int, bits: int) -> Iterator[bytes]:
        if first >> 32 != 0xFFFF:  # mapped addresses: only the test entry is among them
            labels = b"".join(bytes([len(part)]) + part for part in _groups(first))
            yield b"%c%d" % (len(str(bits)), bits) + labels + b"\6rpz-ip" + _ORIGIN + self._act

    def name(self, place: int) -> Iterator[bytes]:
        wire, what = self._data.text(place), self._data.what(place)
        if what & served.NEVER:
            if wire != _NEVER_LISTED:
                yield wire + _ORIGIN + self._pass
                yield _STAR + wire + _ORIGIN + self._pass
            return
        if self._data.find_name(wire) >= 0:
            yield wire + _ORIGIN + self._act
        if self._data.find_name(_STAR + wire) >= 0:
            yield _STAR + wire + _ORIGIN + self._act


def _target(action: str) -> bytes:
    return bytes(dns.name(_TARGETS[action])) if _TARGETS[action] else b"\0"


def _groups(first: int) -> list[bytes]:
    """An IPv6 address as a policy writes it: groups in reverse, the longest run of zeros as ``zz``."""
    groups = [first >> shift & 0xFFFF for shift in range(0, 128, 16)]
    best, start = (0, 0), 0
    for at in range(9):
        if at == 8 or groups[at]:
            best, start = max(best, (at - start, -start)), at + 1
    length, start = best[0], -best[1]
    words = [b"%x" % group for group in groups]
    if length > 1:
        words[start : start + length] = [b"zz"]
    return words


def _owners4(first: int, bits: int) -> list[bytes]:
    """The owners that cover an IPv4 network: itself, or wildcards at the octet above which it ends."""
    octets = -(-bits // 8)
    shift = 32 - 8 * octets
    made = []
    for step in range(1 << 8 * octets - bits):
        number = (first >> shift) + step
        labels = b"".join(_LABEL[number >> 8 * at & 255] for at in range(octets))
        made.append((labels if octets == 4 else _STAR + labels) + _ORIGIN)
    return made


def _owners6(first: int, bits: int) -> list[bytes]:
    nibbles = -(-bits // 4)
    shift = 128 - 4 * nibbles
    made = []
    for step in range(1 << 4 * nibbles - bits):
        number = (first >> shift) + step
        labels = b"".join(_NIBBLE[number >> 4 * at & 15] for at in range(nibbles))
        made.append((labels if nibbles == 32 else _STAR + labels) + _ORIGIN)
    return made


def _record(owner: bytes, kind: int, ttl: int, value: bytes) -> bytes:
    return owner + _tail(kind, ttl, value)


def _tail(kind: int, ttl: int, value: bytes) -> bytes:
    return _HEAD.pack(kind, dns.IN, ttl, len(value)) + value


def _words(wire: bytes) -> str:
    labels = []
    while wire:
        labels.append(wire[1 : wire[0] + 1].decode("ascii", "replace"))
        wire = wire[wire[0] + 1 :]
    return ".".join(labels)


def _v4(data: Data, some: Sequence[int] | None) -> Iterator[tuple[int, int, int]]:
    """Place, first address and length of IPv4 rows, a few thousand at a time."""
    first, bits = data.column("v4.first"), data.column("v4.bits")
    count = len(first) if some is None else len(some)
    for at in range(0, count, _ROWS):
        rows: Any = np.arange(at, min(at + _ROWS, count)) if some is None else np.asarray(some[at : at + _ROWS])
        yield from zip(rows.tolist(), first[rows].tolist(), bits[rows].tolist(), strict=True)


def _v6(data: Data) -> Iterator[tuple[int, int, int, int]]:
    columns = [data.column(f"v6.{name}") for name in ("hi", "lo", "bits")]
    for at in range(0, len(columns[0]), _ROWS):
        some = [column[at : at + _ROWS].tolist() for column in columns]
        yield from zip(range(at, at + len(some[0])), *some, strict=True)
