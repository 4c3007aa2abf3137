"""Rows of every table with plain values, for tests of the ledger and of what reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.net import parse
from junkhound.ledger import objects
from junkhound.ledger.entry import PackEntry, UnitEntry
from junkhound.ledger.store import Store
from junkhound.tables import COLD, KEYS, NAMES, SESSIONS, SIGHTINGS, TEMPLATES, Table

NOON = 1_146_744_000_000_000  # 2006-05-04T12:00:00Z
ROW: dict[str, Any] = dict.fromkeys(SIGHTINGS.names, 0) | {
    "seen_at": NOON, "ingested_at": NOON + HOUR, "confidence": 9990, "count": 1, "size": 6500, "vantage": 1,
}  # fmt: skip


def sighting(number: int, address: str | None = "192.0.2.7", **values: Any) -> dict[str, Any]:
    """One row of sightings; ``number`` makes its id, ``day`` and ``hour`` move seen_at."""
    where = parse(address) if address is not None else None
    row = ROW | {"id_hi": number * 0x9E3779B97F4A7C15 % 2**64, "id_lo": number}
    row |= {"addr_hi": where.hi if where else None, "addr_lo": where.lo if where else None}
    row["seen_at"] += values.pop("day", 0) * DAY + values.pop("hour", 0) * HOUR
    assert not values.keys() - row.keys(), values
    return row | values


def columns(table: Table, rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Rows turned into columns; what a row leaves out is 0 or empty."""
    empty = {"str": "", "bin": b""}
    rows = list(rows)
    return {c.name: [row.get(c.name, empty.get(c.type, 0)) for row in rows] for c in table.columns}


_SIDES = {table.name: table for table in (KEYS, NAMES, TEMPLATES, SESSIONS, COLD)}


def unit(
    store: Store,
    segment: int,
    rows: Iterable[Mapping[str, Any]],
    version: int = 1,
    known_as: tuple[tuple[int, str, str], ...] = (),
    pack: PackEntry | None = None,
    **sides: Iterable[Mapping[str, Any]],
) -> UnitEntry:
    """Put the rows of one segment as a worker does, and describe them for the commit."""
    rows = list(rows)
    name = f"{segment:016x}"
    put = []
    for table, content in ((SIGHTINGS, rows), *((_SIDES[side], list(given)) for side, given in sides.items())):
        path = objects.fresh_path(NOON, name, version, table.name)
        put.append(objects.write(store, table, columns(table, content), path))
    held: dict[tuple[int, int], int] = {}
    for row in rows:
        held[row["intake"], row["analysis"]] = held.get((row["intake"], row["analysis"]), 0) + 1
    intakes = tuple((intake, analysis, count) for (intake, analysis), count in sorted(held.items()))
    return UnitEntry(segment, name, tuple(put), pack, known_as, intakes, len(rows), {"kind:junk": len(rows)})
