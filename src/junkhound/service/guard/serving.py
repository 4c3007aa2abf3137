"""One guard server in the foreground: its socket, its desk, its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from functools import partial

from junkhound.intake.trap import new_loop
from junkhound.kernel import net
from junkhound.kernel.errors import Refused
from junkhound.service.guard import http, milter, proxy
from junkhound.service.guard.desk import Desk
from junkhound.service.notify import notify
from junkhound.service.trapping import bind
from junkhound.verbs.office import Office

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def serve(
    office: Office, kind: str, place: str, onward: str = "", relays: tuple[str, ...] = (),
    ready: Callable[[str], None] = print,
) -> None:  # fmt: skip
    """Serve ``kind`` (milter, lmtp, smtp, http) at ``place`` until SIGINT or SIGTERM.

    Errors: ConfigError for a place that cannot be had, Refused for one that others could ask by HTTP, what a pack that
    cannot be used says.
    """
    os.umask(0o077)
    if kind == "http":
        _check_near(place)
    listening = bind(place, "guard --listen")
    if listening.family != socket.AF_UNIX:  # connections inherit it; asyncio does not see that they are TCP
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(_serve(office, kind, listening, onward, relays, ready))
    finally:
        listening.close()
        if place.startswith("unix:"):
            os.unlink(place.removeprefix("unix:"))


async def _serve(
    office: Office, kind: str, listening: socket.socket, onward: str, relays: tuple[str, ...],
    ready: Callable[[str], None],
) -> None:  # fmt: skip
    desk = Desk(office, relays)
    desk.open()
    talk: Talk = partial(proxy.talk, desk, onward, kind == "lmtp")
    if kind in _ASKED:
        talk = partial(_ASKED[kind], desk)

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError):  # at our end, of a connection that waits for its next mail
            await talk(reader, writer)

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    start = asyncio.start_unix_server if listening.family == socket.AF_UNIX else asyncio.start_server
    server = await start(one, sock=listening, limit=1 << 20)
    ready(_name(listening))
    notify("READY=1")
    try:
        await stop.wait()
    finally:
        server.close()
        notify("STOPPING=1")
        desk.close()


_ASKED = {"milter": milter.talk, "http": http.talk}


def _check_near(place: str) -> None:
    """Errors: Refused for a place that can be reached from outside: this helper has no accounts."""
    address = net.parse(place.rpartition(":")[0].strip("[]"))
    if address is not None and not str(address).startswith("127.") and str(address) != "::1":
        raise Refused(f"guard --listen: {place!r} can be reached from outside", "stay on 127.0.0.1")


def _name(listening: socket.socket) -> str:
    name = listening.getsockname()
    if listening.family == socket.AF_UNIX:
        return f"unix:{name}"
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
