"""From files to committed rows: the whole way of a mail, with real processes, synced disks and a real ledger.

    python -m bench.ingest --mails 60000

Mails are the spam of the development corpus where it is present (mean 6.2 kB), else of the shipped sample; each copy
carries a line of its own, so that none is known. CPU is that of all processes together, reaped by this one.

    python -m bench.ingest --mails 1000000 --size 2000 --once

The same with made-up mails of two kilobytes, each with names, words and links of its own: whatever is remembered from
mail to mail grows as far as it ever does. ``resident_mb`` is what all processes hold, the median of each tenth of the
run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

ROOT = Path(__file__).parents[1]


def spam() -> tuple[list[bytes], str]:
    """Distinct junk mails, and where they are from."""
    from support import corpus

    if (corpus.ROOT / "spamassassin.tar.gz").is_file():
        mails = [raw for _, label, raw in corpus.messages("spamassassin.tar.gz") if label == "spam"]
        return [raw.split(b"\n", 1)[1] if raw.startswith(b"From ") else raw for raw in mails], "spamassassin corpus"
    from support.mail import junk

    return [junk(n, words="word " * 900) for n in range(900)], "made up, 6 kB"


def made(size: int) -> Iterator[bytes]:
    """Endless junk of about so many bytes, no two alike: other words, hosts, senders, machines and recipients."""
    from support.mail import junk

    dice = random.Random(1)
    vocabulary = ["".join(dice.choices("aeiorstlndmpk", k=dice.randrange(2, 9))) for _ in range(20_000)]
    for number in count():
        words = [
            *dice.choices(vocabulary, k=size // 8),
            f"w{number}x",
            f"http://h{number}.s{number % 90_000}.example/",
        ]
        source = f"{dice.choice(('192.0.2', '198.51.100', '203.0.113'))}.{number % 254 + 1}"
        yield junk(number, source, 1 + number % 28, " ".join(words))


def write(path: Path, mails: Iterable[bytes], most: int) -> int:
    """An mbox of so many mails; returns its bytes of mail."""
    size = 0
    with open(path, "wb") as file:
        for number, mail in enumerate(islice(mails, most)):
            one = b"X-Copy: %d\n" % number + mail.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ")
            file.write(b"From x@example.org Thu May  4 03:02:01 2006\n" + one + b"\n\n")
            size += len(one)
    return size


def run(home: Path, path: Path, workers: int, module: str = "junkhound") -> dict[str, Any]:
    """One ``junkhound ingest``: wall, CPU of all its processes, largest resident set of all together.

    ``module`` may be ``bench.nulled``, which then judges without what campaigns ask of a text.
    """
    toml = home.parent / "bench.toml"
    toml.write_text(f'[store]\nhome = "{home}"\n[engine]\nworkers = {workers}\n')
    command = [sys.executable, "-m", module, "--config", str(toml), "ingest", "--as", "junk", "--mailbox", "bench",
               "--relay", "127.0.0.0/8", "--no-group", "--json", str(path)]  # fmt: skip
    env = {**installed(home.parent), "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "BENCH_JUDGE": "spine"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)
    peaks: list[int] = []
    watcher = threading.Thread(target=lambda: peaks.extend(_resident(child)), daemon=True)
    watcher.start()
    said, _ = child.communicate()
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if child.returncode:
        raise SystemExit(f"ingest failed with {child.returncode}")
    report = json.loads(said)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    half, tenth = len(peaks) // 2, max(1, len(peaks) // 10)
    return {
        "mails": report["read"], "added": report["added"], "known": report["known"], "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2), "cpu_us_per_mail": round(cpu / report["read"] * 1e6, 1),
        "mails_per_s_wall": round(report["read"] / wall), "mails_per_s_2_cores_cpu": round(2 * report["read"] / cpu),
        "resident_mb_first_half": max(peaks[:half], default=0) >> 20,
        "resident_mb_second_half": max(peaks[half:], default=0) >> 20,
        "resident_mb": [round(statistics.median(peaks[at : at + tenth])) >> 20 for at in range(0, len(peaks), tenth)],
    }  # fmt: skip


def installed(folder: Path) -> dict[str, str]:
    """The environment of a program that was installed: its bytecode lies ready, in ``folder`` if nowhere else.

    Environments that forbid to write bytecode make every start compile everything.
    """
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    if not (folder / "bytecode").exists():
        mail = folder / "first.eml"
        mail.write_bytes(b"Received: from a by b; Thu, 4 May 2006 03:02:01 +0000\nSubject: x\n\nhello\n")
        command = [sys.executable, "-m", "junkhound", "--home", str(folder / "first"), "ingest", "--as", "junk"]
        for _ in range(2):  # the second merges nothing and reads what the first wrote
            subprocess.run(
                [*command, str(mail)], env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
    return env


def _resident(child: subprocess.Popen[str]) -> Iterator[int]:
    """Resident bytes of the process and all its children, several times a second."""
    page = os.sysconf("SC_PAGESIZE")
    while child.poll() is None:
        total, todo = 0, [child.pid]
        while todo:
            pid = todo.pop()
            try:
                total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
                todo += [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
            except (OSError, IndexError):
                continue
        yield total
        time.sleep(0.25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--mails", type=int, default=60_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--size", type=int, help="made-up mails of so many bytes, no two alike")
    parser.add_argument("--once", action="store_true", help="not again as mail that is known")
    options = parser.parse_args()
    mails: Iterable[bytes]
    if options.size:
        mails, source = made(options.size), "made up"
    else:
        several, source = spam()
        mails = cycle(several)
    with tempfile.TemporaryDirectory(prefix="junkhound-bench-") as folder:
        path, home = Path(folder) / "in.mbox", Path(folder) / "home"
        size = write(path, mails, options.mails)
        results = {
            "source": source, "mean_bytes": round(size / options.mails), "first": run(home, path, options.workers),
        }  # fmt: skip
        if not options.once:
            results["again"] = run(home, path, options.workers)
            results["spine"] = run(Path(folder) / "spine", path, options.workers, "bench.nulled")
        held = sum(f.stat().st_size for f in (home / "packs").rglob("*") if f.is_file())
        results["pack_bytes_per_mail"] = round(held / options.mails)
        shutil.rmtree(home)
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
