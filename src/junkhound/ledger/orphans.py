"""What a killed compaction left behind: objects and parts of objects that no manifest row names, gone after a day.

Only names that are made up at random are looked at: nobody finds such an object again and adopts it, as a second run
of a unit adopts what the first had put. When an object was first found without a name in the manifest is noted in the
state database, by our own clock: stores do not all say how old an object is.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from junkhound.ledger import home, schema, state

if TYPE_CHECKING:
    from junkhound.ledger.ledger import Ledger

GRACE_US = 24 * 3600 * 1_000_000
LOOK_US = 3600 * 1_000_000
_NOTE = "orphans"
_MADE_UP = re.compile(r"(?:.*/)?[0-9a-f]{16}\.(?:[a-z]+\.parquet|ids)\Z")
_PART = re.compile(r"\.[0-9a-f]{16}\.(?:parquet|ids|ids\.hi|ids\.lo)\Z")


class _Noted(msgspec.Struct):
    """When was looked last, and since when which paths are known to be named by nothing."""

    looked_at: int = 0
    since: dict[str, int] = {}


def collect(ledger: Ledger, now: int | None = None) -> list[str]:
    """Delete objects that nothing has named for a day; their paths. Looks once an hour, and else does nothing.

    Whoever calls this holds the lease that keeps others from compacting.
    """
    now = time.time_ns() // 1000 if now is None else now
    text = home.get_meta(ledger.state, _NOTE)
    noted = msgspec.json.decode(text, type=_Noted) if text else _Noted()
    if noted.looked_at <= now < noted.looked_at + LOOK_US:
        return []
    found = set(_made_up(ledger))  # before the manifest: what is committed meanwhile has its name by then
    with state.reading(ledger.state) as connection:
        named = set(connection.execute(select(schema.objects.c.path)).scalars())
    since = {path: min(noted.since.get(path, now), now) for path in found - named}
    gone = sorted(path for path, first in since.items() if first + GRACE_US <= now)
    for path in gone:
        ledger.store.delete(path)
        del since[path]
    home.set_meta(ledger.state, _NOTE, msgspec.json.encode(_Noted(now, since)).decode())
    _parts(ledger, now)
    return gone


def _made_up(ledger: Ledger) -> Iterator[str]:
    """Objects under a name made up for them; a unit's lie in folders of their day and are left alone."""
    for folder in ("fresh", "sightings", "templates", "campaigns", "rollup"):
        for path, _ in ledger.store.list(folder):
            if _MADE_UP.match(path) and "/ingested=" not in path:
                yield path


def _parts(ledger: Ledger, now: int) -> None:
    """Files that were being written when their writer was killed."""
    scratch = ledger.home / "snapshots"
    for path in scratch.iterdir() if scratch.is_dir() else ():
        if _PART.match(path.name) and path.stat().st_mtime_ns // 1000 + GRACE_US <= now:
            path.unlink(missing_ok=True)
