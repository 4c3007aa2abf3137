"""Sums over years, beside ``queries``: spans watched, days of many sources at once, announced prefixes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from junkhound import tables
from junkhound.kernel.clock import DAY
from junkhound.kernel.net import Address, Network
from junkhound.ledger import rollups
from junkhound.ledger.queries import Queries, _filters

Array = np.ndarray[Any, np.dtype[Any]]
ALL_KINDS = tuple(int(kind) for kind in tables.Kind)


class Announced(msgspec.Struct, frozen=True):
    """One announced prefix: how many of its addresses were seen, how often, and when."""

    network: Network
    sources: int
    messages: int
    first_day: int
    last_day: int
    asn: int


class Sums(Queries):
    """Queries about many sources at once; days since 1970, ``until`` excluded, as in ``Queries``."""

    def span(
        self,
        since: int | None = None,
        until: int | None = None,
        kinds: Sequence[int] = ALL_KINDS,
        country: int | None = None,
        asn: int | None = None,
    ) -> tuple[int, int, int, int] | None:
        """(first day, last day, messages, sources); None where nothing was seen."""
        rows = self.engine.rows(
            "SELECT min(day), max(day), sum(messages)::BIGINT, count(DISTINCT (addr_hi, addr_lo)) FILTER (addr_lo <> 0)"
            f" FROM {self.days_source(None, since, until)} c"
            f" WHERE {_filters(since, until, kinds, country, asn, anyone=True)}"
        )
        first, last, messages, sources = rows[0]
        return None if first is None else (int(first), int(last), int(messages), int(sources))

    def days_of(
        self, addresses: Sequence[Address], kinds: Sequence[int], since: int | None = None, until: int | None = None
    ) -> dict[Address, tuple[Array, Array]]:
        """(days, messages) of each of these sources, oldest first."""
        if not addresses:
            return {}
        places = ", ".join(f"({a.hi}::UBIGINT, {a.lo}::UBIGINT)" for a in addresses)
        lows = ", ".join(str(a.lo) for a in addresses)  # row groups are skipped by this one
        found = self.engine.rows(
            f"SELECT addr_hi, addr_lo, day, sum(messages)::BIGINT FROM {self.days_source(None, since, until)} c"
            f" WHERE addr_lo IN ({lows}) AND (addr_hi, addr_lo) IN ({places})"
            f" AND {_filters(since, until, kinds, None, None)} GROUP BY ALL ORDER BY day"
        )
        held: dict[Address, tuple[list[int], list[int]]] = {address: ([], []) for address in addresses}
        for hi, lo, day, messages in found:
            days, counts = held[Address(int(hi), int(lo))]
            days.append(int(day))
            counts.append(int(messages))
        return {a: (np.array(days, np.int64), np.array(counts, np.int64)) for a, (days, counts) in held.items()}

    def networks_of(self, last: Mapping[Address, int]) -> dict[Address, tuple[int, int]]:
        """(announced prefix length in the 128-bit space, route table) of each source on its given last day."""
        if not last:
            return {}
        spans = {address: (day * DAY, (day + 1) * DAY) for address, day in last.items()}
        held = {s.number: s for a, span in spans.items() for s in self.snapshot.of("sightings", *span, address=a)}
        lows = ", ".join(str(address.lo) for address in last)
        found = self.engine.rows(
            "SELECT addr_hi, addr_lo, arg_max(prefix, seen_at), arg_max(routes, seen_at)"
            f" FROM {self.engine.source(tables.SIGHTINGS, held.values())} o WHERE addr_lo IN ({lows})"
            f" AND seen_at >= {min(low for low, _ in spans.values())} GROUP BY ALL"
        )
        known = {Address(int(hi), int(lo)): (int(prefix), int(routes)) for hi, lo, prefix, routes in found}
        return {address: known.get(address, (0, 0)) for address in last}

    def attributed(self, address: Address, until: int | None = None) -> list[tuple[int, int, int, int, int]]:
        """Whose network an address was in, as of each day: (asn, country, first day, last day, messages), oldest first.

        One line per network and country, so a network that came back is one line.
        """
        rows = self.engine.rows(
            "SELECT asn, country, min(day), max(day), sum(messages)::BIGINT FROM"
            f" {self.days_source(address, None, until)} c WHERE addr_hi = {address.hi} AND addr_lo = {address.lo}"
            f" AND {_filters(None, until, ALL_KINDS, None, None)} GROUP BY asn, country ORDER BY 3, 1"
        )
        return [(int(a), int(b), int(c), int(d), int(e)) for a, b, c, d, e in rows]

    def announced(
        self,
        limit: int,
        since: int | None = None,
        until: int | None = None,
        kinds: Sequence[int] = ALL_KINDS,
        country: int | None = None,
        asn: int | None = None,
    ) -> list[Announced]:
        """Announced prefixes with the most messages, as each sighting's route table knew them.

        From the rows themselves, as the roll-up has no prefixes; rows of unknown network are left out.
        """
        start, end = (None if day is None else day * DAY for day in (since, until))
        source = self.engine.source(tables.SIGHTINGS, self.snapshot.of("sightings", start, end))
        rows = (
            f"SELECT o.*, {rollups.day_of('o.seen_at')} AS day FROM {source} o"
            " WHERE o.resend = 0 AND o.seen_at IS NOT NULL AND o.addr_lo IS NOT NULL AND o.prefix > 0"
        )
        sources = (  # summed by address first: there are far fewer of them to mask
            "SELECT addr_hi, addr_lo, prefix, sum(count)::BIGINT AS messages, min(day) AS first_day,"
            f" max(day) AS last_day, max(asn) AS asn FROM ({rows}) WHERE {_filters(since, until, kinds, country, asn)}"
            " GROUP BY addr_hi, addr_lo, prefix"
        )
        high, low = _masked("addr_hi", "greatest(64 - prefix::INTEGER, 0)"), _masked("addr_lo", "128 - prefix::INTEGER")
        found = self.engine.rows(
            f"SELECT {high} AS hi, {low} AS lo, prefix, count(*), sum(messages)::BIGINT AS messages, min(first_day),"
            f" max(last_day), max(asn) FROM ({sources}) GROUP BY 1, 2, prefix"
            f" ORDER BY 5 DESC, hi, lo, prefix LIMIT {int(limit)}"
        )
        return [Announced(Network(int(r[0]), int(r[1]), int(r[2])), *map(int, r[3:])) for r in found]


def _masked(column: str, host_bits: str) -> str:
    """The column without its lowest bits; SQL shifts by 63 at most."""
    host = f"((1::UBIGINT << least({host_bits}, 63)) - 1::UBIGINT)"
    return f"CASE WHEN {host_bits} >= 64 THEN 0::UBIGINT ELSE xor({column}, {column} & {host}) END"
