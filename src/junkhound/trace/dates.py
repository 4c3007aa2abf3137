"""Dates of mail as instants: RFC 5322 section 3.3 with the obsolete forms of 4.3, int microseconds UTC or None."""

from __future__ import annotations

import re
from datetime import date

from junkhound.kernel.compiled import steps
from junkhound.trace.memo import Memo

_EPOCH = date(1970, 1, 1).toordinal()
_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip

# RFC 5322 section 4.3: these names have a meaning, every other name says no more than "+0000"
_ZONES = {"EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420}

_CLOCK = {f"{h:02}:{m:02}": (h * 60 + m) * 60_000_000 for h in range(24) for m in range(60)}

# Spelled for speed: no alternative shares a prefix with another, every repeat is over its own character class.
_MAIL = re.compile(
    r"\s*+(?:[A-Za-z]{2,9}+,?\s*+)?(\d{1,2})[\s-]++([A-Za-z]{3})[a-z]*+[\s-]++(\d{2,4})\s++"
    r"(\d{1,2}):(\d\d)(?::(\d\d))?(?:\.\d*+)?\s*+([+-]\d{4}|[A-Za-z]{1,5})?"
)
_HEAD = re.compile(r"\s*+(?:[A-Za-z]{2,9}+,?\s*+)?(\d{1,2})[\s-]++([A-Za-z]{3})[a-z]*+[\s-]++(\d{2,4})\s++\Z")
_TAIL = re.compile(r":([0-5]\d|60)\s([+-]\d{4})\Z")
_CTIME = re.compile(
    r"\s*+[A-Za-z]{3},?\s++([A-Za-z]{3})\s++(\d{1,2})\s++(\d{1,2}):(\d\d)(?::(\d\d))?\s++([A-Z]{3,4}\s++)?(\d{4})"
)
_ISO = re.compile(r"\s*+(\d{4})-(\d\d)-(\d\d)[T\s]+(\d\d):(\d\d):(\d\d)(?:\.\d*+)?\s*+(Z|[+-]\d\d:?\d\d)?")


def parse(value: bytes) -> int | None:
    """The instant a date field names, in microseconds UTC; None where it names none.

    A date without a zone, or with a zone name RFC 5322 does not define, is read as UTC. Comments and whatever
    follows are passed over. Only the first 200 bytes are looked at.
    """
    return parse_text(value[:200].decode("latin-1"))


def parse_text(text: str) -> int | None:
    """As ``parse``, from text already decoded (one character a byte)."""
    if steps is not None:
        found: int | None = steps.date(text)
        if found is not None:
            return found
    return parse_plainly(text)


def parse_plainly(text: str) -> int | None:
    """``parse_text`` without the compiled steps."""
    # The usual form, where the day and the zone were met before: a third of the pattern's time. Its colon stands
    # after a day of two digits or of one; asking for the place is cheaper than looking for it.
    colon = 19 if text[19:20] == ":" else 18 if text[18:19] == ":" else text.find(":")
    if 8 < colon < 40:
        clock = _CLOCK.get(text[colon - 2 : colon + 3])
        if clock is not None:
            day, rest = DAYS[text[: colon - 2]], SECONDS[text[colon + 3 : colon + 12]]
            if day is not None and rest is not None:
                return day + clock + rest
    return _any(text)


def _any(text: str) -> int | None:
    """Any form we know, by pattern."""
    found = _MAIL.match(text)
    if found is None:
        return _other(text[:200])
    day, month, year, hour, minute, second, zone = found.groups()
    return _instant(_day(day, month, year), int(hour), int(minute), int(second or 0), _offset(zone))


def _head(text: str) -> int | None:
    """The day that stands before the time, as the instant it begins; None where it is not in the usual form."""
    found = _HEAD.match(text)
    day = _day(*found.groups()) if found else None
    return None if day is None else day * 86_400_000_000


def _tail(text: str) -> int | None:
    """What ``:05 +0100`` adds to hour and minute; None where it is not in that form."""
    found = _TAIL.match(text)
    offset = _offset(found[2]) if found else None
    return None if found is None or offset is None else (int(found[1]) - offset) * 1_000_000


DAYS = Memo(_head, 4096)
"""``Mon, 6 Jan 2025 `` as the instant the day begins, None where it is no day in the usual form."""
SECONDS = Memo(_tail, 8192)
"""``:05 +0100`` as what it adds to hour and minute, in microseconds."""
clock_of = _CLOCK.get
"""``10:00`` in microseconds, or None."""


def _instant(day: int | None, hour: int, minute: int, second: int, offset: int | None) -> int | None:
    if day is None or offset is None or hour > 23 or minute > 59 or second > 60:
        return None
    return (day * 86400 + hour * 3600 + minute * 60 + second - offset) * 1_000_000


def _day(day: str, month: str, year: str) -> int | None:
    """Days since 1970; two and three digit years as RFC 5322 section 4.3 reads them."""
    number = int(year)
    if len(year) == 2:
        number += 2000 if number < 50 else 1900
    elif len(year) == 3:
        number += 1900
    try:
        days = date(number, _MONTHS[month.lower()], int(day)).toordinal() - _EPOCH
    except (KeyError, ValueError):
        return None
    return days if 0 <= days < 84_000 else None  # 1970 to 2199: any other year is a joke


def _offset(zone: str | None) -> int | None:
    """Seconds east of Greenwich."""
    if not zone:
        return 0
    if zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        hours, minutes = int(digits[:2]), int(digits[2:])
        if hours > 23 or minutes > 59:
            return None
        seconds = hours * 3600 + minutes * 60
        return -seconds if zone[0] == "-" else seconds
    return _ZONES.get(zone.upper(), 0) * 60


def _other(text: str) -> int | None:
    """The forms of asctime(3) and RFC 3339, which some programs write instead."""
    if found := _CTIME.match(text):
        month, day, hour, minute, second, zone, year = found.groups()
        offset = _offset(zone.strip() if zone else None)
        return _instant(_day(day, month, year), int(hour), int(minute), int(second or 0), offset)
    if found := _ISO.match(text):
        year, number, day, hour, minute, second, zone = found.groups()
        month = next((name for name, n in _MONTHS.items() if n == int(number)), "")
        return _instant(
            _day(day, month, year), int(hour), int(minute), int(second), _offset("" if zone == "Z" else zone)
        )
    return None
