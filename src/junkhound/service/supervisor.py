"""The supervisor: one process for each role, started, watched, started again, and stopped in the right order.

It binds the listening sockets itself and hands them on, so a trap that dies or is renewed refuses nobody. It parses
no mail and opens no database. A second one on the same home is refused.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from junkhound.kernel.config import Config
from junkhound.kernel.errors import Refused
from junkhound.ledger import home as homes
from junkhound.service import notes, trapping
from junkhound.service.log import say
from junkhound.service.notify import notify

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.5, 60.0
WELL_AFTER_S = 30.0
ORDER = (
    "trap", "logs", "web", "partners", "sensor", "dns", "decider", "pictures", "files", "grouper", "janitor", "judge",
)  # fmt: skip
"""Who is told to stop first: new mail, then those who look, then those who write."""
FACES = ("web", "partners")
"""Roles that the command line runs; they tell by answering that they are ready."""


@dataclass
class Child:
    """One process of the service."""

    role: str
    name: str
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    backoff: float = FIRST_BACKOFF_S
    due: float = 0.0
    restarts: int = 0


class Supervisor:
    """The service of one home."""

    def __init__(
        self,
        config: Config,
        config_path: str | None,
        home: str | None,
        roles: tuple[str, ...] = (),
        at: str | None = None,
    ) -> None:
        self.config = config
        self.config_path = config_path
        self.home = config.home
        self.given_home = home
        self.at = at
        self.stopping = self.renewing = False
        self.sockets: list[tuple[str, socket.socket]] = []
        settings = config.serve
        counts = {"judge": 1, "decider": 1, "janitor": 1, "grouper": 1, "trap": settings.traps if config.traps else 0,
                  "dns": settings.dns, "web": int(settings.web), "partners": int(bool(config.partners.listen)),
                  "sensor": int(bool(config.sensor.hub)),
                  "files": int(bool(config.files.clamd) or config.files.pdf),
                  "pictures": int(settings.pictures and bool(find_spec("PIL"))),
                  "logs": int(any(log.files for log in config.logs.values()))}  # fmt: skip
        self.children = [
            Child(role, role if count == 1 else f"{role}{index}")
            for role, count in counts.items()
            if not roles or role in roles
            for index in range(count)
        ]
        self.notes: notes.Notes | None = None

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT; SIGHUP renews the processes one by one. Errors: Refused, ConfigError."""
        homes.prepare(self.home)
        with self._lock():
            self.notes = notes.Notes(self.home, "supervisor")
            if any(child.role == "trap" for child in self.children):
                self.sockets = trapping.listeners(self.config)
            signal.signal(signal.SIGTERM, self._stop)
            signal.signal(signal.SIGINT, self._stop)
            signal.signal(signal.SIGHUP, self._renew)
            for child in self.children:
                self._start(child)
            self._until_ready()
            while not self.stopping:
                self._watch()
                if self.renewing:
                    self._renew_all()
                time.sleep(0.2)
            notify("STOPPING=1")
            self._stop_all()
            self.notes.remove()
        return 0

    # --- processes ----------------------------------------------------------------------------------------

    def _start(self, child: Child) -> None:
        handed = [(protocol, link.fileno()) for protocol, link in self.sockets] if child.role == "trap" else []
        where = [*(["--config", self.config_path] if self.config_path else ()),
                 *(["--home", self.given_home] if self.given_home else ())]  # fmt: skip
        pinned = ["--at", self.at] if self.at else []
        if child.role == "web":  # a face, which only the command line may start
            command = [sys.executable, "-m", "junkhound", *where, "web", *pinned]
        elif child.role == "partners":
            command = [sys.executable, "-m", "junkhound", *where, "partners", "serve"]
        else:
            sockets = ",".join(f"{protocol}:{number}" for protocol, number in handed)
            command = [sys.executable, "-m", "junkhound.service", child.role, child.name, "--sockets", sockets, *where]
            command += pinned
        child.process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own code
            command, stdin=subprocess.DEVNULL, pass_fds=[number for _, number in handed], start_new_session=True
        )
        child.started = time.monotonic()
        say("supervisor", f"started {child.name}", child=child.process.pid)

    def _until_ready(self) -> None:
        """Wait until every process has written its first notes, then tell the service manager."""
        deadline = time.monotonic() + 60
        names = {child.name for child in self.children if child.role not in FACES}
        while time.monotonic() < deadline and not self.stopping:
            alive = {said["role"] for said in notes.read_all(self.home) if not said["stale"]}
            places = {"web": self.config.web.listen, "partners": self.config.partners.listen}
            faces = all(_answers(places[child.role]) for child in self.children if child.role in FACES)
            if names <= alive and faces:
                say("supervisor", "ready", processes=len(names))
                notify("READY=1\nSTATUS=ready")
                return
            self._watch()
            time.sleep(0.1)

    def _watch(self) -> None:
        """Start again what has ended, ever more slowly where it keeps ending."""
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                status = child.process.returncode
                child.process = None
                if now - child.started > WELL_AFTER_S:
                    child.backoff = FIRST_BACKOFF_S
                child.due = now + child.backoff
                say("supervisor", f"{child.name} ended", status=status, again_in_s=child.backoff)
                child.backoff = min(child.backoff * 2, LONGEST_BACKOFF_S)
                child.restarts += 1
            if child.process is None and now >= child.due and not self.stopping:
                self._start(child)
        if self.notes is not None:
            self.notes.counters["restarts_total"] = sum(child.restarts for child in self.children)
            self.notes.gauges["processes"] = sum(1 for child in self.children if child.process is not None)
            self.notes.write()
        notify("WATCHDOG=1")

    def _renew_all(self) -> None:
        self.renewing = False
        say("supervisor", "renewing every process")
        for child in self.children:
            self._end([child])
            self._start(child)

    def _stop_all(self) -> None:
        for role in ORDER:
            self._end([child for child in self.children if child.role == role])
        for _, link in self.sockets:
            link.close()
        say("supervisor", "stopped")

    def _end(self, children: list[Child]) -> None:
        running = [child for child in children if child.process is not None]
        for child in running:
            assert child.process is not None
            with contextlib.suppress(ProcessLookupError):
                child.process.terminate()
        deadline = time.monotonic() + self.config.serve.stop_s
        for child in running:
            assert child.process is not None
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                say("supervisor", f"{child.name} does not stop: killed")
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.process.pid, signal.SIGKILL)
                child.process.wait()
            child.process = None

    # --- signals and the lock -----------------------------------------------------------------------------

    def _stop(self, *_: object) -> None:
        self.stopping = True

    def _renew(self, *_: object) -> None:
        self.renewing = True

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        path = Path(self.home) / "lock"
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(handle, 32).decode("ascii", "replace").strip() or "?"
                raise Refused(
                    f"another serve runs on {str(self.home)!r} (process {holder})",
                    "stop it, or give --home another folder",
                ) from None
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
            yield
        finally:
            os.close(handle)


def _answers(place: str) -> bool:
    """Whether somebody accepts connections at ``address:port``."""
    host, _, port = place.rpartition(":")
    try:
        socket.create_connection((host.strip("[]") or "127.0.0.1", int(port)), 1).close()
    except (OSError, ValueError):
        return False
    return True
