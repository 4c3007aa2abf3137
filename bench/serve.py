"""The whole service under a steady load: trap, judge, decider, janitor and publisher of one home, for minutes.

    python -m bench.serve --rate 1500 --seconds 900

Mails are the spam of the development corpus where it is present, each with a line of its own; clients come from
documentation networks by XCLIENT. Every two seconds one address of its own writes to traps of two domains: how long
until a row of it can be read, and until it is on the list of scope ``own``. In the end every mail that was
acknowledged must be a row, the spool empty.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.ingest import spam
from junkhound.sighting.batch import WITHOUT_MAIL

CONNECTIONS = 24
MAILS_A_CONNECTION = 200
PROBE_S = 2.0
SAMPLE_S = 5.0
SETTINGS = """
[store]
home = "home"
[network]
allow_documentation = true
[traps.lures]
domains = ["trap.example"]
[traps.baits]
domains = ["lure.example"]
[smtp]
listen = ["127.0.0.1:{port}"]
hostname = "mx.example.org"
proxies = ["127.0.0.0/8"]
xclient = true
per_client = 1000
per_network = 1000
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=1500, help="mails a second")
    parser.add_argument("--seconds", type=int, default=900)
    parser.add_argument("--drain", type=int, default=120, help="seconds that rows may come after the last mail")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="junkhound-bench-") as folder:
        print(json.dumps(figures(Path(folder), options.rate, options.seconds, options.drain), indent=2))


def figures(folder: Path, rate: int, seconds: int, drain: int) -> dict[str, Any]:
    """Load the service and watch it; ready for JSON."""
    port = _free_port()
    toml = folder / "junkhound.toml"
    toml.write_text(SETTINGS.format(port=port))
    with open(folder / "log", "wb") as log:
        roles = [word for role in ("trap", "judge", "decider", "janitor") for word in ("--only", role)]
        command = [sys.executable, "-m", "junkhound", "--config", str(toml), "serve", *roles]
        service = subprocess.Popen(command, stderr=log, start_new_session=True)
        try:
            _until(lambda: _open(port), 60)
            time.sleep(2)
            return _loaded(folder, service, port, rate, seconds, drain)
        finally:
            service.terminate()
            service.wait(60)


def _loaded(folder: Path, service: Any, port: int, rate: int, seconds: int, drain: int) -> dict[str, Any]:
    load = Load(port, rate, seconds)
    probes = Probes(folder / "junkhound.toml", port)
    samples: list[tuple[float, int, int, int]] = []
    began, cpu = time.monotonic(), _cpu(service.pid)
    workers = [threading.Thread(target=load.run), threading.Thread(target=probes.run)]
    for each in workers:
        each.start()
    while workers[0].is_alive():
        time.sleep(SAMPLE_S)
        files, size = _spool(folder / "home/spool")
        samples.append((time.monotonic() - began, _resident(service.pid), files, size))
    wall = time.monotonic() - began
    used = {role: _cpu(service.pid)[role] - cpu.get(role, 0.0) for role in _cpu(service.pid)}
    probes.stopping.set()
    workers[1].join()
    wanted = load.acknowledged + probes.acknowledged
    late = time.monotonic()
    while (rows := probes.rows()) < wanted and time.monotonic() - late < drain:
        time.sleep(1)
    half = len(samples) // 2
    early, later = samples[len(samples) // 10 : half], samples[half:]
    return {
        "asked_a_second": rate, "seconds": round(wall), "acknowledged": wanted, "rows": rows, "refused": load.refused,
        "a_second": round(load.acknowledged / wall), "drained_s": round(time.monotonic() - late, 1),
        "cpu_us_per_mail": {role: round(s / max(wanted, 1) * 1e6, 1) for role, s in sorted(used.items())},
        "resident_mb_first_half": max((s[1] for s in early), default=0) >> 20,
        "resident_mb_second_half": max((s[1] for s in later), default=0) >> 20,
        "spool_mb_first_half": max((s[3] for s in early), default=0) >> 20,
        "spool_mb_second_half": max((s[3] for s in later), default=0) >> 20,
        "row_s": _spread(probes.row_s), "listing_s": _spread(probes.listing_s),
        "without_row": len(probes.waiting), "without_listing": len(probes.unlisted),
    }  # fmt: skip


def _spread(found: list[float]) -> dict[str, float]:
    if not found:
        return {"count": 0}
    ranked = sorted(found)
    p95 = ranked[min(len(ranked) - 1, int(len(ranked) * 0.95))]
    return {"count": len(found), "p50": round(statistics.median(ranked), 2), "p95": round(p95, 2)}


class Load:
    """Mails at a steady rate over a number of connections, each of some client of its own."""

    def __init__(self, port: int, rate: int, seconds: float) -> None:
        self.port, self.rate, self.seconds = port, rate, seconds
        self.mails = [mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..")
                      for mail in spam()[0]]  # fmt: skip
        self.acknowledged = self.refused = 0
        self.number = 0
        self.dice = random.Random(1)

    def run(self) -> None:
        asyncio.run(self._all())

    async def _all(self) -> None:
        self.began = time.monotonic()
        await asyncio.gather(*(self._connection() for _ in range(CONNECTIONS)))

    def _due(self) -> float:
        """Seconds until the next mail may go; negative when all of the time is over."""
        now = time.monotonic() - self.began
        return -1.0 if now > self.seconds else max(0.0, self.number / self.rate - now)

    async def _connection(self) -> None:
        while self._due() >= 0:
            try:
                await self._session()
            except (OSError, asyncio.IncompleteReadError):
                self.refused += 1
                await asyncio.sleep(0.5)

    async def _session(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        net = self.dice.choice(("192.0.2", "198.51.100", "203.0.113"))
        await reader.readline()
        writer.write(b"EHLO bot.example\r\nXCLIENT ADDR=%s.%d\r\n" % (net.encode(), self.dice.randrange(1, 255)))
        while (line := await reader.readline())[:4] != b"220 ":
            if not line:
                raise OSError("closed")
        writer.write(b"EHLO bot%d.example\r\n" % self.dice.randrange(1000))
        await _answer(reader)
        for _ in range(MAILS_A_CONNECTION):
            while (due := self._due()) > 0:
                await asyncio.sleep(min(due, 0.05))
            if due < 0:
                break
            self.number += 1
            number = self.number
            writer.write(b"MAIL FROM:<a%d@bot.example>\r\nRCPT TO:<x%d@%s.example>\r\nDATA\r\n"
                         % (number, number % 50, b"trap" if number % 2 else b"lure"))  # fmt: skip
            codes = [await _answer(reader), await _answer(reader), await _answer(reader)]
            if codes != [b"250", b"250", b"354"]:
                self.refused += 1
                break
            writer.write(b"X-Copy: %d\r\n" % number + self.mails[number % len(self.mails)] + b"\r\n.\r\n")
            if await _answer(reader) == b"250":
                self.acknowledged += 1
            else:
                self.refused += 1
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> bytes:
    while True:
        line = await reader.readline()
        if not line:
            raise OSError("closed")
        if line[3:4] == b" ":
            return line[:3]


class Probes:
    """Addresses of their own, and how long each took to become a row and an entry."""

    def __init__(self, toml: Path, port: int) -> None:
        from junkhound.verbs.lists import book_of
        from junkhound.verbs.office import open_office

        self.office, self.port = open_office(str(toml)), port
        self.book = book_of(self.office)
        self.stopping = threading.Event()
        self.waiting: dict[str, float] = {}
        self.unlisted: dict[str, float] = {}
        self.row_s: list[float] = []
        self.listing_s: list[float] = []
        self.acknowledged = 0

    def run(self) -> None:
        due, number = time.monotonic(), 0
        while not self.stopping.is_set():
            if time.monotonic() >= due:
                due += PROBE_S
                number += 1
                self._write(f"2001:db8:{number:x}::1")
            self._look()
            time.sleep(0.5)
        until = time.monotonic() + 150
        while (self.waiting or self.unlisted) and time.monotonic() < until:
            self._look()
            time.sleep(0.5)

    def _write(self, address: str) -> None:
        """Two mails, to traps of two domains."""
        import smtplib

        with smtplib.SMTP("127.0.0.1", self.port, "bot.example", timeout=30) as client:
            client.docmd(f"XCLIENT ADDR=IPV6:{address}")
            client.ehlo("bot.example")
            for domain in ("trap", "lure"):
                client.sendmail("a@b.example", [f"x@{domain}.example"], f"Subject: {address}\r\n\r\nbuy\r\n".encode())
                self.acknowledged += 1
        self.waiting[address] = self.unlisted[address] = time.monotonic()

    def _look(self) -> None:
        from junkhound.kernel import net

        now = time.monotonic()
        if self.waiting:
            query = self.office.ledger.query()
            for text in list(self.waiting):
                address = net.parse(text)
                assert address is not None
                if query.newest(address, 1):
                    self.row_s.append(now - self.waiting.pop(text))
        for text in list(self.unlisted):
            address = net.parse(text)
            assert address is not None
            if text not in self.waiting and self.book.of(address):
                self.listing_s.append(now - self.unlisted.pop(text))

    def rows(self) -> int:
        """Rows of mails in the ledger; the session that looked whether the port is open has a row too."""
        query = self.office.ledger.query()
        return query.totals().rows - sum(each.messages for each in query.counts("kind", kinds=WITHOUT_MAIL))


# --- what is watched --------------------------------------------------------------------------------------


def _tree(pid: int) -> Iterator[int]:
    todo = [pid]
    while todo:
        one = todo.pop()
        try:
            todo += [int(p) for p in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
        except (OSError, ValueError):
            continue
        yield one


def _resident(pid: int) -> int:
    """Bytes resident of the process and its children."""
    page, total = os.sysconf("SC_PAGESIZE"), 0
    for one in _tree(pid):
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * page
        except (OSError, IndexError):
            continue
    return total


def _cpu(pid: int) -> dict[str, float]:
    """CPU seconds by role, of processes that live; those that ended count with the one that waited for them."""
    ticks, found = os.sysconf("SC_CLK_TCK"), dict[str, float]()
    for one in _tree(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            words = Path(f"/proc/{one}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        place = words.index(b"junkhound.service") + 1 if b"junkhound.service" in words else 0
        role = words[place].decode() if place else "supervisor" if one == pid else "parsers"
        found[role] = found.get(role, 0.0) + sum(map(int, fields[11:15])) / ticks
    return found


def _spool(folder: Path) -> tuple[int, int]:
    files = size = 0
    for path in folder.glob("**/*"):
        try:
            if path.is_file():
                files, size = files + 1, size + path.stat().st_size
        except OSError:
            continue
    return files, size


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _until(check: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not check():
        if time.monotonic() > until:
            raise SystemExit("the service did not start")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
