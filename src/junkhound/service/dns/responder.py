"""The responder's loop: sockets, batches, and a thread that exchanges the lists' files when newer ones appear."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from junkhound.kernel import clock
from junkhound.kernel.errors import ConfigError, DataError, JunkhoundError
from junkhound.service.dns.answer import Book
from junkhound.service.dns.batch import Batch
from junkhound.service.dns.limit import CUT, SEND, Limit
from junkhound.service.dns.mmsg import AVAILABLE, LARGEST, LEAD, ROW, Mail, large_buffer
from junkhound.service.dns.notice import tell
from junkhound.service.dns.tcp import Connections
from junkhound.service.dns.transfer import Peers
from junkhound.service.dns.zone import Face, Zone
from junkhound.service.log import say
from junkhound.wire import dns

BATCH = 512
SMALL = 8
"""Fewer datagrams than this are answered one by one: arrays would cost more."""
LARGE = 32
"""After this many the next are taken without a rest."""
_LOOK_S = 0.25
_PORT_TRIES = 20
_REST_S = 0.0001
_ROUNDS = 64  # then the others have their turn
_WILD = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


class Door:
    """One UDP socket with its rows. ``wild``: it is bound to all addresses."""

    def __init__(self, sock: socket.socket, book: Book, wild: bool, limit: Limit | None = None) -> None:
        self.sock, self.book, self.limit = sock, book, limit
        self.mail = Mail(sock, BATCH, wild)
        self.batch = Batch(self.mail, book, sock.family == socket.AF_INET, limit)
        self._memory = memoryview(self.mail.memory.data)

    def serve(self, at: int) -> int:
        """Answer what waits; the number of datagrams taken."""
        count = self.mail.receive()
        if not count:
            return 0
        silent = False
        if self.limit is not None:
            self.limit.leak(at)
        if count >= SMALL:
            done = self.batch.answer(count, at)
            if not done.all():
                silent = self._each((~done).nonzero()[0].tolist(), at)
                self.batch.held.clear()
        else:
            silent = self._each(range(count), at, self.batch)
        failed = self.mail.send(count, silent)
        if failed:
            self.book.counts["unsendable"] += failed
        self.book.counts["packets"] += count
        return count

    def _each(self, rows: Iterable[int], at: int, batch: Batch | None = None) -> bool:
        """Answer these rows one by one; whether some have no answer."""
        silent = False
        for row in rows:
            silent |= not self._one(row, at, batch)
        return silent

    def _one(self, row: int, at: int, batch: Batch | None = None) -> bool:
        """Answer one row; False for silence."""
        start, length = row * ROW + LEAD, int(self.mail.came[row])
        packet = bytes(self._memory[start : start + length])
        if length == LARGEST:  # no question is so long, and this one may have been cut
            packet = packet[:12]
        answer = batch.one(row, packet, at) if batch is not None else None
        if answer is None:
            answer = self.book.answer(packet, self.mail.client(row), at)
        if answer is not None and self.limit is not None:
            client = self.mail.client(row)
            held = self.limit.verdict() if row in self.batch.held else self.limit.judge(client, answer)
            answer = _limited(answer, held, self.book)
        if answer is None:
            self.mail.leaves[row] = 0
            return False
        self._memory[start : start + len(answer)] = answer
        self.mail.leaves[row] = len(answer)
        return True


def _limited(answer: bytes, verdict: int, book: Book) -> bytes | None:
    """What is sent by this verdict."""
    if verdict == SEND:
        return answer
    book.counts["limited: cut" if verdict == CUT else "limited: dropped"] += 1
    return dns.cut(answer) if verdict == CUT else None


class Plain:
    """One UDP socket where the system has no calls for many datagrams at once."""

    def __init__(self, sock: socket.socket, book: Book, limit: Limit | None = None) -> None:
        self.sock, self.book, self.limit = sock, book, limit

    def serve(self, at: int) -> int:
        """Answer what waits; the number of datagrams taken."""
        if self.limit is not None:
            self.limit.leak(at)
        for taken in range(BATCH):
            try:
                packet, name = self.sock.recvfrom(LARGEST)
            except OSError:
                return taken
            self.book.counts["packets"] += 1
            client = socket.inet_pton(self.sock.family, name[0].partition("%")[0])
            answer = self.book.answer(packet, client, at)
            if answer is not None and self.limit is not None:
                answer = _limited(answer, self.limit.judge(client, answer), self.book)
            if answer is not None:
                with contextlib.suppress(OSError):
                    self.sock.sendto(answer, name)
        return BATCH


class Responder:
    """Answers for ``zones`` at ``listen`` (host and port; port 0 takes a free one, see ``addresses``).

    ``shared`` lets several processes have the same addresses; the kernel deals the questions out among them.
    ``peers`` may have zones whole.
    ``limit`` holds for what is asked by UDP at other addresses than loopback; each address has its own buckets.
    Errors: ConfigError for an address that cannot be had.
    """

    def __init__(
        self,
        zones: Iterable[Zone],
        listen: Sequence[tuple[str, int]],
        tcp_connections: int = 100,
        tcp_idle_s: float = 10.0,
        buffer_bytes: int = 4 << 20,
        shared: bool = False,
        now: Callable[[], int] | None = None,
        limit: Callable[[], Limit] | None = None,
        peers: Peers | None = None,
    ) -> None:
        self.book = Book(zones, peers)
        self._limit = limit
        self.buffer_bytes = 0
        self._now = now or clock.SystemClock().now
        self._poll = select.epoll()
        self._stop = threading.Event()
        self._doors: dict[int, Door | Plain] = {}
        self._listeners: dict[int, socket.socket] = {}
        self.tcp = Connections(self._poll, self.book, tcp_connections, tcp_idle_s)
        self.addresses: list[tuple[str, int]] = []
        self._sockets = contextlib.ExitStack()
        try:
            for host, port in listen:
                self._open(host, port, buffer_bytes, shared)
        except BaseException:
            self.close()
            raise

    def _open(self, host: str, port: int, buffer_bytes: int, shared: bool) -> None:
        udp, tcp = self._pair(host, port, shared)
        self.buffer_bytes = large_buffer(udp, buffer_bytes)
        port = int(udp.getsockname()[1])
        tcp.listen(128)
        limit = self._limit() if self._limit is not None and not _is_loopback(host) else None
        door = Door(udp, self.book, host in _WILD, limit) if AVAILABLE else Plain(udp, self.book, limit)
        self._doors[udp.fileno()] = door
        self._listeners[tcp.fileno()] = tcp
        for sock in (udp, tcp):
            self._poll.register(sock.fileno(), select.EPOLLIN)
        self.addresses.append((host, port))

    def _pair(self, host: str, port: int, shared: bool) -> tuple[socket.socket, socket.socket]:
        """A socket for UDP and one for TCP at the same port; of free ports (0) one that both can have."""
        for tries in range(_PORT_TRIES, 0, -1):
            udp = self._bind(host, port, socket.SOCK_DGRAM, shared)
            try:
                return udp, self._bind(host, int(udp.getsockname()[1]), socket.SOCK_STREAM, shared)
            except ConfigError:
                udp.close()
                if port or tries == 1:
                    raise
        raise AssertionError

    def _bind(self, host: str, port: int, kind: int, shared: bool) -> socket.socket:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = self._sockets.enter_context(socket.socket(family, kind))
        sock.setblocking(False)
        if kind == socket.SOCK_STREAM:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            sock.bind((host, port))
        except OSError as error:
            hint = "ports below 1024 need root or CAP_NET_BIND_SERVICE" if isinstance(error, PermissionError) else None
            raise ConfigError(f"[dns] listen: cannot have {host}:{port}: {error.strerror}", hint) from None
        return sock

    # --- files --------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Look once for newer files; what is wrong with one is said once, and the list as it was is served on."""
        for zone in self.book.zones:
            try:
                if zone.refresh() and zone.face is not None:
                    self.book.counts["loaded"] += 1
                    self._note(zone, zone.face)
                    say("dns", f"serving {zone.origin_text}", entries=zone.face.data.head.count,
                        until=clock.text(zone.face.expires_at))  # fmt: skip
            except FileNotFoundError:
                self._trouble(zone, "there is no such file yet: junkhound publish makes it")
            except (OSError, DataError) as error:
                self.book.counts["bad files"] += 1
                self._trouble(zone, error.message if isinstance(error, JunkhoundError) else str(error))

    def _note(self, zone: Zone, face: Face) -> None:
        """Keep what changed for those who take the zone whole, and tell those who want to be told."""
        journal = self.book.journals.get(zone.name)
        if journal is not None:
            journal.note(face)
            tell(zone, self.book.peers.of(zone), self.book.counts, self.book.peers.now_s())

    def _trouble(self, zone: Zone, words: str) -> None:
        if words != zone.trouble:
            say("dns", f"{zone.path}: {words}", list=zone.name)
        zone.trouble = words

    def _watch(self) -> None:
        while not self._stop.wait(_LOOK_S):
            self.refresh()

    # --- the loop -----------------------------------------------------------------------------------------

    def run(self, stop: threading.Event | None = None, every: Callable[[Counter[str]], None] | None = None) -> None:
        """Answer until ``stop`` is set or ``stop()`` called; ``every`` sees the counts about once a second."""
        self.refresh()
        watch = threading.Thread(target=self._watch, name="lists", daemon=True)
        watch.start()
        told = time.monotonic()
        try:
            while not self._stop.is_set() and not (stop is not None and stop.is_set()):
                for handle, events in self._poll.poll(0.25):
                    self._serve(handle, events)
                now = time.monotonic()
                if now - told >= 1:
                    told = now
                    self.tcp.expire()
                    if every is not None:
                        every(self.book.counts)
        finally:
            self._stop.set()
            watch.join()
            if self.book.log is not None:
                self.book.log.flush()
            self.close()

    def _serve(self, handle: int, events: int) -> None:
        door = self._doors.get(handle)
        if door is not None:
            for _ in range(_ROUNDS):
                taken = door.serve(self._now())
                if taken < SMALL:
                    break
                if taken < LARGE:
                    time.sleep(_REST_S)  # lets a larger batch come together: less work for each question
                else:
                    os.sched_yield()  # enough came while the last ones were answered, and caches stay warm
        elif handle in self._listeners:
            self.tcp.accept(self._listeners[handle])
        else:
            self.tcp.serve(handle, events, self._now())

    def stop(self) -> None:
        """End ``run`` within a quarter of a second; from any thread or signal handler."""
        self._stop.set()

    def close(self) -> None:
        """Give the sockets back."""
        self.tcp.close()
        self._sockets.close()
        self._poll.close()


def _is_loopback(host: str) -> bool:
    return host == "::1" or host.startswith("127.")
