"""Dates of mail: the forms of RFC 5322, old and new, against the standard library."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, mktime_tz, parsedate_tz

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import clock
from junkhound.trace import dates


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06Z"),  # RFC 5322 appendix A.1
        ("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z"),  # appendix A.6.2
        ("Thu,\r\n\t13 Feb 1969 23:32 -0330 (Newfoundland Time)", None),  # before 1970
        ("Thu,\r\n\t13 Feb 2003 23:32 -0330 (Newfoundland Time)", "2003-02-14T03:02:00Z"),
        ("Mon, 6 Jan 2025 10:00:05 EST", "2025-01-06T15:00:05Z"),
        ("Mon, 6 Jan 2025 10:00:05 Z", "2025-01-06T10:00:05Z"),
        ("Mon, 6 Jan 2025 10:00:05 A", "2025-01-06T10:00:05Z"),  # section 4.3: military zones say nothing
        ("Mon, 6 Jan 2025 10:00:05 CEST", "2025-01-06T10:00:05Z"),
        ("Mon, 06 Jan 103 10:00:05 +0000", "2003-01-06T10:00:05Z"),
        ("Mon, 6 Jan 2025 10:00:60 +0000", "2025-01-06T10:01:00Z"),
        ("Thu, 04 Jan 2024 06:39:58.727 +0000 (UTC)", "2024-01-04T06:39:58Z"),
        ("Sun Nov 13 14:50:12 2005", "2005-11-13T14:50:12Z"),
        ("2022-11-17 22:27:12.253869463 +0000 UTC", "2022-11-17T22:27:12Z"),
        ("2022-11-17T22:27:12+01:00", "2022-11-17T21:27:12Z"),
        ("Mon, 31 Feb 2025 10:00:05 +0000", None),
        ("Mon, 6 Jan 2025 25:00:05 +0000", None),
        ("Mon, 6 Jan 2025 10:00:05 +9900", None),
        ("Mon, 6 Jun 9999 10:00:05 +0000", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_forms(words: str, expected: str | None) -> None:
    at = dates.parse(words.encode())
    assert (None if at is None else clock.text(at)) == expected


@given(st.datetimes(datetime(1970, 1, 2), datetime(2190, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_every_instant_is_read_as_the_standard_library_reads_it(moment: datetime, east: int) -> None:
    words = format_datetime(moment.replace(tzinfo=UTC, microsecond=0))
    words = words[:-5] + f"{'-' if east < 0 else '+'}{abs(east) // 60:02}{abs(east) % 60:02}"
    parsed = parsedate_tz(words)
    assert parsed is not None
    expected = mktime_tz(parsed)
    assert dates.parse(words.encode()) == (expected * 1_000_000)


@given(st.text(st.characters(codec="latin-1"), max_size=60), st.integers(0, 40))
def test_the_short_way_and_the_pattern_agree(words: str, cut: int) -> None:
    base = "Mon, 6 Jan 2025 10:00:05 +0100"
    for text in (words, base[:cut] + words, base[:cut] + words[:2] + base[cut + 2 :]):
        assert dates.parse_text(text) == dates._any(text)


@given(st.binary(max_size=300))
def test_any_bytes_have_a_date_or_none(value: bytes) -> None:
    at = dates.parse(value)
    assert at is None or 0 <= at < 84_001 * clock.DAY
