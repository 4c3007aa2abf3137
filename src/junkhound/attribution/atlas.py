"""The route table that was valid on a day: several dated tables, asked as one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

import numpy as np

from junkhound.attribution.form import Array
from junkhound.attribution.routes import RouteTable
from junkhound.kernel.clock import day_text


class Atlas:
    """Dated route tables: for each day the newest full table of that day or before (else the oldest), under the
    partial tables chosen the same way, a later-numbered one on top."""

    def __init__(self, tables: Iterable[RouteTable]) -> None:
        tables = sorted(tables, key=lambda table: (table.date, table.number))
        self._dates = sorted({table.date for table in tables})
        self._valid = [self._on(tables, date) for date in self._dates]

    @staticmethod
    def _on(tables: list[RouteTable], date: str) -> RouteTable:
        families: dict[str, list[RouteTable]] = {}
        for table in tables:
            families.setdefault(table.header.name if table.is_partial else "", []).append(table)
        chosen = [next((t for t in reversed(family) if t.date <= date), family[0]) for family in families.values()]
        chosen.sort(key=lambda table: (not table.is_partial, -table.number))
        top = chosen[0]
        for below in chosen[1:]:
            top = top.over(below)
        return top

    def __bool__(self) -> bool:
        return bool(self._valid)

    def on(self, date: str) -> RouteTable:
        """The tables as they stood on ``date`` (``2006-05-04``). Errors: IndexError where there is no table."""
        return self._valid[max(bisect_right(self._dates, date) - 1, 0)]

    def lookup(self, hi: Array, lo: Array, days: Array) -> dict[str, Array]:
        """ADDRESSES (hi u64, lo u64) seen on ``days`` (since 1970) -> asn, prefix, country, operator, routes."""
        if len(self._valid) == 1:
            return self._valid[0].lookup(hi, lo)
        edges = np.array([np.datetime64(date).astype("datetime64[D]").astype(np.int64) for date in self._dates[1:]])
        edition = np.searchsorted(edges, days, "right")
        found: dict[str, Array] = {}
        for number in np.unique(edition):
            here = edition == number
            for name, values in self._valid[number].lookup(hi[here], lo[here]).items():
                found.setdefault(name, np.zeros(len(hi), values.dtype))[here] = values
        return found

    def organisation(self, asn: int, at: int) -> str:
        """The name a network went by at an instant."""
        return self.on(day_text(at)).organisation(asn) if self._valid else ""
