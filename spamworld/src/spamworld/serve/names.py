"""DNS messages, as far as an authoritative server needs them: questions read, replies written (RFC 1035, 6891)."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence
from typing import NamedTuple

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
KINDS = {number: name for name, number in TYPES.items()}
ANY, OPT = 255, 41
NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED = 0, 1, 3, 4, 5
PLAIN_SIZE, EDNS_SIZE = 512, 1232
TTL_S = 300

_HEADER = struct.Struct(">6H")
_RECORD = struct.Struct(">HHIH")


class Malformed(ValueError):
    """No question that can be answered."""


class Question(NamedTuple):
    """``name`` in lower case without the last dot; ``room`` is the size a UDP reply may have."""

    number: int
    flags: int
    name: str
    kind: int
    asked: bytes
    room: int
    edns: bool


class Record(NamedTuple):
    """One record: the owner's name, its type by name, its value as text (MX as ``10 mail.example``)."""

    owner: str
    kind: str
    value: str


def read(packet: bytes) -> Question:
    """One question from any bytes. Errors: Malformed."""
    if len(packet) < 17:
        raise Malformed("short")
    number, flags, questions, answers, authority, additional = _HEADER.unpack_from(packet)
    if flags & 0x8000 or questions != 1 or answers or authority:
        raise Malformed("not a question")
    labels, at = [], 12
    while at < len(packet) and (size := packet[at]):
        if size > 63 or at + size >= len(packet):
            raise Malformed("name")
        labels.append(packet[at + 1 : at + 1 + size].decode("latin-1").lower())
        at += size + 1
    if at + 5 > len(packet) or at - 12 > 254:
        raise Malformed("name")
    kind, _ = struct.unpack_from(">HH", packet, at + 1)
    asked = packet[12 : at + 5]
    at += 5
    room, edns = PLAIN_SIZE, False
    if additional and packet[at : at + 3] == b"\0\0\x29" and at + 5 <= len(packet):
        room = min(max(struct.unpack_from(">H", packet, at + 3)[0], PLAIN_SIZE), EDNS_SIZE)
        edns = True
    return Question(number, flags, ".".join(labels), kind, asked, room, edns)


def write(
    question: Question, code: int, answers: Sequence[Record] = (), authority: Sequence[Record] = (), limit: int = 65535
) -> bytes:
    """The reply, with AA; cut off with TC where it is longer than ``limit``."""
    body = b"".join(_record(r, question) for r in answers) + b"".join(_record(r, question) for r in authority)
    extra = b"\0" + _RECORD.pack(OPT, EDNS_SIZE, 0, 0) if question.edns else b""
    flags = 0x8400 | question.flags & 0x7900 | code
    counts = (len(answers), len(authority))
    if 12 + len(question.asked) + len(body) + len(extra) > limit:
        flags, counts, body = flags | 0x0200, (0, 0), b""
    head = _HEADER.pack(question.number, flags, 1, *counts, 1 if extra else 0)
    return head + question.asked + body + extra


def refusal(packet: bytes, code: int) -> bytes:
    """An answer without content, to what could not be read; nothing for what has no number or is itself an answer."""
    if len(packet) < 12 or packet[2] & 0x80:
        return b""
    number, flags = struct.unpack_from(">HH", packet)
    return _HEADER.pack(number, 0x8000 | flags & 0x7900 | code, 0, 0, 0, 0)


def _record(record: Record, question: Question) -> bytes:
    owner = b"\xc0\x0c" if record.owner == question.name else wire_name(record.owner)
    value = _value(record.kind, record.value)
    return owner + _RECORD.pack(TYPES[record.kind], 1, TTL_S, len(value)) + value


def wire_name(name: str) -> bytes:
    """A name in wire form; labels that are too long are cut."""
    labels = [label.encode("latin-1", "replace")[:63] for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def _value(kind: str, value: str) -> bytes:
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "TXT":
        words = value.encode()
        parts = [words[n : n + 255] for n in range(0, len(words), 255)] or [b""]
        return b"".join(bytes((len(part),)) + part for part in parts)
    if kind == "MX":
        rank, _, host = value.partition(" ")
        return struct.pack(">H", int(rank)) + wire_name(host)
    if kind == "SOA":
        server, keeper, *numbers = value.split()
        return wire_name(server) + wire_name(keeper) + struct.pack(">5I", *map(int, numbers))
    return wire_name(value)
