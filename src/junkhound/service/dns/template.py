"""What the ordinary IPv4 questions of one zone look like as bytes, and the replies to them.

An ordinary question is ``d.c.b.a.ZONE A IN`` with or without an OPT record. It is recognised, not parsed: but for its
labels it must equal, under a mask, what a question of its length is. Replies are templates that the plain path wrote;
they differ only in where the zone's name stands and in the outcome.
"""

from __future__ import annotations

import re
from itertools import product

import numpy as np

from junkhound.service.dns.labels import LENGTHS, LONG, LONGEST_FIRST, NO_PATTERN, PATTERNS, QUESTION, SHORT, Sheet
from junkhound.service.dns.mmsg import LEAD
from junkhound.service.dns.whole import LIST
from junkhound.service.dns.zone import Face, Zone
from junkhound.wire import dns

OPTS = (0, 11, 23, 39)
"""Bytes of OPT: none, one without options, with a cookie of the client, with one of both (RFC 7873)."""
_PLAIN, _EDNS, _DO = range(3)
_MISS, _HIT = range(2)
DO_STEP = 256
"""What the DO flag adds to the place of a reply; being listed adds 1."""
_FREE = LEAD + 256  # where a row that is no question may be written to

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
    With ``kind`` TXT the questions are those for texts; of the replies only "not listed" is of use then.
    """

    def __init__(self, zone: Zone, face: Face, kind: int = dns.A) -> None:
        self.face, self.kind = face, kind
        self.rest = len(zone.origin) + 4  # the zone's name, type and class
        self._questions(zone)
        self._ordinary = re.compile(_ORDINARY % re.escape(zone.origin), re.DOTALL | re.IGNORECASE).fullmatch
        self._replies(zone)

    # --- questions ----------------------------------------------------------------------------------------

    def _questions(self, zone: Zone) -> None:
        """For each pattern and length the place of what a question must equal, and at each place what follows."""
        labels = range(1 if not self.face.data.only_test6 else 0, NO_PATTERN)
        # 1.0.0.2 is the name of 2.0.0.1 and the beginning of 2001::/16: the first pattern has such names.
        self._width = 12 + LONG + self.rest + OPTS[-1] + 2
        self._last, self._width_array = np.array(self._width - 1), np.array(self._width)
        bad = len(OPTS) * PATTERNS
        self._place = np.full((PATTERNS, self._width), bad, np.int64)
        words = -(-(QUESTION + LONG + self.rest + 11 - 8) // 64) * 8
        self.wanted, self.mask = np.zeros((bad + 1, words), np.uint64), np.zeros((bad + 1, words), np.uint64)
        self.wanted[:, 0] = 1  # under a mask of zeros nothing equals this: what is no question at all
        self.tail_at, self.base = np.full(bad + 1, _FREE, np.int64), np.zeros(bad + 1, np.int64)
        for (kind, opt), pattern in product(enumerate(OPTS), labels):
            place, length = kind * PATTERNS + pattern, int(LENGTHS[pattern])
            self._place[pattern, 12 + length + self.rest + opt] = place
            for table, made in zip((self.wanted, self.mask), self.question(zone, opt, length), strict=True):
                cut = made[:QUESTION] + made[QUESTION + 8 :]
                table[place] = np.frombuffer(cut.ljust(8 * words, b"\0"), np.uint64)
            self.tail_at[place] = QUESTION + length + self.rest
            self.base[place] = 4 * (length - SHORT) + 2 * (opt > 0)
        self._place_flat = self._place.reshape(-1)

    def question(self, zone: Zone, opt: int, labels: int) -> tuple[bytes, bytes]:
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
            head + bytes(labels) + name + bytes([0, self.kind, 0, dns.IN]) + tail,
            head_mask + bytes(labels) + name_mask + b"\xff" * 4 + tail_mask,
        )

    def match(self, sheet: Sheet) -> None:
        """Set the sheet's ``place`` and ``fits``: which rows are ordinary questions of this zone."""
        index = sheet.index
        np.multiply(sheet.pattern, self._width_array, index)
        np.add(index, np.minimum(sheet.came, self._last), index)
        self._place_flat.take(index, None, sheet.place, "clip")
        sheet.equal(self.mask, self.wanted)

    # --- one question -------------------------------------------------------------------------------------

    def answer(self, packet: bytes) -> tuple[bytes, bool, int] | None:
        """The reply to one ordinary question, whether the address is listed, and its number; None for anything else."""
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
        if size == SHORT and not data.only_test6:
            return None
        number = d << 24 | c << 16 | b << 8 | a
        hit = data.numbers.holds(number)
        if hit and self.coded:
            return None
        which = 4 * (size - SHORT) + 2 * (opt > 0) + hit
        if opt and packet[found.end(5) + 7] & 0x80:
            which += DO_STEP
        flags, more, counts, tail = self.plain[which]
        flags |= packet[2] & 0x01
        more |= packet[3] & 0x10
        return b"%b%c%c%b%b%b" % (packet[:2], flags, more, counts, packet[12 : found.end(5)], tail), hit, number

    # --- replies ------------------------------------------------------------------------------------------

    def _replies(self, zone: Zone) -> None:
        """Replies by ``base`` + 1 if listed + ``DO_STEP`` with DO, in the parts that ``Batch`` writes."""
        shapes = product(range(SHORT, LONG + 1), (_PLAIN, _EDNS), (_MISS, _HIT))
        half = [self._reply(zone, size, outcome, edns) for size, edns, outcome in shapes]
        made = dict(enumerate(half))
        shapes = product(range(SHORT, LONG + 1), (_PLAIN, _DO), (_MISS, _HIT))
        # What stands behind a question without OPT is no flag, whatever it is: the reply is the same.
        made |= {DO_STEP + at: self._reply(zone, size, hit, edns) for at, (size, edns, hit) in enumerate(shapes)}
        tails = {at: reply[12 + SHORT + at % DO_STEP // 4 + self.rest :] for at, reply in made.items()}
        longest = max(map(len, tails.values()))
        fits = 12 + LONG + self.rest + longest <= dns.PLAIN_SIZE and zone.origin[0] <= LONGEST_FIRST
        face = self.face
        # Names hide no address: no name that can be listed ends in a number.
        self.usable = fits and zone.style.form == LIST
        self.coded = len(face.codes) > 1
        """Whether what is listed may be answered in other ways than one: those rows are written by ``wider.coded``."""
        self.tail_width, count = longest, DO_STEP + len(half)
        self.tails = np.zeros(count, f"V{longest}")
        self.sizes, self.heads, self.flags = (np.zeros(count, kind) for kind in (np.int64, np.uint64, np.uint32))
        self.plain = {}
        for at, reply in made.items():
            self.tails[at] = np.void(tails[at].ljust(longest, b"\0"))
            self.sizes[at] = len(reply)
            self.heads[at] = int.from_bytes(reply[4:12], "little")
            self.flags[at] = int.from_bytes(reply[2:4], "little") << 16
            self.plain[at] = (reply[2], reply[3], reply[4:12], tails[at])

    def _reply(self, zone: Zone, size: int, outcome: int, edns: int) -> bytes:
        label = [1, 1, 1, 1]
        for extra in range(size - SHORT):
            label[extra % 4] += 1
        name = b"".join(bytes([length]) + b"1" * length for length in label) + zone.origin
        return self.made(name, outcome == _HIT, edns != _PLAIN, edns == _DO)

    def made(self, name: bytes, hit: bool, edns: bool, do: bool) -> bytes:
        """The reply to a question for this name, as the plain path gives it."""
        query = dns.Query(0, 0, name, (), self.kind, dns.IN, dns.EDNS_SIZE if edns else None, 0, do)
        face = self.face
        if hit:
            return dns.reply(query, dns.NOERROR, [dns.Record(name, dns.A, face.ttl, face.codes[0])])
        return dns.reply(query, dns.NXDOMAIN, [], [face.soa])
