"""Addresses that nobody had yet: when each block was first given to a registry, as dated data (test T5).

A forger who makes up an address of 2006 hits in one of four cases a block that was given out years later. The blocks
and their days stand in ``data/given.toml``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib import resources

from junkhound.kernel.clock import SECOND
from junkhound.kernel.net import Address, Network, parse_network
from junkhound.trace.memo import Memo

ALWAYS = -(1 << 62)


class Given:
    """Since when addresses can have been somebody's.

    Args:
        v4: by first octet, the instant (microseconds) at which the block was given; others were given always.
        v6: networks with the instant at which the first part was given.
        as_of: until then an IPv6 address in none of the networks is nobody's.
    """

    __slots__ = ("_four", "_since", "_six", "as_of")

    def __init__(self, v4: Mapping[int, int], v6: Iterable[tuple[Network, int]], as_of: int) -> None:
        self._four = tuple(v4.get(octet, ALWAYS) for octet in range(256))
        self._six = tuple(v6)
        self._since: Memo[Address, int | None] = Memo(self._look, 8192)
        self.as_of = as_of

    def nobodys(self, address: Address, at: int) -> bool:
        """Whether nobody had this public address at that instant (microseconds)."""
        if address.is_v4:
            return at < self._four[address.lo >> 24 & 255]
        since = self._since[address]
        return at < (self.as_of if since is None else since)

    def _look(self, address: Address) -> int | None:
        return next((since for network, since in self._six if network.holds(address)), None)

    def but(self, octets: Iterable[int]) -> Given:
        """The same where these /8 blocks were always somebody's: a world of its own has its own plan of addresses."""
        taken = set(octets)
        kept = {octet: since for octet, since in enumerate(self._four) if octet not in taken}
        return Given(kept, self._six, self.as_of)


@lru_cache(1)
def embedded() -> Given:
    """What comes with the program."""
    text = resources.files("junkhound.trace").joinpath("data", "given.toml").read_text("utf-8")
    said = tomllib.loads(text)
    v4 = {octet: _instant(date.fromisoformat(f"{month}-01")) for month, held in said["v4"].items() for octet in held}
    v6 = [(network, _instant(since)) for words, since in said["v6"].items() if (network := parse_network(words))]
    return Given(v4, v6, _instant(said["as_of"]))


def _instant(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND
