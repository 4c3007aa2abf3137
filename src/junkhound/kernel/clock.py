"""Instants are int microseconds since 1970 in UTC; text and ``datetime`` exist only at the edges."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

from junkhound.kernel.errors import UsageError

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AGO = re.compile(r"(\d+)\s*(s|min|h|d|w|y)\Z")
_UNIT = {"s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY, "y": 365 * DAY}


class Clock(Protocol):
    """What a verb asks for the time; pure rooms get the answer as ``at``."""

    def now(self) -> int:
        """Microseconds since 1970, UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1000


class FixedClock:
    """A clock that stands still, for ``--at`` and for tests."""

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        return self.at


def to_datetime(at: int) -> datetime:
    """The instant as an aware ``datetime``, exact to the microsecond."""
    return _EPOCH + timedelta(microseconds=at)


def from_datetime(moment: datetime) -> int:
    """Microseconds since 1970; a naive ``datetime`` is read as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def text(at: int) -> str:
    """RFC 3339 to the second, such as ``2006-05-04T03:02:01Z``."""
    return to_datetime(at).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_text(at: int) -> str:
    """The UTC day, such as ``2006-05-04``."""
    return _day_text(at // DAY)


@lru_cache(maxsize=4096)
def _day_text(day: int) -> str:
    return to_datetime(day * DAY).strftime("%Y-%m-%d")


def parse(words: str, now: int | None = None) -> int:
    """Read ``2006-05-04``, ``2006-05-04T03:02:01Z``, ``now`` or an age such as ``14d`` (before ``now``).

    Errors: UsageError naming the text.
    """
    words = words.strip()
    if now is not None:
        if words == "now":
            return now
        if ago := _AGO.match(words):
            return now - int(ago[1]) * _UNIT[ago[2]]
    try:
        return from_datetime(datetime.fromisoformat(words))
    except (ValueError, OverflowError):
        raise UsageError(
            f"not a date: {words!r}", "write 2006-05-04, 2006-05-04T03:02:01Z, or an age such as 14d"
        ) from None
