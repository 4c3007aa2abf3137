"""Words to systemd: ready, stopping, status (sd_notify(3)); silent where nobody listens."""

from __future__ import annotations

import contextlib
import os
import socket


def notify(words: str) -> None:
    """Send ``READY=1``, ``STOPPING=1``, ``STATUS=...`` or ``WATCHDOG=1`` to the service manager."""
    place = os.environ.get("NOTIFY_SOCKET", "")
    if not place:
        return
    if place.startswith("@"):
        place = "\0" + place[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.sendto(words.encode(), place)


def inherited() -> dict[str, list[int]]:
    """Listening sockets that systemd opened for us, by their names (sd_listen_fds_with_names(3))."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return {}
    count = int(os.environ.get("LISTEN_FDS", "0"))
    names = (os.environ.get("LISTEN_FDNAMES", "").split(":") + ["unknown"] * count)[:count]
    found: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        found.setdefault(name, []).append(3 + number)
    return found
