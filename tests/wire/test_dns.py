"""DNS messages: any bytes are read without an error, and what is written reads back."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.wire import dns
from junkhound.wire.dns import Malformed, Query, Record
from support.zones import question

labels = st.lists(st.binary(min_size=1, max_size=63), max_size=3)


@given(st.binary(max_size=700))
def test_any_bytes_are_a_question_or_malformed(packet: bytes) -> None:
    found = dns.parse(packet)
    assert isinstance(found, (Query, Malformed))
    if isinstance(found, Malformed) and found.code is not None:
        assert len(dns.bare(packet, found.code)) == 12


@given(labels, st.integers(0, 65535), st.integers(0, 65535), st.integers(0, 65535), st.booleans())
def test_a_question_reads_back(parts: list[bytes], number: int, kind: int, size: int, do: bool) -> None:
    wire = b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
    packet = struct.pack(">6H", number, 0, 1, 0, 0, 1) + wire + struct.pack(">2H", kind, 1)
    packet += struct.pack(">x2HBBHH", 41, size, 0, 0, do << 15, 0)
    found = dns.parse(packet)
    assert isinstance(found, Query)
    assert (found.number, found.name, found.kind, found.edns, found.do) == (number, wire, kind, size, do)
    assert list(found.labels) == [part.lower() for part in parts]


@pytest.mark.parametrize(
    ("packet", "reason", "code"),
    [
        (b"", "short", None),
        (question("a.test")[:11], "short", None),
        (question("a.test", flags=0x8100), "answer", None),
        (question("a.test", flags=0x2800), "opcode", dns.NOTIMP),
        (question("a.test")[:-1], "name", dns.FORMERR),
        (question("a.test")[:4] + b"\0\0" + question("a.test")[6:], "count", dns.FORMERR),
        (question("a.test")[:4] + b"\xff\xff" + question("a.test")[6:], "count", dns.FORMERR),
        (question("a.test")[:12] + b"\xc0\x0c\0\1\0\1", "name", dns.FORMERR),  # a name that points at itself
        (question("a.test")[:12] + b"\x40" + bytes(80), "name", dns.FORMERR),
        (question("a.test")[:12] + b"\x01a" * 128 + b"\0\0\1\0\1", "name", dns.FORMERR),
        (question("a.test")[:10] + b"\xff\xff" + question("a.test")[12:], "record", dns.FORMERR),
        (question("a.test") + b"\0", "length", dns.FORMERR),
        (question("a.test", edns=512)[:-1], "record", dns.FORMERR),
        (question("a.test", edns=512, options=b"1234")[:-1], "length", dns.FORMERR),
        (question("a.test")[:11] + b"\2" + question("a.test")[12:] + 2 * question("a.test", edns=1)[24:],
         "opt", dns.FORMERR),
    ],
)  # fmt: skip
def test_what_is_no_question_is_named(packet: bytes, reason: str, code: int | None) -> None:
    assert dns.parse(packet) == Malformed(reason, code)


def test_a_flood_of_records_costs_a_pass_over_the_packet() -> None:
    record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\0"
    packet = question("a.test")[:6] + b"\xff\xff\0\0\0\0" + question("a.test")[12:] + record * 5000
    assert dns.parse(packet) == Malformed("record", dns.FORMERR)


def test_names_in_a_reply_point_into_the_question_and_keep_its_case() -> None:
    query = dns.parse(question("A.b.Example.ORG", edns=1232, do=True))
    assert isinstance(query, Query)
    value = dns.soa(dns.name("ns.example.org"), dns.mailbox("host.master@b.example.org"), 5, 900)
    made = dns.reply(query, dns.NXDOMAIN, (), [Record(dns.name("b.example.org"), dns.SOA, 60, value)])
    assert made[12 : 12 + len(query.name)] == query.name
    body = made[12 + len(query.name) + 4 :]
    assert body.startswith(b"\xc0\x0e\0\6\0\1\0\0\0\x3c")
    assert b"\2ns\xc0\x10" in body  # example.org of the question
    assert b"\x0bhost.master\xc0\x0e" in body
    assert body.endswith(b"\0\0\x29\x04\xd0\0\0\x80\0\0\0")
    assert struct.unpack(">6H", made[:12]) == (7, 0x8503, 1, 0, 1, 1)


def test_what_does_not_fit_is_left_out_and_said_to_be() -> None:
    query = dns.parse(question("a.test", dns.TXT))
    assert isinstance(query, Query)
    made = dns.reply(query, dns.NOERROR, [Record(query.name, dns.TXT, 1, dns.txt("x" * 600))], room=512)
    flags, _, answers = struct.unpack(">3H", made[2:8])
    assert flags & 0x0200
    assert answers == 0
    assert len(made) == len(question("a.test"))


def test_room_of_a_reply() -> None:
    sizes = {None: 512, 0: 512, 511: 512, 600: 600, 4096: dns.EDNS_SIZE}
    for offered, room in sizes.items():
        query = dns.parse(question("a.test", edns=offered))
        assert isinstance(query, Query)
        assert query.room == room


@pytest.mark.parametrize("words", ["a..b", "x" * 64, ".".join(["abcdefgh"] * 30), "é.test"])
def test_a_name_that_is_none(words: str) -> None:
    with pytest.raises(ValueError):
        dns.name(words)


def test_flipped_questions_never_raise() -> None:
    rng = random.Random(5)
    start = question("7.113.0.203.main.bl.example.org", edns=1232, options=b"\0\x0a\0\x08abcdefgh")
    for _ in range(3000):
        packet = bytearray(start)
        for _ in range(rng.randint(1, 4)):
            packet[rng.randrange(len(packet))] = rng.randrange(256)
        dns.parse(bytes(packet[: rng.randint(0, len(packet))]))
