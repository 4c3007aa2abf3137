"""A responder as the settings say: which lists are zones, who may ask, and where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from junkhound.kernel import net
from junkhound.kernel.config import Config
from junkhound.kernel.errors import ConfigError, NotFound
from junkhound.kernel.net import Network
from junkhound.service.dns.clients import Clients, clients
from junkhound.service.dns.limit import Limit, Rates
from junkhound.service.dns.responder import Responder
from junkhound.service.dns.zone import Zone
from junkhound.wire import dns


def open_responder(
    config: Config,
    names: Sequence[str] = (),
    listen: Sequence[str] = (),
    zone: str = "",
    folder: Path | None = None,
    shared: bool = False,
    now: Callable[[], int] | None = None,
) -> Responder:
    """A responder as the settings say; ``names``, ``listen``, ``zone`` and ``folder`` win over them where given.

    Errors: NotFound for a list that is none, ConfigError for an address, network or name that is none.
    """
    settings, about = config.dns, config.publish
    if folder is None:
        folder = Path(about.folder).expanduser().absolute() if about.folder else config.home / "out"
    networks = [_network(words) for words in settings.clients]
    zones = _zones(config, tuple(names), zone or about.zone, folder, networks)
    places = [_place(words) for words in listen or settings.listen]
    rates = Rates(settings.limit_same, settings.limit_every, settings.limit_errors, settings.limit_slip)
    spared = Clients(network for network in networks if network.prefix > 0)
    return Responder(
        zones, places, settings.tcp_connections, settings.tcp_idle_s, settings.buffer_mb << 20, shared, now,
        (lambda: Limit(rates, spared)) if settings.limit else None,
    )  # fmt: skip


def _zones(config: Config, names: Sequence[str], above: str, folder: Path, networks: list[Network]) -> list[Zone]:
    zones = []
    for name in names or config.dns.lists or tuple(config.lists):
        if name not in config.lists:
            raise NotFound(f"there is no list {name!r}", f"lists: {', '.join(sorted(config.lists))}")
        origin = f"{name}.{above.rstrip('.')}"
        try:
            dns.name(origin)
        except ValueError as error:
            raise ConfigError(f"[publish] zone: {error}") from None
        zones.append(Zone(name, origin, folder / f"{name}.served", clients(networks, config.lists[name].scope)))
    return zones


def _network(words: str) -> Network:
    network = net.parse_network(words)
    if network is None:
        raise ConfigError(f"[dns] clients: {words!r} is no network", "write 192.0.2.0/24 or 2001:db8::/32")
    return network


def _place(words: str) -> tuple[str, int]:
    host, colon, port = words.rpartition(":")
    host = host.strip("[]")
    if not colon or net.parse(host) is None or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"[dns] listen: {words!r} is no address with a port", "write 127.0.0.1:5353 or [::1]:5353")
    return host, int(port)
