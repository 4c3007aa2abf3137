"""What is asked, gathered while answering and handed on now and then: address, asker, hour."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from junkhound.kernel import net
from junkhound.kernel.clock import HOUR, MINUTE
from junkhound.ledger.asked import ROW, Asked, Rows

MOST = 200_000
"""Rows in memory; a flood of questions writes earlier."""


class QueryLog:
    """The log of one responder. Used from its own thread only."""

    def __init__(self, asked: Asked, every: int = MINUTE) -> None:
        self._asked, self._every = asked, every
        self._rows: list[Rows] = []
        self._single: list[tuple[int, int, int]] = []
        self._size = 0
        self._since = self._swept = 0

    def one(self, client: bytes, address: net.Address, at: int) -> None:
        """One question of a client (4 or 16 bytes)."""
        self._turn(at)
        self._single.append((address.hi, address.lo, self._asked.asker(client, at)))
        self._size += 1

    def many(self, names: npt.NDArray[np.uint8], numbers: npt.NDArray[np.uint32], v4: bool, at: int) -> None:
        """Questions of a batch: socket addresses of the clients, and the IPv4 addresses they ask about."""
        self._turn(at)
        clients, which = np.unique(names[:, 4:8] if v4 else names[:, 8:24], axis=0, return_inverse=True)
        askers = np.array([self._asked.asker(one.tobytes(), at) for one in clients], np.uint64)
        rows = np.zeros(len(numbers), ROW)
        rows["lo"], rows["asker"] = numbers.astype(np.uint64) | np.uint64(net.V4), askers[which.reshape(-1)]
        self._rows.append(rows)
        self._size += len(rows)

    def _turn(self, at: int) -> None:
        """Write what belongs to an hour that is over, what is there for a while, or too much of it."""
        if self._size and (at // HOUR != self._since // HOUR or at - self._since >= self._every or self._size >= MOST):
            self.flush()
        if not self._size:
            self._since = at

    def flush(self) -> None:
        """Write what is in memory, and delete what is too old."""
        if self._single:
            self._rows.append(np.array(self._single, ROW))
        if self._rows:
            self._asked.write(np.concatenate(self._rows), self._since)
        if self._since - self._swept >= HOUR:
            self._asked.sweep(self._since)
            self._swept = self._since
        self._rows, self._single, self._size = [], [], 0
