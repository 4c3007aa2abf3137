"""Addresses that nobody had yet, by the date on which their block was given out (test T5)."""

from __future__ import annotations

import pytest

from junkhound import trace
from junkhound.evidence import message
from junkhound.kernel import clock, net
from junkhound.tables import Clue

BORDER = trace.boundary(["mx.example.org"])


def judged(ip: str, year: int, border: trace.Boundary = BORDER, name: str = "unknown") -> trace.Verdict:
    """A mail server handed it over, and the line below names that address."""
    date = f"6 Jun {year} 10:00:0"
    lines = (
        f"Received: from mail.example.net (mail.example.net [64.12.1.9])\n\tby mx.example.org (Postfix) with ESMTP"
        f" id 700FD47962; {date}9 +0000\n"
        f"Received: from pc ({name} [{ip}])\n\tby mail.example.net (Postfix) with ESMTP id 800FD47962; {date}5 +0000\n"
    )
    return trace.judge(trace.read(message.parse(f"{lines}From: a@example.net\n\nx\n".encode())), border)


@pytest.mark.parametrize(
    ("ip", "year", "nobodys"),
    [
        ("77.1.2.3", 2005, True),
        ("77.1.2.3", 2007, False),
        ("186.1.2.3", 2006, True),
        ("62.1.2.3", 2005, False),
        ("18.1.2.3", 1995, False),  # of before the registries
        ("1.1.1.1", 2005, False),  # many used it that had not been given it
        ("2a00:1450::1", 2003, True),
        ("2a00:1450::1", 2016, False),
        ("2001:4860::1", 2016, False),
        ("2c10:1::1", 2016, True),  # never given
        ("2c10:1::1", 2024, False),  # since the list was made, it may have been
    ],
)  # fmt: skip
def test_an_address_that_nobody_had_yet(ip: str, year: int, nobodys: bool) -> None:
    found = judged(ip if ":" not in ip else f"IPv6:{ip}", year)
    assert bool(found.clues & Clue.IMPOSSIBLE_ADDRESS) is nobodys
    assert (found.typed == 1) is nobodys
    assert str(found.address) == "64.12.1.9", "the hand-over stays what it is"
    if nobodys:
        assert "had not been given to anybody yet" in found.reasons[1].text


def test_within_one_site_any_number_may_be_somebodys() -> None:
    assert judged("175.3.1.2", 2002).typed == 1
    inside = judged("175.3.1.2", 2002, name="pc.inner.example.net")
    assert inside.typed is None
    assert not inside.clues & Clue.IMPOSSIBLE_ADDRESS
    assert judged("175.3.1.2", 2002, name="pc.inner.example.org").typed == 1


def test_a_world_of_its_own_has_its_own_plan() -> None:
    border = trace.boundary(["mx.example.org"], given=trace.given_out().but([77]))
    assert not judged("77.1.2.3", 2005, border).clues & Clue.IMPOSSIBLE_ADDRESS
    assert judged("78.1.2.3", 2005, border).clues & Clue.IMPOSSIBLE_ADDRESS


def test_without_a_date_nothing_is_said() -> None:
    address = net.parse("77.1.2.3")
    assert address is not None
    assert trace.given_out().nobodys(address, 0)
    assert not trace.given_out().nobodys(address, 2_000_000_000 * clock.SECOND)
    lines = "Received: from m.example.net (m.example.net [64.12.1.9])\n\tby mx.example.org (Postfix) with ESMTP id 1\n"
    lower = "Received: from pc (unknown [77.1.2.3])\n\tby m.example.net (Postfix) with ESMTP id 2\n"
    found = trace.judge(trace.read(message.parse((lines + lower + "From: a@example.net\n\nx\n").encode())), BORDER)
    assert not found.clues & Clue.IMPOSSIBLE_ADDRESS
