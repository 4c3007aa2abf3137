"""Ordinary IPv4 questions answered a batch at a time, as arrays.

An ordinary question is ``d.c.b.a.ZONE A IN`` with or without an OPT record. Its bytes are recognised, not parsed: the
16 bytes in which the four numbers stand give one of 81 patterns of label lengths, and everything else must equal, under
a mask, what a question of that pattern and length is. Replies are templates that the plain path wrote; they differ only
in where the zone's name stands and in the outcome. Whatever does not match is left for ``Book.answer``.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from junkhound.service.dns.answer import Book
from junkhound.service.dns.mmsg import LEAD, ROW, Mail
from junkhound.service.dns.zone import Face, Zone
from junkhound.wire import dns

_QUESTION = LEAD + 12  # where the name stands in a row
_SHORT, _LONG = 8, 16  # bytes of four labels of one and of three digits
_NO_PATTERN = 81
_PATTERNS = _NO_PATTERN + 1
_OPTS = (0, 11, 23, 39)  # no OPT record, one without options, with a cookie of the client, with one of both (RFC 7873)
_PLAIN, _EDNS, _DO = range(3)
_MISS, _HIT = range(2)

_KEPT = np.uint32(0x1001FFFF)  # the number, RD and CD
_TWENTY = np.uint32(20)
_ALL_FOUR = np.uint32(0x01010101)

U8 = npt.NDArray[np.uint8]
U32 = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


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


_FACTOR = np.uint32(0xA30FEBCF)  # found by trial: times this, no two words agree in their highest 12 bits
_OCTET = _octets()


def _patterns() -> tuple[Places, Places, U32]:
    """By digit mask a pattern; by pattern where its four labels and what follows them begin, and the labels' masks."""
    found = np.full(1 << _LONG, _NO_PATTERN, np.int64)
    begins = np.zeros((_NO_PATTERN + 1, 5), np.int64)
    masks = np.zeros((_NO_PATTERN + 1, 4), np.uint32)
    keys = np.arange(1 << _LONG)
    digit = [(keys >> at & 1).astype(np.bool_) for at in range(_LONG)]
    for number, lengths in enumerate(product((1, 2, 3), repeat=4)):
        fits = np.ones(1 << _LONG, np.bool_)
        at = 0
        for place, length in enumerate(lengths):
            begins[number, place], masks[number, place] = at, (1 << 8 * (length + 1)) - 1
            fits &= ~digit[at] & np.logical_and.reduce(digit[at + 1 : at + 1 + length])
            at += length + 1
        if at < _LONG:
            fits &= ~digit[at]
        found[fits] = number
        begins[number, 4] = at
    return found, begins + _QUESTION, masks


_PATTERN, _BEGINS, _MASKS = _patterns()
_LENGTHS = _BEGINS[:, 4] - _QUESTION
_SIXES = np.maximum(_LENGTHS - _SHORT, 0) * 6
_THREE = np.uint8(3)
# Of eight bytes their bits 4, times this, stand in the highest byte in order.
_GATHER = np.uint64(0x0010204081020408)
_BIT_FOUR, _ONE, _TOP_BYTE = np.uint64(0x1010101010101010), np.uint64(1), np.uint64(56)


def _digit_masks(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint16]:
    """For each row of two words a bit for each byte that looks like a digit (0x30 to 0x3f), lowest byte first."""
    bits = (words & (words >> _ONE) & _BIT_FOUR) * _GATHER >> _TOP_BYTE
    both: npt.NDArray[np.uint16] = bits.astype(np.uint8).view("<u2")[:, 0]
    return both


# An ordinary question as bytes; its four labels, and the zone's name with type and class.
_ORDINARY = (
    rb"..[\x00\x01\x04\x05].\x00\x01\x00\x00\x00\x00\x00[\x00\x01]"
    rb"([\x01-\x03]\d+)([\x01-\x03]\d+)([\x01-\x03]\d+)([\x01-\x03]\d+)"
    rb"(%b\x00\x01\x00\x01)(?:\x00\x00\x29...\x00.{4,57})?"
)
_LABELS = {b"%c%d" % (len(str(octet)), octet): octet for octet in range(256)}


class Template:
    """What one zone's questions have behind their numbers, and the replies, for one edition of the list.

    ``usable`` is False where a reply might not fit into the smallest datagram: such zones take the plain path.
    """

    def __init__(self, zone: Zone, face: Face) -> None:
        self.face = face
        self.rest = len(zone.origin) + 4  # the zone's name, type and class
        self.width = -(-(_QUESTION + _LONG + self.rest + 11) // 8) * 8
        self.sizes = _LENGTHS + 12 + self.rest - 1  # one less: take() would read a place of -1 as 0
        bad = len(_OPTS) * _PATTERNS
        self.kinds = np.full(_OPTS[-1] + 3, bad, np.int64)
        shape = (bad + _PATTERNS, self.width)
        wanted, mask = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
        wanted[:, 0] = 1  # under a mask of zeros nothing equals this: lengths and patterns that no question has
        for kind, opt in enumerate(_OPTS):
            self.kinds[opt + 1] = kind * _PATTERNS
            for pattern in range(_PATTERNS - 1):
                row = kind * _PATTERNS + pattern
                for table, made in zip((wanted, mask), self._question(zone, opt, int(_LENGTHS[pattern])), strict=True):
                    table[row] = np.frombuffer(made.ljust(self.width, b"\0"), np.uint8)
        # Equality of rows is one comparison of byte strings: far quicker than all() over their words.
        self.mask, self.wanted = mask.view(np.uint64), wanted.view(f"S{self.width}")[:, 0]
        self.edns = (np.arange(len(mask)) >= _PATTERNS).astype(np.uint8)
        self._ordinary = re.compile(_ORDINARY % re.escape(zone.origin), re.DOTALL | re.IGNORECASE).fullmatch
        self._replies(zone)

    def _question(self, zone: Zone, opt: int, labels: int) -> tuple[bytes, bytes]:
        """A row with a question, and which of its bits count; ``opt`` bytes of OPT, ``labels`` bytes of numbers."""
        # No answer, operation 0, not cut short; RD, AA and the second byte of flags are the client's to choose.
        head, head_mask = (
            bytes(LEAD + 4) + b"\0\1\0\0\0\0\0" + bytes([opt > 0]),
            bytes(LEAD + 2) + b"\xfa\0" + b"\xff" * 8,
        )
        # Letters may have any case: without bit 0x20 "a" equals "A", and no other byte equals either.
        name = bytes(letter & 0xDF if 97 <= letter <= 122 else letter for letter in zone.origin)
        name_mask = bytes(0xDF if 97 <= letter <= 122 else 0xFF for letter in zone.origin)
        # Of OPT: root, type 41, payload size (any), extended code (any), version 0, flags (any), length.
        tail = b"\0\0\x29" + bytes(6) + (opt - 11).to_bytes(2, "big") if opt else b""
        tail_mask = b"\xff\xff\xff\0\0\0\xff\0\0\xff\xff" if opt else b""
        return (
            head + bytes(labels) + name + b"\0\1\0\1" + tail,
            head_mask + bytes(labels) + name_mask + b"\xff" * 4 + tail_mask,
        )

    def answer(self, packet: bytes) -> tuple[bytes, bool] | None:
        """The reply to one ordinary question and whether the address is listed; None for anything else."""
        found = self._ordinary(packet)
        if found is None:
            return None
        a, b, c, d = map(_LABELS.get, found.group(1, 2, 3, 4))
        end, opt = found.start(5), len(packet) - found.end(5)
        if a is None or b is None or c is None or d is None or (packet[11] == 1) != (opt > 0):
            return None
        if opt and int.from_bytes(packet[-(opt - 9) : -(opt - 11) or None], "big") != opt - 11:
            return None
        data, size = self.face.data, end - 12
        if size == _SHORT and not data.only_test6:
            return None
        hit = data.find4(d << 24 | c << 16 | b << 8 | a) >= 0
        flavour = _PLAIN if not opt else _DO if packet[found.end(5) + 7] & 0x80 else _EDNS
        flags, more, counts, tail = self.plain[6 * (size - _SHORT) + 3 * hit + flavour]
        flags |= packet[2] & 0x01
        more |= packet[3] & 0x10
        return b"%b%c%c%b%b%b" % (packet[:2], flags, more, counts, packet[12 : found.end(5)], tail), hit

    def _replies(self, zone: Zone) -> None:
        """Replies by 6 * bytes of the labels beyond 8 + 3 * hit + flavour, in the parts that ``Batch`` writes."""
        made = [
            self._reply(zone, size, outcome, flavour)
            for size, outcome, flavour in product(range(_SHORT, _LONG + 1), (_MISS, _HIT), (_PLAIN, _EDNS, _DO))
        ]
        tails = [reply[12 + _SHORT + which // 6 + self.rest :] for which, reply in enumerate(made)]
        longest = max(map(len, tails))
        self.usable = 12 + _LONG + self.rest + longest <= dns.PLAIN_SIZE
        self.tail_width = longest
        self.tails = np.array([np.void(tail.ljust(longest, b"\0")) for tail in tails], f"V{longest}")
        self.reply_sizes = np.array([len(reply) for reply in made], np.int64)
        self.heads = np.array([int.from_bytes(reply[4:12], "little") for reply in made], np.uint64)
        self.flags = np.array([int.from_bytes(reply[2:4], "little") << 16 for reply in made], np.uint32)
        self.plain = [(reply[2], reply[3], reply[4:12], tail) for reply, tail in zip(made, tails, strict=True)]

    def _reply(self, zone: Zone, size: int, outcome: int, edns: int) -> bytes:
        label = [1, 1, 1, 1]
        for extra in range(size - _SHORT):
            label[extra % 4] += 1
        name = b"".join(bytes([length]) + b"1" * length for length in label) + zone.origin
        query = dns.Query(0, 0, name, (), dns.A, dns.IN, None if edns == _PLAIN else dns.EDNS_SIZE, 0, edns == _DO)
        face = self.face
        if outcome == _HIT:
            return dns.reply(query, dns.NOERROR, [dns.Record(name, dns.A, face.ttl, (face.code,))])
        return dns.reply(query, dns.NXDOMAIN, [], [face.soa])


class Asked(NamedTuple):
    """What a batch asks about, by row: the address, where what follows it begins, its pattern, and whether its labels
    are octets."""

    numbers: U32
    end: Places
    pattern: Places
    good: Flags


class Batch:
    """The vectorised path over the rows of one ``Mail``; ``by_v4`` says that its clients have IPv4 addresses."""

    def __init__(self, mail: Mail, book: Book, by_v4: bool) -> None:
        self._mail, self._book, self._by_v4 = mail, book, by_v4
        rows = mail.memory[: mail.size * ROW].reshape(mail.size, ROW)
        self._digits = rows[:, _QUESTION : _QUESTION + _LONG].view("<u8")
        self._flags = rows[:, LEAD : LEAD + 4].view("<u4")[:, 0]
        self._all = rows.view("<u8")
        self._heads = rows[:, LEAD + 4 : LEAD + 12].view("<u8")[:, 0]
        self._begin = np.arange(mail.size, dtype=np.int64) * ROW
        self._words = _windows(mail.memory, "<u4")
        self._wide: dict[int, npt.NDArray[Any]] = {}
        self._templates: dict[str, Template] = {}

    def one(self, row: int, packet: bytes, at: int) -> bytes | None:
        """The reply to one ordinary question, where a batch is too small to be worth arrays; None for anything else."""
        for zone in self._book.zones:
            template = self._template(zone, at)
            if template is not None and (made := template.answer(packet)) is not None:
                if not zone.clients.allow(self._mail.client(row)):
                    return None
                self._book.counts["listed" if made[1] else "NXDOMAIN"] += 1
                return made[0]
        return None

    def answer(self, count: int, at: int) -> Flags:
        """Write replies over the questions among the first ``count`` rows; True for the rows that have one."""
        pattern = _PATTERN.take(_digit_masks(self._digits[:count]))
        begins = _BEGINS.take(pattern, axis=0)
        begins += self._begin[:count, None]
        words = self._words[begins[:, :4]] & _MASKS.take(pattern, axis=0)
        octets = _OCTET.take((words * _FACTOR) >> _TWENTY)
        # Four octets that read back as what was asked: four bytes of True as one number.
        good = (_WORDS.take(octets) == words).view("<u4")[:, 0] == _ALL_FOUR
        asked = Asked(octets.view("<u4")[:, 0], begins[:, 4], pattern, good)
        done = np.zeros(count, np.bool_)
        for zone in self._book.zones:
            template = self._template(zone, at)
            if template is not None:
                self._zone(zone, template, asked, done)
        return done

    def _template(self, zone: Zone, at: int) -> Template | None:
        face = zone.standing(at)
        if face is None:
            return None
        known = self._templates.get(zone.name)
        if known is None or known.face is not face:
            known = self._templates[zone.name] = Template(zone, face)
        return known if known.usable else None

    def _zone(self, zone: Zone, template: Template, asked: Asked, done: Flags) -> None:
        """Answer the ordinary questions for one zone by clients that may ask."""
        count, mail = len(asked.numbers), self._mail
        place = template.kinds.take(mail.came[:count] - template.sizes.take(asked.pattern), mode="clip")
        place += asked.pattern
        seen = self._all[:count, : template.width // 8] & template.mask.take(place, axis=0)
        fits: Flags = seen.view(f"S{template.width}")[:, 0] == template.wanted.take(place)
        fits &= asked.good
        if self._by_v4:
            fits &= zone.clients.allow_v4(mail.names[:count])
        else:
            fits &= np.array([zone.clients.allow(mail.client(row)) for row in range(count)])
        if not template.face.data.only_test6:
            fits &= asked.pattern > 0  # 1.0.0.2 is the name of 2.0.0.1 and the beginning of 2001::/16
        edns = template.edns.take(place)
        flavour = edns + (edns & (mail.memory.take(asked.end + (template.rest + 7)) >> 7))
        if fits.all():
            self._reply(template, slice(0, count), asked.numbers, asked.end, asked.pattern, flavour)
            done[:] = True
        elif fits.any():
            rows = fits.nonzero()[0]
            self._reply(template, rows, asked.numbers[rows], asked.end[rows], asked.pattern[rows], flavour[rows])
            done |= fits

    def _reply(self, template: Template, rows: Any, numbers: U32, end: Places, pattern: Places, flavour: U8) -> None:
        """Look the numbers up and write what follows from it."""
        hit = template.face.data.listed4(numbers)
        which = _SIXES.take(pattern)
        which += hit.view(np.uint8) * _THREE + flavour
        self._blocks(template.tail_width)[end + template.rest] = template.tails.take(which)
        self._flags[rows] = self._flags[rows] & _KEPT | template.flags.take(which)
        self._heads[rows] = template.heads.take(which)
        self._mail.leaves[rows] = template.reply_sizes.take(which)
        listed = int(np.count_nonzero(hit))
        self._book.counts["listed"] += listed
        self._book.counts["NXDOMAIN"] += len(numbers) - listed

    def _blocks(self, width: int) -> npt.NDArray[Any]:
        """The memory as overlapping blocks of bytes, one beginning at each byte."""
        if width not in self._wide:
            self._wide[width] = _windows(self._mail.memory, f"V{width}")
        return self._wide[width]


def _windows(memory: U8, kind: Any) -> npt.NDArray[Any]:
    """The memory as overlapping values, one beginning at each byte."""
    kind = np.dtype(kind)
    return np.ndarray((len(memory) - kind.itemsize + 1,), kind, memory, 0, (1,))
