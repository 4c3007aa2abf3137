"""The state database: its tables, once, for SQLite and PostgreSQL alike.

Numbers that are keyed hashes have 63 bits, so that both databases hold them as signed 64-bit integers.
``ledger.listings`` adds its own tables to the same ``metadata``; Alembic migrations make what stands here.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

REVISION = "0013"
"""The newest migration; a home at another revision is upgraded or refused."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only where the type is exactly INTEGER.
Serial = BigInteger().with_variant(Integer, "sqlite")

objects = Table(
    "objects",
    metadata,
    Column("number", Serial, primary_key=True),
    Column("path", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),  # the table whose rows it holds, or `ids`
    Column("rows", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("seen_min", BigInteger),
    Column("seen_max", BigInteger),
    Column("month", Text, nullable=False),  # empty: fresh; `none`: no seen_at; `all`: not by month
    Column("bucket", Integer, nullable=False),  # -1: fresh, or rows without an address
    Column("buckets", Integer, nullable=False),  # how many its month had: 1, 16 or 256; 0 fresh
    Column("schema_version", Integer, nullable=False),
    Column("segment", BigInteger),  # of a fresh object
    Column("added", BigInteger, nullable=False),  # manifest sequence
    Column("removed", BigInteger),  # manifest sequence; readers of older snapshots may still hold it
    Column("removed_at", BigInteger),
)
Index("ix_objects_live", objects.c.name, sqlite_where=objects.c.removed.is_(None))
Index("ix_objects_removed_at", objects.c.removed_at)

segments = Table(
    "segments",
    metadata,
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("committed_at", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("counts", Text, nullable=False),  # JSON, as in UnitEntry
    Column("pack", Text),  # path of the evidence pack; null: nothing kept
    Column("mails", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),  # of the pack
    Column("dropped_at", BigInteger),  # when retention removed the raw mail
)

seals = Table(
    "seals",
    metadata,
    Column("sequence", Serial, primary_key=True),
    Column("segment", BigInteger, ForeignKey("segments.segment"), nullable=False, unique=True),
    Column("sealed_at", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),  # as in packs/SEG.seal
)

intakes = Table(
    "intakes",
    metadata,
    Column("segment", BigInteger, ForeignKey("segments.segment"), primary_key=True),
    Column("intake", BigInteger, primary_key=True),
    Column("analysis", Integer, primary_key=True),
    Column("rows", BigInteger, nullable=False),
)
Index("ix_intakes_intake", intakes.c.intake, intakes.c.analysis)

names = Table(
    "names",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),  # intake, vantage, trap
    Column("name", Text, nullable=False),
)
Index("ix_names_kind", names.c.kind)

analyses = Table(
    "analyses",
    metadata,
    Column("number", Serial, primary_key=True),
    Column("intake", Text, nullable=False),
    Column("code_version", Integer, nullable=False),
    Column("settings_hash", Text, nullable=False),
    UniqueConstraint("intake", "code_version", "settings_hash"),
)

route_tables = Table(
    "route_tables",
    metadata,
    Column("number", SmallInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("sha256", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("day", Text, nullable=False),  # 2026-06-17
    Column("path", Text, nullable=False),  # in the object store; empty: shipped with the package
)

leases = Table(
    "leases",
    metadata,
    Column("role", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
)

counters = Table(
    "counters",
    metadata,
    Column("name", Text, primary_key=True),  # manifest, change
    Column("value", BigInteger, nullable=False),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("number", Serial, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("what", Text, nullable=False),  # mail, person, object
    Column("segment", BigInteger),
    Column("ordinal", Integer),
    Column("reason", Text, nullable=False),
)

complaints = Table(
    "complaints",
    metadata,
    Column("number", Text, primary_key=True),  # CP-2026-000001, never reused
    Column("id", Text, nullable=False, unique=True),  # of its first sighting
    Column("segment", BigInteger, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("form", Text, nullable=False),
    Column("standing", SmallInteger, nullable=False),
    Column("status", Text, nullable=False),  # open, closed; aside: no complaint
    Column("content", Text, nullable=False),  # JSON of ledger.entry.ComplaintEntry
    Column("changed_at", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
)
Index("ix_complaints_status", complaints.c.status, complaints.c.received_at)
Index("ix_complaints_mail", complaints.c.segment, complaints.c.ordinal)

complaint_addresses = Table(
    "complaint_addresses",
    metadata,
    Column("number", Text, ForeignKey("complaints.number"), primary_key=True),
    Column("address", Text, primary_key=True),  # claimed, traced or suspected
)
Index("ix_complaint_addresses_address", complaint_addresses.c.address)

log_places = Table(
    "log_places",
    metadata,
    Column("intake", Text, primary_key=True),
    Column("path", Text, primary_key=True),
    Column("file", Text, primary_key=True),  # hash of its first line
    Column("turn", Integer, nullable=False),  # how often a file that begins so began anew
    Column("offset", BigInteger, nullable=False),
    Column("tail", Text, nullable=False),  # hash of the bytes before
    Column("pending", BigInteger),  # end of a chunk whose rows may not be on the disk yet
    Column("at", BigInteger, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
