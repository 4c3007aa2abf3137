"""Rows of any origin flattened into one sorted table: at every address the narrowest row answers.

Rows may nest, as announced prefixes do, and come in any order; of two equal ranges the later row wins. ASN and
country are flattened apart, so that one table can be made of an ASN file and a country file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from junkhound.attribution import form
from junkhound.attribution.operators import RULES, operator
from junkhound.kernel.net import V4
from junkhound.tables import Operator

_FAMILIES = (("v4", V4, V4 + (1 << 32)), ("v6", 0, 1 << 128))


class Row(NamedTuple):
    """What a file says of the addresses ``first`` to ``last`` (128-bit numbers, IPv4 mapped).

    ``bits`` is the announced prefix length in the 128-bit space, 0 where the file gives ranges only.
    """

    first: int
    last: int
    asn: int = 0
    organisation: str = ""
    country: int = 0
    bits: int = 0
    operator: Operator = Operator.UNKNOWN

    @property
    def is_v4(self) -> bool:
        return self.first >> 32 == 0xFFFF


def pack(rows: Iterable[Row], *, name: str, date: str, source: str, licence: str = "", level: int = 19) -> bytes:
    """The rows as one route table."""
    rows = list(rows)
    asns, numbers = _networks(rows)
    arrays: dict[str, form.Array] = {}
    shares = (0.0, 0.0)
    routes = 0
    for family, low, high in _FAMILIES:
        own = [row for row in rows if row.is_v4 == (family == "v4")]
        if family == "v4" or own:
            part, count = _family(own, low, high, numbers)
            routes += count
            if family == "v4":
                shares = _shares(part)
            arrays.update({f"{family}.{key}": values for key, values in part.items()})
    arrays.update(asns)
    head = form.Header(name, date, source, licence, *shares, routes=routes, rules=RULES)
    return form.write(head, arrays, level)


def _networks(rows: Sequence[Row]) -> tuple[dict[str, form.Array], dict[int, int]]:
    """The ASNs with their names and types, and the place of each; a name met later replaces an earlier one."""
    names: dict[int, str] = {}
    types: dict[int, Operator] = {}
    for row in rows:
        if row.asn:
            if row.organisation or row.asn not in names:
                names[row.asn] = row.organisation
            if row.operator:
                types[row.asn] = row.operator
    order = sorted(names)
    texts = [names[asn].encode("utf-8", "replace")[:255] for asn in order]
    kinds = [types.get(asn) or operator(names[asn]) for asn in order]
    arrays: dict[str, form.Array] = {
        "asn": np.array(order, np.uint32),
        "operator": np.array(kinds, np.uint8),
        "length": np.array([len(text) for text in texts], np.uint8),
        "text": np.frombuffer(b"".join(texts), np.uint8),
    }
    return arrays, {asn: place for place, asn in enumerate(order, 1)}


def _family(rows: list[Row], low: int, high: int, numbers: dict[int, int]) -> tuple[dict[str, form.Array], int]:
    """One family's arrays: where intervals start, which begin a route, and what holds in each."""
    routes = flatten([row for row in rows if row.asn], low, high, lambda row: row)
    countries = flatten([row for row in rows if row.country], low, high, lambda row: row.country)
    starts: list[int] = []
    fresh: list[int] = []
    country: list[int] = []
    held = 0
    place = 0
    for at, value in [*countries, (high, 0)]:  # walk both lists of starts as one
        while place < len(routes) and routes[place][0] < at:
            starts.append(routes[place][0])
            fresh.append(1)
            country.append(held)
            place += 1
        held = value or 0
        if at == high:
            break
        if place < len(routes) and routes[place][0] == at:
            fresh.append(1)
            place += 1
        else:
            fresh.append(0)
        starts.append(at)
        country.append(held)
    arrays: dict[str, form.Array] = _keys(starts, low, high)
    arrays["fresh"] = np.packbits(np.array(fresh, np.uint8))
    arrays["country"] = np.array(country, np.uint16)
    arrays["route"] = np.array([numbers[row.asn] if row else 0 for _, row in routes], np.uint32)
    arrays["bits"] = np.array([row.bits if row else 0 for _, row in routes], np.uint8)
    return arrays, sum(1 for _, row in routes if row)


def _keys(starts: list[int], low: int, high: int) -> dict[str, form.Array]:
    if high - low == 1 << 32:
        return {"start": np.array([start - low for start in starts], np.uint32)}
    keys = {"hi": np.array([start >> 64 for start in starts], np.uint64)}
    lower = np.array([start & (1 << 64) - 1 for start in starts], np.uint64)
    if lower.any():  # most tables have no network longer than /64
        keys["lo"] = lower
    return keys


def flatten(rows: list[Row], low: int, high: int, value: Callable[[Row], Any]) -> list[tuple[int, Any]]:
    """(start, value) of consecutive intervals that cover ``low`` up to ``high``; None where no row holds.

    A stack keeps the rows that are open at a position, narrowest on top; neighbours of equal value are one.
    """
    cuts: list[tuple[int, Any]] = [(low, None)]
    open_rows: list[Row] = []

    def cut(at: int, row: Row | None) -> None:
        holds = None if row is None else value(row)
        if cuts[-1][0] == at:
            cuts.pop()
        if not cuts or cuts[-1][1] != holds:
            cuts.append((at, holds))

    def close(before: int) -> None:
        while open_rows and open_rows[-1].last < before:
            end = open_rows.pop().last
            while open_rows and open_rows[-1].last <= end:
                open_rows.pop()
            if end + 1 < high:
                cut(end + 1, open_rows[-1] if open_rows else None)

    for row in sorted(rows, key=lambda row: (row.first, -row.last)):
        close(row.first)
        cut(row.first, row)
        open_rows.append(row)
    close(high + 1)
    return cuts


def _shares(part: dict[str, form.Array]) -> tuple[float, float]:
    """Shares of the IPv4 space with a known ASN and with a known country, to four digits."""
    widths = np.diff(part["start"].astype(np.int64), append=1 << 32)
    fresh = np.unpackbits(part["fresh"], count=len(widths))
    known = part["route"][np.cumsum(fresh) - 1] > 0
    networks = float(widths[known].sum()) / 2**32
    countries = float(widths[part["country"] > 0].sum()) / 2**32
    return round(networks, 4), round(countries, 4)
