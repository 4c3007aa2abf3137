"""The partners' listener of a home in a thread, under TLS; and a line to it that can be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from junkhound.intake.tls import self_signed
from junkhound.verbs.office import Office
from junkhound.web import partners_app, place_of
from junkhound.web.serving import bound, server


@contextlib.contextmanager
def listening(hub: Office, port: int = 0, tls: bool = True) -> Iterator[tuple[str, str]]:
    """Its URL and the certificate to trust."""
    names = ("DNS:localhost", "IP:127.0.0.1")
    files = self_signed(Path(hub.home) / "keys", "hub.example", "partners", names) if tls else None
    sock = bound(place_of(f"127.0.0.1:{port}", "test", loopback=True))
    ready = threading.Event()
    made = server(partners_app(hub), ready.set, None if files is None else (str(files[0]), str(files[1])))
    thread = threading.Thread(target=made.run, kwargs={"sockets": [sock]})
    thread.start()
    assert ready.wait(20)
    try:
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{sock.getsockname()[1]}", "" if files is None else str(files[0])
    finally:
        made.should_exit = True
        thread.join(20)
        sock.close()


class Line:
    """A line to ``port`` that is cut after so many bytes there (``up``) or back (``down``), as often as ``times``."""

    def __init__(self, port: int, up: int | None = None, down: int | None = None, times: int = 1) -> None:
        self._port, self._up, self._down, self.times = port, up, down, times
        self._sock = socket.create_server(("127.0.0.1", 0))
        self.port = self._sock.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                near, _ = self._sock.accept()
            except OSError:
                return
            cut = self.times > 0
            self.times -= cut
            far = socket.create_connection(("127.0.0.1", self._port), 10)
            for one, other, most in ((near, far, self._up), (far, near, self._down)):
                threading.Thread(target=_carry, args=(one, other, most if cut else None), daemon=True).start()

    def close(self) -> None:
        self._sock.close()


def _carry(one: socket.socket, other: socket.socket, most: int | None) -> None:
    carried = 0
    with contextlib.suppress(OSError):
        while piece := one.recv(4096):
            carried += len(piece)
            if most is not None and carried > most:
                break
            other.sendall(piece)
    for sock in (one, other):
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
        sock.close()
