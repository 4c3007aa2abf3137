"""DuckDB over the store's Parquet files: no database file, no extensions, nothing fetched."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from junkhound.kernel.errors import NotFound, Temporary
from junkhound.ledger.directory import Directory, Keys
from junkhound.ledger.points import Points
from junkhound.ledger.snapshot import Stored
from junkhound.ledger.store import Store
from junkhound.tables import Table

MEMORY_SHARE = 0.25
MEMORY_MOST = 8 << 30


class Engine:
    """One in-memory DuckDB for this process; every thread gets a cursor of its own."""

    def __init__(self, store: Store, home: Path, threads: int = 0, memory_bytes: int = 0) -> None:
        self.store = store
        self.scratch = home / "snapshots"
        self._threads = threads or len(os.sched_getaffinity(0))
        self._memory = memory_bytes or min(int(_ram() * MEMORY_SHARE), MEMORY_MOST)
        self._lock = threading.Lock()
        self._root: duckdb.DuckDBPyConnection | None = None
        self._local = threading.local()
        self.directory = Directory(self._addresses)
        self.points = Points(self.place)

    def connection(self) -> duckdb.DuckDBPyConnection:
        """This thread's cursor."""
        with self._lock:
            if self._root is None:
                self._root = self._open()
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._root.cursor()
        return cursor

    def _open(self) -> duckdb.DuckDBPyConnection:
        root = duckdb.connect(
            ":memory:",
            config={
                "threads": self._threads,
                "memory_limit": f"{self._memory >> 20}MiB",
                "temp_directory": str(self.scratch / "spill"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        root.execute("SET GLOBAL parquet_metadata_cache = true")
        root.execute("SET GLOBAL TimeZone = 'UTC'")
        return root

    def close(self) -> None:
        """Give memory back."""
        with self._lock:
            if self._root is not None:
                self._root.close()
                self._root = None
                self._local = threading.local()

    def run(self, sql: str, parameters: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        """Run one statement. Errors: NotFound where a file has gone, Temporary on a full disk or out of memory."""
        try:
            return self.connection().execute(sql, list(parameters))
        except duckdb.IOException as error:
            words = str(error).partition("\n")[0]
            if "No files found" in words or "No such file" in words:
                raise NotFound(f"an object of this snapshot is gone: {words}", "take a new snapshot") from None
            raise Temporary(f"query failed: {words}", "is the disk full?") from None
        except duckdb.OutOfMemoryException as error:
            raise Temporary(f"query needs more memory: {str(error).partition(chr(10))[0]}") from None

    def columns(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, Any]:
        """The answer as NumPy arrays by column name."""
        return self.run(sql, parameters).fetchnumpy()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The answer as tuples."""
        return self.run(sql, parameters).fetchall()

    def source(
        self, table: Table, objects: Iterable[Stored], columns: Sequence[str] = (), file_names: bool = False
    ) -> str:
        """A FROM item over these objects with the columns of ``table``; empty of rows if there are none.

        Objects of older schema versions lack columns that were added since: they read as null there.
        """
        objects = list(objects)
        wanted = [c for c in table.columns if not columns or c.name in columns]
        if not objects:
            nothing = ", ".join(f"NULL::{_SQL_TYPES[c.type]} AS {c.name}" for c in wanted)
            return f"(SELECT {nothing} WHERE false)"
        files = ", ".join(quote(str(self.place(stored.path))) for stored in objects)
        options = ", hive_partitioning = false"  # month and bucket are no columns of ours
        options += ", filename = true" if file_names else ""
        versions = {stored.schema_version for stored in objects}
        lacking = [c for c in wanted if c.since > max(versions)]
        if any(min(versions) < c.since <= max(versions) for c in wanted):
            options += ", union_by_name = true"
        read = f"read_parquet([{files}]{options})"
        if not lacking:
            return read
        return f"(SELECT *, {', '.join(f'NULL::{_SQL_TYPES[c.type]} AS {c.name}' for c in lacking)} FROM {read})"

    def _addresses(self, stored: Stored) -> tuple[Keys, Keys]:
        found = self.columns(
            f"SELECT DISTINCT addr_hi, addr_lo FROM read_parquet([{quote(str(self.place(stored.path)))}],"
            " hive_partitioning = false) WHERE addr_hi IS NOT NULL"
        )
        return np.asarray(found["addr_hi"], np.uint64), np.asarray(found["addr_lo"], np.uint64)

    def place(self, path: str) -> Path:
        """The object as a local file; one from elsewhere is copied once, objects never change."""
        place = self.store.local(path)
        if place is not None:
            return place
        copy = self._copy(path)
        if not copy.exists():
            copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = copy.with_name(f".{copy.name}.{os.getpid()}.{threading.get_ident()}")
            part.write_bytes(self.store.get(path))
            part.rename(copy)
        return copy

    def forget(self, path: str) -> None:
        """Drop the local copy of an object that is being deleted."""
        with contextlib.suppress(OSError):
            self._copy(path).unlink()

    def _copy(self, path: str) -> Path:
        digest = hashlib.sha256(path.encode()).hexdigest()[:32]
        return self.scratch / "copies" / f"{digest}.{path.rpartition('.')[2]}"


_SQL_TYPES = {
    "u8": "UTINYINT", "u16": "USMALLINT", "u32": "UINTEGER", "u64": "UBIGINT", "i32": "INTEGER", "i64": "BIGINT",
    "str": "VARCHAR", "bin": "BLOB",
}  # fmt: skip


def quote(text: str) -> str:
    """A SQL text literal."""
    return "'" + text.replace("'", "''") + "'"


def _ram() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
