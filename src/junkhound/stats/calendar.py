"""Days since 1970 as weeks, months and years, and as words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Numbers = Array | Sequence[int]

UNITS = ("day", "week", "month", "year")
LAST_DAY = 2_932_896  # 9999-12-31
_EPOCH = date(1970, 1, 1).toordinal()


def day_words(day: int) -> str:
    """``2006-05-04``; days that no calendar has are the nearest it has."""
    return _date(day).isoformat()


def day_of(year: int, month: int = 1, day: int = 1) -> int:
    """Days since 1970."""
    return date(year, month, day).toordinal() - _EPOCH


def _date(day: int) -> date:
    return date.fromordinal(max(1, min(int(day), LAST_DAY) + _EPOCH))


def period_words(since: int, until: int) -> str:
    """``2006-05-01 to 2006-05-04``, both days included; one day as itself."""
    return day_words(since) if since == until else f"{day_words(since)} to {day_words(until)}"


def units_of(days: Numbers, unit: str) -> Array:
    """The number of the week (Monday to Sunday), month or year that each day is in; consecutive ones differ by 1."""
    days = np.asarray(days, np.int64)
    if unit == "week":
        return (days + 3) // 7  # 1970-01-01 was a Thursday
    if unit == "day":
        return days
    return days.astype("datetime64[D]").astype(f"datetime64[{unit[0].upper()}]").astype(np.int64)


def start_of(number: int, unit: str) -> int:
    """The first day of that week, month or year."""
    if unit == "day":
        return number
    if unit == "week":
        return number * 7 - 3
    return int(np.array(number, f"datetime64[{unit[0].upper()}]").astype("datetime64[D]").astype(np.int64))


def unit_words(number: int, unit: str) -> str:
    """``2006``, ``2006-05``, or the first day of the week or day."""
    words = day_words(start_of(number, unit))
    return words[: {"year": 4, "month": 7}.get(unit, 10)]


def by_unit(days: Numbers, counts: Numbers, unit: str, since: int, until: int) -> tuple[Array, Array]:
    """(unit numbers, sums) of every unit from that of ``since`` to that of ``until``, empty ones too."""
    low, high = (int(value) for value in units_of(np.array([since, until]), unit))
    numbers = np.arange(low, high + 1)
    place = units_of(days, unit) - low
    inside = (place >= 0) & (place < len(numbers))
    sums = np.zeros(len(numbers), np.int64)
    np.add.at(sums, place[inside], np.asarray(counts, np.int64)[inside])
    return numbers, sums
