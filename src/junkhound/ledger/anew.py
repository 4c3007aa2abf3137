"""Rows judged anew: which old objects hold them, and what these objects are without them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from junkhound import tables
from junkhound.ledger import rewrite
from junkhound.ledger.engine import Engine
from junkhound.ledger.entry import ObjectEntry
from junkhound.ledger.ids import U64
from junkhound.ledger.manifest import Swap
from junkhound.ledger.snapshot import Snapshot, Stored

BY_SIGHTING = (tables.SIGHTINGS, tables.KEYS, tables.SESSIONS)
"""The tables whose rows carry a sighting's id."""

_SOUGHT = "EXISTS (SELECT 1 FROM sought s WHERE s.id_hi = o.id_hi AND s.id_lo = o.id_lo)"


def removal(engine: Engine, snapshot: Snapshot, hi: U64, lo: U64) -> Swap:
    """The swap that takes these ids out of every table: objects swapped out, others made again without them."""
    remove: list[int] = []
    add: list[ObjectEntry] = []
    if not len(hi):
        return Swap((), ())
    connection = engine.connection()
    connection.register("sought", pa.table({"id_hi": hi, "id_lo": lo}))
    try:
        for table in BY_SIGHTING:
            for stored, rows in _touched(engine, table, snapshot):
                remove.append(stored.number)
                if rows < stored.rows:
                    rest = rewrite.without(engine, table, stored, _SOUGHT)
                    add += [rest] if rest is not None else []
    except BaseException:
        for entry in add:
            engine.store.delete(entry.path)
        raise
    finally:
        connection.unregister("sought")
    return Swap(tuple(remove), tuple(add))


def _touched(engine: Engine, table: tables.Table, snapshot: Snapshot) -> Iterator[tuple[Stored, int]]:
    """Objects that hold sought ids, and how many of their rows those are."""
    objects = snapshot.of(table.name)
    places = {str(engine.place(stored.path)): stored for stored in objects}
    for some in _slices(objects, 256):
        source = engine.source(table, some, file_names=True)
        hits = engine.rows(f"SELECT filename, count(*) FROM {source} o WHERE {_SOUGHT} GROUP BY 1")
        for name, rows in hits:
            yield places[str(name)], int(rows)


def _slices(objects: list[Stored], size: int) -> Iterator[list[Stored]]:
    for start in range(0, len(objects), size):
        yield objects[start : start + size]
