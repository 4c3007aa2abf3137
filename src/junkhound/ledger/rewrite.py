"""New objects made from old ones by one SQL statement: sorted, filtered, put into the store whole."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

import msgspec

from junkhound.ledger.engine import Engine, quote
from junkhound.ledger.entry import ObjectEntry
from junkhound.ledger.files import DISK, make_dirs, passing
from junkhound.ledger.objects import KEPT_LEVEL
from junkhound.ledger.snapshot import Stored
from junkhound.ledger.store import Store
from junkhound.tables import SCHEMA_VERSION, Table

# Rows of a group: a look-up of one address or id unpacks one group of each file it has to open.
ROW_GROUPS = {"sightings": 8_192, "keys": 16_384, "sessions": 16_384, "cold": 8_192, "handovers": 8_192}
ROW_GROUP = 61_440  # of all others

ORDER = {
    "sightings": "addr_hi, addr_lo, seen_at, ingested_at, id_hi, id_lo",
    "keys": "id_hi, id_lo, kind, key",
    "sessions": "id_hi, id_lo",
    "names": "kind, key, day",
    "templates": "template, day",
    "units": "unit, made_at",
    "cold": "addr_hi, addr_lo, day, kind",
    "handovers": "addr_hi, addr_lo, day, kind",
    "networks": "addr_hi, addr_lo, day, kind",
    "hot": "addr_hi, addr_lo, hour, vantage, kind, standing",
}
"""How the rows of each table stand in a compacted object."""


def place(table: str, month: str, bucket: int) -> str:
    """A new name for a compacted object, or (month empty) for a fresh one made again.

    Sessions and keys stand beside the sightings they belong to, roll-ups under ``rollup/``, the texts behind
    templates and keys under ``templates/``, which campaign a text is in under ``campaigns/``.
    """
    if not month:
        return f"fresh/{secrets.token_hex(8)}.{table}.parquet"
    steps = {"sightings": "sightings", "keys": "sightings", "sessions": "sightings", "names": "templates",
             "templates": "templates", "units": "campaigns"}  # fmt: skip
    folder = steps.get(table, f"rollup/{table}")
    where = f"/month={month}/bucket={f'{bucket:02x}' if bucket >= 0 else 'none'}" if month != "all" else ""
    return f"{folder}{where}/{secrets.token_hex(8)}.{table}.parquet"


def write_query(
    engine: Engine, table: Table, sql: str, month: str, bucket: int, buckets: int, parameters: Sequence[object] = ()
) -> ObjectEntry | None:
    """Put the rows of ``sql`` as one compacted object of ``table``; None, and nothing put, for no rows.

    Rows are sorted and written outside of Python, spilling to the home where they do not fit into memory.
    """
    path = place(table.name, month, bucket)
    wanted, group = ", ".join(table.names), ROW_GROUPS.get(table.name, ROW_GROUP)
    part = engine.scratch / f".{secrets.token_hex(8)}.parquet"
    try:
        answer = engine.run(
            f"COPY (SELECT {wanted} FROM ({sql}) ORDER BY {ORDER[table.name]}) TO {quote(str(part))} (FORMAT parquet,"
            f" COMPRESSION zstd, COMPRESSION_LEVEL {KEPT_LEVEL}, ROW_GROUP_SIZE {group}, PARQUET_VERSION v2,"
            f" KV_METADATA {{schema_version: '{SCHEMA_VERSION}', 'table': '{table.name}'}}, RETURN_STATS)",
            parameters,
        ).fetchall()
        rows, size, stats = (int(answer[0][1]), int(answer[0][2]), answer[0][4]) if answer else (0, 0, {})
        if not rows:
            return None
        span = stats.get('"seen_at"') or stats.get("seen_at") or {}
        low, high = (int(span[end]) if end in span else None for end in ("min", "max"))
        adopt(engine.store, part, path)
    finally:
        part.unlink(missing_ok=True)
    return ObjectEntry(path, table.name, rows, size, low, high, month, bucket, SCHEMA_VERSION, buckets)


def without(
    engine: Engine, table: Table, stored: Stored, condition: str, parameters: Sequence[object] = ()
) -> ObjectEntry | None:
    """The object again without the rows for which ``condition`` (on ``o``) holds; None if nothing is left."""
    sql = f"SELECT o.* FROM {engine.source(table, [stored])} o WHERE NOT ({condition})"
    made = write_query(engine, table, sql, stored.month, stored.bucket, stored.buckets, parameters)
    return made and msgspec.structs.replace(made, segment=stored.segment)


def adopt(store: Store, part: Path, path: str) -> None:
    """Move a finished file into the store, synced before it is named."""
    target = store.local(path)
    if target is None:
        store.put(path, part.read_bytes())
        return
    with passing(target):
        handle = os.open(part, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        make_dirs(DISK, target.parent)
        try:
            part.chmod(0o600)
            part.rename(target)
        except OSError as error:
            if error.errno != 18:  # EXDEV: the objects stand on another disk than the home
                raise
            store.put(path, part.read_bytes())
        else:
            DISK.sync_dir(target.parent)
