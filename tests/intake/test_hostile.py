"""Bad input: a clear, counted problem each; what is whole is taken, and the rest of the run goes on."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from junkhound.intake import unpack
from support.archives import PACKERS, Taken, mail, mbox, put, tar_of, zip_of


def test_nothing_ends_the_run(tmp_path: Path):
    empty = put(tmp_path / "empty", b"")
    good = put(tmp_path / "good.eml", mail(1))
    broken = put(tmp_path / "broken.gz", gzip.compress(mbox(mail(2), mail(3)))[:-20])
    taken = Taken(empty, tmp_path / "absent", broken, good)
    assert taken.bytes[-1] == mail(1)
    assert taken.counts == {"empty": 1, "unreadable": 1, "broken": 1}
    assert [problem.locator for problem in taken.problems] == [str(empty), str(tmp_path / "absent"), str(broken)]
    assert all(problem.text and not problem.text.endswith(".") for problem in taken.problems)


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    put(tmp_path / "in/1.eml", mail(1))
    locked = put(tmp_path / "in/2.eml", mail(2))
    really = os.open

    def refuse(path: str, *more: int) -> int:  # root may read everything
        if path == str(locked):
            raise PermissionError(13, "Permission denied", path)
        return really(path, *more)

    monkeypatch.setattr(os, "open", refuse)
    taken = Taken(tmp_path / "in")
    assert taken.bytes == [mail(1)]
    assert taken.counts == {"unreadable": 1}


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("left", [1, 40, 2000])
def test_truncated_compression_keeps_what_is_whole(tmp_path: Path, packer: str, left: int):
    mails = [mail(n, os.urandom(3000).hex().encode() + b"\n") for n in range(20)]
    taken = Taken(put(tmp_path / "box", PACKERS[packer](mbox(*mails))[:-left]))
    assert taken.bytes == mails[: len(taken.mails)]
    assert len(taken.mails) < 20
    assert packer != "gz" or len(taken.mails) > 17 or left > 40
    assert taken.counts == {"broken": 1}


def test_truncated_tar_keeps_what_is_whole(tmp_path: Path):
    content = tar_of({f"{n}.eml": mail(n) for n in range(3)}).rstrip(b"\0")
    for cut, whole in ((len(content) - 5, 2), (1024 + 100, 1), (1024 + 512 + 3, 1), (1024, 1)):
        taken = Taken(put(tmp_path / "a.tar", content[:cut]))
        assert taken.bytes == [mail(n) for n in range(whole)], cut
        assert taken.counts == {"broken": 1}, cut


def test_truncated_and_damaged_zip(tmp_path: Path):
    content = zip_of({"1.eml": mail(1), "2.eml": mail(2)}, zipfile.ZIP_STORED)
    assert Taken(put(tmp_path / "cut.zip", content[:-30])).counts == {"broken": 1}
    taken = Taken(put(tmp_path / "bad.zip", content.replace(b"Subject: 1", b"Subject: X", 1)))
    assert taken.bytes == [mail(2)]
    assert taken.counts == {"broken": 1}


def test_something_else_behind_the_compressed_data(tmp_path: Path):
    taken = Taken(put(tmp_path / "box.gz", gzip.compress(mbox(mail(1), mail(2))) + b"and then some"))
    assert taken.bytes == [mail(1), mail(2)]
    assert taken.counts == {"broken": 1}


@pytest.mark.parametrize("packer", PACKERS)
def test_a_bomb_is_stopped_by_its_ratio(tmp_path: Path, packer: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unpack, "_FREE", 1 << 20)
    path = put(tmp_path / "bomb", PACKERS[packer](b"Subject: x\n\n" + bytes(5_000_000)))
    taken = Taken(path, archive_ratio=100, mail_limit_mb=200)
    assert taken.bytes == []
    assert taken.counts == {"bomb": 1}
    assert "archive_ratio" in taken.problems[0].text


def test_a_bomb_in_a_zip_and_in_layers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(unpack, "_FREE", 1 << 20)
    zeros = b"Subject: x\n\n" + bytes(5_000_000)
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        content = zip_of({"0.eml": mail(0), "1.eml": zeros, "2.eml": mail(2)}, method)
        taken = Taken(put(tmp_path / "a.zip", content), archive_ratio=100, mail_limit_mb=200)
        assert taken.bytes == [mail(0)]
        assert taken.counts == {"bomb": 1}
    layers = gzip.compress(tar_of({"a.eml.gz": gzip.compress(zeros)}))
    assert Taken(put(tmp_path / "a.tgz", layers), archive_ratio=100, mail_limit_mb=200).counts == {"bomb": 1}


def test_total_and_members_are_limited(tmp_path: Path):
    path = put(tmp_path / "a.tgz", gzip.compress(tar_of({f"{n}.eml": mail(n, os.urandom(300_000)) for n in range(9)})))
    taken = Taken(path, archive_limit_mb=1)
    assert 0 < len(taken.mails) < 9
    assert taken.counts == {"bomb": 1}
    for name, content in (("b.tar", tar_of({str(n): mail(n) for n in range(9)})),
                          ("b.zip", zip_of({str(n): mail(n) for n in range(9)}))):  # fmt: skip
        taken = Taken(put(tmp_path / name, content), archive_members=5)
        assert taken.bytes == [mail(n) for n in range(5)]
        assert taken.counts == {"bomb": 1}


def test_a_zstd_frame_with_a_huge_window_is_refused(tmp_path: Path):
    parameters = zstandard.ZstdCompressionParameters(window_log=29, enable_ldm=True)
    packed = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    content = packed.compress(mail(1) * 1000) + packed.flush()
    assert Taken(put(tmp_path / "a.zst", content)).counts == {"broken": 1}


def test_names_are_shown_and_never_used(tmp_path: Path):
    names = ["../../up.eml", "/etc/passwd.eml", "C:\\up.eml", "a\x1b[31m\nb.eml", "x/../y.eml"]
    before = sorted(tmp_path.parent.rglob("*"))
    for content in (tar_of(dict.fromkeys(names, mail(1))), zip_of(dict.fromkeys(names, mail(1)))):
        path = put(tmp_path / "a", content)
        taken = Taken(path)
        assert len(taken.mails) == len(names)
        assert all(one.locator.isprintable() for one in taken.mails)
        assert sorted(set(tmp_path.parent.rglob("*")) - set(before)) == [path]


def test_links_and_devices_in_archives_and_folders(tmp_path: Path):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo("odd")
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
        info = tarfile.TarInfo("1.eml")
        info.size = len(mail(1))
        tar.addfile(info, io.BytesIO(mail(1)))
    taken = Taken(put(tmp_path / "a.tar", out.getvalue()))
    assert taken.bytes == [mail(1)]
    assert taken.counts == {"special": 4}
    link = zipfile.ZipInfo("link.eml")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert Taken(tmp_path / "a.zip").counts == {"special": 1}
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "loop").symlink_to(folder)
    (folder / "gone.eml").symlink_to(tmp_path / "nothing")
    (folder / "1.eml").symlink_to(put(tmp_path / "1.eml", mail(1)))
    taken = Taken(folder)
    assert taken.bytes == [mail(1)]
    assert taken.counts == {"special": 1, "unreadable": 1}


def test_a_tar_header_that_announces_gigabytes(tmp_path: Path):
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 8 << 30
    content = tar_of({"1.eml": mail(1)}).rstrip(b"\0").ljust(1024, b"\0") + info.tobuf(tarfile.GNU_FORMAT)
    taken = Taken(put(tmp_path / "a.tar", content))
    assert taken.bytes == [mail(1)]
    assert taken.counts == {"broken": 1}


def test_an_encrypted_zip_is_said(tmp_path: Path):
    content = bytearray(zip_of({"1.eml": mail(1)}))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    taken = Taken(put(tmp_path / "a.zip", bytes(content)))
    assert taken.counts == {"broken": 1}
    assert "encrypted" in taken.problems[0].text


def test_a_mail_over_the_limit_is_cut_wherever_it_lies(tmp_path: Path):
    huge = mail(1, b"x" * 2_500_000)
    for name, content in {
        "1.eml": huge,
        "box": mbox(huge, mail(2)),
        "a.tar": tar_of({"1.eml": huge, "2.eml": mail(2)}),
        "a.zip": zip_of({"1.eml": huge, "2.eml": mail(2)}),
        "a.gz": gzip.compress(huge),
    }.items():
        taken = Taken(put(tmp_path / name, content), mail_limit_mb=1)
        assert (taken.mails[0].payload, taken.mails[0].truncated) == (huge[:1_000_000], True), name
        assert taken.bytes[1:] in ([mail(2)], []), name
        assert taken.counts == {"cut": 1}
    exact = b"Subject: x\n\n".ljust(1_000_000, b"x")
    assert not Taken(put(tmp_path / "2.eml", exact), mail_limit_mb=1).mails[0].truncated


def test_an_endless_json_line(tmp_path: Path):
    content = b'{"mail": "' + b"A" * 5_000_000 + b'"}\n{"mail": "eA=="}\n'
    taken = Taken(put(tmp_path / "a.jsonl", content), mail_limit_mb=1)
    assert taken.bytes == [b"x"]
    assert taken.counts == {"bad_line": 1}


def test_one_gigabyte_takes_flat_memory(tmp_path: Path):
    import tracemalloc

    path = tmp_path / "huge.eml"
    with path.open("wb") as file:
        file.write(b"Subject: x\n\n")
        file.truncate(1 << 30)
    tracemalloc.start()
    taken = Taken(path, mail_limit_mb=1)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    assert taken.mails[0].truncated


SEEDS = [
    tar_of({"1.eml": mail(1), "b": mbox(mail(2))}), zip_of({"1.eml": mail(1)}), mbox(mail(1), mail(2)),
    *(pack(tar_of({"1.eml": mail(1)})) for pack in PACKERS.values()), b'{"mail": "eA=="}\n',
]  # fmt: skip


@given(
    st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 20_000), st.integers(0, 255)), max_size=6), st.booleans()
)
def test_flipped_bytes_never_raise_and_never_go_unsaid(
    tmp_path_factory: pytest.TempPathFactory, seed: bytes, flips: list[tuple[int, int]], cut: bool
):
    content = bytearray(seed)
    for at, value in flips:
        content[at % len(content)] = value
    if cut and flips:
        del content[flips[0][0] % len(content) :]
    taken = Taken(put(tmp_path_factory.mktemp("fuzz") / "x", bytes(content)))
    assert taken.mails or taken.counts
