"""The four numbers of an IPv4 question, read for a whole batch of rows.

The 16 bytes in which they stand are copied side by side; one bit of each tells digits from lengths, and the sixteen
bits give one of 81 patterns of label lengths. By pattern the bytes of each label are gathered into a word of 32 bits,
the word is sent to the one place of a table where its octet may stand, and the octet's own word must equal it.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from junkhound.service.dns.mmsg import LARGEST, LEAD, ROW, Mail

QUESTION = LEAD + 12
"""Where the name stands in a row."""
SHORT, LONG = 8, 16
"""Bytes of four labels of one and of three digits."""
NO_PATTERN = 81
PATTERNS = NO_PATTERN + 1
LONGEST_FIRST = 31
"""Letters that the first label of a zone may have: its length must not look like a digit."""
_PAD = LEAD + LARGEST  # nothing is ever written there: zero

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Operands are arrays of no dimensions, which cost less than scalars. Of eight bytes their bits 5, set in digits and not
# in lengths, times _GATHER stand in the highest byte in order.
_DIGIT, _GATHER = np.array(0x2020202020202020, np.uint64), np.array(0x0008102040810204, np.uint64)
_FACTOR = np.array(0xA30FEBCF, np.uint32)  # found by trial: times this, no two words agree in their highest 12 bits
_TWENTY = np.array(20, np.uint32)


def _label_words() -> U32:
    """Each octet as its label: the length and up to three digits as one little-endian number."""
    return np.array([int.from_bytes(bytes([len(str(n))]) + str(n).encode(), "little") for n in range(256)], np.uint32)


_WORDS = _label_words()


def _octets() -> U8:
    """The octet at the place to which its word is sent: 4 kB, which stay near the processor."""
    places = (_WORDS * _FACTOR) >> _TWENTY
    assert len(np.unique(places)) == 256
    table = np.zeros(1 << 12, np.uint8)
    table[places] = np.arange(256)
    return table


_OCTET = _octets()


def _patterns() -> tuple[Places, Places, Places]:
    """By digit bits a pattern; by pattern the bytes of all labels, and where in a row the bytes of its words stand."""
    found = np.full(1 << LONG, NO_PATTERN, np.int64)
    lengths = np.zeros(PATTERNS, np.int64)
    places = np.full((PATTERNS, LONG), _PAD, np.int64)
    keys = np.arange(1 << LONG)
    digit = [(keys >> at & 1).astype(np.bool_) for at in range(LONG)]
    for number, digits in enumerate(product((1, 2, 3), repeat=4)):
        fits = np.ones(1 << LONG, np.bool_)
        at = 0
        for label, length in enumerate(digits):
            places[number, 4 * label : 4 * label + length + 1] = np.arange(at, at + length + 1) + QUESTION
            fits &= ~digit[at] & np.logical_and.reduce(digit[at + 1 : at + 1 + length])
            at += length + 1
        if at < LONG:
            fits &= ~digit[at]
        found[fits] = number
        lengths[number] = at
    return found, lengths, places


_PATTERN, LENGTHS, _PLACES = _patterns()
"""``LENGTHS``: bytes of the four labels by pattern; 0 for what is none."""


class Room:
    """Arrays for a full batch, of which each ``Sheet`` uses the first rows."""

    def __init__(self, mail: Mail) -> None:
        size = mail.size
        self.size = size
        self.memory = mail.memory
        self.rows = mail.memory[: size * ROW].reshape(size, ROW)
        self.names = mail.names
        self.came = mail.came
        self.starts: Places = np.arange(size, dtype=np.int64) * ROW
        self.starts_of_bytes = self.starts.repeat(LONG)
        self.labels = np.zeros(2 * size, np.uint64)
        self.bits = np.zeros(2 * size, np.uint64)
        self.key: U8 = np.zeros(2 * size, np.uint8)
        self.pattern: Places = np.zeros(size, np.int64)
        self.places: Places = np.zeros((size, LONG), np.int64)
        self.bytes: U8 = np.zeros(LONG * size, np.uint8)
        self.sent, self.back = np.zeros(4 * size, np.uint32), np.zeros(4 * size, np.uint32)
        self.octets: U8 = np.zeros(4 * size, np.uint8)
        self.flags: Flags = np.zeros((2, size), np.bool_)
        self.index, self.place = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self._wide: dict[int, tuple[npt.NDArray[Any], ...]] = {}

    def wide(self, words: int) -> tuple[npt.NDArray[Any], ...]:
        """What was seen, its mask and what was wanted, by ``words`` of 64 bits a row; and which of them are equal."""
        if words not in self._wide:
            shape = (self.size, words)
            self._wide[words] = (*(np.zeros(shape, np.uint64) for _ in range(3)), np.zeros(shape, np.bool_))
        return self._wide[words]


class Sheet:
    """The first ``count`` rows of a batch, as views made once: making views costs as much as using them.

    After ``read``: ``numbers`` are the addresses, ``pattern`` the lengths of their labels, ``good`` says that all four
    are octets written as they should be.
    """

    def __init__(self, room: Room, count: int) -> None:
        self.room, self.count = room, count
        self.starts, self.came = room.starts[:count], room.came[:count]
        self.halves = room.names[:count, 4:6].view("<u2")[:, 0]  # of the clients' IPv4 addresses
        self._rows = room.rows[:count]
        self._name = self._bytes(QUESTION, LONG)
        self._labels, self._bits = room.labels[: 2 * count], room.bits[: 2 * count]
        self._copy = self._labels.view(f"V{LONG}")
        self._top, self._key8 = self._bits.view(np.uint8)[7::8], room.key[: 2 * count]
        self._key = self._key8.view("<u2")
        self.pattern, self._places = room.pattern[:count], room.places[:count]
        self._flat, self._starts = self._places.reshape(-1), room.starts_of_bytes[: LONG * count]
        self._taken = room.bytes[: LONG * count]
        self._words = self._taken.view("<u4")
        self._sent, self._back = room.sent[: 4 * count], room.back[: 4 * count]
        self._octets = room.octets[: 4 * count]
        self.numbers: U32 = self._octets.view("<u4")
        # Four words compared at once, as strings: their padding is zero on both sides.
        self._asked, self._written = self._words.view(f"S{LONG}"), self._back.view(f"S{LONG}")
        self.good, self.fits = room.flags[0, :count], room.flags[1, :count]
        self.index, self.place = room.index[:count], room.place[:count]
        self._fits: dict[int, tuple[Any, ...]] = {}

    def _bytes(self, at: int, size: int) -> npt.NDArray[Any]:
        """``size`` bytes of each row from ``at`` as one value."""
        return self._rows[:, at : at + size].view(f"V{size}")[:, 0]

    def read(self) -> None:
        """Read what stands in the rows now."""
        self._copy[:] = self._name
        np.bitwise_and(self._labels, _DIGIT, self._bits)
        np.multiply(self._bits, _GATHER, self._bits)
        self._key8[:] = self._top
        _PATTERN.take(self._key, None, self.pattern, "clip")
        _PLACES.take(self.pattern, 0, self._places, "clip")
        np.add(self._flat, self._starts, self._flat)
        self.room.memory.take(self._flat, None, self._taken, "clip")
        np.multiply(self._words, _FACTOR, self._sent)
        np.right_shift(self._sent, _TWENTY, self._sent)
        _OCTET.take(self._sent, None, self._octets, "clip")
        _WORDS.take(self._octets, None, self._back, "clip")
        np.equal(self._asked, self._written, self.good)

    def equal(self, mask: npt.NDArray[np.uint64], wanted: npt.NDArray[np.uint64]) -> Flags:
        """Whether each row under the mask of its ``place`` equals what is wanted there, and is ``good``.

        Rows are taken without their bytes 16 to 23, which hold labels in every question; ``mask`` and ``wanted`` have
        a multiple of eight words for each place.
        """
        words = mask.shape[1]
        if words not in self._fits:
            self._fits[words] = self._views(words)
        head, head_copy, rest, rest_copy, seen, of_mask, of_wanted, flat, same, columns = self._fits[words]
        head_copy[:] = head
        rest_copy[:] = rest
        mask.take(self.place, 0, of_mask, "clip")
        wanted.take(self.place, 0, of_wanted, "clip")
        np.bitwise_and(seen, flat[0], seen)
        np.equal(seen, flat[1], same)
        fits = self.fits
        np.equal(columns[0], _ALL_EIGHT, fits)
        for column in columns[1:]:
            np.bitwise_and(fits, column == _ALL_EIGHT, fits)
        np.bitwise_and(fits, self.good, fits)
        return fits

    def _views(self, words: int) -> tuple[Any, ...]:
        seen, mask, wanted, same = (array[: self.count] for array in self.room.wide(words))
        columns = same.view(np.uint64)
        return (
            self._bytes(0, QUESTION),
            seen[:, :2].view(f"V{QUESTION}")[:, 0],
            self._bytes(QUESTION + 8, 8 * words - QUESTION),
            seen[:, 2:].view(f"V{8 * words - QUESTION}")[:, 0],
            seen.reshape(-1),
            mask,
            wanted,
            (mask.reshape(-1), wanted.reshape(-1)),
            same.reshape(-1),
            [columns[:, at] for at in range(columns.shape[1])],
        )


_ALL_EIGHT = np.array(0x0101010101010101, np.uint64)
