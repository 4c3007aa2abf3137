"""A trap on a loopback port, and a writer that remembers."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from junkhound.intake import trap
from junkhound.kernel.errors import Temporary
from junkhound.ledger.spool import SegmentWriter
from junkhound.wire import smtp
from junkhound.wire.facts import Facts

NOW = 1_150_000_000_000_000


class Notebook:
    """A writer that remembers, and says which mails were synced."""

    def __init__(self) -> None:
        self.pending: list[tuple[Facts, bytes]] = []
        self.synced: list[tuple[Facts, bytes]] = []
        self.fails = False

    def append(self, facts: Facts, mail: bytes, digest: bytes = b"") -> tuple[int, int]:
        self.pending.append((facts, mail))
        return 1, len(self.pending)

    def sync(self) -> None:
        if self.fails:
            self.pending.clear()
            raise Temporary("disk full")
        self.synced += self.pending
        self.pending = []


class Running:
    """A trap on a loopback port, its loop in a thread."""

    def __init__(
        self,
        gate: trap.Gate,
        loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
        writer: SegmentWriter | None = None,
    ) -> None:
        self.writer = Notebook()
        self.now = NOW
        self.trap = trap.Trap(gate, writer or self.writer, lambda: self.now)
        self.loop = loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.listener = socket.socket()
        trap.save_syn(self.listener)
        self.listener.bind(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.server = self.call(lambda: self.loop.create_server(self.trap, sock=self.listener, backlog=1024))

    def call(self, start: Callable[[], object]):
        return asyncio.run_coroutine_threadsafe(start(), self.loop).result(10)  # type: ignore[arg-type]

    def soon(self, act: Callable[[], None]) -> None:
        done = threading.Event()
        self.loop.call_soon_threadsafe(lambda: (act(), done.set()))
        assert done.wait(10)

    def stop(self) -> None:
        self.soon(self.server.close)  # the loop owns the listening socket, and closes it once
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)

    def connect(self) -> socket.socket:
        """A client that has heard nothing yet."""
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def say(self, data: bytes) -> bytes:
        """Say all that at once, and hear everything until the trap closes."""
        with self.connect() as client:
            client.sendall(data)
            return hear(client)


def hear(client: socket.socket) -> bytes:
    """Everything until the trap closes."""
    heard = b""
    while chunk := client.recv(65536):
        heard += chunk
    return heard


def policy(**settings: object) -> smtp.Policy:
    return smtp.Policy("mx.example.org", trap.catch_all(["trap.example"]), **settings)  # type: ignore[arg-type]


@contextmanager
def traps(loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop) -> Iterator[Callable[..., Running]]:
    """Starts traps with the given settings of their gate, and stops them."""
    running: list[Running] = []

    def make(**settings: object) -> Running:
        gate = trap.Gate("lures", policy(), secret=b"k" * 32)
        running.append(Running(replace(gate, **settings), loop))  # type: ignore[arg-type]
        return running[-1]

    try:
        yield make
    finally:
        for one in running:
            one.stop()


def wait(check: Callable[[], bool]) -> None:
    """Until the trap's thread got that far."""
    for _ in range(1000):
        if check():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never happened")
