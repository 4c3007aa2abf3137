"""Every benchmark in turn, each in a process of its own: bench/out/SECTION.json, and the table in docs/figures.md.

    python -m bench                            what is not measured yet of this code: about an hour
    python -m bench --again                    everything anew
    python -m bench --only analyse --only rspamd    these alone
    python -m bench --table                    nothing; the page is written from what is kept
    python -m bench --quick                    small sizes, to see that everything runs; nothing is kept

Each section's result is kept as soon as it is there, and the page is written from all that are kept, so a run that was
interrupted goes on where it ended. Beside every result stand its time and the load of the machine. Medians; CPU time is
judged, wall time printed beside it. Peers run in the same process and in turns with us.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from bench import report

ROOT = Path(__file__).parents[1]
OUT = ROOT / "bench/out"


class Section(NamedTuple):
    """One benchmark: its module and sizes, what it may take, and the program that it cannot do without."""

    module: str
    sizes: str
    quick: str
    limit_s: float = 600
    needs: str = ""


SECTIONS = {
    "analyse": Section("analyse", "--json --mails 500 --passes 7", "--json --mails 20 --passes 1"),
    "rspamd": Section("rspamd", "--json --mails 300 --rounds 5", "--json --mails 10 --rounds 1"),
    "ingest": Section("ingest", "--mails 150000", "--mails 500"),
    "million": Section("ingest", "--mails 1000000 --size 500 --once", "--mails 500 --size 500 --once", 1800),
    "ledger": Section(
        "ledger", "--rows 20000000 --look-ups 100 --home {home}", "--rows 20000 --look-ups 5 --home {home}", 900
    ),
    "decide": Section(
        "decide", "--rows 20000000 --home {home}", "--rows 20000 --turns 1 --home {home}", 1500
    ),
    "sides": Section(
        "ledger", "--rows 2000000 --look-ups 5 --sides --home {home}",
        "--rows 20000 --look-ups 5 --sides --home {home}",
    ),
    "dns": Section("dns", "--rounds 3 --seconds 2", "--rounds 1 --seconds 1 --entries 10000", needs="dnsperf"),
    "lists": Section(
        "dns", "--entries 10000000 --alone --swap --rounds 1 --seconds 2 --outstanding 400",
        "--entries 10000 --alone --swap --rounds 1 --seconds 1 --outstanding 400", needs="dnsperf",
    ),
    "smtp": Section("smtp", "--json --mails 3000 --rounds 3", "--json --mails 100 --rounds 1", needs="smtp-source"),
    "guard": Section("guard", "--json --mails 2000", "--json --mails 30"),
    "serve": Section("serve", "--rate 1500 --seconds 900", "--rate 50 --seconds 10", 1500),
}  # fmt: skip
"""In the order of the table; ``{home}`` is a folder of its own, gone afterwards."""

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def run(section: Section, quick: bool) -> dict[str, Any]:
    """``found`` is the benchmark's JSON; else ``failed`` says in a line why there is none."""
    began = time.monotonic()
    result: dict[str, Any]
    if importlib.util.find_spec(f"bench.{section.module}") is None:
        result = {"failed": f"there is no bench/{section.module}.py"}
    elif section.needs and shutil.which(section.needs, path=PATH) is None:
        result = {"failed": f"{section.needs} is not installed (make peers)"}
    else:
        with tempfile.TemporaryDirectory(prefix="junkhound-bench-", dir=os.environ.get("JUNKHOUND_BENCH_DIR")) as home:
            sizes = (section.quick if quick else section.sizes).format(home=f"{home}/ledger").split()
            result = _process([sys.executable, "-m", f"bench.{section.module}", *sizes], section.limit_s)
    return result | {"seconds": round(time.monotonic() - began, 1)}


def _process(command: list[str], limit_s: float) -> dict[str, Any]:
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True,
        env={**os.environ, "PATH": PATH},
    )  # fmt: skip
    try:
        said, talk = child.communicate(timeout=limit_s)
    except BaseException as stopped:
        os.killpg(child.pid, signal.SIGKILL)  # with the servers that it started
        child.communicate()
        if isinstance(stopped, subprocess.TimeoutExpired):
            return {"failed": f"it took more than {limit_s:.0f} s"}
        raise
    if child.returncode:
        lines = talk.strip().splitlines() or [""]
        return {"failed": f"exit status {child.returncode}: {lines[-1][:200]}"}
    try:
        return {"found": json.loads(said)}
    except json.JSONDecodeError:
        return {"failed": f"it said what is no JSON: {said[:100]!r}"}


def code() -> str:
    """Which code this is: a hash of the sources of product and benchmarks."""
    found = sha256()
    for folder in (ROOT / "src/junkhound", ROOT / "bench"):
        for file in sorted(folder.rglob("*.*")):
            if file.suffix in (".py", ".c", ".h"):
                found.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:16]


def stored(name: str) -> dict[str, Any] | None:
    """What that section found last at full size on a processor like this one; None where there is nothing."""
    file = OUT / f"{name}.json"
    if not file.is_file():
        return None
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found if found.get("machine", {}).get("processor") == report.machine()["processor"] else None


def measure(name: str, quick: bool) -> dict[str, Any]:
    """One section, with when it was taken and how busy the machine was before and after."""
    where, state, began = report.machine(), code(), datetime.now(UTC)
    result = run(SECTIONS[name], quick)
    result |= {
        "machine": where, "code": state, "at": f"{began:%Y-%m-%d %H:%M} UTC",
        "load": [where["load before"], f"{os.getloadavg()[0]:.1f}"],
    }  # fmt: skip
    if not quick:
        OUT.mkdir(parents=True, exist_ok=True)
        (OUT / f"{name}.json").write_text(json.dumps(result, indent=2))
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=list(SECTIONS), metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--again", action="store_true", help="also what is measured already of this code")
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing is kept")
    parser.add_argument("--table", action="store_true", help="measure nothing, write the page from what is kept")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended by a signal"))  # not without what it started
    measured = {} if options.quick else {name: found for name in SECTIONS if (found := stored(name)) is not None}
    chosen = [] if options.table else [name for name in SECTIONS if not options.only or name in options.only]
    if not (options.only or options.again or options.quick):
        here = code()
        chosen = [n for n in chosen if "found" not in measured.get(n, {}) or measured[n]["code"] != here]
    failed = False
    for place, name in enumerate(chosen, 1):
        print(f"{place} of {len(chosen)}: {name} ...", end=" ", file=sys.stderr, flush=True)
        measured[name] = measure(name, options.quick)
        failed |= measured[name].get("failed", "").startswith("exit")
        print(f"{measured[name]['seconds']:.0f} s {measured[name].get('failed', '')}", file=sys.stderr)
        if not options.quick:
            write_page(measured)  # an interrupted run loses one section
    if options.table:
        write_page(measured)
    print(report.table({name: measured[name] for name in SECTIONS if name in measured}))
    return 1 if failed else 0


def write_page(measured: dict[str, dict[str, Any]]) -> None:
    """The table in docs/figures.md, from everything that is kept."""
    sections = {name: measured.get(name) or {"failed": "not yet run", "seconds": 0.0} for name in SECTIONS}
    page = report.PAGE.read_text("utf-8")
    report.PAGE.write_text(report.rewrite(page, report.measured_part(sections, report.machine(), code())), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
