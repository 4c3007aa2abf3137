"""The ledger of one home: what was seen, who saw it, where the bytes lie, and what is on a list."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, func, insert, select, update

from junkhound.kernel.config import Config
from junkhound.kernel.errors import NotFound, Temporary
from junkhound.ledger import home, schema, state
from junkhound.ledger.entry import PackEntry, UnitEntry
from junkhound.ledger.manifest import Committed, Conflict, Manifest, Swap
from junkhound.ledger.snapshot import Snapshot, take
from junkhound.ledger.spool import Spool
from junkhound.ledger.store import open_store
from junkhound.wire.pack import parse_seal

if TYPE_CHECKING:
    from junkhound.ledger.engine import Engine
    from junkhound.ledger.packs import Packs
    from junkhound.ledger.queries import Queries

LEASE_US = 600 * 1_000_000

Progress = Callable[[str, int, int], None]
"""What is being done, how many steps are done, how many there are."""


class Ledger:
    """One home, opened. Any number of processes may have it open at the same time."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.home = config.home
        home.prepare(self.home)
        self.state = state.open_state(config.store.state, self.home)
        home.check_revision(self.home, self.state)
        self.store = open_store(config.store.objects, self.home)
        self._last: Snapshot | None = None

    @classmethod
    def open(cls, config: Config) -> Ledger:
        """The ledger of the configured home, made at first use.

        Errors: ConfigError for a home of another version, Temporary where the disk or database refuses.
        """
        return cls(config)

    def close(self) -> None:
        """Let go of files and connections."""
        if "engine" in self.__dict__:
            self.engine.close()
        self.state.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def key(self) -> bytes:
        """The hub key: 32 secret bytes."""
        return home.hub_key(self.home)

    @cached_property
    def spool(self) -> Spool:
        """Segments that wait to be judged."""
        return Spool(self.home, self.config.store)

    @cached_property
    def packs(self) -> Packs:
        """Raw mail, sealed."""
        from junkhound.ledger.packs import Packs

        return Packs(self.store)

    @cached_property
    def engine(self) -> Engine:
        """DuckDB over the objects."""
        from junkhound.ledger.engine import Engine

        return Engine(self.store, self.home)

    @cached_property
    def manifest(self) -> Manifest:
        """What counts."""
        return Manifest(self.state, self.store, self._place)

    def _place(self, path: str) -> Path:
        return self.store.local(path) or self.engine.place(path)

    # -- writing ----------------------------------------------------------------------------------------------

    def commit(self, entries: Sequence[UnitEntry], supersede: Mapping[int, int] | None = None) -> Committed:
        """Make units count, exactly once; see ``Manifest.commit``.

        With ``supersede`` (intake number -> analysis number) the units hold rows judged anew: rows of the same
        ids leave all older objects in the same transaction. Give all units of one judgement together: each
        call reads every object once.
        """
        if supersede is None:
            return self.manifest.commit(entries, self._seal)
        return self._with_retries(lambda: self._supersede(entries, supersede))

    def _supersede(self, entries: Sequence[UnitEntry], anew: Mapping[int, int]) -> Committed:
        from junkhound.ledger.anew import removal

        hi, lo = self.manifest.ids_of(entries)
        swap = removal(self.engine, self.snapshot(), hi, lo)
        return self._swapping(swap, lambda: self.manifest.commit(entries, self._seal, swap, anew))

    def _swapping(self, swap: Swap, act: Callable[[], Committed]) -> Committed:
        try:
            return act()
        except BaseException:
            for entry in swap.add:
                self.store.delete(entry.path)
            raise

    @staticmethod
    def _with_retries(act: Callable[[], Committed]) -> Committed:
        for _ in range(9):
            try:
                return act()
            except Conflict:
                continue
        return act()

    def _seal(self, connection: Connection, pack: PackEntry, now: int) -> None:
        """Put the pack into the hub's one log; the caller's transaction keeps its end where we find it."""
        from junkhound.ledger import packs

        table = schema.seals
        newest = select(table.c.content).order_by(table.c.sequence.desc()).limit(1)
        content = connection.execute(newest).scalar()
        made = packs.seal(self.store, pack, None if content is None else parse_seal(bytes(content)), now)
        connection.execute(
            insert(table).values(
                sequence=made.sequence, segment=pack.segment, sealed_at=made.sealed_at, content=made.encode()
            )
        )

    def compact(self, at: int, full: bool = False, progress: Progress | None = None) -> int:
        """Sort fresh rows into months and buckets, renew the roll-ups, delete what was replaced long ago.

        Returns how many objects were written; 0, and nothing done, while another process is at it. ``at`` bounds
        the hot roll-up; ``full`` leaves one object for each month and bucket.
        """
        from junkhound.ledger.compaction import Compaction

        with self._alone() as renew:
            return Compaction(self, at, progress, renew).run(full) if renew else 0

    def retain(self, at: int, progress: Progress | None = None) -> dict[str, int]:
        """Let go of what is past its time by moment ``at``; how much of each class went.

        Empty, and nothing done, while another process compacts or lets go.
        """
        from junkhound.ledger.retention import Retention

        with self._alone() as renew:
            return Retention(self, at, progress, renew).run() if renew else {}

    @contextmanager
    def _alone(self) -> Iterator[Callable[[], None] | None]:
        """Nobody else rearranges objects meanwhile; gives what renews the lease, None if another holds it."""
        holder = _holder()

        def renew() -> None:
            now = time.time_ns() // 1000
            if not self.lease("rearranging", holder, now + LEASE_US, now):
                raise Conflict("another process rearranges the objects", "try again in a minute")

        try:
            renew()
        except Conflict:
            yield None
            return
        try:
            yield renew
        finally:
            self.release("rearranging", holder)

    # -- reading ----------------------------------------------------------------------------------------------

    def known(self, id_hi: NDArray[np.uint64], id_lo: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """For each id whether a committed sighting has it; exact as of now."""
        self.manifest.refresh()
        return self.manifest.index.known(id_hi, id_lo)

    def snapshot(self) -> Snapshot:
        """The objects of every table as of the newest commit."""
        self._last = take(self.state, self._last)
        return self._last

    def query(self, snapshot: Snapshot | None = None) -> Queries:
        """Questions to a snapshot (default: of now)."""
        from junkhound.ledger.queries import Queries

        return Queries(self.engine, snapshot or self.snapshot())

    def changes(self) -> int:
        """A counter that moves with every change of the state that running processes should see."""
        with state.reading(self.state) as connection:
            return state.counter(connection, "change")

    # -- numbers and names ------------------------------------------------------------------------------------

    def analysis(self, intake: str, code_version: int, settings_hash: str, settings: str = "") -> int:
        """The number of this analysis of an intake: code version and hash of its boundary settings.

        ``settings``, what the hash is of, is noted beside it: a command line may have given some, and they are asked
        for when a pinned mail is traced.
        """
        values = {"intake": intake, "code_version": code_version, "settings_hash": settings_hash}
        number = self._number(schema.analyses, values, values)
        if settings and home.get_meta(self.state, _note(number)) is None:
            with state.writing(self.state) as connection:
                state.insert_new(connection, schema.meta, [{"key": _note(number), "value": settings}])
        return number

    def analysis_note(self, number: int, intake: str) -> str | None:
        """The settings noted with an analysis of this intake; None where there are none."""
        table = schema.analyses
        with state.reading(self.state) as connection:
            query = select(table.c.number).where(table.c.number == number, table.c.intake == intake)
            known = connection.execute(query).first()
        return None if known is None else home.get_meta(self.state, _note(number))

    def judged(self) -> dict[str, int]:
        """The newest analysis that rows of each intake were judged under, by its name."""
        held, names = schema.intakes, schema.names
        with state.reading(self.state) as connection:
            query = select(names.c.name, func.max(held.c.analysis)).select_from(held)
            query = query.join(names, names.c.number == held.c.intake).group_by(names.c.name)
            return {str(name): int(analysis) for name, analysis in connection.execute(query)}

    def route_table(self, sha256: str, source: str, day: str, path: str = "") -> int:
        """The number of a dated route table, by the digest of its bytes."""
        values = {"sha256": sha256, "source": source, "day": day, "path": path}
        return self._number(schema.route_tables, {"sha256": sha256}, values)

    def route_tables(self) -> list[Any]:
        """All route tables (number, sha256, source, day, path), oldest first."""
        with state.reading(self.state) as connection:
            table = schema.route_tables
            return list(connection.execute(select(table).order_by(table.c.number)))

    def _number(self, table: Any, by: Mapping[str, Any], values: Mapping[str, Any]) -> int:
        query = select(table.c.number).where(*(table.c[name] == value for name, value in by.items()))
        with state.reading(self.state) as reader:
            found = reader.execute(query).scalar()
        if found is None:
            with state.writing(self.state) as connection:
                state.insert_new(connection, table, [dict(values)])
                found = connection.execute(query).scalar_one()
        return int(found)

    def name(self, kind: str, number: int, text: str) -> None:
        """Note the name behind a keyed number; units bring theirs with the commit."""
        with state.writing(self.state) as connection:
            state.insert_new(connection, schema.names, [{"number": number, "kind": kind, "name": text}])

    def names(self, kind: str) -> dict[int, str]:
        """The names of one kind (intake, vantage, trap) by number."""
        table = schema.names
        with state.reading(self.state) as connection:
            rows = connection.execute(select(table.c.number, table.c.name).where(table.c.kind == kind))
            return {int(number): str(name) for number, name in rows}

    def name_of(self, number: int) -> str:
        """The name behind a keyed number. Errors: NotFound."""
        table = schema.names
        with state.reading(self.state) as connection:
            name = connection.execute(select(table.c.name).where(table.c.number == number)).scalar()
        if name is None:
            raise NotFound(f"no name for number {number}")
        return str(name)

    def stale(self, current: Mapping[int, int]) -> list[tuple[int, str]]:
        """Packed segments (number, name) with rows of these intakes under another analysis than the current one."""
        held, segments = schema.intakes, schema.segments
        found: dict[int, str] = {}
        with state.reading(self.state) as connection:
            for intake, analysis in current.items():
                query = (
                    select(segments.c.segment, segments.c.name)
                    .join(held, held.c.segment == segments.c.segment)
                    .where(held.c.intake == intake, held.c.analysis != analysis)
                    .where(segments.c.pack.is_not(None), segments.c.dropped_at.is_(None))
                )
                found.update((int(number), str(name)) for number, name in connection.execute(query))
        return sorted(found.items())

    def totals(self) -> dict[int, int]:
        """Rows by intake number, as they were committed."""
        held = schema.intakes
        with state.reading(self.state) as connection:
            rows = connection.execute(select(held.c.intake, func.sum(held.c.rows)).group_by(held.c.intake))
            return {int(intake): int(count) for intake, count in rows}

    # -- leases -----------------------------------------------------------------------------------------------

    def lease(self, role: str, holder: str, until: int, now: int) -> bool:
        """Take or renew a role (janitor, decider, packer) until that moment; False while another holds it.

        A holder ``HOST:PID:WORD`` of this machine whose process has ended holds nothing.
        """
        table = schema.leases
        with state.writing(self.state) as connection:
            held = connection.execute(select(table).where(table.c.role == role)).one_or_none()
            if held is None:
                connection.execute(insert(table).values(role=role, holder=holder, until=until))
            elif held.holder == holder or held.until <= now or _is_dead(str(held.holder)):
                connection.execute(update(table).where(table.c.role == role).values(holder=holder, until=until))
            else:
                return False
        return True

    def release(self, role: str, holder: str) -> None:
        """Give a role back."""
        table = schema.leases
        with state.writing(self.state) as connection:
            connection.execute(delete(table).where(table.c.role == role, table.c.holder == holder))

    @contextmanager
    def holding(self, role: str, now: Callable[[], int], seconds: int = 600) -> Iterator[None]:
        """Hold a role for a while. Errors: Temporary naming who has it."""
        holder = _holder()
        moment = now()
        if not self.lease(role, holder, moment + seconds * 1_000_000, moment):
            raise Temporary(f"another process is {role}", "try again in a minute")
        try:
            yield
        finally:
            self.release(role, holder)


def _note(analysis: int) -> str:
    return f"analysis:{analysis}"


def _holder() -> str:
    """Who we are, to other holders of leases."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def _is_dead(holder: str) -> bool:
    """Whether the holder was a process of this machine that has ended."""
    host, _, pid = holder.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


def names_of(numbers: Iterable[int], names: Mapping[int, str]) -> list[str]:
    """The names behind numbers; a number without one as its hexadecimal digits."""
    return [names.get(number, f"{number:016x}") for number in numbers]
