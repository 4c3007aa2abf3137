"""What a process of the service says of itself: counters and a heartbeat, in one small file a role.

The file is replaced once a second, so that the operator's pages, ``/metrics`` and ``check`` read it without asking
anybody; a process whose file grows old is not well.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = "run"
STALE_S = 15.0
ABOUT = "_"
"""Where a file says whose it is; everything beside it is a number by its name."""


class Notes:
    """The notes of one process; ``counters`` are totals since its start, ``gauges`` are values of now."""

    def __init__(self, home: Path, role: str) -> None:
        self.path = home / FOLDER / f"{role}.json"
        self.role = role
        self.counters: dict[str, float] = {}
        self.gauges: dict[str, float] = {}
        self.began = time.time()
        self._written = 0.0
        self.path.parent.mkdir(mode=0o700, exist_ok=True)

    def add(self, name: str, amount: float = 1) -> None:
        """Count."""
        self.counters[name] = self.counters.get(name, 0) + amount

    def write(self, force: bool = False) -> None:
        """Replace the file, at most once a second."""
        now = time.monotonic()
        if not force and now - self._written < 1:
            return
        self._written = now
        about = {"role": self.role, "pid": os.getpid(), "began": self.began, "at": time.time()}
        said = {ABOUT: about, **self.counters, **self.gauges}
        aside = self.path.with_suffix(f".{os.getpid()}.tmp")
        aside.write_text(json.dumps(said))
        aside.replace(self.path)

    def remove(self) -> None:
        """The process ends well: its notes go."""
        self.path.unlink(missing_ok=True)


def read_all(home: Path) -> Iterator[dict[str, Any]]:
    """Whose notes there are: role, pid, began, at, stale; unreadable ones are passed over."""
    for path in sorted((home / FOLDER).glob("*.json")):
        try:
            said = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        about = said.get(ABOUT) if isinstance(said, dict) else None
        if isinstance(about, dict) and "role" in about:
            about["stale"] = time.time() - float(about.get("at", 0)) > STALE_S
            yield about
