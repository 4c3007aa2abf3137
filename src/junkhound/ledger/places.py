"""How far each followed log was read, in the state database.

Before a chunk's rows are written its end is noted, and once they are on the disk it is the place: a process that died
in between reads that very chunk again, and its rows are known by their ids.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Engine, delete, insert, select

from junkhound.ledger import schema, state

KEPT = 100
"""Files of one log that are remembered, the newest: rotation keeps fewer."""


class Stored(NamedTuple):
    """One file of a log: ``pending`` is the end of a chunk whose rows may not be on the disk yet."""

    file: str
    turn: int
    offset: int
    tail: str
    pending: int | None


class Places:
    """The places of all logs of a home."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, intake: str, path: str) -> list[Stored]:
        """Every file remembered of a log, the last read first."""
        table = schema.log_places
        query = select(table.c.file, table.c.turn, table.c.offset, table.c.tail, table.c.pending)
        query = query.where(table.c.intake == intake, table.c.path == path).order_by(table.c.at.desc())
        with state.reading(self._engine) as connection:
            return [Stored(str(f), int(t), int(o), str(tail), p) for f, t, o, tail, p in connection.execute(query)]

    def note(self, intake: str, path: str, place: Stored, at: int) -> None:
        """Remember a place; the oldest files are forgotten."""
        table = schema.log_places
        mine = (table.c.intake == intake) & (table.c.path == path)
        with state.writing(self._engine) as connection:
            connection.execute(delete(table).where(mine, table.c.file == place.file))
            connection.execute(insert(table).values(intake=intake, path=path, at=at, **place._asdict()))
            newest = select(table.c.file).where(mine).order_by(table.c.at.desc()).limit(KEPT)
            kept = [str(file) for file in connection.execute(newest).scalars()]
            if len(kept) == KEPT:
                connection.execute(delete(table).where(mine, table.c.file.not_in(kept)))
