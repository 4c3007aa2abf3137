"""Actors in the state database: which campaigns are thought to have one hand behind them, under a name that stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from sqlalchemy import BigInteger, Column, Connection, ForeignKey, Table, Text, delete, insert, select

from junkhound.ledger import schema, state
from junkhound.ledger.named import NameBook, note

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


class ActorBook(NameBook):
    """All actors of a home."""

    table, noun, letter = actors, "actor", "A"

    def all(self) -> dict[int, Actor]:
        """Every actor there ever was, by number."""
        return {one.number: one for one in self.read(select(actors), Actor)}

    def get(self, name: str) -> Actor:
        """The actor of that name, or the one it went into. Errors: NotFound."""
        return Actor(**self.row(name))

    def campaigns(self) -> dict[int, int]:
        """The actor of each campaign that has one."""
        with state.reading(self.engine) as connection:
            return {int(one): int(actor) for one, actor in connection.execute(select(actor_campaigns))}


def write(connection: Connection, new: Sequence[Actor], merged: Mapping[int, int], held: Mapping[int, int]) -> None:
    """Note new actors, what merged, and who has which campaign now, inside the caller's transaction."""
    note(connection, actors, [msgspec.structs.asdict(one) for one in new], merged)
    connection.execute(delete(actor_campaigns))
    if held:
        connection.execute(insert(actor_campaigns), [{"campaign": c, "actor": a} for c, a in sorted(held.items())])
