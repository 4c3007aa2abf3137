"""How fast one network is answered, so that questions under a forged address do not flood whoever has that address.

Each network (IPv4 /24, IPv6 /56) has a leaky bucket for all it is told, one for each answer, and one for errors. An
answer adds 1/rate to its buckets, a second takes 1 away; what would go above 1 is held back. Of what is held back
every ``slip``-th leaves without its records and with TC set: who really asked comes again by TCP, where addresses
cannot be forged. The buckets are places of a table of fixed size, found by a secret product; two that fall together
are counted together, which at worst sends an innocent client to TCP.

Source: response rate limiting, Vixie and Schryver, ISC-TN-2012-1.
"""

from __future__ import annotations

import secrets
import zlib
from collections import Counter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from junkhound.kernel import clock
from junkhound.service.dns.clients import Clients
from junkhound.wire import dns

SEND, CUT, DROP = range(3)
_SLOTS_BITS = 16
_MOST = 5.0  # seconds until a network that stops is answered in full again
_LEAK = clock.SECOND // 10
_MASK = (1 << 64) - 1
_SHIFT = 64 - _SLOTS_BITS
_V4_NET, _V6_NET = 3, 7  # bytes of a network
_A_HAIR = 1e-5  # sums of 32-bit fractions may end this much above 1
Flags = npt.NDArray[np.bool_]


class Rates(NamedTuple):
    """Answers a second to one network; 0 means without limit.

    ``same`` for one answer, ``every`` for all together, ``errors`` for what is no answer; every ``slip``-th of those
    held back is sent cut short, 0 means none.
    """

    same: int = 20
    every: int = 500
    errors: int = 10
    slip: int = 2


class Limit:
    """The buckets of one process. ``spared`` are networks that nobody outside can forge, or that we vouch for."""

    def __init__(self, rates: Rates, spared: Clients) -> None:
        self.rates, self._spared = rates, spared
        self._level = np.zeros(1 << _SLOTS_BITS, np.float32)
        self._net, self._answer, self._errors = (secrets.randbits(64) | 1 for _ in range(3))
        self._last = self._held = 0

    def leak(self, at: int) -> None:
        """Let out what the time since the last call lets out; to be called now and then."""
        if 0 <= at - self._last < _LEAK:
            return
        passed = (at - self._last) / clock.SECOND if self._last else 0.0
        self._last = at
        if passed > 0:  # a clock set back starts anew
            np.subtract(self._level, np.float32(min(passed, _MOST)), out=self._level)
            np.maximum(self._level, np.float32(0), out=self._level)

    def held(self, names: npt.NDArray[np.uint8], numbers: npt.NDArray[np.uint32], v4: bool) -> Flags | None:
        """Which of these answers are held back; None if none is.

        Args:
            names: socket addresses of the clients, one a row. numbers: the addresses they ask about.
        """
        nets = _nets(names, v4) * np.uint64(self._net)
        over = self._charge(nets, self.rates.every)
        over |= self._charge(nets + numbers * np.uint64(self._answer), self.rates.same)
        if not over.any():
            return None
        for row in over.nonzero()[0].tolist():
            over[row] = not self._spared.allow(names[row, 4:8].tobytes() if v4 else names[row, 8:24].tobytes())
        return over if over.any() else None

    def _charge(self, keys: npt.NDArray[np.uint64], rate: int) -> Flags:
        """Add to the buckets of these keys; which of them are above 1 by then, each counted in its turn."""
        if not rate:
            return np.zeros(len(keys), np.bool_)
        slots, cost = (keys >> np.uint64(_SHIFT)).astype(np.int64), np.float32(1 / rate)
        before = self._level.take(slots)
        np.add.at(self._level, slots, cost)
        over: Flags = self._level.take(slots) > 1 + _A_HAIR
        rows = over.nonzero()[0].tolist()
        turns: Counter[int] = Counter()
        for row in rows:
            slot = int(slots[row])
            turns[slot] += 1
            over[row] = before[row] + turns[slot] * cost > 1 + _A_HAIR
        if rows:
            some = slots[rows]
            self._level[some] = np.minimum(self._level.take(some), _MOST)
        return over

    def judge(self, client: bytes, reply: bytes) -> int:
        """``SEND``, ``CUT`` or ``DROP`` for one reply to this client (4 or 16 bytes)."""
        net = int.from_bytes(client[: _V4_NET if len(client) == 4 else _V6_NET], "little") * self._net
        if reply[3] & 15 in (dns.NOERROR, dns.NXDOMAIN):
            answer = zlib.crc32(dns.question(reply).lower()) * self._answer
            charged = [(net, self.rates.every), (net + answer, self.rates.same)]
        else:
            charged = [(net + self._errors, self.rates.errors)]
        over = False
        for key, rate in charged:
            if rate:
                slot = (key & _MASK) >> _SHIFT
                level = min(float(self._level[slot]) + 1 / rate, _MOST)
                self._level[slot] = level
                over |= level > 1 + _A_HAIR
        return self.verdict() if over and not self._spared.allow(client) else SEND

    def verdict(self) -> int:
        """``CUT`` or ``DROP`` for a reply that is held back."""
        self._held += 1
        return CUT if self.rates.slip and self._held % self.rates.slip == 0 else DROP


def _nets(names: npt.NDArray[np.uint8], v4: bool) -> npt.NDArray[np.uint64]:
    if v4:
        return (names[:, 4:8].copy().view("<u4")[:, 0] & np.uint32(0xFF_FFFF)).astype(np.uint64)
    return names[:, 8:16].copy().view("<u8")[:, 0] & np.uint64((1 << 8 * _V6_NET) - 1)
