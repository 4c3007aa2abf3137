"""Space that no list ever holds: reserved, our own, and what the operator protects."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from junkhound.kernel import net
from junkhound.kernel.net import Network, Space

_V6_PUBLIC = net.parse_network("2000::/3")
# An address of the internet's IPv4 written as IPv6 (RFC 6052): one /64 of it is all of IPv4.
_TRANSLATED = net.parse_network("64:ff9b::/96")


def span(network: Network) -> tuple[int, int]:
    """First and last address as 128-bit numbers."""
    start = network.hi << 64 | network.lo
    return start, start | ((1 << (128 - network.bits)) - 1)


class Protected:
    """Networks that are never listed, each with the reason; answers for whole networks, not only addresses."""

    def __init__(self, networks: Iterable[tuple[Network, str]], allow_documentation: bool = False) -> None:
        stated = list(networks)
        self._networks = tuple(network for network, _ in stated)
        rows = [(*span(network), f"{network} is {why}") for network, why in stated]
        for network, kind in net.special_networks():
            if not (allow_documentation and kind is Space.DOCUMENTATION):
                rows.append((*span(network), f"{network} is {kind.name.lower().replace('_', '-')} space"))
        assert _TRANSLATED is not None
        rows.append((*span(_TRANSLATED), f"{_TRANSLATED} stands for all of IPv4"))
        self._rows = sorted(rows)
        self._starts = [row[0] for row in self._rows]
        # The furthest end of all rows up to here: an overlap cannot hide behind a narrower neighbour.
        self._reach: list[int] = []
        furthest = -1
        for _, end, _ in self._rows:
            furthest = max(furthest, end)
            self._reach.append(furthest)

    def why(self, network: Network) -> str | None:
        """Why this network is never listed, as a sentence without full stop; None if nothing forbids it."""
        if not network.is_v4 and not self._global(network):
            return f"{network} is outside the global IPv6 space"
        first, last = span(network)
        place = bisect_right(self._starts, last) - 1
        if place < 0 or self._reach[place] < first:
            return None
        hits = [row for row in self._rows[: place + 1] if row[1] >= first]
        return min(hits, key=lambda row: (row[1] - row[0], row[2]))[2]

    def inside(self, network: Network) -> tuple[Network, ...]:
        """Protected networks that lie wholly inside this one and are narrower, in order."""
        first, last = span(network)
        found = {n for n in self._networks if n.bits > network.bits and first <= span(n)[0] <= last}
        return tuple(sorted(found, key=lambda n: (n.hi, n.lo, n.bits)))

    @staticmethod
    def _global(network: Network) -> bool:
        assert _V6_PUBLIC is not None
        return network.bits >= 3 and _V6_PUBLIC.holds(network.first)
