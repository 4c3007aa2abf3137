"""Years compared only where they can be, shares with their base, days as weeks, months and years."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import stats
from junkhound.stats.calendar import start_of, units_of

EPOCH = date(1970, 1, 1)


def day(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def daily(first: str, last: str, count: int) -> dict[int, int]:
    return dict.fromkeys(range(day(first), day(last) + 1), count)


def test_a_fifth_less_in_a_whole_year_while_the_base_stood_still() -> None:
    ours = daily("2004-01-01", "2004-12-31", 10) | daily("2005-01-01", "2005-12-31", 8)
    years = stats.year_on_year(list(ours), list(ours.values()), [20] * len(ours), day("2004-01-01"), day("2005-12-31"))
    first, second = years
    assert (first.name, first.count, first.base, first.change) == ("2004", 3660, 7320, None)
    assert (second.count, second.base, second.share) == (2920, 7300, 0.4)
    assert second.change == pytest.approx(2920 / 3660 - 1)
    assert second.share_change == pytest.approx(-0.2)
    assert second.against == (day("2004-01-01"), day("2004-12-31"))
    assert second.compared == (day("2005-01-01"), day("2005-12-31"))


def test_a_year_watched_in_part_is_compared_by_the_same_part() -> None:
    ours = daily("2004-09-01", "2005-12-31", 10) | daily("2006-01-01", "2006-02-28", 5)
    series = list(ours), list(ours.values()), list(ours.values())
    years = stats.year_on_year(*series, day("2004-09-01"), day("2006-02-28"))
    assert [year.name for year in years] == ["2004", "2005", "2006"]
    assert years[1].compared == (day("2005-09-01"), day("2005-12-31"))
    assert years[1].change == pytest.approx(0)
    assert years[2].against == (day("2005-01-01"), day("2005-02-28"))
    assert years[2].change == pytest.approx(-0.5)
    rolling = stats.twelve_months(*series, day("2004-09-01"), day("2006-02-28"))
    assert (rolling.since, rolling.until) == (day("2005-03-01"), day("2006-02-28"))
    assert rolling.against == (day("2004-09-01"), day("2005-02-28"))


def test_too_little_is_no_basis() -> None:
    ours = daily("2004-12-10", "2005-03-31", 1)
    years = stats.year_on_year(list(ours), list(ours.values()), [1] * len(ours), day("2004-12-10"), day("2005-03-31"))
    assert [year.change for year in years] == [None, None]


def test_a_leap_day_has_a_year_before() -> None:
    ours = daily("2007-01-01", "2008-02-29", 1)
    rolling = stats.twelve_months(
        list(ours), list(ours.values()), [1] * len(ours), day("2007-01-01"), day("2008-02-29")
    )
    assert rolling.until == day("2008-02-29")
    assert rolling.change is not None


@given(st.dictionaries(st.integers(11_000, 13_500), st.integers(0, 9), min_size=1, max_size=50))
def test_the_years_sum_to_the_whole(series) -> None:
    since, until = min(series), max(series)
    years = stats.year_on_year(list(series), list(series.values()), list(series.values()), since, until)
    assert sum(year.count for year in years) == sum(series.values())
    assert (years[0].since, years[-1].until) == (since, until)
    assert all(b.since == a.until + 1 for a, b in pairwise(years))


@given(st.integers(-200_000, 200_000), st.sampled_from(stats.UNITS))
def test_units_begin_where_the_calendar_says(number, unit) -> None:
    moment = EPOCH + timedelta(days=number)
    place = int(units_of([number], unit)[0])
    start = EPOCH + timedelta(days=start_of(place, unit))
    expected = {
        "day": moment,
        "week": moment - timedelta(days=moment.weekday()),
        "month": moment.replace(day=1),
        "year": moment.replace(month=1, day=1),
    }
    assert start == expected[unit]
    assert stats.unit_words(place, unit) == expected[unit].isoformat()[: {"month": 7, "year": 4}.get(unit, 10)]


def test_empty_units_are_counted_as_none() -> None:
    numbers, sums = stats.by_unit(
        [day("2006-01-31"), day("2006-03-01")], [2, 3], "month", day("2006-01-01"), day("2006-04-30")
    )
    assert [stats.unit_words(int(n), "month") for n in numbers] == ["2006-01", "2006-02", "2006-03", "2006-04"]
    assert sums.tolist() == [2, 0, 3, 0]


def test_shares_are_of_the_stated_base() -> None:
    rows = stats.shares([("FR", 1), ("GB", 3)], base=10)
    assert [(row.what, row.count, row.base, row.share, row.cumulative) for row in rows] == [
        ("GB", 3, 10, 0.3, 0.3), ("FR", 1, 10, 0.1, 0.4),
    ]  # fmt: skip
    assert [row.share for row in stats.shares([("GB", 0)])] == [0.0]
