"""Year against year, only where the two periods can be compared.

A rise may be the spammers' or the trap's: every figure comes with its base, all sightings of the same days,
and with the share of it. A year of which only part was watched is compared with the same part of the other.
"""

from __future__ import annotations

from datetime import date

import msgspec
import numpy as np

from junkhound.stats.calendar import Numbers, day_of, day_words

_LEAST_DAYS = 28  # less of a year is no basis for a comparison


class Year(msgspec.Struct, frozen=True):
    """One period and its comparison with a year before; days since 1970, both ends included.

    ``change`` and ``share_change`` are relative (-0.2: a fifth less), None where nothing can be compared;
    ``against`` are the days compared with and ``compared`` the own ones, shorter than the period if the other is.
    """

    name: str
    since: int
    until: int
    count: int
    base: int
    share: float
    change: float | None = None
    share_change: float | None = None
    compared: tuple[int, int] | None = None
    against: tuple[int, int] | None = None


def year_on_year(days: Numbers, counts: Numbers, bases: Numbers, since: int, until: int) -> list[Year]:
    """Every calendar year of ``since`` to ``until``, the first and last day that were watched.

    DAYS (days, counts of the thing, bases: counts of everything) -> one ``Year`` each, oldest first.
    """
    out = []
    for year in range(_year(since), _year(until) + 1):
        first, last = max(since, day_of(year)), min(until, day_of(year, 12, 31))
        before = (max(since, _a_year_before(first)), _a_year_before(last))
        out.append(_compared(str(year), (first, last), before, since, (days, counts, bases)))
    return out


def twelve_months(days: Numbers, counts: Numbers, bases: Numbers, since: int, until: int) -> Year:
    """The twelve months that end with ``until`` against the twelve before."""
    first = _a_year_before(until) + 1
    before = (max(since, _a_year_before(first)), first - 1)
    return _compared("12 months", (max(first, since), until), before, since, (days, counts, bases))


def _compared(
    name: str, own: tuple[int, int], before: tuple[int, int], watched: int, series: tuple[Numbers, Numbers, Numbers]
) -> Year:
    days, counts, bases = (np.asarray(values, np.int64) for values in series)

    def sums(period: tuple[int, int]) -> tuple[int, int]:
        inside = (days >= period[0]) & (days <= period[1])
        return int(counts[inside].sum()), int(bases[inside].sum())

    count, base = sums(own)
    year = Year(name, *own, count, base, count / base if base else 0.0)
    if before[1] - max(before[0], watched) + 1 < _LEAST_DAYS:
        return year
    compared = (_a_year_after(before[0]), own[1])
    now, now_base = sums(compared)
    then, then_base = sums(before)
    share, share_then = (part / whole if whole else 0.0 for part, whole in ((now, now_base), (then, then_base)))
    return msgspec.structs.replace(
        year,
        change=now / then - 1 if then else None,
        share_change=share / share_then - 1 if share_then else None,
        compared=compared,
        against=before,
    )


def _year(day: int) -> int:
    return int(day_words(day)[:4])


def _a_year_before(day: int) -> int:
    return _moved(day, -1)


def _a_year_after(day: int) -> int:
    return _moved(day, 1)


def _moved(day: int, years: int) -> int:
    """The same date in another year; 29 February becomes the 28th."""
    moment = date.fromisoformat(day_words(day))
    year = max(1, min(moment.year + years, 9999))
    leap_day = (moment.month, moment.day) == (2, 29)
    return day_of(year, moment.month, 28 if leap_day else moment.day)
