"""Counts as shares of a stated base."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec


class Share(msgspec.Struct, frozen=True):
    """One line of a table: what, how many, of how many, and so which share (0 to 1)."""

    what: Any
    count: int
    base: int
    share: float
    cumulative: float


def shares(counts: Iterable[tuple[Any, int]], base: int | None = None, limit: int | None = None) -> list[Share]:
    """The counts as shares of ``base`` (default: their sum), largest first; what ``limit`` cuts off is not in it."""
    rows = sorted(counts, key=lambda row: -row[1])
    whole = sum(count for _, count in rows) if base is None else base
    out: list[Share] = []
    total = 0
    for what, count in rows[:limit]:
        total += count
        out.append(Share(what, count, whole, count / whole if whole else 0.0, total / whole if whole else 0.0))
    return out
