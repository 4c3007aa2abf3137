"""Zones of the DNS responder in a folder, and questions as bytes."""

from __future__ import annotations

import contextlib
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from junkhound.kernel import clock, net
from junkhound.publish import outputs
from junkhound.publish.edition import Edition
from junkhound.service.dns import Clients, Responder, Zone
from junkhound.wire import dns
from support.editions import AT, make

ZONE = "main.bl.example.org"
LOOPBACK = b"\x7f\0\0\1"


def put(folder: Path, edition: Edition) -> Path:
    """The edition's file, replaced whole as publish does it."""
    path = folder / f"{edition.name}.served"
    aside = folder / "aside"
    aside.write_bytes(outputs.get("served")(edition)["served"])
    aside.replace(path)
    return path


def zone(folder: Path, *entries: Any, networks: tuple[str, ...] = (), **about: Any) -> Zone:
    """A loaded zone of list main (or ``name``), good until two days after ``AT``."""
    edition = make(*entries, **about)
    allowed = Clients(n for words in networks if (n := net.parse_network(words)) is not None)
    made = Zone(edition.name, edition.origin, put(folder, edition), allowed)
    assert made.refresh()
    return made


def question(
    name: str, kind: int = dns.A, klass: int = dns.IN, number: int = 7, edns: int | None = None, flags: int = 0x0100,
    do: bool = False, version: int = 0, options: bytes = b"",
) -> bytes:  # fmt: skip
    """One question as a client sends it."""
    packet = struct.pack(">6H", number, flags, 1, 0, 0, edns is not None)
    packet += dns.name(name) + struct.pack(">2H", kind, klass)
    if edns is not None:
        packet += struct.pack(">x2HBBHH", dns.OPT, edns, 0, version, do << 15, len(options)) + options
    return packet


@contextlib.contextmanager
def running(
    *zones: Zone, at: int | None = AT, host: str = "127.0.0.1", port: int = 0, **about: Any
) -> Iterator[Responder]:
    """A responder in a thread, by default on a free port; its clock stands at ``at`` (None: the machine's)."""
    clock_now = clock.SystemClock().now if at is None else clock.FixedClock(at).now
    responder = Responder(zones, [(host, port)], now=clock_now, **about)
    thread = threading.Thread(target=responder.run)
    thread.start()
    try:
        yield responder
    finally:
        responder.stop()
        thread.join(10)
        assert not thread.is_alive()
