"""Real clients at the trap's door: swaks, Postfix and its smtp-source, HAProxy, OpenSSL."""

from __future__ import annotations

import asyncio
import smtplib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from junkhound.intake import tls, trap
from junkhound.kernel import net
from junkhound.tables import Kind
from support.peers import free_port, need
from support.postfix import folder as open_folder
from support.postfix import log, postfix, send, until
from support.traps import Running, policy, traps, wait

pytestmark = pytest.mark.peer
LOOPBACK = net.parse_network("127.0.0.0/8")


@pytest.fixture(params=[asyncio.new_event_loop, trap.new_loop], ids=["asyncio", "installed"])
def start(request: pytest.FixtureRequest) -> Iterator[Callable[..., Running]]:
    with traps(request.param) as make:
        yield make


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as made:
        yield made


def run(*words: object, said: bytes = b"") -> tuple[int, str]:
    done = subprocess.run([str(word) for word in words], input=said, capture_output=True, timeout=120, check=False)
    return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace")


def swaks(running: Running, *words: str) -> tuple[int, str]:
    return run(need("swaks"), "--server", f"127.0.0.1:{running.port}", "--to", "x@trap.example", "--from",
               "a@sender.example", "--helo", "swaks.example", "--timeout", "10", *words)  # fmt: skip


def test_swaks_plain_lmtp_and_pipelined(start: Callable[..., Running]) -> None:
    running = start()
    assert swaks(running, "--to", "x@trap.example,y@trap.example", "--pipeline")[0] == 0
    lmtp = start(policy=policy(protocol="lmtp"))
    code, said = swaks(lmtp, "--protocol", "LMTP", "--to", "x@trap.example,n@other.example,y@trap.example")
    assert code == 0, said
    assert said.count("<-  250 2.0.0 kept") == 2
    ((facts, mail),) = running.writer.synced
    assert (facts.session.helo, facts.session.protocol, facts.session.manners) == (b"swaks.example", "ESMTP", 0)
    assert b"This is a test mailing" in mail
    assert [one.code for one in lmtp.writer.synced[0][0].envelope.recipients] == [250, 550, 250]


def test_swaks_is_refused_what_it_must_not_have(start: Callable[..., Running]) -> None:
    running = start(policy=policy(auth=True))
    code, said = swaks(running, "--xclient-addr", "192.0.2.1", "--xclient-no-verify")
    assert code != 0 or "550 5.7.1" in said
    code, said = swaks(running, "--auth", "LOGIN", "--auth-user", "bob", "--auth-password", "hunter2")
    assert code != 0
    assert "535 5.7.8" in said
    code, said = swaks(running, "--to", "x@other.example")
    assert code != 0
    assert "550 5.7.1" in said
    assert not running.writer.synced or running.writer.synced[0][0].origin.client == net.parse("127.0.0.1").packed  # type: ignore[union-attr]
    wait(lambda: any(kind == Kind.AUTH_GUESS for _, kind, _, _ in running.trap.idle_sessions))


def test_swaks_and_openssl_speak_tls(start: Callable[..., Running], folder: Path) -> None:
    openssl = need("openssl")
    running = start(policy=policy(starttls=True), tls=tls.context(*map(str, tls.self_signed(folder, "mx.example.org"))))
    code, said = swaks(running, "--tls")
    assert code == 0, said
    ((facts, _),) = running.writer.synced
    assert facts.session.protocol == "ESMTPS"
    assert facts.session.client_hello is not None
    where = ("s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{running.port}", "-crlf", "-quiet")
    ticket = folder / "ticket"
    code, said = run(openssl, *where, "-sess_out", ticket, said=b"NOOP\nQUIT\n")
    assert "250 2.0.0 still here" in said
    if ticket.exists():
        run(openssl, *where, "-sess_in", ticket, said=b"NOOP\nQUIT\n")
        wait(lambda: running.trap.counts.tls_resumed == 1)
    mail = b"EHLO c\nMAIL FROM:<a@b.example>\nRCPT TO:<x@trap.example>\nDATA\nhi\n.\nQUIT\n"
    assert "250 2.0.0 kept" in run(openssl, *where, "-tls1_2", said=mail)[1]
    assert running.writer.synced[-1][0].session.tls_version == 0x0303


@pytest.mark.parametrize("protocol", ["smtp", "lmtp"])
def test_smtp_source_in_twenty_sessions(start: Callable[..., Running], protocol: str) -> None:
    running = start(policy=policy(protocol=protocol))
    lmtp = ["-L"] if protocol == "lmtp" else []
    code, said = run(
        need("smtp-source"), *lmtp, "-s", 20, "-m", 2000, "-l", 8000, "-d", "-f", "a@sender.example",
        "-t", "x@trap.example", f"127.0.0.1:{running.port}",
    )  # fmt: skip
    assert code == 0, said
    assert len(running.writer.synced) == running.trap.counts.accepted == 2000
    assert running.trap.counts.syncs < 2000, "mails share their syncs"
    assert len({mail for _, mail in running.writer.synced}) == 2000
    assert min(len(mail) for _, mail in running.writer.synced) > 8000


HAPROXY = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 10s
    timeout server 10s
frontend mail
    bind 127.0.0.1:{port}
    bind :::{port} v6only
    default_backend trap
backend trap
    server one 127.0.0.1:{trap} {send}
"""


@pytest.mark.parametrize("send", ["send-proxy", "send-proxy-v2"])
def test_haproxy_says_who_the_client_is(start: Callable[..., Running], folder: Path, send: str) -> None:
    program = need("haproxy")
    running = start(proxy_protocol=True, proxies=(LOOPBACK,))
    port = free_port()
    (folder / "haproxy.cfg").write_text(HAPROXY.format(port=port, trap=running.port, send=send))
    process = subprocess.Popen([program, "-db", "-q", "-f", folder / "haproxy.cfg"])
    try:
        wait(lambda: _listens(port))
        for name, source in (("127.0.0.1", "127.3.2.1"), ("::1", "::1")):
            with smtplib.SMTP(name, port, "bot.example", source_address=(source, 0), timeout=10) as client:
                client.sendmail("a@b.example", ["x@trap.example"], b"Subject: hi\r\n\r\nhi\r\n")
                peer = client.sock.getsockname()
            facts, _ = running.writer.synced[-1]
            assert facts.origin.client == net.parse(source).packed  # type: ignore[union-attr]
            assert (facts.session.client_port, facts.session.local_port) == (peer[1], port)
            assert facts.session.syn is None, "that would be HAProxy's"
            assert facts.session.proxy is not None
            assert facts.session.proxy.startswith("v1 TCP" if send == "send-proxy" else "v2")
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=5):
            return True
    except (OSError, smtplib.SMTPException):
        return False


@pytest.mark.parametrize("xforward", ["yes", "no"])
def test_postfix_hands_over_by_lmtp(start: Callable[..., Running], folder: Path, xforward: str) -> None:
    running = start(policy=policy(protocol="lmtp", xclient=True), proxies=(LOOPBACK,))
    main = f"""
virtual_mailbox_domains = trap.example
virtual_transport = lmtp:inet:127.0.0.1:{running.port}
lmtp_send_xforward_command = {xforward}
"""
    with postfix(folder, main) as port:
        running.trap.room = lambda: False  # the spool is full for a while: nothing may be lost or bounced
        send(port, "x@trap.example", "y@trap.example", body=b"Subject: one\r\n\r\n.dot\r\n")
        until(lambda: running.trap.counts.deferred > 0, "a deferral", folder)
        running.trap.room = lambda: True
        until(lambda: bool(running.writer.synced), "the delivery", folder)
        until(lambda: log(folder).count("status=sent") == 2, "both recipients' delivery", folder)
    assert "status=bounced" not in log(folder)
    assert len(running.writer.synced) == 1
    facts, mail = running.writer.synced[0]
    assert mail.startswith(b"Received: from friend")
    assert facts.envelope.mail_from == b""
    assert len(facts.envelope.recipients) == 2
    if xforward == "yes":
        assert facts.origin.client == net.parse("192.0.2.7").packed  # type: ignore[union-attr]
        assert (facts.session.client_port, facts.session.helo) == (4711, b"friend")
        assert facts.session.client_name == "mail.example.org"
        assert facts.origin.arrival.encode() in mail, "Postfix's queue id"
    else:
        assert facts.origin.client == net.parse("127.0.0.1").packed, "hop 0 is a relay: its lines say more"  # type: ignore[union-attr]
