"""The IPv4 part of a list in memory, to look hundreds of addresses up at once.

Single addresses stand in order of a scrambled number (times an odd constant, which maps 32 bits one to one). However
they cluster in the world, scrambled they are spread evenly: an index by the highest bits says where to look, and
sixteen numbers from there hold the address or it is not listed. The few that have no place among the first sixteen of
their part of the index are kept once more, in ``extra``. Networks are few; they are searched in order.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]

_FACTOR = 0x9E3779B1
_SCRAMBLE = np.array(_FACTOR, np.uint32)  # an array of no dimensions: cheaper in arithmetic than a scalar
_WINDOW = 16
_FEW, _MANY = 8, 20  # the index has 2**_FEW places at least and 2**_MANY at most
_ALONE = 5  # numbers for a place of the index, at most, below 5 * 2**_MANY of them
_PIECE = 1 << 16
_NONE = np.array(0, np.uint64)
_SPAN = np.array([(1 << 32 - bits) - 1 for bits in range(33)], np.uint32)


class Numbers:
    """Built once from ``pieces`` (first addresses rising, prefix lengths); ``most`` is how many there can be.

    Source: the scrambling is multiplicative hashing, Knuth, The Art of Computer Programming 3, section 6.4.
    """

    def __init__(self, pieces: Iterable[tuple[U32, U8]], most: int) -> None:
        numbers = np.empty(most + _WINDOW, np.uint32)  # what is never written takes no memory
        first, bits = [], []
        count = 0
        for some, lengths in pieces:
            alone = lengths == 32
            singles = some if alone.all() else some[alone]
            np.multiply(singles, _SCRAMBLE, out=numbers[count : count + len(singles)])
            count += len(singles)
            if len(singles) < len(some):
                first.append(some[~alone])
                bits.append(lengths[~alone])
        self._networks(first, bits)
        self._singles(numbers[: count + _WINDOW], count)

    def _networks(self, first: list[U32], bits: list[U8]) -> None:
        self._first = np.concatenate(first) if first else np.zeros(0, np.uint32)
        self._span = _SPAN.take(np.concatenate(bits)) if bits else np.zeros(0, np.uint32)
        self._first_view, self._span_view = self._first.data, self._span.data

    def _singles(self, numbers: U32, count: int) -> None:
        self._count, self._bits = count, _FEW
        numbers[:count].sort()
        numbers[count:] = numbers[count - 1] if count else 0  # equal to one of these is listed as well
        while count > _ALONE << self._bits and self._bits < _MANY:
            self._bits += 1
        shift, size = 32 - self._bits, 1 << self._bits
        self._shift = np.array(shift, np.uint32)
        starts = np.full(size + 1, count, np.uint32)
        for at in range(0, size, _PIECE):  # by pieces: no large array for a moment
            edges = np.arange(at, min(at + _PIECE, size), dtype=np.uint32) << self._shift
            starts[at : at + len(edges)] = numbers[:count].searchsorted(edges)
        crowded = (starts[1:] - starts[:-1] > _WINDOW).nonzero()[0].tolist()
        rest = [numbers[int(starts[at]) + _WINDOW : int(starts[at + 1])] for at in crowded]
        self._extra = np.concatenate(rest) if rest else np.zeros(0, np.uint32)
        self._starts, self._starts_view = starts, starts.data
        self._scrambled = numbers.data
        # Sixteen numbers as one value, one beginning at each number.
        self._windows = np.ndarray((count + 1,), f"V{4 * _WINDOW}", numbers.data, 0, (4,))

    def holds(self, number: int) -> bool:
        """Whether this address is listed."""
        scrambled = number * _FACTOR & 0xFFFF_FFFF
        part = scrambled >> 32 - self._bits
        low, high = self._starts_view[part], self._starts_view[part + 1]
        place = bisect_left(self._scrambled, scrambled, low, high)
        if place < high and self._scrambled[place] == scrambled:
            return True
        place = bisect_right(self._first_view, number) - 1
        return place >= 0 and number - self._first_view[place] <= self._span_view[place]

    def hold(self, numbers: U32) -> Flags:
        """The same for many."""
        scrambled = numbers * _SCRAMBLE
        seen = self._windows[self._starts.take(scrambled >> self._shift)]
        equal = (seen.view(np.uint32) == scrambled.repeat(_WINDOW)).view(np.uint64)
        found: Flags = (equal[::2] | equal[1::2]) != _NONE
        if not self._count:
            found[:] = False
        if len(self._extra):
            place = self._extra.searchsorted(scrambled)
            found |= self._extra.take(place, mode="clip") == scrambled
        if len(self._first):
            place = self._first.searchsorted(numbers, "right") - 1
            found |= numbers - self._first.take(place, mode="clip") <= self._span.take(place, mode="clip")
        return found
