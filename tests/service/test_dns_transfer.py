"""Zones taken whole, by changes, signed and unsigned: dnspython as an independent second opinion."""

from __future__ import annotations

import base64
import ipaddress
import random
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import dns.versioned
import dns.xfr
import dns.zone
import pytest

from junkhound.kernel import clock, net
from junkhound.kernel.config import Config, Dns, List, Publish, Transfer
from junkhound.kernel.errors import ConfigError, NotFound, Refused, UsageError
from junkhound.service.dns import Book, Clients, Responder, Zone, open_responder
from junkhound.service.dns.transfer import Peer, Peers
from junkhound.service.dns.zone import Style
from junkhound.verbs import responder
from junkhound.verbs.office import open_office
from junkhound.wire import tsig
from support.dns import A, ask
from support.editions import AT, entry, make, name_entry
from support.zones import put, running

SECRET = base64.b64encode(bytes(range(32))).decode()
KEY = tsig.key("ns2.example", SECRET)
RING = dns.tsigkeyring.from_text({"ns2.example.": ("hmac-sha256", SECRET)})
OTHER = dns.tsigkeyring.from_text({"ns2.example.": ("hmac-sha256", base64.b64encode(bytes(32)).decode())})
ORIGIN = "main.bl.example.org"
POLICY = "main.rpz.bl.example.org"
ENTRIES = (
    entry("203.0.113.7", 1, codes=("127.0.0.2", "127.0.0.4")),
    entry("198.51.100.0/24", 2),
    entry("192.0.2.128/27", 3),
    entry("2001:db8:1:2::/64", 4),
    entry("2001:db8:9::/46", 5),
    entry("2001:db8:7::1", 6),
    name_entry("pills.example", 7),
    name_entry("host.shared.example", 8, below=False),
    name_entry("sub.pills.example", 9, below=False),
)
ABOUT: dict[str, Any] = {"name_exclusions": ("ok.pills.example", "good.example"), "url": "https://bl.example.org/r/%s"}


def zones(folder: Path, *entries: Any, **about: Any) -> list[Zone]:
    path = put(folder, make(*(entries or ENTRIES), **{**ABOUT, **about}))
    listed = Zone("main", ORIGIN, path, Clients([]))
    policy = Zone("main.rpz", POLICY, path, Clients([]), Style("policy"), listed)
    for made in (listed, policy):
        assert made.refresh()
    return [listed, policy]


@pytest.fixture
def signed(tmp_path: Path) -> Iterator[Responder]:
    with running(*zones(tmp_path), peers=Peers([Peer("ns2", key=KEY)])) as responder:
        yield responder


def port(responder: Responder) -> int:
    return responder.addresses[0][1]


def taken(responder: Responder, origin: str, ring: Any = RING) -> dns.zone.Zone:
    """The whole zone as dnspython takes it, every signature checked."""
    stream = dns.query.xfr("127.0.0.1", origin, port=port(responder), keyring=ring, relativize=False, lifetime=20)
    return dns.zone.from_xfr(stream, relativize=False)


def says(whole: dns.zone.Zone, name: str, kind: str) -> set[str]:
    """What a server that copied the zone answers, wildcards and all (RFC 4592)."""
    asked = dns.name.from_text(name)
    labels = asked.labels
    exists = {dns.name.Name(owner.labels[at:]) for owner in whole.nodes for at in range(len(owner.labels))}
    owner = asked
    if asked not in exists:
        encloser = next(dns.name.Name(labels[at:]) for at in range(len(labels)) if dns.name.Name(labels[at:]) in exists)
        owner = dns.name.Name((b"*", *encloser.labels))
    found = whole.get_rdataset(owner, kind)
    return set() if found is None else {rdata.to_text() for rdata in found}


def test_a_copy_of_the_zone_says_what_we_say(signed: Responder) -> None:
    whole = taken(signed, ORIGIN)
    asked = ["7.113.0.203", "0.100.51.198", "255.100.51.198", "127.2.0.192", "128.2.0.192", "159.2.0.192",
             "160.2.0.192", "2.0.0.127", "1.0.0.127", "pills.example", "x.y.pills.example", "sub.pills.example",
             "x.sub.pills.example", "ok.pills.example", "x.ok.pills.example", "host.shared.example",
             "x.host.shared.example", "example", "test", "invalid", "good.example", "x.good.example"]  # fmt: skip
    six = ("2001:db8:1:2::", "2001:db8:1:2:ffff::", "2001:db8:1:3::", "2001:db8:7::1", "2001:db8:7::2",
           "2001:db8:8::", "2001:db8:b:ffff::", "2001:db8:c::")  # fmt: skip
    asked += [".".join(reversed(ipaddress.ip_address(words).exploded.replace(":", ""))) for words in six]
    ours = ask(port(signed), [(f"{name}.{ORIGIN}", A) for name in asked])
    different = [name for name, answer in zip(asked, ours, strict=True)
                 if says(whole, f"{name}.{ORIGIN}.", "A") != set(answer.records)]  # fmt: skip
    assert different == []
    assert sum(bool(answer.records) for answer in ours) == 17
    assert "JH-2026-000001" in next(iter(says(whole, f"7.113.0.203.{ORIGIN}.", "TXT")))


def test_a_policy_has_a_trigger_for_everything_but_the_test_address(signed: Responder) -> None:
    whole = taken(signed, POLICY)
    origin = dns.name.from_text(POLICY)
    acts = {owner.relativize(origin).to_text(): one.target.to_text()
            for owner, some in whole.iterate_rdatasets("CNAME") for one in some}  # fmt: skip
    refused = {"pills.example", "*.pills.example", "sub.pills.example", "*.sub.pills.example", "host.shared.example",
               "test", "32.7.113.0.203.rpz-ip", "24.0.100.51.198.rpz-ip", "27.128.2.0.192.rpz-ip",
               "64.zz.2.1.db8.2001.rpz-ip", "46.zz.8.db8.2001.rpz-ip", "128.1.zz.7.db8.2001.rpz-ip"}  # fmt: skip
    passing = {"ok.pills.example", "*.ok.pills.example", "good.example", "*.good.example"}
    assert acts == dict.fromkeys(refused, ".") | dict.fromkeys(passing, "rpz-passthru.")


def test_a_policy_is_for_transfers_only(signed: Responder) -> None:
    answers = ask(port(signed), [(f"pills.example.{POLICY}", 5), (POLICY, 6)])
    assert [answer.code for answer in answers] == [5, 0]


@pytest.mark.parametrize("ring", [None, OTHER, dns.tsigkeyring.from_text({"ns3.example.": SECRET})])
def test_nobody_else_gets_it(signed: Responder, ring: Any) -> None:
    with pytest.raises((dns.xfr.TransferError, dns.tsig.PeerError, dns.tsig.BadSignature)):
        taken(signed, ORIGIN, ring)
    assert signed.book.counts["transfer: whole"] == 0


def asked_with(made: dns.message.Message, responder: Responder) -> dns.message.Message:
    return dns.query.udp(made, "127.0.0.1", port=port(responder), timeout=5)


def test_what_is_wrong_with_a_signature_is_told(signed: Responder) -> None:
    query = dns.message.make_query(ORIGIN, "SOA")
    query.use_tsig(RING)
    assert asked_with(query, signed).had_tsig
    stranger = dns.tsigkeyring.from_text({"ns3.example.": SECRET})
    for wrong, error in ((OTHER, dns.tsig.PeerBadSignature), (stranger, dns.tsig.PeerBadKey)):
        query = dns.message.make_query(ORIGIN, "SOA")
        query.use_tsig(wrong)
        with pytest.raises(error):
            asked_with(query, signed)
    late = dns.message.make_query(ORIGIN, "SOA")
    late.use_tsig(RING)
    packet = late.to_wire()
    signer = tsig.Signer(KEY)
    stripped = tsig.split(packet)
    assert stripped is not None
    packet = signer.sign(stripped.message, int(time.time()) - 400)
    with socket.create_connection(("127.0.0.1", port(signed)), 5) as sock:
        sock.sendall(struct.pack(">H", len(packet)) + packet)
        answer = sock.recv(4096)[2:]
    told = tsig.split(answer)
    assert told is not None
    assert (answer[3] & 15, told.error) == (9, tsig.BADTIME)
    assert abs(int.from_bytes(told.other, "big") - time.time()) < 60


def test_a_signature_is_bound_to_every_byte() -> None:
    message = dns.message.make_query(ORIGIN, "AXFR").to_wire()
    packet = tsig.Signer(KEY).sign(message, 1_700_000_000)
    keys = {KEY.name: KEY}
    good = tsig.split(packet)
    assert good is not None
    assert tsig.verify(good, keys, 1_700_000_000)[0] == 0
    for at in range(len(packet)):
        for bit in (1, 0x20, 0x80):
            torn = packet[:at] + bytes([packet[at] ^ bit]) + packet[at + 1 :]
            found = tsig.split(torn)
            if found is None or tsig.verify(found, keys, 1_700_000_000)[0]:
                continue
            # What may differ: the case of the key's and the algorithm's names, the number that a forwarder changes.
            assert found.message.lower() == good.message.lower(), at
            assert at < 2 or at > len(message), at


def test_an_address_is_enough_where_no_key_is_asked_for(tmp_path: Path) -> None:
    here = net.parse_network("127.0.0.0/8")
    there = net.parse_network("192.0.2.0/24")
    assert here is not None
    assert there is not None
    for network, may in ((here, True), (there, False)):
        peers = Peers([Peer("unbound", addresses=Clients([network], loopback=False))])
        with running(*zones(tmp_path), peers=peers) as responder:
            if may:
                assert len(taken(responder, ORIGIN, None).nodes) > 30
            else:
                with pytest.raises(dns.xfr.TransferError):
                    taken(responder, ORIGIN, None)


def test_a_peer_gets_its_own_zones_only(tmp_path: Path) -> None:
    peers = Peers([Peer("ns2", key=KEY, zones=frozenset({"main.rpz"}))])
    with running(*zones(tmp_path), peers=peers) as responder:
        assert taken(responder, POLICY).nodes
        with pytest.raises(dns.xfr.TransferError):
            taken(responder, ORIGIN)


def changes(responder: Responder, origin: str, whole: dns.zone.Zone, serial: int) -> int:
    """Bring a copy up to date by IXFR; how many messages came with the whole zone instead (0: changes)."""
    query, _ = dns.xfr.make_query(whole, serial=serial, keyring=RING)
    before = responder.book.counts["transfer: whole"]
    dns.query.inbound_xfr("127.0.0.1", whole, query, port=port(responder), lifetime=20)
    return responder.book.counts["transfer: whole"] - before


def versioned(responder: Responder, origin: str) -> Any:
    made = dns.versioned.Zone(origin, relativize=False)
    query, _ = dns.xfr.make_query(made, keyring=RING)
    dns.query.inbound_xfr("127.0.0.1", made, query, port=port(responder), lifetime=20)
    return made


def until_serial(responder: Responder, serial: int) -> None:
    until = time.monotonic() + 10
    while any(zone.face is None or zone.face.serial != serial for zone in responder.book.zones):
        assert time.monotonic() < until
        time.sleep(0.02)
    while any(
        not journal._changes or journal._changes[-1].after != serial for journal in responder.book.journals.values()
    ):
        if time.monotonic() > until:
            break
        time.sleep(0.02)


def rendered(zone: Any) -> list[str]:
    with zone.reader() as reader:
        return sorted(f"{name} {rdata.rdtype} {one}" for name, rdata in reader.iterate_rdatasets() for one in rdata)


@pytest.mark.parametrize("origin", [ORIGIN, POLICY])
def test_changes_lead_to_the_same_zone_as_the_whole(tmp_path: Path, origin: str) -> None:
    editions = [
        (*ENTRIES[1:], entry("203.0.113.8", 20)),
        (*ENTRIES[2:5], entry("203.0.113.8", 20, last_seen="2026-01-03"), name_entry("new.example", 21)),
        (*ENTRIES, entry("203.0.113.9", 22, listing_class="open proxy", messages="over 100,000")),
    ]  # fmt: skip
    with running(*zones(tmp_path), peers=Peers([Peer("ns2", key=KEY)])) as responder:
        copy = versioned(responder, origin)
        serial = AT // clock.SECOND
        for step, entries in enumerate(editions, 1):
            put(tmp_path, make(*entries, at=AT + step * clock.SECOND, **ABOUT))
            until_serial(responder, AT // clock.SECOND + step)
            if step == 2:
                continue  # the copy misses one, and comes for two at once
            assert changes(responder, origin, copy, serial) == 0
            serial = AT // clock.SECOND + step
            assert rendered(copy) == rendered(versioned(responder, origin))
        assert responder.book.counts["transfer: changes"] == 2
        assert changes(responder, origin, copy, serial) == 0  # nothing newer


def test_who_comes_from_before_the_journal_gets_the_whole(tmp_path: Path) -> None:
    with running(*zones(tmp_path), peers=Peers([Peer("ns2", key=KEY)])) as responder:
        copy = versioned(responder, ORIGIN)
        put(tmp_path, make(*ENTRIES[1:], at=AT + clock.SECOND, ttl_s=300, **ABOUT))  # every record changes
        until = time.monotonic() + 10
        while responder.book.zones[0].face is None or responder.book.zones[0].face.ttl != 300:
            assert time.monotonic() < until
            time.sleep(0.02)
        assert changes(responder, ORIGIN, copy, AT // clock.SECOND) == 1
        assert rendered(copy) == rendered(versioned(responder, ORIGIN))


def test_a_transfer_holds_nobody_up_and_what_was_asked_behind_it_is_answered(tmp_path: Path) -> None:
    many = [entry(f"198.{18 + n // 65536}.{n // 256 % 256}.{n % 256}", n + 1) for n in range(10_000)]
    with running(*zones(tmp_path, *many), peers=Peers([Peer("ns2", key=KEY)])) as responder:
        query = dns.message.make_query(ORIGIN, "AXFR")
        query.use_tsig(RING)
        behind = dns.message.make_query(f"2.0.0.127.{ORIGIN}", "A").to_wire()
        with socket.create_connection(("127.0.0.1", port(responder)), 20) as sock:
            for packet in (query.to_wire(), behind):
                sock.sendall(struct.pack(">H", len(packet)) + packet)
            assert ask(port(responder), [(f"2.0.0.127.{ORIGIN}", A)])[0].code == 0  # while nobody reads the transfer
            file = sock.makefile("rb")
            sizes = []
            while True:
                size = struct.unpack(">H", file.read(2))[0]
                message = file.read(size)
                sizes.append(size)
                if message[:2] == behind[:2]:
                    break
        assert len(sizes) > 100
        assert max(sizes) < 17_000
        assert sum(sizes) > 10_000 * 150


def test_peers_are_told_of_a_new_edition(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", 0))
        ear.settimeout(10)
        peers = Peers([Peer("ns2", key=KEY, zones=frozenset({"main"}), tell=(ear.getsockname(),))])
        with running(*zones(tmp_path), peers=peers) as responder:
            put(tmp_path, make(*ENTRIES[1:], at=AT + clock.SECOND, **ABOUT))
            packet, client = ear.recvfrom(4096)
            told = dns.message.from_wire(packet, keyring=RING)  # its signature holds
            assert told.opcode() == dns.opcode.NOTIFY
            assert told.question[0].to_text() == f"{ORIGIN}. IN SOA"
            ear.sendto(dns.message.make_response(told).to_wire(), client)
            until = time.monotonic() + 10
            while not responder.book.counts["notify: answered"] and time.monotonic() < until:
                time.sleep(0.02)
            assert responder.book.counts["notify: answered"] == 1


def config(folder: Path, transfer: Transfer, **about: Any) -> Config:
    return Config(
        lists={"main": List()}, publish=Publish(folder=str(folder)), transfers={"ns2": transfer}, dns=Dns(**about)
    )


def test_peers_come_from_the_settings(tmp_path: Path) -> None:
    zones(tmp_path)
    (tmp_path / "secret").write_text(SECRET + "\n")
    settings = config(tmp_path, Transfer(secret_file=str(tmp_path / "secret"), key="ns2.example"), policies=("main",))
    responder = open_responder(settings, listen=["127.0.0.1:0"])
    try:
        assert [zone.origin_text for zone in responder.book.zones] == [ORIGIN, POLICY]
        assert responder.book.peers.keys == {KEY.name: KEY}
    finally:
        responder.close()


@pytest.mark.parametrize(
    ("transfer", "about", "error", "words"),
    [
        (Transfer(), {}, ConfigError, "neither a key nor addresses"),
        (Transfer(secret_file="/nosuch"), {}, ConfigError, "cannot read"),
        (Transfer(addresses=("192.0.2",)), {}, ConfigError, "no network"),
        (Transfer(addresses=("192.0.2.1",), zones=("other",)), {}, ConfigError, "'other' is not served"),
        (Transfer(addresses=("192.0.2.1",), notify=("192.0.2.1",)), {}, ConfigError, "no address with a port"),
        (Transfer(addresses=("192.0.2.1",)), {"policies": ("other",)}, NotFound, "no list 'other'"),
    ],
)
def test_a_peer_that_makes_no_sense_is_refused(
    tmp_path: Path, transfer: Transfer, about: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        open_responder(config(tmp_path, transfer, **about), listen=["127.0.0.1:0"])


def test_a_secret_that_is_too_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("c2hvcnQ=")
    with pytest.raises(ConfigError, match="shorter than 16"):
        open_responder(config(tmp_path, Transfer(secret_file=str(tmp_path / "secret"))), listen=["127.0.0.1:0"])


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    office = open_office(None, str(tmp_path))
    made = responder.make(office, "ns2.example.org")
    path = tmp_path / "keys" / "ns2.example.org.tsig"
    assert path.stat().st_mode & 0o777 == 0o600
    assert tsig.key(made.name, path.read_text()).secret == base64.b64decode(made.secret)
    with pytest.raises(Refused, match="already"):
        responder.make(office, "ns2.example.org")
    for name in ("", "../up", "a b", "A", "-a", "x" * 64):
        with pytest.raises(UsageError):
            responder.make(office, name)


def test_torn_signatures_are_answered_or_not_and_never_stop_us(tmp_path: Path) -> None:
    rng = random.Random(4)
    book = Book(zones(tmp_path), Peers([Peer("ns2", key=KEY)], now=lambda: 1_700_000_000 * clock.SECOND))
    good = [tsig.Signer(KEY).sign(dns.message.make_query(ORIGIN, kind, use_edns=edns).to_wire(), 1_700_000_000)
            for kind in ("SOA", "AXFR", "IXFR") for edns in (False, 0)]  # fmt: skip
    whole = 0
    for _ in range(5000):
        packet = bytearray(rng.choice(good))
        for _ in range(rng.randint(0, 3)):
            packet[rng.randrange(len(packet))] = rng.randrange(256)
        if rng.random() < 0.2:
            del packet[rng.randrange(len(packet)) :]
        replies = list(book.replies(bytes(packet), b"\xc0\0\2\1", AT))
        assert all(len(reply) >= 12 for reply in replies)
        whole += any(reply[3] & 15 == 0 and len(reply) > 600 for reply in replies)
    assert whole > 300
    assert book.counts["signature refused"] > 1000
