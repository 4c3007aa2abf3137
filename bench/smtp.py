"""SMTP in: our trap with its real spool on a disk, beside aiosmtpd with the same spool, and Postfix's smtp-sink.

    python -m bench.smtp --mails 4000

Every server but smtp-sink, which keeps nothing, answers 250 after the mail is synced. Postfix's smtp-source sends over
20 sessions, ``reused`` or ``one per mail``. What counts is the CPU of the server process, user and system, for
each mail; the servers take turns, the median round counts.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIZES = (8000, 38000)
SESSIONS = 20
DOMAIN = "trap.example"
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=None, help="where the spools are; a disk, not memory")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", nargs=3, metavar=("SERVER", "PORT", "HOME"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(*options.serve)
        return
    found = figures(options.mails, options.rounds, options.folder)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    columns = list(next(iter(found.values())))
    print(f"{'CPU us per mail':24}" + "".join(f"{name:>20}" for name in columns))
    for server, row in found.items():
        print(f"{server:24}" + "".join(f"{row[name]:>20.0f}" for name in columns))
    peer = found["aiosmtpd, uvloop" if "aiosmtpd, uvloop" in found else "aiosmtpd"]
    print(f"{'aiosmtpd / ours':24}" + "".join(f"{peer[name] / found['junkhound'][name]:>20.1f}" for name in columns))


def figures(mails: int, rounds: int, folder: str | None = None) -> dict[str, dict[str, float]]:
    """CPU microseconds of the server for each mail, by server and way of sending."""
    seen: dict[str, dict[str, list[float]]] = {}
    names = ["junkhound", "junkhound, asyncio", "aiosmtpd", "smtp-sink"]
    with contextlib.suppress(ImportError):
        import uvloop  # noqa: F401

        names.insert(2, "aiosmtpd, uvloop")
    with contextlib.ExitStack() as stack:
        running = {name: stack.enter_context(_running(name, folder)) for name in names}
        for turn in range(rounds + 1):
            for size in SIZES:
                for reused in (True, False):
                    for name, (pid, port) in running.items():
                        before = _cpu(pid)
                        _send(port, max(mails // (1 if turn else 10), 200), size, reused)
                        used = (_cpu(pid) - before) / max(mails // (1 if turn else 10), 200) * 1e6
                        if turn:  # the first warms up
                            way = f"{size // 1000} kB {'reused' if reused else 'one per mail'}"
                            seen.setdefault(name, {}).setdefault(way, []).append(used)
    return {name: {way: statistics.median(all_) for way, all_ in row.items()} for name, row in seen.items()}


@contextlib.contextmanager
def _running(name: str, folder: str | None) -> Any:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tempfile.mkdtemp(prefix="junkhound-bench-", dir=folder)
    if name == "smtp-sink":
        program = shutil.which("smtp-sink") or "/usr/sbin/smtp-sink"
        command = [program, *(["-u", "nobody"] if os.geteuid() == 0 else []), f"127.0.0.1:{port}", "1000"]
    else:
        command = [sys.executable, "-m", "bench.smtp", "--serve", name, str(port), home]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[1])
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as link:
                link.recv(10)
                break
            time.sleep(0.05)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(home)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    schedstat = Path(f"/proc/{pid}/schedstat").read_text().split()  # nanoseconds of its one thread
    ticks = (int(fields[11]) + int(fields[12])) / TICKS
    return int(schedstat[0]) / 1e9 or ticks


def _send(port: int, mails: int, size: int, reused: bool) -> None:
    program = shutil.which("smtp-source") or "/usr/sbin/smtp-source"
    keep = ["-d"] if reused else []
    subprocess.run(
        [program, *keep, "-s", str(SESSIONS), "-m", str(mails), "-l", str(size), "-f", "a@example.org",
         "-t", f"x@{DOMAIN}", f"127.0.0.1:{port}"],
        check=True,
    )  # fmt: skip


# --- the servers, each in a process of its own ------------------------------------------------------------


def serve(name: str, port: str, home: str) -> None:
    """Run one server until it is terminated."""
    from junkhound.intake import trap

    asyncio_only = "asyncio" in name or name == "aiosmtpd"
    loop = asyncio.new_event_loop() if asyncio_only else trap.new_loop()
    asyncio.set_event_loop(loop)
    writer = _spool(home).writer()
    if name.startswith("aiosmtpd"):
        _aiosmtpd(loop, writer, int(port))
    else:
        _ours(loop, writer, int(port))

    def tick() -> None:
        if writer.due:
            writer.seal()
        for sealed in writer.sealed:
            (Path(home) / "spool" / f"{sealed}.seg").unlink()
        writer.sealed.clear()
        loop.call_later(0.25, tick)

    tick()
    loop.run_forever()


def _spool(home: str) -> Any:
    from junkhound.kernel.config import Store
    from junkhound.ledger.spool import Spool

    return Spool(Path(home), Store())


def _ours(loop: asyncio.AbstractEventLoop, writer: Any, port: int) -> None:
    from junkhound.intake import trap
    from junkhound.kernel import heap
    from junkhound.wire import smtp

    heap.keep()  # as the trap of the service does
    policy = smtp.Policy("mx.example.org", trap.catch_all([DOMAIN]))
    one = trap.Trap(
        trap.Gate("lures", policy, per_client=1000, per_network=1000), writer, lambda: time.time_ns() // 1000
    )
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    trap.save_syn(listener)
    listener.bind(("127.0.0.1", port))
    loop.run_until_complete(loop.create_server(one, sock=listener, backlog=1024))


def _aiosmtpd(loop: asyncio.AbstractEventLoop, writer: Any, port: int) -> None:
    from aiosmtpd.smtp import SMTP

    from junkhound.kernel import net
    from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session

    waiting: list[asyncio.Future[None]] = []

    def commit() -> None:
        done, waiting[:] = list(waiting), []
        writer.sync()
        for one in done:
            one.set_result(None)

    class Handler:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
            client = net.parse(session.peer[0])
            facts = Facts(
                Origin(client.packed if client else None, time.time_ns() // 1000, "lures"),
                Envelope(
                    envelope.mail_from.encode(),
                    tuple(Recipient(each.encode(), 250, True) for each in envelope.rcpt_tos),
                ),
                Session(session.peer[1], helo=session.host_name.encode()),
            )
            writer.append(facts, envelope.content)
            if not waiting:
                loop.call_soon(commit)
            waiting.append(loop.create_future())
            await waiting[-1]
            return "250 2.0.0 kept"

    server = loop.create_server(lambda: SMTP(Handler(), hostname="mx.example.org", loop=loop), "127.0.0.1", port)
    loop.run_until_complete(server)


if __name__ == "__main__":
    main()
