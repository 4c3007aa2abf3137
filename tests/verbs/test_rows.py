"""Rows come from a parser to its worker as they were made; what no parser of ours sends is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel.errors import DataError
from junkhound.ledger.objects import arrow_table
from junkhound.sighting import Batch
from junkhound.tables import Table
from junkhound.verbs import rows

_VALUES = {
    "u8": st.integers(0, 2**8 - 1), "u16": st.integers(0, 2**16 - 1), "u32": st.integers(0, 2**32 - 1),
    "u64": st.integers(0, 2**64 - 1), "i32": st.integers(-(2**31), 2**31 - 1), "i64": st.integers(-(2**63), 2**63 - 1),
    "str": st.text(st.characters(exclude_categories=["Cs"]), max_size=5), "bin": st.binary(max_size=5),
}  # fmt: skip


def tables(table: Table) -> st.SearchStrategy[dict[str, list[Any]]]:
    row = st.tuples(*(_VALUES[c.type] | st.none() if c.null else _VALUES[c.type] for c in table.columns))
    return st.lists(row, max_size=4).map(
        lambda made: {c.name: [one[place] for one in made] for place, c in enumerate(table.columns)}
    )


def batch(columns: dict[str, dict[str, list[Any]]]) -> Batch:
    return Batch(columns, [(1, "intake", "box")], [(1, 2, 3)], {"kind:junk": 1}, len(columns["sightings"]["kind"]))


@given(st.fixed_dictionaries({name: tables(table) for name, table in rows.TABLES.items() if name not in rows._ONCE}))
def test_columns_come_as_they_were_made(columns: dict[str, dict[str, list[Any]]]) -> None:
    taken = rows.Rows()
    for _ in range(2):
        taken.add(rows.decoded(rows.encoded(rows.chunk(5, batch(columns)))))
    for name, made in columns.items():
        table = rows.TABLES[name]
        twice = {column: values * 2 for column, values in made.items()}
        if not any(made.values()):
            assert taken.table(name) == {}
        else:
            assert arrow_table(table, taken.table(name)).equals(arrow_table(table, twice))
    assert (taken.names, dict(taken.intakes), taken.counts["kind:junk"]) == ({(1, "intake", "box")}, {(1, 2): 6}, 2)


def test_templates_and_names_of_two_chunks_stand_once() -> None:
    made = {"kind": [1, 2], "key": [7, 7], "name": ["a.example", "b.example"], "day": [1, 1]}
    taken = rows.Rows()
    for day in (1, 2):
        sightings = {c.name: [1] for c in rows.TABLES["sightings"].columns}
        given = batch({"sightings": sightings, "names": made | {"day": [day, day]}})
        taken.add(rows.decoded(rows.encoded(rows.chunk(1, given))))
    names = taken.table("names")
    assert (names["name"], names["day"].tolist()) == (["a.example", "b.example"], [1, 1])
    assert len(taken.ids()) == 2 * 20


def good() -> dict[str, Any]:
    one = rows.chunk(1, batch({"sightings": {c.name: [1] for c in rows.TABLES["sightings"].columns},
                               "names": {"kind": [1], "key": [1], "name": ["a"], "day": [1]}}))  # fmt: skip
    return msgspec.to_builtins(one) and {name: getattr(one, name) for name in one.__struct_fields__}


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("columns", {"hot": []}),
        ("columns", {"sightings": []}),
        ("rows", 2),
        ("nulls", {"sightings": [b"\0", b"\0", b"\2"], "names": []}),
        ("nulls", {"sightings": [b"\0", b"\0"], "names": []}),
        ("nulls", {}),
    ],
)
def test_what_no_parser_sends_is_refused(part: str, value: Any) -> None:
    rows.Rows().add(rows.Chunk(**good()))
    with pytest.raises(DataError):
        rows.Rows().add(rows.Chunk(**(good() | {part: value})))


@pytest.mark.parametrize("column", [b"\1", [b"\xff"], [b"a", b"b"], [], b""])
def test_a_text_that_is_none_or_of_another_length_is_refused(column: Any) -> None:
    fields = good()
    fields["columns"]["names"][2] = column
    with pytest.raises(DataError):
        names(rows.Chunk(**fields))


def names(given: rows.Chunk) -> dict[str, Any]:
    """What a worker reads of the names in a chunk."""
    taken = rows.Rows()
    taken.add(given)
    return taken.table("names")


def test_numbers_are_those_of_this_machine() -> None:
    assert all(np.dtype(code).itemsize * 8 == int(name[1:]) for name, code in rows._CODES.items())
