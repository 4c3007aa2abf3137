"""A world's sessions over loopback SMTP, into the product's own trap: what is sent arrives, and goes nowhere else."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from junkhound.intake import tls
from junkhound.kernel import net
from junkhound.wire import proxy
from spamworld import replay
from spamworld.errors import Refused, UsageError
from spamworld.replay import Session
from support.peers import need
from support.traps import Running, policy, traps

OWN = frozenset(("mx.trap.example",))
TOP = (
    b"Return-Path: <a@b.example>\r\nReceived: from pc (unknown [203.0.113.9])\r\n\tby mx.trap.example (Postfix) with"
    b" ESMTP id 1;\r\n\tMon, 2 Jan 2006 00:00:00 +0000\r\n"
)
SENT = b"Received: from x by mx.trap.example.evil.example; now\r\nSubject: hi\r\n\r\n.dot\r\n..dots\r\nend\r\n"


def session(**facts: object) -> Session:
    mail = base64.b64encode(TOP + SENT).decode()
    usual: dict[str, object] = {
        "client": "203.0.113.9", "client_port": 4711, "helo": "pc-1", "mail_from": "a@b.example",
        "rcpt": ["x@trap.example"], "own": OWN,
    }  # fmt: skip
    return Session(mail, **{**usual, **facts})  # type: ignore[arg-type]


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    with traps() as make:
        yield make


def send(running: Running, *chosen: Session, how: str = "none", count: int = 100) -> replay.Said:
    return asyncio.run(replay.replay(chosen, ("127.0.0.1", running.port), 1000, count, how))


def test_the_mail_arrives_as_its_client_had_sent_it(start: Callable[..., Running]) -> None:
    running = start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = send(running, session(client_port=port))
    assert said.counts == {"accepted": 1}
    ((facts, mail),) = running.writer.synced
    assert mail == SENT
    assert facts.session.helo == b"pc-1"
    assert facts.envelope.mail_from == b"a@b.example"
    assert facts.session.client_port == port


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ({"verb": "HELO", "lower": True}, [b"helo *", b"mail from:<>", b"rcpt to:<>", b"data", b"quit"]),
        ({"verb": "EHLO", "space": True}, [b"EHLO *", b"MAIL FROM: <>", b"RCPT TO: <>", b"DATA", b"QUIT"]),
        ({"verb": "EHLO", "size": True}, [b"EHLO *", b"MAIL FROM:<> SIZE=", b"RCPT TO:<>", b"DATA", b"QUIT"]),
        ({"verb": "HELO", "ahead": True, "quit": "drop"}, [b"HELO *", b"MAIL FROM:<>", b"RCPT TO:<>", b"DATA"]),
    ],
)
def test_each_speaks_as_its_engine(start: Callable[..., Running], manner: dict[str, object], said: list[bytes]) -> None:
    running = start()
    assert send(running, session(manner=manner)).counts == {"accepted": 1}
    ((facts, mail),) = running.writer.synced
    assert list(facts.session.dialect) == said[: len(facts.session.dialect)]
    assert len(facts.session.dialect) >= 4
    assert mail == SENT


def test_lone_line_feeds_stay_lone(start: Callable[..., Running]) -> None:
    running = start()
    assert send(running, session(manner={"bare": True})).counts == {"accepted": 1}
    ((_, mail),) = running.writer.synced
    assert mail == SENT.replace(b"\r\n", b"\n") + b"\r\n"


LOOPBACK = net.parse_network("127.0.0.0/8")
TWO = (session(), session(client="2001:db8::7", client_port=99))


@pytest.mark.parametrize("how", ["v2", "xclient"])
def test_a_proxy_carries_the_client(start: Callable[..., Running], how: str) -> None:
    running = start(policy=policy(xclient=how == "xclient"), proxies=(LOOPBACK,), proxy_protocol=how == "v2")
    assert send(running, *TWO, how=how).counts == {"accepted": 2}
    seen = {(str(net.from_packed(facts.origin.client)), facts.session.client_port)
            for facts, _ in running.writer.synced}  # fmt: skip
    assert seen == {("203.0.113.9", 4711), ("2001:db8::7", 99)}


def test_a_trap_that_believes_nobody_is_told(start: Callable[..., Running]) -> None:
    assert send(start(), session(), how="xclient").counts == {"no xclient": 1}


def test_the_header_is_what_the_product_reads() -> None:
    found = proxy.read(replay.proxy_header("203.0.113.9", 4711, ("127.0.0.1", 2525)))
    assert found is not None
    assert (str(found.client), found.client_port, found.local_port) == ("203.0.113.9", 4711, 2525)


@pytest.mark.peer
def test_it_speaks_tls_where_the_session_had(start: Callable[..., Running], tmp_path: Path) -> None:
    need("openssl")
    running = start(policy=policy(starttls=True), tls=tls.context(*map(str, tls.self_signed(tmp_path, "mx.example"))))
    said = send(running, session(tls_version=0x0303), session())
    assert said.counts == {"accepted": 2, "tls": 1}
    assert {facts.session.tls_version for facts, _ in running.writer.synced} == {None, 0x0304}


def test_count_bounds_and_refusals_are_told(start: Callable[..., Running]) -> None:
    running = start()
    chosen = [session() for _ in range(7)] + [session(rcpt=["somebody@other.example"])]
    assert send(running, *chosen, count=3).counts == {"accepted": 3}
    assert send(running, chosen[-1]).counts == {"refused": 1}


def test_nobody_there_is_told() -> None:
    said = asyncio.run(replay.replay([session()], ("127.0.0.1", 9), 1000, 5))
    assert said.counts == {"broken": 1}
    assert said.problems


@pytest.mark.parametrize("text", ["192.0.2.7:25", "mail.example.org:25", "0.0.0.0:25", "[2001:db8::1]:25"])
def test_no_other_machine_is_ever_sent_to(text: str) -> None:
    with pytest.raises(Refused, match="loopback"):
        replay.target(text)


@pytest.mark.parametrize("text", ["127.0.0.1", "127.0.0.1:0", "127.0.0.1:x", ""])
def test_a_port_is_needed(text: str) -> None:
    with pytest.raises(UsageError):
        replay.target(text)


def test_loopback_is_taken() -> None:
    assert replay.target("localhost:2525") == ("127.0.0.1", 2525)
    assert replay.target("[::1]:25") == ("::1", 25)
