"""Who saw it: how many independent witnesses a set of units holds under a scope (RUNTIME, observation 10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from junkhound.listing.history import OWN_STANDINGS, WITNESS_STANDINGS, Unit
from junkhound.listing.policy import APART_HOURS
from junkhound.tables import Standing

_WITNESS, _OWN = frozenset(map(int, WITNESS_STANDINGS)), frozenset(map(int, OWN_STANDINGS))


class Witnesses(NamedTuple):
    """``independent`` witnesses, of which partners are at most one; ``own`` says whether one is ours."""

    independent: int
    own: int
    vantages: int
    hours: int


def witnesses(units: Iterable[Unit], scope: str) -> Witnesses:
    """Independent witnesses under a list's scope.

    ``public``: each own vantage is one, so a single trap domain, mailbox or log never lists. ``own``: a vantage is
    two when two different trap addresses of it (for mailboxes and logs: two messages or lines) were hit in hours
    at least 6 apart, which makes them different transactions; it is never three. A partner adds one witness
    beside ours, never two, and is none alone.
    """
    told = [unit for unit in units if unit[0] and unit[4] in _WITNESS]
    mine = [unit for unit in told if unit[4] in _OWN]
    ours = {unit[0] for unit in mine}
    own = len(ours)
    if scope == "own":
        by_vantage: dict[int, list[Unit]] = defaultdict(list)
        for unit in mine:
            by_vantage[unit.vantage].append(unit)
        own += sum(1 for seen in by_vantage.values() if _twice(seen))
    strangers = len({unit[0] for unit in told} - ours)
    return Witnesses(
        own + min(1, strangers) if own else 0, own, len(ours) + strangers, len({unit[:2] for unit in told})
    )


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
