"""What a reader sees: the files of every table as one manifest transaction left them.

Files are never changed and are deleted only a grace time after they leave the manifest, so a snapshot stays
readable while ingest and compaction go on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, select

from junkhound.kernel.net import Address
from junkhound.ledger import schema, state
from junkhound.ledger.entry import ObjectEntry

_FIELDS = (
    "number", "path", "name", "rows", "size", "seen_min", "seen_max", "month", "bucket", "buckets", "schema_version",
    "segment", "added",
)  # fmt: skip


LASTING = -1
"""In place of a segment: sums whose rows are past their time."""

Partition = tuple[str, int, int]
"""Month, bucket, and how many buckets the month had."""


class Stored(msgspec.Struct, frozen=True):
    """One live object of the manifest; see ``schema.objects``."""

    number: int
    path: str
    name: str
    rows: int
    size: int
    seen_min: int | None
    seen_max: int | None
    month: str
    bucket: int
    buckets: int
    schema_version: int
    segment: int | None
    added: int

    @property
    def fresh(self) -> bool:
        return not self.month

    @property
    def lasting(self) -> bool:
        """Whether it sums rows that are gone: it is never made again."""
        return self.segment == LASTING

    @property
    def partition(self) -> Partition:
        return self.month, self.bucket, self.buckets

    def meets(self, since: int | None, until: int | None) -> bool:
        """Whether it may hold rows with ``since <= seen_at < until``."""
        if since is None and until is None:
            return True
        if self.seen_min is None or self.seen_max is None:
            return False
        return (since is None or self.seen_max >= since) and (until is None or self.seen_min < until)


def as_stored(entry: ObjectEntry) -> Stored:
    """An object that is in the store and not yet in the manifest."""
    return Stored(
        0, entry.path, entry.table, entry.rows, entry.size, entry.seen_min, entry.seen_max, entry.month, entry.bucket,
        entry.buckets, entry.schema_version, entry.segment, 0,
    )  # fmt: skip


@dataclass(frozen=True)
class Snapshot:
    """The live objects at manifest sequence ``seq``."""

    seq: int
    objects: tuple[Stored, ...] = field(repr=False)

    @cached_property
    def _by_name(self) -> dict[str, list[Stored]]:
        groups: dict[str, list[Stored]] = {}
        for stored in self.objects:
            groups.setdefault(stored.name, []).append(stored)
        return groups

    def of(
        self, table: str, since: int | None = None, until: int | None = None, address: Address | None = None
    ) -> list[Stored]:
        """Objects of a table that may hold rows of this span and this address, newest months first."""
        found = [
            stored
            for stored in self._by_name.get(table, ())
            if stored.meets(since, until) and (address is None or stored.fresh or _holds(stored, address))
        ]
        return sorted(found, key=lambda s: (s.seen_max or 0, s.number), reverse=True)

    def paths(self, table: str, since: int | None = None, until: int | None = None) -> list[str]:
        """Store paths of a table's objects."""
        return [stored.path for stored in self.of(table, since, until)]

    def rows(self, table: str) -> int:
        """How many rows a table has."""
        return sum(stored.rows for stored in self._by_name.get(table, ()))

    def size(self, tables: Iterable[str] | None = None) -> int:
        """Bytes of these tables, or of all."""
        names = set(tables) if tables is not None else None
        return sum(stored.size for stored in self.objects if names is None or stored.name in names)


def _holds(stored: Stored, address: Address) -> bool:
    if stored.name == "handovers":
        return True  # they lie beside the sources that came through them
    if stored.bucket < 0:
        return False
    return stored.buckets <= 1 or bucket_of(address, stored.buckets) == stored.bucket


def take(engine: Engine, last: Snapshot | None = None) -> Snapshot:
    """The snapshot of now; ``last`` is given back if nothing has changed since."""
    with state.reading(engine) as connection:
        seq = state.counter(connection, "manifest")
        if last is not None and last.seq == seq:
            return last
        return Snapshot(seq, live(connection))


def live(connection: Connection, *where: object) -> tuple[Stored, ...]:
    """Live objects inside a transaction of the caller's."""
    table = schema.objects
    query = select(*(table.c[name] for name in _FIELDS)).where(table.c.removed.is_(None), *where)  # type: ignore[arg-type]
    return tuple(Stored(*row) for row in connection.execute(query))


def committed_since(engine: Engine, seq: int) -> list[Stored]:
    """Fresh objects of sightings that were committed after a manifest sequence, those merged away meanwhile too.

    Complete for as long as merged objects are kept, which is an hour.
    """
    table = schema.objects
    query = select(*(table.c[name] for name in _FIELDS))
    query = query.where(table.c.name == "sightings", table.c.month == "", table.c.added > seq)
    with state.reading(engine) as connection:
        return [Stored(*row) for row in connection.execute(query.order_by(table.c.number))]


# The bucket is one byte of a multiplicative hash (Knuth, TAOCP 6.4) of the /24 of an IPv4 address or the /64 of
# an IPv6 one: one address stands in one bucket, and so do its nearest neighbours. SQL and NumPy must agree.
_GOLDEN = 2654435761


def bucket_sql(buckets: str, hi: str = "addr_hi", lo: str = "addr_lo") -> str:
    """The bucket number as a DuckDB expression; ``buckets`` is an expression too; -1 without an address."""
    folded = f"CASE WHEN {hi} = 0 THEN ({lo} >> 8) & 16777215 ELSE xor({hi} >> 32, {hi} & 4294967295) END"
    byte = f"((({folded}) * {_GOLDEN}) & 4294967295) >> 24"
    return f"CASE WHEN {hi} IS NULL THEN -1 ELSE (({byte}) * ({buckets}) >> 8)::INTEGER END"


def buckets_of(hi: NDArray[np.uint64], lo: NDArray[np.uint64], buckets: int) -> NDArray[np.int64]:
    """The bucket number of each address where its month has ``buckets`` of them."""
    low = np.uint64(0xFFFF_FFFF)
    v4 = (lo >> np.uint64(8)) & np.uint64(0xFF_FFFF)
    folded = np.where(hi == 0, v4, (hi >> np.uint64(32)) ^ (hi & low))
    byte = ((folded * np.uint64(_GOLDEN)) & low) >> np.uint64(24)
    return (byte * np.uint64(buckets) >> np.uint64(8)).astype(np.int64)


def bucket_of(address: Address, buckets: int) -> int:
    """The bucket number of one address."""
    folded = address.lo >> 8 & 0xFF_FFFF if address.hi == 0 else address.hi >> 32 ^ address.hi & 0xFFFF_FFFF
    return ((folded * _GOLDEN & 0xFFFF_FFFF) >> 24) * buckets >> 8
