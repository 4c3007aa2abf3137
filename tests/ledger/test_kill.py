"""A process that commits and compacts is killed outright, again and again; every commit it reported is there once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from junkhound.ledger import Ledger
from support.ledgers import config_for

CHILD = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from junkhound.ledger import Ledger
from support.ledgers import config_for
from support.sightings import NOON, sighting, unit
ledger = Ledger.open(config_for(Path(sys.argv[1])))
start = int(sys.argv[3])
for segment in range(start, start + 10_000):
    rows = [sighting(10 * segment + n, day=segment % 70) for n in range(5)]
    ledger.commit([unit(ledger.store, segment, rows)])
    print(segment, flush=True)
    if segment % 4 == 0:
        ledger.compact(NOON)
"""
ROWS = 5


def run_and_kill(home: Path, start: int, after_s: float) -> list[int]:
    """Segments that the child reported before it was killed."""
    tests = str(Path(__file__).parents[1])
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(home), tests, str(start)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    rest, _ = child.communicate()
    return [int(line) for line in (first + rest).split(b"\n") if line.strip()]


@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_what_was_committed_survives_a_kill_and_counts_once(tmp_path: Path, rounds: int) -> None:
    home, told = tmp_path / "home", set()
    dice = random.Random(rounds)
    for turn in range(rounds):
        told.update(run_and_kill(home, 1 + 10_000 * turn, dice.uniform(0.0, 0.6)))
        with Ledger.open(config_for(home)) as ledger:
            snapshot = ledger.snapshot()
            assert snapshot.rows("sightings") == snapshot.rows("ids")
            rows = ledger.query().newest(ledger.query().top(limit=1)[0].address, limit=10**6)
            assert len(rows) == len({row.id for row in rows}) == snapshot.rows("sightings")
            assert {row.id_lo // 10 for row in rows} >= told
            assert len(rows) % ROWS == 0
            assert sum(day.messages for day in ledger.query().days(rows[0].address)) == len(rows)
    with Ledger.open(config_for(home)) as ledger:
        assert ledger.compact(0, full=True)
        assert len(ledger.query().newest(rows[0].address, limit=10**6)) == len(rows)
