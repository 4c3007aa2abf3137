"""The trap: a listener that takes in whatever comes, and says 250 only when it is on the disk.

One process, one event loop, one open segment. Mails that end in the same turn of the loop are synced together
(group commit), then all their clients hear 250. What the session showed is kept beside the mail; sessions
that bring no mail are counted as what they were: guessed passwords, harvests of addresses, probes.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

from junkhound.kernel import net
from junkhound.kernel.clock import HOUR
from junkhound.kernel.errors import Temporary
from junkhound.kernel.net import Address, Network
from junkhound.tables import Kind
from junkhound.wire import proxy, smtp
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session

HARVEST_AFTER = 3
"""Refused recipients or VRFY questions after which a session without mail is a harvest."""


class Writer(Protocol):
    """Where mails go: a segment of the spool."""

    def append(self, facts: Facts, mail: bytes, digest: bytes = b"") -> tuple[int, int]: ...

    def sync(self) -> None: ...


@dataclass(frozen=True)
class Gate:
    """What a listener is: its intake's name, who it answers for, its limits (seconds, bytes, connections)."""

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
    idle_sessions: dict[tuple[bytes, int, int], int] = field(default_factory=dict)
    room: Callable[[], bool] = lambda: True
    closing: bool = False
    _committing: bool = False

    def __call__(self) -> Connection:
        return Connection(self)

    def take(self, connection: Connection, facts: Facts, mail: bytes) -> None:
        """Append a mail and let its session wait for the sync at the end of this turn of the loop."""
        try:
            if not self.room():
                raise Temporary("the spool is full")
            self.writer.append(facts, mail)
        except Temporary:
            self.counts.deferred += 1
            connection.answer(452, "4.3.1 out of room, try later")
            return
        self.waiting.append((connection, len(mail)))
        if not self._committing:
            self._committing = True
            asyncio.get_running_loop().call_soon(self.commit)

    def commit(self) -> None:
        """Sync once; then everybody who waited hears what became of it."""
        self._committing = False
        waiting, self.waiting = self.waiting, []
        try:
            self.writer.sync()
            code, text = 250, "2.0.0 kept"
        except Temporary:
            code, text = 452, "4.3.1 cannot be kept now, try later"
        self.counts.syncs += 1
        for connection, size in waiting:
            if code == 250:
                self.counts.accepted += 1
                self.counts.bytes += size
            else:
                self.counts.deferred += 1
            connection.answer(code, text)

    def fold(self, client: Address | None, kind: Kind) -> None:
        """Count a session without a message (RUNTIME, stored forms): one row for (address, kind, intake, hour)."""
        if client is not None:
            key = (client.packed, int(kind), self.now() // HOUR)
            self.idle_sessions[key] = self.idle_sessions.get(key, 0) + 1

    def sweep(self) -> None:
        """End connections that are idle or have lasted too long; called every few seconds."""
        now = time.monotonic()
        for connection in list(self.open):
            if now - connection.active > self.gate.idle_s or now - connection.began > self.gate.session_s:
                self.counts.timeouts += 1
                connection.end(421, "4.4.2 timeout")

    def shut(self) -> None:
        """Say 421 to everybody (RFC 5321 section 3.8); mails that were taken are synced first."""
        self.closing = True
        if self.waiting:
            self.commit()
        for connection in list(self.open):
            connection.end(421, "4.3.2 closing down")

    def networks(self, client: Address) -> Network:
        """What per-network limits count by: IPv4 /24, IPv6 /64."""
        return net.network_of(client, 120 if client.is_v4 else 64)


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, trap: Trap) -> None:
        self.trap = trap
        self.transport: asyncio.Transport | None = None
        self.session: smtp.Session | None = None
        self.began = self.active = time.monotonic()
        self.client: Address | None = None
        self.client_port: int | None = None
        self.local: Address | None = None
        self.local_port: int | None = None
        self.name: str | None = None
        self.proxied: str | None = None
        self.xclient: tuple[tuple[str, str], ...] = ()
        self.auth_hash: bytes | None = None
        self.guesses = 0
        self._head = b""
        self._counted: tuple[Address, Network] | None = None
        self._awaits_proxy = False
        self._upgrading = False

    # --- asyncio ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if self._upgrading:
            return
        trap = self.trap
        self.client, self.client_port = _endpoint(transport.get_extra_info("peername"))
        self.local, self.local_port = _endpoint(transport.get_extra_info("sockname"))
        trap.open.add(self)
        trap.counts.connections += 1
        named = self.client is not None and any(network.holds(self.client) for network in trap.gate.proxies)
        if trap.gate.proxy_protocol and named:
            self._awaits_proxy = True
            return
        self._begin(named)

    def _begin(self, named: bool) -> None:
        """Open the dialogue, unless there are too many of this client."""
        trap = self.trap
        policy = trap.gate.policy
        if policy.xclient and not named:
            policy = _without_xclient(policy)
        self.session = smtp.Session(policy, _us())
        if self._refused():
            trap.counts.refused += 1
            self.end(421, "4.7.0 too many connections")
            return
        self.session.greet()
        self._send()

    def _refused(self) -> bool:
        trap = self.trap
        gate = trap.gate
        if trap.closing or len(trap.open) > gate.connections:
            return True
        if self.client is None:
            return False
        network = trap.networks(self.client)
        if trap.by_client[self.client] >= gate.per_client or trap.by_client[network] >= gate.per_network:
            return True
        trap.by_client[self.client] += 1
        trap.by_client[network] += 1
        self._counted = (self.client, network)
        return False

    def data_received(self, data: bytes) -> None:
        self.active = time.monotonic()
        if self._awaits_proxy:
            data = self._read_proxy(data)
            if not data:
                return
        session = self.session
        if session is None or session.phase is smtp.Phase.CLOSED:
            return
        session.receive(data, _us())
        self._act()

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        trap = self.trap
        trap.open.discard(self)
        if self._counted is not None:
            for key in self._counted:
                trap.by_client[key] -= 1
                if trap.by_client[key] <= 0:
                    del trap.by_client[key]
        session = self.session
        if session is not None and not session.deliveries and session.transaction is None:
            trap.fold(self.client, _kind_of(session, self.guesses))
        self.transport = None

    # --- the dialogue -------------------------------------------------------------------------------------

    def answer(self, code: int, text: str) -> None:
        """What became of the mail this session waits for."""
        if self.session is not None and self.session.phase is smtp.Phase.WAITING:
            self.session.answer(code, text, _us())
            self._act()

    def end(self, code: int, text: str) -> None:
        """A last word, then the connection closes."""
        if self.session is not None:
            self.session.close(code, text)
        self._send()
        if self.transport is not None:
            self.transport.close()

    def _act(self) -> None:
        session = self.session
        assert session is not None
        while session.events:
            event = session.events.pop(0)
            if isinstance(event, smtp.Delivery):
                self.trap.take(self, self._facts(event), event.mail)
            elif isinstance(event, smtp.Guess):
                self.guesses += 1
                secret = b"\0".join((event.mechanism.encode(), event.user, event.secret))
                self.auth_hash = hashlib.blake2b(secret, digest_size=16, key=self.trap.gate.secret).digest()
            elif isinstance(event, smtp.XClient):
                self._believe(event)
            else:
                self._send()
                self._start_tls()
        self._send()

    def _send(self) -> None:
        session = self.session
        if session is None or self.transport is None:
            return
        out = session.take_output()
        if out:
            self.transport.write(out)
        if session.phase is smtp.Phase.CLOSED:
            self.transport.close()

    def _read_proxy(self, data: bytes) -> bytes:
        """Bytes behind the PROXY header; empty while it is not whole."""
        self._head += data
        try:
            found = proxy.read(self._head)
        except proxy.Malformed:
            self.trap.counts.malformed += 1
            if self.transport is not None:
                self.transport.abort()
            return b""
        if found is None:
            return b""
        self._awaits_proxy = False
        self.proxied = f"{found.text} by {self.client}"
        if found.client is not None:
            self.client, self.client_port = found.client, found.client_port
            self.local, self.local_port = found.local, found.local_port
        rest, self._head = self._head[found.used :], b""
        self._begin(False)
        return rest

    def _believe(self, event: smtp.XClient) -> None:
        """XCLIENT comes from named proxies only: the session's policy does not offer it to others."""
        said = dict(event.attributes)
        self.xclient = event.attributes
        if (address := net.parse(said.get("ADDR", "").removeprefix("IPV6:"))) is not None:
            self.client = address
        if said.get("PORT", "").isdigit():
            self.client_port = int(said["PORT"]) & 0xFFFF
        name = said.get("NAME", "")
        self.name = None if name in ("", "[UNAVAILABLE]", "[TEMPUNAVAIL]") else name
        if self.session is not None and said.get("HELO"):
            self.session.helo = said["HELO"].encode()

    def _start_tls(self) -> None:
        gate = self.trap.gate
        transport = self.transport
        if gate.tls is None or transport is None:
            self.end(454, "4.7.0 TLS is not there now")
            return
        self._upgrading = True
        task = asyncio.get_running_loop().create_task(self._handshake(transport, gate.tls))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _handshake(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(transport, self, context, server_side=True, ssl_handshake_timeout=30)
        except (TimeoutError, OSError, ssl.SSLError):
            self.trap.counts.malformed += 1
            transport.abort()
            return
        finally:
            self._upgrading = False
        self.transport = secured
        if self.session is not None:
            self.session.secured()

    def _facts(self, event: smtp.Delivery) -> Facts:
        session = self.session
        assert session is not None
        tls = self.transport.get_extra_info("ssl_object") if self.transport is not None and session.tls else None
        recipients = tuple(Recipient(a, c, t) for a, c, t in event.transaction.recipients)
        return Facts(
            Origin(self.client.packed if self.client else None, self.trap.now(), self.trap.gate.intake, int(Kind.JUNK)),
            Envelope(event.transaction.mail_from, recipients),
            Session(
                client_port=self.client_port,
                local=self.local.packed if self.local else None,
                local_port=self.local_port,
                helo=session.helo,
                protocol=_protocol(session),
                tls_version=_TLS.get(tls.version()) if tls else None,
                tls_cipher=tls.cipher()[0] if tls and tls.cipher() else None,
                dialect=tuple(session.trace),
                command_us=tuple(session.command_us),
                replies=tuple(session.replies),
                proxy=self.proxied,
                xclient=self.xclient,
                auth_hash=self.auth_hash,
                client_name=self.name,
            ),
        )


_TLS = {"TLSv1": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}


def _protocol(session: smtp.Session) -> str:
    """The `with` keyword of RFC 3848."""
    base = "LMTP" if session.policy.protocol == "lmtp" else "ESMTP" if session.esmtp else "SMTP"
    return base + "S" if session.tls else base


def _kind_of(session: smtp.Session, guesses: int) -> Kind:
    if guesses:
        return Kind.AUTH_GUESS
    if session.vrfy >= HARVEST_AFTER or session.rejected >= HARVEST_AFTER:
        return Kind.HARVEST
    return Kind.PROBE


def _endpoint(name: Any) -> tuple[Address | None, int | None]:
    if isinstance(name, tuple) and len(name) >= 2:
        return net.parse(name[0]), name[1]
    return None, None  # a Unix socket


def _without_xclient(policy: smtp.Policy) -> smtp.Policy:
    from dataclasses import replace

    return replace(policy, xclient=False)


def _us() -> int:
    return time.monotonic_ns() // 1000


def catch_all(domains: Iterable[str], traps: Iterable[str] = ()) -> Callable[[bytes], smtp.Rcpt]:
    """Accept every address of these domains and every listed address; refuse to relay for anybody."""
    own = frozenset(domain.lower() for domain in domains)
    listed = frozenset(address.lower() for address in traps)
    yes, no = smtp.Rcpt(250, "2.1.5 fine", True), smtp.Rcpt(550, "5.7.1 we do not relay")

    def decide(address: bytes) -> smtp.Rcpt:
        text = address.decode("utf-8", "replace").lower()
        return yes if text.rpartition("@")[2] in own or text in listed else no

    return decide
