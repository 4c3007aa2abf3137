"""The store's one interface in a folder and at a URL, and files that are whole or absent."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from obstore.store import LocalStore, MemoryStore

from junkhound.kernel.errors import ConfigError, NotFound, Temporary
from junkhound.ledger import files
from junkhound.ledger.store import BucketStore, FolderStore, Store, open_store


@pytest.fixture(params=["folder", "memory", "obstore's own folder", pytest.param("s3", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return FolderStore(tmp_path / "home")
    if request.param == "s3":
        return BucketStore(request.getfixturevalue("s3")())
    return BucketStore("memory:///", MemoryStore() if request.param == "memory" else LocalStore(tmp_path))


def test_an_object_is_put_once(store: Store) -> None:
    assert store.put_new("packs/a.pack", b"first")
    assert not store.put_new("packs/a.pack", b"second")
    assert store.get("packs/a.pack") == b"first"
    store.put("packs/a.pack", b"replaced")
    assert store.get("packs/a.pack") == b"replaced"


def test_ranges_stop_at_the_end(store: Store) -> None:
    store.put("a/b", b"0123456789")
    assert store.get_range("a/b", 3, 4) == b"3456"
    assert store.get_range("a/b", 8, 100) == b"89"
    assert store.get_range("a/b", 10, 5) == b""
    assert store.size("a/b") == 10


def test_what_is_absent_is_not_found(store: Store) -> None:
    for ask in (store.get, store.size, lambda path: store.get_range(path, 0, 1)):
        with pytest.raises(NotFound, match="no object 'no/thing'"):
            ask("no/thing")
    assert not store.exists("no/thing")
    store.delete("no/thing")
    assert list(store.list("no")) == []


def test_objects_are_listed_in_order_of_path(store: Store) -> None:
    for path in ("t/month=2006-05/b", "t/month=2006-04/z", "t/a", "other/x", "t/month=2006-04-x/y"):
        store.put(path, path.encode())
    listed = list(store.list("t"))
    assert listed == sorted(listed)
    assert {path for path, _ in listed} == {"t/month=2006-05/b", "t/month=2006-04/z", "t/a", "t/month=2006-04-x/y"}
    assert dict(listed)["t/a"] == 3
    store.delete("t/a")
    assert not store.exists("t/a")
    assert "t/a" not in dict(store.list())


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x", "a/../b", "a//b", ".hidden"])
def test_paths_stay_inside(store: Store, path: str) -> None:
    with pytest.raises(ValueError, match="not an object path"):
        store.put(path, b"")


def test_the_setting_names_a_folder_or_a_url(tmp_path: Path) -> None:
    assert open_store("", tmp_path).local("a/b") == tmp_path / "a/b"
    assert open_store("file:///srv/x", tmp_path).local("a") == Path("/srv/x/a")
    assert open_store("cold", tmp_path).local("a") == tmp_path / "cold/a"
    assert open_store("memory:///", tmp_path).local("a") is None
    with pytest.raises(ConfigError, match="cannot open 'gopher://x'"):
        open_store("gopher://x", tmp_path)


class Full(files.Disk):
    """A disk that takes three bytes and no more."""

    def append(self, handle: int, content: bytes) -> None:
        super().append(handle, content[:3])
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_temporary_and_leaves_nothing(tmp_path: Path) -> None:
    store = FolderStore(tmp_path, Full())
    for put in (store.put, store.put_new):
        with pytest.raises(Temporary, match="no space left on device") as caught:
            put("packs/a", b"12345")
        assert caught.value.exit_code == 75
    assert not store.exists("packs/a")
    assert list((tmp_path / "packs").iterdir()) == []


def test_short_writes_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, content: write(handle, bytes(content[:7])))
    files.put(files.DISK, tmp_path / "x", bytes(range(100)))
    assert (tmp_path / "x").read_bytes() == bytes(range(100))


def test_files_are_for_the_owner_alone(tmp_path: Path) -> None:
    files.put(files.DISK, tmp_path / "keys/hub.key", b"secret")
    assert (tmp_path / "keys/hub.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
