"""Sums kept beside the rows: by address and day for ever, by address and hour for the days before ``at``.

A repeat within a day (``resend``) counts nowhere. A witness is a (vantage, hour); rows without a vantage count
as messages and witness nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from junkhound import tables
from junkhound.kernel import net
from junkhound.kernel.clock import DAY, HOUR
from junkhound.ledger import rewrite
from junkhound.ledger.engine import Engine
from junkhound.ledger.manifest import Draft
from junkhound.ledger.snapshot import Partition, Snapshot, Stored, as_stored
from junkhound.tables import KeyKind

HOT_DAYS = 35

_COUNTED = "o.resend = 0 AND o.seen_at IS NOT NULL"


def day_of(column: str) -> str:
    """Days since 1970 of a column of microseconds, floored also before 1970."""
    return f"(({column} - (({column} % {DAY}) + {DAY}) % {DAY}) // {DAY})::INTEGER"


def hour_of(column: str) -> str:
    """Hours since 1970 of a column of microseconds."""
    return f"(({column} - (({column} % {HOUR}) + {HOUR}) % {HOUR}) // {HOUR})::INTEGER"


def cold(source: str, where: str = "true") -> str:
    """COLD rows of a FROM item of sightings; rows without an address stand under ``::``."""
    return _by_day(
        f"SELECT coalesce(o.addr_hi, 0)::UBIGINT AS hi, coalesce(o.addr_lo, 0)::UBIGINT AS lo, o.seen_at, o.kind,"
        f" o.count AS messages, o.vantage, o.asn, o.country FROM {source} o WHERE {_COUNTED} AND ({where})"
    )


def handovers(source: str, keys: str, where: str = "true") -> str:
    """HANDOVERS rows: as COLD, by the machine that handed over where that is not the source.

    ``keys`` holds its address as the text of a HANDOVER key, joined from names by the caller: a FROM item
    with id_hi, id_lo, hi and lo.
    """
    return _by_day(
        f"SELECT h.hi, h.lo, o.seen_at, o.kind, o.count AS messages, o.vantage, o.asn, o.country"
        f" FROM {source} o JOIN {keys} h ON h.id_hi = o.id_hi AND h.id_lo = o.id_lo WHERE {_COUNTED} AND ({where})"
    )


def _by_day(rows: str) -> str:
    day, hour = day_of("seen_at"), hour_of("seen_at")
    hours = (
        f"SELECT hi, lo, {day} AS day, kind, vantage, {hour} AS hour, sum(messages) AS messages,"
        f" max(asn) AS asn, max(country) AS country FROM ({rows}) GROUP BY ALL"
    )
    vantages = (
        "SELECT hi, lo, day, kind, vantage, sum(messages) AS messages, count(*) AS hours, max(asn) AS asn,"
        f" max(country) AS country FROM ({hours}) GROUP BY hi, lo, day, kind, vantage"
    )
    return (
        "SELECT hi AS addr_hi, lo AS addr_lo, day, kind, least(sum(messages), 4294967295)::UINTEGER AS messages,"
        " coalesce(sum(hours) FILTER (vantage <> 0), 0)::UINTEGER AS witnesses,"
        " least(count(*) FILTER (vantage <> 0), 65535)::USMALLINT AS vantages,"
        f" max(asn)::UINTEGER AS asn, max(country)::USMALLINT AS country FROM ({vantages}) GROUP BY hi, lo, day, kind"
    )


def hot(source: str, since: int, until: int) -> str:
    """HOT rows of a FROM item of sightings with ``since <= seen_at < until``."""
    return (
        f"SELECT o.addr_hi, o.addr_lo, {hour_of('o.seen_at')} AS hour, o.vantage, o.kind, o.standing,"
        " least(sum(o.count), 4294967295)::UINTEGER AS messages,"
        " (o.vantage <> 0)::UINTEGER AS witness"
        f" FROM {source} o WHERE {_COUNTED} AND o.addr_hi IS NOT NULL"
        f" AND o.seen_at >= {since} AND o.seen_at < {until}"
        " GROUP BY o.addr_hi, o.addr_lo, hour, o.vantage, o.kind, o.standing"
    )


def renew(engine: Engine, snapshot: Snapshot, draft: Draft, where: Partition) -> None:
    """Write the sums of one month and bucket anew: of its objects in the snapshot as the draft changes them."""
    month, bucket, buckets = where
    held = [s for s in snapshot.objects if s.partition == where and not s.lasting]
    draft.remove += [s.number for s in held if s.name in ("cold", "handovers")]
    gone = set(draft.remove)
    held = [s for s in held if s.number not in gone]
    held += [stored for entry in draft.add if (stored := as_stored(entry)).partition == where and not stored.lasting]
    rows = [s for s in held if s.name == "sightings"]
    if month == "none" or not rows:
        return
    source = engine.source(tables.SIGHTINGS, rows)
    sums = rewrite.write_query(engine, tables.COLD, cold(source), month, bucket, buckets)
    draft.add += [sums] if sums is not None else []
    if _load_handovers(engine, snapshot, [s for s in held if s.name == "keys"]):
        # They are sorted by the other address, which may belong to any bucket: readers look into all.
        sums = rewrite.write_query(engine, tables.HANDOVERS, handovers(source, "handed"), month, bucket, buckets)
        draft.add += [sums] if sums is not None else []


def _load_handovers(engine: Engine, snapshot: Snapshot, keys: Sequence[Stored]) -> bool:
    """Make the table ``handed``: which sighting came through which address; whether there is any."""
    kind = int(KeyKind.HANDOVER)
    source = engine.source(tables.KEYS, keys)
    wanted = {int(key) for (key,) in engine.rows(f"SELECT DISTINCT key FROM {source} k WHERE kind = {kind}")}
    if not wanted:
        return False
    names = engine.source(tables.NAMES, snapshot.of("names"))
    addresses = {
        int(key): address
        for key, name in engine.rows(f"SELECT DISTINCT key, name FROM {names} n WHERE kind = {kind}")
        if int(key) in wanted and (address := net.parse(str(name))) is not None
    }
    given = pa.table({
        "key": pa.array(addresses.keys(), pa.uint64()),
        "hi": pa.array([a.hi for a in addresses.values()], pa.uint64()),
        "lo": pa.array([a.lo for a in addresses.values()], pa.uint64()),
    })  # fmt: skip
    engine.connection().register("given_addresses", given)
    engine.run(
        "CREATE OR REPLACE TEMP TABLE handed AS SELECT k.id_hi, k.id_lo, g.hi, g.lo"
        f" FROM {source} k JOIN given_addresses g ON g.key = k.key WHERE k.kind = {kind}"
    )
    engine.connection().unregister("given_addresses")
    return bool(addresses)
