"""What is held back, and that a held-back edition leaves the last one standing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel.clock import DAY
from junkhound.kernel.errors import Refused
from junkhound.listing import Protected
from junkhound.publish import Edition, Last, check, spare
from support.editions import AT, entry, make
from support.histories import subject

OPEN = Protected((), allow_documentation=True)


def crowd(count: int) -> Edition:
    return make(*(entry(f"45.{n >> 16}.{n >> 8 & 255}.{n & 255}", n) for n in range(count)))


def passes(edition: Edition, last: Last | None = None, decided_at: int | None = AT, **other) -> bool:
    try:
        check(edition, decided_at, last, 0.5, other.pop("protected", OPEN), **other)
    except Refused:
        return False
    return True


@pytest.mark.parametrize(
    ("before", "now", "allowed"),
    [(None, 5000, True), (0, 5000, True), (1, 1000, True), (1, 1001, False), (1000, 1500, True), (1000, 1501, False),
     (3000, 10, True)],
)  # fmt: skip
def test_sudden_growth_is_held_back(before: int | None, now: int, allowed: bool) -> None:
    last = None if before is None else Last(AT - DAY, before)
    assert passes(crowd(now), last) is allowed
    assert passes(crowd(now), last, accept_growth=True)


def test_stale_undecided_and_backward_editions_are_held_back() -> None:
    edition = make(entry("203.0.113.7"))
    assert passes(edition, decided_at=AT - 2 * DAY)
    assert not passes(edition, decided_at=AT - 2 * DAY - 1)
    assert not passes(edition, decided_at=None)
    assert passes(edition, Last(AT, 1))
    assert not passes(edition, Last(AT + 1, 1))


def test_wide_networks_are_held_back() -> None:
    assert passes(make(entry("203.0.113.0/24")))
    assert not passes(make(entry("45.0.0.0/23")))
    assert passes(make(entry("45.0.0.0/23"), max_network=23))


def test_overlaps_and_entries_inside_exclusions_are_held_back() -> None:
    assert not passes(make(entry("203.0.113.0/24"), entry("203.0.113.7", 2)))
    hole = {"exclusions": (subject("203.0.113.0/25"), subject("203.0.113.7"))}
    assert passes(make(entry("203.0.113.0/24"), **hole))
    assert not passes(make(entry("203.0.113.7"), **hole))
    assert not passes(make(entry("203.0.113.4/31"), **hole))


networks = st.tuples(st.integers(0xCB007100, 0xCB0071FF), st.integers(24, 32)).map(
    lambda pair: f"203.0.113.{pair[0] & 255 & ~((1 << (32 - pair[1])) - 1)}/{pair[1]}"
)


@given(st.lists(networks, max_size=8, unique=True), st.lists(networks, max_size=3))
def test_nobodys_protected_network_is_ever_published(listed: list[str], guarded: list[str]) -> None:
    protected = Protected([(subject(words), "ours") for words in guarded], allow_documentation=True)
    entries = [entry(words, n) for n, words in enumerate(listed)]
    kept, spared = spare(entries, protected)
    assert sorted([*kept, *spared]) == sorted(entries)
    for one in kept:
        assert not any(_overlap(one.network, subject(words)) for words in guarded)
    if spared:
        assert not passes(make(*entries), protected=protected)


def _overlap(a, b) -> bool:
    return a.holds(b.first) or b.holds(a.first)


def test_documentation_space_does_not_leave_by_default() -> None:
    assert not passes(make(entry("203.0.113.7")), protected=Protected(()))
