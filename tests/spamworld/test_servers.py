"""The world's name and registry servers: what a look-up finds at an instant, from bytes to bytes and over sockets."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spamworld.out.files import Shelf
from spamworld.serve import dns, names, rdap, registry, zones
from spamworld.serve.zones import Foreign, Row, Zones

ROWS = [
    Row("bank.example", "SOA", "ns.bank.example hostmaster.bank.example 7 1 1 1 1"),
    Row("bank.example", "MX", "10 mx.bank.example"),
    Row("bank.example", "TXT", "v=spf1 mx -all"),
    Row("bank.example", "TXT", "x" * 300),
    Row("mx.bank.example", "A", "192.0.2.7"),
    Row("mx.bank.example", "AAAA", "2001:db8::7"),
    Row("www.bank.example", "CNAME", "mx.bank.example"),
    Row("7.2.0.192.in-addr.arpa", "PTR", "mx.bank.example"),
]
LISTS = [
    Foreign("bl.example.net", "127.0.0.4", addresses=frozenset(("192.0.2.9", "2001:db8::9"))),
    Foreign("dead.example.net", fault="world"),
    Foreign("shy.example.net", fault="refused"),
]
WORLD = Zones(ROWS, LISTS)


def question(name: str, kind: str, edns: int = 0, number: int = 7) -> bytes:
    head = struct.pack(">6H", number, 0x0100, 1, 0, 0, 1 if edns else 0)
    extra = b"\0" + struct.pack(">HHIH", 41, edns, 0, 0) if edns else b""
    return head + names.wire_name(name) + struct.pack(">HH", names.TYPES[kind], 1) + extra


def answered(reply: bytes) -> tuple[int, list[tuple[int, bytes]], bool]:
    """(code, answers as (type, value), cut off), read by hand."""
    _, flags, _, answers, _, _ = struct.unpack_from(">6H", reply)
    at = reply.index(b"\0", 12) + 5
    found = []
    for _ in range(answers):
        assert reply[at : at + 2] == b"\xc0\x0c", "the owner is the name that was asked"
        kind, klass, ttl, size = struct.unpack_from(">HHIH", reply, at + 2)
        assert (klass, ttl) == (1, names.TTL_S)
        found.append((kind, reply[at + 12 : at + 12 + size]))
        at += 12 + size
    return flags & 15, found, bool(flags & 0x0200)


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("MX.Bank.example", "A", bytes((192, 0, 2, 7))),
        ("mx.bank.example", "AAAA", bytes.fromhex("20010db8000000000000000000000007")),
        ("bank.example", "MX", b"\0\x0a\x02mx\x04bank\x07example\0"),
        ("7.2.0.192.in-addr.arpa", "PTR", b"\x02mx\x04bank\x07example\0"),
        ("9.2.0.192.bl.example.net", "A", bytes((127, 0, 0, 4))),
        ("1.1.1.1.dead.example.net", "A", bytes((127, 0, 0, 2))),
        ("1.1.1.1.shy.example.net", "A", bytes((127, 255, 255, 254))),
        ("2.0.0.127.bl.example.net", "A", bytes((127, 0, 0, 4))),
    ],
)
def test_names_resolve(name: str, kind: str, value: bytes) -> None:
    code, found, _ = answered(dns.reply(WORLD, question(name, kind)))
    assert code == names.NOERROR
    assert found == [(names.TYPES[kind], value)]


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        ("nobody.bank.example", "A", names.NXDOMAIN),
        ("mx.bank.example", "TXT", names.NOERROR),  # the name is there, the type is not
        ("2.0.192.in-addr.arpa", "PTR", names.NOERROR),  # between two names that are there
        ("8.2.0.192.bl.example.net", "A", names.NXDOMAIN),
        ("1.0.0.127.bl.example.net", "A", names.NXDOMAIN),  # RFC 5782 section 5
    ],
)
def test_what_is_not_there(name: str, kind: str, code: int) -> None:
    got, found, _ = answered(dns.reply(WORLD, question(name, kind)))
    assert (got, found) == (code, [])


def test_an_alias_is_told_and_ipv6_is_listed() -> None:
    assert answered(dns.reply(WORLD, question("www.bank.example", "A")))[1][0][0] == names.TYPES["CNAME"]
    nibbles = ".".join(reversed("20010db8000000000000000000000009"))
    assert answered(dns.reply(WORLD, question(f"{nibbles}.bl.example.net", "A")))[0] == names.NOERROR


def test_a_long_answer_is_cut_off_by_udp_and_whole_by_tcp() -> None:
    rows = [Row("big.example", "TXT", f"{n} " + "y" * 200) for n in range(4)]
    asked = question("big.example", "TXT")
    _, found, cut = answered(dns.reply(Zones(rows), asked))
    assert cut
    assert not found
    _, found, cut = answered(dns.reply(Zones(rows), asked, limit=65535))
    assert not cut
    assert len(found) == 4
    _, found, cut = answered(dns.reply(Zones(rows), question("big.example", "TXT", edns=1232)))
    assert not cut
    assert len(found) == 4


@given(st.binary(max_size=80))
def test_any_bytes_are_answered_or_passed_over(packet: bytes) -> None:
    reply = dns.reply(WORLD, packet)
    assert not reply or reply[:2] == packet[:2]


@given(st.integers(0, 79), st.integers(0, 255))
def test_a_damaged_question_is_no_error(place: int, byte: int) -> None:
    packet = bytearray(question("mx.bank.example", "A", edns=1232))
    packet[place % len(packet)] = byte
    dns.reply(WORLD, bytes(packet))


def folder_with(tmp_path: Path) -> Path:
    shelf = Shelf(tmp_path)
    for value, since, until in (("192.0.2.7", None, 1_000), ("192.0.2.8", 1_000, None)):
        row = {"name": "host.example", "type": "A", "value": value, "since": since, "until": until}
        shelf.line("world/zones.jsonl.zst", row)
    shelf.line("world/lists.json", [{"id": "3", "zone": "l3.example", "code": "127.0.0.2", "fault": "world",
                                     "fault_at": 5_000}])  # fmt: skip
    shelf.add("world/lists/3.csv.zst", b"address,since,until\n192.0.2.9,100,2000\n")
    network = {"objectClassName": "ip network", "startAddress": "192.0.2.0", "endAddress": "192.0.2.255", "handle": "N"}
    inner = {"objectClassName": "ip network", "startAddress": "192.0.2.0", "endAddress": "192.0.2.63", "handle": "I"}
    others = [
        {"objectClassName": "autnum", "startAutnum": 64500, "endAutnum": 64500, "handle": "AS64500"},
        {"objectClassName": "domain", "ldhName": "bank.example", "handle": "D"},
    ]
    for one in (network, inner, *others):
        shelf.line("world/rdap.jsonl.zst", {"since": None, "until": None, "object": one})
    shelf.close()
    return tmp_path


def test_names_and_lists_are_as_of_the_instant(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    for at, address, listed, all_listed in ((500, 7, True, False), (1_000, 8, True, False), (9_000, 8, False, True)):
        world = zones.load(folder, at)
        assert answered(dns.reply(world, question("host.example", "A")))[1][0][1] == bytes((192, 0, 2, address))
        on = answered(dns.reply(world, question("9.2.0.192.l3.example", "A")))[0] == names.NOERROR
        anybody = answered(dns.reply(world, question("5.2.0.192.l3.example", "A")))[0] == names.NOERROR
        assert (on, anybody) == (listed or all_listed, all_listed)


def test_the_registry_gives_the_narrowest_network(tmp_path: Path) -> None:
    found = registry.load(folder_with(tmp_path), 0)
    for path, handle in (
        ("/ip/192.0.2.7", "I"), ("/ip/192.0.2.64", "N"), ("/ip/192.0.2.0/24", "N"), ("/autnum/64500", "AS64500"),
        ("/domain/BANK.example", "D"),
    ):  # fmt: skip
        status, answer = rdap.respond(found, path)
        assert (status, answer["handle"]) == (200, handle), path
    assert rdap.respond(found, "/ip/198.51.100.1")[0] == 404
    assert rdap.respond(found, "/ip/nonsense")[0] == 400
    assert rdap.respond(found, "/nothing/here")[0] == 400
    assert "rdapConformance" in rdap.respond(found, "/help")[1]


def test_a_world_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="no zones"):
        zones.load(tmp_path, 0)


def test_dns_over_sockets() -> None:
    async def talk() -> tuple[bytes, bytes]:
        server = dns.Server(WORLD)
        await server.start("127.0.0.1", 0)
        asked = question("mx.bank.example", "A")

        def by_udp() -> bytes:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
                link.settimeout(10)
                link.sendto(asked, ("127.0.0.1", server.port))
                return link.recv(4096)

        first = await asyncio.to_thread(by_udp)
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(struct.pack(">H", len(asked)) + asked)
        (size,) = struct.unpack(">H", await reader.readexactly(2))
        second = await reader.readexactly(size)
        writer.close()
        await server.close()
        assert server.counts == {"udp": 1, "tcp": 1}
        return first, second

    first, second = asyncio.run(talk())
    assert first == second
    assert answered(first)[1][0][1] == bytes((192, 0, 2, 7))


def test_rdap_over_a_socket(tmp_path: Path) -> None:
    async def talk() -> list[bytes]:
        server = rdap.Server(registry.load(folder_with(tmp_path), 0), per_minute=2)
        await server.start("127.0.0.1", 0)
        said = []
        for path in ("/ip/192.0.2.7", "/ip/198.51.100.1", "/ip/192.0.2.7"):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            said.append(await reader.read())
            writer.close()
        await server.close()
        return said

    good, missing, too_often = asyncio.run(talk())
    assert good.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: application/rdap+json")
    assert json.loads(good.partition(b"\r\n\r\n")[2])["handle"] == "I"
    assert missing.startswith(b"HTTP/1.1 404")
    assert too_often.startswith(b"HTTP/1.1 429")
    assert b"Retry-After: 60" in too_often


def test_dig_agrees() -> None:
    """A second opinion on the bytes, where dnspython is installed."""
    message = pytest.importorskip("dns.message")
    for name, kind in (
        ("bank.example", "MX"),
        ("bank.example", "TXT"),
        ("nobody.example", "A"),
        ("bank.example", "SOA"),
    ):
        reply = message.from_wire(dns.reply(WORLD, question(name, kind, edns=1232)))
        assert reply.rcode() == (names.NXDOMAIN if name == "nobody.example" else names.NOERROR)
        if name == "bank.example":
            assert reply.answer
    assert "dns" in sys.modules
