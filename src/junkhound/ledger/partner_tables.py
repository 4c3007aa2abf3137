"""The tables of partners: who they are, what they reported, what we reported, and what they may fetch."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text

from junkhound.ledger.schema import metadata

partners = Table(
    "partners",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token", Text, nullable=False, unique=True),  # sha256 of the secret
    Column("may", Text, nullable=False),  # separated by blanks: taxii, sensor, evidence
    Column("tlp", Text, nullable=False),  # the most that it is shown
    Column("enrolled_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)

partner_segments = Table(
    "partner_segments",
    metadata,
    Column("partner", Text, ForeignKey("partners.name"), primary_key=True),
    Column("segment", Text, primary_key=True),  # as the sensor names it
    Column("sha256", Text, nullable=False),  # of what was sent
    Column("received_at", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("tlp", Text, nullable=False),
)

sensor_sent = Table(
    "sensor_sent",
    metadata,
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("word", Text, nullable=False),  # taken, known, refused
)

shared_objects = Table(
    "shared_objects",
    metadata,
    Column("collection", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", Text, primary_key=True),  # the object's modified
    Column("type", Text, nullable=False),
    Column("digest", Text, nullable=False),  # of the content without its version; empty: revoked
    Column("added_at", BigInteger, nullable=False),  # when it came into the collection: rises, never twice the same
    Column("content", Text, nullable=False),  # JSON
)
Index("ix_shared_objects_added", shared_objects.c.collection, shared_objects.c.added_at, unique=True)
