"""What was acknowledged survives a power cut at any moment; taking one sync out turns this red."""

from __future__ import annotations

import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from junkhound.kernel.config import Store as StoreSettings
from junkhound.kernel.errors import DataError
from junkhound.ledger import packs
from junkhound.ledger.spool import Spool
from junkhound.ledger.store import FolderStore
from junkhound.wire import segment
from junkhound.wire.facts import Facts, Origin
from support.power import Recorder, cuts, lay_out

SETTINGS = StoreSettings(segment_mails=3)


def facts(number: int) -> Facts:
    return Facts(Origin(bytes([192, 0, 2, number]), number, "trap-one"))


def mail(number: int) -> bytes:
    return b"Subject: %d\r\n\r\n%s\r\n" % (number, b"x" * number)


def spool_of(home: Path, files: Recorder) -> Spool:
    ticks = iter(range(10_000_000))
    return Spool(home, SETTINGS, files, wall_ms=lambda: 1_136_073_600_000 + next(ticks), monotonic=lambda: 0.0)


def life(files: Recorder) -> None:
    """A trap takes mail in groups, dies in the middle of one, comes back; a worker packs, commits and discards."""
    home = files.root
    spool = spool_of(home, files)
    writer = spool.writer()
    number = 0
    for group in (1, 2, 2, 1, 1):
        numbers = range(number, number + group)
        for number in numbers:
            writer.append(facts(number), mail(number))
        writer.sync()
        files.mark(set(numbers))
        number += 1
    writer.append(facts(200), mail(200))
    writer._flush()  # on its way to the disk when the process dies
    writer._finish()
    spool.recover()
    store = FolderStore(home, files)
    for name in spool.sealed():
        assert spool.claim(name)
        entry = packs.write_pack(store, name, segment.records(spool.read(name)), lambda record: True)
        assert entry is not None
        packs.seal(store, entry, None, 1)
        spool.discard(name)
    store.put("packs/note", b"x")


def survivors(home: Path) -> tuple[set[bytes], set[str]]:
    """Every mail that a new start finds, and every sealed thing that is not whole."""
    spool = Spool(home, SETTINGS)
    spool.recover()
    assert not [path for path in (home / "spool").glob("*") if path.suffix != ".seg"]
    mails: set[bytes] = set()
    damaged: set[str] = set()
    for name in spool.sealed():
        content = spool.read(name)
        whole = segment.scan(content)
        mails |= {record.mail for record in segment.records(content[:whole])}
        if whole < len(content):
            damaged.add(f"{name}.seg")
    store = FolderStore(home)
    for path, _ in store.list("packs"):
        if path.endswith(".pack"):
            try:
                mails |= {record.mail for record in packs.Packs(store).records(path[6:22])}
            except DataError:
                damaged.add(path)
    return mails, damaged


def lost(files: Recorder, scratch: Path) -> tuple[int, set[int], set[str]]:
    """(states tried, acknowledged mails that some state does not hold, sealed things that some state has in part)."""
    life(files)
    tried, missing, damaged = 0, set(), set()
    for marks, found in cuts(files):
        tried += 1
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        lay_out(found, scratch)
        held, broken = survivors(scratch)
        damaged |= broken
        missing |= {number for group in marks for number in group if mail(number) not in held}
    return tried, missing, damaged


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    return path


def test_no_power_cut_loses_an_acknowledged_mail(home: Path, tmp_path: Path) -> None:
    tried, missing, damaged = lost(Recorder(home), tmp_path / "cut")
    assert not missing
    assert not damaged
    assert tried > 100


@pytest.mark.parametrize("folder", ["spool", "packs"])
@pytest.mark.parametrize("sync", ["datasync", "sync_dir"])
def test_a_missing_sync_is_noticed(home: Path, tmp_path: Path, sync: str, folder: str) -> None:
    _, missing, damaged = lost(Recorder(home, forget=(sync, folder)), tmp_path / "cut")
    assert missing or damaged


def test_a_tail_that_was_cut_stays_cut(home: Path, tmp_path: Path) -> None:
    files = Recorder(home)
    writer = spool_of(home, files).writer()
    writer.append(facts(1), mail(1))
    writer.sync()
    writer._pending.append(segment.encode(bytes(16), facts(2), mail(2))[:-1])
    writer._flush()
    writer._finish()
    recovered = Recorder(home)
    recovered.journal, recovered._at, recovered._next = files.journal, files._at, files._next
    recovered.mark({1})
    assert len(spool_of(home, recovered).recover()) == 1
    for _, found in cuts(recovered):
        for path, content in found.items():
            assert path.suffix != ".seg" or segment.scan(content) == len(content)


def test_every_acknowledgement_has_its_sync_behind_it(home: Path) -> None:
    files = Recorder(home)
    life(files)
    unsynced: set[int] = set()
    new_names: set[Path] = set()
    for verb, *args in files.journal:
        if verb in ("append", "truncate"):
            unsynced.add(args[0])
        elif verb == "datasync":
            unsynced.discard(args[0])
        elif verb == "name":
            new_names.add(args[0].parent)
        elif verb == "rename":
            assert args[2] not in unsynced, "renamed before its content was synced"
            new_names.add(args[1].parent)
        elif verb == "sync_dir":
            new_names.discard(args[0])
        elif verb == "mark":
            assert not unsynced
            assert not new_names
    assert not new_names
    assert [verb for verb, *_ in files.journal].count("mark") == 5
    for (verb, *args), following in pairwise(files.journal):
        if verb == "rename":
            assert following == ("sync_dir", args[1].parent)


def test_a_spool_file_goes_only_when_its_pack_is_on_the_disk(home: Path) -> None:
    files = Recorder(home)
    life(files)
    safe: set[str] = set()
    named: set[str] = set()
    gone = 0
    for verb, *args in files.journal:
        if verb == "name" and args[0].name.endswith(".pack"):
            named.add(args[0].stem)
        elif verb == "sync_dir" and args[0].name == "packs":
            safe |= named
        elif verb == "unname" and args[0].suffix == ".seg":
            assert args[0].stem in safe
            gone += 1
    assert gone == 3
