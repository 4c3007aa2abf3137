"""What may be shown of an address's mail to strangers: only what two vantages have seen."""

from __future__ import annotations

from typing import NamedTuple

from junkhound import tables
from junkhound.kernel.net import Network
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
