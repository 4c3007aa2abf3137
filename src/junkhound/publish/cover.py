"""Exactly the listed addresses as the fewest networks: never one address wider."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from junkhound.kernel import net
from junkhound.kernel.net import Network
from junkhound.listing import span

Span = tuple[int, int]


def merged(networks: Iterable[Network]) -> list[Span]:
    """The addresses of all networks as ranges that neither touch nor overlap, in order."""
    ranges: list[Span] = []
    for first, last in sorted(span(network) for network in networks):
        if ranges and first <= ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], max(last, ranges[-1][1]))
        else:
            ranges.append((first, last))
    return ranges


def without(ranges: list[Span], holes: list[Span]) -> list[Span]:
    """``ranges`` less ``holes``; both as ``merged`` gives them."""
    left: list[Span] = []
    place = 0
    for first, last in ranges:
        while place < len(holes) and holes[place][1] < first:
            place += 1
        start, at = first, place
        while at < len(holes) and holes[at][0] <= last:
            if holes[at][0] > start:
                left.append((start, holes[at][0] - 1))
            start = holes[at][1] + 1
            at += 1
        if start <= last:
            left.append((start, last))
    return left


def networks(ranges: Iterable[Span]) -> Iterator[Network]:
    """The fewest networks that hold exactly these ranges, in order."""
    for first, last in ranges:
        start = first
        while start <= last:
            room = (last - start + 1).bit_length() - 1
            size = min(room, (start & -start).bit_length() - 1) if start else room
            yield Network(start >> 64, start & net.MASK64, 128 - size)
            start += 1 << size


def less(network: Network, holes: list[Span]) -> list[Network]:
    """What is left of one network outside ``holes`` (as ``merged`` gives them)."""
    first, last = span(network)
    place = max(bisect_left(holes, (first, 0)) - 1, 0)
    near = holes[place : bisect_left(holes, (last + 1, 0))]
    if not near or near[-1][1] < first:
        return [network]
    return list(networks(without([(first, last)], near)))


def cover(listed: Iterable[Network], excluded: Iterable[Network] = ()) -> list[Network]:
    """The fewest networks that hold every listed address that is not excluded, and nothing else."""
    return list(networks(without(merged(listed), merged(excluded))))
