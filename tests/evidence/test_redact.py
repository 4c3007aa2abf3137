"""No planted trap address leaves, whatever it is dressed in."""

from __future__ import annotations

import base64
import quopri
from hashlib import md5, sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.evidence.message import parse
from junkhound.evidence.redact import Secrets, redact

TRAP = b"alice.lure@traps.example"
SECRETS = Secrets.of([TRAP], ["traps.example"])
HEAD = b"From: a@example.org\r\nSubject: hello\r\n"


def mail(head: bytes = b"", body: bytes = b"hello\r\n") -> bytes:
    return HEAD + head + b"\r\n" + body


PLANTED = {
    "To": mail(b"To: <alice.lure@traps.example>\r\n"),
    "other case": mail(b"To: Alice.Lure@TRAPS.example\r\n"),
    "another trap of the domain": mail(b"Cc: bob@traps.example\r\n"),
    "Received": mail(b"Received: from x by mx.traps.example for <alice.lure@traps.example>; today\r\n"),
    "domain alone": mail(b"", b"we saw you at traps.example today"),
    "local part alone": mail(b"", b"Dear alice.lure, buy"),
    "VERP": mail(b"Return-Path: <b-alice.lure=traps.example@lists.example>\r\n"),
    "percent": mail(b"", b"http://x.example/?u=alice.lure%40traps.example"),
    "quoted-printable @": mail(b"", b"http://x.example/?u=alice.lure=40traps.example"),
    "hex": mail(b"", b"http://x.example/" + TRAP.hex().encode()),
    "md5": mail(b"", b"http://x.example/" + md5(TRAP).hexdigest().encode()),
    "sha256": mail(b"", b"http://x.example/" + sha256(TRAP).hexdigest().upper().encode()),
    "base64": mail(b"", b"http://x.example/" + base64.b64encode(TRAP)),
    "base64, shifted": mail(b"", b"http://x.example/" + base64.b64encode(b"u" + TRAP + b"zz")),
    "base64, shifted twice": mail(b"", b"http://x.example/" + base64.b64encode(b"uu" + TRAP)),
    "folded field": mail(b"X-To: alice.lure@tra\r\n ps.example\r\n"),
    "encoded word": mail(b"Subject: =?utf-8?b?" + base64.b64encode(b"for Alice.Lure@traps.example!") + b"?=\r\n"),
    "encoded word, Q": mail(b"X-Name: =?utf-8?q?alice=2Elure=40traps=2Eexample?=\r\n"),
    "base64 part": mail(
        b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n",
        base64.encodebytes(b"Hello ALICE.LURE@traps.example, how are you? " * 9),
    ),
    "quoted-printable part, broken over lines": mail(
        b"MIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n",
        b"to alice.lu=\r\nre@traps.exam=\r\nple now",
    ),
    "utf-16 part": mail(
        b'MIME-Version: 1.0\r\nContent-Type: text/plain; charset="utf-16le"\r\nContent-Transfer-Encoding: base64\r\n',
        base64.encodebytes("to alice.lure@traps.example".encode("utf-16le")),
    ),
    "inner message": mail(
        b"MIME-Version: 1.0\r\nContent-Type: message/rfc822\r\n",
        b"To: alice.lure@traps.example\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(b"x" + TRAP),
    ),
}


def seen(octets: bytes) -> str:
    """Everything that a reader of the mail could get to see."""
    message = parse(octets)
    texts = [octets.decode("latin-1"), octets.replace(b"\r\n ", b"").decode("latin-1")]
    texts += [message.text(name) for name, *_ in message.fields if name]
    for part in message.parts():
        texts += [part.text(), part.payload().decode("latin-1"), part.payload().decode("utf-16le", "replace")]
    texts.append(quopri.decodestring(octets).decode("latin-1"))
    return "\n".join(texts).lower()


@pytest.mark.parametrize("form", PLANTED)
def test_a_planted_trap_does_not_leave(form: str) -> None:
    octets = redact(PLANTED[form], SECRETS)
    text = seen(octets)
    shown = (TRAP, b"traps.example", b"alice.lure", TRAP.hex().encode(), md5(TRAP).hexdigest().encode())
    for secret in (*shown, sha256(TRAP).hexdigest().encode()):
        assert secret.decode() not in text
    for shift in range(3):
        assert base64.b64encode(bytes(shift) + TRAP)[4:-4].decode().lower() not in text
    assert b"From: a@example.org" in octets


def test_mail_that_names_no_trap_stays_as_it_is() -> None:
    octets = mail(b"To: someone@example.net\r\n", b"malice.lured, traps.examples and alice are words")
    assert redact(octets, SECRETS) == octets
    assert redact(PLANTED["To"], Secrets()) == PLANTED["To"]


def test_the_rest_of_the_mail_stays() -> None:
    octets = redact(mail(b"To: <alice.lure@traps.example>\r\n", b"visit http://shop.example/\r\n"), SECRETS)
    assert octets == mail(b"To: <redacted@redacted.invalid>\r\n", b"visit http://shop.example/\r\n")


def test_a_withheld_field_keeps_its_line_end() -> None:
    octets = redact(PLANTED["encoded word"], SECRETS)
    assert b"Subject:(withheld: it names a trap)\r\n\r\n" in octets


def test_short_local_parts_are_words() -> None:
    octets = mail(b"To: max@traps.example\r\n", b"max speed")
    assert redact(octets, Secrets.of([b"max@traps.example"], [])).endswith(b"max speed")


@given(st.binary(max_size=400))
def test_any_bytes_can_be_redacted(octets: bytes) -> None:
    assert TRAP not in redact(octets + TRAP, SECRETS)
    redact(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\n" + octets + b"\n--x--", SECRETS)
