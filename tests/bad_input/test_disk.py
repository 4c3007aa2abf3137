"""A disk that is full or cannot be written: exit 75, and after that is mended nothing is lost or doubled."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from junkhound.kernel.errors import Temporary
from junkhound.ledger import files
from support.desk import answer, call, face, ids, office, rows, take
from support.mail import RELAY, junk, mbox

MAILS = 90
JUNK = ("ingest", "--as", "junk", "--mailbox", "me", "--relay", RELAY)


class Filling(files.Disk):
    """A disk with room for so many bytes more."""

    def __init__(self, room: int, error: int = errno.ENOSPC) -> None:
        self.room = room
        self.error = error

    def append(self, handle: int, content: bytes) -> None:
        fits = content[: max(self.room, 0)]
        self.room -= len(content)
        super().append(handle, fits)
        if len(fits) < len(content):
            raise OSError(self.error, os.strerror(self.error))

    def datasync(self, handle: int) -> None:
        if self.room < 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().datasync(handle)


@contextmanager
def disk(monkeypatch: pytest.MonkeyPatch, made: files.Disk) -> Iterator[None]:
    """All durable writes go through ``made``."""
    from junkhound.ledger import spool, store

    with monkeypatch.context() as patch:
        patch.setattr(files, "DISK", made)
        for make in (spool.Spool, store.FolderStore, store.open_store):
            function = getattr(make, "__init__", make) if isinstance(make, type) else make
            defaults = tuple(made if isinstance(value, files.Disk) else value for value in function.__defaults__ or ())
            patch.setattr(function, "__defaults__", defaults)
        yield


@pytest.mark.parametrize("room", [0, 60_000, 85_000, 110_000])
def test_a_disk_that_fills_up_at_any_point(tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    source = mbox(tmp_path / "in.mbox", [junk(n, words=os.urandom(200).hex()) for n in range(MAILS)])
    take(office(tmp_path / "home"))  # a home with its keys and route table
    with disk(monkeypatch, Filling(room)), pytest.raises(Temporary) as full:
        take(office(tmp_path / "home"), source)
    assert "space" in full.value.message or "input/output" in full.value.message
    assert full.value.hint
    with disk(monkeypatch, Filling(room // 2)), pytest.raises(Temporary):
        take(office(tmp_path / "home"), source)
    report = take(office(tmp_path / "home"), source)
    desk = office(tmp_path / "home")
    assert len(ids(desk)) == len(set(ids(desk))) == MAILS
    assert report.added + report.known >= MAILS
    assert all(desk.ledger.packs.read(row["segment"], row["ordinal"]) for row in rows(desk))
    assert not desk.ledger.spool.sealed()
    assert take(office(tmp_path / "home"), source).added == 0


def test_mail_of_the_pipe_waits_until_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was acknowledged lies in the spool, and a full disk does not touch it."""
    take(office(tmp_path / "home"))
    for number in range(3):
        done = call(tmp_path, "pipe", "--mailbox=me", "--as=junk", given=junk(number))
        assert done.returncode == 0, done.stderr
    for _ in range(2):
        with disk(monkeypatch, Filling(100)), pytest.raises(Temporary):
            take(office(tmp_path / "home"))
    assert take(office(tmp_path / "home")).recovered == 3
    assert len(set(ids(office(tmp_path / "home")))) == 3


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[Callable[[str], None]]:
    """A small file system of our own; skips where we may not make one."""
    folder.mkdir()
    if os.geteuid() != 0 or subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    ).returncode:  # fmt: skip
        pytest.skip("needs root and mount(8)")
    try:
        yield lambda new: subprocess.run(["mount", "-o", f"remount,{new}", str(folder)], check=True) and None
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("size", ["300k", "3600k"])
def test_a_real_disk_that_is_full(tmp_path: Path, size: str) -> None:
    source = mbox(tmp_path / "in.mbox", [junk(n, words=os.urandom(2000).hex()) for n in range(MAILS)])
    with mounted(tmp_path / "disk", f"size={size}") as remount:
        done = face(tmp_path, *JUNK, str(source), home="disk/home")
        assert done.returncode == 75, done.stdout
        assert "no space left on device" in done.stderr or "full" in done.stderr
        assert "hint:" in done.stderr
        remount("size=40m")
        assert face(tmp_path, *JUNK, str(source), home="disk/home").returncode == 0
        assert len(ids(office(tmp_path / "disk/home"))) == len(set(ids(office(tmp_path / "disk/home")))) == MAILS


def test_a_disk_that_can_only_be_read(tmp_path: Path) -> None:
    source = mbox(tmp_path / "in.mbox", [junk(n) for n in range(5)])
    with mounted(tmp_path / "disk", "size=40m") as remount:
        assert (
            call(tmp_path, *JUNK, str(source), home="disk/home").returncode == 0
        )  # a process of its own closes all files
        remount("ro")
        assert "5 known" in face(tmp_path, *JUNK, str(source), home="disk/home").stdout, "nothing to write"
        source = mbox(tmp_path / "more.mbox", [junk(n) for n in range(10)])
        for home in ("disk/home", "disk/other"):
            done = face(tmp_path, *JUNK, str(source), home=home)
            assert done.returncode == 75
            assert "hint:" in done.stderr
        done = face(tmp_path, *JUNK, "--json", str(source), home="disk/home")
        assert (done.returncode, answer(done)["error"]["code"]) == (75, "temporary")
        remount("rw")
        assert "5 new, 5 known" in face(tmp_path, *JUNK, str(source), home="disk/home").stdout


def test_a_home_that_may_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = face(tmp_path, "ingest", home="file/home")
    assert done.returncode in (75, 78)
    assert "'file" in done.stderr or "file/home" in done.stderr


@pytest.mark.parametrize("blocks", [1, 200])
def test_a_limit_on_the_size_of_files(tmp_path: Path, blocks: int) -> None:
    """RLIMIT_FSIZE (ulimit -f) reads like a full disk, also for those who may not mount."""
    import resource

    source = mbox(tmp_path / "in.mbox", [junk(n, words=os.urandom(4000).hex()) for n in range(MAILS)])
    take(office(tmp_path / "home"))
    (tmp_path / "junkhound.toml").write_text(
        '[engine]\nname = "inline"\nisolate = false\n[network]\nallow_documentation = true\n'
    )
    import sys

    limited = subprocess.run(
        [sys.executable, "-m", "junkhound", "--home", "home", *JUNK, str(source)], cwd=tmp_path, capture_output=True,
        text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (blocks * 1024, blocks * 1024)),
        check=False,
    )  # fmt: skip
    assert limited.returncode == 75, limited.stderr
    assert "Traceback" not in limited.stderr
    assert take(office(tmp_path / "home"), source).added <= MAILS
    assert len(ids(office(tmp_path / "home"))) == len(set(ids(office(tmp_path / "home")))) == MAILS
