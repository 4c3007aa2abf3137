"""Bring the state database of a home to this version, after a copy of it."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import msgspec

from junkhound.kernel.errors import ConfigError, Temporary
from junkhound.ledger import home, schema, state
from junkhound.verbs.office import Office


class Upgraded(msgspec.Struct, frozen=True):
    """What an upgrade did: revisions before and after, and where the copy lies (None: nothing to do, or PostgreSQL)."""

    home: str
    found: str | None
    now: str
    copy: str | None


def upgrade(office: Office) -> Upgraded:
    """Copy ``state.db``, then run the migrations; objects and packs of older versions are read as they are.

    Errors: ConfigError for a home of a newer version; Temporary where the copy cannot be written.
    """
    place = office.home
    if not place.exists():
        raise ConfigError(f"no home at {str(place)!r}", "it is made by the first ingest")
    engine = state.open_state(office.config.store.state, place)
    try:
        found = state.revision(engine)
        if found is not None and found > schema.REVISION:
            home.check_revision(place, engine)  # says so
        if found == schema.REVISION:
            return Upgraded(str(place), found, schema.REVISION, None)
        copy = _copy(place / "state.db", found) if engine.dialect.name == "sqlite" and found is not None else None
        state.migrate(engine)
        return Upgraded(str(place), found, schema.REVISION, None if copy is None else str(copy))
    finally:
        engine.dispose()


def _copy(path: Path, revision: str) -> Path:
    """A whole copy, made by SQLite itself, so that commits under way are in it or not at all."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = path.with_name(f"state.{revision}.{stamp}.db")
    try:
        target.touch(0o600, exist_ok=False)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as sink:
            source.backup(sink)
    except (OSError, sqlite3.Error) as error:
        target.unlink(missing_ok=True)
        raise Temporary(f"cannot copy {str(path)!r}: {error}", "nothing was changed; is there space?") from None
    return target
