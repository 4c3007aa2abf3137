"""What was judged under other settings than today's: packs to judge anew, and rows whose mail was not kept."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from junkhound import tables
from junkhound.kernel.errors import Temporary
from junkhound.ledger import schema, state
from junkhound.tables import Kind

if TYPE_CHECKING:
    from junkhound.ledger.ledger import Ledger

UNKEPT = (Kind.GOOD, Kind.UNSORTED)
"""Kinds whose mail is in no pack: the owner's file is read again."""


def packs(ledger: Ledger, intake: int, analysis: int) -> list[str]:
    """Segments with kept mail of an intake that another analysis judged."""
    return [name for _, name in ledger.stale({intake: analysis})]


def unkept(ledger: Ledger, intake: int, analysis: int) -> set[bytes]:
    """Ids (16 bytes) of rows of an intake that another analysis judged and whose mail is in no pack."""
    held = schema.intakes
    with state.reading(ledger.state) as connection:
        query = select(held.c.segment).where(held.c.intake == intake, held.c.analysis != analysis).limit(1)
        if connection.execute(query).first() is None:
            return set()
    source = ledger.engine.source(tables.SIGHTINGS, ledger.snapshot().of("sightings"))
    kinds = ", ".join(str(int(kind)) for kind in UNKEPT)
    rows = ledger.engine.rows(
        f"SELECT id_hi, id_lo FROM {source} WHERE intake = {int(intake)} AND analysis <> {int(analysis)}"
        f" AND kind IN ({kinds})"
    )
    found = {int(hi).to_bytes(8, "big") + int(lo).to_bytes(8, "big") for hi, lo in rows}
    if not found:
        _settle(ledger, intake, analysis)
    return found


def _settle(ledger: Ledger, intake: int, analysis: int) -> None:
    """No row is left of what these segments are noted for: their mail was judged anew from its file, under others.

    Only segments without a pack: the mail of a pack is judged anew from there.
    """
    held, segments = schema.intakes, schema.segments
    unpacked = select(segments.c.segment).where(segments.c.pack.is_(None))
    with suppress(Temporary), state.writing(ledger.state) as connection:
        connection.execute(
            delete(held).where(held.c.intake == intake, held.c.analysis != analysis, held.c.segment.in_(unpacked))
        )
