"""Who may ask: networks, answered for one address or for a whole batch."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from junkhound.kernel import net
from junkhound.kernel.net import Network
from junkhound.publish.cover import merged

_REMEMBERED = 10_000
LOOPBACK = ("127.0.0.0/8", "::1")


class Clients:
    """Networks whose addresses are answered; loopback is among them unless they are to be exactly these."""

    def __init__(self, networks: Iterable[Network], loopback: bool = True) -> None:
        here = (net.parse_network(words) for words in (LOOPBACK if loopback else ()))
        self._spans = merged([*networks, *(network for network in here if network is not None)])
        self._by_half = self._halves()
        self._mixed = bool((self._by_half > 1).any())
        self.everyone = self._spans == [(0, (1 << 128) - 1)]
        """Whether there is nobody who may not ask."""
        self._known: dict[bytes, bool] = {}

    def allow(self, packed: bytes) -> bool:
        """Whether the address (4 or 16 bytes) may ask."""
        known = self._known.get(packed)
        if known is None:
            address = net.from_packed(packed)
            number = address.hi << 64 | address.lo
            known = any(first <= number <= last for first, last in self._spans)
            if len(self._known) >= _REMEMBERED:  # forged addresses must not fill the memory
                self._known.clear()
            self._known[packed] = known
        return known

    def whole(self, half: bytes) -> bool:
        """Whether all IPv4 addresses that begin with these two bytes may ask."""
        return bool(self._by_half[half[0] | half[1] << 8] == 1)

    def _halves(self) -> npt.NDArray[np.uint8]:
        """For each first half of an IPv4 address, in its bytes' order: 0 outside, 1 inside, 2 look closer."""
        inside = np.zeros(1 << 16, np.uint8)
        for first, last in self._spans:
            low, high = max(first, net.V4) - net.V4, min(last, net.V4 | 0xFFFF_FFFF) - net.V4
            if low <= high:
                whole = slice(low + 0xFFFF >> 16, high + 1 >> 16)
                inside[[low >> 16, high >> 16]] = 2
                inside[whole] = 1
        return inside[np.arange(1 << 16, dtype=np.uint16).byteswap()]

    def allow_v4(
        self, names: npt.NDArray[np.uint8], halves: npt.NDArray[np.uint16] | None = None
    ) -> npt.NDArray[np.bool_]:
        """The same for a batch of IPv4 socket addresses (struct sockaddr_in, one a row).

        ``halves`` are the first halves of the addresses, where the caller has them as a view.
        """
        if halves is None:
            halves = names[:, 4:6].view("<u2")[:, 0]
        found = self._by_half.take(halves)
        if self._mixed:
            for row in (found > 1).nonzero()[0].tolist():
                found[row] = self.allow(names[row, 4:8].tobytes())
        return found.view(np.bool_)


def clients(networks: Iterable[Network], scope: str) -> Clients:
    """Who may ask a list of this scope: one of scope ``own`` is never answered to the whole world.

    A network /0 opens the lists of scope ``public`` only, so that one setting serves both kinds.
    """
    return Clients(n for n in networks if scope == "public" or n.prefix > 0)
