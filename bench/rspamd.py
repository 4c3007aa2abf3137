"""What rspamd, a filter written in C, needs for the same mails: its worker's CPU beside that of our analysis, in turns.

    python -m bench.rspamd --mails 300 --rounds 5

rspamd runs from Debian's configuration with every module it has, except those that ask the network: Redis, RBL and
SURBL, DKIM, ARC, SPF, DMARC, fuzzy, ASN. Its resolver is a loopback answerer that says NXDOMAIN at once, for without
one it waits for its timeout. Eight posts to ``/checkv2`` are under way at a time. It evaluates hundreds of rules and we
trace and attribute: the ratio says what a reader with a pile of mail gets from a core, not that the work is equal.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from accuracy.rspamd import Rspamd, running
from bench import analyse

PARALLEL = 8


def compare(server: Rspamd, pool: ThreadPoolExecutor, mails: list[bytes], rounds: int) -> dict[str, Any]:
    """Median CPU microseconds a mail of both, and the median of the rounds' ratios."""
    rows = (analyse.whole(mails, campaigns=False), analyse.whole(mails))
    symbols = statistics.fmean(pool.map(server.check, mails))
    server.settle()
    theirs_us, wall_us = [], []
    ours_us: tuple[list[float], list[float]] = ([], [])  # the spine, and the whole row
    for turn in range(rounds + 1):
        began, spent = time.monotonic(), server.cpu_s("normal")
        list(pool.map(server.check, mails))
        theirs = (server.cpu_s("normal") - spent) / len(mails) * 1e6
        wall = (time.monotonic() - began) / len(mails) * 1e6
        for row, kept in zip(rows, ours_us, strict=True):
            start = time.process_time()
            row(mails)
            if turn:
                kept.append((time.process_time() - start) / len(mails) * 1e6)
        if turn:
            theirs_us.append(theirs)
            wall_us.append(wall)
    spine, whole = ours_us
    return {
        "mails": len(mails), "mean_bytes": round(statistics.fmean(map(len, mails))), "symbols": round(symbols, 1),
        "rspamd_us": round(statistics.median(theirs_us)), "rspamd_wall_us": round(statistics.median(wall_us)),
        "analyse_us": round(statistics.median(spine), 1), "whole_us": round(statistics.median(whole), 1),
        "ratio": round(statistics.median(a / b for a, b in zip(theirs_us, spine, strict=True)), 2),
        "whole_ratio": round(statistics.median(a / b for a, b in zip(theirs_us, whole, strict=True)), 2),
    }  # fmt: skip


def figures(count: int, rounds: int) -> dict[str, Any]:
    """By corpus; ``absent`` says why there are none."""
    if shutil.which("rspamd") is None:
        return {"absent": "rspamd is not installed (make bench-peers)"}
    mails = analyse.corpora(count)
    version = subprocess.run(["rspamd", "--version"], capture_output=True, text=True, check=True).stdout
    found: dict[str, Any] = {"version": version.split("\n")[0].rpartition(" ")[2]}
    with running() as server, ThreadPoolExecutor(PARALLEL) as pool:
        for name, some in mails.items():
            found[name] = compare(server, pool, some, rounds)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = figures(options.mails, options.rounds)
    json.dump(found, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
