"""What deciding costs at size: everything at once, then what ten thousand new rows ask for, as the service does it.

    python -m bench.decide --rows 20000000 --home /var/tmp/jh-bench

The sightings of ``bench.ledger`` (heavy sources by a Zipf law, 200 vantages), in the order of time over two years, or
over ``--days``; the new rows all come in the last hour. CPU seconds are those of this process and its threads.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench import ledger as made
from junkhound.kernel import config
from junkhound.kernel.clock import DAY, HOUR, FixedClock
from junkhound.kernel.config import Config, NetworkSection, Store
from junkhound.kernel.config_lists import List
from junkhound.ledger import Ledger, UnitEntry, objects
from junkhound.verbs.office import Office
from junkhound.verbs.watching import Watch

END = made.START + made.SPAN
NEW_ROWS = 10_000
DECIDED_ANEW_S = 86_400.0
VANTAGES = ((1, "vantage", "trap one.example"), (2, "vantage", "trap two.example"))
NEW_SEGMENTS = 1 << 32  # numbers of the segments of new rows, above those of the filling


def settings(home: Path) -> Config:
    """One list for everyone, in a home of its own; the pool of processes would only blur what is measured."""
    return dataclasses.replace(
        Config(), store=Store(home=str(home)), network=NetworkSection(allow_documentation=True),
        lists={"main": List(scope="public", shadow_hours=0.0)}, engine=config.Engine(name="inline"),
    )  # fmt: skip


def fill(ledger: Ledger, rows: int, days: int, universe: int) -> None:
    """``rows`` sightings of the last ``days`` in the order of time, compacted as they come in."""
    rng = np.random.default_rng(17)
    source = made.sources(rng, rows, universe)
    born, life = made.lives(source)
    at = made.START + (born + (rng.random(rows) * life).astype(np.int64)) % made.SPAN
    at = END - ((END - at) * (days * DAY / made.SPAN)).astype(np.int64)
    order = np.argsort(at, kind="stable")
    source, at = source[order], at[order]
    for number, start in enumerate(range(0, rows, made.SEGMENT_ROWS), 1):
        some = slice(start, min(start + made.SEGMENT_ROWS, rows))
        commit(ledger, number, made.columns_of(rng, start, source[some], at[some]))
        if number % 8 == 0:
            ledger.compact(END)
    ledger.compact(END, full=True)


def commit(ledger: Ledger, number: int, columns: dict[str, Any]) -> None:
    """One segment of sightings."""
    name = f"{number:016x}"
    path = objects.fresh_path(made.START, name, 1, "sightings")
    put = (objects.write(ledger.store, made.SIGHTINGS, made.typed("sightings", columns), path),)
    ledger.commit([UnitEntry(number, name, put, None, VANTAGES, (), len(columns["id_hi"]), {})])


def arrive(ledger: Ledger, turn: int, rows: int, universe: int, at: int) -> None:
    """Ten thousand new rows in the hour before ``at``, by the same law."""
    rng = np.random.default_rng(1_000 + turn)
    source = made.sources(rng, NEW_ROWS, universe)
    commit(ledger, NEW_SEGMENTS + turn, made.columns_of(
        rng, rows + turn * NEW_ROWS, source, np.full(NEW_ROWS, at - HOUR)
    ))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument(
        "--days", type=int, default=made.SPAN // DAY, help="the time that the sightings are spread over"
    )
    parser.add_argument("--turns", type=int, default=5, help=f"how often {NEW_ROWS:,} rows come")
    parser.add_argument("--home", default="/tmp/junkhound-bench-decide")
    parser.add_argument("--keep", action="store_true", help="use the home as it is, and leave it")
    asked = parser.parse_args()
    home, universe = Path(asked.home), max(1000, asked.rows // 15)
    if not asked.keep:
        shutil.rmtree(home, ignore_errors=True)
    answer: dict[str, Any] = {"rows": asked.rows, "days": asked.days}
    with Ledger.open(settings(home)) as ledger:
        before = ledger.snapshot().rows("sightings")
        if not before:
            with made.cpu(answer.setdefault("fill", {}), "cpu_s"):
                fill(ledger, asked.rows, asked.days, universe)
    answer |= rounds(home, asked.rows, universe, asked.turns, max(0, before - asked.rows) // NEW_ROWS)
    print(json.dumps(answer, indent=1))
    if not asked.keep:
        shutil.rmtree(home, ignore_errors=True)


def rounds(home: Path, rows: int, universe: int, turns: int, first: int) -> dict[str, Any]:
    """The rounds of a decider: the full one that it begins with, then those after new rows."""
    watch, found = Watch(), []
    moment = END + first * 60_000_000
    office = Office(settings(home), moment)
    for turn in range(first, first + turns + 1):
        office.clock = FixedClock(moment + (turn - first) * 60_000_000)
        if found:
            arrive(office.ledger, turn, rows, universe, moment)
        wall, spent = time.perf_counter(), time.process_time()
        (done,) = watch.round(office, DECIDED_ANEW_S)
        found.append({
            "cpu_s": round(time.process_time() - spent, 2), "wall_s": round(time.perf_counter() - wall, 2),
            "decisions": len(done.decisions), "listed": len(done.applied.listed), "entries": done.entries,
        })  # fmt: skip
    office.ledger.close()
    later = found[1:]
    return {
        "full": found[0], "after_new_rows": later,
        "median_cpu_s": statistics.median(one["cpu_s"] for one in later) if later else None,
    }  # fmt: skip


if __name__ == "__main__":
    main()
