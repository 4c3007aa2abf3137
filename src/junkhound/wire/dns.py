"""DNS messages as an authoritative server sees them: questions read from any bytes, replies written (RFC 1035, 6891).

``parse`` never raises: what is no question comes back as ``Malformed`` with the code that the asker deserves, or none
when it deserves silence. Nothing here follows a compression pointer, so no message can make it loop.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

A, NS, CNAME, SOA, TXT, AAAA, OPT, TSIG, IXFR, AXFR, ANY = 1, 2, 5, 6, 16, 28, 41, 250, 251, 252, 255
IN, ANY_CLASS = 1, 255
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, NOTAUTH, BADVERS = 0, 1, 2, 3, 4, 5, 9, 16
CODES = {
    0: "NOERROR",
    1: "FORMERR",
    2: "SERVFAIL",
    3: "NXDOMAIN",
    4: "NOTIMP",
    5: "REFUSED",
    9: "NOTAUTH",
    16: "BADVERS",
}

PLAIN_SIZE = 512
"""Bytes of a UDP reply to a client without EDNS (RFC 1035 section 2.3.4)."""
EDNS_SIZE = 1232
"""Bytes that pass every path unfragmented: what we offer, and the most we send by UDP."""

_QR, _AA, _TC, _RD, _CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0010
_OPCODE = 0x7800
_HEADER = struct.Struct(">6H")
_TWO = struct.Struct(">2H")
_RECORD = struct.Struct(">2HIH")
_OPT = struct.Struct(">x2HBBHH")
_LONGEST_NAME = 255
_MOST_RECORDS = 64


class Name(bytes):
    """A name in wire form, which a reply may shorten; other bytes are copied as they are."""


class Query(NamedTuple):
    """One question. ``name`` is in wire form with its case as asked, ``labels`` are lower case.

    ``edns`` is the payload size the client offers, None without EDNS; ``do`` its DNSSEC flag (RFC 3225);
    ``signed`` says that the last record is a signature (TSIG), which nobody has looked at yet.
    """

    number: int
    flags: int
    name: bytes
    labels: tuple[bytes, ...]
    kind: int
    klass: int
    edns: int | None = None
    version: int = 0
    do: bool = False
    signed: bool = False

    @property
    def room(self) -> int:
        """Bytes that a UDP reply may have."""
        return PLAIN_SIZE if self.edns is None else min(max(self.edns, PLAIN_SIZE), EDNS_SIZE)


class Malformed(NamedTuple):
    """What is no question: why, and the code to answer with (None: say nothing)."""

    reason: str
    code: int | None


class Record(NamedTuple):
    """One record of class IN; ``value`` in parts, so that names in it can be shortened."""

    owner: bytes
    kind: int
    ttl: int
    value: tuple[bytes, ...]


def parse(packet: bytes) -> Query | Malformed:
    """Read any bytes as one question, in time linear in their length."""
    size = len(packet)
    if size < 12:
        return Malformed("short", None)
    number, flags, questions, answers, authority, additional = _HEADER.unpack_from(packet)
    if flags & _QR:
        return Malformed("answer", None)  # answering answers is how two servers talk for ever
    if flags & _OPCODE:
        return Malformed("opcode", NOTIMP)
    if questions != 1:
        return Malformed("count", FORMERR)
    labels = []
    at = 12
    while at < size and (length := packet[at]):
        if length > 63:  # a pointer could only point into the header
            return Malformed("name", FORMERR)
        labels.append(packet[at + 1 : at + 1 + length].lower())
        at += length + 1
    if at + 5 > size or at + 1 - 12 > _LONGEST_NAME:
        return Malformed("name", FORMERR)
    name = packet[12 : at + 1]
    kind, klass = _TWO.unpack_from(packet, at + 1)
    at += 5
    query = Query(number, flags, name, tuple(labels), kind, klass)
    if at == size and not (answers or authority or additional):
        return query
    return _with_edns(query, packet, at, answers + authority, additional)


def _with_edns(query: Query, packet: bytes, at: int, others: int, additional: int) -> Query | Malformed:
    found, signed = None, False
    for place in range(others + additional):
        owner = at
        at = past_name(packet, at)
        if at + 10 > len(packet):
            return Malformed("record", FORMERR)
        kind, length = (packet[at] << 8 | packet[at + 1]), (packet[at + 8] << 8 | packet[at + 9])
        if kind == OPT:
            if found is not None or place < others or packet[owner]:  # RFC 6891 section 6.1.1
                return Malformed("opt", FORMERR)
            found = owner
        elif kind == TSIG:
            if place + 1 != others + additional or not additional:  # RFC 8945 section 5.1
                return Malformed("tsig", FORMERR)
            signed = True
        at += 10 + length
    if at != len(packet):
        return Malformed("length", FORMERR)
    if signed:
        query = query._replace(signed=True)
    if found is None:
        return query
    _, size, _, version, flags, _ = _OPT.unpack_from(packet, found)
    return query._replace(edns=size, version=version, do=bool(flags & 0x8000))


def past_name(packet: bytes, at: int) -> int:
    """The place behind a name; beyond the packet's end if it is torn."""
    start = at
    while at < len(packet) and at - start < _LONGEST_NAME:
        length = packet[at]
        if length == 0:
            return at + 1
        if length >= 0xC0:
            return at + 2
        if length > 63:
            break
        at += length + 1
    return len(packet)


class Answer(NamedTuple):
    """What came back: the code, and the addresses or texts that were asked for."""

    code: int
    addresses: tuple[bytes, ...]
    texts: tuple[str, ...]


def answer(packet: bytes, at: int, kind: int) -> Answer:
    """Read a reply whose question ends at ``at``; any bytes may follow, and what is torn holds no record."""
    code = packet[3] & 15
    count = packet[6] << 8 | packet[7]
    addresses, texts = [], []
    for _ in range(min(count, _MOST_RECORDS)):
        at = at + 2 if packet[at : at + 1] >= b"\xc0" else past_name(packet, at)
        if at + 10 > len(packet):
            break
        found, length = packet[at] << 8 | packet[at + 1], packet[at + 8] << 8 | packet[at + 9]
        at += 10
        value = packet[at : at + length]
        at += length
        if found != kind or len(value) < length:
            continue  # an alias on the way there, or torn
        if kind == A and length == 4:
            addresses.append(value)
        elif kind == TXT:
            texts.append(_strings(value))
    return Answer(code, tuple(addresses), tuple(texts))


def _strings(value: bytes) -> str:
    """The strings of a TXT record as one text."""
    parts, at = [], 0
    while at < len(value):
        parts.append(value[at + 1 : at + 1 + value[at]])
        at += 1 + value[at]
    return b"".join(parts).decode("utf-8", "replace")


def bare(packet: bytes, code: int) -> bytes:
    """The answer to something malformed: its number and the code, nothing of its content."""
    number, flags = _TWO.unpack_from(packet)
    return _HEADER.pack(number, _QR | flags & (_OPCODE | _RD) | code, 0, 0, 0, 0)


def question(message: bytes) -> bytes:
    """The question of a reply of ours: name, type, class; nothing if it holds none."""
    at = 12
    while at < len(message) and (length := message[at]):
        at += length + 1
    return message[12 : at + 5]


def cut(message: bytes) -> bytes:
    """A reply of ours without its records and with TC set: the asker comes again by TCP (RFC 2181 section 9)."""
    asked, additional = question(message), message[11]  # nothing but OPT, at the end
    flags = bytes([message[2] | _TC >> 8, message[3]])
    counts = bytes([0, bool(asked), 0, 0, 0, 0, 0, additional])
    return message[:2] + flags + counts + asked + (message[-_OPT.size :] if additional else b"")


def reply(
    query: Query,
    code: int,
    answers: Iterable[Record] = (),
    authority: Iterable[Record] = (),
    room: int = EDNS_SIZE,
    authoritative: bool = True,
) -> bytes:
    """The reply to a question; without its records and with TC set where it would exceed ``room`` bytes."""
    flags = _QR | query.flags & (_RD | _CD) | code & 15 | (_AA if authoritative else 0)
    sections = [list(answers), list(authority)]
    body = bytearray(_TWO.pack(query.kind, query.klass))
    lower = query.name.lower()
    for section in sections:
        for record in section:
            _put(body, record, lower)
    opt = opt_of(query, code)
    counts = [len(section) for section in sections]
    if 12 + len(query.name) + len(body) + len(opt) > room:
        del body[4:]
        flags |= _TC
        counts = [0, 0]
    return _HEADER.pack(query.number, flags, 1, *counts, 1 if opt else 0) + query.name + bytes(body) + opt


def opt_of(query: Query, code: int = NOERROR) -> bytes:
    """The OPT record of a reply; nothing to a client without EDNS."""
    if query.edns is None:
        return b""
    return _OPT.pack(OPT, EDNS_SIZE, code >> 4, 0, 0x8000 if query.do else 0, 0)


def _put(body: bytearray, record: Record, question: bytes) -> None:
    body += _short(record.owner, question)
    value = b"".join(_short(part, question) if isinstance(part, Name) else part for part in record.value)
    body += _RECORD.pack(record.kind, IN, record.ttl, len(value))
    body += value


def _short(name: bytes, question: bytes) -> bytes:
    """The name with its longest tail that the question holds as a pointer there (RFC 1035 section 4.1.4)."""
    lower = name.lower()
    at = 0
    while name[at]:
        if question.endswith(lower[at:]):
            return name[:at] + (0xC000 | 12 + len(question) - len(name) + at).to_bytes(2, "big")
        at += name[at] + 1
    return name


def name(words: str) -> Name:
    """A name in wire form; ValueError for one that is none."""
    labels = [label.encode("ascii") for label in words.rstrip(".").split(".")] if words.strip(".") else []
    if not all(0 < len(label) < 64 for label in labels):
        raise ValueError(f"not a domain name: {words!r}")
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    if len(wire) > _LONGEST_NAME:
        raise ValueError(f"too long for a domain name: {words!r}")
    return Name(wire)


def mailbox(address: str) -> Name:
    """A mail address as SOA names it: its local part is one label, dots and all (RFC 1035 section 3.3.13)."""
    local, _, domain = address.rpartition("@")
    if not 0 < len(local) < 64:
        raise ValueError(f"not a mail address for a zone: {address!r}")
    return Name(bytes([len(local)]) + local.encode("ascii") + name(domain))


def soa(primary: Name, contact: Name, serial: int, ttl: int, expire_s: int = 7 * 86400) -> tuple[bytes, ...]:
    """The value of an SOA record; ``ttl`` is how long "no such name" is remembered (RFC 2308).

    ``expire_s`` is how long a copy may be answered from that was not renewed.
    """
    return (primary, contact, struct.pack(">5I", serial & 0xFFFF_FFFF, 900, 300, expire_s, ttl))


def serial_of(packet: bytes) -> int | None:
    """The serial of the SOA record that a question for changes carries (RFC 1995 section 3); None without one."""
    try:
        _, _, questions, answers, authority, _ = _HEADER.unpack_from(packet)
        at = 12
        for _ in range(questions):
            at = past_name(packet, at) + 4
        for _ in range(answers + authority):
            at = past_name(packet, at)
            kind, _, _, length = _RECORD.unpack_from(packet, at)
            at += 10
            if kind == SOA and length >= 22:
                return int.from_bytes(packet[at + length - 20 : at + length - 16], "big")
            at += length
    except struct.error:
        pass
    return None


def txt(words: str) -> tuple[bytes, ...]:
    """The value of a TXT record, in strings of at most 255 bytes."""
    text = words.encode("utf-8", "replace")
    cut = [text[at : at + 255] for at in range(0, len(text), 255)] or [b""]
    return tuple(bytes([len(part)]) + part for part in cut)
