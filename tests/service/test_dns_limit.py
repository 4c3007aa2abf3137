"""Forged questions do not become a flood: what is held back, from whom, for how long, and what is sent instead."""

from __future__ import annotations

import contextlib
import socket
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from junkhound.kernel import clock, net
from junkhound.kernel.config import Config, Dns
from junkhound.service.dns import Book, Clients, Responder, open_responder
from junkhound.service.dns.limit import CUT, DROP, SEND, Limit, Rates
from junkhound.service.dns.mmsg import LEAD, ROW
from junkhound.service.dns.responder import Door
from junkhound.wire import dns
from support.dns import A, ask
from support.editions import AT, entry, make
from support.zones import ZONE, put, question, running, zone

WORLD = ("0.0.0.0/0", "::/0")


class Nobody(Clients):
    """Nobody is spared, not even this machine: so that the limit can be seen on loopback."""

    def __init__(self) -> None:
        super().__init__([])

    def allow(self, packed: bytes) -> bool:
        return False


def limit(spared: Iterable[str] = (), **rates: int) -> Limit:
    made = Limit(Rates(**rates), Clients(n for words in spared if (n := net.parse_network(words)) is not None))
    made.leak(AT)
    return made


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def reply(name: str, code: int = dns.NOERROR, kind: int = dns.A) -> bytes:
    parsed = dns.parse(question(name, kind, edns=1232))
    assert isinstance(parsed, dns.Query)
    answers = [dns.Record(parsed.name, dns.A, 900, (b"\x7f\0\0\2",))] if code == dns.NOERROR else []
    return dns.reply(parsed, code, answers)


def verdicts(one: Limit, client: str, replies: Iterable[bytes]) -> Counter[int]:
    return Counter(one.judge(packed(client), made) for made in replies)


def names(clients: Iterable[str]) -> np.ndarray:
    rows = [packed(address) for address in clients]
    made = np.zeros((len(rows), 28), np.uint8)
    for row, address in enumerate(rows):
        at = 4 if len(address) == 4 else 8
        made[row, at : at + len(address)] = np.frombuffer(address, np.uint8)
    return made


def test_one_answer_to_one_network() -> None:
    one = limit(same=20, every=0, slip=3)
    same = [reply(f"7.113.0.203.{ZONE}")] * 60
    assert verdicts(one, "198.51.100.1", same[:20]) == {SEND: 20}
    assert verdicts(one, "198.51.100.200", same[:30]) == {CUT: 10, DROP: 20}, "the network counts, not the address"
    assert verdicts(one, "198.51.101.1", same[:20]) == {SEND: 20}
    assert verdicts(one, "2001:db8:0:ff00::1", same[:20]) == {SEND: 20}
    assert verdicts(one, "2001:db8:0:ffff::1", same[:3]) == {CUT: 1, DROP: 2}, "an IPv6 network is a /56"
    assert verdicts(one, "2001:db8:0:fe00::1", same[:20]) == {SEND: 20}
    assert verdicts(one, "198.51.100.1", [reply(f"8.113.0.203.{ZONE}")] * 20) == {SEND: 20}, "another answer"


def test_letters_in_any_case_are_one_answer() -> None:
    one = limit(same=20, every=0, slip=0)
    both = [reply(f"7.113.0.203.{ZONE}"), reply(f"7.113.0.203.{ZONE}".upper())] * 20
    assert verdicts(one, "198.51.100.1", both) == {SEND: 20, DROP: 20}


def test_all_answers_together_and_errors_apart() -> None:
    one = limit(same=0, every=50, errors=5, slip=1)
    assert verdicts(one, "198.51.100.1", [reply("example.org", dns.REFUSED)] * 8) == {SEND: 5, CUT: 3}
    many = [reply(f"{n}.113.0.203.{ZONE}", dns.NXDOMAIN if n % 2 else dns.NOERROR) for n in range(80)]
    assert verdicts(one, "198.51.100.1", many) == {SEND: 50, CUT: 30}


@pytest.mark.parametrize("client", ["198.51.100.1", "2001:db8::1"])
def test_a_batch_is_held_back_as_one_by_one(client: str) -> None:
    numbers = np.array([n % 3 for n in range(90)], np.uint32)
    clients = [client] * 90
    v4 = "." in client
    one = limit(same=20, every=0)
    held = one.held(names(clients), numbers, v4)
    assert held is not None
    for asked in range(3):
        assert held[numbers == asked].tolist() == [False] * 20 + [True] * 10, "in their turn"
    whole = limit(same=0, every=40).held(names(clients), numbers, v4)
    assert whole is not None
    assert whole.tolist() == [False] * 40 + [True] * 50
    assert limit(same=0, every=0).held(names(clients), numbers, v4) is None
    two = limit(same=0, every=40)
    some = [*clients[:40], *(["198.51.7.1"] * 40 if v4 else ["2001:db8:7::1"] * 40)]
    assert two.held(names(some), numbers[:80], v4) is None


def test_who_is_spared() -> None:
    one = limit(["192.0.2.0/25", "2001:db8:5::/48"], same=2, every=0, slip=0)
    same = [reply(f"7.113.0.203.{ZONE}")] * 10
    for client, sent in (("192.0.2.1", 10), ("192.0.2.200", 0), ("127.0.0.1", 10), ("2001:db8:5::1", 10), ("::1", 10)):
        assert verdicts(one, client, same)[SEND] == sent, client
    numbers = np.zeros(10, np.uint32)
    held = one.held(names(["192.0.2.1", "192.0.2.129"] * 5), numbers, v4=True)
    assert held is not None
    assert held.tolist() == [False, False] + [False, True] * 4


def test_time_lets_out() -> None:
    one = limit(same=20, every=0, slip=0)
    same = [reply(f"7.113.0.203.{ZONE}")] * 200
    assert verdicts(one, "198.51.100.1", same)[SEND] == 20
    one.leak(AT + 5 * clock.SECOND)  # the most that is remembered of a flood
    assert verdicts(one, "198.51.100.1", same)[SEND] == 20
    assert verdicts(one, "198.51.100.1", same)[SEND] == 0
    one.leak(AT)  # a clock set back
    assert verdicts(one, "198.51.100.1", same)[SEND] == 0


def test_what_is_cut_short_is_a_reply() -> None:
    for packet in (question(f"7.113.0.203.{ZONE}", edns=1232, do=True), question(f"7.113.0.203.{ZONE}", number=9)):
        parsed = dns.parse(packet)
        assert isinstance(parsed, dns.Query)
        whole = dns.reply(parsed, dns.NOERROR, [dns.Record(parsed.name, dns.A, 900, (b"\x7f\0\0\2",))])
        made = dns.cut(whole)
        assert len(made) <= len(packet), "nobody is made louder"
        assert made[:2] == packet[:2]
        assert made[2] & 0x82 == 0x82  # an answer, cut short
        again = dns.parse(bytes([*made[:2], made[2] & 0x7D, *made[3:]]))
        assert isinstance(again, dns.Query)
        assert (again.name, again.kind, again.edns, again.do) == (
            parsed.name, parsed.kind, None if parsed.edns is None else dns.EDNS_SIZE, parsed.do,
        )  # fmt: skip
    assert dns.cut(dns.bare(b"\1\2\0\0", dns.FORMERR)) == b"\1\2\x82\1" + bytes(8)


def forged(door: Door, packets: list[bytes], client: str) -> list[bytes]:
    """What leaves for questions that claim to come from this client; nothing is really sent."""
    mail, said = door.mail, []

    def receive() -> int:
        for row, packet in enumerate(packets):
            door._memory[row * ROW + LEAD : row * ROW + LEAD + len(packet)] = packet
            mail.came[row] = len(packet)
            mail.names[row, 4:8] = tuple(packed(client))
        return len(packets)

    def send(rows: int, silent: bool) -> int:
        sizes = mail.leaves[:rows].tolist()
        assert silent == (0 in sizes)
        said.extend(bytes(door._memory[row * ROW + LEAD :][:size]) for row, size in enumerate(sizes) if size)
        return 0

    mail.receive, mail.send = receive, send  # type: ignore[method-assign]
    door.serve(AT)
    return said


@pytest.mark.parametrize("size", [7, 400])
def test_a_forged_flood_through_the_loop(tmp_path: Path, size: int) -> None:
    book = Book([zone(tmp_path, entry("203.0.113.7"), networks=WORLD)])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        door = Door(sock, book, False, limit(same=5, every=100, errors=3, slip=2))
        flood = [question(f"7.113.0.203.{ZONE}", number=n, edns=1232) for n in range(size)]
        said = forged(door, flood, "198.51.100.1")
        whole = [packet for packet in said if not packet[2] & 2]
        short = [packet for packet in said if packet[2] & 2]
        assert (len(whole), len(short)) == (5, (size - 5) // 2)
        assert all(len(packet) <= len(flood[0]) for packet in short)
        assert book.counts["limited: cut"] == len(short)
        assert book.counts["limited: dropped"] == size - 5 - len(short)
        assert book.counts["packets"] == book.counts["listed"] == size
        assert len(forged(door, [question("example.net")] * 9, "198.51.100.1")) == 6  # three whole, every other short
        others = [question(f"{n}.113.0.203.{ZONE}", number=n) for n in range(60)]
        assert len(forged(door, others, "192.0.2.1")) == 60, "nobody else has a part in it"


def test_a_client_that_is_cut_short_comes_by_tcp(tmp_path: Path) -> None:
    made = zone(tmp_path, entry("203.0.113.7"))
    strict = Limit(Rates(same=3, every=0, slip=1), Nobody())
    with running(made, host="0.0.0.0", limit=lambda: strict) as responder:
        port = responder.addresses[0][1]
        name = f"7.113.0.203.{ZONE}"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", port))
            sock.settimeout(5)
            came = []
            for number in range(12):
                sock.send(question(name, number=number))
                came.append(bool(sock.recv(600)[2] & 2))
        assert came == [False] * 3 + [True] * 9
        with socket.create_connection(("127.0.0.1", port), timeout=5) as tcp:
            packet = question(name)
            tcp.send(len(packet).to_bytes(2, "big") + packet)
            assert tcp.recv(600)[5] & 15 == 0
        assert responder.book.counts["limited: cut"] == 9


def test_where_it_holds(tmp_path: Path) -> None:
    put(tmp_path, make(entry("203.0.113.7")))

    def limits(listen: tuple[str, ...], **about: bool) -> list[bool]:
        config = Config(dns=Dns(listen=listen, clients=("192.0.2.0/24", "0.0.0.0/0"), **about))  # type: ignore[arg-type]
        with contextlib.closing(open_responder(config, folder=tmp_path)) as responder:
            doors = responder._doors.values()
            for door in doors:
                if door.limit is not None:
                    assert door.limit._spared.allow(packed("192.0.2.1"))
                    assert not door.limit._spared.allow(packed("198.51.100.1")), "/0 vouches for nobody"
            return [door.limit is not None for door in doors]

    assert limits(("127.0.0.1:0", "0.0.0.0:0")) == [False, True]
    assert limits(("0.0.0.0:0",), limit=False) == [False]


def test_this_machine_is_not_limited(tmp_path: Path) -> None:
    with running(zone(tmp_path, entry("203.0.113.7")), host="0.0.0.0", limit=lambda: limit(same=1)) as responder:
        assert isinstance(responder, Responder)
        answers = ask(responder.addresses[0][1], [(f"7.113.0.203.{ZONE}", A)] * 100)
    assert {answer.code for answer in answers} == {0}
    assert not [name for name in responder.book.counts if name.startswith("limited")]
