"""Immutable objects: one Parquet file of one table's rows, put into the store under a name of its own.

A name is given once: a second writer of the same name (a retry after a crash) adopts what stands there.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from junkhound.kernel.clock import day_text
from junkhound.kernel.errors import DataError
from junkhound.ledger.entry import ObjectEntry
from junkhound.tables import SCHEMA_VERSION, Table

if TYPE_CHECKING:
    from junkhound.ledger.store import Store

FRESH_LEVEL = 1
KEPT_LEVEL = 3

_TYPES: dict[str, Any] = {
    "u8": pa.uint8(), "u16": pa.uint16(), "u32": pa.uint32(), "u64": pa.uint64(),
    "i32": pa.int32(), "i64": pa.int64(), "str": pa.string(), "bin": pa.binary(),
}  # fmt: skip

# Random numbers: zstd would look through them for long and find little. Compaction does, once.
_QUICK = frozenset({"sketch"})


def fresh_path(ingested_at: int, segment_name: str, version: int, table: str) -> str:
    """Where a unit puts the rows of one segment, judged under analysis generation ``version``."""
    return f"fresh/ingested={day_text(ingested_at)}/{segment_name}.v{version}.{table}.parquet"


@cache
def arrow_schema(table: Table) -> pa.Schema:
    """The Arrow form of a table."""
    return pa.schema([pa.field(c.name, _TYPES[c.type], nullable=c.null) for c in table.columns])


@cache
def _codecs(table: Table, level: int) -> dict[str, Any]:
    """How the pages of a fresh object are written. Without dictionaries: a thousand rows are written a third faster
    and end up smaller, as zstd finds what repeats."""
    quick = [c.name for c in table.columns if c.name in _QUICK]
    return {
        "compression": {c.name: "lz4" if c.name in quick else "zstd" for c in table.columns} if quick else "zstd",
        "compression_level": {c.name: level for c in table.columns if c.name not in quick} if quick else level,
        "use_dictionary": False,
    }


def arrow_table(table: Table, columns: Mapping[str, Any]) -> pa.Table:
    """Columns by name as an Arrow table.

    A column is a list (None is null), a NumPy array, a masked array, or a pair ``(values, is_null)``.
    Errors: DataError naming a column that is missing, unknown or does not fit its type.
    """
    if unknown := columns.keys() - set(table.names):
        raise DataError(f"table {table.name}: unknown column {sorted(unknown)[0]!r}")
    schema = arrow_schema(table)
    arrays = []
    for field in schema:
        try:
            arrays.append(_array(columns[field.name], field.type))
        except KeyError:
            raise DataError(f"table {table.name}: no column {field.name!r}") from None
        except (pa.ArrowException, OverflowError, TypeError) as error:
            raise DataError(f"table {table.name}: column {field.name!r}: {error}") from None
        if not field.nullable and arrays[-1].null_count:
            raise DataError(f"table {table.name}: column {field.name!r} may not be null")
    return pa.Table.from_arrays(arrays, schema=schema)


def _array(values: Any, kind: pa.DataType) -> Any:
    if isinstance(values, np.ma.MaskedArray):
        return pa.array(values.data, kind, mask=np.ma.getmaskarray(values))
    if isinstance(values, tuple) and len(values) == 2 and not isinstance(values[0], (int, str, bytes)):
        mask = np.asarray(values[1], bool)
        if isinstance(values[0], np.ndarray):
            return pa.array(values[0], kind, mask=mask)
        return pa.array([None if null else v for v, null in zip(values[0], mask, strict=True)], kind)
    return pa.array(values, kind)


def encode(rows: pa.Table, table: Table, level: int = FRESH_LEVEL) -> bytes:
    """The rows as one Parquet file, with ``schema_version`` and the table's name in its metadata."""
    out = io.BytesIO()
    with pq.ParquetWriter(
        out, rows.schema, write_statistics=["addr_hi", "addr_lo", "seen_at"],
        data_page_version="2.0", store_schema=False, **_codecs(table, level),
    ) as writer:  # fmt: skip
        writer.write_table(rows)
        writer.add_key_value_metadata({"schema_version": str(SCHEMA_VERSION), "table": table.name})
    return out.getvalue()


def write(
    store: Store, table: Table, columns: Mapping[str, Sequence[Any] | np.ndarray | Any], path: str
) -> ObjectEntry:
    """Put one object of ``table``; if ``path`` is there already, that object is adopted and described.

    Errors: DataError for columns that do not fit the table; Temporary where the store cannot take it.
    """
    rows = columns if isinstance(columns, pa.Table) else arrow_table(table, columns)
    body = encode(rows, table)
    if not store.put_new(path, body):
        return describe(store, table, path)
    return _entry(path, table, rows, len(body), columns)


def describe(store: Store, table: Table, path: str) -> ObjectEntry:
    """The entry of an object that stands in the store. Errors: DataError if it is not one of ``table``."""
    body = store.get(path)
    try:
        rows = pq.ParquetFile(pa.BufferReader(body)).read(use_threads=False)
    except pa.ArrowException as error:
        raise DataError(f"object {path!r} cannot be read: {error}") from None
    return _entry(path, table, rows, len(body))


def read(store: Store, path: str, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of one object."""
    file = pq.ParquetFile(pa.BufferReader(store.get(path)))
    return file.read(list(columns) if columns else None, use_threads=False)


def _entry(path: str, table: Table, rows: pa.Table, size: int, columns: Mapping[str, Any] | Any = None) -> ObjectEntry:
    low = high = None
    if "seen_at" in table.names and rows.num_rows:
        given = None if columns is rows or columns is None else columns["seen_at"]
        if isinstance(given, tuple) and isinstance(given[0], np.ndarray):
            seen = given[0][~np.asarray(given[1], bool)]
        else:
            seen = np.array([value for value in rows["seen_at"].to_pylist() if value is not None], np.int64)
        low, high = (int(seen.min()), int(seen.max())) if len(seen) else (None, None)
    return ObjectEntry(path, table.name, rows.num_rows, size, low, high, schema_version=SCHEMA_VERSION)
