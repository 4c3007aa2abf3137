"""The filter between two servers: every reply is the next server's own, and nothing is lost or doubled."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support import guards
from support.postfix import folder, log, postfix, send, until


def place(words: str) -> tuple[str, int]:
    host, _, port = words.rpartition(":")
    return host, int(port)


def test_replies_are_the_next_servers_own_one_a_recipient(tmp_path: Path) -> None:
    with (
        guards.sink(tmp_path) as taken,
        guards.running(
            guards.settled(tmp_path / "g"), "lmtp", "--listen", "127.0.0.1:0", "--next", f"127.0.0.1:{taken.port}"
        ) as where,
        smtplib.LMTP(*place(where), timeout=30) as client,
    ):
        client.ehlo("mx.example.net")
        assert not client.has_extn("starttls")
        assert client.has_extn("xforward")
        client.docmd("XFORWARD", f"ADDR={guards.BOT} HELO=dsl-66.dynamic.isp.example")
        client.mail("a@example.org")
        assert client.rcpt("no@example.net")[0] == 550
        assert client.rcpt("me@example.net")[0] == client.rcpt("you@example.net")[0] == 250
        stuffed = guards.mail() + b".hidden dot\r\n..\r\n"
        code, _ = client.data(stuffed)
        assert code == 250
        assert client.getreply()[0] == 250  # the second recipient's
        (mail,) = taken.mails
        assert mail.startswith(b"X-Junkhound-Verdict: junk\r\n")
        assert mail.endswith(b"\r\n..hidden dot\r\n...\r\n")
        assert client.docmd("BDAT", "5 LAST")[0] == 502
        assert client.rset()[0] == 250


def test_a_client_that_leaves_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    with (
        guards.sink(tmp_path) as taken,
        guards.running(
            guards.settled(tmp_path / "g"), "lmtp", "--listen", "127.0.0.1:0", "--next", f"127.0.0.1:{taken.port}"
        ) as where,
    ):
        for end in (b"half a ma", b"line\n.\n", b"line\r\n.\n"):  # the last two are attempts to smuggle
            with socket.create_connection(place(where), 20) as link:
                file = link.makefile("rwb")
                assert file.readline().startswith(b"220")
                for line in (b"LHLO x", b"MAIL FROM:<a@example.org>", b"RCPT TO:<me@example.net>", b"DATA"):
                    file.write(line + b"\r\n")
                    file.flush()
                    while file.readline()[3:4] == b"-":
                        pass
                file.write(end)
                file.flush()
        with smtplib.LMTP(*place(where), timeout=30) as client:
            assert client.sendmail("a@example.org", ["me@example.net"], guards.mail()) == {}
        assert [mail.count(b"X-Junkhound-Verdict: junk") for mail in taken.mails if b"watches" in mail] == [1]
        assert not any(b"smuggle" in mail for mail in taken.mails)


def test_without_the_next_server_it_says_come_again(tmp_path: Path) -> None:
    settings = guards.settled(tmp_path / "g")
    with guards.running(settings, "lmtp", "--listen", "127.0.0.1:0", "--next", "127.0.0.1:1") as where:
        with pytest.raises(smtplib.SMTPConnectError) as told:
            smtplib.LMTP(*place(where), timeout=20)
        assert told.value.smtp_code == 421


MAIN = """
virtual_mailbox_domains = example.net
virtual_transport = lmtp:inet:{guard}
lmtp_send_xforward_command = yes
"""


@contextmanager
def filtered(place: Path) -> Iterator[tuple[guards.Sink, Path, int]]:
    """A Postfix that delivers through the filter: what its next server took, its folder and its port."""
    with (
        guards.sink(place) as taken,
        guards.running(
            guards.settled(place / "g"), "lmtp", "--listen", "127.0.0.1:0", "--next", f"127.0.0.1:{taken.port}"
        ) as where,
        folder() as root,
        postfix(root, MAIN.format(guard=where)) as port,
    ):
        yield taken, root, port


@pytest.mark.peer
def test_postfix_delivers_through_the_filter(tmp_path: Path) -> None:
    with filtered(tmp_path) as (taken, root, port):
        body = guards.mail()[guards.mail().index(b"From: ") :]
        send(port, "me@example.net", "you@example.net", body=body)
        until(lambda: len(taken.mails) == 1, "the delivery", root)
        until(lambda: log(root).count("status=sent") == 2, "two replies", root)
        assert taken.mails[0].startswith(b"X-Junkhound-Verdict: junk\r\n")
        assert b"the same letter reached 52 mails" in taken.mails[0]
