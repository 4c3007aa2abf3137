"""What is past its time goes: each class of row for itself, by when we took it in.

Age counts from ``ingested_at``, for an old archive that is imported today is new to us. Sums outlive their
rows: by address and day for what was scored, by network and day for good and unsorted mail. A message that a
listing, report or case rests on is pinned: its bytes stay until that is closed and a while after.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import Connection, insert, select, update

from junkhound import tables
from junkhound.kernel.clock import DAY
from junkhound.ledger import anew, complaints, rewrite, rollups, schema, state
from junkhound.ledger.compaction import Compaction
from junkhound.ledger.listing_tables import pins
from junkhound.ledger.manifest import Draft
from junkhound.ledger.snapshot import LASTING, Partition, Stored
from junkhound.tables import Kind

if TYPE_CHECKING:
    from junkhound.ledger.ledger import Ledger, Progress

SLACK = 31 * DAY  # an object is made again for a few old rows only when they are this much overdue
ORPHAN_S = 86_400  # a file that nothing names is left alone this long: its commit may be under way
_SPARSE = f"o.kind IN ({int(Kind.GOOD)}, {int(Kind.UNSORTED)})"


class Retention:
    """One round of letting go, as of ``at``."""

    def __init__(
        self, ledger: Ledger, at: int, progress: Progress | None = None, renew: Callable[[], None] = lambda: None
    ) -> None:
        self.ledger = ledger
        self.engine = ledger.engine
        self.settings = ledger.config.retention
        self.at = at
        self.renew = renew
        self.compaction = Compaction(ledger, at, progress)  # lends its swaps

    def run(self) -> dict[str, int]:
        """Let go of every class; how many of each went."""
        return {
            "raw": self._raw(),
            "sessions": self._sides(),
            "sightings": self._rows(),
            "templates": self._texts(),
            "orphans": self._orphans(),
        }

    def _before(self, days: int) -> int:
        return self.at - days * DAY

    # -- raw mail ---------------------------------------------------------------------------------------------

    def _raw(self) -> int:
        """Erase mails of old packs that nobody pinned; their leaves stay, so the log still proves itself."""
        table = schema.segments
        with state.reading(self.ledger.state) as connection:
            old = connection.execute(
                select(table.c.segment, table.c.name, table.c.mails).where(
                    table.c.pack.is_not(None), table.c.dropped_at.is_(None),
                    table.c.committed_at < self._before(self.settings.raw_days),
                )
            ).all()  # fmt: skip
        erased = 0
        for segment, name, mails in old:
            pinned = self._pinned(int(segment))
            erased += self.ledger.packs.erase(str(name), set(range(int(mails))) - pinned)
            if not pinned:
                with state.writing(self.ledger.state) as connection:
                    connection.execute(update(table).where(table.c.segment == segment).values(dropped_at=self.at))
        return erased

    def _pinned(self, segment: int) -> set[int]:
        closed = self._before(self.settings.pinned_days)
        query = select(pins.c.ordinal).where(
            pins.c.segment == segment, pins.c.closed_at.is_(None) | (pins.c.closed_at >= closed)
        )
        with state.reading(self.ledger.state) as connection:
            return {int(ordinal) for ordinal in connection.execute(query).scalars()}

    # -- keys and sessions ------------------------------------------------------------------------------------

    def _sides(self) -> int:
        """Keys and sessions of sightings that we took in long ago."""
        before = self._before(self.settings.sessions_days)
        gone = 0
        for place, held in self._partitions("sightings"):
            oldest, newest = self._span(held)
            sides = [s for s in self.snapshot.objects if s.partition == place and s.name in ("keys", "sessions")]
            if not sides or oldest >= before or (newest >= before and oldest >= before - SLACK):
                continue
            source = self.engine.source(tables.SIGHTINGS, held)
            old = (
                f"EXISTS (SELECT 1 FROM {source} s WHERE s.id_hi = o.id_hi AND s.id_lo = o.id_lo"
                f" AND s.ingested_at < {before})"
            )
            with self.compaction.swapping() as draft:
                for stored in sides:
                    table = tables.KEYS if stored.name == "keys" else tables.SESSIONS
                    gone += self._lessen(draft, table, stored, old if newest >= before else "true")
        return gone

    def _lessen(self, draft: Draft, table: tables.Table, stored: Stored, condition: str) -> int:
        draft.remove.append(stored.number)
        rest = rewrite.without(self.engine, table, stored, condition) if condition != "true" else None
        if rest is not None:
            draft.add.append(rest)
        return stored.rows - (rest.rows if rest is not None else 0)

    # -- sightings --------------------------------------------------------------------------------------------

    def _rows(self) -> int:
        """Rows past their time become sums that last."""
        long_ago, lately = self._before(self.settings.sightings_days), self._before(self.settings.good_days)
        gone = 0
        for place, held in self._partitions("sightings"):
            oldest, newest = self._span(held)
            late = oldest < long_ago and (newest < long_ago or oldest < long_ago - SLACK)
            parts = [f"o.ingested_at < {long_ago}"] if late else []
            if oldest < lately:
                parts.append(f"({_SPARSE} AND o.ingested_at < {lately})")
            if parts:
                gone += self._let_go(place, held, " OR ".join(parts))
        return gone

    def _let_go(self, place: Partition, held: list[Stored], condition: str) -> int:
        counts = dict.fromkeys((stored.number for stored in held), 0)
        for stored in held:
            source = self.engine.source(tables.SIGHTINGS, [stored])
            counts[stored.number] = int(self.engine.rows(f"SELECT count(*) FROM {source} o WHERE {condition}")[0][0])
        touched = [stored for stored in held if counts[stored.number]]
        if not touched:
            return 0
        with self.compaction.swapping() as draft:
            source = self.engine.source(tables.SIGHTINGS, touched)
            month, bucket, buckets = place
            for table, sql in (
                (tables.COLD, rollups.cold(source, f"({condition}) AND NOT {_SPARSE}")),
                (tables.NETWORKS, _by_network(rollups.cold(source, f"({condition}) AND {_SPARSE}"))),
            ):
                sums = rewrite.write_query(self.engine, table, sql, month, bucket, buckets) if month != "none" else None
                if sums is not None:
                    draft.add.append(msgspec.structs.replace(sums, segment=LASTING))
            for stored in touched:
                self._lessen(draft, tables.SIGHTINGS, stored, condition)
            rollups.renew(self.engine, self.snapshot, draft, place)
        return sum(counts.values())

    # -- texts ------------------------------------------------------------------------------------------------

    def _texts(self) -> int:
        """Templates that no sighting has used for long, names whose keys are gone, units that no mail has."""
        self.snapshot = self.ledger.snapshot()
        before = self._before(self.settings.templates_days)
        sightings = self.engine.source(tables.SIGHTINGS, self.snapshot.of("sightings"))
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        gone = 0
        for table, used in (
            (tables.TEMPLATES, f"SELECT s.template FROM {sightings} s WHERE s.ingested_at >= {before}"),
            (tables.NAMES, f"SELECT k.key FROM {keys} k"),
            (tables.UNITS, f"SELECT s.template FROM {sightings} s UNION ALL SELECT k.key FROM {keys} k"),
        ):
            column = {"templates": "template", "names": "key", "units": "unit"}[table.name]
            old = f"o.day < {before // DAY} AND o.{column} NOT IN ({used})"
            for stored in self.snapshot.of(table.name):
                source = self.engine.source(table, [stored])
                (count,) = self.engine.rows(f"SELECT count(*) FROM {source} o WHERE {old}")[0]
                if count:
                    with self.compaction.swapping() as draft:
                        gone += self._lessen(draft, table, stored, old)
        return gone

    # -- files that nothing names -----------------------------------------------------------------------------

    def _orphans(self) -> int:
        """Objects that were put and never committed: their writer died."""
        with state.reading(self.ledger.state) as connection:
            named = set(connection.execute(select(schema.objects.c.path)).scalars())
        gone = 0
        for folder in ("fresh", "sightings", "rollup", "templates", "campaigns"):
            for path, _ in list(self.ledger.store.list(folder)):
                place = self.ledger.store.local(path)
                if path in named or place is None or time.time() - place.stat().st_mtime < ORPHAN_S:
                    continue
                self.ledger.store.delete(path)
                gone += 1
        return gone

    # -- helpers ----------------------------------------------------------------------------------------------

    def _partitions(self, name: str) -> Iterator[tuple[Partition, list[Stored]]]:
        """Months and buckets with their objects, each as it stands when its turn comes."""
        places = dict.fromkeys(s.partition for s in self.ledger.snapshot().of(name) if not s.fresh)
        for place in places:
            self.renew()
            self.snapshot = self.ledger.snapshot()
            yield place, [s for s in self.snapshot.of(name) if s.partition == place]

    def _span(self, held: Iterable[Stored]) -> tuple[int, int]:
        source = self.engine.source(tables.SIGHTINGS, held)
        row = self.engine.rows(f"SELECT min(ingested_at), max(ingested_at) FROM {source}")[0]
        return (int(row[0]), int(row[1])) if row[0] is not None else (self.at, self.at)


def _by_network(sums: str) -> str:
    """COLD rows folded to the /24 or /48."""
    return (
        "SELECT (CASE WHEN addr_hi = 0 THEN 0 ELSE (addr_hi >> 16) << 16 END)::UBIGINT AS addr_hi,"
        " (CASE WHEN addr_hi = 0 THEN (addr_lo >> 8) << 8 ELSE 0 END)::UBIGINT AS addr_lo, day, kind,"
        " sum(messages)::UINTEGER AS messages, max(asn) AS asn, max(country) AS country"
        f" FROM ({sums}) GROUP BY ALL"
    )


def forget(ledger: Ledger, segment: int, ordinal: int, reason: str, at: int) -> None:
    """Erase one mail for good: its bytes, salt, row, keys and session; a tombstone says that there was one.

    The leaf stays, so the log still proves what is left.
    """
    ledger.packs.erase(f"{segment:016x}", {ordinal})
    source = ledger.engine.source(tables.SIGHTINGS, ledger.snapshot().of("sightings"))
    ids = ledger.engine.columns(
        f"SELECT id_hi, id_lo FROM {source} o WHERE o.segment = {segment} AND o.ordinal = {ordinal}"
    )
    ledger.manifest.swap(
        anew.removal(ledger.engine, ledger.snapshot(), ids["id_hi"], ids["id_lo"]),
        lambda connection: _gone(connection, segment, ordinal, reason, at),
    )


def _gone(connection: Connection, segment: int, ordinal: int, reason: str, at: int) -> None:
    connection.execute(
        insert(schema.tombstones).values(at=at, what="mail", segment=segment, ordinal=ordinal, reason=reason)
    )
    complaints.forget(connection, segment, ordinal)
