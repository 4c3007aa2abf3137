"""The trap over real sockets: 250 means synced, strangers stay strangers, and shutting down loses nothing."""

from __future__ import annotations

import asyncio
import smtplib
import socket
from collections.abc import Callable, Iterator

import pytest

from junkhound.intake import trap
from junkhound.kernel import net
from junkhound.tables import Kind
from support.traps import NOW, Running, policy, traps, wait


@pytest.fixture(params=[asyncio.new_event_loop, trap.new_loop], ids=["asyncio", "installed"])
def start(request: pytest.FixtureRequest) -> Iterator[Callable[..., Running]]:
    with traps(request.param) as make:
        yield make


def test_a_real_client_hears_250_for_mail_that_is_synced(start: Callable[..., Running]) -> None:
    running = start()
    with smtplib.SMTP("127.0.0.1", running.port, "bot.example") as client:
        client.sendmail("a@b.example", ["x@trap.example", "y@trap.example"], b"Subject: hi\r\n\r\n.dot\r\n")
        ((facts, mail),) = running.writer.synced
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@b.example", ["x@other.example"], b"relay me")
    assert mail == b"Subject: hi\r\n\r\n.dot\r\n"
    assert facts.origin.client == net.parse("127.0.0.1").packed  # type: ignore[union-attr]
    assert (facts.origin.received_at, facts.origin.intake, facts.origin.imported) == (NOW, "lures", False)
    assert [(r.address, r.trap) for r in facts.envelope.recipients] == [
        (b"x@trap.example", True),
        (b"y@trap.example", True),
    ]
    assert facts.session.helo == b"bot.example"
    assert facts.session.protocol == "ESMTP"
    assert facts.session.dialect[0] == b"ehlo *"
    assert len(facts.session.dialect) == len(facts.session.command_us)


def test_mail_that_cannot_be_synced_is_not_acknowledged(start: Callable[..., Running]) -> None:
    running = start()
    running.writer.fails = True
    with smtplib.SMTP("127.0.0.1", running.port) as client, pytest.raises(smtplib.SMTPDataError) as caught:
        client.sendmail("a@b.example", ["x@trap.example"], b"lost?")
    assert caught.value.smtp_code == 452
    running.trap.room = lambda: False
    running.writer.fails = False
    with smtplib.SMTP("127.0.0.1", running.port) as client, pytest.raises(smtplib.SMTPDataError) as caught:
        client.sendmail("a@b.example", ["x@trap.example"], b"full")
    assert caught.value.smtp_code == 452
    assert not running.writer.synced
    assert running.trap.counts.deferred == 2


def test_many_clients_share_one_sync(start: Callable[..., Running]) -> None:
    running = start()
    clients = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(20)]
    hello = b"EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<x@trap.example>\r\nDATA\r\nx"
    for client in clients:
        client.sendall(hello)
    wait(lambda: len(running.trap.open) == 20)
    for client in clients:
        client.sendall(b"\r\n.\r\nQUIT\r\n")
    for client in clients:
        heard = b""
        while chunk := client.recv(4096):
            heard += chunk
        assert b"250 2.0.0 kept" in heard
        client.close()
    assert len(running.writer.synced) == 20
    assert running.trap.counts.syncs <= 20


def test_sessions_without_mail_are_counted_as_what_they_were(start: Callable[..., Running]) -> None:
    running = start(policy=policy(auth=True))
    for lines in (
        b"EHLO c\r\nAUTH PLAIN AGJvYgBodW50ZXIy\r\nQUIT\r\n",
        b"EHLO c\r\nMAIL FROM:<>\r\n" + b"RCPT TO:<a@other.example>\r\n" * 3 + b"RSET\r\nQUIT\r\n",
        b"QUIT\r\n",
    ):
        with socket.create_connection(("127.0.0.1", running.port)) as client:
            client.sendall(lines)
            while client.recv(4096):
                pass
    wait(lambda: len(running.trap.idle_sessions) == 3)
    assert {kind for _, kind, _, _ in running.trap.idle_sessions} == {Kind.AUTH_GUESS, Kind.HARVEST, Kind.PROBE}


def test_proxy_and_xclient_are_believed_of_named_proxies_only(start: Callable[..., Running]) -> None:
    loopback = net.parse_network("127.0.0.0/8")
    running = start(proxy_protocol=True, proxies=(loopback,))
    with socket.create_connection(("127.0.0.1", running.port)) as client:
        client.sendall(
            b"PROXY TCP4 192.0.2.44 198.51.100.1 4000 25\r\nEHLO c\r\nMAIL FROM:<>\r\n"
            b"RCPT TO:<x@trap.example>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"
        )
        while client.recv(4096):
            pass
    ((facts, _),) = running.writer.synced
    assert facts.origin.client == net.parse("192.0.2.44").packed  # type: ignore[union-attr]
    assert facts.session.client_port == 4000
    stranger = start(policy=policy(xclient=True))
    with smtplib.SMTP("127.0.0.1", stranger.port) as client:
        assert client.docmd("XCLIENT ADDR=192.0.2.1")[0] == 550
    named = start(policy=policy(xclient=True), proxies=(loopback,))
    with smtplib.SMTP("127.0.0.1", named.port) as client:
        assert client.docmd("XCLIENT ADDR=192.0.2.45 NAME=bot.example")[0] == 220
        client.sendmail("a@b.example", ["x@trap.example"], b"x")
    ((facts, _),) = named.writer.synced
    assert facts.origin.client == net.parse("192.0.2.45").packed  # type: ignore[union-attr]
    assert facts.session.client_name == "bot.example"


def test_one_client_cannot_take_every_place(start: Callable[..., Running]) -> None:
    running = start(per_client=3)
    open_ = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(3)]
    for client in open_:
        assert client.recv(4) == b"220 "
    with socket.create_connection(("127.0.0.1", running.port)) as late:
        assert late.recv(4) == b"421 "
    open_[0].close()
    wait(lambda: len(running.trap.open) == 2)
    with socket.create_connection(("127.0.0.1", running.port)) as again:
        assert again.recv(4) == b"220 "
    for client in open_:
        client.close()


def test_the_idle_and_the_slow_are_sent_away(start: Callable[..., Running]) -> None:
    running = start(idle_s=-1.0)
    with socket.create_connection(("127.0.0.1", running.port)) as client:
        client.recv(100)
        running.soon(running.trap.sweep)
        assert client.recv(100).startswith(b"421 4.4.2")
    assert running.trap.counts.timeouts == 1


def test_shutting_down_answers_everybody(start: Callable[..., Running]) -> None:
    running = start()
    with socket.create_connection(("127.0.0.1", running.port)) as client:
        client.recv(100)
        running.soon(running.trap.shut)
        assert client.recv(100).startswith(b"421 ")
        assert client.recv(100) == b""
