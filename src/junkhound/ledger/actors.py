"""Actors in the state database: which campaigns are thought to have one hand behind them, under a name that stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import BigInteger, Column, Connection, Engine, ForeignKey, Table, Text, delete, insert, select, update

from junkhound.kernel import clock
from junkhound.kernel.errors import NotFound
from junkhound.ledger import schema, state

actors = Table(
    "actors",
    schema.metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),  # A-2026-0001, never reused
    Column("born_at", BigInteger, nullable=False),
    Column("merged_into", BigInteger, ForeignKey("actors.number")),
)

actor_campaigns = Table(
    "actor_campaigns",
    schema.metadata,
    Column("campaign", BigInteger, primary_key=True, autoincrement=False),
    Column("actor", BigInteger, ForeignKey("actors.number"), nullable=False),
)


class Actor(msgspec.Struct, frozen=True):
    """One actor: a number for whoever stands behind some campaigns."""

    number: int
    name: str
    born_at: int
    merged_into: int | None = None


class ActorBook:
    """All actors of a home."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def numbers(self, at: int, count: int) -> list[tuple[int, str]]:
        """New numbers and names for the year of ``at``."""
        year, table, given = clock.to_datetime(at).year, schema.counters, []
        with state.writing(self.engine) as connection:
            for name in ("actor", f"actor:{year}"):
                state.insert_new(connection, table, [{"name": name, "value": 0}])
                connection.execute(update(table).where(table.c.name == name).values(value=table.c.value + count))
                last = state.counter(connection, name)
                given.append(range(last - count + 1, last + 1))
        return [(number, f"A-{year:04d}-{place:04d}") for number, place in zip(*given, strict=True)]

    def all(self) -> dict[int, Actor]:
        """Every actor there ever was, by number."""
        with state.reading(self.engine) as connection:
            return {int(row["number"]): Actor(**row) for row in connection.execute(select(actors)).mappings()}

    def get(self, name: str) -> Actor:
        """The actor of that name, or the one it went into. Errors: NotFound."""
        known = self.all()
        found = next((one for one in known.values() if one.name == name.upper()), None)
        while found is not None and found.merged_into is not None:
            found = known.get(found.merged_into)
        if found is None:
            raise NotFound(f"no actor {name!r}", "names look like A-2026-0001; junkhound actors shows them")
        return found

    def campaigns(self) -> dict[int, int]:
        """The actor of each campaign that has one."""
        with state.reading(self.engine) as connection:
            return {int(one): int(actor) for one, actor in connection.execute(select(actor_campaigns))}


def write(connection: Connection, new: Sequence[Actor], merged: Mapping[int, int], held: Mapping[int, int]) -> None:
    """Note new actors, what merged, and who has which campaign now, inside the caller's transaction."""
    if new:
        connection.execute(insert(actors), [msgspec.structs.asdict(one) for one in new])
    for number, into in merged.items():
        connection.execute(update(actors).where(actors.c.number == number).values(merged_into=into))
    connection.execute(delete(actor_campaigns))
    if held:
        connection.execute(insert(actor_campaigns), [{"campaign": c, "actor": a} for c, a in sorted(held.items())])
