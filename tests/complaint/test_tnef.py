"""``winmail.dat``: the mails in it are found, and no count in it is trusted."""

from __future__ import annotations

import struct
import time
from email.message import EmailMessage
from email.policy import SMTP

import pytest
import tnefparse
from hypothesis import given
from hypothesis import strategies as st

from junkhound import complaint, trace
from junkhound.complaint import tnef
from junkhound.evidence.message import parse

HEADER = (
    "Received: from dsl-7.access.example (dsl-7.access.example [192.0.2.7])\r\n"
    "\tby mx.victim.example (Postfix) with SMTP id 4F1B2C3D5E; Mon, 6 Jan 2025 10:04:05 +0000 (UTC)\r\n"
    "From: Lottery <win@lottery.example>\r\nSubject: You have won\r\n"
)
SPAM = HEADER.encode() + b"\r\nSend us your bank account.\r\n"
IID = bytes(16)


def prop(kind: int, number: int, value: bytes) -> bytes:
    """One property: a value of any length, or a number."""
    head = struct.pack("<HH", kind, number)
    if kind in (0x000D, 0x001E, 0x001F, 0x0102):
        return head + struct.pack("<II", 1, len(value)) + value + bytes(-len(value) % 4)
    return head + value


def props(*each: bytes) -> bytes:
    return struct.pack("<I", len(each)) + b"".join(each)


def thing(level: int, number: int, content: bytes, kind: int = 6) -> bytes:
    total = sum(content) & 0xFFFF
    return struct.pack("<BHHI", level, number, kind, len(content)) + content + struct.pack("<H", total)


def file(*things: bytes) -> bytes:
    version = thing(1, 0x9006, struct.pack("<I", 0x10000), 8)
    page = thing(1, 0x9007, struct.pack("<II", 1252, 0))
    return tnef.MAGIC + b"\x01\x00" + version + page + b"".join(things)


MESSAGE = file(thing(1, 0x9003, props(
    prop(0x0003, 0x3FDE, struct.pack("<I", 1252)), prop(0x000B, 0x0023, b"\x01\x00\x00\x00"),
    prop(0x001F, 0x007D, (HEADER + "\0").encode("utf-16-le")), prop(0x001E, 0x1000, b"Send us your bank account.\0"),
)))  # fmt: skip
EMBEDDED = file(thing(2, 0x9002, bytes(14)), thing(2, 0x9005, props(prop(0x000D, 0x3701, IID + MESSAGE))))
ATTACHED = file(thing(2, 0x9002, bytes(14)), thing(2, 0x8010, b"won.eml\0", 1), thing(2, 0x800F, SPAM))


def letter(content: bytes, subtype: str = "ms-tnef") -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = "Ann <ann@victim.example>", "abuse@isp.example", "spam"
    mail.set_content("I got this.")
    mail.add_attachment(content, maintype="application", subtype=subtype, filename="winmail.dat")
    return bytes(mail)


@pytest.mark.parametrize("content", [EMBEDDED, ATTACHED], ids=["a message embedded", "a file attached"])
@pytest.mark.parametrize("subtype", ["ms-tnef", "octet-stream"])
def test_the_mail_in_it_is_found(content: bytes, subtype: str) -> None:
    found = complaint.read(letter(content, subtype))
    assert (found.form, found.about, found.found) == ("attached", "abuse", "all")
    (shown,) = found.mails
    message = parse(shown.octets)
    assert shown.completeness == "whole"
    assert message.text(b"subject") == "You have won"
    assert [str(hop.ip) for hop in trace.read(message)] == ["192.0.2.7"]
    assert b"bank account" in shown.octets


def test_another_reader_finds_the_same() -> None:
    """What we wrote here is TNEF to a library too."""
    (one,) = tnefparse.TNEF(ATTACHED).attachments
    assert (one.long_filename(), one.data) == ("won.eml", SPAM)
    (other,) = tnefparse.TNEF(EMBEDDED).attachments
    assert other.data.endswith(MESSAGE[-20:])


def test_a_file_without_a_mail_is_no_complaint() -> None:
    plain = file(thing(2, 0x9002, bytes(14)), thing(2, 0x800F, b"just a picture"))
    assert complaint.read(letter(plain)).form != "attached"


@pytest.mark.parametrize(
    "content",
    [
        file(thing(1, 0x9003, struct.pack("<I", 0xFFFFFFFF))),
        file(thing(2, 0x9005, props(struct.pack("<HHI", 0x1002, 0x3701, 0xFFFFFFFF)))),
        file(thing(2, 0x9005, props(struct.pack("<HHI", 0x101E, 0x3701, 0xFFFFFFFF)))),
        file(thing(2, 0x9005, props(struct.pack("<HHI", 0x000D, 0x3701, 0xFFFFFFFF) + bytes(40_000)))),
        file(*[thing(2, 0x9002, b"")] * 100_000),
        tnef.MAGIC + b"\x01\x00" + bytes(500_000),
    ],
    ids=["properties", "numbers", "texts", "values", "objects", "nothing"],
)
def test_counts_are_not_trusted(content: bytes) -> None:
    before = time.process_time()
    assert tnef.read(content, []) == []
    assert time.process_time() - before < 0.5


def test_files_inside_files_end() -> None:
    content = EMBEDDED
    for _ in range(40):
        content = file(thing(2, 0x9005, props(prop(0x000D, 0x3701, IID + content))))
    assert tnef.read(content, []) == []


@given(st.binary(max_size=300), st.integers(0, len(EMBEDDED)), st.integers(0, len(EMBEDDED)))
def test_any_bytes_give_an_answer(noise: bytes, start: int, end: int) -> None:
    for content in (tnef.MAGIC + noise, EMBEDDED[:start] + noise + EMBEDDED[end:]):
        assert all(found.octets and found.how == "attached outlook" for found in tnef.read(content, []))
