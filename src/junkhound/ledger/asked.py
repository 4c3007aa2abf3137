"""Who is asked about: which addresses our block lists were asked for, by how many different askers, hour by hour.

An instrument, off by default. An asker is a keyed hash, and the key is thrown away after seven days, so that nobody,
we included, can tell afterwards who asked. What is older than 14 days is deleted. Only counts of five askers and more
are told to anybody. A question never lists anybody, and never counts as good.

Files: ``queries/HOUR.PROCESS.N.npy``, rows of (address, asker); ``queries/key.PERIOD``, 32 random bytes.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from junkhound.kernel import net
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.net import Address

FEWEST = 5
"""Fewer askers than this are nobody's business."""
KEEP_DAYS, KEY_DAYS = 14, 7
ROW = np.dtype([("hi", "<u8"), ("lo", "<u8"), ("asker", "<u8")])
_FILE = re.compile(r"(\d{1,9})\.[0-9a-f]{1,16}\.\d+\.npy\Z")
_KEY = re.compile(r"key\.(\d{1,6})\Z")
Rows = npt.NDArray[np.void]


class Asking(msgspec.Struct, frozen=True):
    """One address on one day: by how many askers, and in how many hours."""

    day: int
    address: Address
    askers: int
    hours: int


class Asked:
    """The files of one home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "queries"
        self._name, self._count = secrets.token_hex(6), 0
        self._keys: dict[int, bytes] = {}
        self._known: dict[bytes, int] = {}

    def asker(self, packed: bytes, at: int) -> int:
        """The number that stands for a client in these seven days."""
        period = at // DAY // KEY_DAYS
        key = self._keys.get(period)
        if key is None:
            self._keys, self._known = {period: self._key(period)}, {}
            key = self._keys[period]
        found = self._known.get(packed)
        if found is None:
            if len(self._known) > 100_000:
                self._known.clear()
            digest = blake2b(packed, digest_size=8, key=key).digest()
            found = self._known[packed] = int.from_bytes(digest, "big")
        return found

    def _key(self, period: int) -> bytes:
        """The key of a period, the same for every process of the home."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"key.{period}"
        with contextlib.suppress(FileExistsError):
            aside = self._folder / f".key.{self._name}"
            aside.write_bytes(secrets.token_bytes(32))
            aside.chmod(0o600)
            try:
                os.link(aside, path)  # whoever is first has made it, whole
            finally:
                aside.unlink()
        return path.read_bytes()

    def write(self, rows: Rows, at: int) -> None:
        """Keep rows of one hour; doubles cost nothing but place."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._count += 1
        path = self._folder / f"{at // HOUR}.{self._name}.{self._count}.npy"
        aside = path.with_suffix(".new")
        with aside.open("wb") as file:
            np.save(file, np.unique(rows), allow_pickle=False)
        aside.chmod(0o600)
        aside.replace(path)

    def sweep(self, at: int) -> int:
        """Delete what is too old, and keys whose seven days are over; how many files went."""
        gone = 0
        for path in self._paths():
            file, key = _FILE.match(path.name), _KEY.match(path.name)
            old = file is not None and int(file[1]) * HOUR < at - KEEP_DAYS * DAY
            over = key is not None and int(key[1]) < at // DAY // KEY_DAYS
            if old or over:
                path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _paths(self) -> list[Path]:
        try:
            return sorted(self._folder.iterdir())
        except FileNotFoundError:
            return []

    def days(self, since: int, until: int, address: Address | None = None) -> Iterator[Asking]:
        """Addresses with at least ``FEWEST`` askers on a day, from the day of ``since`` to before ``until``."""
        by_day: dict[int, list[tuple[int, Rows]]] = {}
        for path in self._paths():
            found = _FILE.match(path.name)
            if found is not None and since // DAY * DAY <= int(found[1]) * HOUR < until:
                with contextlib.suppress(FileNotFoundError, ValueError):
                    rows = np.load(path, allow_pickle=False)
                    by_day.setdefault(int(found[1]) // 24, []).append((int(found[1]), rows))
        for day, parts in sorted(by_day.items()):
            yield from _day(day, parts, address)

    def pairs(self, at: int) -> Rows:
        """Who was asked about by whom up to ``at``, each pair once, since askers have the numbers they have now."""
        since = at // DAY // KEY_DAYS * KEY_DAYS * DAY
        parts = []
        for path in self._paths():
            found = _FILE.match(path.name)
            if found is not None and since <= int(found[1]) * HOUR <= at:
                with contextlib.suppress(FileNotFoundError, ValueError):
                    parts.append(np.load(path, allow_pickle=False))
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, ROW)


def _day(day: int, parts: list[tuple[int, Rows]], address: Address | None) -> Iterator[Asking]:
    pairs = np.unique(np.concatenate([rows for _, rows in parts]))
    if address is not None:
        pairs = pairs[(pairs["hi"] == address.hi) & (pairs["lo"] == address.lo)]
    subjects, counts = np.unique(pairs[["hi", "lo"]], return_counts=True)
    many = subjects[counts >= FEWEST]
    wanted = {(int(hi), int(lo)) for hi, lo in many.tolist()}
    hours: Counter[tuple[int, int]] = Counter()
    for hour in {hour for hour, _ in parts}:
        rows = np.unique(np.concatenate([rows[["hi", "lo"]] for one, rows in parts if one == hour]))
        hours.update(key for hi, lo in rows.tolist() if (key := (int(hi), int(lo))) in wanted)
    for (hi, lo), count in zip(many.tolist(), counts[counts >= FEWEST].tolist(), strict=True):
        yield Asking(day, net.Address(hi, lo), count, hours[hi, lo])
