"""Rows on their way from a parser to its worker: columns as bytes of a fixed width, checked when they arrive.

The parser has read hostile mail, so nothing in its frames may be more than a wrong number or text: every column must be
of its table, of the length that the others have, and of its type. Bytes are also what Arrow takes without a copy.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from junkhound import sighting, tables
from junkhound.kernel.errors import DataError
from junkhound.ledger.entry import ComplaintEntry
from junkhound.tables import Column, Table

TABLES = {
    table.name: table for table in (tables.SIGHTINGS, tables.KEYS, tables.NAMES, tables.TEMPLATES, tables.SESSIONS)
}
"""What a segment becomes."""

_CODES = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "i32": "i", "i64": "q"}
_IDS = (("id_hi", "<u8"), ("id_lo", "<u8"), ("ordinal", "<u4"))
_ONCE = {"templates": ("template",), "names": ("kind", "key")}
"""Chunks do not know of each other: of these tables a segment keeps the first row of each key."""


class Chunk(msgspec.Struct, frozen=True, array_like=True):
    """Rows of the records before place ``end``.

    ``columns`` are in the order of each table: numbers in this machine's form, bytes as they are, texts in UTF-8.
    ``nulls`` has a byte a row, 1 for null, for columns that may be null, in their order.
    """

    end: int
    rows: int
    columns: dict[str, list[bytes | list[bytes]]]
    nulls: dict[str, list[bytes]]
    names: list[tuple[int, str, str]]
    intakes: list[tuple[int, int, int]]
    counts: dict[str, int]
    complaints: list[ComplaintEntry] = []


def chunk(end: int, batch: sighting.Batch, complaints: Iterable[ComplaintEntry] = ()) -> Chunk:
    """A batch ready to be sent; tables without rows are left out."""
    columns: dict[str, list[bytes | list[bytes]]] = {}
    nulls: dict[str, list[bytes]] = {}
    for name, given in batch.columns.items():
        if any(given.values()):
            columns[name], nulls[name] = _packed(TABLES[name], given)
    return Chunk(end, batch.rows, columns, nulls, batch.names, batch.intakes, batch.counts, list(complaints))


def _packed(table: Table, given: Mapping[str, list[Any]]) -> tuple[list[bytes | list[bytes]], list[bytes]]:
    columns: list[bytes | list[bytes]] = []
    nulls: list[bytes] = []
    for column in table.columns:
        values = given[column.name]
        if column.null:
            nulls.append(bytes([value is None for value in values]))
            values = [value or 0 for value in values]
        if code := _CODES.get(column.type):
            columns.append(array(code, values).tobytes())
        else:
            columns.append([value.encode() for value in values] if column.type == "str" else values)
    return columns, nulls


encoded = msgspec.msgpack.Encoder().encode
decoded = msgspec.msgpack.Decoder(Chunk).decode


class Rows:
    """The chunks of one segment put together."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {}  # of each table: for each column its pieces
        self._nulls: dict[str, list[Any]] = {}
        self.names: set[tuple[int, str, str]] = set()
        self.intakes: Counter[tuple[int, int]] = Counter()
        self.counts: Counter[str] = Counter()
        self.complaints: list[ComplaintEntry] = []
        self.rows = 0

    def add(self, given: Chunk) -> None:
        """Take the rows of a chunk. Errors: DataError where it is not what a parser sends."""
        if given.columns.keys() - TABLES.keys() or given.nulls.keys() != given.columns.keys():
            raise DataError("a parser sent rows of a table that does not exist")
        for name, columns in given.columns.items():
            _check(TABLES[name], columns, given.nulls[name], given.rows if name == "sightings" else None)
            for held, pieces in ((self._columns, columns), (self._nulls, given.nulls[name])):
                mine = held.setdefault(name, [[] for _ in pieces])
                for place, piece in zip(mine, pieces, strict=True):
                    place.append(piece)
        self.names.update(given.names)
        for intake, analysis, count in given.intakes:
            self.intakes[intake, analysis] += count
        self.counts.update(given.counts)
        self.complaints += given.complaints
        for one in given.complaints:
            self.counts[f"form:{one.form}"] += 1
            self.counts["lacking:msg"] += "extra:msg" in one.missing
        self.rows += given.rows

    def ids(self) -> bytes:
        """As ``UnitEntry.ids``."""
        given = self.table("sightings")
        return b"".join(given[name].astype(form).tobytes() for name, form in _IDS) if given else b""

    def table(self, name: str) -> dict[str, Any]:
        """The columns of one table as ``ledger.objects`` takes them; empty where it has no rows."""
        if name not in self._columns:
            return {}
        found: dict[str, Any] = {}
        nulls = iter(self._nulls[name])
        for column, pieces in zip(TABLES[name].columns, self._columns[name], strict=True):
            code = _CODES.get(column.type)
            if code is None:
                found[column.name] = _texts(column, [value for piece in pieces for value in piece])
            else:
                found[column.name] = np.frombuffer(b"".join(pieces), np.dtype(code))
            if column.null:
                found[column.name] = (found[column.name], np.frombuffer(b"".join(next(nulls)), np.bool_))
        return _once(found, _ONCE[name]) if name in _ONCE else found


def _texts(column: Column, values: list[bytes]) -> list[Any]:
    try:
        return [value.decode() for value in values] if column.type == "str" else values
    except UnicodeDecodeError:
        raise DataError(f"a parser sent a column {column.name!r} that is no text") from None


def _check(table: Table, columns: Sequence[bytes | list[bytes]], nulls: Sequence[bytes], rows: int | None) -> None:
    """Errors: DataError for a column of another length or type."""
    if len(columns) != len(table.columns) or len(nulls) != sum(column.null for column in table.columns):
        raise DataError(f"a parser sent rows of {table.name} that lack a column")
    for column, values in zip(table.columns, columns, strict=True):
        code = _CODES.get(column.type)
        if (code is None) is isinstance(values, bytes):
            raise DataError(f"a parser sent a column {column.name!r} of another type")
        count, rest = divmod(len(values), 1 if code is None else array(code).itemsize)
        rows = count if rows is None else rows
        if rest or count != rows:
            raise DataError(f"a parser sent a column {column.name!r} of another length")
    if any(len(mask) != rows or mask.translate(None, b"\0\1") for mask in nulls):
        raise DataError(f"a parser sent rows of {table.name} with nulls that are none")


def _once(columns: dict[str, Any], by: tuple[str, ...]) -> dict[str, Any]:
    """The first row of each key."""
    first: dict[tuple[Any, ...], int] = {}
    for place, key in enumerate(zip(*(columns[name].tolist() for name in by), strict=True)):
        first.setdefault(key, place)
    places = list(first.values())
    if len(places) == len(columns[by[0]]):
        return columns
    return {
        name: values[places] if isinstance(values, np.ndarray) else [values[place] for place in places]
        for name, values in columns.items()
    }
