"""Witness units: what one vantage saw of an address in one hour; many of them as columns.

Whoever sends to two hundred traps for weeks has thousands of units, so decisions count them as columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Unit(NamedTuple):
    """What one vantage saw of the address in one hour, for one trap address, kind and standing.

    ``hour`` counts from 1970; ``vantage`` and ``trap`` are keyed numbers, 0 for none. Repeats, mail without a
    trusted time and mail whose source is not anchored never become units.
    """

    vantage: int
    hour: int
    trap: int
    kind: int
    standing: int
    messages: int = 1


def among(words: type[IntEnum], some: Iterable[int]) -> NDArray[np.bool_]:
    """For each word by its number, whether it is one of these: to be asked of a whole column at once."""
    flags = np.zeros(max(map(int, words)) + 1, np.bool_)
    flags[[int(one) for one in some]] = True
    return flags


_KINDS = (np.uint64, np.int64, np.uint64, np.int64, np.int64, np.int64)


class Units(NamedTuple):
    """Units as columns, in the order of vantage, hour, trap, kind, standing and messages."""

    vantage: NDArray[np.uint64]
    hour: NDArray[np.int64]
    trap: NDArray[np.uint64]
    kind: NDArray[np.int64]
    standing: NDArray[np.int64]
    messages: NDArray[np.int64]

    @classmethod
    def of(cls, units: Iterable[Unit] | Units) -> Units:
        """Any units in their order."""
        if isinstance(units, Units):
            return units
        columns = list(zip(*sorted(units), strict=True)) or [()] * 6
        return cls._typed(tuple(np.array(column, kind) for column, kind in zip(columns, _KINDS, strict=True)))

    @classmethod
    def _typed(cls, columns: tuple[NDArray[Any], ...]) -> Units:
        vantage, hour, trap, kind, standing, messages = columns
        return cls(vantage, hour, trap, kind, standing, messages)

    @classmethod
    def sorted(cls, *columns: NDArray[Any], known: bool = False) -> Units:
        """These columns in their order, in which they may be ``known`` to stand."""
        if not known:
            order = np.lexsort(columns[::-1])
            columns = tuple(column[order] for column in columns)
        return cls._typed(tuple(column.astype(kind, copy=False) for column, kind in zip(columns, _KINDS, strict=True)))

    @property
    def size(self) -> int:
        """How many units."""
        return len(self.hour)

    def take(self, which: NDArray[np.bool_]) -> Units:
        """Those of a mask."""
        return self if which.all() else self._typed(tuple(column[which] for column in self))

    def digest(self) -> bytes:
        """SHA-256 of the columns, each in eight bytes a value, little endian."""
        return hashlib.sha256(b"".join(column.astype("<u8").tobytes() for column in self)).digest()

    def rows(self) -> list[tuple[int, ...]]:
        """Row by row."""
        return list(zip(*(column.tolist() for column in self), strict=True))

    def firsts(self) -> NDArray[np.bool_]:
        """Where another vantage or hour begins."""
        first = np.ones(self.size, bool)
        first[1:] = (self.vantage[1:] != self.vantage[:-1]) | (self.hour[1:] != self.hour[:-1])
        return first

    @property
    def vantages(self) -> int:
        """How many different vantages."""
        return int((self.vantage[1:] != self.vantage[:-1]).sum()) + 1 if self.size else 0
