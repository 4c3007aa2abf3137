"""Many DNS questions to one resolver at a time: UDP, a bounded number in flight, asked again when lost, TCP when cut.

A forged answer must match a random number, a random port, and the random case of every letter of the name (0x20), and
it must come from the address that was asked: sockets are connected. The event loop only says that something came; all
that waits is read in one go, so that an answer costs a system call and not a turn of the loop.

Source: RFC 1035, RFC 5452; the case of letters: draft-vixie-dnsext-dns0x20-00.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterator
from random import SystemRandom
from typing import Any, NamedTuple

from junkhound.wire import dns
from junkhound.wire.dns import Answer

SILENT = Answer(-1, (), ())
"""Nobody answered, however often it was asked."""
_POOL = 8  # sockets, each with a port of its own
_RENEW = 20_000  # questions after which a socket is replaced by one at another port
_TICK_S = 0.05
_LARGEST = 4096
_HEAD = b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
_draw = SystemRandom().getrandbits


class Below(NamedTuple):
    """The end that many names share, in wire form, and where its letters are."""

    size: int
    number: int
    letters: int

    def mixed(self) -> bytes:
        """The name with the case of each letter drawn anew."""
        return (self.number ^ (_draw(self.size * 8) & self.letters)).to_bytes(self.size, "big")


def below(zone: str) -> Below:
    """A zone's name to ask below of. Errors: ValueError."""
    wire = bytes(dns.name(zone)).lower()
    letters = bytes(0x20 if 97 <= octet <= 122 else 0 for octet in wire)
    return Below(len(wire), int.from_bytes(wire, "big"), int.from_bytes(letters, "big"))


class Question(NamedTuple):
    """``front`` are the labels before the zone in wire form; ``tag`` is the asker's own."""

    tag: Any
    front: bytes
    zone: Below
    kind: int = dns.A


class _Open(NamedTuple):
    """A question that waits: what was sent, and by when its answer must be here."""

    question: Question
    sent: bytes
    due: float
    tries: int


class _Port:
    """One connected socket and the questions that wait on it, by number."""

    def __init__(self, place: tuple[str, int]) -> None:
        family = socket.AF_INET6 if ":" in place[0] else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.connect(place)
        self.waiting: dict[int, _Open] = {}
        self.asked = 0


class Resolver:
    """Asks one resolver. ``per_s`` bounds the questions a second, 0 does not."""

    def __init__(
        self, place: tuple[str, int], in_flight: int = 128, timeout_s: float = 2.0, tries: int = 3, per_s: float = 0
    ) -> None:
        self.place, self.in_flight, self.timeout_s, self.tries, self.per_s = place, in_flight, timeout_s, tries, per_s
        self.asked = self.repeated = self.strange = 0
        """Questions sent, of these again; and datagrams that answered nothing we asked."""

    async def ask(self, questions: Iterator[Question], take: Callable[[Question, Answer], None]) -> None:
        """Ask all of them; ``take`` is called with each answer as it comes, in any order."""
        run = _Run(self, questions, take)
        try:
            await run.through()
        finally:
            run.close()


class _Run:
    """One round of questions."""

    def __init__(
        self, resolver: Resolver, questions: Iterator[Question], take: Callable[[Question, Answer], None]
    ) -> None:
        self._about, self._questions, self._take = resolver, questions, take
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._ports = [self._opened() for _ in range(_POOL)]
        self._old: list[_Port] = []
        self._turn = self._flying = 0
        self._lost: deque[tuple[float, _Port, int]] = deque()
        self._again: deque[tuple[Question, int]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False
        self._allowance, self._since = 1.0, self._loop.time()

    async def through(self) -> None:
        self._tick()
        await self._done

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        for port in [*self._ports, *self._old]:
            self._shut(port)

    def _opened(self) -> _Port:
        port = _Port(self._about.place)
        self._loop.add_reader(port.sock.fileno(), self._readable, port)
        return port

    def _shut(self, port: _Port) -> None:
        self._loop.remove_reader(port.sock.fileno())
        port.sock.close()

    # --- out ----------------------------------------------------------------------------------------------

    def _tick(self) -> None:
        """Look for what is lost, and send what may be sent."""
        try:
            self._look()
            self._fill()
        except Exception as error:
            self._fail(error)
            return
        if not self._done.done():
            self._timer = self._loop.call_later(_TICK_S, self._tick)

    def _look(self) -> None:
        now = self._loop.time()
        while self._lost and self._lost[0][0] <= now:
            due, port, number = self._lost.popleft()
            one = port.waiting.get(number)
            if one is None or one.due != due:
                continue
            del port.waiting[number]
            self._flying -= 1
            if one.tries < self._about.tries:
                self._again.append((one.question, one.tries))
            else:
                self._take(one.question, SILENT)
        for port in [port for port in self._old if not port.waiting]:
            self._old.remove(port)
            self._shut(port)

    def _fill(self) -> None:
        about = self._about
        now = self._loop.time()
        if about.per_s:
            self._allowance = min(self._allowance + (now - self._since) * about.per_s, max(about.per_s * _TICK_S, 1.0))
            self._since = now
        while self._flying < about.in_flight and (not about.per_s or self._allowance >= 1):
            if self._again:
                question, tries = self._again.popleft()
                about.repeated += 1
            else:
                following = None if self._ended else next(self._questions, None)
                if following is None:
                    self._ended = True
                    break
                question, tries = following, 0
            self._allowance -= 1
            self._send(question, tries + 1, now)
        if self._ended and not self._flying and not self._again and not self._done.done():
            self._done.set_result(None)

    def _send(self, question: Question, tries: int, now: float) -> None:
        self._turn = (self._turn + 1) % _POOL
        port = self._ports[self._turn]
        if port.asked >= _RENEW:
            self._old.append(port)
            port = self._ports[self._turn] = self._opened()
        number = _draw(16)
        while number in port.waiting:
            number = _draw(16)
        sent = question.front + question.zone.mixed() + question.kind.to_bytes(2, "big") + b"\0\1"
        due = now + self._about.timeout_s
        port.waiting[number] = _Open(question, sent, due, tries)
        port.asked += 1
        self._lost.append((due, port, number))
        self._flying += 1
        self._about.asked += 1
        with contextlib.suppress(OSError):  # a full buffer, a resolver that is down: as if it were lost
            port.sock.send(number.to_bytes(2, "big") + _HEAD + sent)

    # --- in -----------------------------------------------------------------------------------------------

    def _readable(self, port: _Port) -> None:
        receive, waiting = port.sock.recv, port.waiting
        try:
            while True:
                try:
                    packet = receive(_LARGEST)
                except BlockingIOError:
                    break
                except OSError:
                    continue  # "port unreachable" for one sent before
                one = waiting.get(int.from_bytes(packet[:2], "big"))
                if one is None or not packet.startswith(one.sent, 12) or not packet[2] & 0x80:
                    self._about.strange += 1
                    continue
                del waiting[int.from_bytes(packet[:2], "big")]
                if packet[2] & 0x02:
                    self._by_tcp(one)
                else:
                    self._flying -= 1
                    self._take(one.question, dns.answer(packet, 12 + len(one.sent), one.question.kind))
            self._fill()
        except Exception as error:
            self._fail(error)

    def _by_tcp(self, one: _Open) -> None:
        task = self._loop.create_task(self._tcp(one))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _tcp(self, one: _Open) -> None:
        answer = SILENT
        with contextlib.suppress(OSError, EOFError, TimeoutError):
            async with asyncio.timeout(2 * self._about.timeout_s):
                answer = await _over_tcp(self._about.place, one)
        self._flying -= 1
        try:
            self._take(one.question, answer)
            self._fill()
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if not self._done.done():
            self._done.set_exception(error)


async def _over_tcp(place: tuple[str, int], one: _Open) -> Answer:
    reader, writer = await asyncio.open_connection(*place)
    try:
        number = _draw(16).to_bytes(2, "big")
        message = number + _HEAD + one.sent
        writer.write(struct.pack(">H", len(message)) + message)
        await writer.drain()
        (length,) = struct.unpack(">H", await reader.readexactly(2))
        packet = await reader.readexactly(length)
        if packet[:2] != number or not packet.startswith(one.sent, 12):
            return SILENT
        return dns.answer(packet, 12 + len(one.sent), one.question.kind)
    finally:
        writer.close()
