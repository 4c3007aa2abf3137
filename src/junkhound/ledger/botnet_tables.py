"""The tables of botnets in the state database: each with what it is known by, its cells, and what became of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text

from junkhound.ledger.schema import Serial, metadata

botnets = Table(
    "botnets",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),  # B-2026-0001, never reused
    Column("born_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("first_day", Integer, nullable=False),
    Column("last_day", Integer, nullable=False),
    Column("mails", BigInteger, nullable=False),
    Column("sources", BigInteger, nullable=False),  # addresses seen in the period, no size
    Column("about", Text, nullable=False),  # JSON: sizes with intervals, dialects, days, births, deaths
    Column("merged_into", BigInteger, ForeignKey("botnets.number")),
)

botnet_cells = Table(
    "botnet_cells",
    metadata,
    Column("botnet", BigInteger, ForeignKey("botnets.number"), nullable=False),
    Column("program", BigInteger, primary_key=True, autoincrement=False),  # key of its first dialect, as signed
    Column("campaign", BigInteger, primary_key=True, autoincrement=False),
    Column("mails", BigInteger, nullable=False),
    Column("sources", BigInteger, nullable=False),
)
Index("ix_botnet_cells_botnet", botnet_cells.c.botnet)

tenancies = Table(
    "tenancies",
    metadata,
    Column("serial", Serial, primary_key=True),
    Column("botnet", BigInteger, ForeignKey("botnets.number"), nullable=False),
    Column("campaign", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("mails", BigInteger, nullable=False),
    Column("days", Integer, nullable=False),
)
Index("ix_tenancies_botnet", tenancies.c.botnet)
Index("ix_tenancies_campaign", tenancies.c.campaign)

botnet_events = Table(
    "botnet_events",
    metadata,
    Column("serial", Serial, primary_key=True),
    Column("botnet", BigInteger, ForeignKey("botnets.number"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),  # born, merged, split, gone, back
    Column("other", BigInteger),
    Column("why", Text, nullable=False),
)
