"""How the client of our session spoke, held against what the lines below claim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import trace
from junkhound.evidence import message
from junkhound.kernel import net
from junkhound.trace import speech
from junkhound.trace.speech import Speech
from junkhound.wire.facts import Facts, Origin, Session

POSTFIX = (b"EHLO *", b"STARTTLS", b"EHLO *", b"MAIL FROM:<> SIZE= BODY=8BITMIME", b"RCPT TO:<>", b"DATA", b"QUIT")
SENDMAIL = (b"EHLO *", b"MAIL From:<> SIZE=", b"RCPT To:<>", b"DATA", b"QUIT")
QMAIL = (b"HELO *", b"MAIL FROM:<>", b"RCPT TO:<>", b"DATA", b"QUIT")
BOT = (b"HELO *", b"MAIL FROM: <>", b"RCPT TO: <>", b"DATA", b"QUIT")


@pytest.mark.parametrize(
    ("commands", "manners", "kind"),
    [
        (POSTFIX, 0, Speech.SERVER),
        (SENDMAIL, 0, Speech.SENDMAIL),
        (QMAIL, 0, Speech.PLAIN),
        (BOT, 0, Speech.NONE),
        ((b"EHLO [*]", b"mail from:<>", b"rcpt to:<>", b"data"), 0, Speech.NONE),
        ((b"EHLO *", b"MAIL FROM:", b"RCPT TO:", b"DATA"), 0, Speech.NONE),
        (POSTFIX, 1, Speech.NONE),  # it spoke before the greeting
        ((b"EHLO *", b"QUIT"), 0, Speech.UNSEEN),
        ((), 0, Speech.UNSEEN),
        ((b"EHLO *", b"XCLIENT *", b"NOOP", b"MAIL FROM:<>", b"RCPT TO:<>", b"BDAT # LAST"), 0, Speech.SERVER),
    ],
)
def test_how_programs_speak(commands: tuple[bytes, ...], manners: int, kind: Speech) -> None:
    assert speech.speech(Session(dialect=commands, manners=manners)) == kind


@given(st.lists(st.binary(max_size=40), max_size=20).map(tuple), st.integers(0, 31))
def test_any_commands_are_some_speech(commands: tuple[bytes, ...], manners: int) -> None:
    assert speech.speech(Session(dialect=commands, manners=manners)) in set(Speech)


@pytest.mark.parametrize(
    ("spoken", "dialect", "odd"),
    [
        (Speech.SENDMAIL, "sendmail", False),
        (Speech.SENDMAIL, "postfix", True),
        (Speech.SERVER, "sendmail", True),
        (Speech.SERVER, "exim", False),
        (Speech.SERVER, "qmail", True),
        (Speech.PLAIN, "qmail", False),
        (Speech.PLAIN, "postfix", True),
        (Speech.PLAIN, "plain", False),
        (Speech.UNSEEN, "postfix", False),
    ],
)
def test_a_line_that_names_another_program(spoken: Speech, dialect: str, odd: bool) -> None:
    assert speech.contradicts(spoken, dialect) == odd


BORDER = trace.boundary(["mx.example.org"], allow_documentation=True)
LINE = (
    "Received: from pc.example.com (unknown [203.0.113.9])\n\tby smtp.example.net (Postfix) with ESMTP id 700FD47962;"
    " Mon, 6 Jan 2025 10:00:05 +0000\nFrom: a@example.net\n\nbody\n"
)


def judged(commands: tuple[bytes, ...]) -> trace.Verdict:
    client = net.parse("198.51.100.7")
    assert client is not None
    facts = Facts(
        Origin(client.packed, 1_736_157_609_000_000, "t"), session=Session(helo=b"smtp.example.net", dialect=commands)
    )
    return trace.judge(trace.read(message.parse(LINE.encode())), BORDER, facts)


def test_who_speaks_as_no_server_is_likelier_to_have_typed_what_stands_below() -> None:
    """The probability moves, and nothing else: who handed the mail over is known from the session alone."""
    server, bot, other, unseen = judged(POSTFIX), judged(BOT), judged(SENDMAIL), judged(())
    assert server.confidence == unseen.confidence
    assert bot.confidence > other.confidence > server.confidence
    assert {str(one.address) for one in (server, bot, other, unseen)} == {"198.51.100.7"}
    assert any(word == "line: spoken" for word, _ in bot.weights)
    assert any(word == "line: other program" for word, _ in other.weights)
