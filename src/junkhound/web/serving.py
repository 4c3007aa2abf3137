"""One listener in the foreground: its socket, its server, its end."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from junkhound.kernel.errors import ConfigError, Refused, Temporary

_CONNECTIONS = 200
_HEADERS = 16 << 10
_HEADERS_S = 15.0


class Place(NamedTuple):
    """An address and a port to listen on."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"


def place_of(words: str, setting: str, loopback: bool) -> Place:
    """Read ``127.0.0.1:8025`` or ``[::1]:8025``. Errors: ConfigError, Refused for a place that others can reach."""
    host, colon, port = words.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    host = {"localhost": "127.0.0.1", "": "127.0.0.1"}.get(host, host)
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is None or not colon or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"{setting}: {words!r} is no place to listen", "write 127.0.0.1:8025")
    if loopback and not address.is_loopback:
        raise Refused(
            f"{setting}: {words!r} can be reached from outside, and these pages have no accounts yet",
            "stay on 127.0.0.1 and come in by ssh -L 8025:127.0.0.1:8025",
        )
    return Place(host, int(port))


def bound(place: Place) -> socket.socket:
    """A listening socket; port 0 takes a free one. Errors: Temporary for a busy port."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it for sockets that name their protocol
    try:
        made.bind((place.host, place.port))
        made.listen(_CONNECTIONS)
    except OSError as error:
        made.close()
        raise Temporary(
            f"cannot listen on {place.host}:{place.port}: {error.strerror}",
            "is it running already? choose another port",
        ) from None
    made.set_inheritable(True)
    return made


class Impatient(H11Protocol):
    """uvicorn's HTTP/1.1 with an end to requests whose header trickles in: uvicorn itself times idle ones only."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch()  # the next header may have begun before

    def connection_lost(self, exc: Exception | None) -> None:
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        """Run the clock while a request's header has begun, or none has ever come; never set it back meanwhile."""
        waiting = self.conn.their_state is h11.IDLE and (self.cycle is None or bool(self.conn.trailing_data[0]))
        if not waiting:
            self._unwatch()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(_HEADERS_S, self._give_up)

    def _unwatch(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()


class Server(uvicorn.Server):
    """Says when it answers, and returns after a signal."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._tell is not None:
            self._tell()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """As uvicorn's, but the signal is not sent again at the end: whoever called still has to tidy up."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


Certificate = tuple[str, str]
"""The files of a certificate and of its key."""


def server(app: ASGIApp, started: Callable[[], None] | None = None, tls: Certificate | None = None) -> Server:
    """A server for one application: few connections, small headers, no log of what was asked."""
    config = uvicorn.Config(
        app,
        http=Impatient,
        ws="none",
        loop="asyncio",
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        access_log=False,  # it would keep one-time links and what was looked for
        log_level="warning",
        limit_concurrency=_CONNECTIONS,
        backlog=_CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=_HEADERS,
        ssl_certfile=None if tls is None else tls[0],
        ssl_keyfile=None if tls is None else tls[1],
    )
    return Server(config, started)


def serve(
    app: ASGIApp,
    listening: socket.socket,
    started: Callable[[], None] | None = None,
    tls: Certificate | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; open requests get five seconds."""
    server(app, started, tls).run(sockets=[listening])
