"""Who saw it: how many independent witnesses a set of units holds under a scope (RUNTIME, observation 10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from junkhound.listing.history import IS_OWN, IS_WITNESS
from junkhound.listing.policy import APART_HOURS
from junkhound.listing.units import Unit, Units
from junkhound.tables import Standing


class Witnesses(NamedTuple):
    """``independent`` witnesses, of which partners are at most one; ``own`` says whether one is ours."""

    independent: int
    own: int
    vantages: int
    hours: int


def witnesses(units: Iterable[Unit] | Units, scope: str) -> Witnesses:
    """Independent witnesses under a list's scope.

    ``public``: each own vantage is one, so a single trap domain, mailbox or log never lists. ``own``: a vantage is
    two when two different trap addresses of it (for mailboxes and logs: two messages or lines) were hit in hours
    at least 6 apart, which makes them different transactions; it is never three. A partner adds one witness
    beside ours, never two, and is none alone.
    """
    columns = Units.of(units)
    told = columns.take((columns.vantage != 0) & IS_WITNESS[columns.standing])
    mine = told.take(IS_OWN[told.standing])
    own = mine.vantages
    if scope == "own":
        by_vantage: dict[int, list[Unit]] = defaultdict(list)
        for row in mine.rows():
            by_vantage[row[0]].append(Unit(*row))
        own += sum(1 for seen in by_vantage.values() if _twice(seen))
    strangers = told.vantages - mine.vantages
    independent = own + min(1, strangers) if own else 0
    return Witnesses(independent, own, told.vantages, int(told.firsts().sum()))


def _twice(units: list[Unit]) -> bool:
    """Whether one vantage saw it twice, independently."""
    traps = [unit for unit in units if unit.standing == Standing.TRAP]
    others = [unit.hour for unit in units if unit.standing != Standing.TRAP]
    return (bool(others) and max(others) - min(others) >= APART_HOURS) or _two_traps(traps)


def _two_traps(units: list[Unit]) -> bool:
    """Two different trap addresses, hit at least 6 hours apart."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for unit in units:
        if unit.trap:
            first[unit.trap] = min(unit.hour, first.get(unit.trap, unit.hour))
            last[unit.trap] = max(unit.hour, last.get(unit.trap, unit.hour))
    # Only the two earliest and the two latest addresses matter: some pair of them has the widest distance.
    earliest = sorted(first, key=lambda trap: (first[trap], trap))[:2]
    latest = sorted(last, key=lambda trap: (-last[trap], trap))[:2]
    return any(a != b and last[b] - first[a] >= APART_HOURS for a in earliest for b in latest)
