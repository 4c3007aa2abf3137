"""The sample that ships with Junkhound: three years of invented junk, made anew wherever it is needed.

Nothing of it is real and nothing of it is random: the same bytes come out on every machine (``DIGEST``). It
knows nothing of the rooms that read it, so the truth it keeps for the tests is its own.

``make`` gives the deliveries, ``write`` lays them out as files, ``AT`` is the moment its decisions are made for.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from junkhound.sample.files import Laid, write
from junkhound.sample.places import MAILBOXES, NETWORKS, TRAPS, Place, route_table, settings
from junkhound.sample.sources import END, START, TAKEDOWN
from junkhound.sample.world import Delivery, Truth, deliveries

__all__ = [
    "AT", "DIGEST", "END", "MAILBOXES", "NETWORKS", "START", "TAKEDOWN", "TRAPS", "Delivery", "Laid", "Place",
    "Truth", "digest", "make", "route_table", "settings", "write",
]  # fmt: skip

AT = f"{END}T00:00:00Z"
DIGEST = "331dac14f21953b670e45116cd7b88a45823a3193edefd2406b982450edf0be3"


def make() -> list[Delivery]:
    """Every delivery in the order of its arrival."""
    return deliveries()


def digest(folder: Path) -> str:
    """One hash over every file of a laid out sample, by name and content."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
