"""Fresh rows sorted into months and buckets, and the roll-ups that follow from them.

Every step writes new objects first and then swaps them for the old ones in one manifest transaction: a reader
holds either all of the old or all of the new, and a crash leaves at worst files that nothing names. Objects of
one month and bucket are merged by size, four of a kind at a time, so a row is rewritten a few times in its life.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from junkhound import tables
from junkhound.kernel.clock import DAY
from junkhound.ledger import ids, orphans, rewrite, rollups
from junkhound.ledger.entry import ObjectEntry
from junkhound.ledger.manifest import Conflict, Draft
from junkhound.ledger.snapshot import Partition, Snapshot, Stored, bucket_sql
from junkhound.tables import Table

if TYPE_CHECKING:
    from junkhound.ledger.ledger import Ledger, Progress

BATCH_ROWS = 400_000  # fresh rows laid out at a time: what this takes is the most memory of a large ingest
BUCKET_ROWS = 1 << 20  # an object should hold a million rows: more buckets only when each still would
GRACE_US = 3600 * 1_000_000  # readers of an older snapshot have this long
_TIMES = (0, 230 * 365 * DAY)  # seen_at outside of 1970 to 2200 is not put into a month of its own


def buckets_for(rows: int) -> int:
    """How many buckets a month of so many rows has: 1, 16 or 256."""
    return 256 if rows >= 256 * BUCKET_ROWS else 16 if rows >= 16 * BUCKET_ROWS else 1


class Compaction:
    """One round of compaction over a ledger; ``run`` may be killed anywhere and called again."""

    def __init__(
        self, ledger: Ledger, at: int, progress: Progress | None = None, renew: Callable[[], None] = lambda: None
    ) -> None:
        self.ledger = ledger
        self.engine = ledger.engine
        self.manifest = ledger.manifest
        self.at = at
        self.progress = progress or (lambda words, done, total: None)
        self.renew = renew  # called between steps, so that a long round keeps its lease
        self.written = 0

    def run(self, full: bool = False) -> int:
        """Everything that is due; returns how many objects were written."""
        self._repeat(self._lay_out_fresh)
        self._repeat(self._lay_out_again)
        self._repeat(lambda: self._merge(full))
        self._repeat(lambda: self._gather(full))
        self._repeat(self._renew_hot)
        self._repeat(lambda: self.manifest.merge_ids(self.engine.scratch, full))
        for path in self.manifest.sweep(time.time_ns() // 1000 - GRACE_US):
            self.engine.forget(path)
        for path in orphans.collect(self.ledger):
            self.engine.forget(path)
        return self.written

    def _repeat(self, step: Callable[[], bool]) -> None:
        """Call ``step`` until it has nothing left; start over where somebody else changed the objects meanwhile."""
        conflicts = 0
        while True:
            self.renew()
            try:
                if not step():
                    return
            except Conflict:
                conflicts += 1
                if conflicts > 9:
                    raise

    @contextmanager
    def swapping(self) -> Iterator[Draft]:
        """Collect objects, then swap them in; what was written is deleted if that fails."""
        draft = Draft()
        try:
            yield draft
            if draft.remove or draft.add:
                self.manifest.swap(draft.swap())
                self.written += len(draft.add)
        except Exception:
            for entry in draft.add:
                self.ledger.store.delete(entry.path)
            raise

    # -- months and buckets -----------------------------------------------------------------------------------

    def _lay_out_fresh(self) -> bool:
        snapshot = self.ledger.snapshot()
        fresh = sorted((s for s in snapshot.of("sightings") if s.fresh), key=lambda s: s.number)
        if not fresh:
            return False
        left = sum(stored.rows for stored in fresh)
        self.progress("compact", snapshot.rows("sightings") - left, snapshot.rows("sightings"))
        self._lay_out(snapshot, _first(fresh, BATCH_ROWS))
        return True

    def _lay_out_again(self) -> bool:
        """Give a month that has grown its new number of buckets."""
        snapshot = self.ledger.snapshot()
        months: dict[str, list[Stored]] = {}
        for stored in snapshot.of("sightings"):
            if not stored.fresh and stored.bucket >= 0:
                months.setdefault(stored.month, []).append(stored)
        for held in months.values():
            wanted = buckets_for(sum(stored.rows for stored in held))
            old = [stored for stored in held if stored.buckets < wanted]
            if old:
                self._lay_out(snapshot, old)
                return True
        return False

    def _lay_out(self, snapshot: Snapshot, sources: Sequence[Stored]) -> None:
        """Write the rows of these sightings objects, and what belongs to them, by month and bucket."""
        run = self.engine.run
        sides = [(table, _beside(snapshot, table, sources)) for table in (tables.KEYS, tables.SESSIONS)]
        try:
            self._load(snapshot, sources)
            partitions = [(str(m), int(b), int(n)) for m, b, n in run(_PARTITIONS).fetchall()]
            self._mark_repeats(snapshot, sources)
            for table, stored in sides:
                run(
                    f"CREATE OR REPLACE TEMP TABLE laid_{table.name} AS SELECT k.*, b.month, b.bucket"
                    f" FROM {self.engine.source(table, stored)} k JOIN laid b USING (id_hi, id_lo)"
                )
            with self.swapping() as draft:
                draft.remove += [s.number for s in sources] + [s.number for _, held in sides for s in held]
                for place in partitions:
                    for table, name in ((tables.SIGHTINGS, "laid"), (tables.KEYS, "laid_keys"), _SESSIONS):
                        self._write(draft, table, f"SELECT * FROM {name} WHERE month = ? AND bucket = ?", *place)
                    self.progress(f"compact {place[0]}", 0, 0)
                for place in dict.fromkeys([*partitions, *(s.partition for s in sources if not s.fresh)]):
                    rollups.renew(self.engine, snapshot, draft, place)
        finally:
            for name in ("laid", "laid_keys", "laid_sessions", "month_buckets", "repeats"):
                run(f"DROP TABLE IF EXISTS {name}")

    def _load(self, snapshot: Snapshot, sources: Sequence[Stored]) -> None:
        """Rows of the sources with month and bucket, in a table that spills."""
        low, high = _TIMES
        source = self.engine.source(tables.SIGHTINGS, sources)
        month = (
            f"CASE WHEN o.seen_at >= {low} AND o.seen_at < {high}"
            " THEN strftime(make_timestamp(o.seen_at), '%Y-%m') ELSE 'none' END"
        )
        counts = self.engine.rows(f"SELECT {month} AS month, count(*) FROM {source} o GROUP BY 1")
        ours = {stored.number for stored in sources}
        totals = {str(name): int(rows) for name, rows in counts}
        for stored in snapshot.of("sightings"):
            if stored.month in totals and stored.number not in ours:
                totals[stored.month] += stored.rows
        buckets = {name: buckets_for(rows) if name != "none" else 1 for name, rows in totals.items()}
        given = pa.table({"month": list(buckets), "buckets": pa.array(buckets.values(), pa.int32())})
        self.engine.connection().register("given_buckets", given)
        self.engine.run("CREATE OR REPLACE TEMP TABLE month_buckets AS SELECT * FROM given_buckets")
        self.engine.connection().unregister("given_buckets")
        self.engine.run(
            f"CREATE OR REPLACE TEMP TABLE laid AS SELECT o.*, m.month, m.buckets, {bucket_sql('m.buckets')} AS bucket"
            f" FROM {source} o JOIN month_buckets m ON m.month = {month}"
        )

    def _mark_repeats(self, snapshot: Snapshot, sources: Sequence[Stored]) -> None:
        """Set ``resend`` where the same client brought the same mail for the same recipients within 24 h."""
        run = self.engine.run
        span = run(
            "SELECT min(coalesce(seen_at, ingested_at)), max(coalesce(seen_at, ingested_at)) FROM laid"
            " WHERE repeat <> 0"
        ).fetchone()
        if span is None or span[0] is None:
            return
        ours = {stored.number for stored in sources}
        near = [s for s in snapshot.of("sightings", span[0] - DAY, span[1] + 1) if s.number not in ours and not s.fresh]
        moment = "coalesce(seen_at, ingested_at)"
        columns = f"repeat, {moment} AS moment, id_hi, id_lo"
        older = self.engine.source(tables.SIGHTINGS, near)
        run(
            "CREATE OR REPLACE TEMP TABLE repeats AS SELECT id_hi, id_lo FROM ("
            f" SELECT *, lag(moment) OVER (PARTITION BY repeat ORDER BY moment, id_hi, id_lo) AS before FROM ("
            f"  SELECT {columns} FROM laid WHERE repeat <> 0 UNION ALL"
            f"  SELECT {columns} FROM {older} o WHERE repeat <> 0 AND {moment} >= {span[0] - DAY}"
            "   AND repeat IN (SELECT repeat FROM laid WHERE repeat <> 0)))"
            f" WHERE moment - before <= {DAY}"
        )
        run("UPDATE laid SET resend = 1 FROM repeats r WHERE laid.id_hi = r.id_hi AND laid.id_lo = r.id_lo")

    def _write(self, draft: Draft, table: Table, sql: str, month: str, bucket: int, buckets: int) -> ObjectEntry | None:
        parameters = (month, bucket) if "?" in sql else ()
        entry = rewrite.write_query(self.engine, table, sql, month, bucket, buckets, parameters)
        if entry is not None:
            draft.add.append(entry)
        return entry

    # -- merging ----------------------------------------------------------------------------------------------

    def _merge(self, full: bool) -> bool:
        """Merge the first objects of one table, month and bucket that are due."""
        snapshot = self.ledger.snapshot()
        for table in (tables.SIGHTINGS, tables.KEYS, tables.SESSIONS):
            groups: dict[Partition, list[Stored]] = {}
            for stored in snapshot.of(table.name):
                if not stored.fresh:
                    groups.setdefault(stored.partition, []).append(stored)
            for (month, bucket, buckets), held in groups.items():
                several = _due(held, full)
                if several:
                    with self.swapping() as draft:
                        draft.remove += [stored.number for stored in several]
                        self._write(
                            draft, table, f"SELECT * FROM {self.engine.source(table, several)}", month, bucket, buckets
                        )
                    self.progress(f"merge {month}", 0, 0)
                    return True
        return False

    def _gather(self, full: bool) -> bool:
        """Names, templates and units, each key once: fresh ones into one object, those of a size into a bigger one."""
        snapshot = self.ledger.snapshot()
        for table, once in ((tables.NAMES, _ONE_NAME), (tables.TEMPLATES, _ONE_TEMPLATE), (tables.UNITS, _ONE_UNIT)):
            held = snapshot.of(table.name)
            several = [stored for stored in held if stored.fresh] or _due(held, full)
            if several:
                with self.swapping() as draft:
                    draft.remove += [stored.number for stored in several]
                    self._write(draft, table, once.format(self.engine.source(table, several)), "all", 0, 1)
                return True
        return False

    # -- the days before `at` ---------------------------------------------------------------------------------

    def _renew_hot(self) -> bool:
        snapshot = self.ledger.snapshot()
        since, until = self.at - rollups.HOT_DAYS * DAY, self.at + 1
        old = snapshot.of("hot")
        source = self.engine.source(tables.SIGHTINGS, snapshot.of("sightings", since, until))
        rows = sum(stored.rows for stored in snapshot.of("sightings", since, until))
        buckets = buckets_for(rows)
        with self.swapping() as draft:
            draft.remove += [stored.number for stored in old]
            sql = rollups.hot(source, since, until)
            for bucket in range(buckets):
                only = f"SELECT * FROM ({sql}) WHERE {bucket_sql(str(buckets))} = {bucket}" if buckets > 1 else sql
                self._write(draft, tables.HOT, only, "all", bucket, buckets)
        return False


_PARTITIONS = "SELECT DISTINCT month, bucket, buckets FROM laid ORDER BY month, bucket"
_SESSIONS = (tables.SESSIONS, "laid_sessions")
_ONE_NAME = "SELECT kind, key, arg_min(name, (day, name)) AS name, min(day) AS day FROM {} GROUP BY kind, key"
_ONE_UNIT = "SELECT * FROM {} QUALIFY row_number() OVER (PARTITION BY unit ORDER BY made_at DESC, campaign DESC) = 1"
_ONE_TEMPLATE = "SELECT * FROM {} QUALIFY row_number() OVER (PARTITION BY template ORDER BY day, id_hi, id_lo) = 1"


def _first(fresh: Sequence[Stored], rows: int) -> list[Stored]:
    """The oldest objects, up to so many rows; at least one."""
    taken: list[Stored] = []
    for stored in fresh:
        if taken and rows < stored.rows:
            break
        taken.append(stored)
        rows -= stored.rows
    return taken


def _beside(snapshot: Snapshot, table: Table, sources: Iterable[Stored]) -> list[Stored]:
    """The objects of a side table that belong to these sightings objects."""
    segments = {s.segment for s in sources if s.fresh}
    places = {s.partition for s in sources if not s.fresh}
    return [s for s in snapshot.of(table.name) if (s.segment in segments if s.fresh else s.partition in places)]


def _due(held: Sequence[Stored], full: bool) -> list[Stored]:
    """Objects that should become one: the first tier of four, or all of them."""
    if full:
        return list(held) if len(held) > 1 else []
    names = set(ids.due([(str(stored.number), stored.rows) for stored in held], 1 << 62))
    return [stored for stored in held if str(stored.number) in names]
