"""The book of botnets in the state database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, delete, insert, select

from junkhound.ledger.botnet_tables import botnet_cells, botnet_events, botnets, tenancies
from junkhound.ledger.named import NameBook, note, signed, unsigned


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


class BotnetBook(NameBook):
    """All botnets of a home."""

    table, noun, letter = botnets, "botnet", "B"

    def all(self, merged: bool = False) -> list[Botnet]:
        """Every botnet that stands, those with most mails first."""
        query = select(botnets).order_by(botnets.c.mails.desc(), botnets.c.number)
        return self.read(query if merged else query.where(botnets.c.merged_into.is_(None)), Botnet)

    def get(self, name: str) -> Botnet:
        """The botnet of that name, or the one it went into. Errors: NotFound."""
        return Botnet(**self.row(name))

    def cells(self, number: int | None = None) -> list[Cell]:
        """The cells of a botnet, or of all."""
        query = select(botnet_cells).order_by(botnet_cells.c.mails.desc(), botnet_cells.c.campaign)
        if number is not None:
            query = query.where(botnet_cells.c.botnet == number)
        return [msgspec.structs.replace(one, program=unsigned(one.program)) for one in self.read(query, Cell)]

    def rents(self, number: int | None = None) -> list[Rent]:
        """The tenancies of a botnet, or of all, in order of their beginning."""
        query = select(tenancies).order_by(tenancies.c.since, tenancies.c.serial)
        if number is not None:
            query = query.where(tenancies.c.botnet == number)
        return self.read(query, Rent)

    def events(self, number: int) -> list[Step]:
        """The steps of a botnet, newest first."""
        return self.read(
            select(botnet_events).where(botnet_events.c.botnet == number).order_by(botnet_events.c.serial.desc()), Step
        )


def write(
    connection: Connection, found: Iterable[Botnet], merged: Mapping[int, int], steps: Sequence[Step],
    cells: Sequence[Cell], rents: Sequence[Rent], replaced_since: int,
) -> None:  # fmt: skip
    """Note all of it inside the caller's transaction; tenancies that ended before ``replaced_since`` stay."""
    note(connection, botnets, [msgspec.structs.asdict(one) for one in found], merged)
    if steps:
        connection.execute(insert(botnet_events), [msgspec.structs.asdict(step) for step in steps])
    connection.execute(delete(botnet_cells))
    noted = [{**msgspec.structs.asdict(one), "program": signed(one.program)} for one in cells]
    if noted:
        connection.execute(insert(botnet_cells), noted)
    connection.execute(delete(tenancies).where(tenancies.c.until >= replaced_since))
    if rents:
        connection.execute(insert(tenancies), [msgspec.structs.asdict(rent) for rent in rents])
