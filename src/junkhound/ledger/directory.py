"""Which objects hold an address, remembered by a process that is asked often.

Opening a file costs about a millisecond even if the address is not in it, and most addresses are in one or two
months out of many. Objects never change, so what was learnt of one stays true. A process that asks only a few
times learns nothing and pays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from junkhound.kernel.net import MASK64, Address
from junkhound.ledger.snapshot import Stored

_PATIENCE = 4  # questions to one object before its addresses are learnt
_MOST_BYTES = 256 << 20
_ODD = 0x9E3779B97F4A7C15

Keys = NDArray[np.uint64]


class Directory:
    """Sorted keys of the addresses of each object, the least asked ones forgotten first."""

    def __init__(self, addresses: Callable[[Stored], tuple[Keys, Keys]], most_bytes: int = _MOST_BYTES) -> None:
        self._addresses = addresses
        self._most = most_bytes
        self._held: dict[str, Keys] = {}
        self._asked: dict[str, int] = {}
        self._bytes = 0

    def narrow(self, objects: Sequence[Stored], address: Address) -> list[Stored]:
        """Those of the objects that may hold the address; learns of at most one object a call."""
        key = np.uint64((address.hi * _ODD ^ address.lo) & MASK64)
        kept, free = [], True
        for stored in objects:
            keys = self._held.pop(stored.path, None)
            if keys is None and free and self._is_due(stored):
                free, keys = False, self._learn(stored)
            if keys is not None:
                self._held[stored.path] = keys  # now the last to be forgotten
                at = int(np.searchsorted(keys, key))
                if at == len(keys) or keys[at] != key:
                    continue
            kept.append(stored)
        return kept

    def _is_due(self, stored: Stored) -> bool:
        """Fresh objects are small and soon gone: they are never learnt."""
        if stored.fresh:
            return False
        asked = self._asked[stored.path] = self._asked.get(stored.path, 0) + 1
        return asked > _PATIENCE

    def _learn(self, stored: Stored) -> Keys:
        hi, lo = self._addresses(stored)
        keys: Keys = np.unique(hi * np.uint64(_ODD) ^ lo)
        self._bytes += keys.nbytes
        while self._bytes > self._most and self._held:
            oldest = next(iter(self._held))
            self._bytes -= self._held.pop(oldest).nbytes
            self._asked.pop(oldest, None)
        return keys
