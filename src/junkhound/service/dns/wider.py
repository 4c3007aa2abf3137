"""IPv6 questions, and TXT questions about IPv4, answered a batch at a time like the ordinary ones.

An IPv6 name has 32 labels of one digit each, so that everything in it stands at a fixed place. Of TXT questions those
that are not listed are answered as arrays; the others differ in their text, which is written row by row.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from junkhound.publish import served
from junkhound.service.dns.labels import QUESTION
from junkhound.service.dns.mmsg import LARGEST, LEAD, ROW
from junkhound.service.dns.template import OPTS, Template
from junkhound.service.dns.zone import Data, Face, Zone
from junkhound.wire import dns

LABELS = 64
"""Bytes of 32 labels."""
Flags = npt.NDArray[np.bool_]
U8 = npt.NDArray[np.uint8]

_BAD = 255
_NONE = len(OPTS)
_KEPT = np.uint32(0x1001FFFF)  # the number, RD and CD
_OPTS = tuple(dns.opt_of(dns.Query(0, 0, b"", (), dns.TXT, dns.IN, dns.EDNS_SIZE, 0, do)) for do in (False, True))
_SIZE = served.RECORD.itemsize
_ADDRESS = struct.Struct(">3HIH")
_RECORD = struct.Struct(">3HIHB")  # pointer, type, class, life, length, length of the string


def _digits() -> U8:
    table = np.full(256, _BAD, np.uint8)
    for digit in range(16):
        for letter in (b"%x" % digit, b"%X" % digit):
            table[letter[0]] = digit
    return table


_DIGIT = _digits()


class Six:
    """The IPv6 questions of one zone for one edition: recognised, looked up, answered."""

    def __init__(self, zone: Zone, face: Face, ordinary: Template) -> None:
        self.face = face
        self._end = QUESTION + LABELS + len(zone.origin) + 4  # where OPT stands in a row
        width = -(-(self._end + OPTS[-1]) // 8) * 8
        self.usable = ordinary.usable and width <= ROW and not ordinary.coded and not face.data.has_names
        self._words = width // 8
        self._wanted, self._mask = (np.zeros((_NONE + 1, self._words), np.uint64) for _ in range(2))
        self._wanted[_NONE] = 1  # under a mask of zeros nothing equals this
        longest = self._end - LEAD + OPTS[-1]
        self._place = np.full(longest + 2, _NONE, np.int64)
        for place, opt in enumerate(OPTS):
            for table, made, length in zip(
                (self._wanted, self._mask), ordinary.question(zone, opt, LABELS), (1, 255), strict=True
            ):
                whole = bytearray(made.ljust(width, b"\0"))
                whole[QUESTION : QUESTION + LABELS : 2] = bytes([length]) * 32
                table[place] = np.frombuffer(bytes(whole), np.uint64)
            self._place[self._end - LEAD + opt] = place
        self._replies(zone, ordinary)

    def _replies(self, zone: Zone, ordinary: Template) -> None:
        """Replies by 1 if listed + 2 with EDNS + 4 with DO."""
        name = b"\x011" * 32 + zone.origin
        made = {at: ordinary.made(name, bool(at & 1), bool(at & 6), bool(at & 4)) for at in (0, 1, 2, 3, 6, 7)}
        tails = {at: reply[self._end - LEAD :] for at, reply in made.items()}
        width = max(map(len, tails.values()))
        self.usable = self.usable and max(map(len, made.values())) <= min(LARGEST, dns.PLAIN_SIZE)
        self._tails = np.zeros((8, width), np.uint8)
        self._sizes, self._heads, self._flags = (np.zeros(8, kind) for kind in (np.int64, np.uint64, np.uint32))
        for at, reply in made.items():
            self._tails[at, : len(tails[at])] = np.frombuffer(tails[at], np.uint8)
            self._sizes[at], self._heads[at] = len(reply), int.from_bytes(reply[4:12], "little")
            self._flags[at] = int.from_bytes(reply[2:4], "little") << 16

    def read(self, rows: U8, came: npt.NDArray[np.int64]) -> tuple[Flags, npt.NDArray[np.uint64]]:
        """Which rows are questions about IPv6, and their addresses as (lower half, upper half)."""
        place = self._place.take(np.minimum(came, len(self._place) - 1))
        seen = np.ascontiguousarray(rows[:, : 8 * self._words]).view(np.uint64)
        fits: Flags = ((seen & self._mask[place]) == self._wanted[place]).all(1)
        digits = _DIGIT.take(rows[:, QUESTION + 1 : QUESTION + LABELS : 2])
        fits &= (digits != _BAD).all(1)
        octets = np.ascontiguousarray(digits[:, 1::2] << np.uint8(4) | digits[:, 0::2])
        return fits, octets.view("<u8")

    def answer(self, mail: Any, rows: U8, chosen: npt.NDArray[np.int64], numbers: npt.NDArray[np.uint64]) -> int:
        """Write the replies over these rows; how many are listed."""
        hit = hold(self.face.data, numbers[:, 1], numbers[:, 0])
        edns = mail.came[chosen] > self._end - LEAD
        do = (rows[chosen, self._end + 7] >> np.uint8(7)) & edns
        which = hit + 2 * edns + 4 * do.astype(np.int64)
        rows[chosen, self._end : self._end + self._tails.shape[1]] = self._tails[which]
        _head(rows, chosen, self._flags[which], self._heads[which])
        mail.leaves[chosen] = self._sizes[which]
        return int(hit.sum())


def _head(rows: U8, chosen: npt.NDArray[np.int64], flags: Any, heads: Any) -> None:
    both = rows[:, LEAD : LEAD + 4].view("<u4")[:, 0]
    both[chosen] = both[chosen] & _KEPT | flags
    rows[:, LEAD + 4 : LEAD + 12].view("<u8")[:, 0][chosen] = heads


def hold(data: Data, hi: npt.NDArray[np.uint64], lo: npt.NDArray[np.uint64]) -> Flags:
    """Which of these IPv6 addresses are listed."""
    first, second, bits = (data.column(f"v6.{name}") for name in ("hi", "lo", "bits"))
    if not len(first):
        return np.zeros(len(hi), np.bool_)
    at = first.searchsorted(hi, "right") - 1
    valid = at >= 0
    at = np.maximum(at, 0)
    length = bits[at].astype(np.uint64)
    above, below = hi ^ first[at], lo ^ second[at]
    upper = (above >> (np.uint64(64) - np.clip(length, 1, 64))) == 0
    lower = (below >> (np.uint64(128) - np.clip(length, 65, 128))) == 0
    found: Flags = valid & upper & (lower | (length <= 64))
    # Where several entries share the upper half, the last one need not be the one at or before the address.
    odd = np.flatnonzero(valid & (first[at] == hi) & (second[at] > lo))
    for row in odd.tolist():
        found[row] = data.find6(int(hi[row]) << 64 | int(lo[row])) >= 0
    return found


def coded(face: Face, mail: Any, rows: U8, chosen: npt.NDArray[np.int64], numbers: npt.NDArray[np.uint32]) -> Flags:
    """Write the addresses that a combined list answers, by the code of each entry; which rows were written."""
    data = face.data
    codes = data.column("v4.codes")
    places = data.column("v4.first").searchsorted(numbers, "right") - 1
    done: Flags = np.ones(len(chosen), np.bool_)
    memory = memoryview(mail.memory)
    made = [b"".join(_ADDRESS.pack(0xC00C, dns.A, dns.IN, face.ttl, 4) + code for code in some) for some in face.codes]
    lengths = mail.came[chosen].tolist()
    for at, (row, code) in enumerate(zip(chosen.tolist(), codes[places].tolist(), strict=True)):
        start = row * ROW + LEAD
        packet = bytes(memory[start : start + lengths[at]])
        end = packet.index(0, 12) + 5
        more = b"" if end == lengths[at] else _OPTS[packet[end + 7] >> 7]
        tail = made[code] + more
        if end + len(tail) > dns.PLAIN_SIZE:
            done[at] = False
            continue
        count = len(face.codes[code])
        memory[start + 2 : start + 12] = b"%c%c\0\1\0%c\0\0\0%c" % (
            0x84 | packet[2] & 1, packet[3] & 0x10, count, more > b"",
        )  # fmt: skip
        memory[start + end : start + end + len(tail)] = tail
        mail.leaves[row] = end + len(tail)
    return done


def texts(face: Face, mail: Any, rows: U8, chosen: npt.NDArray[np.int64], numbers: npt.NDArray[np.uint32]) -> Flags:
    """Write TXT replies about listed IPv4 addresses; which rows were written, for a very long one is cut elsewhere."""
    data = face.data
    places = data.column("v4.first").searchsorted(numbers, "right") - 1
    records = data.column("v4.record")[places].tobytes()
    done: Flags = np.zeros(len(chosen), np.bool_)
    memory, sentence, ttl = memoryview(mail.memory), data.head.sentence, face.ttl
    lengths = mail.came[chosen].tolist()
    leaves: list[int] = []
    for at, (row, number) in enumerate(zip(chosen.tolist(), numbers.tolist(), strict=True)):
        shown = f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        words = sentence(records[_SIZE * at : _SIZE * at + _SIZE], shown).encode()
        start = row * ROW + LEAD
        packet = bytes(memory[start : start + lengths[at]])
        end = packet.index(0, 12) + 5
        if len(words) > 255 or end + 13 + len(words) + 11 > dns.PLAIN_SIZE:
            leaves.append(0)
            continue
        more = b"" if end == lengths[at] else _OPTS[packet[end + 7] >> 7]
        memory[start + 2 : start + 12] = b"%c%c\0\1\0\1\0\0\0%c" % (0x84 | packet[2] & 1, packet[3] & 0x10, more > b"")
        tail = b"".join((_RECORD.pack(0xC00C, dns.TXT, dns.IN, ttl, len(words) + 1, len(words)), words, more))
        memory[start + end : start + end + len(tail)] = tail
        leaves.append(end + len(tail))
        done[at] = True
    mail.leaves[chosen[done]] = [size for size in leaves if size]
    return done
