"""What mails say of each other: pasted lines, machines behind many relays, machines seen at work (tests T11 and T12).

Two things look alike and mean the opposite. A whole line, id and all, under hand-overs that have nothing to do with
each other was pasted: a server writes an id once. But an address that many relays name, each in a line of its own with
a fresh id, really drives them: a controller behind rented or hacked relays. Calling that forged would be the error. A
forger who names the same few real servers in millions of lines is told from it by the share: most of the machines that
name a driver look like relays, few of those that name his victims do. And
a machine that a relay names, and that itself hands over the same text within a day, was named truly: a forger who makes
up addresses does not meet the few that send his mail.

Lines, machines and texts are known again by 64-bit numbers, so that a year of mail fits into memory.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from xxhash import xxh3_64_intdigest

from junkhound.kernel.clock import DAY
from junkhound.kernel.net import Address
from junkhound.tables import Clue
from junkhound.trace import below
from junkhound.trace.border import NOWHERE, Boundary
from junkhound.trace.hop import Hop
from junkhound.trace.peer import STRANGER
from junkhound.trace.walk import AT_STRANGER, Walk, walk
from junkhound.wire.facts import Facts

DEEP = 6  # lines of each mail that are compared
PASTED = 2  # unrelated hand-overs over one line, in different messages
RELAYS = 3  # unrelated hand-overs that name one machine
LIKELY = 0.5  # P that a relay's own line is its own, whatever other mails say
SHARE = 0.5  # of the unrelated hand-overs that name a driver: lines of their own
WITHIN = DAY  # between a relay's line and the machine's own hand-over of the same text
MOST = 500_000  # lines, machines or texts that are held at once; the oldest go first

_PASTED, _DRIVER, _DIRECT = int(Clue.PASTED) | int(Clue.FORGED), int(Clue.DRIVER), int(Clue.SEEN_DIRECT)
_LOW = (1 << 64) - 1


class Sample(NamedTuple):
    """One mail to compare: its Message-ID, its hops, the boundary it is judged by, its session, its text.

    Mails whose ``text`` has the same number say the same; 0 where nothing is known of it.
    """

    message: bytes | None
    hops: Sequence[Hop]
    boundary: Boundary | None
    facts: Facts | None = None
    text: int = 0


class Numbers:
    """A set of 64-bit numbers in eight bytes each."""

    __slots__ = ("_sorted",)

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self._sorted = array("Q", sorted(set(numbers)))

    def __contains__(self, number: int) -> bool:
        place = bisect_left(self._sorted, number)
        return place < len(self._sorted) and self._sorted[place] == number

    @classmethod
    def of(cls, octets: bytes) -> Numbers:
        """Those that ``octets`` gave."""
        numbers = array("Q", octets)
        if sys.byteorder == "big":
            numbers.byteswap()
        return cls(numbers)

    @property
    def octets(self) -> bytes:
        """Eight bytes each, the lowest first, from the smallest number on."""
        numbers = array("Q", self._sorted)
        if sys.byteorder == "big":
            numbers.byteswap()
        return numbers.tobytes()

    def __or__(self, other: Numbers) -> Numbers:
        return Numbers((*self, *other)) if len(self) and len(other) else self if len(self) else other

    def __len__(self) -> int:
        return len(self._sorted)

    def __iter__(self) -> Iterator[int]:
        return iter(self._sorted)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Numbers) and self._sorted == other._sorted

    def __hash__(self) -> int:
        return hash(self._sorted.tobytes())


class Seen(msgspec.Struct, frozen=True):
    """What a set of mails knows: pasted lines, machines behind many relays, and those that sent the text themselves.

    ``pasted`` holds marks, ``drivers`` numbers of addresses, ``direct`` numbers of (text, address).
    """

    mails: int = 0
    pasted: Numbers = Numbers()
    drivers: Numbers = Numbers()
    direct: Numbers = Numbers()

    def of(self, hop: Hop, text: int = 0, handover: Address | None = None) -> int:
        """The clues that other mails give about a line of a mail with this text, which ``handover`` brought."""
        ip = hop.ip
        if ip is not None:
            machine = number(ip)
            if machine in self.drivers:
                return _DRIVER
            if text and ip != handover and said_by(text, machine) in self.direct:
                return _DIRECT
        if len(self.pasted) and (known := mark(hop)):
            return _PASTED if known in self.pasted else 0
        return 0

    def __or__(self, other: Seen) -> Seen:
        """What both know."""
        return Seen(
            self.mails + other.mails, self.pasted | other.pasted, self.drivers | other.drivers,
            self.direct | other.direct,
        )  # fmt: skip


NOTHING = Seen()


def mark(hop: Hop) -> int:
    """How a line is known again, as its writer would write it once; 0 for one that many mails may share."""
    if hop.at is None or (hop.id is None and hop.ip is None) or hop.local:
        return 0
    ip = hop.ip
    seen = "" if ip is None else f"{ip.hi} {ip.lo}"
    return xxh3_64_intdigest(f"{hop.by} {hop.id} {hop.at} {seen}".encode()) or 1


def number(ip: Address) -> int:
    """An address as 64 bits: all of an IPv4 address, the /64 of another (a machine draws the rest anew each day)."""
    return ip.lo if ip.is_v4 else ip.hi


def said_by(text: int, machine: int) -> int:
    """A text and the number of an address as 64 bits."""
    return xxh3_64_intdigest(text.to_bytes(8, "big") + (machine & _LOW).to_bytes(8, "big"))


def site(ip: Address) -> int:
    """The /16 of an address, the /32 of IPv6: hand-overs in one of them may belong together."""
    return ip.lo >> 16 if ip.is_v4 else ip.hi >> 32


def message_number(message_id: bytes | None) -> int:
    """A Message-ID as 64 bits; 0 for none."""
    return xxh3_64_intdigest(message_id) or 1 if message_id else 0


class Lines(NamedTuple):
    """What one mail adds to the knowledge of many: marks of its lines, and the machine that its relay names."""

    handover: Address
    marks: tuple[int, ...] = ()
    behind: int = 0
    first: int = 0  # mark of the line that names it
    likely: bool = False  # that line is probably the hand-over's own


def lines(
    hops: Sequence[Hop], path: Walk, border: Boundary, first: int, likely: bool, deep: int = DEEP
) -> Lines | None:
    """What is to be remembered of the lines under a stranger's hand-over; None where none is certain.

    ``likely``: the first line under it is probably that machine's own.
    """
    last = path.hop
    if path.end is not AT_STRANGER or last is None or last.ip is None or last.auth:
        return None
    marks = [mark(hops[place]) for place in range(first, min(len(hops), first + deep))]
    behind = 0
    if marks and marks[0] and border.known.provider(last) is None:
        ip = hops[first].ip
        if ip is not None and ip != last.ip and border.sides[ip] is STRANGER:
            behind = number(ip)
    found = tuple(one for one in marks if one)
    return Lines(last.ip, found, behind, marks[0], likely) if behind else Lines(last.ip, found)


def compare(samples: Iterable[Sample]) -> Seen:
    """Compare mails with each other. One message that arrives twice (lists, copies) is no evidence of anything."""
    ledger = Comparison()
    mails = 0
    for message, hops, boundary, facts, text in samples:
        border = boundary if boundary is not None else NOWHERE
        path = walk(hops, border, facts)
        if path.end is not AT_STRANGER or path.hop is None or path.hop.ip is None:
            continue
        first = path.believed + below.record(hops, path, border)
        under = below.look(hops, first, path, border, 1) if first < len(hops) and not path.hop.auth else None
        found = lines(hops, path, border, first, under is not None and under.alone >= LIKELY)
        if found is not None:
            mails += 1
            ledger.add(found, message_number(message), text, path.hop.at)
    return ledger.seen(mails)


class Comparison:
    """Lines, machines and texts while they are compared; never more than ``MOST`` of each."""

    def __init__(self) -> None:
        self.lines: dict[int, tuple[set[int], set[int]]] = {}
        self.relays: dict[int, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.doubtful: dict[int, set[int]] = defaultdict(set)  # who names a machine in a line that was rather typed
        self.came: dict[tuple[int, int], list[int]] = {}  # who handed over which text, and when
        self.named: dict[tuple[int, int], list[int]] = {}  # whom a relay named under which text, and when

    def add(self, found: Lines, message: int, text: int, at: int | None) -> None:
        """One mail: what it adds, and the numbers of its Message-ID and text."""
        place = site(found.handover)
        for one in found.marks:
            nets, messages = self.lines.setdefault(one, (set(), set()))
            nets.add(place)
            messages.add(message)
        if found.behind and found.likely:
            self.relays[found.behind][place].add(found.first)
        elif found.behind:
            self.doubtful[found.behind].add(place)
        if text and at is not None:
            self.came.setdefault((text, number(found.handover)), []).append(at)
            if found.behind and found.likely:
                self.named.setdefault((text, found.behind), []).append(at)
        for held in (self.lines, self.relays, self.doubtful, self.came, self.named):
            if len(held) > MOST:
                _halve(held)  # type: ignore[arg-type]

    def seen(self, mails: int) -> Seen:
        """What so many mails say of each other."""
        pasted = Numbers(one for one, (nets, mids) in self.lines.items() if len(nets) >= PASTED and len(mids) >= PASTED)
        drivers = Numbers(
            machine
            for machine, nets in self.relays.items()
            if sum(any(one not in pasted for one in marks) for marks in nets.values())
            >= max(RELAYS, SHARE * len(nets.keys() | self.doubtful.get(machine, ())))
        )
        direct = Numbers(
            said_by(*both)
            for both, times in self.named.items()
            if any(abs(came - named) <= WITHIN for came in self.came.get(both, ()) for named in times)
        )
        return Seen(mails, pasted, drivers, direct)


def _halve(held: dict[object, object]) -> None:
    """Forget the older half."""
    for one in list(held)[: len(held) // 2]:
        del held[one]
