"""The state database opened: SQLite in the home by default, PostgreSQL by URL.

One writer at a time on both: SQLite takes its lock with ``BEGIN IMMEDIATE``, PostgreSQL an advisory lock of
the transaction. What is written is small, and a commit that has read something may then rely on it. Readers
never wait: they use ``reading``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, insert, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError

from junkhound.kernel.errors import ConfigError, JunkhoundError, Temporary
from junkhound.ledger import schema

BUSY_MS = 30_000
_WRITER = 0x4A48_0001  # the advisory lock's number in PostgreSQL: "JH"


def open_state(url: str, home: Path) -> Engine:
    """The engine; empty ``url`` means ``state.db`` in the home. Nothing is connected yet."""
    if not url:
        return _sqlite(f"sqlite:///{home / 'state.db'}")
    if url.startswith("sqlite"):
        return _sqlite(url)
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.partition("://")[2]
    if not url.startswith("postgresql+psycopg://"):
        raise ConfigError(
            f"[store] state: no state database {url.partition('://')[0]!r}", "use postgresql://... or leave it empty"
        )
    try:
        engine = create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError:
        raise ConfigError("[store] state: PostgreSQL needs psycopg", "pip install 'junkhound[postgres]'") from None
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _sqlite(url: str) -> Engine:
    arguments = {"timeout": BUSY_MS / 1000, "check_same_thread": False}
    engine = create_engine(_only_read(url) or url, connect_args=arguments)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _only_read(url: str) -> str | None:
    """How to open a database in a folder that cannot be written; None where it can, or there is no database.

    Opening a WAL database writes beside it. Where nothing lies beside it nobody has it open, and it will not change
    while we read; else its log is read with the index that its writer left.
    """
    path = Path(url.removeprefix("sqlite:///"))
    if os.access(path.parent, os.W_OK) or not path.is_file():
        return None
    alone = not path.with_name(f"{path.name}-wal").exists()
    return f"sqlite:///file:{quote(str(path.absolute()))}?mode=ro{'&immutable=1' if alone else ''}&uri=true"


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA synchronous=FULL")  # in WAL only FULL syncs at each commit
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("reading"):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    else:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent look; takes no lock that a writer would wait for."""
    with _plainly(), engine.execution_options(reading=True).connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction alone among writers; its commit is on disk when this returns."""
    with _plainly(), engine.begin() as connection:
        yield connection


@contextmanager
def _plainly() -> Iterator[None]:
    """Database errors in our words: a full or read-only disk and a held lock may work later."""
    try:
        yield
    except JunkhoundError:
        raise
    except OperationalError as error:
        words = str(error.orig)
        raise Temporary(f"state database: {words.splitlines()[0] if words else error}", _hint(words)) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Temporary(f"state database: {error.orig}", "the server went away; try again") from error
        raise


def _hint(words: str) -> str | None:
    for part, hint in (
        ("locked", "another process writes for long; try again"),
        ("readonly", "the home must be writable; see [store] home"),
        ("unable to open", "the home must exist and be writable; see [store] home"),
        ("full", "the disk is full"),
        ("refused", "is the database server running? see [store] state"),
    ):
        if part in words:
            return hint
    return None


def bump(connection: Connection, name: str) -> int:
    """Add one to a counter inside a write transaction; returns the new value."""
    counters = schema.counters
    changed = connection.execute(update(counters).where(counters.c.name == name).values(value=counters.c.value + 1))
    if not changed.rowcount:
        connection.execute(insert(counters).values(name=name, value=1))
    return counter(connection, name)


def counter(connection: Connection, name: str) -> int:
    """The value of a counter; 0 if it was never bumped."""
    value = connection.execute(select(schema.counters.c.value).where(schema.counters.c.name == name)).scalar()
    return int(value or 0)


def insert_new(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    """Insert what is not there yet, by primary key or unique constraint; leaves the rest as it is."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        connection.execute(postgresql.insert(table).on_conflict_do_nothing(), rows)
    else:
        from sqlalchemy.dialects import sqlite

        connection.execute(sqlite.insert(table).on_conflict_do_nothing(), rows)


def revision(engine: Engine) -> str | None:
    """The migration a database stands at; None for an empty one."""
    with reading(engine) as connection:
        has = engine.dialect.has_table(connection, "alembic_version")
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() if has else None


def migrate(engine: Engine, target: str = "head") -> None:
    """Bring the database to ``target`` by the migrations in the package."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "junkhound.ledger:migrations")
    with _plainly(), engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, target)
