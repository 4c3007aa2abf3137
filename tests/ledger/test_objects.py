"""Objects hold what the schemas say, and are written once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from junkhound import tables
from junkhound.kernel.errors import DataError
from junkhound.ledger import objects
from junkhound.ledger.store import open_store
from junkhound.tables import ALL, KEYS, SIGHTINGS, Table
from support.sightings import NOON, columns, sighting


def test_lists_and_arrays_make_the_same_object(tmp_path: Path) -> None:
    store = open_store("", tmp_path)
    lists = columns(SIGHTINGS, [sighting(1), sighting(2, None, seen_at=None)])
    masked = {
        name: np.ma.array([0 if v is None else v for v in values], dtype=np.uint64 if name != "seen_at" else np.int64,
                          mask=[v is None for v in values])
        for name, values in lists.items()
    }  # fmt: skip
    pairs = {name: ([v or 0 for v in values], [v is None for v in values]) for name, values in lists.items()}
    made = [
        objects.write(store, SIGHTINGS, given, f"fresh/{n}.parquet") for n, given in enumerate((lists, masked, pairs))
    ]
    assert len({entry.size for entry in made}) == 1
    assert [(e.rows, e.seen_min, e.seen_max) for e in made] == [(2, NOON, NOON)] * 3
    assert objects.read(store, made[0].path).equals(objects.read(store, made[2].path))
    assert objects.read(store, made[0].path)["addr_lo"].null_count == 1


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_files_say_their_table_and_version(tmp_path: Path, table: Table) -> None:
    store = open_store("", tmp_path)
    entry = objects.write(store, table, columns(table, [{}]), f"fresh/x.{table.name}.parquet")
    file = pq.ParquetFile(tmp_path / entry.path)
    assert file.metadata.metadata[b"schema_version"] == str(tables.SCHEMA_VERSION).encode()
    assert file.metadata.metadata[b"table"] == table.name.encode()
    assert tuple(file.schema_arrow.names) == table.names


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"day": [None]}, "'day' may not be null"),
        ({"day": ["x"]}, "'day'"),
        ({"key": [-1]}, "'key'"),
        ({"key": [2**64]}, "'key'"),
        ({"colour": [1]}, "unknown column 'colour'"),
        ({"kind": None}, "'kind'"),
    ],
)
def test_columns_that_do_not_fit_are_named(tmp_path: Path, change: dict[str, object], says: str) -> None:
    given = columns(KEYS, [{}]) | change
    with pytest.raises(DataError, match=says):
        objects.write(open_store("", tmp_path), KEYS, given, "fresh/x.parquet")


def test_a_second_writer_adopts(tmp_path: Path) -> None:
    store = open_store("", tmp_path)
    first = objects.write(store, SIGHTINGS, columns(SIGHTINGS, [sighting(1)]), "fresh/x.parquet")
    again = objects.write(store, SIGHTINGS, columns(SIGHTINGS, [sighting(2), sighting(3)]), "fresh/x.parquet")
    assert again == first
    (tmp_path / "fresh/x.parquet").write_bytes(b"PAR1 not")
    with pytest.raises(DataError, match="cannot be read"):
        objects.write(store, SIGHTINGS, columns(SIGHTINGS, [sighting(2)]), "fresh/x.parquet")
