"""One guard server in the foreground: its socket, its desk, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from functools import partial

from junkhound.service.guard import milter, proxy
from junkhound.service.guard.desk import Desk
from junkhound.service.notify import notify
from junkhound.service.trapping import bind
from junkhound.verbs.office import Office

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def serve(
    office: Office, kind: str, place: str, onward: str = "", relays: tuple[str, ...] = (),
    ready: Callable[[str], None] = print,
) -> None:  # fmt: skip
    """Serve ``kind`` (milter, lmtp, smtp) at ``place`` until SIGINT or SIGTERM.

    Errors: ConfigError for a place that cannot be had, what a pack that cannot be used says.
    """
    os.umask(0o077)
    listening = bind(place, "guard --listen")
    if listening.family != socket.AF_UNIX:  # connections inherit it; asyncio does not see that they are TCP
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        asyncio.run(_serve(office, kind, listening, onward, relays, ready))
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
    talk: Talk = partial(milter.talk, desk) if kind == "milter" else partial(proxy.talk, desk, onward, kind == "lmtp")
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    start = asyncio.start_unix_server if listening.family == socket.AF_UNIX else asyncio.start_server
    server = await start(talk, sock=listening, limit=1 << 20)
    ready(_name(listening))
    notify("READY=1")
    try:
        await stop.wait()
    finally:
        server.close()
        notify("STOPPING=1")
        desk.close()


def _name(listening: socket.socket) -> str:
    name = listening.getsockname()
    if listening.family == socket.AF_UNIX:
        return f"unix:{name}"
    return f"[{name[0]}]:{name[1]}" if ":" in name[0] else f"{name[0]}:{name[1]}"
