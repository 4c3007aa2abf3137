"""Questions to one snapshot. Addresses are ``net.Address``, instants microseconds, days since 1970.

``good``, ``unsorted`` and ``backscatter`` never score: where nothing else is said, answers leave them out.
Repeats (``resend``) count nowhere, and a folded row counts as many sessions as it stands for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from junkhound import tables
from junkhound.kernel.clock import DAY, to_datetime
from junkhound.kernel.errors import UsageError
from junkhound.kernel.net import Address, Network
from junkhound.ledger import rollups
from junkhound.ledger.engine import Engine
from junkhound.ledger.points import Foreign
from junkhound.ledger.rows import Count, DayCount, Key, NetworkCount, Sighting, Source, Template, Totals
from junkhound.ledger.snapshot import Snapshot, Stored
from junkhound.tables import Kind

SCORED = (Kind.JUNK, Kind.AUTH_GUESS, Kind.PROBE, Kind.HARVEST, Kind.FLOOD)
"""Kinds that speak against an address."""

_ROW = ", ".join(f"o.{name}" for name in tables.SIGHTINGS.names)
_GROUPS = {
    "country": "country",
    "asn": "asn",
    "kind": "kind",
    "day": "day",
    "month": "(extract(year FROM date '1970-01-01' + day) * 100 + extract(month FROM date '1970-01-01' + day))",
    "year": "extract(year FROM date '1970-01-01' + day)",
}
_WEEK = "((day + 3) // 7)"  # day 0 was a Thursday; weeks begin on Monday
_RANKS = {
    "volume": "SELECT addr_hi, addr_lo, sum(messages)::DOUBLE AS score FROM {} GROUP BY addr_hi, addr_lo",
    "recent": (
        "SELECT addr_hi, addr_lo, max(day) + least(sum(messages) / 1e9, 0.999) AS score FROM {}"
        " GROUP BY addr_hi, addr_lo"
    ),
    # Active weeks, then active days, then messages. A bit for each day of a week counts days of several kinds once.
    "persistence": (
        "SELECT addr_hi, addr_lo, count(*) * 1000.0 + least(sum(bit_count(bits)) / 10.0, 999.0)"
        " + least(sum(messages) / 1e11, 0.09) AS score FROM"
        f" (SELECT addr_hi, addr_lo, {_WEEK} AS week, bit_or((1 << ((day + 3) % 7))::UTINYINT) AS bits,"
        " sum(messages) AS messages FROM {}"
        " GROUP BY addr_hi, addr_lo, week) GROUP BY addr_hi, addr_lo"
    ),
}


Places = np.ndarray[Any, np.dtype[np.uint64]]


class Queries:
    """Answers from the objects of one snapshot."""

    def __init__(self, engine: Engine, snapshot: Snapshot) -> None:
        self.engine = engine
        self.snapshot = snapshot

    def _sightings(self, objects: Iterable[Stored] | None = None) -> str:
        found = self.snapshot.of("sightings") if objects is None else objects
        return self.engine.source(tables.SIGHTINGS, found)

    def _fresh(self) -> list[Stored]:
        return [stored for stored in self.snapshot.of("sightings") if stored.fresh]

    def days_source(self, address: Address | None = None, since: int | None = None, until: int | None = None) -> str:
        """COLD rows of everything: those of compacted months and those of fresh rows, as a FROM item.

        Of ``since`` and ``until`` (days) only whole months are left out here.
        """
        months = [
            stored
            for stored in self.snapshot.of("cold", address=address)
            if (since is None or stored.month >= _month(since)) and (until is None or stored.month <= _month(until - 1))
        ]
        if address is not None:
            months = self.engine.directory.narrow(months, address)
        kept = self.engine.source(tables.COLD, months)
        fresh = self._fresh()
        if not fresh:
            return kept
        only = f"o.addr_hi = {address.hi} AND o.addr_lo = {address.lo}" if address is not None else "true"
        columns = ", ".join(tables.COLD.names)
        new = rollups.cold(self._sightings(fresh), only)
        return f"(SELECT {columns} FROM {kept} UNION ALL SELECT {columns} FROM ({new}))"

    # -- one address ------------------------------------------------------------------------------------------

    def days(self, address: Address, since: int | None = None, until: int | None = None) -> list[DayCount]:
        """The daily series of an address by kind, all kinds, oldest first; days without a sighting are left out."""
        rows = self.engine.rows(
            "SELECT day, kind, sum(messages), sum(witnesses), max(vantages) FROM"
            f" {self.days_source(address, since, until)} c WHERE addr_hi = {address.hi} AND addr_lo = {address.lo}"
            f" AND {_span('day', since, until)} GROUP BY day, kind ORDER BY day, kind"
        )
        return [DayCount(*map(int, row)) for row in rows]

    def newest(self, address: Address, limit: int = 1000, before: int | None = None) -> list[Sighting]:
        """The newest rows of an address, newest first; rows without a time come last.

        Objects are read newest months first, and no further than the answer needs. ``before`` (seen_at) pages on.
        """
        objects = self.engine.directory.narrow(self.snapshot.of("sightings", until=before, address=address), address)
        ready = [s for s in objects if not s.fresh and s.schema_version == tables.SCHEMA_VERSION]
        rows = self._newest_of([s for s in objects if s not in ready], address, limit, before)
        for number, stored in enumerate(ready, 1):
            try:
                found = self.engine.points.newest(stored, address, limit, before)
            except Foreign:
                found = None
                rows += self._newest_of([stored], address, limit, before)
            if found is not None:
                rows += [Sighting(*row) for row in zip(*(column.to_pylist() for column in found.columns), strict=True)]
            if len(rows) >= limit:
                rows.sort(key=_newest_first)
                del rows[limit:]
                rest = max((later.seen_max or _NEVER for later in ready[number:]), default=_NEVER)
                if (rows[-1].seen_at or _NEVER) > rest:
                    break
        return sorted(rows, key=_newest_first)[:limit]

    def _newest_of(self, objects: Sequence[Stored], address: Address, limit: int, before: int | None) -> list[Sighting]:
        """The newest rows from objects that are not sorted."""
        if not objects:
            return []
        found = self.engine.rows(
            f"SELECT {_ROW} FROM {self._sightings(objects)} o WHERE o.addr_hi = {address.hi} AND"
            f" o.addr_lo = {address.lo} AND {_span('o.seen_at', None, before)}"
            f" ORDER BY o.seen_at DESC NULLS LAST, o.id_hi, o.id_lo LIMIT {limit}"
        )
        return [Sighting(*row) for row in found]

    def sightings(self, ids: Sequence[tuple[int, int]]) -> list[Sighting]:
        """Rows of sighting ids (halves), in no order; unknown ids are left out."""
        if not ids:
            return []
        some = ", ".join(f"({hi}::UBIGINT, {lo}::UBIGINT)" for hi, lo in ids)
        found = self.engine.rows(
            f"SELECT {_ROW} FROM {self._sightings()} o"
            f" WHERE o.id_hi IN ({', '.join(str(hi) for hi, _ in ids)}) AND (o.id_hi, o.id_lo) IN ({some})"
        )
        return [Sighting(*row) for row in found]

    def of_segments(self, segments: Sequence[int]) -> list[Sighting]:
        """All rows whose bytes lie in these segments, in no order."""
        some = ", ".join(str(int(number)) for number in segments)
        found = self.engine.rows(f"SELECT {_ROW} FROM {self._sightings()} o WHERE o.segment IN ({some})")
        return [Sighting(*row) for row in found]

    # -- rankings and counts ----------------------------------------------------------------------------------

    def top(
        self,
        by: str = "volume",
        limit: int = 20,
        country: int | None = None,
        asn: int | None = None,
        since: int | None = None,
        until: int | None = None,
        kinds: Sequence[int] = SCORED,
    ) -> list[Source]:
        """Sources ranked by ``volume`` (messages), ``persistence`` (active weeks) or ``recent`` (last day).

        ``since`` and ``until`` are days; a network or country is that of the day of each sighting.
        """
        if by not in _RANKS:
            raise UsageError(f"no ranking {by!r}", f"known: {', '.join(_RANKS)}")
        where = _filters(since, until, kinds, country, asn)
        rows = f"(SELECT * FROM {self.days_source(None, since, until)} c WHERE {where})"
        ranked = self.engine.rows(
            f"SELECT addr_hi, addr_lo, score FROM ({_RANKS[by].format(rows)})"
            f" ORDER BY score DESC, addr_hi, addr_lo LIMIT {limit}"
        )
        scores = {Address(int(hi), int(lo)): float(score) for hi, lo, score in ranked}
        days = self._days_of(list(scores), rows)
        return [_source(address, days[address], score) for address, score in scores.items()]

    def _days_of(self, addresses: Sequence[Address], rows: str) -> dict[Address, list[tuple[int, ...]]]:
        """(day, messages, witnesses, asn, country) of the few addresses that are shown, by day."""
        found: dict[Address, list[tuple[int, ...]]] = {}
        if addresses:
            places = ", ".join(f"({a.hi}::UBIGINT, {a.lo}::UBIGINT)" for a in addresses)
            for hi, lo, *day in self.engine.rows(
                "SELECT addr_hi, addr_lo, day, sum(messages), sum(witnesses), max(asn), max(country)"
                f" FROM {rows} WHERE addr_lo IN ({', '.join(str(a.lo) for a in addresses)})"
                f" AND (addr_hi, addr_lo) IN ({places}) GROUP BY addr_hi, addr_lo, day ORDER BY day"
            ):
                found.setdefault(Address(int(hi), int(lo)), []).append(tuple(map(int, day)))
        return found

    def counts(
        self,
        by: str,
        country: int | None = None,
        asn: int | None = None,
        since: int | None = None,
        until: int | None = None,
        kinds: Sequence[int] = SCORED,
    ) -> list[Count]:
        """Messages, sources and witness units by ``country``, ``asn``, ``kind``, ``day``, ``month`` or ``year``.

        Sightings that blame no address count as messages of country 0 and network 0.
        """
        if by not in _GROUPS:
            raise UsageError(f"cannot count by {by!r}", f"known: {', '.join(_GROUPS)}")
        key = _GROUPS[by]
        rows = self.engine.rows(
            f"SELECT {key}::BIGINT AS key, sum(messages), count(DISTINCT (addr_hi, addr_lo)) FILTER (addr_lo <> 0),"
            f" sum(witnesses) FROM {self.days_source(None, since, until)} c"
            f" WHERE {_filters(since, until, kinds, country, asn, anyone=True)} GROUP BY 1 ORDER BY 1"
        )
        return [Count(*map(int, row)) for row in rows]

    def totals(self, since: int | None = None, until: int | None = None) -> Totals:
        """The base of the period (days): all rows of all kinds."""
        objects = self.snapshot.of(
            "sightings", None if since is None else since * DAY, None if until is None else until * DAY
        )
        (row,) = self.engine.rows(
            "SELECT count(*), coalesce(sum(o.count) FILTER (o.resend = 0), 0), count(o.addr_lo), count(*) FILTER"
            " (o.resend = 1), approx_count_distinct(o.addr_lo), min(o.seen_at), max(o.seen_at)"
            f" FROM {self._sightings(objects)} o WHERE"
            f" {_span('o.seen_at', *(None if d is None else d * DAY for d in (since, until)))}"
        )
        return Totals(*row)

    # -- networks ---------------------------------------------------------------------------------------------

    def networks(
        self, bits_v4: int = 24, bits_v6: int = 48, limit: int = 20, since: int | None = None,
        until: int | None = None, kinds: Sequence[int] = SCORED, inside: Network | None = None,
    ) -> list[NetworkCount]:  # fmt: skip
        """Networks with the most messages, and how many of their addresses took part."""
        low = f"CASE WHEN addr_hi = 0 THEN (addr_lo >> {32 - bits_v4}) << {32 - bits_v4} ELSE 0::UBIGINT END"
        high = f"CASE WHEN addr_hi = 0 THEN 0::UBIGINT ELSE (addr_hi >> {64 - bits_v6}) << {64 - bits_v6} END"
        rows = self.engine.rows(
            f"SELECT {high} AS hi, {low} AS lo, count(DISTINCT (addr_hi, addr_lo)), sum(messages) AS messages,"
            f" count(DISTINCT day), min(day), max(day), max(asn), max(country)"
            f" FROM {self.days_source(None, since, until)} c WHERE {_filters(since, until, kinds, None, None)}"
            f" AND {within(inside)} GROUP BY hi, lo ORDER BY messages DESC, hi, lo LIMIT {limit}"
        )
        return [
            NetworkCount(Network(int(r[0]), int(r[1]), bits_v6 if r[0] else 96 + bits_v4), *map(int, r[2:]))
            for r in rows
        ]

    # -- what the decider reads -------------------------------------------------------------------------------

    def units(
        self, since: int, until: int, address: Address | None = None, network: Network | None = None,
        least: int = 1, places: Places | None = None, ipv6_bits: int = 48,
    ) -> dict[str, np.ndarray[Any, Any]]:  # fmt: skip
        """Witness units with ``since <= seen_at < until``, one row per (address, hour, vantage, trap, kind, standing).

        Columns addr_hi, addr_lo, hour (since 1970), vantage, trap, kind, standing, messages, asn, prefix, operator,
        path, clues; by address, vantage, hour and the rest, as the sieve of ``listing`` takes them. Unsorted mail,
        backscatter, repeats and rows without an address, a time or an anchor are left out. ``least`` keeps addresses
        (in IPv6 networks of ``ipv6_bits``) with so many scored rows; ``places`` those of ``touched`` with the
        same ``ipv6_bits``.
        """
        objects = self.snapshot.of("sightings", since, until, address)
        where = [
            "o.addr_hi IS NOT NULL", "o.resend = 0", "o.confidence > 0",
            f"o.kind NOT IN ({int(Kind.UNSORTED)}, {int(Kind.BACKSCATTER)})", _span("o.seen_at", since, until),
        ]  # fmt: skip
        if address is not None:
            where.append(f"o.addr_hi = {address.hi} AND o.addr_lo = {address.lo}")
        if network is not None:
            where.append(within(network, "o."))
        only = ""
        if places is not None:
            self.engine.connection().register("wanted_places", pa.table({"place": places}))
            only = f" SEMI JOIN wanted_places w ON {_place('o.', ipv6_bits)} = w.place"
        grouped = (
            f"SELECT o.addr_hi, o.addr_lo, {rollups.hour_of('o.seen_at')} AS hour, o.vantage, o.trap, o.kind,"
            " o.standing, sum(o.count)::BIGINT AS messages, max(o.asn) AS asn, max(o.prefix) AS prefix,"
            " max(o.operator) AS operator, max(o.path) AS path, bit_or(o.clues) AS clues"
            f" FROM {self._sightings(objects)} o{only} WHERE {' AND '.join(where)} GROUP BY ALL"
        )
        if least > 1:
            bad = ", ".join(str(int(kind)) for kind in SCORED)
            # An IPv6 customer has many addresses, so those of one network of ``ipv6_bits`` count together.
            grouped = (
                f"WITH g AS ({grouped}) SELECT g.* FROM g SEMI JOIN"
                f" (SELECT {_place('', ipv6_bits)} AS place FROM g WHERE vantage <> 0"
                f" AND kind IN ({bad}) GROUP BY ALL HAVING count(*) >= {least}) q"
                f" ON {_place('g.', ipv6_bits)} = q.place"
            )
        return self.engine.columns(f"{grouped} ORDER BY addr_hi, addr_lo, vantage, hour, trap, kind, standing")

    def touched(self, objects: Sequence[Stored], ipv6_bits: int = 48) -> tuple[Places, np.ndarray[Any, Any]]:
        """The places of these objects' rows, each once: an IPv4 address, or an IPv6 network of ``ipv6_bits``.

        With each the kinds of its rows, kind k as bit k.
        """
        found = self.engine.columns(
            f"SELECT {_place('t.', ipv6_bits)} AS place, bit_or(1::UINTEGER << t.kind) AS kinds"
            f" FROM {self._sightings(objects)} t WHERE t.addr_hi IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        return np.asarray(found["place"], np.uint64), np.asarray(found["kinds"], np.uint32)

    def witnesses(self, address: Address, since: int, until: int) -> list[Sighting]:
        """The rows behind the units of an address, oldest first: what a listing pins."""
        found = self.engine.rows(
            f"SELECT {_ROW} FROM {self._sightings(self.snapshot.of('sightings', since, until, address))} o"
            f" WHERE o.addr_hi = {address.hi} AND o.addr_lo = {address.lo} AND o.resend = 0 AND o.confidence > 0"
            f" AND o.kind IN ({', '.join(str(int(kind)) for kind in SCORED)}) AND {_span('o.seen_at', since, until)}"
            " ORDER BY o.seen_at, o.id_hi, o.id_lo"
        )
        return [Sighting(*row) for row in found]

    # -- what belongs to a sighting ---------------------------------------------------------------------------

    def keys(self, id_hi: int, id_lo: int) -> list[Key]:
        """What a sighting shares with others, with texts."""
        source = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        rows = self.engine.rows(
            f"SELECT DISTINCT kind, key FROM {source} k WHERE id_hi = {id_hi} AND id_lo = {id_lo} ORDER BY kind, key"
        )
        names = self.key_names([int(key) for _, key in rows])
        return [Key(int(kind), int(key), names.get((int(kind), int(key)))) for kind, key in rows]

    def key_names(self, keys: Sequence[int]) -> dict[tuple[int, int], str]:
        """Texts behind keys, by (kind, key)."""
        if not keys:
            return {}
        source = self.engine.source(tables.NAMES, self.snapshot.of("names"))
        rows = self.engine.rows(
            f"SELECT kind, key, min(name) FROM {source} n WHERE key IN ({', '.join(map(str, keys))}) GROUP BY kind, key"
        )
        return {(int(kind), int(key)): str(name) for kind, key, name in rows}

    def template(self, template: int) -> Template | None:
        """A normalised text by its hash: sketch, words, and the subject and day it was first met with."""
        source = self.engine.source(tables.TEMPLATES, self.snapshot.of("templates"))
        rows = self.engine.rows(
            f"SELECT template, sketch, words, day, subject FROM {source} t WHERE template = {template}"
            " ORDER BY day, id_hi, id_lo LIMIT 1"
        )
        return Template(*rows[0]) if rows else None

    def session(self, id_hi: int, id_lo: int) -> dict[str, int] | None:
        """The row of ``tables.SESSIONS`` of a sighting, by column."""
        source = self.engine.source(tables.SESSIONS, self.snapshot.of("sessions"))
        names = tables.SESSIONS.names
        rows = self.engine.rows(
            f"SELECT {', '.join(names)} FROM {source} s WHERE id_hi = {id_hi} AND id_lo = {id_lo} LIMIT 1"
        )
        return dict(zip(names, rows[0], strict=True)) if rows else None


def _place(prefix: str, ipv6_bits: int) -> str:
    """One number for an IPv4 address or an IPv6 network: no network of ours begins with the ffff of the former."""
    hi, lo = f"{prefix}addr_hi", f"{prefix}addr_lo"
    return f"CASE WHEN {hi} = 0 THEN {lo} ELSE {hi} >> {64 - ipv6_bits} END"


def _source(address: Address, days: list[tuple[int, ...]], score: float) -> Source:
    active = [day for day, *_ in days]
    gap = max((after - before - 1 for before, after in pairwise(active)), default=0)
    messages, witnesses = (sum(day[place] for day in days) for place in (1, 2))
    weeks = len({_week(day) for day in active})
    asn, country = days[-1][3:]
    return Source(address, messages, len(active), weeks, active[0], active[-1], gap, witnesses, asn, country, score)


_NEVER = -(1 << 63)


def _newest_first(row: Sighting) -> tuple[int, int, int]:
    return (1 << 62 if row.seen_at is None else -row.seen_at), row.id_hi, row.id_lo


def _span(column: str, since: int | None, until: int | None) -> str:
    parts = [f"{column} >= {since}"] if since is not None else []
    parts += [f"{column} < {until}"] if until is not None else []
    return " AND ".join(parts) or "true"


def _filters(
    since: int | None, until: int | None, kinds: Sequence[int], country: int | None, asn: int | None,
    anyone: bool = False,
) -> str:  # fmt: skip
    parts = [_span("day", since, until), f"kind IN ({', '.join(str(int(kind)) for kind in kinds) or 'NULL'})"]
    parts += ["addr_lo <> 0"] if not anyone else []
    parts += [f"country = {country}"] if country is not None else []
    parts += [f"asn = {asn}"] if asn is not None else []
    return " AND ".join(parts)


def within(network: Network | None, prefix: str = "") -> str:
    if network is None:
        return "true"
    first, last = network.first, network.last
    hi, lo = f"{prefix}addr_hi", f"{prefix}addr_lo"
    if network.bits > 64:
        return f"{hi} = {first.hi} AND {lo} BETWEEN {first.lo} AND {last.lo}"
    return f"{hi} BETWEEN {first.hi} AND {last.hi}"


def _week(day: int) -> int:
    return (day + 3) // 7


def _month(day: int) -> str:
    return to_datetime(day * DAY).strftime("%Y-%m")
