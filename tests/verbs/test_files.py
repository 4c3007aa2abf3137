"""Attached files looked into: a scanner asked by its protocol, links in PDFs, hostile ones bounded, nothing unasked."""

from __future__ import annotations

import base64
import dataclasses
import io
import socket
import struct
import subprocess
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from junkhound.content import pdf
from junkhound.kernel.config import Config, Files, Store
from junkhound.kernel.errors import ConfigError, Temporary
from junkhound.ledger.attached import Shelf
from junkhound.ledger.campaigns import Book
from junkhound.lookup import clamd
from junkhound.tables import KeyKind, Kind
from junkhound.verbs import campaigns, check, files, grouping, wording
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from support.peers import need

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STAND" + b"ARD-ANTIVIRUS-TEST-FILE!$H+H*"


def a_pdf(links: list[str], text: str = "hello", tail: bytes = b"") -> bytes:
    """A PDF of one page with these links and this text."""
    annots = "".join(f"<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI({link})>>>>" for link in links)
    stream = f"BT /F1 12 Tf 20 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Annots[{annots}]"
        "/Resources<</Font<</F1 5 0 R>>>>>>".encode(),
        b"<</Length %d>>stream\n" % len(stream) + stream + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]  # fmt: skip
    out = io.BytesIO(b"")
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n" % number + body + b"\nendobj\n")
    at = out.tell()
    out.write(b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % at + tail)
    return out.getvalue()


def mail(number: int, octets: bytes, name: str, kind: str = "application/octet-stream") -> bytes:
    return (
        f"From: a@b.example\nSubject: invoice {number}\nDate: Mon, 02 Jan 2006 10:00:00 +0000\n"
        "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nplease see the attached\n--b\n"
        f'Content-Type: {kind}; name="{name}"\nContent-Transfer-Encoding: base64\n\n'
    ).encode() + base64.encodebytes(octets) + b"--b--\n"  # fmt: skip


@contextmanager
def daemon(answer: Callable[[bytes], bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A ClamAV daemon on the loopback that speaks its protocol; gives its place and the files it was sent."""
    seen: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                link, _ = server.accept()
            except OSError:
                return
            with link, link.makefile("rb") as file:
                command = b""
                while not command.endswith(b"\0"):
                    command += file.read(1)
                if command == b"zVERSION\0":
                    link.sendall(b"ClamAV 1.0 test\0")
                    continue
                assert command == b"zINSTREAM\0"
                whole = b""
                while (size := struct.unpack(">I", file.read(4))[0]) > 0:
                    assert size <= clamd.CHUNK
                    whole += file.read(size)
                seen.append(whole)
                link.sendall(answer(whole))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}", seen
    finally:
        server.close()


def verdict(octets: bytes) -> bytes:
    return b"stream: Eicar.Local FOUND\0" if EICAR in octets else b"stream: OK\0"


def test_the_daemon_is_asked_by_its_protocol() -> None:
    with daemon(verdict) as (place, seen):
        assert clamd.scan(place, EICAR, 5) == "Eicar.Local"
        assert clamd.scan(place, bytes(200_000), 5) == ""
        assert clamd.ping(place, 5) == "ClamAV 1.0 test"
    assert seen == [EICAR, bytes(200_000)]


@pytest.mark.parametrize(
    "answer",
    [b"INSTREAM size limit exceeded. ERROR\0", b"", b"stream: a b FOUND\0", b"x" * 9000, b"stream: OK FOUND\0x\0"],
)
def test_any_other_answer_is_no_verdict(answer: bytes) -> None:
    with daemon(lambda octets: answer) as (place, _), pytest.raises(Temporary):
        clamd.scan(place, b"abc", 2)


def test_a_daemon_that_is_silent_or_away_costs_a_bounded_time() -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    began = time.monotonic()
    with pytest.raises(Temporary, match="does not answer"):
        clamd.scan(f"127.0.0.1:{silent.getsockname()[1]}", b"abc", 0.3)
    assert time.monotonic() - began < 2
    silent.close()
    for place in ("127.0.0.1:1", "/nowhere/clamd.ctl"):
        with pytest.raises(Temporary, match="does not answer"):
            clamd.scan(place, b"abc", 1)
    with pytest.raises(ConfigError, match="no place"):
        clamd.scan("scanner.example:3310", b"abc", 1)


def test_links_of_a_pdf_behind_a_click_and_in_its_text() -> None:
    found = pdf.read(
        a_pdf(["http://pills.example/a", "javascript:x", "mailto:a@b.example"], "see http://www.other.example/b")
    )
    assert found.links == ("http://pills.example/a", "mailto:a@b.example", "http://www.other.example/b")
    assert "see" in found.text
    assert found.why == ""


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"PK\x03\x04", "no PDF"), (b"", "no PDF"), (b"%PDF-1.4\nnothing", "broken"),
        (b"%PDF-1.4\n" + bytes(pdf.MOST_BYTES), "too many bytes"),
    ],
)  # fmt: skip
def test_a_pdf_that_cannot_be_read_says_why(octets: bytes, why: str) -> None:
    assert pdf.read(octets).why.startswith(why)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(Config(store=Store(home=str(tmp_path / "home"))))
    folder = tmp_path / "mails"
    folder.mkdir()
    held = [
        mail(1, EICAR, "invoice.com"), mail(2, EICAR, "invoice.com"),
        mail(3, a_pdf(["http://pills.example/x"]), "order.pdf", "application/pdf"), mail(4, b"plain words", "a.txt"),
    ]  # fmt: skip
    for number, one in enumerate(held):
        (folder / f"{number}.eml").write_bytes(one)
    ingest(made, Request(paths=(str(folder),), kind=Kind.JUNK))
    return made


def with_files(office: Office, **asked: object) -> Office:
    return Office(dataclasses.replace(office.config, files=Files(**asked)))  # type: ignore[arg-type]


def test_nothing_is_looked_into_unasked(office: Office) -> None:
    with pytest.raises(ConfigError, match="nothing is asked for"):
        files.read(office)
    assert not [one for one in check.check(office) if one.name == "files"]


def test_each_file_is_looked_into_once_and_what_was_found_is_told(office: Office) -> None:
    with daemon(verdict) as (place, seen):
        desk = with_files(office, clamd=place, pdf=True)
        done = files.read(desk)
        assert (done.files, done.scanned, done.malware, done.opened, done.links, done.waiting) == (3, 3, 1, 1, 1, 0)
        assert len(seen) == 3
        assert files.read(desk).files == 0
        found = [one for one in check.check(desk) if one.name == "files"]
        assert [one.status for one in found] == ["ok", "ok"]
    first, *rest = files.lines(desk)
    assert (first.name, first.malware, first.mails) == ("invoice.com", "Eicar.Local", 2)
    assert any("domain pills.example" in one.finds for one in rest)
    away = with_files(office, clamd="127.0.0.1:1")
    assert [one.status for one in check.check(away) if one.name == "files"] == ["warn"]


def test_a_daemon_that_is_down_is_asked_again_at_the_next_run(office: Office) -> None:
    silent = with_files(office, clamd="127.0.0.1:1", clamd_timeout_s=0.5)
    done = files.read(silent)
    assert (done.scanned, done.waiting) == (0, 0)
    assert "does not answer" in done.hint
    with daemon(verdict) as (place, _):
        assert files.read(with_files(office, clamd=place)).scanned == 3


def test_the_daemons_word_stands_beside_the_campaign_and_speaks_for_its_kind(office: Office, tmp_path: Path) -> None:
    words = "the parcel could not be handed over to you so print the label that we enclosed and show it at the counter"
    folder = tmp_path / "more"
    folder.mkdir()
    body = mail(9, EICAR, "label.dat").replace(b"please see the attached", words.encode())
    for number in range(8):
        (folder / f"{number}.eml").write_bytes(body.replace(b"invoice 9", b"label %d" % number))
    ingest(office, Request(paths=(str(folder),), kind=Kind.JUNK))
    with daemon(verdict) as (place, _):
        files.read(with_files(office, clamd=place))
    grouping.group(office)
    wording.read(office)
    shown = [campaigns.show(office, one.name) for one in Book(office.ledger.state).all()]
    carrier = next(one for one in shown if any(thing.name == "malware: Eicar.Local" for thing in one.things))
    assert carrier.line.kind == "malware"


def test_links_of_pdfs_are_keys_of_their_mails(office: Office) -> None:
    files.read(with_files(office, pdf=True))
    finds = Shelf(office.ledger.state).finds([one.key for one in Shelf(office.ledger.state).all()])
    assert [(kind, name) for held in finds.values() for kind, _, name in held if kind == int(KeyKind.DOMAIN)] == [
        (int(KeyKind.DOMAIN), "pills.example")
    ]


def test_a_pdf_that_is_a_bomb_kills_its_reader_and_nothing_else(office: Office, tmp_path: Path) -> None:
    packed = zlib.compress(bytes(1 << 20), 9)
    for _ in range(2):
        packed = zlib.compress(packed * 200, 9)
    stream = (
        b"<</Length %d/Filter[/FlateDecode/FlateDecode/FlateDecode]>>stream\n" % len(packed) + packed + b"\nendstream"
    )
    bomb = a_pdf(["http://bomb.example/"]).replace(b"/Contents 4 0 R", b"/Contents 9 0 R")  # what its page is made of
    bomb = bomb.replace(b"5 0 obj", stream.join((b"9 0 obj\n", b"\nendobj\n5 0 obj")))
    folder = tmp_path / "bomb"
    folder.mkdir()
    (folder / "1.eml").write_bytes(mail(7, bomb, "bomb.pdf", "application/pdf"))
    (folder / "2.eml").write_bytes(mail(8, a_pdf(["http://after.example/"]), "after.pdf", "application/pdf"))
    ingest(office, Request(paths=(str(folder),), kind=Kind.JUNK))
    began = time.monotonic()
    done = files.read(with_files(office, pdf=True))
    assert time.monotonic() - began < 60
    assert done.opened == 3
    assert any("domain after.example" in one.finds for one in files.lines(office))


@pytest.mark.peer
def test_a_real_clamd_knows_the_test_file(tmp_path: Path) -> None:
    program = need("clamd")
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "local.ndb").write_text(f"Eicar-Local:0:*:{EICAR[:40].hex()}\n")
    place = tmp_path / "clamd.ctl"
    (tmp_path / "clamd.conf").write_text(
        f"Foreground yes\nLocalSocket {place}\nDatabaseDirectory {tmp_path / 'base'}\nLogFile {tmp_path / 'log'}\n"
        "TemporaryDirectory /tmp\n"
    )
    tmp_path.chmod(0o755)
    child = subprocess.Popen(
        [program, "-c", tmp_path / "clamd.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    try:
        end = time.monotonic() + 60
        while not place.exists():
            assert child.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        assert clamd.ping(str(place), 10).startswith("ClamAV")
        assert clamd.scan(str(place), EICAR, 10).startswith("Eicar-Local")
        assert clamd.scan(str(place), b"a letter", 10) == ""
    finally:
        child.terminate()
        child.wait(20)
