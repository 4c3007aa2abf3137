"""What may be shown of an address's mail to strangers: only what two vantages have seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from junkhound import tables
from junkhound.kernel.net import Address, Network
from junkhound.ledger.histories import numbers
from junkhound.ledger.queries import Queries, within


class Sample(NamedTuple):
    """A text that its mail shares with mail seen elsewhere, and its kind of key."""

    kind: int
    text: str


def samples(
    queries: Queries, network: Network, since: int, until: int, kinds: tuple[int, ...], limit: int
) -> list[Sample]:
    """The texts that most of its mails have, each met at two or more vantages in all mail of the period."""
    keys = queries.engine.source(tables.KEYS, queries.snapshot.of("keys"))
    source = queries.engine.source(tables.SIGHTINGS, queries.snapshot.of("sightings", since, until))
    rows = queries.engine.rows(
        f"WITH its AS (SELECT k.kind, k.key, count(*) AS mails FROM {keys} k JOIN {source} o ON o.id_hi = k.id_hi"
        f" AND o.id_lo = k.id_lo WHERE {within(network, 'o.')} AND o.seen_at >= {since} AND o.seen_at < {until}"
        f" AND k.kind IN ({numbers(kinds)}) GROUP BY ALL ORDER BY mails DESC, k.kind, k.key LIMIT {limit * 20})"
        f" SELECT its.kind, its.key FROM its JOIN {keys} k ON k.kind = its.kind AND k.key = its.key JOIN {source} o"
        " ON o.id_hi = k.id_hi AND o.id_lo = k.id_lo WHERE o.vantage <> 0"
        " GROUP BY its.kind, its.key, its.mails HAVING count(DISTINCT o.vantage) > 1"
        f" ORDER BY its.mails DESC, its.kind, its.key LIMIT {limit}"
    )
    texts = queries.key_names([int(key) for _, key in rows])
    found = [(int(kind), texts.get((int(kind), int(key)))) for kind, key in rows]
    return [Sample(kind, text) for kind, text in found if text]


def samples_of(
    queries: Queries, addresses: Sequence[Address], since: int, until: int, kinds: tuple[int, ...], limit: int
) -> dict[Address, list[Sample]]:
    """The same for many single addresses in one reading of the keys; those without a sample are left out."""
    if not addresses:
        return {}
    wanted = pa.table({
        "hi": pa.array([one.hi for one in addresses], pa.uint64()),
        "lo": pa.array([one.lo for one in addresses], pa.uint64()),
    })  # fmt: skip
    queries.engine.connection().register("sampled", wanted)
    keys = queries.engine.source(tables.KEYS, queries.snapshot.of("keys"))
    source = queries.engine.source(tables.SIGHTINGS, queries.snapshot.of("sightings", since, until))
    rows = queries.engine.rows(
        f"WITH o AS (SELECT id_hi, id_lo, addr_hi, addr_lo, vantage FROM {source} WHERE addr_hi IS NOT NULL"
        f" AND seen_at >= {since} AND seen_at < {until}), its AS (SELECT o.addr_hi, o.addr_lo, k.kind, k.key,"
        f" count(*) AS mails FROM {keys} k JOIN o ON o.id_hi = k.id_hi AND o.id_lo = k.id_lo"
        f" SEMI JOIN sampled w ON o.addr_hi = w.hi AND o.addr_lo = w.lo WHERE k.kind IN ({numbers(kinds)})"
        " GROUP BY o.addr_hi, o.addr_lo, k.kind, k.key"
        " QUALIFY row_number() OVER (PARTITION BY o.addr_hi, o.addr_lo ORDER BY count(*) DESC, k.kind, k.key)"
        f" <= {limit * 20}),"
        f" shared AS (SELECT k.kind, k.key FROM {keys} k SEMI JOIN its ON k.kind = its.kind AND k.key = its.key"
        " JOIN o ON o.id_hi = k.id_hi AND o.id_lo = k.id_lo WHERE o.vantage <> 0"
        " GROUP BY k.kind, k.key HAVING count(DISTINCT o.vantage) > 1)"
        " SELECT its.addr_hi, its.addr_lo, its.kind, its.key FROM its SEMI JOIN shared s"
        " ON s.kind = its.kind AND s.key = its.key QUALIFY row_number() OVER"
        f" (PARTITION BY addr_hi, addr_lo ORDER BY mails DESC, its.kind, its.key) <= {limit}"
        " ORDER BY its.addr_hi, its.addr_lo, its.mails DESC, its.kind, its.key"
    )
    texts = queries.key_names(sorted({int(key) for *_, key in rows}))
    found: dict[Address, list[Sample]] = {}
    for hi, lo, kind, key in rows:
        if text := texts.get((int(kind), int(key))):
            found.setdefault(Address(int(hi), int(lo)), []).append(Sample(int(kind), text))
    return found
