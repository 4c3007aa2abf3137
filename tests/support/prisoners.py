"""Work for jail tests: children that count, die, hang and grow."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator

import msgspec


def start(argument: object) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        for item, line in enumerate(os.pread(fd, 1 << 20, 0).splitlines()):
            mark(item)
            if line == b"die":
                os.kill(os.getpid(), signal.SIGKILL)
            if line == b"loop":
                while True:
                    pass
            if line == b"grow":
                hoard = [bytes(64 << 20) for _ in range(64)]
                del hoard
            if line == b"call":
                try:
                    socket.socket().close()
                    yield b"a socket was opened"
                except PermissionError:
                    yield b"refused"
                continue
            yield msgspec.msgpack.encode([argument, item, line, request])

    return work
