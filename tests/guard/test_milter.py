"""The milter protocol, byte by byte, and a real Postfix that asks."""

from __future__ import annotations

import re
import smtplib
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import net
from junkhound.kernel.errors import DataError
from junkhound.verbs.guard import OURS
from junkhound.wire import milter
from support import guards
from support.postfix import folder, log, postfix, until

ALL = milter.NO_REPLY | milter.LEADING_SPACE


def packet(letter: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", 1 + len(data)) + letter + data


def packets(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    while octets:
        (length,) = struct.unpack_from(">I", octets)
        yield octets[4:5], octets[5 : 4 + length]
        octets = octets[4 + length :]


def dialogue(protocol: int) -> bytes:
    return b"".join((
        packet(b"O", struct.pack(">III", 6, 0x1FF, protocol)),
        packet(b"C", b"mail.example.org\x004" + struct.pack(">H", 4711) + b"192.0.2.7\0"),
        packet(b"H", b"friend\0"),
        packet(b"D", b"Mi\0i\x004XyZ\0"), packet(b"M", b"<a@example.org>\0SIZE=100\0"),
        packet(b"R", b"<me@example.net>\0"),
        packet(b"T"),
        packet(b"L", b"X-Junkhound-Verdict\0 good\0"), packet(b"L", b"Subject\0 hello\n there\0"),
        packet(b"L", b"x-junkhound-verdict\0 good\0"), packet(b"N"),
        packet(b"B", b"one\r\n"), packet(b"B", b"two\r\n"), packet(b"E"),
    ))  # fmt: skip


def test_a_mail_is_put_together_and_lies_are_taken_out() -> None:
    session = milter.Session(1000, OURS)
    (mail,) = session.receive(dialogue(ALL))
    assert mail.client == net.parse("192.0.2.7")
    assert (mail.client_port, mail.client_name, mail.helo) == (4711, "mail.example.org", b"friend")
    assert mail.mail_from == b"a@example.org"
    assert mail.recipients == [b"me@example.net"]
    assert mail.octets == (
        b"X-Junkhound-Verdict: good\r\nSubject: hello\r\n there\r\nx-junkhound-verdict: good\r\n\r\none\r\ntwo\r\n"
    )
    session.answer(milter.Answer(((b"X-A", b"1"), (b"X-B", b"2"))))
    said = list(packets(session.take_output()))
    assert [letter for letter, _ in said] == [b"O", b"m", b"m", b"i", b"i", b"c"]
    assert said[1][1] == struct.pack(">I", 2) + b"x-junkhound-verdict\0\0"
    assert said[2][1] == struct.pack(">I", 1) + b"X-Junkhound-Verdict\0\0"
    assert said[3][1] == struct.pack(">I", 0) + b"X-B\0 2\0"


def test_an_old_server_gets_an_answer_to_everything() -> None:
    session = milter.Session(1000, OURS)
    (mail,) = session.receive(dialogue(0))
    assert mail.octets.startswith(b"X-Junkhound-Verdict:  good\r\n")
    letters = [letter for letter, _ in packets(session.take_output())]
    assert letters == [b"O", *[b"c"] * 11]


def test_a_refusal_is_one_line_without_percent() -> None:
    session = milter.Session(1000, OURS)
    list(session.receive(dialogue(ALL)))
    session.take_output()
    session.answer(milter.Answer(refuse=(550, b"5.7.1 100% junk")))
    assert list(packets(session.take_output())) == [(b"y", b"550 5.7.1 100%% junk\0")]


@given(st.binary(max_size=300), st.integers(1, 40))
def test_nonsense_is_told_apart_from_the_protocol(octets: bytes, step: int) -> None:
    session = milter.Session(1000, OURS)
    try:
        for start in range(0, len(octets), step):
            for _ in session.receive(octets[start : start + step]):
                session.answer(milter.Answer())
    except DataError:
        pass
    assert session.mail.size <= 1000


MAIN = """
virtual_mailbox_domains = example.net
virtual_transport = lmtp:inet:127.0.0.1:{sink}
smtpd_milters = inet:{milter}
milter_default_action = accept
milter_protocol = 6
"""


def sent(port: int, octets: bytes, client: str, name: str = "dsl-66.dynamic.isp.example") -> str:
    """A mail from a client whose address Postfix learns by XCLIENT; gives the refusal, or nothing."""
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as session:
        session.ehlo("client.example.org")
        session.docmd("XCLIENT", f"ADDR={client} NAME={name} HELO={name} PROTO=SMTP")
        session.ehlo("friend")
        try:
            session.sendmail("a@example.org", ["me@example.net"], octets)
        except smtplib.SMTPDataError as refused:
            return f"{refused.smtp_code} {refused.smtp_error.decode()}"
    return ""


def body_of(octets: bytes) -> bytes:
    """A mail without the line that the receiving server writes itself."""
    return octets[octets.index(b"From: ") :]


@pytest.mark.peer
def test_postfix_marks_by_milter_and_refuses_what_the_operator_chose(tmp_path: Path) -> None:
    with guards.sink(tmp_path) as taken, folder() as root:
        settings = guards.settled(tmp_path / "marks")
        strict = guards.settled(tmp_path / "refuses", 'reject = ["listed"]\n')
        for where, refuses in ((settings, False), (strict, True)):
            with (
                guards.running(where, "milter", "--listen", "127.0.0.1:0") as place,
                postfix(root / where.parent.name, MAIN.format(sink=taken.port, milter=place)) as port,
            ):
                junk = sent(port, body_of(guards.mail()), guards.BOT)
                lying = b"X-Junkhound-Verdict: good\r\n" + body_of(
                    guards.mail("lunch on thursday?", link="http://menu.example/")
                )
                assert sent(port, lying, "198.51.100.9", "mail.friends.example") == ""
                count = 1 if refuses else 2
                until(lambda: len(taken.mails) >= count, "the delivery", root / where.parent.name)  # noqa: B023
                if refuses:
                    assert "on a block list" in junk
                else:
                    assert junk == ""
                    mail = next(one for one in taken.mails if b"watches" in one)
                    assert mail.count(b"X-Junkhound-Verdict: junk\r\n") == 1
                    (why,) = re.findall(rb"(?m)^X-Junkhound-Reason: (.*(?:\r\n[ \t].*)*)", mail)
                    assert b"the same letter reached 52 mails" in why
                plain = next(one for one in taken.mails if b"lunch" in one)
                assert plain.count(b"X-Junkhound-Verdict:") == 1
                assert b"X-Junkhound-Verdict: none\r\n" in plain
                taken.mails.clear()


@pytest.mark.peer
def test_postfix_goes_on_when_the_guard_is_gone(tmp_path: Path) -> None:
    with guards.sink(tmp_path) as taken, folder() as root:
        with guards.running(guards.settled(tmp_path / "g"), "milter", "--listen", "127.0.0.1:0") as place:
            pass
        with postfix(root / "p", MAIN.format(sink=taken.port, milter=place)) as port:
            began = time.monotonic()
            assert sent(port, body_of(guards.mail()), guards.BOT) == ""
            until(lambda: len(taken.mails) == 1, "the delivery", root / "p")
            assert time.monotonic() - began < 20
            assert b"X-Junkhound" not in taken.mails[0], log(root / "p")
