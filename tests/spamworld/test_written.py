"""What is read of lines, as scoring counts it; and mails that are made to take long take no long time."""

from __future__ import annotations

import pytest

from accuracy import written
from accuracy.corpus import Real


@pytest.fixture(scope="module")
def slowest() -> Real:
    return written._costs()


def test_no_mail_under_a_megabyte_takes_long(slowest: Real) -> None:
    assert slowest.estimate.base >= 9
    assert slowest.estimate.value < 50, slowest.note


def test_nasty_mails_are_whole_and_under_a_megabyte() -> None:
    for name, raw in written.nasty():
        assert 700_000 < len(raw) < written.MEGABYTE, name
        assert raw.startswith(b"Received: from a (unknown [198.51.100.7])")


def test_golden_stacks_name_the_true_source_or_nobody() -> None:
    found = written._stacks()
    assert found.estimate.value == 1.0
    assert found.estimate.base >= 150


def test_a_line_that_hands_over_counts_for_what_it_shows() -> None:
    line = "from a.example ([192.0.2.7]) by b.example with SMTP; Mon, 6 Jan 2025 10:30:05 +0000"
    (found,) = (dict(written._read(written.read_line(one, 0, False), one)) for one in (line,))
    assert found == {"writer read": True, "date read": True, "address read where one is shown": True}
    assert not dict(written._read(written.read_line("by b.example", 0, False), "by b.example"))
    assert not dict(written._read(written.Hop(), line))["writer read"]
