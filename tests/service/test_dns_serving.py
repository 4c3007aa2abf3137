"""The responder on real sockets: by UDP and TCP, under bursts and bad packets, while lists change."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from junkhound.kernel import clock, net
from junkhound.kernel.config import Config, Dns, read
from junkhound.kernel.errors import ConfigError, NotFound
from junkhound.service.dns import Responder, open_responder
from junkhound.service.dns.mmsg import LARGEST, LEAD, ROW
from junkhound.service.dns.responder import Door
from junkhound.wire import dns
from support.dns import TXT, A, ask
from support.editions import AT, entry, make
from support.zones import ZONE, put, question, running, zone


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Responder]:
    with running(zone(tmp_path, entry("203.0.113.7"), entry("198.51.100.0/24", 2))) as responder:
        yield responder


def port(responder: Responder) -> int:
    return responder.addresses[0][1]


@contextlib.contextmanager
def udp(responder: Responder) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.connect(("127.0.0.1", port(responder)))
        sock.settimeout(5)
        yield sock


def tcp(responder: Responder) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port(responder)), timeout=5)


def framed(packet: bytes) -> bytes:
    return len(packet).to_bytes(2, "big") + packet


def read_all(sock: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        piece = sock.recv(size - len(got))
        if not piece:
            break
        got += piece
    return got


def until(true: object, wait_s: float = 5.0) -> bool:
    end = time.monotonic() + wait_s
    while not (found := true()) and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.005)
    return bool(found)


def test_udp(served: Responder) -> None:
    hit, miss, text = ask(port(served), [(f"7.113.0.203.{ZONE}", A), (f"8.113.0.203.{ZONE}", A),
                                         (f"9.100.51.198.{ZONE}", TXT)])  # fmt: skip
    assert hit == (0, ("127.0.0.2",))
    assert miss == (3, ())
    assert text.records[0].startswith("IP 198.51.100.9 is listed (JH-2026-000002, ")


def test_a_burst_is_answered_whole_and_each_in_its_own_words(served: Responder) -> None:
    names = [f"{n % 256}.{100 + n % 2}.51.198.{ZONE}" for n in range(400)]
    with udp(served) as sock:
        for number, name in enumerate(names):
            sock.send(question(name, number=number, edns=1232 if number % 3 else None, do=number % 2 == 0))
        got = {}
        while len(got) < 400:
            packet = sock.recv(2000)
            got[struct.unpack(">H", packet[:2])[0]] = packet
    for number, name in enumerate(names):
        packet = got[number]
        assert packet[3] & 15 == (3 if number % 2 else 0)
        assert packet[12:].startswith(dns.name(name))
        assert packet[11] == (1 if number % 3 else 0)


def test_tcp_takes_several_questions_in_any_pieces(served: Responder) -> None:
    packets = framed(question(f"7.113.0.203.{ZONE}", number=1)) + framed(question(f"8.113.0.203.{ZONE}", number=2))
    with tcp(served) as sock:
        for byte in packets:
            sock.send(bytes([byte]))
        for number, code in ((1, 0), (2, 3)):
            size = int.from_bytes(read_all(sock, 2), "big")
            answer = read_all(sock, size)
            assert (int.from_bytes(answer[:2], "big"), answer[3] & 15) == (number, code)


def test_a_text_that_does_not_fit_comes_by_tcp(tmp_path: Path) -> None:
    servers = tuple(f"{letter * 60}.{letter}.example" for letter in "abcdefghij")
    with running(zone(tmp_path, name_servers=servers)) as responder:
        with udp(responder) as sock:
            sock.send(question(ZONE, dns.NS, edns=4096))
            short = sock.recv(4096)
        assert short[2] & 2  # cut
        with tcp(responder) as sock:
            sock.send(framed(question(ZONE, dns.NS)))
            size = int.from_bytes(read_all(sock, 2), "big")
            whole = read_all(sock, size)
    assert int.from_bytes(whole[6:8], "big") == 10


def test_ipv6_clients(tmp_path: Path) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with (
        running(zone(tmp_path, entry("203.0.113.7")), host="::1") as responder,
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock,
    ):
        sock.connect(("::1", port(responder)))
        sock.settimeout(5)
        for number in range(100):  # enough for a batch
            sock.send(question(f"7.113.0.203.{ZONE}", number=number))
        codes = {int.from_bytes(packet[:2], "big"): packet[3] & 15 for packet in (sock.recv(600) for _ in range(100))}
    assert codes == dict.fromkeys(range(100), 0)


def test_a_reply_leaves_from_the_address_that_was_asked(tmp_path: Path) -> None:
    with (
        running(zone(tmp_path), host="0.0.0.0") as responder,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock,
    ):
        sock.settimeout(5)
        for number in range(40):
            sock.sendto(question(f"2.0.0.127.{ZONE}"), (f"127.0.0.{2 + number % 3}", port(responder)))
        came = {sock.recvfrom(600)[1][0] for _ in range(40)}
    assert came == {"127.0.0.2", "127.0.0.3", "127.0.0.4"}


# --- bad packets -----------------------------------------------------------------------------------------


def damaged(rng: random.Random) -> bytes:
    """Something that a scanner, a broken client or an enemy might send."""
    kind = rng.randrange(8)
    if kind == 0:
        return rng.randbytes(rng.randrange(0, 600))
    name = f"{rng.randrange(300)}.{rng.randrange(300)}.51.198.{ZONE}"
    packet = bytearray(question(name, rng.choice([1, 16, 255, 252, 41, 0]), edns=rng.choice([None, 0, 1232, 65535])))
    if kind == 1:
        packet[2] |= 0x80
    elif kind == 2:
        packet[4:12] = rng.randbytes(8)
    elif kind == 3:
        packet[12:] = rng.choice([b"\xc0\x0c", b"\xc0\xff", b"\x3f", b"\x01a\xc0\x0c", b""]) + bytes(packet[14:])
    elif kind == 4:
        del packet[rng.randrange(len(packet)) :]
    elif kind == 5:
        packet += rng.randbytes(rng.randrange(1, 500))
    else:
        for _ in range(rng.randint(1, 8)):
            packet[rng.randrange(len(packet))] = rng.randrange(256)
    return bytes(packet)


def test_a_hundred_thousand_bad_packets(tmp_path: Path) -> None:
    """Through the loop's own rows, so that not a single one is lost on the way."""
    rng = random.Random(20260103)
    count = 100_000
    with contextlib.closing(Responder([zone(tmp_path, entry("198.51.100.0/24"))], [("127.0.0.1", 0)])) as responder:
        door = next(iter(responder._doors.values()))
        assert isinstance(door, Door)
        sent, replies = [], 0
        mail, book = door.mail, responder.book

        def receive() -> int:
            mail.leaves[:] = LARGEST
            for row, packet in enumerate(sent):
                piece = packet[:LARGEST]
                door._memory[row * ROW + LEAD : row * ROW + LEAD + len(piece)] = piece
                mail.came[row] = len(piece)
                mail.names[row, 4:8] = (127, 0, 0, 1)
            return len(sent)

        def send(rows: int, silent: bool) -> int:
            nonlocal replies
            for row in range(rows):
                size = int(mail.leaves[row])
                start = row * ROW + LEAD
                reply = bytes(door._memory[start : start + size])
                packet = sent[row]
                if len(packet) < 12 or packet[2] & 0x80:
                    assert reply == b""
                    assert silent
                    continue
                assert len(reply) >= 12
                assert reply[2] & 0x80
                assert reply[:2] == packet[:2]
                assert len(reply) <= LARGEST
                replies += 1
            return 0

        mail.receive, mail.send = receive, send  # type: ignore[method-assign]
        done = 0
        while done < count:
            sent[:] = [damaged(rng) for _ in range(rng.choice([1, 23, 24, 200, 512]))]
            done += door.serve(AT)
        assert book.counts["packets"] == done
        outcomes = ("malformed", "listed", *dns.CODES.values())
        assert sum(book.counts[name] for name in outcomes) == done
        assert 0 < replies < done
        assert book.counts["malformed"] > count // 4
        reasons = {name for name in book.counts if name.startswith("malformed: ")}
        assert reasons == {f"malformed: {why}" for why in ("short", "answer", "opcode", "count", "name", "record",
                                                            "length", "opt")}  # fmt: skip


def test_answers_to_us_are_dropped_and_questions_after_them_answered(served: Responder) -> None:
    with udp(served) as sock:
        for _ in range(200):
            sock.send(question(f"7.113.0.203.{ZONE}", flags=0x8180))
        sock.send(b"")
        sock.send(b"x" * 2000)
        sock.send(question(f"7.113.0.203.{ZONE}", number=77))
        got = {int.from_bytes(sock.recv(600)[:2], "big") for _ in range(2)}
    assert got == {77, int.from_bytes(b"xx", "big")}
    assert served.book.counts["malformed: answer"] == 200


def test_slow_strangers_hold_nothing_up(tmp_path: Path) -> None:
    made = zone(tmp_path, entry("203.0.113.7"))
    with running(made, tcp_connections=8, tcp_idle_s=1.0) as responder, contextlib.ExitStack() as stack:
        slow = [stack.enter_context(tcp(responder)) for _ in range(2)]
        start = time.monotonic()
        for sock in slow:
            sock.send(b"\0")
        while time.monotonic() - start < 0.7:  # a byte now and then buys no time
            for sock in slow:
                with contextlib.suppress(OSError):
                    sock.send(b"\x40" if time.monotonic() - start < 0.1 else b"x")
            assert ask(port(responder), [(f"7.113.0.203.{ZONE}", A)])[0].code == 0
            time.sleep(0.1)
        for sock in slow:
            with contextlib.suppress(ConnectionError):
                assert sock.recv(10) == b""
        assert time.monotonic() - start < 4
        assert responder.book.counts["tcp: too slow"] == 2
        assert until(lambda: len(responder.tcp) == 0)


def test_one_client_gets_a_quarter_of_the_places(tmp_path: Path) -> None:
    with running(zone(tmp_path), tcp_connections=8) as responder, contextlib.ExitStack() as stack:
        many = [stack.enter_context(tcp(responder)) for _ in range(12)]
        assert until(lambda: responder.book.counts["tcp: too many of one client"] == 10)
        assert len(responder.tcp) == 2
        many[0].send(framed(question(f"2.0.0.127.{ZONE}")))
        assert len(read_all(many[0], 14)) == 14


def test_a_client_that_does_not_fetch_its_answers_is_not_waited_for(tmp_path: Path) -> None:
    with running(zone(tmp_path), tcp_idle_s=1.0) as responder, socket.socket() as sock:
        for buffer in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, buffer, 4096)
        sock.settimeout(0.3)
        sock.connect(("127.0.0.1", port(responder)))
        packet = framed(question(ZONE, dns.NS)) * 500
        with pytest.raises(OSError):  # the responder stops reading, and in the end hangs up
            sock.sendall(packet * 2000)
        assert ask(port(responder), [(f"2.0.0.127.{ZONE}", A)])[0].code == 0
        assert until(lambda: len(responder.tcp) == 0, 20)
        assert responder.book.counts["tcp: too slow"] == 1


@pytest.mark.parametrize("size", [0, 11, 4097, 65535])
def test_a_length_that_no_question_has_ends_the_connection(served: Responder, size: int) -> None:
    with tcp(served) as sock:
        sock.send(size.to_bytes(2, "big") + b"x" * 20)
        with contextlib.suppress(ConnectionError):
            assert sock.recv(10) == b""


# --- lists that change -----------------------------------------------------------------------------------


def test_a_newer_list_is_served_within_a_second_and_no_question_fails_meanwhile(tmp_path: Path) -> None:
    always = [entry(f"198.51.100.{n}", n) for n in range(1, 200)]
    made = zone(tmp_path, *always, entry("203.0.113.1", 900))
    with running(made) as responder:
        wrong: list[object] = []
        stop = threading.Event()

        def load() -> None:
            questions = [(f"{n}.100.51.198.{ZONE}", A) for n in range(1, 64)]
            while not stop.is_set():
                wrong.extend(answer for answer in ask(port(responder), questions) if answer.code != 0)

        loader = threading.Thread(target=load)
        loader.start()
        for number in range(2, 6):
            put(tmp_path, make(*always, entry(f"203.0.113.{number}", 900), at=AT + number))
            start = time.monotonic()
            names = [(f"{number}.113.0.203.{ZONE}", A), (f"{number - 1}.113.0.203.{ZONE}", A)]
            assert until(lambda names=names: [a.code for a in ask(port(responder), names)] == [0, 3])
            assert time.monotonic() - start < 2
        stop.set()
        loader.join()
        assert wrong == []


def test_a_damaged_list_is_not_taken_and_the_last_one_stands(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = zone(tmp_path, entry("203.0.113.7"))
    with running(made) as responder:
        (tmp_path / "aside").write_bytes(made.path.read_bytes()[:-3])
        (tmp_path / "aside").replace(made.path)
        assert until(lambda: responder.book.counts["bad files"] == 1)
        made.path.unlink()
        assert until(lambda: "no such file" in made.trouble)
        assert ask(port(responder), [(f"7.113.0.203.{ZONE}", A)])[0].code == 0
        put(tmp_path, make(entry("203.0.113.8"), at=AT + 1))
        assert until(lambda: ask(port(responder), [(f"8.113.0.203.{ZONE}", A)])[0].code == 0)
    assert capsys.readouterr().err.count("torn") == 1


def test_a_list_that_grows_stale_is_not_answered_for(tmp_path: Path) -> None:
    now = clock.SystemClock().now()
    made = zone(tmp_path, entry("203.0.113.7"), at=now - clock.HOUR, expires_at=now + clock.SECOND)
    with running(made, at=None) as responder:
        assert ask(port(responder), [(f"7.113.0.203.{ZONE}", A)])[0].code == 0
        assert until(lambda: ask(port(responder), [(f"7.113.0.203.{ZONE}", A)])[0].code == 2)
        burst = ask(port(responder), [(f"{n}.113.0.203.{ZONE}", A) for n in range(60)])
    assert {answer.code for answer in burst} == {2}


# --- settings --------------------------------------------------------------------------------------------


def test_opening_by_settings(tmp_path: Path) -> None:
    put(tmp_path, make(entry("203.0.113.7")))
    config = read(
        {"publish": {"folder": str(tmp_path)}, "dns": {"listen": ["127.0.0.1:0"], "clients": ["192.0.2.0/24"]}}
    )
    with contextlib.closing(open_responder(config)) as responder:
        responder.refresh()
        (one,) = responder.book.zones
        assert one.origin_text == ZONE
        assert one.face is not None
        assert one.clients.allow(b"\xc0\0\2\1")
    with contextlib.closing(open_responder(config, zone="bl.example.net", folder=tmp_path)) as responder:
        assert responder.book.zones[0].origin_text == "main.bl.example.net"


@pytest.mark.parametrize(
    "listen", ["127.0.0.1", "localhost:53", "127.0.0.1:x", "127.0.0.1:70000", "::1", "203.0.113.1:5353"]
)
def test_an_address_that_cannot_be_had_is_named(listen: str) -> None:
    with pytest.raises(ConfigError, match="listen"):
        open_responder(Config(), listen=[listen])


def test_two_at_one_address(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(contextlib.closing(Responder([zone(tmp_path)], [("127.0.0.1", 0)])))
        place = ("127.0.0.1", port(first))
        with pytest.raises(ConfigError, match="in use"):
            Responder([], [place])


def test_a_list_that_is_none_and_a_network_that_is_none() -> None:
    with pytest.raises(NotFound, match="'bots'"):
        open_responder(Config(), ["bots"])
    with pytest.raises(ConfigError, match="clients"):
        open_responder(Config(dns=Dns(clients=("192.0.2.0/33",))))
    assert net.parse_network("192.0.2.0/33") is None
