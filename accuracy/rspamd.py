"""rspamd beside a measurement: Debian's configuration with every module it has, except those that ask the network.

Its resolver is a loopback answerer that says NXDOMAIN at once, for without one it waits for its timeout; its Bayes
classifier keeps what it is taught in files of its own folder.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

OFF = ("rbl", "surbl", "dkim", "dkim_signing", "arc", "spf", "dmarc", "fuzzy_check", "asn", "redis", "mx_check")
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def free_port(kind: int) -> int:
    """A port of loopback that nobody uses now."""
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

    def __init__(self, process: subprocess.Popen[bytes], port: int, control: int = 0) -> None:
        self.process = process
        self.port = port
        self.control = control
        self._local = threading.local()

    def check(self, mail: bytes) -> int:
        """Let it judge one mail; how many symbols it found."""
        return len(self.said(mail).get("symbols", ()))

    def said(self, mail: bytes, session: dict[str, str] | None = None) -> dict[str, Any]:
        """What it says of one mail; ``session`` are headers that tell of the SMTP session, as a milter would."""
        return self._post(self.port, "/checkv2", mail, session or {})

    def learn(self, mail: bytes, junk: bool) -> bool:
        """Teach its Bayes classifier; False where it says no (too short, known)."""
        return bool(self._post(self.control, "/learnspam" if junk else "/learnham", mail, {}).get("success"))

    def _post(self, port: int, path: str, mail: bytes, headers: dict[str, str]) -> dict[str, Any]:
        links = self._local.__dict__
        for fresh in (False, True):
            link = links.get(f"link{port}")
            if link is None or fresh:
                link = links[f"link{port}"] = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            try:
                link.request("POST", path, mail, headers)
                said = link.getresponse().read()  # nothing of a mail that it does not learn
                found: dict[str, Any] = json.loads(said) if said else {}
                return found
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
    """Processes that it started."""
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


WITHOUT_NAMES = {
    "hfilter": ("HFILTER_HELO_IP_A", "HFILTER_HELO_NORES_A_OR_MX", "HFILTER_FROMHOST_NORES_A_OR_MX",
                "HFILTER_HOSTNAME_UNKNOWN", "HFILTER_HELO_NORESOLVE_MX", "HFILTER_FROMHOST_NORESOLVE_MX"),
    "headers": ("DATE_IN_PAST", "MULTIPLE_UNIQUE_HEADERS"),
}  # fmt: skip
"""Rules that speak of simulated mail as such: no name resolves, it is of another year, its lists write Sender twice."""
BAYES = """
backend = "sqlite3"; cache {{ type = "sqlite3"; path = "{0}/cache.sqlite"; }} new_schema = false;
statfile {{ symbol = "BAYES_HAM"; spam = false; path = "{0}/ham.sqlite"; }}
statfile {{ symbol = "BAYES_SPAM"; spam = true; path = "{0}/spam.sqlite"; }}
"""


def configure(folder: Path, port: int, control: int, dns: int) -> None:
    """What differs from Debian's configuration. Its Bayes classifier keeps its words in files, for want of Redis."""
    local = folder / "local"
    for name in ("local.d", "override.d", "maps.d"):
        (local / name).mkdir(parents=True)
    override = local / "override.d"
    (override / "options.inc").write_text(
        f'dns {{ nameserver = ["127.0.0.1:{dns}:1"]; timeout = 1s; }}\ncontrol_socket = "{folder}/control mode=0600";\n'
        f'tempdir = "{folder}";\n'
    )
    (override / "worker-normal.inc").write_text(f'bind_socket = "127.0.0.1:{port}"; count = 1;\n')
    (override / "worker-controller.inc").write_text(
        f'bind_socket = "127.0.0.1:{control}"; secure_ip = ["127.0.0.1"];\n'
    )
    (override / "worker-proxy.inc").write_text("enabled = false; count = 0;\n")
    (override / "logging.inc").write_text('level = "error";\n')
    for group, symbols in WITHOUT_NAMES.items():
        said = "".join(f'"{symbol}" {{ weight = 0.0; }}\n' for symbol in symbols)
        (local / "local.d" / f"{group}_group.conf").write_text(f"symbols {{\n{said}}}\n")
    (override / "classifier-bayes.conf").write_text(BAYES.format(folder))
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
            process = subprocess.Popen(command, stdout=said, stderr=said)  # noqa: S603
        server = Rspamd(process, port, control)
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


def wait(server: Rspamd, folder: Path, patience_s: float = 300) -> None:
    """Until it answers. Errors: SystemExit with what it said."""
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
