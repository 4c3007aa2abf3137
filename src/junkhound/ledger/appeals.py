"""What people say to listings: approvals that some need two of, and requests to be taken off."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from sqlalchemy import Engine, func, insert, select, update

from junkhound.kernel import net
from junkhound.kernel.clock import DAY
from junkhound.kernel.errors import NotFound, Refused
from junkhound.kernel.net import Address, Network
from junkhound.ledger import state
from junkhound.ledger.listing_records import Approval
from junkhound.ledger.listing_tables import approvals, delistings

APPROVAL_DAYS = 180
"""A yes is good for so long; then two people have to look again."""


class Request(msgspec.Struct, frozen=True):
    """One request to be taken off, with what became of it."""

    at: int
    address: Address
    number: str
    granted: bool
    why: str


class Appeals:
    """Approvals and requests of one state database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def approve(self, name: str, subject: Network, at: int, who: str, why: str) -> list[Approval]:
        """Note one person's yes; all that count now. Errors: Refused if the same person said it already."""
        person = who.strip()
        with state.writing(self._engine) as connection:
            for one in self.approvals(name, at):
                if one.subject == str(subject) and one.who.casefold() == person.casefold():
                    raise Refused(f"{person} has approved {subject} already", "the second yes is another person's")
            row = {"list": name, "subject": str(subject), "at": at, "who": person, "why": why}
            connection.execute(insert(approvals), [row])
            state.bump(connection, "change")
        return [one for one in self.approvals(name, at) if one.subject == str(subject)]

    def withdraw(self, name: str, subject: Network, at: int, who: str) -> None:
        """Take one person's yes back. Errors: NotFound if there is none."""
        where = [approvals.c.list == name, approvals.c.subject == str(subject), approvals.c.withdrawn_at.is_(None)]
        where.append(func.lower(approvals.c.who) == who.strip().lower())
        with state.writing(self._engine) as connection:
            done = connection.execute(update(approvals).where(*where).values(withdrawn_at=at))
            if not done.rowcount:
                raise NotFound(f"{who} has not approved {subject} on list {name!r}")
            state.bump(connection, "change")

    def approvals(self, name: str, at: int) -> list[Approval]:
        """All that count at a moment, oldest first."""
        fields = [approvals.c[field] for field in Approval.__struct_fields__]
        query = select(*fields).where(approvals.c.list == name, approvals.c.at > at - APPROVAL_DAYS * DAY)
        query = query.where(approvals.c.at <= at, approvals.c.withdrawn_at.is_(None) | (approvals.c.withdrawn_at > at))
        with state.reading(self._engine) as connection:
            return [Approval(*row) for row in connection.execute(query.order_by(approvals.c.serial))]

    def approved(self, name: str, at: int) -> dict[Network, int]:
        """By network how many different people said yes."""
        people: dict[Network, set[str]] = defaultdict(set)
        for one in self.approvals(name, at):
            network = net.parse_network(one.subject)
            if network is not None:
                people[network].add(one.who.casefold())
        return {network: len(who) for network, who in people.items()}

    def note_request(self, request: Request) -> None:
        """Keep a request, granted or not, for ever."""
        row = {"at": request.at, "address": request.address.packed, "number": request.number,
               "granted": int(request.granted), "why": request.why}  # fmt: skip
        with state.writing(self._engine) as connection:
            connection.execute(insert(delistings), [row])

    def requests(self, address: Address, since: int = 0) -> list[Request]:
        """The requests for an address, oldest first."""
        table = delistings
        query = select(table.c.at, table.c.number, table.c.granted, table.c.why)
        query = query.where(table.c.address == address.packed, table.c.at >= since).order_by(table.c.serial)
        with state.reading(self._engine) as connection:
            rows = connection.execute(query).all()
        return [Request(int(at), address, number, bool(granted), why) for at, number, granted, why in rows]
