"""Rows of listings as values: queries for those that stand, and for those of some subjects."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, select

from junkhound.kernel import net
from junkhound.kernel.net import Network
from junkhound.ledger.listing_records import Listing, Subject, place
from junkhound.ledger.listing_tables import listings
from junkhound.listing import Domain

_AT_ONCE = 400  # subjects in one query
_MANY = 20_000  # beyond so many subjects it is cheaper to read the whole list


def standing(name: str, at: int) -> Any:
    query = select(listings).where(listings.c.list == name, listings.c.listed_at <= at)
    return query.where(listings.c.ended_at.is_(None) | (listings.c.ended_at > at))


def among(connection: Connection, query: Any, some: Collection[Subject] | None) -> list[Listing]:
    """The rows of a query, or those of them that are about ``some`` subjects; of more than many all are read."""
    if some is None or len(some) > _MANY:
        found = read(connection, query)
        return found if some is None else [one for one in found if one.subject in some]
    firsts = sorted({place(subject)[0] for subject in some})
    found = []
    for start in range(0, len(firsts), _AT_ONCE):
        part = query.where(listings.c.first.in_(firsts[start : start + _AT_ONCE]))
        found += [one for one in read(connection, part) if one.subject in some]
    return found


def firsts_among(connection: Connection, query: Any, firsts: Sequence[bytes]) -> list[bytes]:
    """The first addresses that a query of them gives, of these alone unless they are many."""
    if len(firsts) > _MANY:
        return list(connection.execute(query).scalars())
    found: list[bytes] = []
    for start in range(0, len(firsts), _AT_ONCE):
        part = query.where(listings.c.first.in_(firsts[start : start + _AT_ONCE]))
        found += connection.execute(part).scalars()
    return found


def active(name: str) -> Any:
    return select(listings).where(listings.c.list == name, listings.c.ended_at.is_(None))


def read(connection: Connection, query: Any) -> list[Listing]:
    found = []
    for row in connection.execute(query).mappings():
        values = {name: row[name] for name in Listing.__struct_fields__ if name in row}
        first = net.from_packed(bytes(row["first"]))
        subject: Subject = Network(first.hi, first.lo, row["bits"])
        if row["name"] is not None:
            subject = Domain(row["name"], bool(row["below"]))
        left_out = [net.parse_network(words) for words in json.loads(row["exclusions"] or "[]")]
        values |= {"subject": subject, "listing_class": row["class"]}
        values["exclusions"] = tuple(network for network in left_out if network is not None)
        found.append(Listing(**values))
    return found
