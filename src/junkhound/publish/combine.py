"""Several lists in one zone: entries that do not overlap, each with the answers of every list that holds it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from junkhound.kernel import net
from junkhound.kernel.net import Network
from junkhound.listing import bit_code, span
from junkhound.publish.cover import less, merged
from junkhound.publish.edition import Edition, Entry, NameEntry

_Held = dict[str, str]
"""By the word of a kind its code."""


class Part(msgspec.Struct, frozen=True):
    """One list of a combined zone: what it holds (its word and code), its entries, and what they leave out."""

    word: str
    code: str
    entries: Sequence[Entry | NameEntry]
    exclusions: tuple[Network, ...] = ()


def combine(parts: Iterable[Part], bits: bool = False) -> list[Entry | NameEntry]:
    """The entries of all parts; ``bits`` gives one answer with a bit for each kind instead of one for each code.

    Where an address stands inside a listed network, the network is cut around it and the address gets the answers of
    both; number and days are those of the narrower entry.
    """
    every = list(parts)
    found: list[Entry | NameEntry] = []
    found += _networks(every, bits)
    found += _names(every, bits)
    return found


def _codes(held: _Held, bits: bool) -> tuple[str, ...]:
    if bits:
        return (bit_code(set(held)),)
    return tuple(sorted(set(held.values()), key=_number))


def _number(code: str) -> int:
    answer = net.parse(code)
    assert answer is not None
    return answer.v4


def _networks(parts: list[Part], bits: bool) -> list[Entry]:
    entries: dict[Network, Entry] = {}
    own: dict[Network, _Held] = {}
    for part in parts:
        holes = merged(part.exclusions)
        for entry in part.entries:
            if isinstance(entry, Entry):
                for piece in less(entry.network, holes):
                    entries.setdefault(piece, entry)
                    own.setdefault(piece, {})[part.word] = part.code
    children: dict[Network, list[Network]] = {}
    stack: list[tuple[Network, _Held]] = []
    held: dict[Network, _Held] = {}
    # Networks either hold each other or do not touch, so those around one stand on a stack.
    for network in sorted(entries, key=lambda one: (one.hi, one.lo, one.bits)):
        while stack and span(stack[-1][0])[1] < span(network)[0]:
            stack.pop()
        above: _Held = stack[-1][1] if stack else {}
        if stack:
            children.setdefault(stack[-1][0], []).append(network)
        held[network] = above | own[network]
        stack.append((network, held[network]))
    made = []
    for network, entry in entries.items():
        codes = _codes(held[network], bits)
        left = less(network, merged(children.get(network, ())))
        made += [msgspec.structs.replace(entry, network=piece, codes=codes) for piece in left]
    return made


def _names(parts: list[Part], bits: bool) -> list[NameEntry]:
    entries: dict[str, NameEntry] = {}
    own: dict[str, _Held] = {}
    for part in parts:
        for entry in part.entries:
            if isinstance(entry, NameEntry):
                known = entries.setdefault(entry.name, entry)
                if entry.below and not known.below:
                    entries[entry.name] = entry
                own.setdefault(entry.name, {})[part.word] = part.code
    made = []
    for name, entry in entries.items():
        held = dict(own[name])
        labels = name.split(".")
        for place in range(1, len(labels)):
            above = ".".join(labels[place:])
            if above in entries and entries[above].below:
                held |= own[above]
        made.append(msgspec.structs.replace(entry, codes=_codes(held, bits)))
    return made


def uncovered(edition: Edition) -> list[Network]:
    """What the entries of an edition list after its exclusions are cut out."""
    holes = merged(edition.exclusions)
    return [piece for entry in edition.entries for piece in less(entry.network, holes)]
