"""Where everything is kept: immutable objects, the manifest that says which count, and the state database.

Public: ``Ledger`` (one home, opened), ``Snapshot`` (what a reader sees), ``Queries`` (questions to it),
``Duplicates`` (units to run again), and the entries of ``ledger.entry``. A worker that only puts objects
imports ``ledger.objects`` and never loads the database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from junkhound.ledger.entry import ObjectEntry, PackEntry, UnitEntry

if TYPE_CHECKING:
    from junkhound.ledger.ledger import Ledger
    from junkhound.ledger.manifest import Committed, Conflict, Duplicates
    from junkhound.ledger.queries import Queries
    from junkhound.ledger.snapshot import Snapshot

__all__ = [
    "Committed", "Conflict", "Duplicates", "Ledger", "ObjectEntry", "PackEntry", "Queries", "Snapshot", "UnitEntry",
]  # fmt: skip

_HOMES = {
    "Ledger": "ledger", "Committed": "manifest", "Conflict": "manifest", "Duplicates": "manifest",
    "Queries": "queries", "Snapshot": "snapshot",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load the database side only when somebody asks for it."""
    if name in _HOMES:
        return getattr(import_module(f"junkhound.ledger.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
