"""The one way to the disk for everything that must survive a power cut: spool, packs, objects, published files.

A write is safe once ``datasync`` of its file returned; a new, renamed or removed name once ``sync_dir`` of its
folder returned. ``Disk`` does one thing a call, so that tests can record each and cut the power between any two.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from junkhound.kernel.errors import Temporary

# no space, quota or handles, read-only, a limit on file sizes, input/output error: the disk's trouble, not the mail's
_PASSING = {
    errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EROFS, errno.EIO, errno.EAGAIN,
    errno.EINTR, errno.EACCES, errno.EPERM, errno.ESTALE, errno.EFBIG,
}  # fmt: skip


class Files(Protocol):
    """What the durable stores ask of a file system. A handle is whatever ``create`` and ``open`` return."""

    def create(self, path: Path, mode: int = 0o600) -> int:
        """A new empty file, open for appending. Errors: FileExistsError."""

    def open(self, path: Path) -> int:
        """An existing file, open for truncation and appending."""

    def append(self, handle: int, content: bytes) -> None:
        """Write all of ``content`` at the end; not safe before ``datasync``."""

    def truncate(self, handle: int, length: int) -> None:
        """Cut the file; not safe before ``datasync``."""

    def datasync(self, handle: int) -> None:
        """Return when content and length of the file are on the disk."""

    def close(self, handle: int) -> None: ...

    def rename(self, old: Path, new: Path) -> None:
        """Give the file its new name at once, replacing what had it."""

    def link(self, old: Path, new: Path) -> None:
        """A second name for the file. Errors: FileExistsError, which makes it the put-if-absent of a folder."""

    def unlink(self, path: Path) -> None: ...

    def make_dir(self, path: Path) -> None:
        """A new folder for the owner alone. Errors: FileExistsError."""

    def sync_dir(self, path: Path) -> None:
        """Return when the names in the folder are on the disk."""


class Disk:
    """``Files`` on a real file system."""

    def create(self, path: Path, mode: int = 0o600) -> int:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, mode)

    def open(self, path: Path) -> int:
        return os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)

    def append(self, handle: int, content: bytes) -> None:
        done = os.write(handle, content)
        if done < len(content):  # a signal, a full disk, or more than 2 GB
            rest = memoryview(content)[done:]
            while rest:
                rest = rest[os.write(handle, rest) :]

    def truncate(self, handle: int, length: int) -> None:
        os.ftruncate(handle, length)

    def datasync(self, handle: int) -> None:
        os.fdatasync(handle)

    def close(self, handle: int) -> None:
        os.close(handle)

    def rename(self, old: Path, new: Path) -> None:
        os.rename(old, new)

    def link(self, old: Path, new: Path) -> None:
        os.link(old, new)

    def unlink(self, path: Path) -> None:
        os.unlink(path)

    def make_dir(self, path: Path) -> None:
        os.mkdir(path, 0o700)

    def sync_dir(self, path: Path) -> None:
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


DISK = Disk()


def make_dirs(files: Files, path: Path) -> None:
    """The folder and those above it, each new name synced."""
    if path.is_dir():
        return
    make_dirs(files, path.parent)
    with contextlib.suppress(FileExistsError):
        files.make_dir(path)
    files.sync_dir(path.parent)


def put(files: Files, path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file whole: readers and power cuts find the old one or the new one, never a part."""
    with _written(files, path, content, mode) as temporary:
        files.rename(temporary, path)
        files.sync_dir(path.parent)


def put_new(files: Files, path: Path, content: bytes) -> bool:
    """As ``put`` where no such file exists; False, and nothing changed, where one does."""
    if path.exists():
        files.sync_dir(path.parent)  # its writer may have died before it synced the name that we build on
        return False
    with _written(files, path, content) as temporary:
        try:
            files.link(temporary, path)
            new = True
        except FileExistsError:
            new = False
        files.unlink(temporary)
        files.sync_dir(path.parent)
    return new


@contextlib.contextmanager
def _written(files: Files, path: Path, content: bytes, mode: int = 0o600) -> Iterator[Path]:
    """The content in a synced file beside ``path``, under a name that no reader looks at."""
    temporary = path.parent / f".{path.name[:200]}.{secrets.token_hex(6)}.tmp"
    with passing(path):
        make_dirs(files, path.parent)
        handle = files.create(temporary, mode)
        try:
            try:
                files.append(handle, content)
                files.datasync(handle)
            finally:
                files.close(handle)
            yield temporary
        except BaseException:
            with contextlib.suppress(OSError):
                files.unlink(temporary)
            raise


@contextlib.contextmanager
def passing(path: Path) -> Iterator[None]:
    """Turn the disk's own trouble (full, read-only, broken) into Temporary: whoever holds the mail tries again."""
    try:
        yield
    except OSError as error:
        if error.errno not in _PASSING:
            raise
        hint = (
            "free some space"
            if error.errno in (errno.ENOSPC, errno.EDQUOT)
            else "see what the disk says, then try again"
        )
        raise Temporary(f"cannot write {str(path)!r}: {os.strerror(error.errno or 0).lower()}", hint) from error
