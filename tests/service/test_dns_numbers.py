"""Addresses looked up in hundreds: the same as one by one, and as the networks themselves say."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.service.dns import numbers as room
from junkhound.service.dns.numbers import Numbers

Entries = list[tuple[int, int]]


def built(entries: Entries, piece: int = 7) -> Numbers:
    def pieces() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for at in range(0, len(entries), piece):
            some = entries[at : at + piece]
            yield np.array([first for first, _ in some], np.uint32), np.array([bits for _, bits in some], np.uint8)

    return Numbers(pieces(), len(entries))


def listed(entries: Entries, number: int) -> bool:
    return any(first <= number < first + (1 << 32 - bits) for first, bits in entries)


def near(entries: Entries) -> list[int]:
    edges = {first + step + end for first, bits in entries for end in (0, (1 << 32 - bits) - 1) for step in (-1, 0, 1)}
    return sorted({edge & 0xFFFF_FFFF for edge in edges} | {0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF})


def agree(entries: Entries, numbers: list[int]) -> None:
    made = built(entries)
    expected = [listed(entries, number) for number in numbers]
    assert made.hold(np.array(numbers, np.uint32)).tolist() == expected
    assert [made.holds(number) for number in numbers] == expected


@st.composite
def lists(draw: st.DrawFn) -> Entries:
    """Networks that do not overlap, in order."""
    entries: Entries = []
    for number, bits in sorted(draw(st.lists(st.tuples(st.integers(0, 0xFFFF_FFFF), st.integers(0, 32)), max_size=40))):
        first = number >> 32 - bits << 32 - bits
        if not entries or first >= entries[-1][0] + (1 << 32 - entries[-1][1]):
            entries.append((first, bits))
    return entries


@given(lists())
def test_what_is_listed_is_what_the_networks_hold(entries: Entries) -> None:
    agree(entries, near(entries))


@pytest.mark.parametrize("entries", [[], [(0, 0)], [(0, 32)], [(0xFFFF_FFFF, 32)], [(0, 1)], [(0x8000_0000, 1)]])
def test_the_ends_of_the_world(entries: Entries) -> None:
    agree(entries, near(entries))


def test_a_crowd_in_one_part_of_the_index() -> None:
    rng = random.Random(5)
    back = pow(room._FACTOR, -1, 1 << 32)
    # Scrambled, these are neighbours: more of them than a window has.
    crowd = [(scrambled * back) & 0xFFFF_FFFF for scrambled in range(0x1234_0000, 0x1234_0000 + 300)]
    some = sorted({*crowd[::2], *(rng.randrange(1 << 32) for _ in range(500))})
    entries = [(number, 32) for number in some]
    assert len(built(entries)._extra) > 100
    agree(entries, crowd + some[::5])


def test_whole_networks_address_by_address() -> None:
    entries = [(0xC000_0200 + last, 32) for last in range(256)] + [(0xC633_6400, 24)]
    agree(entries, [0xC000_01FF + step for step in range(260)] + near(entries[-1:]))
