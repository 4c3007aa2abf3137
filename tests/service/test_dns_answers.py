"""What the responder says, question by question; and that the batched path says the same bytes."""

from __future__ import annotations

import random
import socket
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from junkhound.kernel import clock, net
from junkhound.service.dns import Book, Clients
from junkhound.service.dns.batch import Batch
from junkhound.service.dns.clients import clients
from junkhound.service.dns.mmsg import LARGEST, LEAD, ROW, Mail
from junkhound.service.dns.wider import hold
from junkhound.service.dns.zone import Zone
from junkhound.wire import dns
from support import dns as client
from support.editions import AT, entry, name_entry
from support.zones import LOOPBACK, ZONE, question, zone

ENTRIES = (
    entry("203.0.113.7", 1),
    entry("198.51.100.0/24", 2),
    entry("2001:db8:1:2::/64", 3),
)


def told(book: Book, name: str, kind: int = dns.A, **about: int) -> client.Answer:
    made = book.answer(question(name, kind, **about), LOOPBACK, AT)
    assert made is not None
    return client._read(made, kind)


def under(address: str, origin: str = ZONE) -> str:
    parsed = net.parse(address)
    assert parsed is not None
    if ":" in address:
        return ".".join([*reversed(parsed.packed.hex()), origin])
    return client.reversed_name(parsed, origin)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book([zone(tmp_path, *ENTRIES, url="https://bl.example.org/r/%s")])


@pytest.mark.parametrize(
    ("name", "kind", "code", "records"),
    [
        (under("203.0.113.7"), dns.A, 0, 1),
        (under("203.0.113.7").upper(), dns.A, 0, 1),
        (under("203.0.113.8"), dns.A, 3, 0),
        (under("198.51.100.0"), dns.A, 0, 1),
        (under("198.51.100.255"), dns.A, 0, 1),
        (under("198.51.101.0"), dns.A, 3, 0),
        (under("2001:db8:1:2:ffff:ffff:ffff:ffff"), dns.A, 0, 1),
        (under("2001:db8:1:3::"), dns.A, 3, 0),
        # RFC 5782 section 5
        (under("127.0.0.2"), dns.A, 0, 1),
        (under("127.0.0.1"), dns.A, 3, 0),
        (under("::ffff:7f00:2"), dns.A, 0, 1),
        (under("::ffff:7f00:1"), dns.A, 3, 0),
        # other types: the name exists
        (under("203.0.113.7"), dns.AAAA, 0, 0),
        (under("203.0.113.7"), 65, 0, 0),
        # the apex
        (ZONE, dns.SOA, 0, 1),
        (ZONE, dns.NS, 0, 1),
        (ZONE, dns.TXT, 0, 1),
        (ZONE, dns.A, 0, 0),
        # names above listed ones exist (RFC 8020), others do not
        (f"113.0.203.{ZONE}", dns.A, 0, 0),
        (f"203.{ZONE}", dns.A, 0, 0),
        (f"204.{ZONE}", dns.A, 3, 0),
        (f"8.b.d.0.1.0.0.2.{ZONE}", dns.A, 0, 0),
        (f"9.b.d.0.1.0.0.2.{ZONE}", dns.A, 3, 0),
        (f"1.0.0.2.{ZONE}", dns.A, 0, 0),  # 2.0.0.1 is not listed, but 2001::/16 holds what is
        # not the name of an address
        (f"07.113.0.203.{ZONE}", dns.A, 3, 0),
        (f"256.113.0.203.{ZONE}", dns.A, 3, 0),
        (f"1.7.113.0.203.{ZONE}", dns.A, 3, 0),
        (f"0.{under('2001:db8:1:2::')}", dns.A, 3, 0),
        (f"www.{ZONE}", dns.A, 3, 0),
        (".".join(["1"] * 100 + [ZONE]), dns.A, 3, 0),
        # not ours
        ("bl.example.org", dns.SOA, 5, 0),
        ("7.113.0.203.other.example", dns.A, 5, 0),
        (f"x{ZONE}", dns.A, 5, 0),
        (".", dns.NS, 5, 0),
        (ZONE, dns.AXFR, 5, 0),
    ],
)  # fmt: skip
def test_codes(book: Book, name: str, kind: int, code: int, records: int) -> None:
    answer = told(book, name, kind)
    assert (answer.code, len(answer.records)) == (code, records)


def test_texts(book: Book) -> None:
    facts = "direct spam source, 10 to 50 messages, last seen 2026-01-02, expires 2026-01-09"
    assert told(book, under("198.51.100.9"), dns.TXT).records == (
        f"IP 198.51.100.9 is listed (JH-2026-000002, {facts}). https://bl.example.org/r/JH-2026-000002",
    )
    assert told(book, under("2001:db8:1:2::9"), dns.TXT).records == (
        f"IP 2001:db8:1:2::9 is listed (JH-2026-000003, {facts}). https://bl.example.org/r/JH-2026-000003",
    )
    assert told(book, under("127.0.0.2"), dns.TXT).records == ("test entry, RFC 5782 section 5",)
    assert told(book, ZONE, dns.TXT).records == (
        "list main, scope own, 3 entries, as of 2026-01-03T12:00:00Z, good until 2026-01-05T12:00:00Z",
    )


def test_a_negative_answer_says_how_long_it_holds(book: Book) -> None:
    made = book.answer(question(under("203.0.113.8")), LOOPBACK, AT)
    assert made is not None
    assert made[8:10] == b"\0\1"  # one record of authority
    soa = told(book, ZONE, dns.SOA).records[0]
    assert int(soa[-40:-32], 16) == AT // clock.SECOND
    assert int(soa[-8:], 16) == 900  # RFC 2308: the last field


def test_any_is_answered_with_one_set(book: Book) -> None:
    made = book.answer(question(under("203.0.113.7"), dns.ANY), LOOPBACK, AT)
    assert made is not None
    assert client._read(made, dns.A).records == ("127.0.0.2",)


def test_other_classes_and_versions(book: Book) -> None:
    assert told(book, ZONE, dns.SOA, klass=3).code == 5
    made = book.answer(question(ZONE, dns.SOA, edns=1232, version=1), LOOPBACK, AT)
    assert made is not None
    assert (made[3] & 15, made[-6]) == (0, 1)  # BADVERS stands half in the header, half in OPT


def test_who_may_ask(tmp_path: Path) -> None:
    book = Book([zone(tmp_path, *ENTRIES, networks=("192.0.2.0/25", "2001:db8::/32"))])
    packet = question(under("203.0.113.7"))
    for address, allowed in (("192.0.2.127", True), ("192.0.2.128", False), ("2001:db8::9", True), ("::1", True),
                             ("2001:db9::", False), ("127.255.0.1", True), ("203.0.113.7", False)):  # fmt: skip
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        made = book.answer(packet, socket.inet_pton(family, address), AT)
        assert made is not None
        assert (made[3] & 15 == 0) == allowed, address


def test_the_world_is_let_in_to_public_lists_only() -> None:
    world = [n for words in ("0.0.0.0/0", "::/0") if (n := net.parse_network(words)) is not None]
    for packed in (b"\xcb\0\x71\x07", bytes.fromhex("20010db8000000000000000000000001")):
        assert clients(world, "public").allow(packed)
        assert not clients(world, "own").allow(packed)


def test_a_batch_of_clients_is_judged_as_each_of_them() -> None:
    rng = random.Random(3)
    networks = ["10.0.0.0/8", "192.0.2.0/25", "198.51.100.7", "203.0.0.0/15", "0.0.0.0/30", "255.255.255.255"]
    some = Clients(n for words in networks if (n := net.parse_network(words)) is not None)
    near = [n.first.v4 + step for words in networks if (n := net.parse_network(words)) for step in (-1, 0, 1, 127, 128)]
    numbers = [n & 0xFFFFFFFF for n in near] + [rng.randrange(1 << 32) for _ in range(500)]
    names = np.zeros((len(numbers), 28), np.uint8)
    names[:, 4:8] = np.array(numbers, ">u4").view(np.uint8).reshape(-1, 4)
    assert some.allow_v4(names).tolist() == [some.allow(n.to_bytes(4, "big")) for n in numbers]
    halves = {n.to_bytes(4, "big")[:2] for n in numbers}
    assert {half for half in halves if some.whole(half)} == {half for half in halves if half[0] in (10, 127)} | {
        half for half in halves if half in (b"\xcb\0", b"\xcb\1")
    }


def test_what_has_expired_is_no_answer(book: Book) -> None:
    packet = question(under("203.0.113.7"))
    for at, code in ((AT + 2 * clock.DAY - 1, 0), (AT + 2 * clock.DAY, 2)):
        made = book.answer(packet, LOOPBACK, at)
        assert made is not None
        assert made[3] & 15 == code


def test_a_list_without_a_file_fails(tmp_path: Path) -> None:
    book = Book([Zone("main", ZONE, tmp_path / "main.served", Clients([]))])
    assert told(book, under("127.0.0.2")).code == 2


def test_several_lists_each_in_its_zone(tmp_path: Path) -> None:
    one = zone(tmp_path, entry("203.0.113.7", 1))
    two = zone(tmp_path, entry("203.0.113.8", 2), name="bots", code="127.0.0.4")
    book = Book([one, two])
    assert told(book, under("203.0.113.7")).records == ("127.0.0.2",)
    assert told(book, under("203.0.113.7", "bots.bl.example.org")).code == 3
    assert told(book, under("203.0.113.8", "bots.bl.example.org")).records == ("127.0.0.4",)


# --- the batched path ------------------------------------------------------------------------------------


def variants(rng: random.Random, origins: list[str]) -> bytes:
    """An ordinary question, or one that is almost ordinary."""
    origin = rng.choice(origins)
    name = ".".join(
        [
            *(str(rng.choice([0, 1, 2, 7, 8, 9, 10, 99, 100, 113, 203, 51, 198, 255])) for _ in range(4)),
            "".join(rng.choice([letter, letter.upper()]) for letter in origin),
        ]
    )
    if rng.random() < 0.3:
        name = under(
            rng.choice(["203.0.113.7", "198.51.100.3", "127.0.0.2", "127.0.0.1", "2.0.0.1", "5.5.5.5"]), origin
        )
    if rng.random() < 0.3:
        where = ["2001:db8:1:2::", "2001:db8:1:3::", "::ffff:7f00:2", "::ffff:7f00:1", "2001:db8:1:2:a:b:c:d"]
        digits = under(rng.choice(where), origin)[:63]
        name = "".join(rng.choice([letter, letter.upper()]) for letter in digits) + f".{origin}"
    if rng.random() < 0.4:
        kind = rng.choice([dns.A, dns.A, dns.TXT])
        return question(name, kind, number=rng.randrange(65536), edns=rng.choice([None, 1232]), do=rng.random() < 0.5)
    flags = rng.choice([0, 0x0100, 0x0100, 0x0110, 0x0120, 0x8100, 0x2000, 0x0300, 0x0102, 0x0500])
    edns = rng.choice([None, None, 512, 1232, 4096, 0])
    options = rng.choice([b"", b"", b"\0\x0a\0\x08abcdefgh", b"x" * 53, b"x" * 54, b"x" * 100])
    packet = bytearray(
        question(name, rng.choice([1, 1, 1, 16, 28, 255]), rng.choice([1, 1, 1, 3]), rng.randrange(65536), edns, flags,
                 rng.random() < 0.5, int(rng.random() < 0.1), options)
    )  # fmt: skip
    if rng.random() < 0.4:
        for _ in range(rng.randint(1, 2)):
            packet[rng.randrange(len(packet))] = rng.choice(
                [0, 1, 2, 3, 0x2F, 0x30, 0x39, 0x3A, 0x61, rng.randrange(256)]
            )
    if rng.random() < 0.1:
        del packet[rng.randrange(len(packet)) :]
    if rng.random() < 0.05:
        packet += b"\0" * rng.randint(1, 12)
    return bytes(packet)


def test_a_batch_is_answered_with_the_same_bytes(tmp_path: Path) -> None:
    rng = random.Random(11)
    other = [entry(f"203.0.113.{n}", n + 1) for n in range(0, 200, 2)]
    zones = [zone(tmp_path, *ENTRIES), zone(tmp_path, *other, name="bots", ttl_s=60), zone(tmp_path, name="x" * 20)]
    late = zone(tmp_path, entry("203.0.113.7"), name="late", at=AT - clock.DAY, expires_at=AT)
    many = tuple(f"127.0.0.{n}" for n in range(2, 40))  # does not fit into the smallest datagram
    all_of = [entry("203.0.113.7", codes=("127.0.0.2", "127.0.0.4")), entry("198.51.100.0/24", 2),
              entry("2001:db8:1:2::/64", 3), entry("203.0.113.9", 4, codes=many),
              name_entry("pills.example", 5)]  # fmt: skip
    zones.append(zone(tmp_path, *all_of, name="all"))
    closed = Zone("none", "none.bl.example.org", tmp_path / "none", Clients([]))
    book = Book([*zones, late, closed])
    origins = [one.origin_text for one in book.zones] + ["elsewhere.example"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        mail = Mail(sock, 512)
        batch = Batch(mail, book, by_v4=True)
        taken = 0
        wider: Counter[tuple[int, bool]] = Counter()
        for round_number in range(40):
            packets = [variants(rng, origins) for _ in range(rng.choice([1, 24, 300, 512]))]
            some = [LOOPBACK, LOOPBACK, LOOPBACK, b"\xc0\0\2\1", b"\x7f\1\1\1"]
            mixed = round_number % 3 == 0  # else one client asks all
            sources = rng.choices(some, k=len(packets)) if mixed else [rng.choice(some)] * len(packets)
            batch._room.rows[:, LEAD : LEAD + LARGEST] = rng.randrange(256)  # what an earlier batch may have left
            for row, packet in enumerate(packets):
                mail.memory[row * ROW + LEAD : row * ROW + LEAD + len(packet)] = np.frombuffer(packet, np.uint8)
                mail.came[row] = len(packet)
                mail.names[row, 4:8] = np.frombuffer(sources[row], np.uint8)
            alone = [batch.one(row, packet, AT) for row, packet in enumerate(packets)]
            done = batch.answer(len(packets), AT)
            for row, packet in enumerate(packets):
                plain = book.answer(packet, sources[row], AT)
                start = row * ROW + LEAD
                if done[row]:
                    assert mail.memory[start : start + mail.leaves[row]].tobytes() == plain
                else:  # untouched, so that the plain path can read it
                    assert mail.memory[start : start + len(packet)].tobytes() == packet
                assert alone[row] in (None, plain)
            taken += int(done.sum())
            for kind, long in ((dns.A, True), (dns.TXT, False), (dns.TXT, True)):
                wider[kind, long] += sum(
                    done[row] and bytes([0, kind, 0, 1]) in packet[20:] and (len(packet) > 90) == long
                    for row, packet in enumerate(packets)
                )
    assert taken > 1000
    assert wider[dns.A, True] > 200
    assert wider[dns.TXT, False] > 200


def test_ipv6_networks_of_every_length_are_found_as_one_by_one(tmp_path: Path) -> None:
    rng = random.Random(8)
    base = 0x2001_0DB8 << 96
    wide = {net.network_of(net.Address((base + (n << 80)) >> 64, 0), rng.randint(48, 64)) for n in range(300)}
    near = {
        net.network_of(net.Address((base >> 64) + (1 << 30), n << rng.randint(8, 16)), rng.randint(112, 128))
        for n in range(1, 200)
    }
    spans = sorted(wide | near)
    apart = [one for place, one in enumerate(spans) if not place or not spans[place - 1].holds(one.first)]
    made = zone(tmp_path, *(entry(str(one), place) for place, one in enumerate(apart)))
    assert made.face is not None
    edges = {(n.first.hi << 64 | n.first.lo) + step for n in apart for step in (-1, 0, 1)}
    edges |= {(n.last.hi << 64 | n.last.lo) + step for n in apart for step in (0, 1)} | {0, (1 << 128) - 1}
    numbers = sorted(edges)
    halves = [np.array(some, np.uint64) for some in ([n >> 64 for n in numbers], [n & net.MASK64 for n in numbers])]
    assert hold(made.face.data, *halves).tolist() == [made.face.data.find6(n) >= 0 for n in numbers]


def test_every_octet_is_read_in_every_place(tmp_path: Path) -> None:
    rng = random.Random(2)
    listed = sorted({rng.randrange(0x0B000000, 0x7F000000) for _ in range(3000)})
    made = zone(tmp_path, *(entry(str(net.v4(number)), place) for place, number in enumerate(listed)))
    book = Book([made])
    asked = [place << 24 | other << shift for place in (11, 45, 126) for other in range(256) for shift in (0, 8, 16)]
    asked += listed + [number + 1 for number in listed]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        mail = Mail(sock, 512)
        batch = Batch(mail, book, by_v4=True)
        for start in range(0, len(asked), 512):
            some = asked[start : start + 512]
            for row, number in enumerate(some):
                packet = question(under(str(net.v4(number))))
                mail.memory[row * ROW + LEAD : row * ROW + LEAD + len(packet)] = np.frombuffer(packet, np.uint8)
                mail.came[row] = len(packet)
                mail.names[row, 4] = 127
            assert batch.answer(len(some), AT).all()
            hits = [mail.memory[row * ROW + LEAD + 3] & 15 == 0 for row in range(len(some))]
            assert hits == [number in set(listed) for number in some]


def test_networks_and_addresses_together(tmp_path: Path) -> None:
    rng = random.Random(6)
    wide = {net.network_of(net.v4(0x2E000000 + 4096 * n), 96 + rng.randint(20, 32)) for n in range(400)}
    made = zone(tmp_path, *(entry(str(n), place) for place, n in enumerate(sorted(wide))), max_network=20)
    assert made.face is not None
    data = made.face.data
    edges = {n.first.v4 + step for n in wide for step in (-1, 0, 1)} | {
        n.last.v4 + step for n in wide for step in (0, 1)
    }
    numbers = [*sorted(edges), 0, 0xFFFFFFFF]
    found = data.numbers.hold(np.array(numbers, np.uint32)).tolist()
    assert found == [data.find4(number) >= 0 for number in numbers]
    assert found == [any(n.holds(net.v4(number)) for n in wide) for number in numbers]


def test_a_row_holds_what_may_come_and_go() -> None:
    assert LEAD + LARGEST <= ROW
