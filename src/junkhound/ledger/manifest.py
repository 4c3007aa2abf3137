"""The manifest: one transaction decides what counts, and every segment counts once."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import Connection, Engine, delete, insert, select, update

from junkhound.kernel.errors import DataError, Temporary
from junkhound.ledger import complaints, ids, schema, state
from junkhound.ledger.entry import ObjectEntry, PackEntry, UnitEntry
from junkhound.ledger.ids import U64, IdFile, IdIndex
from junkhound.ledger.store import Store

_MERGE_NOW = 1 << 21  # more ids than this are merged by compaction, outside of a commit

Seal = Callable[[Connection, PackEntry, int], None]


class Duplicates(Temporary):
    """Sightings that somebody else committed since they were checked: run these units again without them.

    ``ids`` maps a segment to an (n, 2) array of id halves, ``ordinals`` to their places in the segment. The
    refused objects are gone from the store.
    """

    def __init__(self, found: Mapping[int, tuple[U64, tuple[int, ...]]]) -> None:
        total = sum(len(ordinals) for _, ordinals in found.values())
        super().__init__(f"{total} sightings are known by now", "run the unit again without them")
        self.ids = {segment: pairs for segment, (pairs, _) in found.items()}
        self.ordinals = {segment: ordinals for segment, (_, ordinals) in found.items()}


class Conflict(Temporary):
    """Objects that were to be replaced have left the manifest meanwhile: look again and repeat."""


class Committed(msgspec.Struct, frozen=True):
    """What a commit did: the manifest sequence, segments now in the manifest and those that already were."""

    seq: int
    segments: tuple[int, ...]
    known: tuple[int, ...]
    rows: int


class Swap(msgspec.Struct, frozen=True):
    """Objects that leave the manifest together (by number), and those that take their place."""

    remove: tuple[int, ...]
    add: tuple[ObjectEntry, ...]


NOTHING = Swap((), ())


class Draft:
    """A swap while it grows."""

    def __init__(self) -> None:
        self.remove: list[int] = []
        self.add: list[ObjectEntry] = []

    def swap(self) -> Swap:
        """What it has come to, each object once."""
        return Swap(tuple(dict.fromkeys(self.remove)), tuple(self.add))


class _Unit(msgspec.Struct, frozen=True):
    entry: UnitEntry
    hi: U64
    lo: U64
    ordinals: np.ndarray[Any, Any]


class Manifest:
    """Commits, swaps and the index of known ids over one state database and store."""

    def __init__(self, engine: Engine, store: Store, place: Callable[[str], Any]) -> None:
        self.engine = engine
        self.store = store
        self.index = IdIndex()
        self._place = place
        self._seen_seq = -1

    # -- what is known ----------------------------------------------------------------------------------------

    def refresh(self, connection: Connection | None = None) -> None:
        """Hold the id files of now."""
        if connection is None:
            with state.reading(self.engine) as reader:
                self.refresh(reader)
            return
        seq = state.counter(connection, "manifest")
        if seq != self._seen_seq:
            self._hold(self._id_files(connection))
            self._seen_seq = seq

    def _hold(self, files: Iterable[tuple[str, int]]) -> None:
        self.index.hold((path, self._place(path)) for path, _ in files)

    def _id_files(self, connection: Connection) -> list[tuple[str, int]]:
        table = schema.objects
        query = select(table.c.path, table.c.rows).where(table.c.name == "ids", table.c.removed.is_(None))
        return [(str(path), int(rows)) for path, rows in connection.execute(query)]

    # -- commit -----------------------------------------------------------------------------------------------

    def commit(
        self, entries: Sequence[UnitEntry], seal: Seal, swap: Swap = NOTHING, anew: Mapping[int, int] | None = None
    ) -> Committed:
        """Make these units count, all or none, in one transaction.

        A segment that is in the manifest already is left out, unless mail of some intakes is judged ``anew`` (intake
        number -> analysis): then its rows are taken, and ``swap`` removes the old ones in the same transaction.

        Errors: Duplicates (nothing is committed), Conflict, DataError for a unit that holds one id twice.
        """
        units = [self._unit(entry) for entry in {entry.segment: entry for entry in entries}.values()]
        replacing = anew is not None
        now = time.time_ns() // 1000
        with state.writing(self.engine) as connection:
            here = _present(connection, [unit.entry.segment for unit in units])
            todo = [unit for unit in units if replacing or unit.entry.segment not in here]
            if not todo and not swap.remove:
                return Committed(state.counter(connection, "manifest"), (), tuple(here), 0)
            self.refresh(connection)
            seq = state.bump(connection, "manifest")
            self._swap(connection, swap, seq, now)
            new = self._new_ids(todo, replacing)
            _forget(connection, here, anew or {})
            for unit in todo:
                self._record(connection, unit.entry, seq, now, unit.entry.segment in here)
                if unit.entry.pack is not None and unit.entry.segment not in here:
                    seal(connection, unit.entry.pack, now)
            merged = self._add_ids(connection, new, seq, now)
            state.bump(connection, "change")
        self._hold(merged)
        self._seen_seq = seq
        return Committed(
            seq, tuple(unit.entry.segment for unit in todo), tuple(here), sum(unit.entry.rows for unit in todo)
        )

    def ids_of(self, entries: Sequence[UnitEntry]) -> tuple[U64, U64]:
        """Ids of all sightings of these units."""
        units = [self._unit(entry) for entry in entries]
        if not units:
            return np.empty(0, np.uint64), np.empty(0, np.uint64)
        return np.concatenate([unit.hi for unit in units]), np.concatenate([unit.lo for unit in units])

    def _unit(self, entry: UnitEntry) -> _Unit:
        hi, lo, ordinals = self._rows_of(entry)
        ordered_hi, ordered_lo = ids.order(hi, lo)
        if ((ordered_hi[1:] == ordered_hi[:-1]) & (ordered_lo[1:] == ordered_lo[:-1])).any():
            raise DataError(f"segment {entry.segment_name}: one sighting id stands there twice")
        return _Unit(entry, hi, lo, ordinals)

    def _rows_of(self, entry: UnitEntry) -> tuple[U64, U64, np.ndarray[Any, Any]]:
        """Ids and ordinals as the unit says them, else as they stand in its objects."""
        count = len(entry.ids) // 20
        if count and count == entry.rows and len(entry.ids) == 20 * count:
            hi, lo = np.frombuffer(entry.ids, "<u8", 2 * count).reshape(2, count).astype(np.uint64, copy=False)
            return hi, lo, np.frombuffer(entry.ids, "<u4", count, 16 * count)
        import pyarrow as pa

        from junkhound.ledger import objects

        columns = [
            objects.read(self.store, stored.path, ("id_hi", "id_lo", "ordinal"))
            for stored in entry.objects
            if stored.table == "sightings"
        ]
        if not columns:
            empty = np.empty(0, np.uint64)
            return empty, empty, empty
        rows = pa.concat_tables(columns)
        hi, lo = (rows[name].to_numpy().astype(np.uint64, copy=False) for name in ("id_hi", "id_lo"))
        return hi, lo, rows["ordinal"].to_numpy()

    def _new_ids(self, units: Sequence[_Unit], replacing: bool) -> tuple[U64, U64]:
        """Ids that the index lacks. Errors: Duplicates, where a known one does not replace an old row."""
        repeated: dict[int, tuple[U64, tuple[int, ...]]] = {}
        hi: U64 = np.empty(0, np.uint64)
        lo: U64 = np.empty(0, np.uint64)
        for unit in units:
            known = self.index.known(unit.hi, unit.lo)
            by = np.argsort(unit.hi, kind="stable")
            here = np.empty(len(known), np.bool_)
            here[by] = ids.find(hi, lo, unit.hi[by], unit.lo[by])
            clash = here if replacing else here | known
            if clash.any():
                pairs = np.stack([unit.hi[clash], unit.lo[clash]], 1)
                repeated[unit.entry.segment] = (pairs, tuple(int(o) for o in unit.ordinals[clash]))
            new = ~(known | here)
            hi, lo = ids.order(np.concatenate([hi, unit.hi[new]]), np.concatenate([lo, unit.lo[new]]))
        if repeated:
            for unit in units:
                if unit.entry.segment in repeated:
                    for stored in unit.entry.objects:
                        self.store.delete(stored.path)
            raise Duplicates(repeated)
        return hi, lo

    def _record(self, connection: Connection, entry: UnitEntry, seq: int, now: int, again: bool) -> None:
        if not again:
            pack = entry.pack
            connection.execute(
                insert(schema.segments).values(
                    segment=entry.segment, name=entry.segment_name, committed_at=now, rows=entry.rows,
                    counts=msgspec.json.encode(entry.counts).decode(), pack=pack.path if pack else None,
                    mails=pack.mails if pack else 0, size=pack.size if pack else 0,
                )
            )  # fmt: skip
        table = schema.intakes
        for intake, _, _ in entry.intakes:
            connection.execute(delete(table).where(table.c.segment == entry.segment, table.c.intake == intake))
        if entry.intakes:
            connection.execute(
                insert(table),
                [
                    {"segment": entry.segment, "intake": intake, "analysis": analysis, "rows": rows}
                    for intake, analysis, rows in entry.intakes
                ],
            )
        names = [{"number": number, "kind": kind, "name": name} for number, kind, name in entry.names]
        state.insert_new(connection, schema.names, names)
        complaints.record(connection, entry)
        self._add(connection, entry.objects, seq, entry.segment)

    def _add(
        self, connection: Connection, entries: Iterable[ObjectEntry], seq: int, segment: int | None = None
    ) -> None:
        rows = [
            {
                "path": e.path, "name": e.table, "rows": e.rows, "size": e.size, "seen_min": e.seen_min,
                "seen_max": e.seen_max, "month": e.month, "bucket": e.bucket, "buckets": e.buckets,
                "schema_version": e.schema_version, "segment": segment if segment is not None else e.segment,
                "added": seq,
            }
            for e in entries
        ]  # fmt: skip
        if rows:
            connection.execute(insert(schema.objects), rows)

    # -- ids --------------------------------------------------------------------------------------------------

    def _add_ids(self, connection: Connection, new: tuple[U64, U64], seq: int, now: int) -> list[tuple[str, int]]:
        """Put the new ids as a file, and merge files as long as four are of a size; returns what is live then."""
        files = dict(self._id_files(connection))
        if len(new[0]):
            path, count = self._put_ids(connection, new, seq)
            files[path] = count
        while several := ids.due(list(files.items()), _MERGE_NOW):
            union = ids.merge([IdFile(self._place(path)) for path in several])
            for path in several:
                del files[path]
            _drop(connection, schema.objects.c.path.in_(several), seq, now)
            path, count = self._put_ids(connection, union, seq)
            files[path] = count
        return list(files.items())

    def _put_ids(self, connection: Connection, both: tuple[U64, U64], seq: int) -> tuple[str, int]:
        entry, content = _ids_entry(*both)
        self.store.put(entry.path, content)
        self._add(connection, [entry], seq)
        return entry.path, entry.rows

    def merge_ids(self, scratch: Path, full: bool = False) -> bool:
        """Make four big id files one, if there are four of a size (``full``: all one); whether there were."""
        from junkhound.ledger.rewrite import adopt

        with state.reading(self.engine) as connection:
            files = self._id_files(connection)
            several = [path for path, _ in files] if full and len(files) > 1 else ids.due(files, 1 << 40)
            if not several:
                return False
            numbers = connection.execute(
                select(schema.objects.c.number).where(schema.objects.c.path.in_(several))
            ).scalars()
            remove = tuple(int(number) for number in numbers)
        path = f"sightings/ids/{secrets.token_hex(8)}.ids"
        part = scratch / f".{secrets.token_hex(8)}.ids"
        try:
            count = ids.merge_to([IdFile(self._place(name)) for name in several], part)
            size = part.stat().st_size
            adopt(self.store, part, path)
        finally:
            part.unlink(missing_ok=True)
        self.swap(Swap(remove, (ObjectEntry(path, "ids", count, size, month="all"),)))
        return True

    # -- swaps ------------------------------------------------------------------------------------------------

    def swap(self, swap: Swap, note: Callable[[Connection], object] | None = None) -> int:
        """Replace objects by others in one transaction; returns the manifest sequence. Errors: Conflict."""
        now = time.time_ns() // 1000
        with state.writing(self.engine) as connection:
            seq = state.bump(connection, "manifest")
            self._swap(connection, swap, seq, now)
            if note is not None:
                note(connection)
            state.bump(connection, "change")
        return seq

    def _swap(self, connection: Connection, swap: Swap, seq: int, now: int) -> None:
        for numbers in _slices(swap.remove):
            if _drop(connection, schema.objects.c.number.in_(numbers), seq, now) != len(numbers):
                raise Conflict("objects that were to be replaced were replaced meanwhile", "try again")
        self._add(connection, swap.add, seq)

    def sweep(self, before: int) -> list[str]:
        """Delete the files of objects that left the manifest before that moment; returns their paths."""
        table = schema.objects
        with state.reading(self.engine) as connection:
            gone = connection.execute(select(table.c.number, table.c.path).where(table.c.removed_at < before)).all()
        for _, path in gone:
            self.store.delete(path)
        for numbers in _slices([number for number, _ in gone]):
            with state.writing(self.engine) as connection:
                connection.execute(delete(table).where(table.c.number.in_(numbers)))
        return [str(path) for _, path in gone]


def _ids_entry(hi: U64, lo: U64) -> tuple[ObjectEntry, bytes]:
    content = ids.encode(hi, lo)
    path = f"sightings/ids/{secrets.token_hex(8)}.ids"
    return ObjectEntry(path, "ids", len(hi), len(content), month="all"), content


def _forget(connection: Connection, segments: Iterable[int], anew: Mapping[int, int]) -> None:
    """No segment that was judged anew is to be judged so again, even if nothing of an intake is left in it."""
    table = schema.intakes
    for intake, analysis in anew.items():
        which = (table.c.segment.in_(list(segments)), table.c.intake == intake, table.c.analysis != analysis)
        connection.execute(delete(table).where(*which))


def _drop(connection: Connection, which: Any, seq: int, now: int) -> int:
    table = schema.objects
    changed = connection.execute(
        update(table).where(which, table.c.removed.is_(None)).values(removed=seq, removed_at=now)
    )
    return int(changed.rowcount)


def _present(connection: Connection, segments: Sequence[int]) -> set[int]:
    column = schema.segments.c.segment
    found: set[int] = set()
    for some in _slices(segments):
        found.update(connection.execute(select(column).where(column.in_(some))).scalars())
    return found


def _slices(numbers: Sequence[int], size: int = 500) -> Iterable[Sequence[int]]:
    return (numbers[start : start + size] for start in range(0, len(numbers), size))
