"""The spool: acknowledged mail that waits to be worked on, in segments (docs/specs/segment.md).

``NAME.open`` belongs to the writer that holds its flock; ``NAME.seg`` is sealed, belongs to whoever claims it and never
changes. A mail may be acknowledged once ``SegmentWriter.sync`` returned after its ``append``. Locks die with their
process, so a crash leaves nothing to clear away but what ``recover`` cuts and seals.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from junkhound.kernel.config import Store as StoreSettings
from junkhound.kernel.errors import NotFound, Temporary
from junkhound.ledger import files as disk
from junkhound.wire import segment
from junkhound.wire.facts import Facts

MB = 1_000_000
_FLUSH_BYTES = 1 << 20  # pending records are written, not yet synced, from this size on


def name_of(number: int) -> str:
    """The 16 hex digits under which a segment goes."""
    return f"{number:016x}"


class Spool:
    """All segments of one home. Any number of processes may write, claim and recover at once."""

    def __init__(
        self,
        home: Path,
        settings: StoreSettings,
        files: disk.Files = disk.DISK,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = home / "spool"
        self.settings = settings
        self.files = files
        self.wall_ms = wall_ms
        self.monotonic = monotonic
        self._claims: dict[str, int] = {}

    def writer(self) -> SegmentWriter:
        """A writer of its own open segment; the file is made at the first mail."""
        return SegmentWriter(self)

    def path(self, name: str) -> Path:
        """Where the sealed segment lies."""
        return self.folder / f"{name}.seg"

    def read(self, name: str) -> bytes:
        """The sealed segment's bytes. Errors: NotFound where it was worked on and discarded."""
        try:
            return self.path(name).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"no segment {name!r} in the spool", "it may have been committed meanwhile") from None

    def sealed(self) -> list[str]:
        """Names of the sealed segments, oldest first."""
        return sorted(entry.name[:-4] for entry in self._entries() if entry.name.endswith(".seg"))

    def size(self) -> int:
        """Bytes of mail that waits, sealed or not."""
        total = 0
        for entry in self._entries():
            with contextlib.suppress(FileNotFoundError):  # sealed or discarded by another meanwhile
                total += entry.stat().st_size
        return total

    def has_room(self) -> bool:
        """Whether more mail may come in ([store] spool_limit_mb)."""
        return self.size() < self.settings.spool_limit_mb * MB

    def claim(self, name: str) -> bool:
        """Take the segment for this process; False where another has it or it is gone."""
        if name in self._claims:
            return False
        try:
            handle = os.open(self.path(name), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        if not _lock(handle, self.path(name)):
            os.close(handle)
            return False
        self._claims[name] = handle
        return True

    def release(self, name: str) -> None:
        """Give a claimed segment back, or forget one that was discarded."""
        handle = self._claims.pop(name, None)
        if handle is not None:
            _unlock(handle)
            os.close(handle)

    def discard(self, name: str) -> None:
        """Remove a segment whose objects are synced and whose manifest row is committed, and only then.

        The removal itself is not synced: a segment that a power cut brings back is in the manifest, and is
        discarded again.
        """
        with contextlib.suppress(FileNotFoundError), disk.passing(self.path(name)):
            self.files.unlink(self.path(name))
        self.release(name)

    def recover(self) -> list[str]:
        """Seal what dead writers left: cut torn tails, drop what holds no mail; names that became sealed.

        Files of living writers are passed over. Errors: DataError for records of a newer release.
        """
        left = sorted(entry.name for entry in self._entries() if entry.name.endswith(".open"))
        return [name[:-5] for name in left if self._recover_one(self.folder / name)]

    def _recover_one(self, path: Path) -> bool:
        try:
            handle = self.files.open(path)
        except FileNotFoundError:
            return False
        try:
            if not _lock(handle, path):
                return False
            with disk.passing(path):
                content = path.read_bytes()
                length, mails = segment.survey(content)
                if not mails:
                    self.files.unlink(path)
                    self.files.sync_dir(self.folder)
                    return False
                if length < len(content):
                    self.files.truncate(handle, length)
                self.files.datasync(handle)
                self.files.rename(path, path.with_suffix(".seg"))
                self.files.sync_dir(self.folder)
            return True
        finally:
            _unlock(handle)
            self.files.close(handle)

    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            return list(os.scandir(self.folder))
        except FileNotFoundError:
            return []


class SegmentWriter:
    """One process's open segment: ``append`` any number of mails, ``sync`` once, acknowledge them all.

    Full segments (size or mails) are sealed on the way; the caller seals those that are ``due`` by age.
    ``sealed`` holds the names sealed so far, for the caller to take.
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.sealed: list[str] = []
        self._most_bytes = spool.settings.segment_mb * MB
        self._most_mails = spool.settings.segment_mails
        self._handle: int | None = None
        self._number = 0
        self._failed: Temporary | None = None
        self._clear()

    def _clear(self) -> None:
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._bytes = 0
        self._mails = 0
        self._unsynced = 0
        self._opened = 0.0

    @property
    def _path(self) -> Path:
        return self.spool.folder / f"{name_of(self._number)}.open"

    @property
    def full(self) -> bool:
        """Whether the next mail goes to another segment."""
        return self._bytes >= self._most_bytes or self._mails >= self._most_mails

    @property
    def due(self) -> bool:
        """Whether the open segment holds mail and has reached the age at which a listener seals it."""
        return self._mails > 0 and self.spool.monotonic() - self._opened >= self.spool.settings.segment_s

    def append(self, facts: Facts, mail: bytes, digest: bytes = b"") -> tuple[int, int]:
        """Take a mail in; (segment, ordinal), where it stays for ever. Nothing is safe before ``sync``.

        ``digest`` is the mail's SHA-256 if it is known. Errors: Temporary for a full spool or disk.
        """
        digest = digest or sha256(mail).digest()
        front = segment.front(os.urandom(segment.SALT_BYTES), segment.facts_parts(facts), len(mail), digest)
        if self._bytes >= self._most_bytes or self._mails >= self._most_mails:
            self.seal()
        if self._handle is None:
            self._start()
        self._pending += front, mail
        size = len(front) + len(mail)
        self._pending_bytes += size
        self._bytes += size
        ordinal = self._mails
        self._mails += 1
        self._unsynced += 1
        if self._pending_bytes >= _FLUSH_BYTES:
            self._guarded(self._flush)
        return self._number, ordinal

    def sync(self) -> None:
        """Return when every mail appended so far is on the disk.

        Errors: Temporary: none of the mails since the last ``sync`` may be acknowledged.
        """
        try:
            self._settle()
        finally:
            self._failed = None  # said once, to those who wait

    def _settle(self) -> None:
        if self._failed is not None:
            raise self._failed
        if self._unsynced:
            self._guarded(self._sync)

    def seal(self) -> str | None:
        """Sync, close and name the segment for the workers; its name, or None where there was no mail."""
        if self._handle is None:
            return None
        self._settle()
        self._guarded(self._seal)
        name = name_of(self._number)
        self.sealed.append(name)
        return name

    def close(self) -> None:
        """Seal what is left."""
        self.seal()

    def __enter__(self) -> SegmentWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> None:
        spool = self.spool
        if not spool.has_room():
            raise Temporary(
                f"{spool.size() // MB} MB of mail wait in the spool, its limit is {spool.settings.spool_limit_mb} MB",
                "run junkhound ingest to work it off, or raise [store] spool_limit_mb",
            )
        with disk.passing(spool.folder):
            disk.make_dirs(spool.files, spool.folder)
            self._clear()
            while self._handle is None:
                self._number = segment.number(spool.wall_ms(), secrets.randbits(21))
                self._handle = self._open_new()
            self._opened = spool.monotonic()
        self._guarded(lambda: spool.files.sync_dir(spool.folder))

    def _open_new(self) -> int | None:
        """The new file, locked; None where its name is taken or a recovering process was faster than our lock."""
        if self.spool.path(name_of(self._number)).exists():
            return None
        try:
            handle = self.spool.files.create(self._path)
        except FileExistsError:
            return None
        if _lock(handle, self._path):
            return handle
        self.spool.files.close(handle)
        return None

    def _flush(self) -> None:
        assert self._handle is not None
        self.spool.files.append(self._handle, b"".join(self._pending))
        self._pending.clear()
        self._pending_bytes = 0

    def _sync(self) -> None:
        assert self._handle is not None
        if self._pending:
            self._flush()
        self.spool.files.datasync(self._handle)
        self._unsynced = 0

    def _seal(self) -> None:
        assert self._handle is not None
        self.spool.files.rename(self._path, self._path.with_suffix(".seg"))
        self.spool.files.sync_dir(self.spool.folder)
        self._finish()

    def _finish(self) -> None:
        handle, self._handle = self._handle, None
        assert handle is not None
        _unlock(handle)
        self.spool.files.close(handle)
        self._clear()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do disk work; if it fails, leave the file to ``recover`` and never touch it again.

        After a failed fdatasync nobody knows what is on the disk, and a second one may lie (fsyncgate, 2018).
        The mails that were not synced are lost to us and still with their senders.
        """
        try:
            with disk.passing(self._path):
                work()
        except Temporary as error:
            waiting = self._unsynced
            self._finish()
            # whoever appended them must not hear from a later sync that all is well
            self._failed = error if waiting else self._failed
            raise


def _lock(handle: int, path: Path) -> bool:
    """Lock the file if nobody has, and if the name still leads to it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    with contextlib.suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(handle), os.stat(path)):
            return True
    _unlock(handle)
    return False


def _unlock(handle: int) -> None:
    # Explicitly: a child that was forked meanwhile holds the same lock through its copy of the handle.
    fcntl.flock(handle, fcntl.LOCK_UN)
