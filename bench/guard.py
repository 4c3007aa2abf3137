"""What the guard costs a mail server: its milter and its HTTP helper as they run, asked by clients on loopback.

    python -m bench.guard --mails 2000

Each server is started with one judging process and a full pack: as many rows as a pack may have, made up, and what was
taught of the mails themselves. Then mails are given to it over one connection, and over four at a time. The CPU is that
of all its processes, user and system; the memory is what they hold and share with nobody (PSS). The mails are real ones
of the corpus, or made up where there is none.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from bench import analyse
from junkhound import guard
from junkhound.kernel import clock
from junkhound.verbs import guard_pack

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
AT_ONCE = 4
OFFER = struct.pack(">III", 6, 0x1FF, 0x1FFFFF)

Ask = Callable[[bytes], None]


def full_pack() -> bytes:
    """A pack with all the rows that it may have."""
    chance = np.random.default_rng(1)
    most = {"texts": guard_pack.TEXTS, "campaigns": guard_pack.CAMPAIGNS, "things": guard_pack.THINGS,
            "sources": guard_pack.SOURCES, "networks": guard_pack.NETWORKS, "systems": 80_000}  # fmt: skip
    tables = {}
    for name, form in guard.FORMS.items():
        rows = np.zeros(most[name], form)
        rows["id"] = np.unique(chance.integers(1, 1 << 48, 2 * most[name], dtype=np.uint64))[: most[name]]
        rows["mails"] = 3
        if name in guard.SKETCHED:
            rows["sketch"] = chance.integers(0, 256, rows["sketch"].shape, dtype=np.uint8)
        tables[name] = guard.sorted_rows(name, rows)
    words = [f"word{number:04}" for number in range(3000)]
    wordings = []
    for number in range(guard_pack.TEMPLATES):
        parts = [(" ".join(chance.choice(words, 6)),) for _ in range(6)]
        wordings.append(guard.Wording(number, number, 20_000, tuple(parts)))
    head = guard.Head("bench", 1, clock.SystemClock().now(), b"k" * 16)
    return guard.pack.write(guard.Book(head, tables, tuple(wordings)))


def settings(folder: Path, pack: bytes) -> Path:
    (folder / "guard.pack").write_bytes(pack)
    path = folder / "junkhound.toml"
    path.write_text(f'[store]\nhome = "{folder}/home"\n[guard]\nworkers = 1\npack = "{folder}/guard.pack"\n'
                    'deadline_ms = 5000\nrelays = ["mx.example.net"]\n')  # fmt: skip
    return path


@contextlib.contextmanager
def running(path: Path, kind: str) -> Iterator[tuple[int, str, int]]:
    """Its process, host and port."""
    command = [Path(sys.executable).parent / "junkhound", "--config", path, "guard", kind, "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            host, _, port = child.stdout.readline().strip().rpartition(" at ")[2].rpartition(":")
            yield child.pid, host, int(port)
        finally:
            child.terminate()
            child.wait(30)


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def cpu_s(pid: int) -> float:
    spent = 0.0
    for one in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            spent += (int(fields[11]) + int(fields[12])) * TICK_S
    return spent


def memory_mb(pid: int) -> float:
    kilobytes = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
    return kilobytes / 1024


@contextlib.contextmanager
def by_http(host: str, port: int) -> Iterator[Ask]:
    link = http.client.HTTPConnection(host, port, timeout=60)

    def ask(mail: bytes) -> None:
        link.request("POST", "/check", mail, {"Client": "192.0.2.66", "Helo": "friend"})
        assert link.getresponse().read().startswith(b'{"verdict"')

    yield ask
    link.close()


@contextlib.contextmanager
def by_milter(host: str, port: int) -> Iterator[Ask]:
    link = socket.create_connection((host, port), 60)
    file = link.makefile("rb")

    def packet(letter: bytes, said: bytes = b"") -> bytes:
        return struct.pack(">I", 1 + len(said)) + letter + said

    def answer() -> bytes:
        (length,) = struct.unpack(">I", file.read(4))
        return file.read(length)

    def ask(mail: bytes) -> None:
        head, _, body = mail.partition(b"\r\n\r\n" if b"\r\n\r\n" in mail else b"\n\n")
        said = packet(b"C", b"mail.example.org\x004" + struct.pack(">H", 4711) + b"192.0.2.66\0")
        said += packet(b"H", b"friend\0") + packet(b"M", b"<a@example.org>\0") + packet(b"R", b"<me@example.net>\0")
        said += packet(b"T")
        for line in head.replace(b"\r\n", b"\n").replace(b"\n ", b"\0 ").replace(b"\n\t", b"\0\t").split(b"\n"):
            name, _, value = line.partition(b":")
            said += packet(b"L", name.replace(b"\0", b"") + b"\0" + value.replace(b"\0", b"\n") + b"\0")
        said += packet(b"N")
        for start in range(0, len(body), 65535):
            said += packet(b"B", body[start : start + 65535])
        link.sendall(said + packet(b"E"))
        while answer()[:1] not in (b"c", b"a", b"y", b"r", b"t"):
            pass

    link.sendall(packet(b"O", OFFER))
    answer()
    yield ask
    link.close()


WAYS = {"milter": by_milter, "http": by_http}


def measure(path: Path, kind: str, mails: list[bytes]) -> dict[str, Any]:
    with running(path, kind) as (pid, host, port):
        with WAYS[kind](host, port) as ask:
            for mail in mails[:50]:
                ask(mail)
            before, walls = cpu_s(pid), []
            for mail in mails:
                began = time.perf_counter()
                ask(mail)
                walls.append(time.perf_counter() - began)
            cpu = (cpu_s(pid) - before) / len(mails)
        began = time.perf_counter()

        def some(part: list[bytes]) -> None:
            with WAYS[kind](host, port) as ask:
                for mail in part:
                    ask(mail)

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(some, [mails[n::AT_ONCE] for n in range(AT_ONCE)]))
        together = len(mails) / (time.perf_counter() - began)
        return {
            "cpu_us": round(cpu * 1e6), "per_s_core": round(1 / cpu), "wall_per_s": round(together),
            "p50_ms": round(statistics.median(walls) * 1e3, 2),
            "p99_ms": round(sorted(walls)[int(len(walls) * 0.99)] * 1e3, 2), "memory_mb": round(memory_mb(pid)),
        }  # fmt: skip


def figures(count: int) -> dict[str, Any]:
    corpora = analyse.corpora(count)
    name, mails = next(iter(corpora.items()))
    pack = full_pack()
    found: dict[str, Any] = {"mails": len(mails), "of": name, "mean_bytes": round(statistics.fmean(map(len, mails))),
                             "pack_mb": round(len(pack) / 1e6, 1)}  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="junkhound-bench-guard-") as folder:
        path = settings(Path(folder), pack)
        for kind in WAYS:
            found[kind] = measure(path, kind, mails)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    json.dump(figures(options.mails), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
