"""Outlook's ``.msg`` files among complaints: a small compound file made here, and anything damaged."""

from __future__ import annotations

import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import complaint
from junkhound.complaint import outlook

HEADER = (
    "Microsoft Mail Internet Headers Version 2.0\r\nReceived: from dsl-7.access.example ([192.0.2.7])\r\n"
    "\tby mx.victim.example with SMTP; Mon, 6 Jan 2025 10:04:05 +0000\r\nFrom: win@lottery.example\r\n"
    "Content-Type: multipart/mixed;\r\n\tboundary=x\r\nSubject: You have won\r\n\r\n"
)
END, FREE, FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def compound(streams: dict[str, bytes]) -> bytes:
    """A compound file ([MS-CFB] version 3) with these streams in its root, each of at least 4,096 bytes."""
    names = sorted(streams, key=lambda name: (len(name), name.upper()))
    bodies = [streams[name].ljust(4096, b"\0") for name in names]
    starts, sectors = [], []
    for body in bodies:
        starts.append(len(sectors))
        count = -(-len(body) // 512)
        sectors += [*range(len(sectors) + 1, len(sectors) + count), END]
    folder = len(sectors)
    count = -(-(len(names) + 1) * 128 // 512)
    sectors += [*range(folder + 1, folder + count), END]
    table = len(sectors)
    sectors += [FAT]
    assert len(sectors) <= 128, "one sector of the table is enough"

    def entry(name: str, kind: int, right: int, child: int, start: int, size: int) -> bytes:
        text = name.encode("utf-16-le") + b"\0\0"
        return (text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, FREE, right, child)
                + b"\0" * 36 + struct.pack("<IQ", start, size))  # fmt: skip

    entries = entry("Root Entry", 5, FREE, 1 if names else FREE, END, 0)
    for number, name in enumerate(names, 1):
        right = number + 1 if number < len(names) else FREE
        entries += entry(name, 2, right, FREE, starts[number - 1], len(bodies[number - 1]))
    head = outlook.MAGIC + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
    head += struct.pack("<IIIIIIIII", 0, 1, folder, 0, 4096, END, 0, END, 0)
    head += struct.pack("<I", table) + struct.pack("<I", FREE) * 108
    chains = b"".join(struct.pack("<I", sector) for sector in sectors).ljust(512, b"\xff")
    return head + b"".join(map(filled, bodies)) + entries.ljust(count * 512, b"\0") + chains


def filled(body: bytes) -> bytes:
    """Whole sectors."""
    return body.ljust(-(-len(body) // 512) * 512, b"\0")


def text(value: str) -> bytes:
    return value.encode("utf-16-le")


WITH = compound({"__substg1.0_007D001F": text(HEADER), "__substg1.0_1000001F": text("Send us your bank account.\r\n")})
WITHOUT = compound({
    "__substg1.0_0037001F": text("You have won"), "__substg1.0_0C1F001F": text("win@lottery.example"),
    "__substg1.0_1000001E": b"Send us your bank account.",
})  # fmt: skip


def test_the_header_that_outlook_kept_is_whole() -> None:
    pytest.importorskip("olefile")
    found = complaint.read(WITH)
    (mail,) = found.mails
    assert (found.form, mail.how, mail.completeness) == ("attached", "attached outlook", "whole")
    assert mail.octets.startswith(b"Received: from dsl-7.access.example ([192.0.2.7])\n\tby mx.victim.example")
    assert b"multipart/mixed" not in mail.octets, "the parts are gone, so their description goes too"
    assert b"\n\nSend us your bank account." in mail.octets


def test_without_a_header_it_is_incomplete() -> None:
    pytest.importorskip("olefile")
    (mail,) = complaint.read(WITHOUT).mails
    assert mail.completeness == "incomplete"
    assert b"Subject: You have won\n" in mail.octets
    assert b"win@lottery.example" in mail.octets


def test_attached_to_a_mail() -> None:
    import base64

    head = (
        b'From: ann@victim.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nsee\n--b\n'
    )
    part = b'Content-Type: application/vnd.ms-outlook; name="won.msg"\nContent-Transfer-Encoding: base64\n\n'
    found = complaint.read(head + part + base64.encodebytes(WITH) + b"--b--\n")
    assert [mail.how for mail in found.mails] == ["attached outlook"]


def test_without_the_library_nothing_else_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "olefile", None)
    found = complaint.read(WITH)
    assert (found.form, found.mails, found.missing) == ("attached", (), (outlook.LACKING,))


@given(st.data())
def test_a_damaged_file_is_nothing(data: st.DataObject) -> None:
    octets = bytearray(WITH)
    for _ in range(data.draw(st.integers(1, 20))):
        octets[data.draw(st.integers(8, len(octets) - 1))] = data.draw(st.integers(0, 255))
    assert complaint.read(bytes(octets[: data.draw(st.integers(8, len(octets)))])).form
