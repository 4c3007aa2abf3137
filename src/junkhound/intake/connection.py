"""One client of the trap, from the first byte to the last; ``seen`` tells what it showed."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
import ssl
import time
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from junkhound.intake import seen
from junkhound.intake.tls import Channel
from junkhound.kernel.net import Address, Network
from junkhound.tables import Kind
from junkhound.wire import proxy, smtp

if TYPE_CHECKING:
    from junkhound.intake.trap import Trap

STASH = 8192
"""Bytes that are kept of what a held client says; one that says more is answered."""

# names of the module: an attribute of an Enum class costs a third of a microsecond each time
COMMAND, _, _, WAITING, _, _, CLOSED = smtp.Phase


class Connection(asyncio.Protocol):
    """One client."""

    __slots__ = (
        "_awaits_proxy", "_booked", "_counted", "_ended", "_greeting", "_head", "_held", "_named",
        "_since", "_slow", "_stash", "_told", "_turned_away", "_waits_for",
        "active", "auth_hash", "began", "channel", "client", "client_port", "clock", "closing_at", "guesses", "local",
        "local_port", "name", "proxied", "session", "syn", "transport", "trap", "xclient",
    )  # fmt: skip

    def __init__(self, trap: Trap) -> None:
        self.trap = trap
        self.transport: asyncio.Transport | None = None
        self.session: smtp.Session | None = None
        self.began = self.active = _us()
        self.closing_at: int | None = None
        self.client: Address | None = None
        self.client_port: int | None = None
        self.local: Address | None = None
        self.local_port: int | None = None
        self.name: str | None = None
        self.proxied: str | None = None
        self.syn: bytes | None = None
        self.xclient: tuple[tuple[str, str], ...] = ()
        self.auth_hash: bytes | None = None
        self.guesses = 0
        self.clock = trap.now() - self.began
        self._head = b""
        self._held = 0
        self._counted: tuple[Address, Network] | None = None
        self._awaits_proxy = False
        self._named = False
        self._turned_away = False
        self._ended = False  # the client has said all it will
        self.channel: Channel | None = None
        self._greeting: asyncio.TimerHandle | None = None
        self._slow = False  # may be held in the tarpit
        self._waits_for: asyncio.TimerHandle | None = None  # an answer that is held back
        self._since = self._booked = 0  # when that began, and for how long
        self._told = 0  # commands whose answers have left
        self._stash = b""  # said meanwhile

    # --- asyncio ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        trap = self.trap
        self.client, self.client_port = seen.endpoint(transport.get_extra_info("peername"))
        self.local, self.local_port = seen.endpoint(transport.get_extra_info("sockname"))
        trap.open.add(self)
        trap.counts.connections += 1
        link = transport.get_extra_info("socket")
        if link is not None and link.family == socket.AF_UNIX:
            self._named = True  # whoever may open the socket file is ours
        else:
            self.syn = seen.saved_syn(link)
            self._named = self.client is not None and any(n.holds(self.client) for n in trap.gate.proxies)
        if trap.gate.proxy_protocol and self._named:
            self._awaits_proxy = True
            if trap.closing or len(trap.open) > trap.gate.connections:
                transport.close()
            return
        self._begin()

    def _begin(self) -> None:
        """Open the dialogue, unless there are too many of this client."""
        trap = self.trap
        policy = trap.gate.policy
        if policy.xclient and (not self._named or self.proxied):
            policy = trap.plain_policy
        self.session = smtp.Session(policy, _us())
        if trap.closing or len(trap.open) > trap.gate.connections:
            trap.counts.refused += 1
            self._turned_away = True
            self.end(421, "4.3.2 no room now, try later")
        elif not self._admitted():
            self._flood()
        else:
            self._known()
            if trap.gate.greet_s > 0:
                self._greeting = asyncio.get_running_loop().call_later(trap.gate.greet_s, self._greet)
            else:
                self.session.greet()
                self._send()

    def _greet(self) -> None:
        self._greeting = None
        if self.session is not None and self.session.phase is not CLOSED:
            self.session.greet()
            self._send()

    def _known(self) -> None:
        """The client's address is known: whether it may be held, and one more connection of it where that is told."""
        pit = self.trap.tarpit
        self._slow = pit.slows(self.client) and not (self._named and self.proxied is None and not self.xclient)
        if self._slow and (sums := pit.sum(self.client)) is not None:
            sums.connections += 1

    def _early(self) -> None:
        """It spoke before the greeting."""
        assert self.session is not None
        if not self.session.manners & smtp.Manner.EARLY:
            self.trap.counts.early += 1
            if self._slow and (sums := self.trap.tarpit.sum(self.client)) is not None:
                sums.early += 1
        self.session.manners |= smtp.Manner.EARLY

    def _admitted(self) -> bool:
        """Count the client in; False where it or its network has too many connections. Named proxies have no limit."""
        trap = self.trap
        if self.client is None or (self._named and self.proxied is None and not self.xclient):
            return True
        network = trap.network_of(self.client)
        counted = trap.by_client
        if counted[self.client] >= trap.gate.per_client or counted[network] >= trap.gate.per_network:
            return False
        counted[self.client] += 1
        counted[network] += 1
        self._counted = (self.client, network)
        return True

    def _flood(self) -> None:
        self._turned_away = True
        self.trap.counts.refused += 1
        self.trap.fold(self.client, Kind.FLOOD)
        self.end(421, "4.7.0 too many connections")

    def data_received(self, data: bytes) -> None:
        self.active = at = _us()
        if self._awaits_proxy:
            data = self._read_proxy(data)
            if not data:
                return
        session = self.session
        if session is None or session.phase is CLOSED:
            return
        if self._greeting is not None:
            self._greeting.cancel()
            self._early()
            self._greet()
        if self._waits_for is not None:
            if not session.commands and self.channel is None:
                self._early()
            self._stash += data
            if len(self._stash) > STASH:
                self._release()
            return
        if self.channel is not None:
            data = self._decrypt(data)
        if data:
            session.receive(data, at)
            self._weigh()
            if session.events:
                self._act()
            else:
                self._send()

    def eof_received(self) -> bool:
        """Half-closed: mail that waits for its sync is still answered."""
        self._ended = True
        return self._waits()

    def connection_lost(self, exc: Exception | None) -> None:
        trap = self.trap
        trap.open.discard(self)
        trap.held -= self._held
        self._held = 0
        if self._greeting is not None:
            self._greeting.cancel()
        self._no_longer_held(gone=True)
        self._uncount()
        self._fold()
        self.transport = None

    def _fold(self) -> None:
        """A session that brought no mail is a sighting of its own; a named proxy that looks whether we live is none."""
        session = self.session
        if session is None or session.mails or self._turned_away:
            return
        if not self._named or self.proxied is not None or self.xclient:
            self.trap.fold(self.client, seen.kind_of(session, self.guesses), seen.intake_of(session))

    def _uncount(self) -> None:
        if self._counted is not None:
            for key in self._counted:
                self.trap.by_client[key] -= 1
                if self.trap.by_client[key] <= 0:
                    del self.trap.by_client[key]

    def pause_writing(self) -> None:
        """A client that does not read what we say is not listened to either."""
        if self.transport is not None:
            with contextlib.suppress(RuntimeError):
                self.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.transport is not None:
            with contextlib.suppress(RuntimeError):
                self.transport.resume_reading()

    # --- the dialogue -------------------------------------------------------------------------------------

    def answer(self, code: int, text: str) -> None:
        """What became of the mail this session waits for."""
        if self.session is not None and self._waits():
            self.session.answer(code, text, _us())
            if code < 400 and self._slow and (sums := self.trap.tarpit.sum(self.client)) is not None:
                sums.mails += 1
            self._weigh()
            self._act(at_once=True)
            if self._ended and not self._waits():
                self._close()

    def end(self, code: int, text: str) -> None:
        """A last word, then the connection closes."""
        if self.session is not None:
            self.session.close(code, text)
        self._send(at_once=True)
        self._close()

    def abort(self) -> None:
        """Close without a word: the peer does not read, or speaks no protocol of ours."""
        if self.transport is not None:
            self.transport.abort()

    def _close(self) -> None:
        if self.transport is not None and self.closing_at is None:
            self.closing_at = _us()
            if self.channel is not None:
                self.channel.close()
                self.transport.write(self.channel.take_output())
            self.transport.close()

    def _weigh(self) -> None:
        """Keep the sum of what all clients have in memory under its limit: whoever sends then is told to come later."""
        session, trap = self.session, self.trap
        assert session is not None
        held = session.held
        if held == self._held:
            return
        trap.held += held - self._held
        self._held = held
        if trap.held > trap.gate.memory and held:
            trap.counts.deferred += session.phase is not COMMAND
            session.abandon(452, "4.3.1 out of memory, try later")
            if session.held > smtp.LINE_LIMIT and session.phase is COMMAND:
                session.close(421, "4.3.1 out of memory, try later")
            trap.held += session.held - held
            self._held = session.held

    def _act(self, at_once: bool = False) -> None:
        session = self.session
        assert session is not None
        while session.events:
            event = session.events.pop(0)
            if isinstance(event, smtp.Delivery):
                refusal = self.trap.take(self, seen.facts_of(self, event, self.trap.now(), _us()), event.mail)
                if refusal is not None:
                    session.answer(*refusal, _us())
            elif isinstance(event, smtp.Guess):
                self.guesses += 1
                secret = b"\0".join((event.mechanism.encode(), event.user, event.secret))
                self.auth_hash = hashlib.blake2b(secret, digest_size=16, key=self.trap.gate.secret).digest()
            elif isinstance(event, smtp.XClient):
                if not self._believe(event.attributes):
                    return
            else:
                self._start_tls()
                return
        self._send(at_once)

    def _send(self, at_once: bool = False) -> None:
        """Send what there is to say, after a while where the client is held. What became of a mail never waits."""
        session = self.session
        if session is None or self.transport is None:
            return
        if self._slow:
            if at_once or self._waits():
                self._no_longer_held()
            elif self._waits_for is not None or self._hold(session):
                return
        self._told = session.commands
        out = session.take_output()
        if out and self.closing_at is None:
            if self.channel is not None and self.channel.ready:
                self.channel.send(out)
                out = self.channel.take_output()
            self.transport.write(out)
        if session.phase is CLOSED:
            self._close()

    def _hold(self, session: smtp.Session) -> bool:
        """Let what there is to say wait; False where it goes out at once."""
        pit = self.trap.tarpit
        if not session.has_output or self.closing_at is not None or self.client is None or self.trap.closing:
            return False
        now = _us()
        self._booked = pit.wait_us(self.client, session.commands - self._told, now)
        if not self._booked:
            return False
        self._since = now
        pit.began()
        self._waits_for = asyncio.get_running_loop().call_later(self._booked / 1_000_000, self._release)
        return True

    def _no_longer_held(self, gone: bool = False) -> None:
        """The wait is over, or given up; the time counts that the client was there."""
        if self._waits_for is None:
            return
        self._waits_for.cancel()
        self._waits_for = None
        assert self.client is not None
        held = min(_us() - self._since, self._booked)
        self.trap.tarpit.ended(self.client, self._booked, held, gone, _us())

    def _release(self) -> None:
        """Send what waited, and go on with what the client said meanwhile."""
        if self._waits_for is None or self.session is None:
            return
        self._no_longer_held()
        self.active = _us()
        slow, self._slow = self._slow, False
        self._send()
        self._slow = slow
        said, self._stash = self._stash, b""
        if said and self.session.phase is not CLOSED:
            if not self.session.esmtp and self.channel is None:
                self.session.manners |= smtp.Manner.AHEAD
            self.data_received(said)

    def _read_proxy(self, data: bytes) -> bytes:
        """Bytes behind the PROXY header; empty while it is not whole."""
        self._head += data
        try:
            found = proxy.read(self._head)
        except proxy.Malformed:
            self.trap.counts.malformed += 1
            self.abort()
            return b""
        if found is None:
            return b""
        self._awaits_proxy = False
        if found.client is not None:
            self.proxied = f"{found.text} by {self.client}"
            self.client, self.client_port = found.client, found.client_port
            self.local, self.local_port = found.local, found.local_port
            self.syn = None  # the proxy's, not the client's
        rest, self._head = self._head[found.used :], b""
        self._begin()
        if rest and self.session is not None and (self.trap.gate.greet_s > 0 or self._slow):
            self._early()  # sent together with the header, before we could say anything
        return rest

    def _believe(self, attributes: tuple[tuple[str, str], ...]) -> bool:
        """Take the client for who a named proxy (XCLIENT is for no other) says it is; False where that ends it."""
        said = dict(attributes)
        self.xclient = (*self.xclient, *attributes)[-32:]
        self.client, self.client_port, self.name = seen.said_client(said, self.client, self.client_port, self.name)
        self.syn = None
        if self.session is not None and said.get("HELO", "") not in seen.UNKNOWN:
            self.session.helo = said["HELO"].encode()
        self._uncount()
        self._counted = None
        if not self._admitted():
            self._flood()
            return False
        self._known()
        return True

    def _start_tls(self) -> None:
        gate, session = self.trap.gate, self.session
        assert session is not None
        if gate.tls is None:
            self.end(454, "4.7.0 TLS is not there now")
            return
        rest = session.take_rest()
        self._send(at_once=True)
        self.channel = Channel(gate.tls)
        if rest:
            self._decrypt(rest)

    def _decrypt(self, data: bytes) -> bytes:
        channel, session = self.channel, self.session
        assert channel is not None
        assert session is not None
        ready = channel.ready
        try:
            said = channel.receive(data)
        except ssl.SSLError:
            self.trap.counts.malformed += 1
            if self.transport is not None:
                self.transport.write(channel.take_output())  # the alert
            session.phase = CLOSED
            self._close()
            return b""
        if channel.ready and not ready:
            session.secured()
            self.trap.counts.tls += 1
            self.trap.counts.tls_resumed += channel.resumed
        if self.transport is not None and (out := channel.take_output()):
            self.transport.write(out)
        if channel.ended:
            self._ended = True
            if not self._waits() and not said:
                self._close()
        return said

    def _waits(self) -> bool:
        return self.session is not None and self.session.phase is WAITING

    @property
    def in_handshake(self) -> bool:
        """Whether TLS was asked for and is not there yet."""
        return self.channel is not None and not self.channel.ready

    @property
    def waits_for_us(self) -> bool:
        """Whether an answer to it is held back: its silence is our doing then."""
        return self._waits_for is not None

    @property
    def begun(self) -> bool:
        """Whether the client has said anything that counts: a command, not half a PROXY header."""
        return self.session is not None and self.session.commands > 0


def without_xclient(policy: smtp.Policy) -> smtp.Policy:
    """The same for strangers."""
    return replace(policy, xclient=False)


def _us() -> int:
    return time.monotonic_ns() // 1000
