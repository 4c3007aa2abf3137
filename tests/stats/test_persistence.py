"""How long, how steadily: figures, words and the drawn life."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import stats

EPOCH = date(1970, 1, 1)
days = st.lists(st.integers(10_000, 12_000), min_size=1, max_size=60)


def day(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def span(first: str, last: str, every: int = 1) -> list[int]:
    return list(range(day(first), day(last) + 1, every))


def words(seen: list[int], until: str) -> str:
    found = stats.persistence(seen)
    assert found is not None
    return stats.sentence(found, day(until))


def test_the_figures_of_a_life_with_one_gap() -> None:
    seen = [*span("2006-01-02", "2006-01-06"), *span("2006-03-06", "2006-03-07")]
    found = stats.persistence(seen * 2, [3] * 14)
    assert found is not None
    assert (found.active_days, found.of_days, found.messages) == (7, 65, 42)
    assert (found.active_weeks, found.of_weeks) == (2, 10)
    assert (found.longest_run, found.longest_gap, found.hiatuses, found.hiatus_days) == (5, 58, 1, 58)
    assert stats.hiatuses(seen) == [(day("2006-01-07"), day("2006-03-05"))]


def test_nothing_seen_is_nothing_said() -> None:
    assert stats.persistence([]) is None
    assert stats.hiatuses([]) == []


@pytest.mark.parametrize(
    ("seen", "until", "said"),
    [
        ([day("2006-05-04")], "2006-05-04", "sent on 2006-05-04 only"),
        (span("2006-05-04", "2006-05-06"), "2006-05-06", "sent from 2006-05-04 to 2006-05-06 only"),
        (span("2006-03-01", "2006-05-04"), "2006-05-04", "sending since 2006-03-01, never a week of silence"),
        (span("2004-03-07", "2006-05-04", 20), "2006-05-20", "sending since 2004, without a hiatus"),
        (
            [*span("2004-01-01", "2004-12-31"), *span("2005-03-01", "2006-05-04")],
            "2006-05-04",
            "sending since 2004, bar one hiatus of 59 days",
        ),
        (
            [*span("2004-01-01", "2004-12-01"), *span("2005-02-01", "2005-12-01"), *span("2006-02-01", "2006-05-04")],
            "2006-12-31",
            "sent from 2004 to 2006, bar the occasional hiatus: 2, the longest 61 days",
        ),
        (
            [*span("2004-01-01", "2004-01-03"), *span("2004-09-01", "2004-09-03"), *span("2006-05-01", "2006-05-04")],
            "2006-05-04",
            "sending since 2004, on and off: 2 hiatuses, the longest 604 days",
        ),
    ],
)
def test_the_sentence_a_newspaper_could_print(seen, until, said) -> None:
    assert words(seen, until) == said


@given(days)
def test_figures_agree_with_each_other(seen) -> None:
    found = stats.persistence(seen)
    assert found is not None
    assert 1 <= found.longest_run <= found.active_days == len(set(seen)) <= found.of_days
    assert found.active_weeks <= found.of_weeks
    assert found.hiatus_days <= found.of_days - found.active_days
    gaps = stats.hiatuses(seen)
    assert (len(gaps), sum(last - first + 1 for first, last in gaps)) == (found.hiatuses, found.hiatus_days)
    assert not any(first <= d <= last for first, last in gaps for d in seen)
    assert stats.persistence(seen[::-1]) == found


@given(days, st.integers(1, 80))
def test_a_life_fits_its_width_and_is_silent_only_where_nothing_was_seen(seen, width) -> None:
    since, until = min(seen) - 50, max(seen) + 50
    drawn = stats.strip(seen, [1] * len(seen), since, until, width)
    assert 1 <= len(drawn.text) <= max(width, 2)  # any span may touch two of the longest blocks
    assert any(mark != "·" for mark in drawn.text)
    if drawn.each == "day":
        assert [mark != "·" for mark in drawn.text] == [d in seen for d in range(since, until + 1)]
    empty = stats.strip([], [], since, until, width)
    assert (set(empty.text), len(empty.text)) == ({"·"}, len(drawn.text))


def test_heights_grow_with_the_count() -> None:
    first = day("2006-05-01")
    drawn = stats.strip([first, first + 1, first + 2, first + 4], [1, 10, 200, 4000], first, first + 5)
    assert drawn.text == "▁▃▆·█·"
    assert (drawn.each, drawn.most) == ("day", 4000)


@pytest.mark.parametrize(
    ("last", "width", "each"),
    [
        ("2006-01-30", 40, "day"),
        ("2006-06-30", 40, "week"),
        ("2007-01-01", 40, "2 weeks"),
        ("2008-12-31", 40, "month"),
        ("2012-12-31", 40, "quarter"),
        ("2026-12-31", 40, "year"),
    ],
)
def test_a_character_is_the_shortest_span_that_fits(last, width, each) -> None:
    assert stats.strip([], [], day("2006-01-01"), day(last), width).each == each


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20))
def test_ranking_by_persistence_puts_weeks_before_days_before_volume(rows) -> None:
    weeks, active, messages = (np.array(column) for column in zip(*rows, strict=True))
    order = stats.rank({"weeks": weeks, "days": active, "messages": messages}, "persistence")
    assert [rows[i] for i in order] == sorted(rows, reverse=True)
    assert list(stats.rank({"weeks": weeks, "days": active, "messages": messages}, "persistence", 3)) == list(order[:3])
