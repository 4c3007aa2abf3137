"""A responder as the settings say: which lists are zones, who may ask, and where."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from junkhound.kernel import net
from junkhound.kernel.config import Config
from junkhound.kernel.config_dns import Transfer
from junkhound.kernel.errors import ConfigError, NotFound
from junkhound.kernel.net import Network
from junkhound.ledger.asked import Asked
from junkhound.service.dns.clients import Clients, clients
from junkhound.service.dns.limit import Limit, Rates
from junkhound.service.dns.querylog import QueryLog
from junkhound.service.dns.responder import Responder
from junkhound.service.dns.transfer import Peer, Peers
from junkhound.service.dns.whole import POLICY
from junkhound.service.dns.zone import Style, Zone
from junkhound.wire import dns, tsig


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
    zones += _policies(config, zones, zone or about.zone)
    peers = Peers(_peer(name, section, zones) for name, section in config.transfers.items())
    places = [_place(words, "[dns] listen") for words in listen or settings.listen]
    rates = Rates(settings.limit_same, settings.limit_every, settings.limit_errors, settings.limit_slip)
    spared = Clients(network for network in networks if network.prefix > 0)
    responder = Responder(
        zones, places, settings.tcp_connections, settings.tcp_idle_s, settings.buffer_mb << 20, shared, now,
        (lambda: Limit(rates, spared)) if settings.limit else None, peers,
    )  # fmt: skip
    if settings.query_log:
        responder.book.log = QueryLog(Asked(config.home))
    return responder


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


def _network(words: str, setting: str = "[dns] clients") -> Network:
    network = net.parse_network(words)
    if network is None:
        raise ConfigError(f"{setting}: {words!r} is no network", "write 192.0.2.0/24 or 2001:db8::/32")
    return network


def _policies(config: Config, zones: Sequence[Zone], above: str) -> list[Zone]:
    """The response policies of the lists that are served."""
    made = []
    style = Style(POLICY, config.dns.policy_action)
    for name in config.dns.policies:
        if name not in config.lists:
            raise NotFound(f"[dns] policies: there is no list {name!r}", f"lists: {', '.join(sorted(config.lists))}")
        for zone in zones:
            if zone.name == name:
                origin = f"{name}.rpz.{above.rstrip('.')}"
                made.append(Zone(f"{name}.rpz", origin, zone.path, zone.clients, style, zone))
    return made


def _peer(name: str, section: Transfer, zones: Sequence[Zone]) -> Peer:
    """Errors: ConfigError for one who could not be told from others."""
    where = f"[transfers.{name}]"
    known = {zone.name for zone in zones}
    for words in section.zones:
        if words not in known:
            raise ConfigError(f"{where} zones: {words!r} is not served", f"zones: {', '.join(sorted(known))}")
    secret = _secret(name, section, where)
    try:
        key = tsig.key(section.key or name, secret, section.algorithm) if secret else None
    except ValueError as error:
        raise ConfigError(f"{where} key: {error}", "junkhound dns key NAME makes one") from None
    if key is None and not section.addresses:
        raise ConfigError(f"{where} has neither a key nor addresses, so anybody would be it", "junkhound dns key NAME")
    networks = [_network(words, f"{where} addresses") for words in section.addresses]
    allowed = Clients(networks, loopback=False) if networks else None
    tell = tuple(_place(words, f"{where} notify") for words in section.notify)
    return Peer(name, allowed, key, frozenset(section.zones), tell)


def _secret(name: str, section: Transfer, where: str) -> str:
    if not section.secret_file:
        return os.environ.get(f"JUNKHOUND_TSIG_{name.upper().replace('-', '_')}", "")
    try:
        return Path(section.secret_file).expanduser().read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{where} secret_file: cannot read {section.secret_file!r}: {error}") from None


def _place(words: str, setting: str) -> tuple[str, int]:
    host, colon, port = words.rpartition(":")
    host = host.strip("[]")
    if not colon or net.parse(host) is None or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"{setting}: {words!r} is no address with a port", "write 127.0.0.1:5353 or [::1]:5353")
    return host, int(port)
