"""DNS by TCP (RFC 7766): few connections, each with a deadline, so that slow strangers hold nothing up."""

from __future__ import annotations

import select
import socket
import time
from collections import Counter
from collections.abc import Iterator

from junkhound.service.dns.answer import Book

_LONGEST_QUESTION = 4096
_ENOUGH = 1 << 16  # of a transfer in advance
_LONGEST_WAITING = 1 << 17  # answers a client does not fetch; beyond it we read nothing more from it


class Connection:
    """One client: bytes that came, bytes that wait, and until when it must have done something useful."""

    def __init__(self, sock: socket.socket, client: bytes, until: float) -> None:
        self.sock, self.client, self.until = sock, client, until
        self.came, self.waits = bytearray(), bytearray()
        self.replies: Iterator[bytes] | None = None  # of a transfer: made as the client takes them
        self.ended = False


class Connections:
    """The TCP side of a responder, driven by its poll loop."""

    def __init__(self, poll: select.epoll, book: Book, most: int, idle_s: float) -> None:
        self._poll, self._book, self._most, self._idle_s = poll, book, most, idle_s
        self._open: dict[int, Connection] = {}
        self._by_client: Counter[bytes] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def accept(self, listener: socket.socket) -> None:
        """Take what waits at a listener. One client has at most a quarter of the places."""
        for _ in range(self._most):
            try:
                sock, name = listener.accept()
            except OSError:
                return
            family = socket.AF_INET6 if ":" in name[0] else socket.AF_INET
            client = socket.inet_pton(family, name[0].partition("%")[0])
            if self._by_client[client] >= max(self._most // 4, 1):
                self._book.counts["tcp: too many of one client"] += 1
                sock.close()
                continue
            if len(self._open) >= self._most:
                # The one that has been silent longest makes room: a flood of idle ones locks nobody out.
                self._book.counts["tcp: pushed out"] += 1
                self._close(min(self._open.values(), key=lambda one: one.until))
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open[sock.fileno()] = Connection(sock, client, time.monotonic() + self._idle_s)
            self._by_client[client] += 1
            self._poll.register(sock.fileno(), select.EPOLLIN)
            self._book.counts["tcp: connections"] += 1

    def serve(self, handle: int, events: int, at: int) -> bool:
        """Read, answer and write on one connection; False if the handle is none of ours."""
        one = self._open.get(handle)
        if one is None:
            return False
        if events & select.EPOLLERR:
            self._close(one)
            return True
        if events & (select.EPOLLIN | select.EPOLLHUP):
            self._read(one)
            self._ask(one, at)
        self._write(one, at)
        return True

    def expire(self) -> None:
        """Close those who have not asked or fetched anything in time."""
        now = time.monotonic()
        for one in [one for one in self._open.values() if one.until < now]:
            self._book.counts["tcp: too slow"] += 1
            self._close(one)

    def close(self) -> None:
        """Close all."""
        for one in list(self._open.values()):
            self._close(one)

    def _read(self, one: Connection) -> None:
        try:
            piece = one.sock.recv(_LONGEST_QUESTION)
        except BlockingIOError:
            return
        except OSError:
            one.ended = True
            return
        if not piece:
            one.ended = True
        one.came += piece

    def _ask(self, one: Connection, at: int) -> None:
        """Answer the questions that came; what stands behind one for a transfer waits until that is through."""
        while one.replies is None and len(one.came) >= 2:
            length = one.came[0] << 8 | one.came[1]
            if length < 12 or length > _LONGEST_QUESTION:
                self._book.counts["malformed"] += 1
                one.ended = True
                one.came.clear()
                return
            if len(one.came) < 2 + length:
                return
            packet = bytes(one.came[2 : 2 + length])
            del one.came[: 2 + length]
            one.replies = self._book.replies(packet, one.client, at)
            self._book.counts["tcp: questions"] += 1
            self._fill(one)
            # Only a whole question buys more time: a byte now and then does not.
            one.until = time.monotonic() + self._idle_s

    def _fill(self, one: Connection) -> None:
        """Make replies until the client has something to fetch."""
        while one.replies is not None and len(one.waits) < _ENOUGH:
            answer = next(one.replies, None)
            if answer is None:
                one.replies = None
            else:
                one.waits += len(answer).to_bytes(2, "big") + answer

    def _write(self, one: Connection, at: int) -> None:
        if one.waits:
            try:
                sent = one.sock.send(one.waits)
                del one.waits[:sent]
                if one.replies is not None and sent:
                    one.until = time.monotonic() + self._idle_s
                    self._fill(one)
                    self._ask(one, at)
            except BlockingIOError:
                pass
            except OSError:
                one.waits.clear()
                one.replies = None
                one.ended = True
        if one.ended and not one.waits and one.replies is None:
            self._close(one)
            return
        reading = not one.ended and one.replies is None and len(one.waits) < _LONGEST_WAITING
        wanted = (select.EPOLLIN if reading else 0) | (select.EPOLLOUT if one.waits else 0)
        self._poll.modify(one.sock.fileno(), wanted)

    def _close(self, one: Connection) -> None:
        handle = one.sock.fileno()
        if self._open.pop(handle, None) is None:
            return
        self._by_client[one.client] -= 1
        if not self._by_client[one.client]:
            del self._by_client[one.client]
        self._poll.unregister(handle)
        one.sock.close()
