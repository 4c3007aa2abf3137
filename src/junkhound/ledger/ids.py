"""Which sightings are known: sorted arrays of 16-byte ids in files that are mapped, not read.

A file is ``JHIDS`` + version, the number of ids, then all high halves in order and all low halves beside
them. A look-up searches the high half (sha256, so it hardly ever hits by chance) and confirms the low one.
Files are merged by size, so a hundred million ids stand in a handful of files (O'Neil et al. 1996, the
log-structured merge tree).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from junkhound.kernel.errors import DataError

U64 = NDArray[np.uint64]

_MAGIC = b"JHIDS\x01\x00\x00"
_YOUNG = 1 << 18  # files up to this many ids are held together in memory
FAN_IN = 4


def order(hi: U64, lo: U64) -> tuple[U64, U64]:
    """Both halves in the order of the ids."""
    at = np.argsort(hi, kind="stable")
    hi, lo = hi[at], lo[at]
    if (hi[1:] == hi[:-1]).any():  # hardly ever: the first half of a sha256
        at = np.lexsort((lo, hi))
        hi, lo = hi[at], lo[at]
    return hi, lo


def encode(hi: U64, lo: U64) -> bytes:
    """One id file; the ids must be in order."""
    count = np.array([len(hi)], "<u8")
    return b"".join((_MAGIC, count.tobytes(), hi.astype("<u8").tobytes(), lo.astype("<u8").tobytes()))


class IdFile:
    """One id file, mapped."""

    def __init__(self, path: Path) -> None:
        with open(path, "rb") as source:
            head = source.read(16)
        if head[:8] != _MAGIC or len(head) != 16:
            raise DataError(f"{str(path)!r} is not a file of ids", "a newer Junkhound may have written it")
        self.count = int.from_bytes(head[8:], "little")
        if path.stat().st_size != 16 + 16 * self.count:
            raise DataError(f"{str(path)!r} is cut short: {self.count} ids do not fit")
        both = np.memmap(path, "<u8", "r", 16, (2, self.count)) if self.count else np.empty((2, 0), np.uint64)
        self.hi: U64 = both[0]
        self.lo: U64 = both[1]


def find(hi: U64, lo: U64, sought_hi: U64, sought_lo: U64) -> NDArray[np.bool_]:
    """Which of the sought ids stand in the ordered ids; quick when ``sought_hi`` is ascending."""
    found = np.zeros(len(sought_hi), np.bool_)
    if not len(hi):
        return found
    at = np.searchsorted(hi, sought_hi)
    at[at == len(hi)] = len(hi) - 1
    open_ = np.flatnonzero(hi[at] == sought_hi)
    at = at[open_]
    while len(open_):  # more than once only where two ids share 64 bits
        hit = lo[at] == sought_lo[open_]
        found[open_[hit]] = True
        at, open_ = at[~hit] + 1, open_[~hit]
        inside = at < len(hi)
        at, open_ = at[inside], open_[inside]
        same = hi[at] == sought_hi[open_]
        at, open_ = at[same], open_[same]
    return found


class IdIndex:
    """All known ids as of the files that it was last told of."""

    def __init__(self) -> None:
        self._big: dict[str, IdFile] = {}
        self._young: dict[str, IdFile] = {}
        self._blended: set[str] = set()  # young ones whose ids are in the two arrays below
        self._hi: U64 = np.empty(0, np.uint64)
        self._lo: U64 = np.empty(0, np.uint64)

    def hold(self, files: Iterable[tuple[str, Path]]) -> None:
        """Hold exactly these files (name, place); ones already held are not opened again."""
        wanted = dict(files)
        for held in (self._big, self._young):
            for name in held.keys() - wanted.keys():
                del held[name]
        for name in wanted.keys() - self._big.keys() - self._young.keys():
            file = IdFile(wanted[name])
            if file.count > _YOUNG:  # it holds what young ones held: start again without those
                self._big[name] = file
                self._hi, self._lo = np.empty(0, np.uint64), np.empty(0, np.uint64)
                self._blended.clear()
            else:
                self._young[name] = file
        for name in self._young.keys() - self._blended:
            self._blend(self._young[name])
        self._blended = set(self._young)

    def _blend(self, file: IdFile) -> None:
        """Put the ids of a file among those in memory; merged files bring hardly any that are new."""
        new = ~find(self._hi, self._lo, file.hi, file.lo)
        hi, lo = file.hi[new], file.lo[new]
        at = np.searchsorted(self._hi, hi)
        self._hi, self._lo = np.insert(self._hi, at, hi), np.insert(self._lo, at, lo)

    def known(self, hi: U64, lo: U64) -> NDArray[np.bool_]:
        """For each id whether it is among the known ones; exact."""
        hi, lo = np.asarray(hi, np.uint64), np.asarray(lo, np.uint64)
        by = np.argsort(hi, kind="stable")
        sought_hi, sought_lo = hi[by], lo[by]
        found = find(self._hi, self._lo, sought_hi, sought_lo)
        for file in self._big.values():
            found |= find(file.hi, file.lo, sought_hi, sought_lo)
        answer = np.empty(len(hi), np.bool_)
        answer[by] = found
        return answer

    def __len__(self) -> int:
        return len(self._hi) + sum(file.count for file in self._big.values())


def due(sizes: Sequence[tuple[str, int]], limit: int) -> list[str]:
    """Names of files that should become one, of at most ``limit`` ids together.

    It is the first tier (powers of four) that holds four files or more.
    """
    tiers: dict[int, list[tuple[str, int]]] = {}
    for name, count in sizes:
        tiers.setdefault(max(count, 1).bit_length() // 2, []).append((name, count))
    for tier in sorted(tiers):
        if len(tiers[tier]) >= FAN_IN and sum(count for _, count in tiers[tier]) <= limit:
            return [name for name, _ in tiers[tier]]
    return []


def merge_to(files: Sequence[IdFile], target: Path) -> int:
    """Write one file of all ids of these, slice by slice, so that memory stays flat; returns how many."""
    halves = [target.with_name(f"{target.name}.{half}") for half in ("hi", "lo")]
    slices = max(1, sum(file.count for file in files) >> 21)
    bounds = [(2**64 * n) // slices for n in range(1, slices)]
    cuts = [[0, *(int(np.searchsorted(f.hi, np.uint64(b))) for b in bounds), f.count] for f in files]
    count = 0
    try:
        with open(halves[0], "wb") as highs, open(halves[1], "wb") as lows:
            for n in range(slices):
                parts = [
                    (f.hi[cut[n] : cut[n + 1]], f.lo[cut[n] : cut[n + 1]]) for f, cut in zip(files, cuts, strict=True)
                ]
                hi, lo = _union(parts)
                highs.write(hi.astype("<u8").tobytes())
                lows.write(lo.astype("<u8").tobytes())
                count += len(hi)
        with open(target, "wb") as out:
            out.write(_MAGIC + count.to_bytes(8, "little"))
            for half in halves:
                with open(half, "rb") as part:
                    shutil.copyfileobj(part, out, 1 << 20)
    finally:
        for half in halves:
            half.unlink(missing_ok=True)
    return count


def merge(files: Sequence[IdFile]) -> tuple[U64, U64]:
    """All ids of these files in order, each once."""
    return _union([(f.hi, f.lo) for f in files])


def _union(parts: Sequence[tuple[U64, U64]]) -> tuple[U64, U64]:
    hi, lo = order(np.concatenate([hi for hi, _ in parts]), np.concatenate([lo for _, lo in parts]))
    if len(hi) > 1:
        first = np.concatenate([[True], (hi[1:] != hi[:-1]) | (lo[1:] != lo[:-1])])
        hi, lo = hi[first], lo[first]
    return hi, lo
