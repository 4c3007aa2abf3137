"""The tables of other people's block lists: which we may ask, what they said last, and what they ever said."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, Text

from junkhound.ledger.schema import Serial, metadata

accepted_blocklists = Table(
    "accepted_blocklists",
    metadata,
    Column("name", Text, primary_key=True),
    Column("terms", Text, nullable=False),  # hash of the terms that were accepted
    Column("accepted_at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
)

other_checks = Table(
    "other_checks",
    metadata,
    Column("subject", Text, primary_key=True),  # an address or a name
    Column("at", BigInteger, nullable=False),
    Column("words", Text, nullable=False),  # JSON: {list: [outcome, [codes], means, scope]}
)

other_listings = Table(
    "other_listings",
    metadata,
    Column("serial", Serial, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("list", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("codes", Text, nullable=False),  # separated by blanks
    Column("means", Text, nullable=False),
    Column("since_at", BigInteger, nullable=False),  # when we first saw it, not when it began
    Column("seen_at", BigInteger, nullable=False),
    Column("gone_at", BigInteger),  # when we first saw it gone
)
Index(
    "ix_other_listings_standing",
    other_listings.c.subject,
    other_listings.c.list,
    unique=True,
    sqlite_where=other_listings.c.gone_at.is_(None),
    postgresql_where=other_listings.c.gone_at.is_(None),
)
Index("ix_other_listings_subject", other_listings.c.subject)
