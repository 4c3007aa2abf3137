"""What people know by a name that stays: campaigns, botnets, actors. New names, rows, and where merged ones went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, RowMapping, Table, insert, select, update

from junkhound.kernel import clock
from junkhound.kernel.errors import NotFound
from junkhound.ledger import schema, state

FIXED = ("number", "name", "born_at", "merged_into")
"""Columns that stay as they were first written; what merged is noted apart."""


class NameBook:
    """All of one noun that a home knows; its table has ``number``, ``name`` and ``merged_into``."""

    table: ClassVar[Table]
    noun: ClassVar[str]
    letter: ClassVar[str]  # of a name: K-2026-000001
    digits: ClassVar[int] = 4

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def numbers(self, at: int, count: int) -> list[tuple[int, str]]:
        """New numbers and names for the year of ``at``; each is given once, even if nothing comes of it."""
        if not count:
            return []
        year, table = clock.to_datetime(at).year, schema.counters
        given = []
        with state.writing(self.engine) as connection:
            for name in (self.noun, f"{self.noun}:{year}"):
                state.insert_new(connection, table, [{"name": name, "value": 0}])
                connection.execute(update(table).where(table.c.name == name).values(value=table.c.value + count))
                last = state.counter(connection, name)
                given.append(range(last - count + 1, last + 1))
        named = zip(*given, strict=True)
        return [(number, f"{self.letter}-{year:04d}-{place:0{self.digits}d}") for number, place in named]

    def alias(self) -> dict[int, int]:
        """Where merged ones are now, by number."""
        table = self.table
        query = select(table.c.number, table.c.merged_into).where(table.c.merged_into.is_not(None))
        with state.reading(self.engine) as connection:
            into = {int(one): int(other) for one, other in connection.execute(query)}
        found = {}
        for number in into:
            target, steps = number, 0
            while target in into and steps <= len(into):
                target, steps = into[target], steps + 1
            found[number] = target
        return found

    def row(self, name: str) -> RowMapping:
        """The row of that name, or of what it went into. Errors: NotFound."""
        table = self.table
        with state.reading(self.engine) as connection:
            found = connection.execute(select(table).where(table.c.name == name.upper())).mappings().first()
            while found is not None and found["merged_into"] is not None:
                query = select(table).where(table.c.number == found["merged_into"])
                found = connection.execute(query).mappings().first()
        if found is None:
            like = f"{self.letter}-2026-{1:0{self.digits}d}"
            raise NotFound(f"no {self.noun} {name!r}", f"names look like {like}; junkhound {self.noun}s shows them")
        return found

    def read(self, query: Any, form: Any) -> list[Any]:
        """The rows of a query as structs of ``form``."""
        names = form.__struct_fields__
        with state.reading(self.engine) as connection:
            return [form(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()]


def note(connection: Connection, table: Table, rows: Iterable[Mapping[str, Any]], merged: Mapping[int, int]) -> None:
    """Insert new rows and renew known ones, and say what went into what, inside the caller's transaction."""
    rows = list(rows)
    known = set(connection.execute(select(table.c.number)).scalars()) if rows else set()
    new = [row for row in rows if row["number"] not in known]
    if new:
        connection.execute(insert(table), new)
    for row in rows:
        values = {name: value for name, value in row.items() if name not in FIXED}
        if row["number"] in known and values:
            connection.execute(update(table).where(table.c.number == row["number"]).values(**values))
    for number, target in merged.items():
        connection.execute(update(table).where(table.c.number == number).values(merged_into=target))


def signed(key: int) -> int:
    """A 64-bit key as the databases hold it."""
    return key - (1 << 64) if key >> 63 else key


def unsigned(key: int) -> int:
    """A 64-bit key as rows hold it."""
    return key & (1 << 64) - 1
