"""What became of the mail that guards of this home looked at: by day, source's country and recipient's country."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Engine, Integer, Table, func, select
from sqlalchemy.dialects.postgresql import insert as into_postgresql
from sqlalchemy.dialects.sqlite import insert as into_sqlite

from junkhound.ledger import state
from junkhound.ledger.schema import metadata

guard_counts = Table(
    "guard_counts",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),  # since 1970
    Column("source", Integer, primary_key=True, autoincrement=False),  # country as a number, 0 unknown
    Column("recipient", Integer, primary_key=True, autoincrement=False),
    Column("attempts", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("junk", BigInteger, nullable=False),
    Column("inbox", BigInteger, nullable=False),
)
TABLES = (guard_counts,)


class Fate(NamedTuple):
    """How many mails came, and how many of them were refused, moved or marked as junk, or went into an inbox."""

    attempts: int = 0
    refused: int = 0
    junk: int = 0
    inbox: int = 0

    def plus(self, other: Fate) -> Fate:
        """The sum of both."""
        return Fate(*(a + b for a, b in zip(self, other, strict=True)))


Key = tuple[int, int, int]
"""Day, source's and recipient's country."""


def add(engine: Engine, counted: Mapping[Key, Fate]) -> None:
    """Add to what was counted; several guards may do so at once."""
    if not counted:
        return
    insert = into_postgresql if engine.dialect.name == "postgresql" else into_sqlite
    rows = [
        dict(zip(("day", "source", "recipient"), key, strict=True)) | fate._asdict() for key, fate in counted.items()
    ]
    statement = insert(guard_counts)
    more = {name: guard_counts.c[name] + statement.excluded[name] for name in Fate._fields}
    with state.writing(engine) as connection:
        connection.execute(
            statement.on_conflict_do_update(index_elements=["day", "source", "recipient"], set_=more), rows
        )


def by_country(engine: Engine, since: int, until: int) -> dict[tuple[int, int], Fate]:
    """Sums of the days from ``since`` to before ``until``, by (source, recipient)."""
    table = guard_counts
    sums = [func.sum(table.c[name]) for name in Fate._fields]
    query = (
        select(table.c.source, table.c.recipient, *sums)
        .where(table.c.day >= since, table.c.day < until)
        .group_by(table.c.source, table.c.recipient)
    )
    with state.reading(engine) as connection:
        return {(int(row[0]), int(row[1])): Fate(*map(int, row[2:])) for row in connection.execute(query)}
