"""The ledger at size: made-up sightings through the real commit and compaction, then the questions people ask.

    python bench/ledger.py --rows 20000000 --home /var/tmp/jh-bench

Sources follow a Zipf law (exponent 1.12) over 24 months; the heaviest has about an eighth of all rows. Prints
JSON; CPU seconds are those of this process and its threads.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import shutil
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.config import Config, Store
from junkhound.kernel.net import Address
from junkhound.ledger import Ledger, UnitEntry, objects
from junkhound.tables import KEYS, SESSIONS, SIGHTINGS, TEMPLATES

START = 1_104_537_600_000_000  # 2005-01-01
SPAN = 730 * DAY
ZIPF = 1.12
SEGMENT_ROWS = 250_000


def _mix(numbers: np.ndarray[Any, Any], salt: int) -> np.ndarray[Any, Any]:
    """64 well-mixed bits of each number (splitmix64)."""
    with np.errstate(over="ignore"):
        z = numbers.astype(np.uint64) + np.uint64(salt) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def sources(rng: np.random.Generator, rows: int, universe: int) -> np.ndarray[Any, Any]:
    """Source numbers by a bounded Zipf law, by inversion."""
    weights = np.arange(1, universe + 1, dtype=np.float64) ** -ZIPF
    cumulative = np.cumsum(weights)
    return np.searchsorted(cumulative, rng.random(rows) * cumulative[-1]).astype(np.uint64)


def rows_of(rng: np.random.Generator, start: int, rows: int, universe: int) -> dict[str, Any]:
    """Columns of one segment; each source lives for some weeks to years and sends in bursts."""
    source = sources(rng, rows, universe)
    born, life = lives(source)
    at = START + np.clip(born + (rng.random(rows) * life).astype(np.int64), 0, SPAN - 1)
    return columns_of(rng, start, source, at)


def lives(source: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """When each source began, and for how long it sends."""
    life = (np.uint64(14 * DAY) + _mix(source, 2) % np.uint64(SPAN)).astype(np.int64)
    return (_mix(source, 3) % np.uint64(SPAN)).astype(np.int64) - life // 2, life


def columns_of(
    rng: np.random.Generator, start: int, source: np.ndarray[Any, Any], at: np.ndarray[Any, Any]
) -> dict[str, Any]:
    """Columns of sightings of these sources at these moments."""
    rows = len(source)
    number = np.arange(start, start + rows, dtype=np.uint64)
    h = _mix(source, 1)
    v4 = (np.uint64(0x0B000000) + h % np.uint64(0xA0000000)) & np.uint64(0xFFFFFFFF)
    six = (h >> np.uint64(40)) % np.uint64(100) < np.uint64(3)
    hi = np.where(six, np.uint64(0x20010DB800000000) | (h >> np.uint64(34)), np.uint64(0))
    lo = np.where(six, np.uint64(1), np.uint64(0xFFFF00000000) | v4)
    at = at // HOUR * HOUR + rng.integers(0, HOUR, rows)
    vantage = _mix(rng.integers(0, 200, rows).astype(np.uint64), 4) >> np.uint64(1)
    none = rng.random(rows) < 0.01
    net = v4 >> np.uint64(10)
    text = rng.random(rows) < 0.97
    template = np.where(text, _mix((rng.pareto(0.7, rows) * 50).clip(0, 2**40).astype(np.uint64), 5), 0)
    return {
        "id_hi": _mix(number, 6), "id_lo": _mix(number, 7),
        "addr_hi": np.ma.array(hi, mask=none), "addr_lo": np.ma.array(lo, mask=none),
        "seen_at": np.ma.array(at, mask=rng.random(rows) < 0.002),
        "ingested_at": at + rng.integers(0, 10_000_000, rows),
        "kind": np.where(rng.random(rows) < 0.95, 0, 1), "standing": np.zeros(rows), "path": 1 + (h % 3),
        "state": np.zeros(rows), "confidence": np.where(rng.random(rows) < 0.9, 9990, 9000),
        "clues": _mix(source, 8) & np.uint64(0x3FF), "defects": rng.choice([0, 0, 0, 512, 16], rows),
        "asn": _mix(net, 9) % np.uint64(30_000), "prefix": 96 + 16 + (net % np.uint64(8)),
        "country": 0x4141 + (_mix(net, 10) % np.uint64(150)), "operator": _mix(net, 11) % np.uint64(4),
        "routes": np.full(rows, 3), "intake": vantage, "analysis": np.full(rows, 1), "vantage": vantage,
        "trap": _mix(rng.integers(0, 20_000, rows).astype(np.uint64), 12) >> np.uint64(1),
        "recipients": rng.choice([1, 1, 1, 2, 5], rows), "trap_country": 0x4141 + (vantage % np.uint64(9)),
        "resend": np.zeros(rows), "count": np.ones(rows), "size": rng.lognormal(8.4, 0.9, rows).clip(200, 1e6),
        "hops": rng.integers(1, 6, rows), "template": template, "auth_domain": np.where(rng.random(rows) < 0.2, h, 0),
        "segment": np.uint64(0x01000000 << 22) + number // np.uint64(1000), "ordinal": number % np.uint64(1000),
        "repeat": _mix(number, 13), "source_class": np.zeros(rows),
    }  # fmt: skip


def sides_of(rng: np.random.Generator, columns: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Four keys and one session a sighting, one template a distinct text of the segment."""
    rows = len(columns["id_hi"])
    day = (np.ma.getdata(columns["seen_at"]) // DAY).astype(np.int32)
    which = np.repeat(np.arange(rows), 4)
    keys = _mix((rng.pareto(0.6, 4 * rows) * 40).clip(0, 2**40).astype(np.uint64), 20)
    template, first = np.unique(columns["template"], return_index=True)
    zero = np.zeros(rows, np.uint64)
    names = dict.fromkeys(SESSIONS.names, zero)
    return {
        "keys": {
            "id_hi": columns["id_hi"][which], "id_lo": columns["id_lo"][which], "day": day[which],
            "kind": np.tile(np.array([0, 1, 7, 8]), rows), "key": keys,
        },
        "sessions": names | {
            "id_hi": columns["id_hi"], "id_lo": columns["id_lo"], "day": day,
            "helo": _mix(np.ma.getdata(columns["addr_lo"]), 21), "dialect": _mix(rng.integers(0, 50, rows), 22),
            "ja4": _mix(rng.integers(0, 90, rows), 23), "client_port": rng.integers(1024, 65535, rows),
            "local_port": np.full(rows, 25), "timing": rng.integers(1, 12, rows),
        },
        "templates": {
            "template": template, "words": rng.integers(5, 900, len(template)), "day": day[first],
            "id_hi": columns["id_hi"][first], "id_lo": columns["id_lo"][first],
            "subject": ["a subject"] * len(template),
            "sketch": [rng.bytes(512) for _ in template] if len(template) < 2000 else [bytes(512)] * len(template),
        },
    }  # fmt: skip


_TABLES = {table.name: table for table in (SIGHTINGS, KEYS, SESSIONS, TEMPLATES)}


def fill(ledger: Ledger, rows: int, universe: int, sides: bool, every: int) -> dict[str, Any]:
    """Commit ``rows`` made-up rows; compact whenever ``every`` rows are fresh."""
    rng = np.random.default_rng(7)
    spent = {"make": 0.0, "put": 0.0, "commit": 0.0, "compact": 0.0}
    fresh = 0
    for number, start in enumerate(range(0, rows, SEGMENT_ROWS), 1):
        with cpu(spent, "make"):
            columns = rows_of(rng, start, min(SEGMENT_ROWS, rows - start), universe)
            extra = sides_of(rng, columns) if sides else {}
        with cpu(spent, "put"):
            name = f"{number:016x}"
            put = tuple(
                objects.write(ledger.store, _TABLES[t], typed(t, c), objects.fresh_path(START, name, 1, t))
                for t, c in {"sightings": columns, **extra}.items()
            )
        with cpu(spent, "commit"):
            count = len(columns["id_hi"])
            ledger.commit([UnitEntry(number, name, put, None, (), (), count, {})])
        fresh += count
        if fresh >= every or start + SEGMENT_ROWS >= rows:
            with cpu(spent, "compact"):
                ledger.compact(START + SPAN)
            fresh = 0
    return {f"{name}_us_a_row": round(1e6 * seconds / rows, 3) for name, seconds in spent.items()}


def typed(table: str, columns: dict[str, Any]) -> dict[str, Any]:
    kinds = {"u8": np.uint8, "u16": np.uint16, "u32": np.uint32, "u64": np.uint64, "i32": np.int32, "i64": np.int64}
    typed = {}
    for column in _TABLES[table].columns:
        values = columns[column.name]
        typed[column.name] = values.astype(kinds[column.type]) if hasattr(values, "astype") else values
    return typed


class cpu:
    """Add the CPU seconds of a block to a sum."""

    def __init__(self, sums: dict[str, float], name: str) -> None:
        self.sums, self.name = sums, name

    def __enter__(self) -> None:
        self.start = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.sums[self.name] = self.sums.get(self.name, 0.0) + time.process_time() - self.start


def timed(act: Callable[[], Any], times: int = 3) -> dict[str, float]:
    """Median wall and CPU milliseconds."""
    walls, cpus = [], []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        act()
        walls.append((time.perf_counter() - wall) * 1e3)
        cpus.append((time.process_time() - cpu) * 1e3)
    return {"wall_ms": round(statistics.median(walls), 1), "cpu_ms": round(statistics.median(cpus), 1)}


def look_ups(ledger: Ledger, universe: int, count: int) -> dict[str, Any]:
    """Daily series and newest rows of addresses as people ask for them: drawn by how much they send."""
    rng = np.random.default_rng(3)
    picks = rows_of(rng, 0, count, universe)
    addresses = [Address(int(hi), int(lo)) for hi, lo in zip(picks["addr_hi"].data, picks["addr_lo"].data, strict=True)]
    heavy = rows_of(np.random.default_rng(0), 0, 1000, universe)
    values, counts = np.unique(heavy["addr_lo"].data, return_counts=True)
    heaviest = Address(0, int(values[np.argmax(counts)]))
    query = ledger.query()
    answer: dict[str, Any] = {}
    light = [Address(int(a), int(b)) for a, b in _light(ledger, count)]
    for name, act in (("days", query.days), ("newest", lambda a: query.newest(a, 1000))):
        ledger.engine.close()
        cold = timed(lambda act=act: act(addresses[0]), 1)
        for some, words in ((addresses, "by volume"), (light, "light")):
            for address in (*some, *some):
                act(address)  # warm: asked for before
            took = [timed(lambda a=a, act=act: act(a), 1) for a in some]
            walls, cpus = (sorted(t[unit] for t in took) for unit in ("wall_ms", "cpu_ms"))
            answer[f"{name}, {words}"] = {
                "p50_ms": walls[len(walls) // 2], "p99_ms": walls[int(len(walls) * 0.99)],
                "p50_cpu_ms": cpus[len(cpus) // 2], "p99_cpu_ms": cpus[int(len(cpus) * 0.99)],
            }  # fmt: skip
        answer[f"{name}, cold"] = cold
        answer[f"{name}, heaviest"] = timed(lambda act=act: act(heaviest))
    return answer


def _light(ledger: Ledger, count: int) -> list[tuple[int, int]]:
    """Addresses of the long tail: any source with the same chance."""
    rows = ledger.engine.rows(
        "SELECT addr_hi, addr_lo FROM (SELECT DISTINCT addr_hi, addr_lo FROM"
        f" {ledger.engine.source(SIGHTINGS, ledger.snapshot().of('sightings')[:1])} WHERE addr_hi IS NOT NULL"
        f" ORDER BY hash(addr_lo) LIMIT {count})"
    )
    random.Random(1).shuffle(rows)
    return rows


def ids(ledger: Ledger, rows: int) -> dict[str, Any]:
    """Known-id look-ups a second in batches of 10,000, half of them known."""
    rng = np.random.default_rng(5)
    ledger.known(np.zeros(1, np.uint64), np.zeros(1, np.uint64))
    batches = [rng.integers(0, 2 * rows, 10_000).astype(np.uint64) for _ in range(20)]
    pairs = [(_mix(batch, 6), _mix(batch, 7)) for batch in batches]
    start = time.process_time()
    found = sum(int(ledger.manifest.index.known(hi, lo).sum()) for hi, lo in pairs)
    spent = time.process_time() - start
    return {"a_second": round(200_000 / spent), "known": found, "ids": len(ledger.manifest.index)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--home", default="/tmp/junkhound-bench-ledger")
    parser.add_argument("--keep", action="store_true", help="use the home as it is, and leave it")
    parser.add_argument("--sides", action="store_true", help="keys, sessions and templates too")
    parser.add_argument("--look-ups", type=int, default=200)
    parser.add_argument("--compact-every", type=int, default=2_000_000)
    options = parser.parse_args()
    universe = max(1000, options.rows // 15)
    home = Path(options.home)
    config = dataclasses.replace(Config(), store=Store(home=str(home)))
    answer: dict[str, Any] = {"rows": options.rows, "date": time.strftime("%Y-%m-%d")}
    if not options.keep:
        shutil.rmtree(home, ignore_errors=True)
    with Ledger.open(config) as ledger:
        if not ledger.snapshot().rows("sightings"):
            wall = time.perf_counter()
            answer["fill"] = fill(ledger, options.rows, universe, options.sides, options.compact_every)
            answer["fill"]["wall_s"] = round(time.perf_counter() - wall, 1)
        with cpu(answer.setdefault("nightly", {}), "cpu_s"):
            ledger.compact(START + SPAN, full=True)
        snapshot = ledger.snapshot()
        count = snapshot.rows("sightings")
        answer["objects"] = len(snapshot.objects)
        answer["bytes_a_sighting"] = {
            name: round(snapshot.size([name]) / count, 1)
            for name in ("sightings", "keys", "sessions", "templates", "ids", "cold", "hot")
        }
        answer["ids"] = ids(ledger, options.rows)
        answer["look_ups"] = look_ups(ledger, universe, options.look_ups)
        query = ledger.query()
        for by in ("volume", "persistence", "recent"):
            answer[f"top {by}"] = timed(lambda by=by: query.top(by))
        answer["count country by all"] = timed(lambda: query.counts("country"))
        answer["count month"] = timed(lambda: query.counts("month"))
        until = START + SPAN
        answer["units, 14 days, two witnesses"] = timed(lambda: query.units(until - 14 * DAY, until, least=2))
        answer["networks"] = timed(lambda: query.networks())
    print(json.dumps(answer, indent=1))
    if not options.keep:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
