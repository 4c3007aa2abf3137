"""The book of botnets in the state database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, delete, insert, select, update

from junkhound.kernel import clock
from junkhound.kernel.errors import NotFound
from junkhound.ledger import schema, state
from junkhound.ledger.botnet_tables import botnet_cells, botnet_events, botnets, tenancies


class Botnet(msgspec.Struct, frozen=True):
    """One botnet as it is noted; ``about`` is JSON."""

    number: int
    name: str
    born_at: int
    changed_at: int
    first_day: int
    last_day: int
    mails: int
    sources: int
    about: str = "{}"
    merged_into: int | None = None


class Cell(msgspec.Struct, frozen=True):
    """What one campaign sent by machines of one program, and whose they are."""

    botnet: int
    program: int
    campaign: int
    mails: int
    sources: int


class Rent(msgspec.Struct, frozen=True):
    """One tenancy: a campaign at a botnet, microseconds."""

    botnet: int
    campaign: int
    since: int
    until: int
    mails: int
    days: int


class Step(msgspec.Struct, frozen=True):
    """One step in the life of a botnet."""

    botnet: int
    at: int
    event: str
    other: int | None
    why: str


class BotnetBook:
    """All botnets of a home."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def numbers(self, at: int, count: int) -> list[tuple[int, str]]:
        """New numbers and names for the year of ``at``."""
        year, table, given = clock.to_datetime(at).year, schema.counters, []
        with state.writing(self.engine) as connection:
            for name in ("botnet", f"botnet:{year}"):
                state.insert_new(connection, table, [{"name": name, "value": 0}])
                connection.execute(update(table).where(table.c.name == name).values(value=table.c.value + count))
                last = state.counter(connection, name)
                given.append(range(last - count + 1, last + 1))
        return [(number, f"B-{year:04d}-{place:04d}") for number, place in zip(*given, strict=True)]

    def all(self, merged: bool = False) -> list[Botnet]:
        """Every botnet that stands, those with most mails first."""
        query = select(botnets).order_by(botnets.c.mails.desc(), botnets.c.number)
        if not merged:
            query = query.where(botnets.c.merged_into.is_(None))
        return self._read(query, Botnet)

    def get(self, name: str) -> Botnet:
        """The botnet of that name, or the one it went into. Errors: NotFound."""
        by_number = {one.number: one for one in self.all(merged=True)}
        found = next((one for one in by_number.values() if one.name == name.upper()), None)
        while found is not None and found.merged_into is not None:
            found = by_number.get(found.merged_into)
        if found is None:
            raise NotFound(f"no botnet {name!r}", "names look like B-2026-0001; junkhound botnets shows them")
        return found

    def cells(self, number: int | None = None) -> list[Cell]:
        """The cells of a botnet, or of all."""
        query = select(botnet_cells).order_by(botnet_cells.c.mails.desc(), botnet_cells.c.campaign)
        if number is not None:
            query = query.where(botnet_cells.c.botnet == number)
        return [msgspec.structs.replace(c, program=c.program & (1 << 64) - 1) for c in self._read(query, Cell)]

    def rents(self, number: int | None = None) -> list[Rent]:
        """The tenancies of a botnet, or of all, in order of their beginning."""
        query = select(tenancies).order_by(tenancies.c.since, tenancies.c.serial)
        if number is not None:
            query = query.where(tenancies.c.botnet == number)
        return self._read(query, Rent)

    def events(self, number: int) -> list[Step]:
        """The steps of a botnet, newest first."""
        return self._read(
            select(botnet_events).where(botnet_events.c.botnet == number).order_by(botnet_events.c.serial.desc()), Step
        )

    def _read(self, query: Any, form: Any) -> list[Any]:
        names = form.__struct_fields__
        with state.reading(self.engine) as connection:
            return [form(**{name: row[name] for name in names}) for row in connection.execute(query).mappings()]


def write(
    connection: Connection, found: Iterable[Botnet], merged: Mapping[int, int], steps: Sequence[Step],
    cells: Sequence[Cell], rents: Sequence[Rent], replaced_since: int,
) -> None:  # fmt: skip
    """Note all of it inside the caller's transaction; tenancies that ended before ``replaced_since`` stay."""
    known = set(connection.execute(select(botnets.c.number)).scalars())
    for one in found:
        row = msgspec.structs.asdict(one)
        if one.number in known:
            values = {name: value for name, value in row.items() if name not in ("number", "name", "born_at")}
            connection.execute(update(botnets).where(botnets.c.number == one.number).values(**values))
        else:
            connection.execute(insert(botnets).values(**row))
    for number, target in merged.items():
        connection.execute(update(botnets).where(botnets.c.number == number).values(merged_into=target))
    if steps:
        connection.execute(insert(botnet_events), [msgspec.structs.asdict(step) for step in steps])
    connection.execute(delete(botnet_cells))
    noted = [{**msgspec.structs.asdict(c), "program": c.program - (1 << 64) if c.program >> 63 else c.program}
             for c in cells]  # fmt: skip
    if noted:
        connection.execute(insert(botnet_cells), noted)
    connection.execute(delete(tenancies).where(tenancies.c.until >= replaced_since))
    if rents:
        connection.execute(insert(tenancies), [msgspec.structs.asdict(rent) for rent in rents])
