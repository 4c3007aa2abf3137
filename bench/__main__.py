"""Every benchmark of this folder in one run: JSON in bench/out/, and docs/figures.md with machine and date.

    python -m bench [NAME ...]

Medians; CPU time is what counts, wall time depends on who else is at work. Peers run in the same run.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs/figures.md"
MARK = "<!-- measured: made by `make bench`, do not edit below -->"


def machine() -> dict[str, str]:
    """What the figures were measured on, and when."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": f"{os.cpu_count()} x {model or platform.machine()}",
        "memory": f"{memory:.0f} GiB",
        "Python": platform.python_version(),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def run(name: str) -> Any:
    """The JSON of one benchmark."""
    source = (HERE / f"{name}.py").read_text("utf-8")
    flags = ["--json"] if '"--json"' in source else []
    done = subprocess.run([sys.executable, "-m", f"bench.{name}", *flags], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def rows(found: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The figures of nested JSON, each with the words that lead to it."""
    if isinstance(found, dict):
        for word, value in found.items():
            yield from rows(value, f"{path}, {word}" if path else str(word))
    elif isinstance(found, list):
        for place, value in enumerate(found, 1):
            yield from rows(value, f"{path} {place}")
    else:
        yield path.replace("_", " "), f"{found:,.4g}" if isinstance(found, float) else str(found)


def page(measured: dict[str, Any], where: dict[str, str]) -> str:
    """The measured part of docs/figures.md."""
    lines = ["## Measured", "", "; ".join(f"{word}: {value}" for word, value in where.items()), ""]
    for name, found in measured.items():
        lines += [f"### {name}", "", "| what | figure |", "|---|---|"]
        lines += [f"| {what} | {value} |" for what, value in rows(found)] + [""]
    return "\n".join(lines)


def main(names: list[str]) -> None:
    known = sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))
    where, measured = machine(), {}
    (HERE / "out").mkdir(exist_ok=True)
    for name in names or known:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            measured[name] = run(name)
        except subprocess.CalledProcessError as error:
            print(error.stderr, file=sys.stderr)
            sys.exit(f"bench: {name} failed")
        (HERE / "out" / f"{name}.json").write_text(json.dumps({"machine": where, name: measured[name]}, indent=2))
    prose = PAGE.read_text("utf-8").partition(MARK)[0].rstrip()
    if not names:
        PAGE.write_text(f"{prose}\n\n{MARK}\n\n{page(measured, where)}", "utf-8")
    print(page(measured, where))


if __name__ == "__main__":
    main(sys.argv[1:])
