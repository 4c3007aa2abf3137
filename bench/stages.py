"""Where the time of an ingest goes beside judging: CPU by process and by stage, with judging replaced by a null.

    python -m bench.stages --mails 20000

The null hands out rows that were judged once, each under the id of its own mail, so that everything around judging has
its real work: reading, hashing, the spool, leaves, compression, rows on their way between processes, Parquet, the
manifest, merging. Stages are timed in one process, each without those inside it; processes are those of a real run.
mail-parser's bare parse of the same mails, taken before and after, says how fast the machine was meanwhile.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import json
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from bench.ingest import installed, spam, write

ROOT = Path(__file__).parents[1]

# --- stages, in one process ----------------------------------------------------------------------------------

STAGES = (
    ("junkhound.verbs.ingest", "open_sources", "read: files into mails"),
    ("junkhound.verbs.ingest", "_Run._prepared", "identify: sha256, facts, id"),
    ("junkhound.verbs.ingest", "_Run._unknown", "identify: known or new"),
    ("junkhound.verbs.ingest", "_Run._read", "hand over: segments and tasks"),
    ("junkhound.ledger.spool", "SegmentWriter.append", "spool: record, write, sync"),
    ("junkhound.ledger.spool", "SegmentWriter.extend", "spool: record, write, sync"),
    ("junkhound.ledger.spool", "SegmentWriter.seal", "spool: record, write, sync"),
    ("junkhound.verbs.unit", "UnitOfWork.__call__", "unit: rows of a segment put together"),
    ("junkhound.verbs.unit", "UnitOfWork._judged", "judge: records, facts (the judge is null)"),
    ("junkhound.verbs.rows", "chunk", "rows from parser to worker: encode"),
    ("junkhound.verbs.parser", "encoded", "rows from parser to worker: encode"),
    ("junkhound.verbs.unit", "UnitOfWork._checked", "rows from parser to worker: decode"),
    ("junkhound.verbs.unit", "write_pack", "pack: records, index, put"),
    ("junkhound.evidence.seal", "leaf_of", "pack: leaves and root"),
    ("junkhound.evidence.seal", "leaves", "pack: leaves and root"),
    ("junkhound.evidence.seal", "root", "pack: leaves and root"),
    ("junkhound.wire.pack", "Packer.frame", "pack: zstd"),
    ("junkhound.ledger.objects", "write", "rows: Arrow, Parquet, put"),
    ("junkhound.verbs.judge", "Judge.commit", "commit: manifest"),
    ("junkhound.verbs.judge", "Judge.settle", "commit: manifest"),
    ("junkhound.verbs.ingest", "tidy", "merge: months and sums"),
    ("bench.nulled", "null", "null"),
)


class Clock:
    """CPU seconds by stage, each without what is called inside it and without what looking at the clock costs."""

    def __init__(self, inside: float = 0.0, outside: float = 0.0) -> None:
        self.us: dict[str, float] = defaultdict(float)
        self.stack: list[str] = ["rest"]
        self.inside, self.outside = inside, outside
        self.at = time.process_time()

    @classmethod
    def fair(cls) -> Clock:
        """One that knows what a timed call costs by itself, in its own stage and in its caller's."""
        trial = cls()
        nothing = trial.wrap(lambda: None, "nothing")
        for _ in range(20_000):
            nothing()
        trial.enter("nothing")
        return cls(trial.us["nothing"] / 20_000, trial.us["rest"] / 20_000)

    def enter(self, stage: str) -> None:
        now = time.process_time()
        self.us[self.stack[-1]] += now - self.at - self.outside
        self.stack.append(stage)
        self.at = now

    def leave(self) -> None:
        now = time.process_time()
        self.us[self.stack.pop()] += now - self.at - self.inside
        self.at = now

    def wrap(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        """The function, timed; a generator is timed while it works."""

        @functools.wraps(function)
        def timed(*given: Any, **named: Any) -> Any:
            self.enter(stage)
            try:
                answer = function(*given, **named)
            finally:
                self.leave()
            return self._drawn(answer, stage) if hasattr(answer, "send") else answer

        return timed

    def _drawn(self, source: Any, stage: str) -> Iterator[Any]:
        try:
            while True:
                self.enter(stage)
                try:
                    one = next(source, self)
                finally:
                    self.leave()
                if one is self:
                    return
                yield one
        finally:
            source.close()


def _patch(clock: Clock) -> None:
    for module, path, stage in STAGES:
        place: Any = importlib.import_module(module)
        *above, name = path.split(".")
        for step in above:
            place = getattr(place, step, None)
        if place is not None and hasattr(place, name):
            setattr(place, name, clock.wrap(getattr(place, name), stage))


def stages(path: Path, home: Path) -> dict[str, float]:
    """CPU seconds by stage of a run in this process."""
    from junkhound import sighting
    from junkhound.tables import Kind
    from junkhound.verbs import ingest, parser, unit  # loaded before the clock runs
    from junkhound.verbs.office import open_office

    toml = home.parent / f"{home.name}.toml"
    toml.write_text(f'[store]\nhome = "{home}"\n[engine]\nname = "inline"\nisolate = false\n')
    with contextlib.suppress(ImportError):
        import duckdb  # noqa: F401
    parser.start(_orders(open_office(str(toml))))  # as a worker that is warm
    clock = Clock.fair()
    _patch(clock)
    sighting.judge = importlib.import_module("bench.nulled").null
    judged = unit.UnitOfWork._judged

    def through(self: Any, fd: int, request: Any) -> Iterator[Any]:
        for chunk in judged(self, fd, request):
            yield self._checked(parser.encoded(chunk))

    unit.UnitOfWork._judged = through  # type: ignore[method-assign]
    office = open_office(str(toml))
    _ = office.ledger
    clock.at = time.process_time()
    ingest.ingest(office, ingest.Request((str(path),), Kind.JUNK, "bench", None, ("127.0.0.0/8",)))
    clock.enter("rest")
    return dict(clock.us)


def _orders(office: Any) -> Any:
    from junkhound.verbs import data, intakes

    return intakes.orders(office, intakes.plans(office), data.route_tables(office))


# --- processes, of a real run --------------------------------------------------------------------------------


def processes(path: Path, home: Path, judged: bool) -> dict[str, float]:
    """CPU seconds of a real run by kind of process; ``sum`` is what the system says of all of them."""
    toml = home.parent / f"{home.name}.toml"
    toml.write_text(f'[store]\nhome = "{home}"\n[engine]\nworkers = 2\n')
    env = {**installed(home.parent), "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    module = "junkhound" if judged else "bench.nulled"
    options = ["ingest", "--as", "junk", "--mailbox", "bench", "--relay", "127.0.0.0/8", "--json", str(path)]
    pid = os.posix_spawn(
        sys.executable, [sys.executable, "-m", module, "--config", str(toml), *options],
        env, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
    )  # fmt: skip
    seen: dict[int, tuple[str, float]] = {}
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(pid, seen, over), daemon=True)
    watcher.start()
    _, status = os.waitpid(pid, 0)
    wall = time.monotonic() - began
    over.set()
    watcher.join()
    if status:
        raise SystemExit(f"the run ended with {status}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu: dict[str, float] = defaultdict(float)
    for role, seconds in seen.values():
        cpu[role] += seconds
    total = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**cpu, "not seen": total - sum(cpu.values()), "sum": total, "wall": wall}


def _watch(pid: int, seen: dict[int, tuple[str, float]], over: threading.Event) -> None:
    tick = os.sysconf("SC_CLK_TCK")
    while not over.wait(0.02):
        todo = [pid]
        while todo:
            one = todo.pop()
            with contextlib.suppress(OSError, IndexError, ValueError):
                words = Path(f"/proc/{one}/stat").read_text().rpartition(")")
                fields = words[2].split()
                role = "parent" if one == pid else _role(one, words[0].partition("(")[2])
                role = seen[one][0] if one in seen and role == "others" else role  # one that has ended tells no command
                seen[one] = (role, (int(fields[11]) + int(fields[12])) / tick)
                todo += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())


def _role(pid: int, name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    return next((role for mark, role in _COMMANDS.items() if mark in command), "others")


_NAMES = {"junkhound-nurse": "nursery", "junkhound-work": "worker", "junkhound-parse": "parser"}
_COMMANDS = {b"nursery": "nursery", b"jail": "parser"}


# --- the table -----------------------------------------------------------------------------------------------


def yardstick(mails: list[bytes], count: int = 100) -> float | None:
    """Microseconds of mail-parser's bare parse a mail; None where it is not installed."""
    try:
        import mailparser
    except ImportError:
        return None
    some = (mails * count)[:count]
    began = time.process_time()
    for mail in some:
        mailparser.parse_from_bytes(mail)
    return (time.process_time() - began) / count * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mails", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("stages", "processes"))
    parser.add_argument("--judged", action="store_true", help="processes with real judging too")
    parser.add_argument("--stages", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stages:
        print(json.dumps(stages(Path(options.stages[0]), Path(options.stages[1]))))
        return
    mails, source = spam()
    found: dict[str, Any] = {"source": source, "mails": options.mails}
    first = yardstick(mails)
    with tempfile.TemporaryDirectory(prefix="junkhound-bench-") as folder:
        path = Path(folder) / "in.mbox"
        found["mean_bytes"] = round(write(path, cycle(mails), options.mails) / options.mails)
        if options.only != "stages":
            found["processes_us"] = _medians(
                [processes(path, Path(folder) / f"h{n}", False) for n in range(options.rounds)], options.mails
            )
            again = [processes(path, Path(folder) / "h0", True) for n in range(options.rounds)]
            found["processes_known_us"] = _medians(again, options.mails)
            if options.judged:
                runs = [processes(path, Path(folder) / f"j{n}", True) for n in range(options.rounds)]
                found["processes_judged_us"] = _medians(runs, options.mails)
        if options.only != "processes":
            runs = [_alone(path, Path(folder) / f"s{n}") for n in range(options.rounds)]
            found["stages_us"] = _medians(runs, options.mails)
    found["mail_parser_us"] = [first, yardstick(mails)]
    print(json.dumps(found, indent=2))


def _alone(path: Path, home: Path) -> dict[str, float]:
    """``stages`` in a process of its own."""
    import subprocess

    command = [sys.executable, "-m", "bench.stages", "--stages", str(path), str(home)]
    said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    found: dict[str, float] = json.loads(said.splitlines()[-1])
    return found


def _medians(runs: list[dict[str, float]], mails: int) -> dict[str, float]:
    names = dict.fromkeys(name for run in runs for name in run)
    return {name: round(statistics.median(run.get(name, 0.0) for run in runs) / mails * 1e6, 1) for name in names}


if __name__ == "__main__":
    main()
