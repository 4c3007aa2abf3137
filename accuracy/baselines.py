"""What others would say: reference methods, written plainly from their published descriptions, to be beaten.

Tracing: the lowest public address, the first public address from the top, SpamAssassin's walk over trusted relays.
Listing: SpamCop's rules, whole /24 networks, and every address seen once.
"""

from __future__ import annotations

import csv
import ipaddress
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from junkhound.kernel import net
from junkhound.trace import Hop

HOUR = 3_600_000_000

_BEFORE_BY = re.compile(rb"\bby\b", re.IGNORECASE)
_ADDRESS = re.compile(rb"[\[(](?:IPv6:)?([0-9a-fA-F.:]{3,45})[\])]")
_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10",
                 "0.0.0.0/8", "224.0.0.0/3", "::1/128", "::/128", "fc00::/7", "fe80::/10")
)  # fmt: skip

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Stated(NamedTuple):
    """The relays an intake states: networks, and names in lower case."""

    networks: tuple[Network, ...]
    names: frozenset[str]

    def knows(self, address: str | None, name: str | None = None) -> bool:
        if name and name.lower() in self.names:
            return True
        return address is not None and inside(address, self.networks)


def stated(relays: Iterable[str]) -> Stated:
    """Relays as the settings write them."""
    networks, names = [], set()
    for relay in relays:
        try:
            networks.append(ipaddress.ip_network(relay, strict=False))
        except ValueError:
            names.add(relay.lower())
    return Stated(tuple(networks), frozenset(names))


@lru_cache(1 << 16)
def inside(address: str, networks: tuple[Network, ...]) -> bool:
    """Whether an address is in one of the networks."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found.version == one.version and found in one for one in networks)


def shown(received: Sequence[bytes]) -> list[str | None]:
    """The public address in the from part of each Received field, top first."""
    return [_public(value) for value in received]


def _public(value: bytes) -> str | None:
    before = _BEFORE_BY.split(value, maxsplit=1)[0]
    return next((found for text in _ADDRESS.findall(before) if (found := _outside(text))), None)


@lru_cache(1 << 16)
def _outside(text: bytes) -> str | None:
    """The address as text where it is a public one."""
    try:
        found = ipaddress.ip_address(text.decode())
    except ValueError:
        return None
    return None if any(found.version == one.version and found in one for one in _PRIVATE) else str(found)


def last_received(received: Sequence[bytes], client: str | None) -> str | None:
    """The lowest public address: what a reader of headers takes for the origin."""
    found = [address for address in shown(received) if address]
    return found[-1] if found else client


def first_public(received: Sequence[bytes], client: str | None, own: Stated) -> str | None:
    """The first public address from the top that is not stated as ours."""
    if client is not None and not own.knows(client):
        return client
    return next((address for address in shown(received) if address and not own.knows(address)), None)


def trust_walk(hops: Sequence[Hop], client: str | None, own: Stated) -> str | None:
    """The first relay that is not trusted, trusted being stated, private, or a client that had logged in.

    Source: the description of trusted_networks in Mail::SpamAssassin::Conf (Apache SpamAssassin 4.0).
    """
    if client is not None and not own.knows(client):
        return client
    for hop in hops:
        address = str(hop.ip) if hop.ip is not None else None
        if address is None:
            continue
        if own.knows(address, hop.rdns) or inside(address, _PRIVATE):
            continue
        return address
    return client


class Seen(NamedTuple):
    """One spam seen at a trap: when (microseconds UTC), from which address, at which vantage."""

    at: int
    address: str
    vantage: str


class Span(NamedTuple):
    """A stretch of time in which a network or address was listed."""

    start: int
    end: int


def spamcop(seen: Iterable[Seen], vantages: int = 2, stays: int = 24 * HOUR) -> dict[str, list[Span]]:
    """Listed from the second vantage's report until 24 hours after the latest one.

    With ``stays`` without end it is what no list of single addresses under that rule can surpass.

    Source: "What is the SpamCop Blocking List", SpamCop FAQ: entries end 24 hours after the last report. Its weights by
    age and by reported volume are not published; without them this lists as early as two witnesses allow.
    """
    return _spans(seen, lambda address: address, stays, vantages)


def whole_24(seen: Iterable[Seen]) -> dict[str, list[Span]]:
    """The /24 (IPv6: /48) of every address that two vantages saw, for a week."""
    return _spans(seen, network_24, 7 * 24 * HOUR, 2)


def seen_once(seen: Iterable[Seen]) -> dict[str, list[Span]]:
    """Every address that sent a single mail to a trap, for a week."""
    return _spans(seen, lambda address: address, 7 * 24 * HOUR, 1)


def by_network(seen: Iterable[Seen], of: Callable[[str], str]) -> dict[str, list[Span]]:
    """Every network that two vantages saw junk from, kept for ever, with all good senders in it: ``of`` names it.

    No list of whole networks under the rule of two vantages finds more, and none may list so much.
    """
    return _spans(seen, of, 10**6 * HOUR, 2)


class Routes:
    """The announced networks of a world: of an address the network, and the origin network (AS)."""

    def __init__(self, path: Path) -> None:
        self._of: dict[tuple[int, int, int], str] = {}
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                network = net.parse_network(row["network"])
                if network is not None:
                    self._of[network.hi, network.lo, network.bits] = row["asn"]
        self._lengths = sorted({bits for _, _, bits in self._of}, reverse=True)

    def network(self, address: str) -> str:
        """The narrowest announced network, as text; the address where nobody announces it."""
        found = self._find(address)
        return address if found is None else str(found[0])

    def origin(self, address: str) -> str:
        """The AS that announces it; the address where nobody does."""
        found = self._find(address)
        return address if found is None else found[1]

    def _find(self, address: str) -> tuple[net.Network, str] | None:
        where = net.parse(address)
        if where is None:
            return None
        for bits in self._lengths:
            top = net.network_of(where, bits)
            if (asn := self._of.get((top.hi, top.lo, bits))) is not None:
                return top, asn
        return None


def network_24(address: str) -> str:
    """The /24 or /48 around an address."""
    return network(address, 48 if ":" in address else 24)


@lru_cache(1 << 16)
def network(address: str, bits: int) -> str:
    """The network of that length around an address."""
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


def _spans(seen: Iterable[Seen], key: Callable[[str], str], stays: int, vantages: int) -> dict[str, list[Span]]:
    """Spans by what is listed; ``seen`` in the order of time. Vantages count within the time an entry stays."""
    lately: dict[str, dict[str, int]] = defaultdict(dict)
    spans: dict[str, list[Span]] = defaultdict(list)
    for one in seen:
        name = key(one.address)
        mine = lately[name]
        mine[one.vantage] = one.at
        listed = spans[name]
        if listed and one.at <= listed[-1].end:
            listed[-1] = Span(listed[-1].start, one.at + stays)
        elif sum(one.at - last <= stays for last in mine.values()) >= vantages:
            listed.append(Span(one.at, one.at + stays))
    return {name: listed for name, listed in spans.items() if listed}
