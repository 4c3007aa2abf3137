"""Known relays: machines that hand over other people's mail, so that their address is never the one to blame.

Published ranges and names stand in ``data/known.toml`` with their source and date; a boundary may be given others.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import lru_cache
from importlib import resources
from typing import Any

import msgspec

from junkhound.kernel.net import Address, Network, parse_network
from junkhound.tables import Path
from junkhound.trace.hop import Hop
from junkhound.trace.memo import Memo
from junkhound.trace.networks import Networks

KINDS = {"webmail": Path.WEBMAIL, "bulk": Path.ESP, "list": Path.LIST, "forwarder": Path.FORWARDED}


class Provider(msgspec.Struct, frozen=True):
    """One known relay; see the head of ``data/known.toml`` for what the fields say."""

    name: str
    path: Path
    networks: tuple[Network, ...]
    machines: Networks  # the same, and its inner ones
    names: tuple[str, ...]
    writes: tuple[str, ...] = ()
    stamps: bool = False
    silent: bool = False
    ids: tuple[bytes, ...] = ()
    client: tuple[bytes, ...] = ()  # fields in which it writes the address of its customer's machine

    def wrote(self, hop: Hop) -> bool:
        """Whether a line is written under the provider's name, or by one of its inner addresses."""
        by = hop.by
        if by is not None and (by in self.writes or by.endswith(self.writes)):
            return True
        return hop.by_ip is not None and self.has(hop.by_ip)

    def has(self, address: Address) -> bool:
        """Whether the address is one of the provider's machines."""
        return address in self.machines


class Known:
    """All known relays, asked by what a believed line says of the machine at its other end."""

    __slots__ = ("_addresses", "_names", "providers")

    def __init__(self, providers: Iterable[Provider]) -> None:
        self.providers = tuple(providers)
        self._addresses: Memo[Address, Provider | None] = Memo(self._by_address)
        self._names: Memo[str, Provider | None] = Memo(self._by_name)

    def provider(self, hop: Hop) -> Provider | None:
        """The provider that the line's peer is a machine of: by its address, or by a name that was checked."""
        if hop.ip is None:
            return None
        found = self._addresses[hop.ip]
        if found is None and hop.verified and hop.rdns is not None:
            return self._names[hop.rdns]
        return found

    def holds(self, address: Address) -> bool:
        """Whether the address belongs to a known relay."""
        return self._addresses[address] is not None

    def _by_address(self, address: Address) -> Provider | None:
        return next((p for p in self.providers if any(net.holds(address) for net in p.networks)), None)

    def _by_name(self, name: str) -> Provider | None:
        return next((p for p in self.providers if name in p.names or name.endswith(_suffixes(p.names))), None)


def _suffixes(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name.startswith("."))


def provider(said: dict[str, Any]) -> Provider:
    """One entry of the file. Errors: KeyError or ValueError for one that is not as the head of the file says."""
    if odd := set(said) - _FIELDS:
        raise ValueError(f"unknown field {min(odd)!r}")
    networks = _networks(said.get("networks", ()))
    names, writes = _words(said, "names"), _words(said, "writes")
    if not (networks or names):
        raise ValueError("neither networks nor names")
    if said["kind"] not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}, not {said['kind']!r}")
    client = tuple(name.lower().encode("latin-1") for name in _words(said, "client"))
    return Provider(
        str(said["name"]), KINDS[said["kind"]], networks, Networks([*networks, *_networks(said.get("inside", ()))]),
        names, writes, said.get("stamps", False) is True, said.get("silent", False) is True,
        tuple(name.encode("latin-1") for name in _words(said, "ids")), client,
    )  # fmt: skip


_FIELDS = frozenset(
    ("name", "kind", "networks", "names", "writes", "inside", "stamps", "silent", "ids", "client", "source")
)  # fmt: skip


def _words(said: dict[str, Any], field: str) -> tuple[str, ...]:
    words = said.get(field, ())
    if isinstance(words, str) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"{field} is a list of texts")
    return tuple(word.lower() for word in words)


def _networks(words: Iterable[str]) -> tuple[Network, ...]:
    found = []
    for word in words:
        net = parse_network(word)
        if net is None:
            raise ValueError(f"not a network: {word!r}")
        found.append(net)
    return tuple(found)


def providers(text: str) -> list[Provider]:
    """The relays of a file. Errors: ValueError (TOMLDecodeError is one) naming what is wrong."""
    found = []
    for number, said in enumerate(tomllib.loads(text).get("provider", ()), 1):
        try:
            found.append(provider(said))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"provider {number}: {'no ' if isinstance(error, KeyError) else ''}{error}") from None
    return found


@lru_cache(8)
def embedded(more: str = "") -> Known:
    """The known relays that come with the program, after those of ``more``, a text in the same form."""
    text = resources.files("junkhound.trace").joinpath("data", "known.toml").read_text("utf-8")
    return Known([*providers(more), *providers(text)])
