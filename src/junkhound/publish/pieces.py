"""Listed networks cut by what is excluded, each piece with the entry it comes from."""

from __future__ import annotations

from collections.abc import Iterator

from junkhound.kernel.errors import Refused
from junkhound.kernel.net import Network
from junkhound.publish.cover import cover, less, merged
from junkhound.publish.edition import Edition, Entry

SPREAD_LIMIT = 1 << 22
"""Single addresses, or /64s, that a form without ranges may hold; beyond it the file would be useless."""


def pieces(edition: Edition) -> list[tuple[Network, Entry]]:
    """Every listed network as the parts of it that no exclusion covers, in order."""
    holes = merged(edition.exclusions)
    return sorted((piece, entry) for entry in edition.entries for piece in less(entry.network, holes))


def covers(edition: Edition) -> tuple[list[Network], list[Network]]:
    """The fewest networks that hold exactly what is listed: those of IPv4, and those of IPv6."""
    every = cover((entry.network for entry in edition.entries), edition.exclusions)
    return [one for one in every if one.is_v4], [one for one in every if not one.is_v4]


def spread(network: Network, bits: int) -> Iterator[Network]:
    """A network as its parts of ``bits`` (in the 128-bit space); itself if it is no wider."""
    if network.bits >= bits:
        yield network
        return
    start, step = network.hi << 64 | network.lo, 1 << (128 - bits)
    for number in range(1 << (bits - network.bits)):
        at = start + number * step
        yield Network(at >> 64, at & 0xFFFF_FFFF_FFFF_FFFF, bits)


def refuse_if_too_wide(edition: Edition, networks: list[Network], bits: int, form: str, instead: str) -> None:
    """A form without ranges is refused where it would need millions of lines. Errors: Refused."""
    lines = sum(1 << max(bits - network.bits, 0) for network in networks)
    if lines > SPREAD_LIMIT:
        raise Refused(f"list {edition.name!r} would need {lines:,} lines as {form}", f"use {instead}")
