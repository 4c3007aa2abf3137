"""Files of a world: packed in pieces, known by their hash, and read by the product as they were meant."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.intake import open_sources
from junkhound.kernel import config
from junkhound.wire import jsonl
from spamworld.errors import UsageError
from spamworld.out import forms
from spamworld.out.files import Shelf, lines, sha256

AT = 1_136_200_000_000_000  # 2006-01-02


def test_a_shelf_knows_what_it_wrote(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, chunk=50, held=120)
    for number in range(40):
        shelf.add("a/packed.txt.zst", f"line {number}\n".encode())
        shelf.add(f"b/{number % 7}.txt", f"{number}\n".encode())
    made = shelf.close()
    assert list(lines(tmp_path / "a/packed.txt.zst")) == [f"line {n}".encode() for n in range(40)]
    assert made["a/packed.txt.zst"].pieces == 40
    for name, one in made.items():
        data = (tmp_path / name).read_bytes()
        assert one.sha256 == hashlib.sha256(data).hexdigest() == sha256(tmp_path / name)
        assert one.size_bytes == len(data)
    assert shelf._held == 0


def test_what_is_held_back_stays_small(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, chunk=1 << 20, held=10_000)
    for number in range(500):
        shelf.add(f"{number}.txt", b"x" * 100)
        assert shelf._held <= 10_000


MAILS = [
    b"Received: from a\nSubject: one\n\nFrom here\n>From there\n",
    b"Subject: no end",
    b"Subject: three\n\n" + b"\n".join(b"From x%d" % n for n in range(30)) + b"\n",
]


def read(path: Path) -> Iterator[bytes]:
    for mail in open_sources([str(path)], config.Intake()):
        yield bytes(mail.payload)


def test_a_mailbox_reads_back(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, chunk=60)
    for raw in MAILS:
        shelf.add("Inbox.mboxrd.zst", forms.mbox(raw, "someone@example.com", AT))
    shelf.close()
    assert [one.rstrip(b"\n") for one in read(tmp_path / "Inbox.mboxrd.zst")] == [one.rstrip(b"\n") for one in MAILS]


@given(st.binary(max_size=300))
def test_any_mail_survives_a_line(raw: bytes) -> None:
    line = forms.json_line(raw, {"client": "192.0.2.7", "helo": "pc", "arrival": "x-1", "manner": {"bare": True}})
    found = jsonl.read(line)
    assert found.mail == raw
    assert not found.wrong
    assert found.facts["helo"] == b"pc"
    assert json.loads(line)["mail"] == base64.b64encode(raw).decode()


def test_instants() -> None:
    assert forms.instant("2006-01-02") == 1_136_160_000_000_000
    assert forms.moment(forms.instant("2006-01-02T03:04:05.000006+01:00")) == "2006-01-02T02:04:05.000006Z"
    assert forms.day(AT) == "2006-01-02"
    with pytest.raises(UsageError, match="not an instant: 'soon'"):
        forms.instant("soon")
