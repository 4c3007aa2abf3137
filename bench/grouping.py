"""Clustering at size: made-up mail of many campaigns as rows of a ledger, put into campaigns, botnets and actors.

    python -m bench.grouping --rows 2000000

Campaigns have Pareto sizes over 60 days; each mail's text is its campaign's with noise of its own, three in ten are
exact copies; a linked domain lasts a day and a half; bots of twelve nets send by their own dialects. Measured is what
``campaigns --group`` does after mail was taken in. Prints JSON: CPU seconds of this process and its threads, and its
largest memory.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import resource
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench import ledger as made
from junkhound.kernel.clock import DAY
from junkhound.kernel.config import Config, Store
from junkhound.ledger import Ledger, UnitEntry, objects
from junkhound.verbs import actors, botnets, grouping
from junkhound.verbs.office import Office

DAYS = 60
NETS = 12
COPIES = 0.3  # of mails that are word by word like another
NOISE = 0.35  # of the words of a text that are its own
Columns = dict[str, Any]


class Mail:
    """Campaigns to draw mail from."""

    def __init__(self, campaigns: int, seed: int = 7) -> None:
        self.rng = np.random.default_rng(seed)
        self.weight = np.cumsum(self.rng.pareto(1.1, campaigns) + 1)
        self.core = self.rng.integers(0, 1 << 32, (campaigns, 128), dtype=np.uint32)
        self.begin = self.rng.random(campaigns) * DAYS * 0.9
        self.length = np.clip(2.0 * np.exp(1.6 * self.rng.standard_normal(campaigns)), 0.2, DAYS)
        self.net = self.rng.integers(0, NETS, campaigns)

    def rows(self, start: int, rows: int) -> tuple[Columns, dict[str, Columns]]:
        """One segment of sightings, and its keys, sessions and templates."""
        rng = self.rng
        columns = made.rows_of(rng, start, rows, 1_000_000)
        number = np.arange(start, start + rows, dtype=np.uint64)
        which = np.searchsorted(self.weight, rng.random(rows) * self.weight[-1])
        day = np.minimum(self.begin[which] + rng.random(rows) * self.length[which], DAYS - 0.01)
        at = made.START + (day * DAY).astype(np.int64)
        copy = rng.random(rows) < COPIES
        text = made._mix(np.where(copy, which + (day.astype(np.int64) << 20), number + np.uint64(1 << 40)), 30)
        bot = self.net[which] * 100_000 + (rng.random(rows) ** 2 * 20_000).astype(np.int64)
        address = np.uint64(0xFFFF00000000) | (np.uint64(0x0B000000) + made._mix(bot, 31) % np.uint64(0xA0000000))
        columns |= {
            "seen_at": at, "ingested_at": at, "template": text, "kind": np.zeros(rows), "addr_lo": address,
            "addr_hi": np.zeros(rows, np.uint64), "auth_domain": np.zeros(rows, np.uint64),
        }  # fmt: skip
        days = (at // DAY).astype(np.int32)
        first = np.unique(text, return_index=True)[1]
        noise = rng.integers(0, 1 << 32, (len(first), 128), dtype=np.uint32)
        own = rng.random((len(first), 128), dtype=np.float32) < np.where(copy[first], 0.0, NOISE)[:, None]
        sketch = np.where(own, noise, self.core[which[first]])
        ids = {"id_hi": columns["id_hi"], "id_lo": columns["id_lo"], "day": days}
        host = made._mix(which + ((day / 1.5).astype(np.int64) << 20), 32)
        keys = {name: np.repeat(values, 2) for name, values in ids.items()}
        keys |= {"kind": np.tile([1, 23], rows), "key": np.stack([host, made._mix(which, 33)], 1).reshape(-1)}
        sessions = made.sides_of(rng, {**columns, "template": columns["template"][:1]})["sessions"]
        sessions |= {**ids, "dialect": made._mix(self.net[which], 34)}
        templates = {name: values[first] for name, values in ids.items()} | {
            "template": text[first], "words": np.full(len(first), 60), "subject": ["an offer"] * len(first),
            "sketch": [row.astype("<u4").tobytes() for row in sketch],
        }  # fmt: skip
        return columns, {"keys": keys, "sessions": sessions, "templates": templates}


def fill(ledger: Ledger, rows: int, mail: Mail) -> None:
    """Commit ``rows`` made-up mails as ``ingest`` does, and compact them."""
    for number, start in enumerate(range(0, rows, made.SEGMENT_ROWS), 1):
        columns, sides = mail.rows(start, min(made.SEGMENT_ROWS, rows - start))
        put = tuple(
            objects.write(
                ledger.store, made._TABLES[t], made.typed(t, c), objects.fresh_path(made.START, f"{number:016x}", 1, t)
            )
            for t, c in {"sightings": columns, **sides}.items()
        )
        ledger.commit([UnitEntry(number, f"{number:016x}", put, None, (), (), len(columns["id_hi"]), {})])
    ledger.compact(made.START + DAYS * DAY, full=True)


def measured(act: Callable[[], Any]) -> dict[str, float]:
    """CPU and wall seconds of a call."""
    cpu, wall = time.process_time(), time.perf_counter()
    act()
    return {"cpu_s": round(time.process_time() - cpu, 1), "wall_s": round(time.perf_counter() - wall, 1)}


def main() -> None:
    """Run it and print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--campaigns", type=int, default=600)
    parser.add_argument("--home", default="/tmp/junkhound-bench-grouping")
    options = parser.parse_args()
    home = Path(options.home)
    shutil.rmtree(home, ignore_errors=True)
    config = dataclasses.replace(Config(), store=Store(home=str(home)))
    office = Office(config, made.START + DAYS * DAY)
    fill(office.ledger, options.rows, Mail(options.campaigns))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer: dict[str, Any] = {"rows": options.rows, "memory_mb_before": before >> 10}
    answer["campaigns"] = measured(lambda: answer.update(found=grouping.group(office).born))
    answer["botnets"] = measured(lambda: botnets.find(office))
    answer["actors"] = measured(lambda: actors.find(office))
    answer["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    office.ledger.close()
    shutil.rmtree(home, ignore_errors=True)
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
