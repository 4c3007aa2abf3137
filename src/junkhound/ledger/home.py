"""The home: the folders of one Junkhound, its hub key, and the revision it was written by."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

from sqlalchemy import Engine, insert

from junkhound.kernel.errors import ConfigError, DataError, Temporary
from junkhound.ledger import schema, state

FOLDERS = ("spool", "packs", "fresh", "sightings", "rollup", "templates", "campaigns", "snapshots", "out", "keys")


def prepare(home: Path) -> None:
    """Make the folders of a home, open to their owner alone. Errors: Temporary where they cannot be made."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in FOLDERS:
            (home / name).mkdir(mode=0o700, exist_ok=True)
    except FileExistsError as error:
        raise ConfigError(f"home {str(home)!r}: {error.filename!r} is in the way", "it must be a folder") from None
    except OSError as error:
        if (home / "state.db").exists():
            return  # a home that can only be read: readers may go on
        raise Temporary(f"cannot make the home {str(home)!r}: {error.strerror}", "set [store] home") from None


def hub_key(home: Path) -> bytes:
    """The 32 secret bytes of this hub, made at first use as the home is; keyed numbers and redaction hang on them."""
    path = home / "keys" / "hub.key"
    try:
        return _read_key(path)
    except FileNotFoundError:
        pass
    except PermissionError as error:
        raise Temporary(f"cannot read {str(path)!r}: {error.strerror}") from None
    prepare(home)
    fresh = path.with_name(f".hub.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as out:
            out.write(secrets.token_bytes(32))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(fresh, path)  # the first of two processes wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
        _sync_folder(path.parent)
    except OSError as error:
        raise Temporary(f"cannot write the hub key {str(path)!r}: {error.strerror}") from None
    return _read_key(path)


def _read_key(path: Path) -> bytes:
    key = path.read_bytes()
    if len(key) != 32:
        raise DataError(f"the hub key {str(path)!r} has {len(key)} bytes, not 32", "restore it from a backup")
    return key


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_revision(home: Path, engine: Engine) -> None:
    """Make a new state database, accept a current one, refuse others with the next step."""
    found = state.revision(engine)
    if found is None:
        state.migrate(engine)
        with state.writing(engine) as connection:
            state.insert_new(connection, schema.meta, [{"key": "made_at", "value": str(time.time_ns() // 1000)}])
    elif found < schema.REVISION:
        raise ConfigError(
            f"the home {str(home)!r} was written by an older Junkhound (state {found}, now {schema.REVISION})",
            "run: junkhound upgrade",
        )
    elif found > schema.REVISION:
        raise ConfigError(
            f"the home {str(home)!r} was written by a newer Junkhound (state {found}; known {schema.REVISION})",
            "install that version again, or point [store] home at another folder",
        )


def get_meta(engine: Engine, key: str) -> str | None:
    """A value of the home's own notes."""
    with state.reading(engine) as connection:
        value = connection.execute(schema.meta.select().where(schema.meta.c.key == key)).one_or_none()
        return None if value is None else str(value.value)


def set_meta(engine: Engine, key: str, value: str) -> None:
    """Write a value of the home's own notes."""
    with state.writing(engine) as connection:
        connection.execute(schema.meta.delete().where(schema.meta.c.key == key))
        connection.execute(insert(schema.meta).values(key=key, value=value))
