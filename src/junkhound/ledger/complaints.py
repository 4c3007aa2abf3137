"""Complaints in the state database: recorded with the rows they became, then worked on until they are closed.

Each gets a number that is never reused. While it is open its bytes are pinned; what was no complaint (a bounce, an
automatic answer, mail that merely came there) is set aside, with a number too, so that nothing is lost by a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from junkhound.kernel.clock import to_datetime
from junkhound.kernel.errors import NotFound, UsageError
from junkhound.ledger import schema, state
from junkhound.ledger.entry import ComplaintEntry, UnitEntry
from junkhound.ledger.listing_tables import pins

OPEN, CLOSED, ASIDE = "open", "closed", "aside"
STATUSES = (OPEN, CLOSED, ASIDE)
NO_COMPLAINT = ("bounce", "auto_reply", "plain")

_decode = msgspec.json.Decoder(ComplaintEntry).decode


class Complaint(msgspec.Struct, frozen=True):
    """One complaint: what was found in it, and what became of it."""

    number: str
    status: str
    changed_at: int
    note: str
    segment: int
    content: ComplaintEntry


def record(connection: Connection, entry: UnitEntry) -> None:
    """Write the complaints of a unit; one that was judged anew keeps its number and its status."""
    table = schema.complaints
    for one in entry.complaints:
        values = {
            "segment": entry.segment, "ordinal": one.ordinal, "form": one.form, "standing": one.standing,
            "content": msgspec.json.encode(one).decode(),
        }  # fmt: skip
        number = connection.execute(select(table.c.number).where(table.c.id == one.id)).scalar()
        if number is None:
            number = _number(connection, one.received_at)
            status = ASIDE if one.form in NO_COMPLAINT else OPEN
            connection.execute(
                insert(table).values(
                    number=number, id=one.id, received_at=one.received_at, status=status, changed_at=one.received_at,
                    note="", **values,
                )
            )  # fmt: skip
            if status == OPEN and entry.pack is not None:
                connection.execute(
                    insert(pins).values(
                        owner=number, segment=entry.segment, ordinal=one.ordinal, place="first", seen_at=one.received_at
                    )
                )
        else:
            connection.execute(update(table).where(table.c.number == number).values(**values))
            connection.execute(delete(schema.complaint_addresses).where(schema.complaint_addresses.c.number == number))
        if addresses := sorted(set(addresses_of(one))):
            rows = [{"number": number, "address": address} for address in addresses]
            connection.execute(insert(schema.complaint_addresses), rows)


def addresses_of(one: ComplaintEntry) -> Iterable[str]:
    """Every address that a complaint is about, as text: claimed, traced or suspected."""
    yield from (claim.value for claim in one.claims if claim.what == "address")
    for mail in one.mails:
        yield from filter(None, (mail.address, mail.suspected))


def forget(connection: Connection, segment: int, ordinal: int) -> None:
    """Take out what was recorded of a mail that is erased."""
    table = schema.complaints
    query = select(table.c.number).where(table.c.segment == segment, table.c.ordinal == ordinal)
    for number in connection.execute(query).scalars().all():
        addresses = schema.complaint_addresses
        connection.execute(delete(addresses).where(addresses.c.number == number))
        connection.execute(delete(pins).where(pins.c.owner == number))
        connection.execute(delete(table).where(table.c.number == number))


def _number(connection: Connection, at: int) -> str:
    year = to_datetime(at).year
    return f"CP-{year}-{state.bump(connection, f'complaints {year}'):06}"


class Complaints:
    """Questions to the complaints of a home, and the two changes a person may make."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, number: str) -> Complaint:
        """One complaint. Errors: NotFound."""
        table = schema.complaints
        with state.reading(self._engine) as connection:
            row = connection.execute(select(table).where(table.c.number == number.upper())).mappings().one_or_none()
        if row is None:
            raise NotFound(f"no complaint {number!r}", "junkhound complaints list shows their numbers")
        return _of(row)

    def newest(self, status: str = "", limit: int = 100, address: str = "") -> list[Complaint]:
        """The newest first; of one status, or about one address, where these are given."""
        table, addresses = schema.complaints, schema.complaint_addresses
        query = select(table).order_by(table.c.received_at.desc(), table.c.number.desc()).limit(limit)
        if status:
            query = query.where(table.c.status == status)
        if address:
            query = query.join(addresses, addresses.c.number == table.c.number).where(addresses.c.address == address)
        with state.reading(self._engine) as connection:
            return [_of(row) for row in connection.execute(query).mappings()]

    def counts(self) -> dict[tuple[str, str], int]:
        """How many there are by (form, status)."""
        table = schema.complaints
        query = select(table.c.form, table.c.status, func.count()).group_by(table.c.form, table.c.status)
        with state.reading(self._engine) as connection:
            return {(str(form), str(status)): int(count) for form, status, count in connection.execute(query)}

    def change(self, number: str, status: str, note: str, at: int) -> Complaint:
        """Open or close a complaint; its mail is let go a while after it was closed.

        Errors: NotFound, UsageError for one that has the status already.
        """
        table = schema.complaints
        was = self.get(number)
        if was.status == status:
            raise UsageError(f"complaint {was.number} is {status} already")
        with state.writing(self._engine) as connection:
            connection.execute(
                update(table).where(table.c.number == was.number).values(status=status, note=note, changed_at=at)
            )
            ended = None if status == OPEN else at
            changed = connection.execute(update(pins).where(pins.c.owner == was.number).values(closed_at=ended))
            if status == OPEN and not changed.rowcount:  # it was set aside by mistake
                connection.execute(
                    insert(pins).values(
                        owner=was.number, segment=was.segment, ordinal=was.content.ordinal, place="first",
                        seen_at=was.content.received_at,
                    )
                )  # fmt: skip
            state.bump(connection, "change")
        return self.get(was.number)


def _of(row: Any) -> Complaint:
    return Complaint(
        str(row["number"]), str(row["status"]), int(row["changed_at"]), str(row["note"]), int(row["segment"]),
        _decode(row["content"]),
    )  # fmt: skip
