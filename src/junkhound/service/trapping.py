"""A trap process: listeners, their shared open segment, and the clockwork around them."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict

from junkhound.intake import tls, trap
from junkhound.kernel import heap, net
from junkhound.kernel.clock import SystemClock
from junkhound.kernel.config import Config
from junkhound.kernel.errors import ConfigError, JunkhoundError, Temporary
from junkhound.ledger.held import Held
from junkhound.service.log import say
from junkhound.service.notes import Notes
from junkhound.verbs.office import Office
from junkhound.verbs.tarpit import Spared
from junkhound.wire import smtp

TICK_S = 0.25
ROOM_S = 2.0
SELF_SIGNED = "self-signed"
SESSIONS_S = 60.0  # sessions without mail wait for a segment with mail this long
SPARED_S = 600.0  # who sent good mail lately is read again


def gates(config: Config, key: bytes) -> tuple[trap.Gate, trap.Gate]:
    """What the SMTP and the LMTP listeners are. Errors: ConfigError for a certificate that cannot be loaded."""
    said = config.smtp
    proxies = tuple(found for words in said.proxies if (found := net.parse_network(words)) is not None)
    offered = _tls(config)
    made = []
    for protocol in ("smtp", "lmtp"):
        policy = smtp.Policy(
            said.hostname or socket.getfqdn(),
            trap.doors(config.traps, config.complaints.addresses),
            protocol,
            said.size_mb * 1_000_000,
            said.recipients,
            starttls=offered is not None,
            auth=said.auth,
            xclient=said.xclient,
        )
        made.append(
            trap.Gate(
                next(iter(config.traps), "trap"), policy, proxies, said.proxy_protocol and protocol == "smtp", key,
                offered, said.idle_s, said.session_s, said.connections, said.per_client, said.per_network,
                said.greet_s, said.memory_mb << 20,
                trap.Pit(said.tarpit_s if protocol == "smtp" else 0.0, said.tarpit_client_s, said.tarpit_connections),
            )
        )  # fmt: skip
    return made[0], made[1]


def _tls(config: Config) -> ssl.SSLContext | None:
    """What STARTTLS offers; a certificate of our own is made once, by the supervisor before the first trap starts."""
    said = config.smtp
    if said.starttls_certificate == SELF_SIGNED:
        hostname = said.hostname or socket.getfqdn()
        return tls.context(*map(str, tls.self_signed(config.home / "keys", hostname)))
    return tls.context(said.starttls_certificate, said.starttls_key) if said.starttls_certificate else None


def run(office: Office, stop: threading.Event, notes: Notes, sockets: Sequence[tuple[str, socket.socket]]) -> None:
    """Serve the given listening sockets (protocol, socket) until told to stop; then say 421 and seal."""
    heap.keep()
    with asyncio.Runner(loop_factory=trap.new_loop) as runner:
        runner.run(_serve(office, stop, notes, sockets))


async def _serve(
    office: Office, stop: threading.Event, notes: Notes, sockets: Sequence[tuple[str, socket.socket]]
) -> None:
    loop = asyncio.get_running_loop()
    spool = office.ledger.spool
    writer = spool.writer()
    room = _Room(spool.has_room)
    traps = {}
    for protocol, gate in zip(("smtp", "lmtp"), gates(office.config, office.ledger.key), strict=True):
        traps[protocol] = trap.Trap(gate, writer, SystemClock().now, room=room)
    pits = [one.tarpit for one in traps.values() if one.tarpit.on]
    keeper = asyncio.create_task(_keep(office, pits)) if pits else None
    servers = [await loop.create_server(traps[protocol], sock=link, backlog=1024) for protocol, link in sockets]
    flushed = time.monotonic()
    try:
        while not stop.is_set():
            await asyncio.sleep(TICK_S)
            room.look()
            for one in traps.values():
                one.sweep()
            flush = time.monotonic() - flushed > SESSIONS_S
            if writer.due or flush:
                flushed = time.monotonic()
                for one in traps.values():
                    one.flush_sessions()
            if writer.due:
                try:
                    writer.seal()
                except Temporary as error:
                    say("trap", error.message)
            writer.sealed.clear()
            _note(notes, traps)
    finally:
        for server in servers:
            server.close()
        for one in traps.values():
            one.shut()
        await asyncio.sleep(0.1)  # last words
        if keeper is not None:
            keeper.cancel()
            _put_down(Held(office.home), pits)
        for one in traps.values():
            one.flush_sessions()
        writer.close()
        notes.write(force=True)


async def _keep(office: Office, pits: Sequence[trap.Tarpit]) -> None:
    """Who is spared, read beside the loop; whom the tarpit held, put down once a minute."""
    spared, read, held = Spared(office), 0.0, Held(office.home)
    for pit in pits:
        pit.spared = spared
    while True:
        if not read or time.monotonic() - read > SPARED_S:
            try:
                await asyncio.to_thread(spared.renew, office)
            except JunkhoundError as error:  # whoever was spared stays spared
                say("trap", error.message)
            read = time.monotonic()
        await asyncio.sleep(SESSIONS_S)
        _put_down(held, pits)


def _put_down(held: Held, pits: Sequence[trap.Tarpit]) -> None:
    for pit in pits:
        try:
            held.write(pit.taken(), SystemClock().now())
        except OSError as error:
            say("trap", f"what the tarpit held cannot be noted: {error.strerror}")


def _note(notes: Notes, traps: dict[str, trap.Trap]) -> None:
    for protocol, one in traps.items():
        for name, value in asdict(one.counts).items():
            notes.counters[f'trap_{name}_total{{protocol="{protocol}"}}'] = value
        notes.gauges[f'trap_open_connections{{protocol="{protocol}"}}'] = len(one.open)
        if one.tarpit.on:
            notes.gauges["tarpit_held_connections"] = one.tarpit.holding
            notes.counters["tarpit_answers_total"] = one.tarpit.answers
            notes.counters["tarpit_held_seconds_total"] = one.tarpit.held_us / 1e6
            notes.counters["tarpit_left_total"] = one.tarpit.left
    notes.write()


class _Room:
    """Whether the spool has room, looked up every few seconds: counting its files for each mail would be waste."""

    def __init__(self, ask: object) -> None:
        self._ask = ask
        self._has = True
        self._at = 0.0

    def look(self) -> None:
        if time.monotonic() - self._at > ROOM_S:
            self._at = time.monotonic()
            self._has = bool(self._ask())  # type: ignore[operator]

    def __call__(self) -> bool:
        return self._has


def listeners(config: Config) -> list[tuple[str, socket.socket]]:
    """Bind every listener of the settings, with a certificate that can be used.

    Errors: ConfigError naming the one that cannot be had.
    """
    _tls(config)
    bound = []
    for protocol, places in (("smtp", config.smtp.listen), ("lmtp", config.smtp.lmtp)):
        bound += [(protocol, bind(place, f"[smtp] {'listen' if protocol == 'smtp' else 'lmtp'}")) for place in places]
    return bound


def bind(place: str, where: str) -> socket.socket:
    """A listening TCP or Unix socket for ``address:port`` or ``unix:/path``."""
    try:
        if place.startswith("unix:"):
            path = place.removeprefix("unix:")
            if os.path.exists(path):
                os.unlink(path)
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.bind(path)
        else:
            host, _, port = place.rpartition(":")
            address = net.parse(host.strip("[]"))
            if address is None or not port.isdigit():
                raise ConfigError(f"{where}: {place!r} is no address:port", "write 127.0.0.1:2525 or [::1]:2525")
            link = socket.socket(socket.AF_INET if address.is_v4 else socket.AF_INET6, socket.SOCK_STREAM)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trap.save_syn(link)
            link.bind((str(address), int(port)))
        link.listen(1024)
    except OSError as error:
        raise ConfigError(f"{where}: cannot listen on {place!r}: {error.strerror}", "is it in use already?") from None
    link.set_inheritable(True)
    return link
