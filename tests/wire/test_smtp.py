"""Dialogues: what a client says and what it hears, byte for byte; no mail is ever smuggled through."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.wire import smtp
from junkhound.wire.smtp import Delivery, Guess, Manner, Phase, Policy, Rcpt, Session, StartTls, XClient


def trap(address: bytes) -> Rcpt:
    return Rcpt(250, "fine", True) if address.endswith(b"@trap.example") else Rcpt(550, "no")


def session(**settings: object) -> Session:
    made = Session(Policy("mx.example.org", trap, **settings), 0)  # type: ignore[arg-type]
    made.greet()
    made.take_output()
    return made


def say(client: Session, data: bytes) -> list[bytes]:
    """What the client hears; deliveries are answered 250 at once."""
    client.receive(data, 1)
    heard = client.take_output()
    while client.phase is Phase.WAITING:
        client.answer(250, "kept", 2)
        heard += client.take_output()
    return heard.splitlines()


def codes(heard: list[bytes]) -> list[int]:
    return [int(line[:3]) for line in heard if line[3:4] == b" "]


def mails(client: Session) -> list[bytes]:
    return [event.mail for event in client.events if isinstance(event, Delivery)]


START = b"EHLO client.example\r\nMAIL FROM:<a@b.example> SIZE=10\r\nRCPT TO:<x@trap.example>\r\n"


def test_a_pipelined_mail_is_delivered_once_with_its_envelope() -> None:
    client = session()
    heard = say(client, START + b"DATA\r\nSubject: x\r\n\r\n..dot\r\n.\r\nQUIT\r\n")
    assert codes(heard) == [250, 250, 250, 354, 250, 221]
    (event,) = client.events
    assert isinstance(event, Delivery)
    assert event.mail == b"Subject: x\r\n\r\n.dot\r\n"
    assert (event.transaction.mail_from, event.transaction.recipients) == (
        b"a@b.example",
        [(b"x@trap.example", 250, True)],
    )
    assert client.phase is Phase.CLOSED


@given(st.lists(st.integers(1, 40), max_size=30))
def test_how_bytes_are_cut_into_packets_changes_nothing(cuts: list[int]) -> None:
    dialogue = START + b"DATA\r\nline\r\n..\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<y@trap.example>\r\nDATA\r\n.\r\nQUIT\r\n"
    whole, cut = session(), session()
    expected = say(whole, dialogue)
    heard: list[bytes] = []
    at = 0
    for length in [*cuts, len(dialogue)]:
        heard += say(cut, dialogue[at : at + length])
        at += length
    assert heard == expected
    assert mails(cut) == mails(whole) == [b"line\r\n.\r\n", b""]


@pytest.mark.parametrize(
    "end", [b"\n.\n", b"\r\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\r", b"\r\n.\r\r\n", b"\n.\r\r\n", b"\r\n\0.\r\n"]
)
def test_only_crlf_dot_crlf_ends_a_mail(end: bytes) -> None:
    client = session()
    smuggled = b"MAIL FROM:<evil@b.example>\r\nRCPT TO:<y@trap.example>\r\nDATA\r\nsecond\r\n.\r\n"
    say(client, START + b"DATA\r\nfirst" + end + smuggled)
    (mail,) = mails(client)
    assert mail.startswith(b"first")
    assert mail.endswith(b"second\r\n"), "what was smuggled is part of the first mail"


@pytest.mark.parametrize("line", [b"MAIL FROM:<a@b.example>\nRCPT TO:<x@trap.example>\r\n", b"NOOP\rNOOP\r\n"])
def test_a_lone_line_end_in_a_command_is_not_obeyed(line: bytes) -> None:
    client = session()
    assert codes(say(client, b"EHLO c\r\n" + line)) == [250, 500]
    assert client.manners & Manner.BARE_LINE_END
    assert client.transaction is None


def test_endless_lines_and_endless_nonsense_end_the_session() -> None:
    client = session()
    assert codes(say(client, b"A" * 100_000)) == [500]
    assert client.phase is Phase.CLOSED
    client = session()
    assert codes(say(client, b"NONSENSE\r\n" * 100))[-1] == 421
    assert client.phase is Phase.CLOSED


def test_a_mail_over_the_limit_is_refused_and_its_bytes_are_not_kept() -> None:
    client = session(size_limit=1000)
    heard = say(client, b"EHLO c\r\nMAIL FROM:<a@b.example> SIZE=2000\r\n")
    assert codes(heard) == [250, 552]
    say(client, b"MAIL FROM:<a@b.example>\r\nRCPT TO:<x@trap.example>\r\nDATA\r\n")
    for _ in range(100):
        assert say(client, b"x" * 1000) == []
        assert len(client._buffer) < 2100
    assert codes(say(client, b"\r\n.\r\nNOOP\r\n")) == [552, 250]
    assert not mails(client)


def test_lmtp_answers_once_for_each_accepted_recipient() -> None:
    client = session(protocol="lmtp")
    heard = say(
        client,
        b"LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<x@trap.example>\r\nRCPT TO:<n@other.example>\r\n"
        b"RCPT TO:<y@trap.example>\r\nDATA\r\nhi\r\n.\r\n",
    )
    assert codes(heard) == [250, 250, 250, 550, 250, 354, 250, 250]
    assert codes(say(session(protocol="lmtp"), b"EHLO c\r\n")) == [500]


def test_chunks_make_a_mail_whose_dots_stay() -> None:
    client = session()
    heard = say(client, START + b"BDAT 7\r\n.one\r\n\nBDAT 6 LAST\r\n..two\nNOOP\r\n")
    assert codes(heard) == [250, 250, 250, 250, 250, 250]
    assert mails(client) == [b".one\r\n\n..two\n"]
    assert codes(say(session(), b"EHLO c\r\nBDAT x\r\n")) == [250, 501]


def test_nobody_logs_in_and_the_secret_is_not_in_the_trace() -> None:
    client = session(auth=True)
    plain = base64.b64encode(b"\0bob\0hunter2")
    heard = say(client, b"EHLO c\r\nAUTH PLAIN " + plain + b"\r\n")
    assert codes(heard) == [250, 535]
    heard = say(client, b"AUTH LOGIN\r\n" + base64.b64encode(b"bob") + b"\r\n" + base64.b64encode(b"hunter2") + b"\r\n")
    assert codes(heard) == [334, 334, 535]
    assert client.events == [Guess("PLAIN", b"bob", b"hunter2"), Guess("LOGIN", b"bob", b"hunter2")]
    assert all(b"hunter2" not in line and plain not in line for line in client.trace)
    assert codes(say(session(), b"AUTH PLAIN x\r\n")) == [502]


def test_starttls_forgets_what_was_said_in_clear_text() -> None:
    client = session(starttls=True)
    heard = say(client, b"EHLO c\r\nSTARTTLS\r\nMAIL FROM:<evil@b.example>\r\n")
    assert codes(heard) == [250, 220]
    assert client.events == [StartTls()]
    client.secured()
    assert codes(say(client, b"NOOP\r\n")) == [250]
    assert (client.helo, client.transaction) == (None, None)
    assert b"STARTTLS" not in b"".join(say(client, b"EHLO c\r\n"))


def test_xclient_is_for_those_it_is_offered_to() -> None:
    assert codes(say(session(), b"XCLIENT ADDR=192.0.2.1\r\n")) == [550]
    client = session(xclient=True)
    assert codes(say(client, b"XCLIENT ADDR=192.0.2.1 NAME=a+2Bb.example\r\n")) == [220]
    assert client.events == [XClient((("ADDR", "192.0.2.1"), ("NAME", "a+b.example")))]


def test_the_dialect_is_kept_without_the_addresses() -> None:
    client = session()
    say(client, b"ehlo  Client\r\nmail from: <a@b.example>\r\nRcpt To:<x@trap.example>\r\n")
    assert client.trace == [b"ehlo  *", b"mail from: <>", b"Rcpt To:<>"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"RCPT TO:<x@trap.example>", 503), (b"DATA", 503), (b"MAIL TO:<a@b>", 501), (b"MAIL FROM:<a@b", 501),
        (b"HELO", 501), (b"VRFY bob", 252), (b"EXPN list", 252), (b"HELP", 214), (b"RSET", 250), (b"LHLO c", 500),
        (b"STARTTLS", 502), (b"", 500), (b"MAIL FROM:a@b.example", 250),
        (b"MAIL FROM:<@relay.example:a@b.example>", 250),
    ],
)  # fmt: skip
def test_each_command_has_its_answer(line: bytes, code: int) -> None:
    client = session()
    assert codes(say(client, line + b"\r\n")) == [code]
    if b"@relay" in line:
        assert client.transaction is not None
        assert client.transaction.mail_from == b"a@b.example"


PIECES = st.sampled_from([b"\r", b"\n", b".", b"x", b"\r\n.", b"\r\n", b"...."])


@given(st.lists(PIECES, max_size=60), st.integers(1, 9))
def test_a_mail_of_dots_ends_where_it_should(pieces: list[bytes], step: int) -> None:
    mail = b"\r\n" + b"".join(pieces) + b"\r\n"
    sent = mail.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    client = session()
    say(client, START + b"DATA\r\n")
    for at in range(0, len(sent), step):
        say(client, sent[at : at + step])
    assert mails(client) == [mail]


@given(st.binary(max_size=2000))
def test_any_bytes_are_survived(data: bytes) -> None:
    client = session(starttls=True, auth=True, xclient=True)
    say(client, data)
    say(client, b"\r\n" + data + b"\r\n")
    assert client.bad <= smtp.BAD_COMMANDS
