"""Rows of many addresses by a few words, for tests of ranges and escalation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from junkhound.kernel import net
from junkhound.listing import Rows
from junkhound.tables import Kind, Operator, Standing
from support.histories import NOW_HOUR

NAMES = (
    "addr_hi", "addr_lo", "hour", "vantage", "trap", "kind", "standing", "messages", "asn", "prefix", "operator",
    "clues",
)  # fmt: skip


def junk(words: str, ago: int = 5, vantage: int = 1, **other: Any) -> dict[str, int]:
    """One unit of junk of an address, ``ago`` hours before NOW."""
    address = net.parse(words)
    assert address is not None, words
    row = {"asn": 64500, "prefix": 112, "operator": int(Operator.ACCESS), "clues": 0, "messages": 1, **other}
    what = {"kind": int(Kind.JUNK), "standing": int(Standing.TRAP), "trap": 1}
    place = {"addr_hi": address.hi, "addr_lo": address.lo, "hour": NOW_HOUR - ago, "vantage": vantage}
    return {**place, **what, **{name: int(value) for name, value in row.items()}}


def good(words: str, ago: int = 5, vantage: int = 9, **other: Any) -> dict[str, int]:
    """One unit of good mail of an address."""
    return junk(words, ago, vantage, **{"kind": Kind.GOOD, "standing": Standing.MAILBOX, "trap": 0, **other})


def rows(units: Iterable[dict[str, int]]) -> Rows:
    """These units as arrays."""
    held = list(units)
    return Rows.of({name: np.array([unit[name] for unit in held], np.uint64) for name in NAMES})
