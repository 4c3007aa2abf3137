"""A mail whose 250 a client heard survives a power cut at any moment; a sync left out turns this red."""

from __future__ import annotations

import shutil
import smtplib
import threading
from pathlib import Path

import pytest

from junkhound.intake import trap
from junkhound.kernel.config import Store
from junkhound.ledger.spool import Spool
from junkhound.wire import segment
from support.power import Recorder, cuts, lay_out
from support.traps import Running, policy

SETTINGS = Store(segment_mails=4)
CLIENTS, MAILS = 4, 3


def life(files: Recorder) -> None:
    """Clients write at the same time; each mail's 250 is marked when its client has heard it."""
    ticks = iter(range(10_000_000))
    spool = Spool(files.root, SETTINGS, files, wall_ms=lambda: 1_136_073_600_000 + next(ticks), monotonic=lambda: 0.0)
    writer = spool.writer()
    running = Running(trap.Gate("lures", policy(), secret=b"k" * 32), writer=writer)

    def client(number: int) -> None:
        with smtplib.SMTP("127.0.0.1", running.port, f"bot{number}.example", timeout=10) as session:
            for count in range(MAILS):
                text = f"Subject: {number} {count}\r\n\r\n{'x' * count}\r\n"
                session.sendmail("a@b.example", ["x@trap.example"], text)
                files.mark(text.encode())

    try:
        clients = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
        for each in clients:
            each.start()
        for each in clients:
            each.join(20)
    finally:
        running.stop()
    writer.close()


def whole(content: bytes) -> set[bytes]:
    """The mails of a sealed segment up to where it is damaged."""
    return {record.mail for record in segment.records(content[: segment.scan(content)])}


def missing(files: Recorder, scratch: Path) -> tuple[int, set[bytes]]:
    """(states that a power cut may leave, mails of which a client heard 250 and that some state does not hold)."""
    life(files)
    tried, lost = 0, set[bytes]()
    for marks, found in cuts(files):
        tried += 1
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        lay_out(found, scratch)
        spool = Spool(scratch, SETTINGS)
        spool.recover()
        held = set().union(*(whole(spool.read(name)) for name in spool.sealed()))
        lost |= set(marks) - held
    assert len(marks) == CLIENTS * MAILS
    return tried, lost


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_no_power_cut_loses_a_mail_that_was_acknowledged(home: Path, tmp_path: Path) -> None:
    tried, lost = missing(Recorder(home), tmp_path / "cut")
    assert not lost
    assert tried > 20


@pytest.mark.parametrize("sync", ["datasync", "sync_dir"])
def test_a_missing_sync_is_noticed(home: Path, tmp_path: Path, sync: str) -> None:
    assert missing(Recorder(home, forget=(sync, "spool")), tmp_path / "cut")[1]
