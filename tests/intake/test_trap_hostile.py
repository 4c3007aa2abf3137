"""Clients that mean no good, or know no better: the trap goes on, in bounded memory, and obeys nobody."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.intake import trap
from junkhound.kernel import net
from junkhound.kernel.config import Trap
from junkhound.tables import Kind
from junkhound.wire import smtp, syn
from junkhound.wire.smtp import Manner
from support.traps import NOW, Running, hear, policy, traps, wait

HELLO = b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<x@trap.example>\r\n"
LOOPBACK = net.parse_network("127.0.0.0/8")


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    with traps() as make:
        yield make


def test_thousands_of_mails_in_one_packet_while_the_spool_is_full(start: Callable[..., Running]) -> None:
    running = start()
    running.trap.room = lambda: False
    mail = b"MAIL FROM:<>\r\nRCPT TO:<x@trap.example>\r\nDATA\r\n.\r\n"
    heard = running.say(b"EHLO c\r\n" + mail * 3000 + b"QUIT\r\n")
    assert heard.count(b"452 4.3.1") == 3000
    assert heard.endswith(b"bye\r\n")
    running.trap.room = lambda: True
    assert running.say(HELLO + b"DATA\r\n.\r\nQUIT\r\n").count(b"250 2.0.0 kept") == 1


def test_what_all_clients_hold_together_is_bounded(start: Callable[..., Running]) -> None:
    running = start(memory=1 << 20)
    clients = [running.connect() for _ in range(4)]
    for client in clients:
        client.sendall(HELLO + b"DATA\r\n")
    for _ in range(20):
        for client in clients:
            client.sendall(b"x" * 65536)
        assert running.trap.held < 2 << 20
    replies = []
    for client in clients:
        client.sendall(b"\r\n.\r\nQUIT\r\n")
        replies.append(hear(client))
        client.close()
    assert any(b"452 4.3.1 out of memory" in heard for heard in replies)
    wait(lambda: running.trap.held == 0)
    assert running.say(HELLO + b"DATA\r\nhi\r\n.\r\nQUIT\r\n").count(b"250 2.0.0 kept") == 1


def push(client: socket.socket, data: bytes) -> None:
    """Send until nothing more is taken."""
    while True:
        client.send(data)


def test_a_client_that_does_not_read_is_not_listened_to(start: Callable[..., Running]) -> None:
    running = start()
    for size in (socket.SO_SNDBUF, socket.SO_RCVBUF):  # what a connection inherits
        running.listener.setsockopt(socket.SOL_SOCKET, size, 8192)
    with running.connect() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.settimeout(1)
        with pytest.raises(TimeoutError):
            push(client, b"MAIL FROM:<>\r\nRCPT TO:<x@trap.example>\r\nDATA\r\n.\r\n" * 100)
        (connection,) = running.trap.open
        assert connection.transport is not None
        assert connection.transport.get_write_buffer_size() < 4 << 20
        assert not connection.transport.is_reading()
        running.soon(running.trap.shut)
        running.trap.open.copy().pop().closing_at = -(10**9)  # longer ago than we linger
        running.soon(running.trap.sweep)
    wait(lambda: not running.trap.open)


@pytest.mark.parametrize(
    ("data", "last"),
    [
        (b"A" * 100_000, b"500 "),
        (b"NOOP\r\n" * 200, b"421 "),
        (b"EHLO c\r\n" * 200, b"421 "),
        (b"nonsense\r\n" * 200, b"421 "),
        (b"EHLO c\r\nMAIL FROM:<>\r\n" + b"RCPT TO:<x@other.example>\r\n" * 1000, b"421 "),
        (HELLO + b"RCPT TO:<x@trap.example>\r\n" * 2000, b"421 "),
        (b"EHLO c\r\nBDAT 99999999999999 LAST\r\n", b"501 "),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"500 "),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc", b"500 "),
        (b"\x03\x00\x00\x2f\x2a\xe0", b"500 "),
    ],
    ids=["line", "noop", "ehlo", "nonsense", "relay", "rcpt", "bdat", "http", "tls", "rdp"],
)
def test_floods_and_other_protocols_are_ended(start: Callable[..., Running], data: bytes, last: bytes) -> None:
    running = start()
    with running.connect() as client:
        try:
            client.sendall(data)
            heard = hear(client)
        except ConnectionError:
            return  # it was ended while we still talked
    assert heard.splitlines()[-1].startswith(last)


def test_early_talkers_are_marked_and_still_served(start: Callable[..., Running]) -> None:
    running = start(greet_s=5.0)
    began = time.monotonic()
    heard = running.say(HELLO + b"DATA\r\nhi\r\n.\r\nQUIT\r\n")
    assert time.monotonic() - began < 4
    assert heard.startswith(b"220 ")
    ((facts, _),) = running.writer.synced
    assert facts.session.manners & Manner.EARLY
    assert facts.session.manners & Manner.AHEAD, "EHLO and DATA do not wait"


def test_the_facts_of_a_session(start: Callable[..., Running]) -> None:
    running = start(policy=policy(auth=True))
    with running.connect() as client:
        client.sendall(b"EHLO c\r\n")
        wait(lambda: any(one.begun for one in running.trap.open))
        running.now = NOW + 3_600_000_000  # somebody sets the clock
        client.sendall(
            b"AUTH PLAIN AGJvYgBodW50ZXIy\r\nMAIL FROM:<>\r\nRCPT TO:<x@trap.example>\r\nRCPT TO:<n@o.example>\r\n"
        )
        client.sendall(b"DATA\r\nhi\r\n.\r\nQUIT\r\n")
        hear(client)
    ((facts, _),) = running.writer.synced
    session = facts.session
    assert session.clock_jump_us is not None
    assert 3_590_000_000 < session.clock_jump_us < 3_610_000_000
    assert session.replies[:4] == (220, 250, 535, 250)
    assert 550 in session.replies
    assert session.auth_hash is not None
    assert len(session.auth_hash) == 16
    assert len(session.command_us) == len(session.dialect) == 6
    assert min(session.command_us) >= 0
    assert session.dialect[1] == b"AUTH PLAIN"
    found = syn.signature(session.syn or b"")
    assert found is None or found.startswith("4:64:"), "Linux keeps the SYN, others may not"


def test_a_proxys_own_checks_are_no_sightings_and_it_has_no_limit(start: Callable[..., Running]) -> None:
    running = start(proxy_protocol=True, proxies=(LOOPBACK,), per_client=2)
    probes = [running.connect() for _ in range(5)]
    for probe in probes:
        probe.sendall(b"PROXY UNKNOWN\r\nQUIT\r\n")
        assert hear(probe).startswith(b"220 ")
        probe.close()
    wait(lambda: not running.trap.open)
    assert not running.trap.idle_sessions
    clients = [running.connect() for _ in range(3)]
    heard = []
    for client in clients:
        client.sendall(b"PROXY TCP4 192.0.2.44 198.51.100.1 4000 25\r\n")
        heard.append(client.recv(4))
    assert heard == [b"220 ", b"220 ", b"421 "], "the limit is that of the client behind it"
    for client in clients:
        client.close()
    wait(lambda: not running.trap.open)
    assert {kind for _, kind, _, _ in running.trap.idle_sessions} == {Kind.FLOOD, Kind.PROBE}
    with running.connect() as client:
        client.sendall(b"EHLO no header\r\n")
        assert client.recv(10) == b"", "a named proxy without its header is cut off"


def test_xforward_is_about_one_mail(start: Callable[..., Running]) -> None:
    running = start(policy=policy(xclient=True, protocol="lmtp"), proxies=(LOOPBACK,))
    mail = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<x@trap.example>\r\nDATA\r\nhi\r\n.\r\n"
    running.say(
        b"LHLO proxy\r\nXFORWARD NAME=bot.example ADDR=192.0.2.9 PORT=4711 HELO=bot IDENT=4F9D19\r\n"
        + mail
        + mail
        + b"QUIT\r\n"
    )
    (first, _), (second, _) = running.writer.synced
    assert first.origin.client == net.parse("192.0.2.9").packed  # type: ignore[union-attr]
    assert first.origin.arrival == "4F9D19", "a delivery that is repeated is one sighting"
    assert (first.session.client_port, first.session.helo, first.session.client_name) == (4711, b"bot", "bot.example")
    assert second.origin.client == net.parse("127.0.0.1").packed  # type: ignore[union-attr]
    assert (second.origin.arrival, second.session.helo, second.session.protocol) == ("", b"proxy", "LMTP")


def test_whoever_may_open_the_unix_socket_is_believed(start: Callable[..., Running], tmp_path: Path) -> None:
    running = start(policy=policy(xclient=True, protocol="lmtp"))
    path = str(tmp_path / "lmtp")
    running.call(lambda: running.loop.create_unix_server(running.trap, path))
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(
            b"LHLO c\r\nXFORWARD ADDR=2001:db8::9\r\n" + HELLO.partition(b"\n")[2] + b"DATA\r\nx\r\n.\r\nQUIT\r\n"
        )
        assert b"250 2.0.0 kept" in hear(client)
    ((facts, _),) = running.writer.synced
    assert facts.origin.client == net.parse("2001:db8::9").packed  # type: ignore[union-attr]
    assert b"550 5.7.1 not for you" in running.say(b"LHLO c\r\nXFORWARD ADDR=192.0.2.1\r\nQUIT\r\n")


def test_half_closed_clients_hear_the_answer(start: Callable[..., Running]) -> None:
    running = start()
    with running.connect() as client:
        client.sendall(HELLO + b"DATA\r\nhi\r\n.\r\n")
        client.shutdown(socket.SHUT_WR)
        assert b"250 2.0.0 kept" in hear(client)


DOORS = trap.doors({
    "old": Trap(domains=("trap.example", "B\u00fccher.example"), kind="recycled"),
    "seeds": Trap(addresses=("Bait@trap.example", "lure@other.example"), kind="seeded"),
})  # fmt: skip


@pytest.mark.parametrize(
    ("address", "code", "is_trap", "intake"),
    [
        ("x@trap.example", 250, True, "old"), ("X@TRAP.EXAMPLE.", 250, True, "old"),
        ("bait@Trap.example", 250, True, "seeds"), ("lure@other.example", 250, True, "seeds"),
        ("x@other.example", 550, False, ""), ("x@xn--bcher-kva.example", 250, True, "old"),
        ("x@b\u00fccher.example", 250, True, "old"), ("Postmaster", 250, False, ""),
        ("abuse@trap.example", 250, False, "complaints"), ("@", 550, False, ""), ("nobody", 550, False, ""),
        ("x@sub.trap.example", 550, False, ""), ("\udcff@\udcff", 550, False, ""),
    ],
)  # fmt: skip
def test_who_is_a_trap(address: str, code: int, is_trap: bool, intake: str) -> None:
    found = DOORS(address.encode("utf-8", "surrogateescape"))
    assert (found.code, found.trap, found.intake) == (code, is_trap, intake)


def test_the_first_accepted_recipient_decides_whose_mail_it_is(start: Callable[..., Running]) -> None:
    running = start(policy=smtp.Policy("mx", DOORS))
    running.say(
        b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<n@nowhere.example>\r\nRCPT TO:<bait@trap.example>\r\n"
        b"RCPT TO:<x@trap.example>\r\nDATA\r\nhi\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\nhi\r\n.\r\n"
        b"QUIT\r\n"
    )
    assert [facts.origin.intake for facts, _ in running.writer.synced] == ["seeds", "lures"]
    running.say(b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<x@trap.example>\r\nQUIT\r\n")
    wait(lambda: bool(running.trap.idle_sessions))
    assert {intake for _, _, intake, _ in running.trap.idle_sessions} == {"old"}


@given(st.lists(st.sampled_from(
    (b"EHLO c\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<x@trap.example>\r\n", b"DATA\r\n", b".\r\n", b"BDAT 3 LAST\r\n",
     b"BDAT 0\r\n", b"RSET\r\n", b"\n.\n", b"AUTH LOGIN\r\n", b"XCLIENT ADDR=1\r\n", b"\xff" * 40, b"QUIT", b"\r\n"),
), max_size=40))  # fmt: skip
def test_pipelined_garbage_leaves_nothing_behind(parts: list[bytes]) -> None:
    with traps() as make:
        running = make(policy=policy(auth=True))
        with running.connect() as client:
            try:
                client.sendall(b"".join(parts))
                client.shutdown(socket.SHUT_WR)
                hear(client)
            except ConnectionError:
                pass
        wait(lambda: not running.trap.open)
        assert (running.trap.held, running.trap.waiting, dict(running.trap.by_client)) == (0, [], {})


def test_the_silent_are_sent_away_sooner_where_it_is_crowded(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trap, "CROWDED_IDLE_S", -1.0)
    running = start(connections=2)
    with running.connect() as one:
        one.recv(100)
        running.soon(running.trap.sweep)
        assert running.trap.counts.timeouts == 0
        with running.connect() as two:
            two.recv(100)
            running.soon(running.trap.sweep)
            assert one.recv(100).startswith(b"421 4.4.2")
            assert two.recv(100).startswith(b"421 4.4.2")


def test_half_a_proxy_header_and_half_a_handshake_time_out(
    start: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trap, "FIRST_S", -1.0)
    running = start(proxy_protocol=True, proxies=(LOOPBACK,))
    with running.connect() as client:
        client.sendall(b"PROXY TCP4 192.0")
        wait(lambda: any(one._head for one in running.trap.open))
        running.soon(running.trap.sweep)
        assert client.recv(100) == b""


@pytest.mark.slow
def test_ten_thousand_idle_connections_fit_into_a_gigabyte(start: Callable[..., Running]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 20_000:  # both ends of each connection are ours
        pytest.skip("this machine allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (20_000, hard))
    running = start(per_client=10_000, per_network=10_000)
    before = _resident()
    clients = []
    try:
        for number in range(9_900):
            client = socket.socket()
            client.bind((f"127.0.{number // 250}.{number % 250 + 1}", 0))
            client.connect(("127.0.0.1", running.port))
            clients.append(client)
        wait(lambda: len(running.trap.open) == 9_900)
        for client in clients[::100]:
            assert client.recv(4) == b"220 "
        assert running.say(HELLO + b"DATA\r\nhi\r\n.\r\nQUIT\r\n").count(b"250 2.0.0 kept") == 1
        assert (_resident() - before) / 9_900 * 10_000 < 250_000_000
    finally:
        for client in clients:
            client.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


@pytest.mark.parametrize(
    ("recipients", "intake"),
    [
        (["abuse@trap.example"], "complaints"), (["abuse@trap.example", "x@trap.example"], "old"),
        (["x@trap.example", "abuse@trap.example"], "old"),
        (["abuse@trap.example", "bait@trap.example", "x@trap.example"], "seeds"),
    ],
)  # fmt: skip
def test_junk_to_a_trap_stays_junk_though_it_goes_to_abuse_too(recipients: list[str], intake: str) -> None:
    client = smtp.Session(smtp.Policy("mx.example", DOORS), 0)
    client.greet()
    lines = [
        "HELO c.example",
        "MAIL FROM:<>",
        *(f"RCPT TO:<{one}>" for one in recipients),
        "DATA",
        "Subject: x",
        "",
        ".",
    ]
    client.receive("".join(f"{line}\r\n" for line in lines).encode(), 1)
    (event,) = client.events
    assert isinstance(event, smtp.Delivery)
    assert event.transaction.intake == intake
