"""Clocks and forms of queue ids."""

from __future__ import annotations

import pytest

from junkhound.kernel import clock
from junkhound.trace import queueid
from junkhound.trace.hop import Hop

AT = clock.parse("2025-01-06T10:00:03Z")


@pytest.mark.parametrize(
    ("dialect", "id", "form", "contradicts"),
    [
        ("exim", "1tUjvj-000001-2B", True, False),  # 2025-01-06T10:00:03Z
        ("exim", "1tUjvj-00000001abc-2Bcd", True, False),
        ("exim", "17htxj-0008Ad-00", True, True),  # 2002
        ("exim", "4711", False, False),
        ("postfix", "4YRV6C1R3Kz3w", True, False),
        ("postfix", "7BACDC372", True, False),  # the short form has no clock
        ("postfix", "hello.world", False, False),
        ("sendmail", "506A03vW007847", True, False),
        ("sendmail", "506A03W07847", True, False),  # 8.10 to 8.12
        ("sendmail", "KAA06178", True, False),  # 8.9
        ("sendmail", "506K03vW007847", True, False),  # ten hours ahead: local time
        ("sendmail", "g7MBkTZ05087", True, True),  # 2002
        ("sendmail", "zzzzzzzz", False, False),
        ("qmail", "17htxj-0008Ad-00", None, False),
    ],
)
def test_clocks(dialect: str, id: str, form: bool | None, contradicts: bool) -> None:
    assert queueid.examine(Hop(dialect=dialect, id=id, at=AT))[:2] == (form, contradicts)


def test_an_id_without_a_date_contradicts_nothing() -> None:
    assert queueid.examine(Hop(dialect="exim", id="17htxj-0008Ad-00")) == (True, False, False)
