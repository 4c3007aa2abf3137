"""Whom the trap held: by client and day, how long its answers waited and whether it stayed for them.

Each trap process adds a file a minute; the janitor makes one of those of a past day, and deletes what is older than
sessions are kept. Only clients that may be held stand here: nobody who is known to be good.

Files: ``held/DAY.PROCESS.N.npy`` and ``held/DAY.npy``, rows of ``ROW``.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from junkhound.kernel.clock import DAY
from junkhound.kernel.net import Address

_COUNTS = ("connections", "answers", "held_us", "early", "left", "mails")
ROW = np.dtype([("hi", "<u8"), ("lo", "<u8"), *((name, "<u8") for name in _COUNTS)])
_FILE = re.compile(r"(\d{1,6})\.(?:[0-9a-f]{1,16}\.\d+\.)?npy\Z")
Rows = npt.NDArray[np.void]


class Sum(Protocol):
    """As ``intake.tarpit.Sum``."""

    connections: int
    answers: int
    held_us: int
    early: int
    left: int
    mails: int


class Client(msgspec.Struct, frozen=True):
    """One client over some days; ``held_us`` is its time that was wasted, ``left`` how often it did not stay."""

    address: Address
    days: int
    connections: int
    answers: int
    held_us: int
    early: int
    left: int
    mails: int


class Held:
    """The files of one home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "held"
        self._name, self._count = secrets.token_hex(6), 0

    def write(self, sums: Mapping[Address, Sum], at: int) -> None:
        """Keep the sums of one process since its last file; nothing where there are none."""
        if not sums:
            return
        rows = np.array(
            [(client.hi, client.lo, *(getattr(one, name) for name in _COUNTS)) for client, one in sums.items()], ROW
        )
        self._count += 1
        self._put(f"{at // DAY}.{self._name}.{self._count}.npy", rows)

    def _put(self, name: str, rows: Rows) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside = self._folder / f".{self._name}.new"
        with aside.open("wb") as file:
            np.save(file, rows, allow_pickle=False)
        aside.chmod(0o600)
        aside.replace(self._folder / name)

    def sweep(self, at: int, keep_days: int) -> int:
        """One file for each past day, and none of those older than ``keep_days``; how many files went."""
        today, gone = at // DAY, 0
        for day, paths in self._days().items():
            over: list[Path] = []
            if day < today - keep_days:
                over = paths
            elif day < today and len(paths) > 1:
                over = self._merged(day, paths)
            for path in over:
                path.unlink(missing_ok=True)
            gone += len(over)
        return gone

    def _merged(self, day: int, paths: list[Path]) -> list[Path]:
        """The files of a day made one; gives those that are to go.

        They go right after: a crash in between counts a day's waits twice, which nothing is decided by.
        """
        whole = self._folder / f"{day}.npy"
        self._put(whole.name, _summed(_read(paths)))
        return [path for path in paths if path != whole]

    def _days(self) -> dict[int, list[Path]]:
        found: dict[int, list[Path]] = {}
        with contextlib.suppress(FileNotFoundError):
            for path in sorted(self._folder.iterdir()):
                if name := _FILE.match(path.name):
                    found.setdefault(int(name[1]), []).append(path)
        return found

    def clients(self, since: int, until: int) -> Iterator[Client]:
        """Every client of the days from that of ``since`` to before ``until``, those held longest first."""
        days = {day: paths for day, paths in self._days().items() if since // DAY <= day < -(-until // DAY)}
        if not days:
            return
        every = np.concatenate([_summed(_read(paths)) for paths in days.values()])
        keys, spread = np.unique(every[["hi", "lo"]], return_counts=True)
        whole = _summed([every])
        order = np.lexsort((whole["lo"], whole["hi"], -whole["held_us"].astype(np.int64)))
        for place in order.tolist():
            row = whole[place]
            yield Client(Address(int(keys[place]["hi"]), int(keys[place]["lo"])), int(spread[place]),
                         *(int(row[name]) for name in _COUNTS))  # fmt: skip


def _read(paths: Iterable[Path]) -> list[Rows]:
    found = []
    for path in paths:
        with contextlib.suppress(FileNotFoundError, ValueError):  # merged meanwhile, or torn by a power cut
            rows = np.load(path, allow_pickle=False)
            if rows.dtype == ROW:
                found.append(rows)
    return found


def _summed(parts: list[Rows]) -> Rows:
    """One row for each client, in the order of addresses."""
    rows = np.concatenate([np.empty(0, ROW), *parts])
    keys, place = np.unique(rows[["hi", "lo"]], return_inverse=True)
    found = np.zeros(len(keys), ROW)
    found["hi"], found["lo"] = keys["hi"], keys["lo"]
    for name in _COUNTS:
        np.add.at(found[name], place.reshape(-1), rows[name])
    return found
