"""STARTTLS over real sockets: what is known of a client, resumption, and handshakes that come to nothing."""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from junkhound.intake import tls, trap
from junkhound.kernel.errors import ConfigError
from support.peers import need
from support.traps import Running, hear, policy, traps, wait

pytestmark = pytest.mark.peer
MAIL = b"MAIL FROM:<>\r\nRCPT TO:<x@trap.example>\r\nDATA\r\nhi\r\n.\r\n"


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    need("openssl")
    folder = tmp_path_factory.mktemp("tls")
    made = tls.self_signed(folder, "mx.example.org")
    assert tls.self_signed(folder, "other.example") == made, "what is there is kept"
    assert made[1].stat().st_mode & 0o077 == 0
    return tls.context(*map(str, made))


@pytest.fixture(params=[asyncio.new_event_loop, trap.new_loop], ids=["asyncio", "installed"])
def running(request: pytest.FixtureRequest, offered: ssl.SSLContext) -> Iterator[Running]:
    with traps(request.param) as make:
        yield make(policy=policy(starttls=True), tls=offered)


def trusting() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def asked(running: Running) -> socket.socket:
    """A connection on which the trap has just said: go ahead."""
    client = running.connect()
    for line in (b"", b"EHLO c\r\n", b"STARTTLS\r\n"):
        client.sendall(line)
        client.recv(4096)
    return client


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_secured_session_is_known_by_its_hello(running: Running, version: ssl.TLSVersion) -> None:
    context = trusting()
    context.minimum_version = context.maximum_version = version
    with smtplib.SMTP("127.0.0.1", running.port, "bot.example") as client:
        client.starttls(context=context)
        client.ehlo("bot.example")
        assert not client.has_extn("starttls")
        client.sendmail("a@b.example", ["x@trap.example"], b"Subject: hi\r\n\r\n" + b"x\r\n" * 100_000)
    ((facts, mail),) = running.writer.synced
    assert len(mail) == 300_015
    session = facts.session
    assert (session.protocol, session.tls_version) == ("ESMTPS", int(version))
    assert session.tls_cipher is not None
    assert session.client_hello is not None
    assert session.client_hello.startswith(f"t{'13' if version is ssl.TLSVersion.TLSv1_3 else '12'}i")


def test_sessions_are_resumed(running: Running) -> None:
    context = trusting()
    first = context.wrap_socket(asked(running))
    first.sendall(b"NOOP\r\n")
    assert first.recv(100).startswith(b"250 ")
    with context.wrap_socket(asked(running), session=first.session) as again:
        assert again.session_reused
    first.close()
    wait(lambda: running.trap.counts.tls_resumed == 1)
    assert running.trap.counts.tls == 2


@pytest.mark.parametrize(
    "said",
    [
        b"MAIL FROM:<evil@b.example>\r\n",
        b"\x16\x03\x01\xff\xff" + b"x" * 70_000,
        bytes(range(256)),
        b"\x80\x2e\x01\x03",
    ],
)
def test_garbage_ends_the_handshake_and_nothing_else(running: Running, said: bytes) -> None:
    with asked(running) as client:
        try:
            client.sendall(said + MAIL)
            assert b"250" not in hear(client)
        except ConnectionError:
            pass
    wait(lambda: not running.trap.open)
    assert running.trap.counts.malformed == 1
    assert not running.writer.synced
    assert running.say(b"EHLO c\r\n" + MAIL + b"QUIT\r\n").count(b"250 2.0.0 kept") == 1


def test_clear_text_behind_starttls_is_not_obeyed(running: Running) -> None:
    assert b"2.1.0" not in running.say(b"EHLO c\r\nSTARTTLS\r\n" + MAIL)
    wait(lambda: not running.trap.open)
    assert not running.writer.synced


def test_half_a_handshake_times_out(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        trusting().wrap_bio(into, out).do_handshake()
    with asked(running) as client:
        client.sendall(out.read()[:50])
        running.soon(running.trap.sweep)
        assert running.trap.counts.timeouts == 0
        monkeypatch.setattr(trap, "FIRST_S", -1.0)
        running.soon(running.trap.sweep)
        assert running.trap.counts.timeouts == 1
    wait(lambda: not running.trap.open)


def test_a_client_that_just_closes_is_gone(running: Running) -> None:
    client = trusting().wrap_socket(asked(running))
    client.sendall(b"EHLO c\r\nMAIL FROM:<>\r\n")
    with contextlib.suppress(ssl.SSLError):  # replies may be under way
        client.unwrap()
    client.close()
    wait(lambda: not running.trap.open)
    assert running.trap.counts.timeouts == 0, "nobody had to wait for it"
    assert running.writer.synced == [], "it brought no mail"


def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("nothing")
    for path in (tmp_path / "bad.pem", tmp_path / "none.pem"):
        with pytest.raises(ConfigError, match="cannot be used"):
            tls.context(str(path))
