"""Orders in which sources are ranked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from junkhound.kernel.errors import UsageError
from junkhound.stats.calendar import Array

ORDERS: dict[str, tuple[str, ...]] = {
    "volume": ("messages",),
    "persistence": ("weeks", "days", "messages"),
    "recent": ("last_day", "messages"),
}
"""Columns that decide, most telling first. Persistence counts the weeks in which a source was seen: one
burst fills a week, only a long life fills many."""


def rank(columns: Mapping[str, Array], by: str, limit: int | None = None) -> Array:
    """Places of the rows in order, highest first; equal rows stay in the order they came.

    Columns: those of ``ORDERS[by]``. Errors: UsageError for an unknown order.
    """
    if by not in ORDERS:
        raise UsageError(f"no order called {by!r}", f"known: {', '.join(ORDERS)}")
    keys = [-np.asarray(columns[name], np.int64) for name in reversed(ORDERS[by])]
    order = np.lexsort(keys)
    return order if limit is None else order[:limit]
