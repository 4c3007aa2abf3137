"""Files that are not what they should be: each is said and counted, and the good mail beside it is taken."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from junkhound.intake import unpack
from support.archives import PACKERS, put, tar_of, zip_of
from support.desk import call, ids, office, rows, take
from support.mail import junk, mbox


def test_empty_files_and_folders(tmp_path: Path) -> None:
    put(tmp_path / "in/empty.eml", b"")
    put(tmp_path / "in/empty.mbox", b"")
    put(tmp_path / "in/empty.tar.gz", gzip.compress(b""))
    (tmp_path / "in/nothing").mkdir()
    put(tmp_path / "in/good.eml", junk(1))
    report = take(office(tmp_path / "home"), tmp_path / "in")
    assert (report.read, report.added) == (1, 1)
    assert report.skipped == {"empty": 3}
    assert report.problem_count == 3


def test_a_folder_for_a_file_and_a_file_for_a_folder(tmp_path: Path) -> None:
    put(tmp_path / "folder.eml/1", junk(1))
    put(tmp_path / "folder.mbox/mbox", b"From a@b Thu May  4 03:02:01 2006\n" + junk(2).replace(b"\r\n", b"\n"))
    put(tmp_path / "new", junk(3))
    report = take(office(tmp_path / "home"), tmp_path / "folder.eml", tmp_path / "folder.mbox", tmp_path / "new")
    assert (report.added, report.problem_count) == (3, 0)


def test_a_path_that_is_not_there_is_said_by_the_exit_code(tmp_path: Path) -> None:
    put(tmp_path / "good.eml", junk(1))
    done = call(tmp_path, "ingest", "absent.mbox", "good.eml")
    assert done.returncode == 66
    assert "absent.mbox: No such file or directory" in done.stderr
    assert "1 new" in done.stdout, "the other path is taken all the same"


@pytest.mark.parametrize("packer", PACKERS)
def test_a_truncated_archive_gives_what_is_whole(tmp_path: Path, packer: str) -> None:
    mails = {f"{n}.eml": junk(n, words=os.urandom(2000).hex()) for n in range(12)}
    whole = PACKERS[packer](tar_of(mails))
    cut = put(tmp_path / "cut.tar", whole[: len(whole) * 2 // 3])
    report = take(office(tmp_path / "home"), cut)
    assert report.added == report.read < 12
    assert packer in ("bz2", "zst", "xz") or report.added > 5, "those before the cut are kept"
    assert report.skipped == {"broken": 1}
    assert take(office(tmp_path / "home"), put(tmp_path / "whole.tar", whole)).added == 12 - report.added
    assert len(set(ids(office(tmp_path / "home")))) == 12


def test_a_truncated_zip_is_said(tmp_path: Path) -> None:
    content = zip_of({"1.eml": junk(1), "2.eml": junk(2)})
    report = take(office(tmp_path / "home"), put(tmp_path / "cut.zip", content[:-40]), put(tmp_path / "x.eml", junk(3)))
    assert (report.added, report.skipped) == (1, {"broken": 1})


def test_bombs_end_where_the_limits_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "_FREE", 1 << 20)
    padded = junk(1) + b"x" * 1000 + b"\n"
    grown = put(
        tmp_path / "grown.mbox.gz", gzip.compress(mbox(tmp_path / "m", [padded] + [junk(2)] * 9000).read_bytes())
    )
    many = put(tmp_path / "many.zip", zip_of({f"{n}.eml": junk(n) for n in range(40)}))
    big = put(tmp_path / "big.tar.xz", PACKERS["xz"](tar_of({f"{n}.eml": os.urandom(600_000) for n in range(6)})))
    nested = junk(3)
    for depth in range(8):
        nested = zip_of({f"{depth}.zip": nested})
    deep = put(tmp_path / "deep.zip", nested)
    good = put(tmp_path / "good.eml", junk(4))
    limits = {"archive_ratio": 10, "archive_members": 30, "archive_limit_mb": 3}
    report = take(office(tmp_path / "home", limits=limits), grown, many, big, deep, good)
    assert report.skipped["bomb"] == 3
    assert report.skipped["nested"] == 1
    assert any(p.locator == str(grown) and "archive_ratio" in p.text for p in report.problems)
    assert report.added >= 30, "mail before the limit is taken"
    assert len(ids(office(tmp_path / "home"))) == report.added


def test_names_in_archives_are_never_used(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for number, name in enumerate(
            ["../../../../tmp/junkhound-escape.eml", "/tmp/junkhound-escape.eml", "a/../b\x1b[2J.eml"]
        ):
            info, mail = tarfile.TarInfo(name), junk(number)
            info.size = len(mail)
            tar.addfile(info, io.BytesIO(mail))
        for name, kind in (("link.eml", tarfile.SYMTYPE), ("hard.eml", tarfile.LNKTYPE), ("dev.eml", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    before = sorted(tmp_path.rglob("*"))
    report = take(office(tmp_path / "home"), put(tmp_path / "evil.tar", out.getvalue()))
    assert report.added == 3
    assert report.skipped == {"special": 3}
    assert not Path("/tmp/junkhound-escape.eml").exists()
    outside = [path for path in tmp_path.rglob("*") if tmp_path / "home" not in (path, *path.parents)]
    assert sorted(outside) == [*before, tmp_path / "evil.tar"]
    assert all(problem.locator.isprintable() for problem in report.problems)
    link = zipfile.ZipInfo("link.eml")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert take(office(tmp_path / "home"), put(tmp_path / "evil.zip", packed.getvalue())).skipped == {"special": 1}


def test_an_mbox_without_its_postmarks_is_one_mail(tmp_path: Path) -> None:
    """Nothing says where a mail ends, so nothing is invented and no byte is lost."""
    content = (junk(1) + junk(2)).replace(b"\r\n", b"\n")
    desk = office(tmp_path / "home")
    report = take(desk, put(tmp_path / "old.mbox", content))
    assert (report.read, report.added) == (1, 1)
    (row,) = rows(desk)
    assert desk.ledger.packs.read(row["segment"], row["ordinal"]).mail == content
    damaged = mbox(tmp_path / "later", [junk(3), junk(4)]).read_bytes().partition(b"\n")[2]
    report = take(office(tmp_path / "home"), put(tmp_path / "damaged.mbox", damaged))
    assert report.added + report.known >= 1
    assert b"".join(desk_mail(tmp_path)).count(b"Subject: offer 4") == 1, "what lacks its first postmark is not lost"


def desk_mail(tmp_path: Path) -> list[bytes]:
    desk = office(tmp_path / "home")
    return [desk.ledger.packs.read(row["segment"], row["ordinal"]).mail for row in rows(desk)]


def line(mail: bytes, **facts: object) -> bytes:
    return json.dumps({"mail": base64.b64encode(mail).decode(), **facts}).encode() + b"\n"


def test_json_lines_with_facts_that_make_no_sense(tmp_path: Path) -> None:
    whole = {"client": "203.0.113.7", "received_at": "2006-05-04T03:02:01Z", "arrival": "q-1"}
    lines = [
        line(junk(1), **whole),
        line(junk(2), **whole | {"helo": "\ud800", "mail_from": "\udcff@x.example"}),
        line(junk(3), **whole | {"arrival": "\ud800" * 3}),
        line(junk(4), **whole | {"arrival": "é" * 40_000}),
        line(junk(5), **whole | {"received_at": "9999-12-31T00:00:00Z"}),
        line(junk(6), **whole | {"received_at": 1 << 62}),
        line(junk(7), **whole | {"received_at": "1969-01-01T00:00:00Z"}),
        line(junk(8), **whole | {"client": "999.1.1.1"}),
        b'{"mail": "!!!"}\n',
        b'{"mail": 5}\n',
        b"[" * 100_000 + b"\n",
        b"\xff\xfe not json\n",
        line(junk(9), **whole | {"rcpt": ["lure@trap.example"] * 70_000}),
    ]
    desk = office(tmp_path / "home")
    report = take(desk, put(tmp_path / "in.jsonl", b"".join(lines)))
    assert report.added == 9
    assert report.skipped == {"bad_fact": 8, "bad_line": 4}
    assert all(text.isprintable() for problem in report.problems for text in problem)
    assert max(row["seen_at"] or 0 for row in rows(desk)) <= desk.now, "nothing is seen in the future"
    assert min(row["seen_at"] or 0 for row in rows(desk)) >= 0
    assert max(row["recipients"] for row in rows(desk)) == 65535
    assert take(office(tmp_path / "home"), tmp_path / "in.jsonl").added == 0


def test_names_of_files_that_are_no_text(tmp_path: Path) -> None:
    os.makedirs(os.fsencode(tmp_path) + b"/in")
    for name in (b"\xff\xfe.eml", b"new\nline.eml", b"\x1b[2J.eml"):
        with open(os.fsencode(tmp_path) + b"/in/" + name, "wb") as file:
            file.write(junk(len(name)) if name[0] != 10 else b"")
    with open(os.fsencode(tmp_path) + b"/in/\xff.txt", "wb") as file:
        file.write(b"no mail")
    done = call(tmp_path, "ingest", "in", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["added"] == 3
    done = call(tmp_path, "ingest", "in")
    assert "\\udcff.txt: no mail" in done.stderr
    assert call(tmp_path, "ingest", "--mailbox", os.fsdecode(b"\xff"), "in").returncode == 64
