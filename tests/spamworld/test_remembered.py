"""What scoring knows of other mails: what the service would, at that moment, and never what came later."""

from __future__ import annotations

from accuracy import remembered
from accuracy.remembered import Note
from junkhound import trace
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.net import Address

START = 1_136_160_000_000_000
MARK = 77


def note(hours: float, net: int, machine: int = 0, likely: bool = True) -> Note:
    """A mail that a machine of some network handed over, with one line under it."""
    lines = trace.Lines(Address(0, 0xFFFF_0000_0000 + (net << 16)), (MARK + net,), machine, MARK + net, likely)
    return Note(START + int(hours * HOUR), lines, net, 0)


def pasted(hours: float, net: int) -> Note:
    return Note(START + int(hours * HOUR), note(0, net).lines._replace(marks=(MARK,)), net, 0)


def test_nothing_is_known_before_it_came() -> None:
    known = remembered.looks([pasted(0, 1), pasted(5.5, 2), note(20, 3)])
    assert known.at(START) == trace.NOTHING
    assert MARK not in known.at(START + 5 * HOUR).pasted
    assert MARK in known.at(START + 7 * HOUR).pasted


def test_drivers_are_forgotten_after_what_the_ledger_keeps() -> None:
    mails = [note(n, n + 1, 9) for n in range(3)]
    known = remembered.looks([*mails, note(24 * 60, 50)])
    assert 9 in known.at(START + 20 * DAY).drivers
    assert 9 not in known.at(START + 50 * DAY).drivers


def test_who_is_mostly_typed_drives_nobody() -> None:
    mails = [note(n, n + 1, 9) for n in range(3)] + [note(n, n + 10, 9, False) for n in range(4)]
    assert 9 not in remembered.looks([*mails, note(30, 50)]).at(START + DAY).drivers


def test_no_notes_no_knowledge() -> None:
    assert remembered.looks([]).at(START) == trace.NOTHING
