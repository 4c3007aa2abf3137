"""What decisions ask of many addresses at once: their older days, and the messages that a listing pins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from junkhound import tables
from junkhound.kernel.clock import HOUR
from junkhound.kernel.net import Address
from junkhound.ledger import rollups
from junkhound.ledger.queries import SCORED, Queries
from junkhound.tables import KeyKind, Kind, Standing

WITNESS = (Standing.TRAP, Standing.MAILBOX, Standing.LOG, Standing.PARTNER)


_GOOD = tuple(standing for standing in Standing if standing not in (Standing.TRAP, Standing.COMPLAINT))
_MAIL = tuple(standing for standing in _GOOD if standing not in (Standing.FEED, Standing.QUERIES))
"""Standings whose good rows are mail that somebody wanted: an allow list is none."""
_PROGRAMS = (
    "exe|scr|pif|com|bat|cmd|cpl|vbs|vbe|js|jse|wsf|wsh|hta|lnk|jar|msi|ps1|chm|reg|dll|iso|img|ace|xll|docm|xlsm"
)
"""Endings of names that a mail client runs or mounts at a click."""
_ASN, _PREFIX = 16, 8  # where they stand in the packed network of the latest row


def senders(queries: Queries, since: int, until: int) -> dict[str, NDArray[Any]]:
    """Every address of the hours ``since < hour <= until`` in one row, in the order of addresses.

    Columns as ``listing.Senders``; a test compares both ways of making them.
    """
    bad = f"vantage <> 0 AND kind IN ({numbers(SCORED)}) AND standing IN ({numbers(WITNESS)})"
    good = f"kind = {int(Kind.GOOD)} AND standing IN ({numbers(_GOOD)})"
    from_at, to_at = (since + 1) * HOUR, (until + 1) * HOUR
    source = queries.engine.source(tables.SIGHTINGS, queries.snapshot.of("sightings", from_at, to_at))
    rows = (
        f"SELECT o.addr_hi, o.addr_lo, {rollups.hour_of('o.seen_at')} AS hour, o.vantage,"
        f" ({good.replace('kind', 'o.kind').replace('standing', 'o.standing')}) AS good,"
        f" ({bad.replace('vantage', 'o.vantage').replace('kind', 'o.kind').replace('standing', 'o.standing')}) AS bad,"
        f" ({good.replace('kind', 'o.kind').replace('standing', 'o.standing')} AND o.standing IN ({numbers(_MAIL)}))"
        " AS mailed, o.count, o.clues, o.asn, o.prefix, o.operator"
        f" FROM {source} o WHERE o.addr_hi IS NOT NULL AND o.resend = 0 AND o.confidence > 0"
        f" AND o.kind NOT IN ({int(Kind.UNSORTED)}, {int(Kind.BACKSCATTER)})"
        f" AND o.seen_at >= {from_at} AND o.seen_at < {to_at}"
    )
    units = (
        "SELECT addr_hi, addr_lo, hour, vantage, bad, good, bool_or(mailed) AS mailed, sum(count)::BIGINT AS messages,"
        " bit_or(clues) AS clues,"
        f" max(((hour - {since})::BIGINT << 48) | (asn::BIGINT << {_ASN}) | (prefix::BIGINT << {_PREFIX})"
        " | operator::BIGINT) AS net"
        f" FROM ({rows}) GROUP BY ALL"
    )
    found = queries.engine.columns(
        "SELECT addr_hi, addr_lo, count(*) FILTER (bad) AS bad, count(*) FILTER (good) AS good,"
        " count(DISTINCT hour // 24) FILTER (mailed) AS good_days, coalesce(sum(messages) FILTER (bad), 0)::BIGINT"
        " AS messages, coalesce(min(vantage) FILTER (bad), 18446744073709551615)::UBIGINT AS low,"
        " coalesce(max(vantage) FILTER (bad), 0)::UBIGINT AS high,"
        " coalesce(min(hour) FILTER (bad), 1152921504606846976)::BIGINT AS first,"
        " coalesce(max(hour) FILTER (bad), -1)::BIGINT AS last,"
        " coalesce(bit_or(clues) FILTER (bad), 0)::UINTEGER AS clues, max(net)::BIGINT AS net"
        f" FROM ({units}) GROUP BY addr_hi, addr_lo ORDER BY addr_hi, addr_lo"
    )
    net = found.pop("net")
    found["asn"] = (net >> _ASN) & 0xFFFF_FFFF
    found["prefix"], found["operator"] = (net >> _PREFIX) & 0xFF, net & 0xFF
    return found


def good_days(queries: Queries, since: int, until: int) -> tuple[int, int]:
    """(known-good sender-days, known-good senders) of ``since <= seen_at < until``."""
    source = queries.engine.source(tables.SIGHTINGS, queries.snapshot.of("sightings", since, until))
    rows = queries.engine.rows(
        f"SELECT count(*), count(DISTINCT (addr_hi, addr_lo)) FROM (SELECT DISTINCT o.addr_hi, o.addr_lo,"
        f" {rollups.day_of('o.seen_at')} AS day FROM {source} o WHERE o.kind = {int(Kind.GOOD)}"
        f" AND o.standing IN ({numbers(_MAIL)}) AND o.addr_hi IS NOT NULL AND o.resend = 0 AND o.confidence > 0"
        f" AND o.seen_at >= {since} AND o.seen_at < {until})"
    )
    return int(rows[0][0]), int(rows[0][1])


def good_senders(queries: Queries, since: int, until: int) -> list[Address]:
    """Addresses that sent good mail in ``since <= seen_at < until``, as those who may say so saw it."""
    source = queries.engine.source(tables.SIGHTINGS, queries.snapshot.of("sightings", since, until))
    rows = queries.engine.rows(
        f"SELECT DISTINCT o.addr_hi, o.addr_lo FROM {source} o WHERE o.kind = {int(Kind.GOOD)}"
        f" AND o.standing IN ({numbers(_MAIL)}) AND o.addr_hi IS NOT NULL AND o.resend = 0 AND o.confidence > 0"
        f" AND o.seen_at >= {since} AND o.seen_at < {until}"
    )
    return [Address(int(hi), int(lo)) for hi, lo in rows]


def carriers(queries: Queries, since: int, until: int) -> dict[str, NDArray[Any]]:
    """Where mails that carried a program came from: columns addr_hi, addr_lo, hour, vantage."""
    keys = queries.engine.source(tables.KEYS, queries.snapshot.of("keys"))
    names = queries.engine.source(tables.NAMES, queries.snapshot.of("names"))
    source = queries.engine.source(tables.SIGHTINGS, queries.snapshot.of("sightings", since, until))
    kind = int(KeyKind.ATTACHMENT_NAME)
    return queries.engine.columns(
        f"SELECT DISTINCT o.addr_hi, o.addr_lo, {rollups.hour_of('o.seen_at')} AS hour, o.vantage FROM {source} o"
        f" SEMI JOIN (SELECT k.id_hi, k.id_lo FROM {keys} k WHERE k.kind = {kind} AND k.key IN"
        f" (SELECT n.key FROM {names} n WHERE n.kind = {kind}"
        f" AND regexp_matches(lower(n.name), '\\.({_PROGRAMS})$'))) c"
        " ON o.id_hi = c.id_hi AND o.id_lo = c.id_lo"
        f" WHERE o.addr_hi IS NOT NULL AND o.resend = 0 AND o.confidence > 0"
        f" AND o.seen_at >= {since} AND o.seen_at < {until} ORDER BY ALL"
    )


def numbers(some: Iterable[int]) -> str:
    return ", ".join(str(int(number)) for number in some)


def _wanted(queries: Queries, hi: NDArray[np.uint64], lo: NDArray[np.uint64]) -> None:
    """The addresses as a table ``wanted`` of this thread's connection."""
    wanted = pa.table({"hi": pa.array(hi, pa.uint64()), "lo": pa.array(lo, pa.uint64())})
    queries.engine.connection().register("wanted", wanted)


def older_days(
    queries: Queries, hi: NDArray[np.uint64], lo: NDArray[np.uint64], since: int, until: int
) -> dict[str, NDArray[Any]]:
    """Days of these addresses with ``since <= day < until``: columns addr_hi, addr_lo, day, kind, witnesses."""
    if not len(hi):
        return {name: np.zeros(0, np.int64) for name in ("addr_hi", "addr_lo", "day", "kind", "witnesses")}
    _wanted(queries, hi, lo)
    kinds = ", ".join(str(int(kind)) for kind in (*SCORED, Kind.GOOD))
    return queries.engine.columns(
        "SELECT c.addr_hi, c.addr_lo, c.day, c.kind, sum(c.witnesses)::BIGINT AS witnesses FROM"
        f" {queries.days_source(None, since, until)} c SEMI JOIN wanted w ON c.addr_hi = w.hi AND c.addr_lo = w.lo"
        f" WHERE c.day >= {since} AND c.day < {until} AND c.kind IN ({kinds}) AND c.witnesses > 0"
        " GROUP BY ALL ORDER BY c.addr_hi, c.addr_lo, c.day, c.kind"
    )


def witness_messages(
    queries: Queries, hi: NDArray[np.uint64], lo: NDArray[np.uint64], since: int, until: int, each_end: int
) -> list[tuple[Address, int, int, int]]:
    """The first and the newest kept messages of each address: (address, segment, ordinal, seen_at), oldest first.

    Only those that can witness and whose bytes are in a pack.
    """
    if not len(hi):
        return []
    _wanted(queries, hi, lo)
    kinds, standings = (", ".join(str(int(n)) for n in some) for some in (SCORED, WITNESS))
    source = queries.engine.source(tables.SIGHTINGS, queries.snapshot.of("sightings", since, until))
    order = "PARTITION BY o.addr_hi, o.addr_lo ORDER BY o.seen_at {way}, o.segment {way}, o.ordinal {way}"
    rows = queries.engine.rows(
        "SELECT addr_hi, addr_lo, segment, ordinal, seen_at FROM (SELECT o.addr_hi, o.addr_lo, o.segment, o.ordinal,"
        f" o.seen_at, row_number() OVER ({order.format(way='ASC')}) AS up,"
        f" row_number() OVER ({order.format(way='DESC')}) AS down FROM {source} o"
        " SEMI JOIN wanted w ON o.addr_hi = w.hi AND o.addr_lo = w.lo"
        f" WHERE o.seen_at >= {since} AND o.seen_at < {until} AND o.resend = 0 AND o.confidence > 0 AND o.vantage <> 0"
        f" AND o.segment <> 0 AND o.kind IN ({kinds}) AND o.standing IN ({standings}))"
        f" WHERE up <= {each_end} OR down <= {each_end} ORDER BY seen_at, segment, ordinal"
    )
    return [(Address(int(a), int(b)), int(segment), int(ordinal), int(at)) for a, b, segment, ordinal, at in rows]
