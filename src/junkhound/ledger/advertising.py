"""What decisions ask of the names that junk links to, and the messages that a listing of one pins."""

from __future__ import annotations

import pyarrow as pa

from junkhound import tables
from junkhound.kernel.clock import DAY
from junkhound.ledger import rollups
from junkhound.ledger.histories import WITNESS, numbers
from junkhound.ledger.queries import Queries
from junkhound.listing import Advertised, Domain, Unit, domain_name
from junkhound.tables import KeyKind, Kind


def _names(hosts: bool) -> str:
    """Which names a list holds: single hosts below a domain that is not theirs alone, or what was registered."""
    return str(int(KeyKind.URL_HOST if hosts else KeyKind.DOMAIN))


def advertised(queries: Queries, since: int, until: int, hosts: bool, window: int) -> list[Advertised]:
    """Every name that junk of ``since <= seen_at < until`` links to, seen by two or more addresses or vantages.

    ``window`` is since when good mail speaks for what it is signed with.
    """
    kind = _names(hosts)
    keys = queries.engine.source(tables.KEYS, queries.snapshot.of("keys"))
    source = queries.engine.source(tables.SIGHTINGS, queries.snapshot.of("sightings", since, until))
    good = queries.engine.source(tables.SIGHTINGS, queries.snapshot.of("sightings", window, until))
    units = (
        f"SELECT k.key, {rollups.hour_of('o.seen_at')} AS hour, o.vantage, o.trap, o.kind, o.standing, o.addr_hi,"
        f" o.addr_lo, o.count FROM {source} o"
        f" JOIN (SELECT DISTINCT id_hi, id_lo, key FROM {keys} WHERE kind = {kind}) k"
        " ON o.id_hi = k.id_hi AND o.id_lo = k.id_lo WHERE o.addr_hi IS NOT NULL AND o.resend = 0 AND o.confidence > 0"
        f" AND o.seen_at >= {since} AND o.seen_at < {until} AND o.vantage <> 0 AND o.kind = {int(Kind.JUNK)}"
        f" AND o.standing IN ({numbers(WITNESS)})"
    )
    rows = queries.engine.rows(
        f"WITH u AS MATERIALIZED ({units}), few AS (SELECT key, count(DISTINCT (addr_hi, addr_lo)) AS addresses FROM u"
        " GROUP BY key HAVING count(DISTINCT (addr_hi, addr_lo)) > 1)"
        " SELECT u.key, few.addresses, hour, vantage, trap, kind, standing, sum(count)::BIGINT FROM u JOIN few"
        " USING (key) GROUP BY ALL ORDER BY ALL"
    )
    held: dict[int, tuple[int, list[Unit]]] = {}
    for key, addresses, hour, vantage, trap, what, standing, messages in rows:
        units_of = held.setdefault(int(key), (int(addresses), []))[1]
        units_of.append(Unit(int(vantage), int(hour), int(trap), int(what), int(standing), int(messages)))
    texts = queries.key_names(list(held))
    if not held:
        return []
    some = numbers(held)
    days = dict(
        queries.engine.rows(f"SELECT key, min(day) FROM {keys} WHERE kind = {kind} AND key IN ({some}) GROUP BY key")
    )
    signed = {
        int(key)
        for (key,) in queries.engine.rows(
            f"SELECT DISTINCT o.auth_domain FROM {good} o WHERE o.kind = {int(Kind.GOOD)} AND o.auth_domain IN ({some})"
        )
    }
    found = []
    for key, (addresses, of) in held.items():
        name = domain_name(texts.get((int(kind), key)) or "")
        if name is not None:
            known = until // DAY - int(days[key])
            found.append(Advertised(Domain(name, not hosts), tuple(of), addresses, known, key in signed))
    return sorted(found, key=lambda one: one.subject)


def naming_messages(
    queries: Queries, names: list[str], hosts: bool, since: int, until: int, each_end: int
) -> dict[str, list[tuple[int, int, int | None]]]:
    """The first and newest kept messages that link to each name: (segment, ordinal, seen_at), oldest first."""
    wanted = pa.table({"name": pa.array(names, pa.string())})
    queries.engine.connection().register("wanted_names", wanted)
    kind = _names(hosts)
    keys = queries.engine.source(tables.KEYS, queries.snapshot.of("keys"))
    texts = queries.engine.source(tables.NAMES, queries.snapshot.of("names"))
    source = queries.engine.source(tables.SIGHTINGS, queries.snapshot.of("sightings", since, until))
    order = "PARTITION BY name ORDER BY seen_at {way}, segment {way}, ordinal {way}"
    rows = queries.engine.rows(
        "SELECT name, segment, ordinal, seen_at FROM (SELECT *,"
        f" row_number() OVER ({order.format(way='ASC')}) AS up, row_number() OVER ({order.format(way='DESC')}) AS down"
        " FROM (SELECT DISTINCT n.name, o.segment, o.ordinal, o.seen_at"
        f" FROM {texts} n SEMI JOIN wanted_names w ON lower(n.name) = w.name JOIN {keys} k ON k.key = n.key"
        f" AND k.kind = {kind} JOIN {source} o ON o.id_hi = k.id_hi AND o.id_lo = k.id_lo WHERE n.kind = {kind}"
        f" AND o.segment <> 0 AND o.resend = 0 AND o.kind = {int(Kind.JUNK)} AND o.seen_at >= {since}"
        f" AND o.seen_at < {until})) WHERE up <= {each_end} OR down <= {each_end}"
        " ORDER BY seen_at, segment, ordinal"
    )
    found: dict[str, list[tuple[int, int, int | None]]] = {}
    for name, segment, ordinal, seen_at in rows:
        found.setdefault(str(name).lower(), []).append((int(segment), int(ordinal), int(seen_at)))
    return found
