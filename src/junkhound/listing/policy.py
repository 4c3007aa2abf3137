"""What one list holds and when: the settings of a list, checked, hashed and said in words."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from junkhound.kernel import net
from junkhound.kernel.config import NetworkSection
from junkhound.kernel.config_lists import List
from junkhound.kernel.errors import ConfigError
from junkhound.kernel.net import Network
from junkhound.listing.codes import COMBINED, HOLDS
from junkhound.listing.domain import domain_name
from junkhound.listing.select import KINDS
from junkhound.listing.space import Protected
from junkhound.tables import Kind

_NAME = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?\Z")
RULES = 3  # version of the rules in this room: part of every policy hash
WINDOW_HOURS = 35 * 24  # witnesses and scores are read from the 35 days before the decision
TAUS_HOURS = (6.0, 72.0, 720.0, 8760.0)  # half-lives of the four counters: 6 h, 3 d, 30 d, 365 d
APART_HOURS = 6  # two sightings of one vantage are two witnesses only this far apart
FLOOR_HOURS = 3.0
RANGES = ("snowshoe", "dynamic", "escalated", "do-not-route")
"""Lists of networks instead of single addresses."""
# First lives of a range after its last sighting; what is left of it after a change is decided anew each time.
_FIRST_DAYS = {"snowshoe": 3.0, "dynamic": 14.0, "escalated": 14.0, "do-not-route": 30.0, "domains": 7.0, "hosts": 3.0}
# Backscatter comes from the victims of a forged sender, not from its author.
_NEVER_KINDS = (Kind.GOOD, Kind.UNSORTED, Kind.BACKSCATTER)


@dataclass(frozen=True)
class Policy:
    """The rules of one list; equal rules have equal ``hash``, which every decision stores."""

    name: str
    scope: str
    kinds: frozenset[int]
    bound: float
    witnesses: int
    first_hours: float
    longest_hours: float
    dynamic_hours: float
    ipv6_bits: int
    protect: tuple[tuple[Network, str], ...]
    allow_documentation: bool = False
    holds: str = "direct"
    method: str = "posterior"
    return_share: float = 0.35
    weights: tuple[tuple[int, float], ...] = ()
    protect_names: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    @property
    def of_names(self) -> bool:
        """Whether it holds domains or hosts instead of addresses."""
        return self.holds in HOLDS and HOLDS[self.holds].names

    @property
    def of_ranges(self) -> bool:
        """Whether it holds networks that stand for more than what was seen."""
        return self.holds in RANGES

    @property
    def combined(self) -> bool:
        """Whether it is made of other lists and never decided itself."""
        return self.holds == COMBINED

    @cached_property
    def weight_of(self) -> Mapping[int, float]:
        """By vantage how much its sightings say against a pristine trap's; 1 for those not named."""
        return dict(self.weights)

    @cached_property
    def protected(self) -> Protected:
        return Protected(self.protect, self.allow_documentation)

    @cached_property
    def text(self) -> str:
        """The rules as one line of JSON, in one order: what the hash covers and what the state database keeps."""
        rules = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        rules["kinds"] = sorted(self.kinds)
        rules["protect"] = sorted([str(network), why] for network, why in self.protect)
        rules["weights"] = sorted(map(list, self.weights))
        rules["rules"] = RULES
        return json.dumps(rules, sort_keys=True, separators=(",", ":"))

    @cached_property
    def hash(self) -> str:
        """16 hex digits that change when the rules do."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def subject(self, address: net.Address) -> Network:
        """What is listed when this address sends junk: itself in IPv4, its /64 (or as set) in IPv6."""
        return net.network_of(address, 128 if address.is_v4 else self.ipv6_bits)


def read_kinds(name: str, words: Iterable[str]) -> frozenset[int]:
    """Kinds of sighting by name. Errors: ConfigError for unknown ones and those that never count."""
    kinds = set()
    for word in words:
        kind = Kind.__members__.get(word.upper())
        if kind is None or kind in _NEVER_KINDS:
            usable = ", ".join(k.name.lower() for k in Kind if k not in _NEVER_KINDS)
            raise ConfigError(f"[lists.{name}]: kinds: {word!r} never counts against an address", f"use {usable}")
        kinds.add(int(kind))
    if not kinds:
        raise ConfigError(f"[lists.{name}]: kinds: no kind of sighting counts", 'write kinds = ["junk"]')
    return frozenset(kinds)


def _networks(where: str, words: Iterable[str], why: str) -> list[tuple[Network, str]]:
    networks = []
    for word in words:
        network = net.parse_network(word)
        if network is None:
            raise ConfigError(f"{where}: {word!r} is not a network", "write 192.0.2.0/24 or 2001:db8::/32")
        networks.append((network, why))
    return networks


def policy_of(
    name: str,
    rules: List,
    network: NetworkSection | None = None,
    relays: Iterable[str] = (),
    weights: Iterable[tuple[int, float]] = (),
) -> Policy:
    """The policy of ``[lists.NAME]``; ``weights`` are those of traps, by the number of their vantage.

    ``relays`` are those of all traps and mailboxes: believed, therefore ours, therefore never listed. Host
    names among them and among ``[network] own`` guard no address here; nothing is looked up for a decision.
    Errors: ConfigError naming the setting.
    """
    network = network or NetworkSection()
    if not _NAME.match(name):
        hint = "small letters, digits, - and _: it becomes a file's name and a part of the zone's"
        raise ConfigError(f"[lists.{name}]: {name!r} cannot be a list's name", hint)
    if not 0 < rules.bound < 1:
        raise ConfigError(f"[lists.{name}]: bound: {rules.bound!r} is no share", "write a number between 0 and 1")
    if not 32 <= rules.ipv6_bits <= 128:
        raise ConfigError(f"[lists.{name}]: ipv6_bits: {rules.ipv6_bits!r} is not between 32 and 128")
    own = [word for word in (*network.own, *relays) if net.parse_network(word) is not None]
    protect = [
        *_networks("[network] own", own, "our own"),
        *_networks("[network] protect", network.protect, "protected by [network] protect"),
        *_networks(f"[lists.{name}] protect", rules.protect, f"protected by [lists.{name}] protect"),
    ]
    first_days = rules.first_days or _FIRST_DAYS.get(rules.holds, 14.0)
    usual = [kind.name.lower() for kind in KINDS.get(rules.holds, (Kind.JUNK,))]
    return Policy(
        name=name,
        scope=rules.scope,
        kinds=read_kinds(name, rules.kinds or usual),
        bound=rules.bound,
        witnesses=rules.witnesses,
        first_hours=first_days * 24,
        longest_hours=max(rules.longest_days, first_days) * 24,
        dynamic_hours=rules.dynamic_hours,
        ipv6_bits=rules.ipv6_bits,
        protect=tuple(dict.fromkeys(protect)),
        allow_documentation=network.allow_documentation,
        holds=rules.holds,
        method=rules.method,
        return_share=rules.return_share,
        weights=tuple(sorted(weights)),
        protect_names=_names(f"[lists.{name}] protect_names", rules.protect_names),
        parts=rules.of,
    )


def _names(where: str, words: Iterable[str]) -> tuple[str, ...]:
    names = []
    for word in words:
        name = domain_name(word)
        if name is None:
            raise ConfigError(f"{where}: {word!r} is not a domain", "write shop.example")
        names.append(name)
    return tuple(sorted(set(names)))


def names_without_address(words: Iterable[str]) -> list[str]:
    """The host names among networks: they guard no address until their addresses are added."""
    return [word for word in words if net.parse_network(word) is None]


def rule_of(text: str) -> Mapping[str, object]:
    """A stored policy text as its fields."""
    fields: Mapping[str, object] = json.loads(text)
    return fields
