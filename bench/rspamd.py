"""What rspamd, a filter written in C, needs for the same mails: its worker's CPU beside that of our analysis, in turns.

    python -m bench.rspamd --mails 300 --rounds 5

rspamd runs from Debian's configuration with every module it has, except those that ask the network: Redis, RBL and
SURBL, DKIM, ARC, SPF, DMARC, fuzzy, ASN. Its resolver is a loopback answerer that says NXDOMAIN at once, for without
one it waits for its timeout. Eight posts to ``/checkv2`` are under way at a time. It evaluates hundreds of rules and we
trace and attribute: the ratio says what a reader with a pile of mail gets from a core, not that the work is equal.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from bench import analyse

PARALLEL = 8
OFF = ("rbl", "surbl", "dkim", "dkim_signing", "arc", "spf", "dmarc", "fuzzy_check", "asn", "redis", "mx_check")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def resolver() -> Iterator[int]:
    """A DNS server on loopback that knows no name; gives its port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(0.2)
        ended = threading.Event()

        def answer() -> None:
            while not ended.is_set():
                with contextlib.suppress(OSError):
                    query, client = sock.recvfrom(4096)
                    # EDNS stays in: rspamd drops answers of 28 bytes and less
                    sock.sendto(query[:2] + bytes((0x80 | query[2] & 1, 0x83)) + query[4:], client)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield sock.getsockname()[1]
        ended.set()
        thread.join()


class Rspamd:
    """A running rspamd: where it listens, and what its worker has used."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port
        self._local = threading.local()

    def check(self, mail: bytes) -> int:
        """Let it judge one mail; how many symbols it found."""
        for fresh in (False, True):
            link = getattr(self._local, "link", None)
            if link is None or fresh:
                link = self._local.link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                link.request("POST", "/checkv2", mail)
                return len(json.loads(link.getresponse().read()).get("symbols", ()))
            except (http.client.HTTPException, ConnectionError):
                link.close()  # it had closed the connection
        raise SystemExit("rspamd does not answer")

    def cpu_s(self, only: str = "") -> float:
        """CPU seconds, user and system, of all its processes; ``only`` of those whose title has the word."""
        spent = 0.0
        for pid in (self.process.pid, *children(self.process.pid)):
            with contextlib.suppress(OSError):
                if only in Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace"):
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    spent += (int(fields[11]) + int(fields[12])) * TICK_S
        return spent

    def settle(self, patience_s: float = 60) -> None:
        """Wait until it has compiled its patterns and does nothing any more."""
        until = time.monotonic() + patience_s
        quiet, before = 0, self.cpu_s()
        while quiet < 4 and time.monotonic() < until:
            time.sleep(0.5)
            now = self.cpu_s()
            quiet, before = (quiet + 1 if now - before <= 2 * TICK_S else 0), now


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def configure(folder: Path, port: int, control: int, dns: int) -> None:
    """What differs from Debian's configuration."""
    local = folder / "local"
    for name in ("local.d", "override.d", "maps.d"):
        (local / name).mkdir(parents=True)
    override = local / "override.d"
    (override / "options.inc").write_text(
        f'dns {{ nameserver = ["127.0.0.1:{dns}:1"]; timeout = 1s; }}\ncontrol_socket = "{folder}/control mode=0600";\n'
        f'tempdir = "{folder}";\n'
    )
    (override / "worker-normal.inc").write_text(f'bind_socket = "127.0.0.1:{port}"; count = 1;\n')
    (override / "worker-controller.inc").write_text(f'bind_socket = "127.0.0.1:{control}";\n')
    (override / "worker-proxy.inc").write_text("enabled = false; count = 0;\n")
    (override / "logging.inc").write_text('level = "error";\n')
    for module in OFF:
        (override / f"{module}.conf").write_text("enabled = false;\n")


@contextlib.contextmanager
def running() -> Iterator[Rspamd]:
    """rspamd with a configuration of its own on free ports of loopback."""
    program = shutil.which("rspamd")
    assert program is not None
    with tempfile.TemporaryDirectory(prefix="junkhound-bench-rspamd-") as made, resolver() as dns:
        folder = Path(made)
        port, control = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_STREAM)
        configure(folder, port, control, dns)
        names = {"LOCAL_CONFDIR": folder / "local", "DBDIR": folder, "RUNDIR": folder, "LOGDIR": folder}
        command = [program, "-f", "-i", "-c", "/etc/rspamd/rspamd.conf", *(f"--var={k}={v}" for k, v in names.items())]
        with (folder / "said").open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=said)
        server = Rspamd(process, port)
        try:
            wait(server, folder)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait(server: Rspamd, folder: Path, patience_s: float = 60) -> None:
    until = time.monotonic() + patience_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", server.port), 1).close()
            return
        except OSError:
            if server.process.poll() is not None or time.monotonic() > until:
                said = "".join(p.read_text("utf-8", "replace")[-2000:] for p in folder.glob("*") if p.suffix == ".log")
                raise SystemExit(f"rspamd does not start: {(folder / 'said').read_text()[-2000:]}{said}") from None
            time.sleep(0.1)


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
