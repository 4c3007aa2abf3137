"""Rows judged anew: which old objects hold them, and what these objects are without them."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from junkhound import tables
from junkhound.ledger import rewrite, rollups
from junkhound.ledger.engine import Engine
from junkhound.ledger.ids import U64
from junkhound.ledger.manifest import Draft, Swap
from junkhound.ledger.snapshot import Partition, Snapshot, Stored

BY_SIGHTING = (tables.SIGHTINGS, tables.KEYS, tables.SESSIONS)
"""The tables whose rows carry a sighting's id."""

_SOUGHT = "EXISTS (SELECT 1 FROM sought s WHERE s.id_hi = o.id_hi AND s.id_lo = o.id_lo)"


def removal(engine: Engine, snapshot: Snapshot, hi: U64, lo: U64) -> Swap:
    """The swap that takes these ids out of every table: objects swapped out, or made again without them.

    The sums of their months and buckets are renewed with it.
    """
    draft = Draft()
    if not len(hi):
        return draft.swap()
    places: dict[Partition, None] = {}
    connection = engine.connection()
    connection.register("sought", pa.table({"id_hi": hi, "id_lo": lo}))
    try:
        for table in BY_SIGHTING:
            for stored, rows in list(_touched(engine, table, snapshot)):
                draft.remove.append(stored.number)
                if not stored.fresh:
                    places[stored.partition] = None
                if rows < stored.rows:
                    rest = rewrite.without(engine, table, stored, _SOUGHT)
                    draft.add += [rest] if rest is not None else []
        for place in places:
            rollups.renew(engine, snapshot, draft, place)
    except BaseException:
        for entry in draft.add:
            engine.store.delete(entry.path)
        raise
    finally:
        connection.unregister("sought")
    return draft.swap()


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
