"""Processes for the tests of the nursery, in a module that it can import."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from junkhound.kernel import nursery

_prepared = b"no"


def answer(link: socket.socket) -> None:
    """Tell who we are and what we have open."""
    opened = [fd for fd in os.listdir("/proc/self/fd") if int(fd) > 2]
    name = Path("/proc/self/comm").read_bytes().strip()
    # one of them was the listing itself
    text = b"\n".join([b"%d" % os.getpid(), name, b"%d" % (len(opened) - 1), str(nursery.raised).encode()])
    link.sendall(len(text).to_bytes(4, "big") + text)


def prepare() -> None:
    """Something that takes long."""
    global _prepared
    _prepared = time.monotonic_ns().to_bytes(8, "big")


def prepared(link: socket.socket) -> None:
    """Tell what was prepared."""
    link.sendall(_prepared)


def wait(link: socket.socket) -> None:
    """Tell our number, and stay until somebody ends us."""
    link.sendall(os.getpid().to_bytes(4, "big"))
    time.sleep(60)
