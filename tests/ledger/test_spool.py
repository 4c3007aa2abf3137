"""The spool: group commit, sealing, claims, recovery and a disk that fails."""

from __future__ import annotations

import errno
import multiprocessing
from pathlib import Path

import pytest

from junkhound.kernel.config import Store as StoreSettings
from junkhound.kernel.errors import DataError, NotFound, Temporary
from junkhound.ledger.files import Disk
from junkhound.ledger.spool import Spool, name_of
from junkhound.wire import segment
from junkhound.wire.facts import Facts, Origin

FACTS = Facts(Origin(bytes([192, 0, 2, 7]), 1, "trap-one"))


def mails(spool: Spool, name: str) -> list[bytes]:
    return [record.mail for record in segment.records(spool.read(name))]


def test_mail_is_sealed_by_count_and_comes_back_in_order(tmp_path: Path) -> None:
    spool = Spool(tmp_path, StoreSettings(segment_mails=2))
    with spool.writer() as writer:
        places = [writer.append(FACTS, b"%d" % number) for number in range(5)]
    assert len(writer.sealed) == 3
    assert spool.sealed() == sorted(writer.sealed)
    assert [ordinal for _, ordinal in places] == [0, 1, 0, 1, 0]
    for (number, ordinal), expected in zip(places, [b"0", b"1", b"2", b"3", b"4"], strict=True):
        assert mails(spool, name_of(number))[ordinal] == expected
    assert {path.suffix for path in (tmp_path / "spool").iterdir()} == {".seg"}


def test_mail_is_sealed_by_size(tmp_path: Path) -> None:
    spool = Spool(tmp_path, StoreSettings(segment_mb=1))
    with spool.writer() as writer:
        for _ in range(3):
            writer.append(FACTS, b"x" * 1_000_000)
    assert len(spool.sealed()) == 3


def test_a_listener_seals_by_age(tmp_path: Path) -> None:
    now = [100.0]
    writer = Spool(tmp_path, StoreSettings(segment_s=2.0), monotonic=lambda: now[0]).writer()
    assert not writer.due
    writer.append(FACTS, b"x")
    assert not writer.due
    now[0] += 2.0
    assert writer.due
    assert writer.seal()
    assert not writer.due
    assert writer.seal() is None


def test_a_segment_number_is_its_time_and_luck(tmp_path: Path) -> None:
    writer = Spool(tmp_path, StoreSettings(), wall_ms=lambda: 1_136_073_600_000).writer()
    number, _ = writer.append(FACTS, b"x")
    assert number >> 21 == 1_136_073_600_000
    assert name_of(number) == f"{number:016x}"
    writer.close()


def test_living_writers_are_left_alone_and_dead_ones_recovered(tmp_path: Path) -> None:
    spool, other = Spool(tmp_path, StoreSettings()), Spool(tmp_path, StoreSettings())
    writer = spool.writer()
    number, _ = writer.append(FACTS, b"kept")
    writer.sync()
    assert other.recover() == []
    assert other.sealed() == []
    writer._finish()  # the process dies
    with (tmp_path / "spool" / f"{name_of(number)}.open").open("ab") as file:
        file.write(segment.encode(bytes(16), FACTS, b"torn")[:-1])
    assert other.recover() == [name_of(number)]
    assert mails(other, name_of(number)) == [b"kept"]
    assert other.recover() == []


def test_a_dead_writer_without_mail_leaves_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, StoreSettings())
    spool.folder.mkdir()
    (spool.folder / "00000000000000aa.open").write_bytes(b"")
    (spool.folder / "00000000000000ab.open").write_bytes(b"\x01JHR torn")
    assert spool.recover() == []
    assert list(spool.folder.iterdir()) == []


def test_records_of_a_newer_release_are_not_cut(tmp_path: Path) -> None:
    spool = Spool(tmp_path, StoreSettings())
    spool.folder.mkdir()
    newer = bytes([segment.VERSION + 1]) + segment.encode(bytes(16), FACTS, b"x")[1:]
    (spool.folder / "00000000000000aa.open").write_bytes(newer)
    with pytest.raises(DataError, match=f"version {segment.VERSION + 1}"):
        spool.recover()
    assert (spool.folder / "00000000000000aa.open").read_bytes() == newer


def test_a_segment_has_one_claim(tmp_path: Path) -> None:
    spool, other = Spool(tmp_path, StoreSettings()), Spool(tmp_path, StoreSettings())
    with spool.writer() as writer:
        writer.append(FACTS, b"x")
    (name,) = spool.sealed()
    assert spool.claim(name)
    assert not spool.claim(name)
    assert not other.claim(name)
    spool.release(name)
    assert other.claim(name)
    other.discard(name)
    assert not spool.claim(name)
    assert spool.sealed() == []
    with pytest.raises(NotFound, match="no segment"):
        spool.read(name)
    spool.discard(name)


def _claim_and_die(home: Path, name: str) -> None:
    assert Spool(home, StoreSettings()).claim(name)


def test_a_claim_dies_with_its_process(tmp_path: Path) -> None:
    spool = Spool(tmp_path, StoreSettings())
    with spool.writer() as writer:
        writer.append(FACTS, b"x")
    (name,) = spool.sealed()
    child = multiprocessing.get_context("fork").Process(target=_claim_and_die, args=(tmp_path, name))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert spool.claim(name)


def test_a_full_spool_is_temporary(tmp_path: Path) -> None:
    spool = Spool(tmp_path, StoreSettings(spool_limit_mb=1, segment_mails=1))
    with spool.writer() as writer:
        writer.append(FACTS, b"x" * 1_000_000)
        writer.sync()
        assert not spool.has_room()
        with pytest.raises(Temporary, match="1 MB of mail wait in the spool, its limit is 1 MB") as caught:
            writer.append(FACTS, b"x")
        assert caught.value.exit_code == 75
        spool.discard(writer.sealed[0])
        writer.append(FACTS, b"x")
    assert len(spool.sealed()) == 1


class Failing(Disk):
    """A disk that fails in one verb, once it is told to."""

    def __init__(self, verb: str, number: int) -> None:
        self.verb, self.number, self.on = verb, number, False

    def _maybe(self, verb: str) -> None:
        if self.on and verb == self.verb:
            self.on = False
            raise OSError(self.number, "no")

    def append(self, handle: int, content: bytes) -> None:
        if self.on and self.verb == "append":
            super().append(handle, content[: len(content) // 2])
        self._maybe("append")
        super().append(handle, content)

    def datasync(self, handle: int) -> None:
        self._maybe("datasync")

    def sync_dir(self, path: Path) -> None:
        self._maybe("sync_dir")

    def rename(self, old: Path, new: Path) -> None:
        self._maybe("rename")
        super().rename(old, new)


@pytest.mark.parametrize(
    ("verb", "number"), [("append", errno.ENOSPC), ("datasync", errno.EIO), ("append", errno.EDQUOT)]
)
def test_a_failed_sync_acknowledges_nothing_and_the_next_mail_is_safe(tmp_path: Path, verb: str, number: int) -> None:
    disk = Failing(verb, number)
    spool = Spool(tmp_path, StoreSettings(), disk)
    writer = spool.writer()
    writer.append(FACTS, b"before")
    writer.sync()
    writer.append(FACTS, b"lost")
    disk.on = True
    with pytest.raises(Temporary):
        writer.sync()
    writer.append(FACTS, b"after")
    writer.sync()
    writer.close()
    spool.recover()
    held = [mail for name in spool.sealed() for mail in mails(spool, name)]
    assert {b"before", b"after"} <= set(held) <= {b"before", b"lost", b"after"}


def test_a_group_is_not_acknowledged_after_a_failure_on_the_way(tmp_path: Path) -> None:
    disk = Failing("datasync", errno.EIO)
    writer = Spool(tmp_path, StoreSettings(segment_mails=2), disk).writer()
    writer.append(FACTS, b"one")
    writer.append(FACTS, b"two")
    disk.on = True
    with pytest.raises(Temporary):
        writer.append(FACTS, b"three")  # seals the full segment, in vain
    with pytest.raises(Temporary):
        writer.sync()
    writer.sync()


@pytest.mark.parametrize("verb", ["rename", "sync_dir"])
def test_a_seal_that_fails_loses_nothing(tmp_path: Path, verb: str) -> None:
    disk = Failing(verb, errno.EIO)
    spool = Spool(tmp_path, StoreSettings(), disk)
    writer = spool.writer()
    writer.append(FACTS, b"kept")
    writer.sync()
    disk.on = True
    with pytest.raises(Temporary):
        writer.seal()
    spool.recover()
    (name,) = spool.sealed()
    assert mails(spool, name) == [b"kept"]


def test_large_groups_are_written_on_the_way(tmp_path: Path) -> None:
    spool = Spool(tmp_path, StoreSettings(segment_mb=8))
    with spool.writer() as writer:
        for _ in range(5):
            writer.append(FACTS, b"x" * 400_000)
        assert writer._pending_bytes < 1 << 20
    (name,) = spool.sealed()
    assert len(mails(spool, name)) == 5
