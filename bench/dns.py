"""The DNS responder beside rbldnsd on this machine: CPU a question, bursts, memory, and new data under load.

    python -m bench.dns                                    a million entries, 50, 100 and 400 questions outstanding
    python -m bench.dns --entries 10000000 --alone --swap  memory, and new data while questions go on
    python -m bench.dns --what txt                         TXT records instead; six: IPv6

dnsperf asks both in turns, EDNS on, half of the questions for listed addresses. CPU is the server's own (user and
system, from the scheduler's count), so that a busy machine distorts it less than times would. As root rbldnsd gets a
receive buffer as large as ours (pidfd_getfd(2)), without which it loses bursts; ``--as-it-comes`` leaves its own.
``--swap`` replaces the list under load, and meanwhile checks answers whose truth does not change.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from junkhound.kernel import clock
from junkhound.kernel.net import v4
from junkhound.publish import served
from junkhound.publish.edition import Edition

ZONE = "bl.example.org"
ORIGIN = f"main.{ZONE}"
SBIN = "/usr/sbin:" + os.environ["PATH"]


def numbers(entries: int, seed: int = 1) -> np.ndarray:
    """Listed addresses: sorted, distinct, in public space."""
    rng = np.random.default_rng(seed)
    drawn = np.unique(rng.integers(0x0B000000, 0x7F000000, int(entries * 1.02) + 8, np.uint32))
    return np.sort(rng.permutation(drawn)[:entries])


def write_served(path: Path, listed: np.ndarray) -> None:
    """A list as publish writes it, without making ten million entries of Python first."""
    now = clock.SystemClock().now()
    edition = Edition("main", "own", now, now + clock.DAY, (), zone=ZONE)
    first = np.append(listed, np.uint32(0x7F000002))
    records = np.zeros(len(first), served.RECORD)
    records["year"], records["serial"] = 2026, np.arange(1, len(first) + 1)
    records["since"] = records["last_seen"] = records["expires"] = 20_000
    records[-1] = 0
    six = {name: np.zeros(1, kind) for name, kind in served.TYPES.items() if name.startswith("v6")}
    six["v6.lo"][0], six["v6.bits"][0] = 0xFFFF_7F00_0002, 128
    columns = {"v4.first": first, "v4.bits": np.full(len(first), 32, np.uint8), "v4.record": records, **six}
    aside = path.with_suffix(".new")
    aside.write_bytes(served.encode(edition, len(listed), columns, ["direct spam source"], ["10 to 50"]))
    aside.replace(path)


def networks6(entries: int, seed: int = 5) -> np.ndarray:
    """The first halves of listed /64 networks: sorted, distinct."""
    rng = np.random.default_rng(seed)
    return np.unique(rng.integers(0x2A00_0000_0000_0000, 0x2A10_0000_0000_0000, entries, np.uint64))


def write_served6(path: Path, listed: np.ndarray) -> None:
    """IPv6 networks as publish writes them."""
    now = clock.SystemClock().now()
    edition = Edition("main", "own", now, now + clock.DAY, (), zone=ZONE)
    count = len(listed) + 1
    columns: dict[str, np.ndarray] = {
        "v4.first": np.array([0x7F000002], np.uint32), "v4.bits": np.array([32], np.uint8),
        "v4.record": np.zeros(1, served.RECORD), "v6.hi": np.append(np.uint64(0), listed),
        "v6.lo": np.append(np.uint64(0xFFFF_7F00_0002), np.zeros(len(listed), np.uint64)),
        "v6.bits": np.append(np.uint8(128), np.full(len(listed), 64, np.uint8)),
        "v6.record": np.zeros(count, served.RECORD),
    }  # fmt: skip
    path.write_bytes(served.encode(edition, count, columns, ["direct spam source"], ["10 to 50"]))


def write_rbldnsd6(path: Path, listed: np.ndarray) -> None:
    """The same for rbldnsd's ip6trie."""
    with path.open("w") as out:
        out.write(f"$SOA 900 {ORIGIN} hostmaster.{ZONE} 1 1h 10m 1w 900\n$NS 1h ns.{ZONE}\n$TTL 900\n")
        out.write(":127.0.0.2:IP $ is listed\n::ffff:7f00:2\n")
        out.writelines(":".join(f"{n >> shift & 0xFFFF:x}" for shift in (48, 32, 16, 0)) + "::/64\n"
                       for n in listed.tolist())  # fmt: skip


def write_questions6(path: Path, listed: np.ndarray, count: int = 200_000) -> None:
    """Half listed, half drawn from the same space."""
    rng = np.random.default_rng(2)
    drawn = rng.integers(0x2A00_0000_0000_0000, 0x2A10_0000_0000_0000, count, np.uint64)
    first = np.where(rng.random(count) < 0.5, rng.choice(listed, count), drawn).tolist()
    with path.open("w") as out:
        for hi, lo in zip(first, rng.integers(1 << 63, size=count).tolist(), strict=True):
            out.write(f"{'.'.join(reversed(f'{hi << 64 | lo:032x}'))}.{ORIGIN} A\n")


def write_rbldnsd(path: Path, listed: np.ndarray) -> None:
    """The same list for rbldnsd's ip4set."""
    with path.open("w") as out:
        out.write(f"$SOA 900 {ORIGIN} hostmaster.{ZONE} 1 1h 10m 1w 900\n$NS 1h ns.{ZONE}\n$TTL 900\n")
        out.write(":127.0.0.2:IP $ is listed\n127.0.0.2\n")
        octets = [(listed >> shift & 255).astype(int).tolist() for shift in (24, 16, 8, 0)]
        out.writelines(f"{a}.{b}.{c}.{d}\n" for a, b, c, d in zip(*octets, strict=True))


def write_questions(path: Path, listed: np.ndarray, kind: str = "A", count: int = 200_000) -> None:
    """dnsperf's input: half listed, half drawn anywhere."""
    rng = np.random.default_rng(2)
    asked = np.where(rng.random(count) < 0.5, rng.choice(listed, count), rng.integers(1 << 24, 0xDF000000, count))
    with path.open("w") as out:
        for number in asked.astype(np.uint32).tolist():
            out.write(f"{reversed_words(number)}.{ORIGIN} {kind}\n")


class Server:
    """A running server: its process and port."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], port: int) -> None:
        self.name, self.process, self.port = name, process, port

    def cpu_s(self) -> float:
        """CPU seconds of all its threads so far, by the scheduler's own count."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def rss_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found is not None
        return int(found[1]) / 1024

    def peak_mb(self) -> float:
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        assert found is not None
        return int(found[1]) / 1024


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(name: str, command: list[str], port: int, asked: str = "2.0.0.127") -> Iterator[Server]:
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PATH": SBIN}
    )
    try:
        until = time.monotonic() + 120
        while ask(port, asked) != 0:
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"{name} does not answer")
            time.sleep(0.05)
        yield Server(name, process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def question(number: int, name: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in f"{name}.{ORIGIN}".split("."))
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 1) + labels + b"\0\0\1\0\1" + b"\0\0\x29\x04\xd0" + bytes(6)


def ask(port: int, name: str, wait_s: float = 0.3) -> int | None:
    """The code of one answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(wait_s)
        try:
            sock.send(question(1, name))
            return sock.recv(4096)[3] & 15
        except OSError:
            return None


def burst(port: int, size: int) -> int:
    """How many of ``size`` questions sent at once are not answered."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        sock.connect(("127.0.0.1", port))
        packets = [question(number, f"{number % 250}.1.2.11") for number in range(size)]
        for packet in packets:
            sock.send(packet)
        sock.settimeout(1)
        got = 0
        with contextlib.suppress(TimeoutError):
            while got < size:
                sock.recv(4096)
                got += 1
        return size - got


def dnsperf(server: Server, questions: Path, outstanding: int, seconds: float) -> dict[str, float]:
    """One round: CPU microseconds a question, questions a second, lost."""
    before = server.cpu_s()
    done = subprocess.run(
        ["dnsperf", "-s", "127.0.0.1", "-p", str(server.port), "-d", str(questions), "-q", str(outstanding), "-e",
         "-c", "1", "-T", "1", "-l", str(seconds), "-t", "2", "-b", "4096"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    spent = server.cpu_s() - before
    completed = int(_find(r"Queries completed:\s+(\d+)", done.stdout))
    return {
        "cpu_us": 1e6 * spent / completed,
        "qps": _find(r"Queries per second:\s+([\d.]+)", done.stdout),
        "lost": _find(r"Queries lost:\s+(\d+)", done.stdout),
    }


def _find(pattern: str, words: str) -> float:
    found = re.search(pattern, words)
    if found is None:
        raise SystemExit(f"dnsperf said: {words}")
    return float(found[1])


def equal_buffer(server: Server, size: int) -> bool:
    """Give another process's UDP socket a larger receive buffer; False where we may not."""
    if os.geteuid() != 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(server.process.pid)
    for link in Path(f"/proc/{server.process.pid}/fd").iterdir():
        if "socket:" in os.readlink(link):
            handle = libc.syscall(438, process, int(link.name), 0)  # pidfd_getfd
            if handle >= 0:
                with socket.socket(fileno=handle) as sock:
                    if sock.type == socket.SOCK_DGRAM:
                        sock.setsockopt(socket.SOL_SOCKET, 33, size)
                        return True
    return False


def compare(servers: list[Server], questions: Path, rounds: int, seconds: float, sizes: list[int]) -> dict[str, Any]:
    """Rounds in turns: for each number outstanding the medians, and ours against rbldnsd's of the same round."""
    found: dict[tuple[int, str], list[dict[str, float]]] = {}
    for _ in range(rounds):
        for size in sizes:
            for server in servers:
                found.setdefault((size, server.name), []).append(dnsperf(server, questions, size, seconds))
    answer: dict[str, Any] = {}
    for size in sizes:
        row: dict[str, Any] = {}
        for server in servers:
            some = found[size, server.name]
            row[server.name] = {
                "cpu_us": round(statistics.median(one["cpu_us"] for one in some), 2),
                "qps": round(statistics.median(one["qps"] for one in some)),
                "lost": sum(int(one["lost"]) for one in some),
            }
        if len(servers) == 2:
            pairs = zip(*(found[size, server.name] for server in servers), strict=True)
            row["ratio"] = round(statistics.median(ours["cpu_us"] / theirs["cpu_us"] for ours, theirs in pairs), 3)
        answer[str(size)] = row
    return answer


class Check(threading.Thread):
    """Asks again and again what is always answered alike: ``asked``, ``wrong``, ``failed`` (no answer or an error)."""

    def __init__(self, port: int, truth: dict[str, int]) -> None:
        super().__init__(daemon=True)
        self.asked = self.wrong = self.failed = 0
        self._port, self._truth, self.stop = port, list(truth.items()), threading.Event()

    def run(self) -> None:
        packets = [question(number, name) for number, (name, _) in enumerate(self._truth)]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(("127.0.0.1", self._port))
            sock.settimeout(2)
            while not self.stop.wait(0.005):
                for packet in packets:
                    sock.send(packet)
                self.asked += len(packets)
                for got in range(len(packets)):
                    try:
                        reply = sock.recv(4096)
                    except TimeoutError:
                        self.failed += len(packets) - got
                        break
                    code, expected = reply[3] & 15, self._truth[reply[0] << 8 | reply[1]][1]
                    self.wrong += code != expected and code in (0, 3)
                    self.failed += code not in (0, 3)


def reversed_words(number: int) -> str:
    return ".".join(reversed(str(v4(number)).split(".")))


def swap(server: Server, folder: Path, questions: Path, listed: np.ndarray, seed: int) -> dict[str, Any]:
    """Replace the list under load: when the new data is seen, and whether anything was wrong or failed meanwhile."""
    always, never = listed[:: max(len(listed) // 30, 1)][:30], np.arange(0xC6336400, 0xC633641E, dtype=np.uint32)
    fresh = np.union1d(numbers(len(listed), seed), always)[: len(listed)]
    always = always[np.isin(always, fresh)]
    name = reversed_words(int(np.setdiff1d(fresh[:100_000], listed)[0]))
    truth = {reversed_words(int(n)): 0 for n in always} | {reversed_words(int(n)): 3 for n in never}
    check = Check(server.port, truth)
    load: dict[str, float] = {}
    asking = threading.Thread(target=lambda: load.update(dnsperf(server, questions, 100, 10)))
    asking.start()
    check.start()
    time.sleep(2)
    write_served(folder / "aside.served", fresh)
    (folder / "aside.served").replace(folder / "main.served")
    start = time.monotonic()
    while ask(server.port, name) != 0 and time.monotonic() - start < 30:
        time.sleep(0.01)
    live = time.monotonic() - start
    asking.join()
    check.stop.set()
    check.join()
    return {
        "live_s": round(live, 2), "lost": load["lost"], "peak_mb": round(server.peak_mb(), 1),
        "checked": check.asked, "wrong": check.wrong, "failed": check.failed,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--outstanding", default="50,100,400")
    parser.add_argument("--what", choices=("a", "txt", "six"), default="a", help="A records, TXT records, or IPv6")
    parser.add_argument("--as-it-comes", action="store_true", help="leave rbldnsd the buffer that it has")
    parser.add_argument("--alone", action="store_true", help="without rbldnsd")
    parser.add_argument("--swap", action="store_true", help="replace the list under load")
    options = parser.parse_args()
    listed = numbers(options.entries)
    with tempfile.TemporaryDirectory(prefix="junkhound-bench-dns-") as made, contextlib.ExitStack() as stack:
        folder = Path(made)
        folder.chmod(0o755)
        questions = folder / "questions"
        asked = "2.0.0.127" if options.what != "six" else ".".join(reversed(f"{0xFFFF_7F00_0002:032x}"))
        if options.what == "six":
            listed = networks6(options.entries)
            write_questions6(questions, listed)
            write_served6(folder / "main.served", listed)
        else:
            write_questions(questions, listed, "A" if options.what == "a" else "TXT")
            write_served(folder / "main.served", listed)
        port = free_port()
        ours = [sys.executable, "-m", "junkhound", "dns", "serve", "--folder", made, "--zone", ZONE,
                "--listen", f"127.0.0.1:{port}"]  # fmt: skip
        servers = [stack.enter_context(started("junkhound", ours, port, asked))]
        if not options.alone:
            (write_rbldnsd6 if options.what == "six" else write_rbldnsd)(folder / "set", listed)
            port = free_port()
            user = ["-u", "nobody:nogroup"] if os.geteuid() == 0 else []
            theirs = [
                "rbldnsd",
                "-n",
                *user,
                "-w",
                made,
                "-b",
                f"127.0.0.1/{port}",
                f"{ORIGIN}:{'ip6trie' if options.what == 'six' else 'ip4set'}:set",
            ]
            servers.append(stack.enter_context(started("rbldnsd", theirs, port, asked)))
        equal = not options.alone and not options.as_it_comes and equal_buffer(servers[1], 4 << 20)
        answer: dict[str, Any] = {
            "date": time.strftime("%Y-%m-%d"), "entries": options.entries, "equal buffers": equal,
            "load average": round(os.getloadavg()[0], 1),
            "lost of a burst of 400": {server.name: burst(server.port, 400) for server in servers},
        }  # fmt: skip
        sizes = [int(words) for words in options.outstanding.split(",")]
        answer["outstanding"] = compare(servers, questions, options.rounds, options.seconds, sizes)
        answer["rss_mb"] = {server.name: round(server.rss_mb(), 1) for server in servers}
        if options.swap:
            answer["swap"] = swap(servers[0], folder, questions, listed, 3)
            answer["rss_mb after"] = round(servers[0].rss_mb(), 1)
    print(json.dumps(answer, indent=1))


if __name__ == "__main__":
    main()
