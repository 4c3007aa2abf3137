"""What attached files are and what gives them away; nothing is unpacked or run."""

from __future__ import annotations

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.content import lures
from spamworld.content import attach

EICAR = ("X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STAND" + "ARD-ANTIVIRUS-TEST-FILE!$H+H*").encode()


@pytest.mark.parametrize(
    ("octets", "name", "found"),
    [
        (b"MZ\x90\0", "invoice.exe", {"program", "program by name"}),
        (b"MZ\x90\0", "photo.jpg", {"program", "disguised program"}),
        (b"MZ\x90\0", "invoice.pdf.exe", {"program", "program by name", "double ending"}),
        (b"MZ\x90\0", "invoice.doc          .exe", {"program", "program by name", "double ending", "blanks in name"}),
        (b"text", "a\u202efdp.exe", {"program by name", "name turned around"}),
        (attach.zipped([("Scan.pdf.exe", b"x")]), "Scan.zip", {"zip", "program inside", "double ending"}),
        (attach.document(b"x", True, "s"), "Fax.docm", {"zip", "macro"}),
        (attach.document(b"x", False, "s"), "Fax.docx", {"zip"}),
        (attach.iso(b"x", "Order"), "Order.iso", {"disc image", "program inside"}),
        (attach.pdf(b"x"), "a.pdf", {"pdf"}),
        (b"%PDF-1.4 /OpenAction << /S /JavaScript >>", "a.pdf", {"pdf", "script", "acts when opened"}),
        (b"{\\rtf1 {\\object\\objdata 0105}}", "a.doc", {"rtf", "embedded object"}),
        (EICAR, "a.com", {"program by name", "test file"}),
        (attach.zipped([("a.txt", EICAR)]), "a.zip", {"zip", "test file"}),
        (b"hello", "hello.txt", set()),
    ],
)
def test_traits(octets: bytes, name: str, found: set[str]) -> None:
    assert set(lures.traits(octets, name)) == found


def test_a_bomb_is_told_by_its_directory() -> None:
    made = bytearray(attach.zipped([("a.txt", b"x")]))
    at = made.index(b"PK\x01\x02")
    struct.pack_into("<II", made, at + 20, 1000, 4_000_000_000)
    start = time.process_time()
    assert "bomb" in lures.traits(bytes(made), "a.zip")
    assert time.process_time() - start < 0.1


@given(st.binary(max_size=300))
def test_any_bytes_have_traits(octets: bytes) -> None:
    for head in (
        b"",
        b"PK\x03\x04PK\x01\x02",
        b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0",
        b"%PDF-",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    ):
        assert isinstance(lures.traits(head + octets, "x.exe"), tuple)
