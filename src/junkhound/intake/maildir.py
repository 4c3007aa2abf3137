"""A Maildir that is watched: new mails as they arrive.

A mail is a file that is renamed into ``new`` once it is whole; a reader moves it to ``cur`` and appends flags behind
``:2,``. What was given is remembered by the part before the flags, in memory only: after a restart everything is
given again, and the ledger knows what it knows.

Source: https://cr.yp.to/proto/maildir.html; sub-folders as Maildir++ (``.Junk``).
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from junkhound.intake.mail import Mail, Problem
from junkhound.intake.sources import open_sources
from junkhound.kernel import config
from junkhound.kernel.errors import NotFound

_SETTLED_NS = 2_000_000_000  # a folder's time stamp may not move for changes closer together than this


def watch(
    path: str,
    stop: threading.Event,
    poll_s: float = 1.0,
    limits: config.Intake | None = None,
    defects: Counter[str] | None = None,
    problem: Callable[[Problem], None] | None = None,
) -> Iterator[Mail | None]:
    """Every mail in the Maildir and its sub-folders, then those that arrive, until ``stop`` is set.

    None comes after each round, so that the caller can finish a batch while nothing arrives. A mail that a reader
    moves away before it was opened is found again under its new name. Errors: NotFound where there is no Maildir.
    """
    root = Path(path)
    if not (root / "new").is_dir() or not (root / "cur").is_dir():
        raise NotFound(f"{path!r} is no Maildir", "it must hold the folders new and cur")
    watched = _Watched(root)
    limits = limits or config.Intake()
    while not stop.is_set():
        for box, unique, name in watched.arrived():
            counts: Counter[str] = Counter()
            told: list[Problem] = []
            mails = list(open_sources([name], limits, counts, None, told.append))
            if not mails and not os.path.exists(name):
                watched.forget(box, unique)  # moved under our hands: it comes again
                continue
            if defects is not None:
                defects.update(counts)
            if problem is not None:
                for one in told:
                    problem(one)
            yield from mails
        yield None
        stop.wait(poll_s)


class _Watched:
    """What was seen in each of the folders, and when it last changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: dict[str, set[str]] = {}
        self._stamps: dict[str, int] = {}

    def arrived(self) -> Iterator[tuple[str, str, str]]:
        """(box, unique part, path) of mails not given before; ``new`` before ``cur``, so that none slips between."""
        for box in self._boxes():
            if not self._changed(box):
                continue
            known = self._seen.get(box, set())
            found: dict[str, str] = {}
            for part in ("new", "cur"):
                found.update(_names(os.path.join(box, part)))
            self._seen[box] = known & found.keys()
            for unique, name in sorted(found.items()):
                if unique not in known:
                    self._seen[box].add(unique)
                    yield box, unique, name

    def forget(self, box: str, unique: str) -> None:
        """It was not there after all: give it again when it is found."""
        self._seen[box].discard(unique)

    def _boxes(self) -> list[str]:
        below = [e.path for e in os.scandir(self._root) if e.name.startswith(".") and e.is_dir()]
        return [str(self._root), *sorted(path for path in below if os.path.isdir(os.path.join(path, "cur")))]

    def _changed(self, box: str) -> bool:
        changed = False
        for part in ("new", "cur"):
            folder = os.path.join(box, part)
            try:
                stamp = os.stat(folder).st_mtime_ns
            except OSError:
                continue
            changed |= self._stamps.get(folder, 0) < stamp
            # Look again while it is fresh: the stamp of a second change could be the same.
            self._stamps[folder] = stamp if time.time_ns() - stamp > _SETTLED_NS else 0
        return changed


def _names(folder: str) -> Iterator[tuple[str, str]]:
    try:
        for entry in os.scandir(folder):
            if not entry.name.startswith("."):
                yield entry.name.partition(":2,")[0], entry.path
    except OSError:
        return
