"""The trap: a listener that takes in whatever comes, and says 250 only when it is on the disk.

One process, one event loop, one open segment. Mails that end in the same turn of the loop are synced together
(group commit), then all their clients hear 250. What the session showed is kept beside the mail; sessions
that bring no mail are counted as what they were: guessed passwords, harvests of addresses, probes, floods.

Other public names: ``Connection`` (one client), ``doors`` and ``catch_all`` (who is a trap), ``tls`` (STARTTLS).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from junkhound.intake.connection import Connection, without_xclient
from junkhound.intake.doors import catch_all, doors
from junkhound.intake.seen import HARVEST_AFTER
from junkhound.intake.tarpit import Pit, Tarpit
from junkhound.kernel import net
from junkhound.kernel.clock import HOUR, SECOND
from junkhound.kernel.errors import Temporary
from junkhound.kernel.net import Address, Network
from junkhound.tables import Kind
from junkhound.wire import smtp
from junkhound.wire.facts import Facts, Origin

__all__ = [
    "HARVEST_AFTER", "Connection", "Counts", "Gate", "Pit", "Tarpit", "Trap", "catch_all", "doors", "new_loop",
    "save_syn",
]  # fmt: skip

FOLDED = 100_000
"""Different clients without mail that are remembered until the next ``flush_sessions``; more are only counted."""

FIRST_S = 60.0
"""A PROXY header, a TLS handshake and a client's first command must have come within this time."""

LINGER_S = 10.0
"""A client that does not take our last words is cut off after this."""

CROWDED = 0.8
CROWDED_IDLE_S = 10.0
"""Above this share of all connections the silent are sent away sooner (as Postfix does under stress)."""

COMMIT_S = 0.003
MANY_WAIT = 64
"""A sync costs as much CPU as a mail: the first to wait waits a moment for others, unless there are none."""

_SAVE_SYN = 27  # TCP_SAVE_SYN of linux/tcp.h, which Python's socket does not name


class Writer(Protocol):
    """Where mails go: a segment of the spool."""

    def append(self, facts: Facts, mail: bytes, digest: bytes = b"") -> tuple[int, int]: ...

    def sync(self) -> None: ...


@dataclass(frozen=True)
class Gate:
    """What a listener is: whose mail it takes, who it believes, its limits (seconds, bytes, connections).

    ``intake`` is where sessions without a recipient of ours belong, and mail whose recipient names no intake.
    ``greet_s`` lets clients wait for the banner, so that those who cannot wait show themselves. ``memory`` bounds
    what all clients together may have in memory.
    """

    intake: str
    policy: smtp.Policy
    proxies: tuple[Network, ...] = ()
    proxy_protocol: bool = False
    secret: bytes = b""
    tls: ssl.SSLContext | None = None
    idle_s: float = 300.0
    session_s: float = 1800.0
    connections: int = 10_000
    per_client: int = 50
    per_network: int = 200
    greet_s: float = 0.0
    memory: int = 512 << 20
    pit: Pit = Pit()  # noqa: RUF009 - a frozen value


@dataclass
class Counts:
    """What happened since the start, for ``/metrics``."""

    connections: int = 0
    accepted: int = 0
    deferred: int = 0
    refused: int = 0
    malformed: int = 0
    timeouts: int = 0
    bytes: int = 0
    syncs: int = 0
    tls: int = 0
    tls_resumed: int = 0
    without_mail: int = 0
    early: int = 0


@dataclass
class Trap:
    """All connections of one process and the writer they share."""

    gate: Gate
    writer: Writer
    now: Callable[[], int]
    counts: Counts = field(default_factory=Counts)
    open: set[Connection] = field(default_factory=set)
    by_client: Counter[Any] = field(default_factory=Counter)
    waiting: list[tuple[Connection, int]] = field(default_factory=list)
    idle_sessions: dict[tuple[bytes, int, str, int], tuple[int, int]] = field(default_factory=dict)
    held: int = 0
    room: Callable[[], bool] = lambda: True
    closing: bool = False
    _committing: bool = False
    _failed: bool = False

    def __call__(self) -> Connection:
        return Connection(self)

    @cached_property
    def tarpit(self) -> Tarpit:
        """Who is held, and for how long."""
        return Tarpit(self.gate.pit)

    @cached_property
    def plain_policy(self) -> smtp.Policy:
        """What is offered to strangers."""
        return without_xclient(self.gate.policy)

    def take(self, connection: Connection, facts: Facts, mail: bytes) -> tuple[int, str] | None:
        """Append a mail and let its session wait for the sync at the end of this turn; a reply where that fails."""
        try:
            if not self.room():
                raise Temporary("the spool is full")
            self.writer.append(facts, mail)
        except Temporary:
            self.counts.deferred += 1
            self._failed = True  # the writer tells of a failure once more at its next sync: not to somebody else's mail
            self._soon()
            return 452, "4.3.1 out of room, try later"
        self.waiting.append((connection, len(mail)))
        self._soon()
        return None

    def _soon(self) -> None:
        """Commit at the end of this turn if every client waits, else a moment later together with whoever is next."""
        if len(self.waiting) >= min(len(self.open), MANY_WAIT):
            asyncio.get_running_loop().call_soon(self.commit)
            self._committing = True
        elif not self._committing:
            self._committing = True
            asyncio.get_running_loop().call_later(COMMIT_S, self.commit)

    def commit(self) -> None:
        """Sync once; then everybody who waited hears what became of it."""
        self._committing = False
        waiting, self.waiting = self.waiting, []
        if not waiting and not self._failed:
            return  # another call was faster
        self._failed = False
        code, text = 452, "4.3.1 cannot be kept now, try later"
        try:
            with contextlib.suppress(Temporary):
                self.writer.sync()
                code, text = 250, "2.0.0 kept"
        finally:  # also for an error that nobody foresaw: no client is left without an answer
            self.counts.syncs += 1
            for connection, size in waiting:
                if code == 250:
                    self.counts.accepted += 1
                    self.counts.bytes += size
                else:
                    self.counts.deferred += 1
                connection.answer(code, text)

    # --- sessions without a message -----------------------------------------------------------------------

    def fold(self, client: Address | None, kind: Kind, intake: str = "") -> None:
        """Count a session without a message (RUNTIME, stored forms): one row for (address, kind, intake, hour)."""
        self.counts.without_mail += 1
        if client is None:
            return
        now = self.now()
        key = (client.packed, int(kind), intake or self.gate.intake, now // HOUR)
        known = self.idle_sessions.get(key)
        if known is not None or len(self.idle_sessions) < FOLDED:
            self.idle_sessions[key] = (1 if known is None else known[0] + 1, now)

    def flush_sessions(self, writer: Writer | None = None) -> int:
        """Append one record for each folded row; how many. Called before sealing, which syncs them with the rest.

        Rows that cannot be appended stay for the next time.
        """
        written = 0
        for key, (count, last) in list(self.idle_sessions.items()):
            client, kind, intake, _ = key
            try:
                (writer or self.writer).append(Facts(Origin(client, last, intake, kind, count=count)), b"")
            except Temporary:
                self._failed = True
                self._soon()
                break
            del self.idle_sessions[key]
            written += 1
        return written

    # --- clockwork ----------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """End connections that are idle or have lasted too long; called every few seconds."""
        now = time.monotonic_ns() // 1000
        gate = self.gate
        crowded = len(self.open) > CROWDED * gate.connections
        idle = (min(gate.idle_s, CROWDED_IDLE_S) if crowded else gate.idle_s) * SECOND
        for connection in list(self.open):
            if connection.closing_at is not None:
                if now - connection.closing_at > LINGER_S * SECOND:
                    connection.abort()
                continue
            if connection.waits_for_us:
                connection.active = now
            age, silent = now - connection.began, now - connection.active
            late = silent > FIRST_S * SECOND and (not connection.begun or connection.in_handshake)
            if silent > idle or age > gate.session_s * SECOND or late:
                self.counts.timeouts += 1
                if connection.in_handshake:
                    connection.abort()
                else:
                    connection.end(421, "4.4.2 timeout")

    def shut(self) -> None:
        """Say 421 to everybody (RFC 5321 section 3.8); mails that were taken are synced first."""
        self.closing = True
        if self.waiting:
            self.commit()
        for connection in list(self.open):
            connection.end(421, "4.3.2 closing down")

    @staticmethod
    def network_of(client: Address) -> Network:
        """What per-network limits count by: IPv4 /24, IPv6 /64."""
        return net.network_of(client, 120 if client.is_v4 else 64)


def save_syn(listener: socket.socket) -> None:
    """Have the kernel keep the SYN of every connection to this TCP listener; nothing where it cannot (Linux can)."""
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.IPPROTO_TCP, _SAVE_SYN, 1)


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop's event loop where it is installed (``junkhound[uvloop]``), else Python's own."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
