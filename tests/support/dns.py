"""A DNS client of a few lines: UDP questions in small bursts, retried, for tests against real servers."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from junkhound.kernel import net

A, TXT, SOA, NS = 1, 16, 6, 2
NXDOMAIN, REFUSED = 3, 5
_BURST = 64  # a default rbldnsd loses bursts of over 150 packets


class Answer(NamedTuple):
    """Response code and the records of the type asked for: addresses, texts, or raw data."""

    code: int
    records: tuple[str, ...]


def reversed_name(address: net.Address, zone: str) -> str:
    """The name under which a list is asked about an address (RFC 5782 sections 2.1 and 2.4)."""
    digits = address.packed[12:] if address.is_v4 else address.packed
    parts = [str(octet) for octet in digits] if address.is_v4 else list(digits.hex())
    return ".".join([*reversed(parts), zone])


def _question(number: int, name: str, kind: int) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", kind, 1)


def _skip_name(packet: bytes, at: int) -> int:
    while packet[at]:
        if packet[at] >= 0xC0:
            return at + 2
        at += packet[at] + 1
    return at + 1


def _read(packet: bytes, kind: int) -> Answer:
    _, flags, questions, answers, _, _ = struct.unpack(">6H", packet[:12])
    at = 12
    for _ in range(questions):
        at = _skip_name(packet, at) + 4
    records = []
    for _ in range(answers):
        at = _skip_name(packet, at)
        found, _, _, length = struct.unpack(">2HIH", packet[at : at + 10])
        value = packet[at + 10 : at + 10 + length]
        at += 10 + length
        if found == kind == A:
            records.append(".".join(map(str, value)))
        elif found == kind == TXT:
            records.append(value[1 : 1 + value[0]].decode())
        elif found == kind:
            records.append(value.hex())
    return Answer(flags & 15, tuple(records))


def ask(port: int, questions: Iterable[tuple[str, int]], wait_s: float = 2.0, tries: int = 5) -> list[Answer]:
    """Answers in the order of (name, type) questions, at most 64 in flight. Errors: TimeoutError, ConnectionError."""
    asked = list(questions)
    answers: list[Answer] = []
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.connect(("127.0.0.1", port))
        for start in range(0, len(asked), _BURST):
            answers += _burst(sock, asked[start : start + _BURST], wait_s, tries)
    return answers


def _burst(sock: socket.socket, asked: Sequence[tuple[str, int]], wait_s: float, tries: int) -> list[Answer]:
    got: dict[int, Answer] = {}
    for _ in range(tries):
        for number in range(len(asked)):
            if number not in got:
                sock.send(_question(number, *asked[number]))
        while len(got) < len(asked) and select.select([sock], [], [], wait_s)[0]:
            packet = sock.recv(4096)
            number = struct.unpack(">H", packet[:2])[0]
            got[number] = _read(packet, asked[number][1])
        if len(got) == len(asked):
            return [got[number] for number in range(len(asked))]
    raise TimeoutError(f"{len(asked) - len(got)} of {len(asked)} questions were not answered")
