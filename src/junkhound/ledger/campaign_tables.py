"""The tables of campaigns in the state database: each with what it agrees on, what it shares, and what became of it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text

from junkhound.ledger.schema import Serial, metadata

campaigns = Table(
    "campaigns",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # as in units.campaign
    Column("name", Text, nullable=False, unique=True),  # K-2026-000001, never reused
    Column("born_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("first_day", Integer, nullable=False),
    Column("last_day", Integer, nullable=False),
    Column("mails", BigInteger, nullable=False),
    Column("units", BigInteger, nullable=False),  # distinct texts
    Column("sources", BigInteger, nullable=False),  # distinct addresses; an estimate beyond some thousand
    Column("subject", Text, nullable=False),  # of one of its texts
    Column("kind", Text, nullable=False),  # what it is about; empty: not told
    Column("sure", Float, nullable=False),  # of that kind
    Column("why", Text, nullable=False),  # of that kind, one sentence
    Column("words", Integer, nullable=False),  # in its texts, the median
    Column("sketch", LargeBinary, nullable=False),  # what its texts agree on: 128 u32, little endian; empty: no text
    Column("merged_into", BigInteger, ForeignKey("campaigns.number")),
)
Index("ix_campaigns_last_day", campaigns.c.last_day)

campaign_events = Table(
    "campaign_events",
    metadata,
    Column("serial", Serial, primary_key=True),
    Column("campaign", BigInteger, ForeignKey("campaigns.number"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),  # born, merged, split, revived
    Column("other", BigInteger),  # the campaign that it went into or came from
    Column("why", Text, nullable=False),
)
Index("ix_campaign_events_campaign", campaign_events.c.campaign)

campaign_keys = Table(
    "campaign_keys",
    metadata,
    Column("campaign", BigInteger, ForeignKey("campaigns.number"), primary_key=True, autoincrement=False),
    Column("kind", Integer, primary_key=True, autoincrement=False),  # words.KeyKind
    Column("key", BigInteger, primary_key=True, autoincrement=False),  # as signed
    Column("mails", BigInteger, nullable=False),
)
Index("ix_campaign_keys_key", campaign_keys.c.key)
