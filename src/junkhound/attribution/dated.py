"""Tables by date: the one that was valid on a day, others below it for what it does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from junkhound.attribution.routes import FULL, RouteTable
from junkhound.kernel.errors import NotFound

Ref = tuple[int, str, Callable[[], RouteTable]]  # number, date, loader
_EPOCH = date(1970, 1, 1).toordinal()
_KEPT = 6  # tables in memory, about 15 MB each


class DatedTables:
    """All registered tables; each is loaded when first needed, the least used is let go.

    The table for a day is the newest with date <= day, else the oldest. Below it lie the tables that cover
    only part of the space, and the next full one if it is itself partial.
    """

    def __init__(self, refs: Iterable[Ref]) -> None:
        self._refs = sorted(refs, key=lambda ref: (ref[1], ref[0]))
        if not self._refs:
            raise NotFound("no route table", "the package ships one; was it installed whole?")
        self._loaded: dict[int, RouteTable] = {}
        self._chains: dict[int, RouteTable] = {}

    def number_on(self, day: int | None) -> int:
        """The number of the table valid on ``day`` (days since 1970; None: the newest)."""
        return self._order(day)[0][0]

    def on(self, day: int | None) -> RouteTable:
        """The table valid on ``day`` with those below it."""
        order = self._order(day)
        chain = self._chains.get(order[0][0])
        if chain is None:
            if len(self._chains) >= _KEPT:
                self._chains.clear()
                self._loaded.clear()
            chain = self._chains[order[0][0]] = self._chain(order)
        return chain

    def _order(self, day: int | None) -> list[Ref]:
        if day is None:
            return self._refs[::-1]
        until = date.fromordinal(max(1, min(day + _EPOCH, date.max.toordinal()))).isoformat()
        known = [ref for ref in self._refs if ref[1] <= until]
        return known[::-1] + self._refs[len(known) :]

    def _chain(self, order: list[Ref]) -> RouteTable:
        needed: list[Ref] = []
        networks = countries = False  # whether a full table for each is already in the chain
        for ref in order:
            has_networks, has_countries = (share >= FULL for share in self._shares(ref))
            partial = not has_networks and not has_countries
            if not needed or partial or (has_networks and not networks) or (has_countries and not countries):
                needed.append(ref)
                networks |= has_networks
                countries |= has_countries
        chain = self._load(needed[-1])
        for ref in needed[-2::-1]:
            chain = self._load(ref).over(chain)
        return chain

    def _shares(self, ref: Ref) -> tuple[float, float]:
        """What the table covers; a loader with ``shares`` knows without loading."""
        shares: tuple[float, float] | None = getattr(ref[2], "shares", None)
        if shares is None:
            head = self._load(ref).header
            shares = head.networks, head.countries
        return shares

    def _load(self, ref: Ref) -> RouteTable:
        number, _, loader = ref
        if number not in self._loaded:
            self._loaded[number] = loader()
        return self._loaded[number]
