"""Every kind of source gives its mails whole, once, and says what it did not take."""

from __future__ import annotations

import gzip
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from junkhound.intake import folder_kind
from junkhound.tables.words import Kind
from junkhound.wire import jsonl
from support.archives import PACKERS, POSTMARK, Taken, mail, mbox, put, tar_of, zip_of


def test_one_mail_with_its_line_ends_and_without_its_postmark(tmp_path: Path):
    crlf = mail(1).replace(b"\n", b"\r\n")
    assert Taken(put(tmp_path / "a.eml", crlf)).bytes == [crlf]
    assert Taken(put(tmp_path / "b.eml", POSTMARK + mail(1, b"x\n\n"))).bytes == [mail(1, b"x\n\n")]


def test_an_eml_is_one_mail_though_it_quotes_a_mailbox(tmp_path: Path):
    inner = mail(1, b"\n" + POSTMARK + mail(2))
    assert Taken(put(tmp_path / "a.eml", POSTMARK + inner)).bytes == [inner]


@pytest.mark.parametrize("packer", PACKERS)
def test_compressed_mailboxes(tmp_path: Path, packer: str):
    path = put(tmp_path / f"box.{packer}", PACKERS[packer](mbox(mail(1), mail(2))))
    taken = Taken(path)
    assert taken.bytes == [mail(1), mail(2)]
    assert [one.locator for one in taken.mails] == [f"{path}#1", f"{path}#2"]


@pytest.mark.parametrize("packer", PACKERS)
def test_compressed_files_in_a_row_and_padded(tmp_path: Path, packer: str):
    pack = PACKERS[packer]
    path = put(tmp_path / "box", pack(mbox(mail(1))) + pack(mbox(mail(2))) + bytes(8))
    taken = Taken(path)
    assert taken.bytes == [mail(1), mail(2)]
    assert not taken.counts


@pytest.mark.parametrize("packer", [None, *PACKERS])
@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_archives_with_long_names(tmp_path: Path, packer: str | None, form: int):
    members = {f"box/{'long-' * 30}/{n}.eml": mail(n) for n in range(3)} if form != tarfile.USTAR_FORMAT else {}
    members |= {f"{'d' * 90}/{n}.eml": mail(n) for n in range(3, 6)} | {"box/all": mbox(mail(7), mail(8))}
    content = tar_of(members, form)
    taken = Taken(put(tmp_path / "archive", PACKERS[packer](content) if packer else content))
    expected = [mail(int(name.split("/")[-1][0])) for name in members if name.endswith("eml")] + [mail(7), mail(8)]
    assert taken.bytes == expected
    assert not taken.counts
    assert taken.mails[0].locator == f"{tmp_path}/archive!{next(iter(members))}"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_zip_archives(tmp_path: Path, method: int):
    content = zip_of({"a/1.eml": mail(1), "a/box": mbox(mail(2), mail(3)), "a/": b""}, method)
    taken = Taken(put(tmp_path / "mails.zip", content))
    assert taken.bytes == [mail(1), mail(2), mail(3)]
    assert not taken.counts


def test_an_archive_in_an_archive_but_no_deeper(tmp_path: Path):
    inner = tar_of({"2.eml": mail(2)})
    outer = tar_of({"1.eml": mail(1), "in.tgz": gzip.compress(inner), "z.zip": zip_of({"3.eml": mail(3)})})
    taken = Taken(put(tmp_path / "a.tar", outer))
    assert taken.bytes == [mail(1), mail(2), mail(3)]
    assert not taken.counts
    deeper = Taken(put(tmp_path / "b.tar", tar_of({"a.tar": outer, "9.eml": mail(9)})))
    assert deeper.bytes == [mail(1), mail(9)]
    assert deeper.counts["nested"] == 2


def test_maildir_mh_and_folders(tmp_path: Path):
    for place in ("cur/1:2,S", "new/2", ".Junk/cur/3:2,"):
        put(tmp_path / "maildir" / place, b"odd but a mail, for it lies in a Maildir\n" + place.encode())
    put(tmp_path / "maildir/tmp/4", mail(4))
    for number in (10, 9, 1):
        put(tmp_path / "mh" / str(number), mail(number))
    put(tmp_path / "mh/.mh_sequences", b"cur: 1\n")
    taken = Taken(tmp_path / "maildir")
    assert [one.locator.removeprefix(str(tmp_path)) for one in taken.mails] == [
        "/maildir/.Junk/cur/3:2,", "/maildir/cur/1:2,S", "/maildir/new/2",
    ]  # fmt: skip
    assert [one.folder for one in taken.mails] == ["Junk", "maildir", "maildir"]
    taken = Taken(tmp_path / "mh")
    assert taken.bytes == [mail(1), mail(9), mail(10)]
    assert taken.counts == {"not_mail": 1}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Junk/1.eml", Kind.JUNK), ("spam/box", Kind.JUNK), ("Junk", Kind.JUNK), ("x/INBOX.Spam", Kind.JUNK),
        ("Junk.mbox/mbox", Kind.JUNK), ("Junk E-mail/1.eml", Kind.JUNK), ("Junkyard/1.eml", Kind.UNSORTED),
        ("Inbox", Kind.UNSORTED), (".Junk/cur/1:2,", Kind.JUNK),
    ],
)  # fmt: skip
def test_a_folder_named_junk_means_junk(tmp_path: Path, path: str, kind: Kind):
    content = mail(1) if path.endswith((".eml", ",")) else mbox(mail(1))
    put(tmp_path / path, content)
    for taken in (Taken(tmp_path), Taken(tmp_path / path), Taken(put(tmp_path / "a.tar", tar_of({path: content})))):
        assert {folder_kind(one.folder) for one in taken.mails} == {kind}


def test_files_that_are_no_mail_are_counted_inside_and_taken_when_named(tmp_path: Path):
    odd = {
        "INDEX.tsv": b"path\tlabel\na.eml\tspam\n", "p.jpg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
        "a.log": b"Jan  1 00:00:00 x: y\n",
        "c.yaml": b"Date: 2006\nSource: 192.0.2.7\nUser-Agent: z\n", "x.json": b'{"subject": "x"}',
        "readme": b"Hello: all\n",
    }  # fmt: skip
    for name, content in odd.items():
        put(tmp_path / "in" / name, content)
    put(tmp_path / "in/1.eml", b"no header at all, but its name says so")
    for taken in (Taken(tmp_path / "in"), Taken(put(tmp_path / "a.tar", tar_of(odd | {"1.eml": mail(1)})))):
        assert len(taken.mails) == 1
        assert taken.counts == {"not_mail": len(odd)}
        assert {problem.kind for problem in taken.problems} == {"not_mail"}
    assert Taken(tmp_path / "in/readme").bytes == [b"Hello: all\n"]


def test_json_lines_bring_their_facts(tmp_path: Path):
    good = jsonl.write(mail(1), {"client": b"\xc0\x00\x02\x07", "helo": b"mail.example.org"})
    content = good + b"\n" + b'{"mail": "!"}\n' + b'{"mail": "eA==", "client": 7}\n' + good.rstrip()
    for path in (put(tmp_path / "a.jsonl", content), put(tmp_path / "b", gzip.compress(content))):
        taken = Taken(path)
        assert taken.bytes == [mail(1), b"x", mail(1)]
        assert taken.mails[0].facts == {"client": b"\xc0\x00\x02\x07", "helo": b"mail.example.org"}
        assert [one.locator.rpartition("#")[2] for one in taken.mails] == ["1", "4", "5"]
        assert taken.counts == {"bad_line": 1, "bad_fact": 1}


def test_apple_mail_framing(tmp_path: Path):
    content = b"%-10d\n" % len(mail(1)) + mail(1) + b"<?xml version='1.0'?><plist/>"
    assert Taken(put(tmp_path / "1.emlx", content)).bytes == [mail(1)]


@pytest.mark.parametrize("content", [mbox(mail(1), mail(2)), tar_of({"1.eml": mail(1), "2.eml": mail(2)}),
                                     zip_of({"1.eml": mail(1), "2.eml": mail(2)})])  # fmt: skip
def test_standard_input_is_sniffed(content: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    source, sink = os.pipe()
    os.write(sink, gzip.compress(content))
    os.close(sink)
    with os.fdopen(source) as stream:
        monkeypatch.setattr("sys.stdin", stream)
        taken = Taken("-")
    assert taken.bytes == [mail(1), mail(2)]
    assert taken.steps[-1][1] is None


def test_progress_ends_at_the_total(tmp_path: Path):
    put(tmp_path / "a/box", mbox(*(mail(n, b"x" * 70_000) for n in range(20))))
    put(tmp_path / "a/z.zip", zip_of({"1.eml": mail(1)}))
    taken = Taken(tmp_path / "a")
    done = [step[0] for step in taken.steps]
    assert len(done) > 2
    assert done == sorted(done)
    size = (tmp_path / "a/box").stat().st_size
    assert size < done[-1] <= taken.steps[-1][1] == size + (tmp_path / "a/z.zip").stat().st_size


def test_a_named_pipe_given_by_name_is_read(tmp_path: Path):
    import threading

    os.mkfifo(tmp_path / "fifo")
    writer = threading.Thread(target=(tmp_path / "fifo").write_bytes, args=(mbox(mail(1)),))
    writer.start()
    assert Taken(tmp_path / "fifo").bytes == [mail(1)]
    writer.join()
    assert Taken(tmp_path).counts == {"special": 1}


def test_a_folder_without_mail_is_told_when_it_was_named(tmp_path: Path):
    (tmp_path / "box/empty").mkdir(parents=True)
    assert Taken(tmp_path / "box").counts == {"empty": 1}
    put(tmp_path / "box/1.eml", mail(1))
    taken = Taken(tmp_path / "box")
    assert taken.bytes == [mail(1)]
    assert not taken.counts, "folders below it may be empty"
