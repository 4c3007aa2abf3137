"""Mails that are broken on purpose: every one is a row with its defect, and its bytes are kept as they came."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest

from junkhound.tables import Defect, Kind
from support.archives import put
from support.desk import JUNK, call, ids, office, rows, take
from support.mail import RELAY, junk

HEAD, _, BODY = junk(1).partition(b"\r\n\r\n")
DATE = b"Thu, 4 May 2006 01:02:01 +0000"
assert DATE in HEAD


def dated(words: bytes) -> bytes:
    return junk(1).replace(DATE, words)


def typed(value: bytes, body: bytes) -> bytes:
    return HEAD + b"\r\nContent-Type: " + value + b"\r\n\r\n" + body


nested = b"".join(
    b"--b%d\r\nContent-Type: multipart/mixed; boundary=b%d\r\n\r\n" % (level, level + 1) for level in range(300)
)

MAILS = {
    "20,000 headers": (HEAD + b"\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n" + BODY, Defect.MANY_HEADERS),
    "20,000 Received lines": (HEAD.partition(b"From:")[0] * 10_000 + junk(1), Defect.MANY_HEADERS),
    "a header of a megabyte": (HEAD + b"\r\nX-A: " + b"b" * (1 << 20) + b"\r\n\r\n" + BODY, Defect.LONG_HEADER),
    "a folded header of a megabyte": (HEAD + b"\r\nX-A:" + b" b\r\n" * (1 << 18) + b"\r\n" + BODY, Defect.LONG_HEADER),
    "300 nested multiparts": (typed(b"multipart/mixed; boundary=b0", nested + b"text"), Defect.TOO_DEEP),
    "20,000 parts": (typed(b"multipart/mixed; boundary=b", b"--b\r\n\r\nx\r\n" * 20_000), Defect.TOO_MANY_PARTS),
    "a boundary that never comes": (typed(b"multipart/mixed; boundary=never", BODY), Defect.NO_BOUNDARY),
    "a NUL byte": (junk(1).replace(b"pills", b"pi\0lls"), Defect.NUL_BYTES),
    "nothing but NUL bytes": (bytes(50_000), Defect.NO_HEADERS),
    "no header end": (HEAD, Defect.NO_HEADER_END),
    "no headers": (b"\r\n" * 500 + b"buy", Defect.NO_HEADERS),
    "noise": (b"\x80\x81" + os.urandom(5_000), Defect.NO_HEADERS),
    "no date": (dated(b"yesterday"), Defect.BAD_DATE),
    "1969": (dated(b"Wed, 31 Dec 1969 23:59:59 +0000"), Defect.BAD_DATE),
    "year 9999": (dated(b"Fri, 31 Dec 9999 23:59:59 +0000"), Defect.BAD_DATE),
    "the 33rd": (dated(b"Thu, 33 May 2006 25:02:01 +0000"), Defect.BAD_DATE),
    "a day of 20 digits": (dated(b"Thu, 4 May 20060606060606060606 03:02:01 +0000"), Defect.BAD_DATE),
    "next year": (dated(b"Fri, 4 May 2007 01:02:01 +0000"), Defect.BAD_DATE),
    "an unknown charset": (typed(b'text/plain; charset="x-nonsense"', b"pills \xff"), Defect.UNKNOWN_CHARSET),
    "a charset that is no text": (typed(b"text/plain; charset=rot13", b"pills"), Defect.UNKNOWN_CHARSET),
    "lone surrogates": (
        typed(b"text/html; charset=utf-16-le", "<a href='http://x.test/\ud800'>".encode("utf-16-le", "surrogatepass")),
        Defect.UNDECODABLE_TEXT,
    ),
    "surrogates in its header": (
        HEAD.replace(b"offer 1", b"\xed\xa0\x80 =?utf-8?Q?=ED=A0=80?= =?utf-16?B?2AA=?=") + b"\r\n\r\n" + BODY,
        Defect.EIGHT_BIT_HEADER,
    ),
    "base64 that is none": (
        typed(b"text/plain\r\nContent-Transfer-Encoding: base64", b"!!!=?=" * 200),
        Defect.BAD_BASE64,
    ),
    "an unknown encoding": (
        typed(b"text/plain\r\nContent-Transfer-Encoding: x-rot", b"cvyyf"),
        Defect.UNKNOWN_ENCODING,
    ),
    "CR alone": (junk(1).replace(b"\r\n", b"\r"), Defect.BARE_CR),
}  # fmt: skip
DATES_OF_OLD = (b"Mon, 5 Jan 1998 01:02:01 +0000", b"Thu, 1 Jan 1970 00:00:00 +0000")


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, list[dict[str, object]]]:
    """All of them taken in at once, by name, so that not even noise is passed over."""
    folder = tmp_path_factory.mktemp("mails")
    paths = [put(folder / f"{number}.eml", mail) for number, (mail, _) in enumerate(MAILS.values())]
    desk = office(folder / "home")
    report = take(desk, *paths)
    assert (report.read, report.added, report.problem_count) == (len(MAILS), len(MAILS), 0)
    assert take(office(folder / "home"), *paths).added == 0
    return desk, rows(desk)


@pytest.mark.parametrize("name", MAILS)
def test_each_is_kept_with_its_defect(taken: tuple[object, list[dict[str, object]]], name: str) -> None:
    desk, found = taken
    mail, defect = MAILS[name]
    kept = [r for r in found if desk.ledger.packs.read(r["segment"], r["ordinal"]).mail == mail]  # type: ignore[attr-defined]
    assert len(kept) == 1, "kept byte by byte, once"
    assert int(kept[0]["defects"]) & defect, f"{Defect(kept[0]['defects'])!r}"  # type: ignore[call-overload]
    if defect is Defect.BAD_DATE:
        assert kept[0]["seen_at"] is None, "a wrong date is no date"


def test_a_wrong_date_is_counted_and_an_old_one_believed(tmp_path: Path) -> None:
    paths = [put(tmp_path / f"{n}.eml", dated(date)) for n, date in enumerate((*DATES_OF_OLD, b"nonsense"))]
    desk = office(tmp_path / "home")
    report = take(desk, *paths)
    assert (report.added, report.counts["defect:bad_date"], report.counts["no_date"]) == (3, 1, 1)
    assert sorted(row["seen_at"] for row in rows(desk) if row["seen_at"] is not None) == [0, 883962121_000_000]


def test_a_mail_over_the_limit_is_cut_counted_and_known_again(tmp_path: Path) -> None:
    huge = junk(1) + b"x" * 3_000_000
    box = put(tmp_path / "in.mbox", b"From a@b Thu May  4 03:02:01 2006\n" + huge.replace(b"\r\n", b"\n") + b"\n")
    desk = office(tmp_path / "home", limits={"mail_limit_mb": 1})
    report = take(desk, put(tmp_path / "in.eml", huge), box, put(tmp_path / "x.eml", junk(2)))
    assert (report.added, report.skipped, report.counts["defect:truncated"]) == (3, {"cut": 2}, 2)
    cut = [row for row in rows(desk) if row["defects"] & Defect.TRUNCATED]
    assert [row["size"] for row in cut] == [1_000_000] * 2
    assert desk.ledger.packs.read(cut[0]["segment"], cut[0]["ordinal"]).facts.origin.truncated
    report = take(office(tmp_path / "home", limits={"mail_limit_mb": 1}), tmp_path / "in.eml", box)
    assert (report.added, report.known) == (0, 2)


def peak_of_an_ingest(tmp_path: Path, source: Path) -> int:
    """Most memory (kB) that an ingest of ``source`` and its children held."""
    code = (
        "import resource, sys; from junkhound.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit as done:\n"
        "    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)\n"
        "    print(done.code, max(resource.getrusage(each).ru_maxrss for each in who))"
    )
    words = [
        "--home",
        str(tmp_path / "home"),
        "ingest",
        "--as",
        "junk",
        "--mailbox",
        "me",
        "--relay",
        RELAY,
        str(source),
    ]
    run = subprocess.run([sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, text=True, check=True)
    status, peak = run.stdout.splitlines()[-1].split()
    assert status == "0", run.stderr
    return int(peak)


@pytest.mark.slow
def test_a_message_of_a_gigabyte(tmp_path: Path) -> None:
    source = tmp_path / "huge.eml"
    with open(source, "wb") as file:
        file.write(junk(1))
        for _ in range(1024):
            file.write(b"x" * (1 << 20))
    small = peak_of_an_ingest(tmp_path, put(tmp_path / "x.eml", junk(2)))
    assert peak_of_an_ingest(tmp_path, source) < small + 800_000, "memory follows the limit, not the mail"
    found = rows(office(tmp_path / "home"))
    assert [bool(row["defects"] & Defect.TRUNCATED) for row in sorted(found, key=lambda r: r["size"])] == [False, True]


def test_a_message_that_kills_its_parser_in_the_command_line(tmp_path: Path) -> None:
    """The real way with processes of its own: the parser's memory runs out; its neighbours are judged."""
    (tmp_path / "junkhound.toml").write_text(
        '[engine]\nname = "pool"\nworkers = 1\n[network]\nallow_documentation = true\n'
    )
    (tmp_path / "sitecustomize.py").write_text(
        "from junkhound.sighting import batch\n"
        "parse = batch.parse\n"
        "def hungry(raw):\n"
        "    if b'offer 2' in raw:\n        hoard = bytearray(1 << 40)\n"
        "    return parse(raw)\n"
        "batch.parse = hungry\n"
    )
    for number in range(5):
        put(tmp_path / f"in/{number}.eml", junk(number))
    said = ("ingest", "--as", "junk", "--mailbox", "me", "--relay", RELAY, "in")
    done = call(tmp_path, *said, PYTHONPATH=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "5 new" in done.stdout
    assert "killed parser 1" in done.stdout
    found = rows(office(tmp_path / "home"))
    assert sorted(row["addr_lo"] is None for row in found) == [False] * 4 + [True]
    assert "5 known" in call(tmp_path, *said).stdout
    assert len(set(ids(office(tmp_path / "home")))) == 5


def test_good_mail_that_is_broken_is_only_counted(tmp_path: Path) -> None:
    paths = [put(tmp_path / f"{number}.eml", mail) for number, (mail, _) in enumerate(MAILS.values())]
    desk = office(tmp_path / "home")
    report = take(desk, *paths, request=dataclasses.replace(JUNK, kind=Kind.GOOD))
    assert report.added == len(MAILS)
    assert all(row["segment"] == 0 and row["template"] == 0 for row in rows(desk))
