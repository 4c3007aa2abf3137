"""What decisions ask of many addresses at once: their older days, and the messages that a listing pins."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from junkhound import tables
from junkhound.kernel.net import Address
from junkhound.ledger.queries import SCORED, Queries
from junkhound.tables import Kind, Standing

_WITNESS = (Standing.TRAP, Standing.MAILBOX, Standing.LOG, Standing.PARTNER)


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
        f" {queries._days(None, since, until)} c SEMI JOIN wanted w ON c.addr_hi = w.hi AND c.addr_lo = w.lo"
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
    kinds, standings = (", ".join(str(int(n)) for n in some) for some in (SCORED, _WITNESS))
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
