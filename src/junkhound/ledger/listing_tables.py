"""The tables of listings in the state database: what is or was on a list, each step of it, and why."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from junkhound.ledger.schema import Serial, metadata

policies = Table(
    "policies",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("text", Text, nullable=False),  # the rules as JSON: what the hash covers
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Text, primary_key=True),  # sha256 of what it says, 32 hex digits
    Column("list", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),  # list, pass, clear
    Column("score", Float, nullable=False),
    Column("policy", Text, ForeignKey("policies.hash"), nullable=False),
    Column("inputs", Text, nullable=False),  # JSON
    Column("reasons", Text, nullable=False),  # JSON: [[code, sentence], ...]
)

listings = Table(
    "listings",
    metadata,
    Column("number", Text, primary_key=True),  # JH-2026-000001, never reused
    Column("list", Text, nullable=False),
    Column("first", LargeBinary(16), nullable=False),  # first and last address: bytes sort the same everywhere
    Column("last", LargeBinary(16), nullable=False),
    Column("bits", Integer, nullable=False),
    Column("class", Text, nullable=False),
    Column("messages", BigInteger, nullable=False),
    Column("vantages", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),  # hours: rows keep no finer time for this
    Column("last_at", BigInteger, nullable=False),
    Column("listed_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("noted_at", BigInteger, nullable=False),  # expires_at as of the newest event
    Column("ended_at", BigInteger),
    Column("end", Text),  # expired, cleared (by rule), removed (by a person)
    Column("relistings", Integer, nullable=False),
    Column("decision", Text, ForeignKey("decisions.id"), nullable=False),  # the newest that an event rests on
    Column("policy", Text, ForeignKey("policies.hash"), nullable=False),
    Column("name", Text),  # a domain or host; first and last are then 16 bytes of its sha256, bits 0
    Column("below", Integer),  # 1: everything under that name too
    Column("exclusions", Text),  # JSON: networks inside that are left out; null for none
)
Index("ix_listings_name", listings.c.name)
Index(
    "ix_listings_active",
    listings.c.list,
    listings.c.first,
    listings.c.last,
    unique=True,
    sqlite_where=listings.c.ended_at.is_(None),
    postgresql_where=listings.c.ended_at.is_(None),
)
Index("ix_listings_first", listings.c.first)
Index("ix_listings_list", listings.c.list, listings.c.listed_at)

listing_events = Table(
    "listing_events",
    metadata,
    Column("serial", Serial, primary_key=True),
    Column("number", Text, ForeignKey("listings.number"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("event", Text, nullable=False),  # listed, relisted, renewed, expired, delisted
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("expires_at", BigInteger),
    Column("decision", Text, ForeignKey("decisions.id")),
    UniqueConstraint("number", "event", "at"),
)

pins = Table(
    "pins",
    metadata,
    Column("owner", Text, primary_key=True),  # a listing, report, complaint or case by its number
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("ordinal", Integer, primary_key=True, autoincrement=False),
    Column("place", Text, nullable=False),  # first or newest
    Column("seen_at", BigInteger),
    Column("trace", Text),  # the whole trace as JSON, once it was made
    Column("closed_at", BigInteger),  # kept for pinned_days after this; null while the owner is open
)
Index("ix_pins_message", pins.c.segment, pins.c.ordinal)
Index(
    "ix_pins_untraced",
    pins.c.owner,
    sqlite_where=pins.c.trace.is_(None) & pins.c.closed_at.is_(None),
    postgresql_where=pins.c.trace.is_(None) & pins.c.closed_at.is_(None),
)

list_runs = Table(
    "list_runs",
    metadata,
    Column("list", Text, primary_key=True),
    Column("decided_at", BigInteger, nullable=False),
    Column("policy", Text, nullable=False),
    Column("published_at", BigInteger),
    Column("published_entries", Integer),
    Column("published_serial", BigInteger),  # of the newest event it knew: what came later is new to its users
    Column("shadow_until", BigInteger),  # new or with new rules: decided, and not published before this
)

approvals = Table(
    "approvals",
    metadata,
    Column("serial", Serial, primary_key=True),
    Column("list", Text, nullable=False),
    Column("subject", Text, nullable=False),  # a network as text
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("withdrawn_at", BigInteger),
)
Index("ix_approvals_list", approvals.c.list, approvals.c.subject)

delistings = Table(
    "delistings",
    metadata,
    Column("serial", Serial, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("address", LargeBinary(16), nullable=False),  # whom the request was for
    Column("number", Text, ForeignKey("listings.number"), nullable=False),
    Column("granted", Integer, nullable=False),  # 1, or 0 with the reason in words
    Column("why", Text, nullable=False),
)
Index("ix_delistings_address", delistings.c.address, delistings.c.at)
