"""What mails say of each other: the same lower line under strangers, and one machine behind many relays (test T11).

Both look alike and mean the opposite. A whole line, id and all, under hand-overs that have nothing to do with each
other was pasted: a server writes an id once. But an address that many relays name, each in a line of its own with a
fresh id, really drives them: a controller behind rented or hacked relays. Calling that forged would be the error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from junkhound.kernel.net import Address
from junkhound.tables import Clue
from junkhound.trace import below
from junkhound.trace.border import NOWHERE, Boundary
from junkhound.trace.hop import Hop
from junkhound.trace.peer import STRANGER
from junkhound.trace.walk import AT_STRANGER, walk
from junkhound.wire.facts import Facts

DEEP = 6  # lines of each mail that are compared
PASTED = 2  # unrelated hand-overs over one line, in different messages
RELAYS = 3  # unrelated hand-overs that name one machine
HONEST = 0.5  # P that a relay's own line is its own

_PASTED, _DRIVER = int(Clue.PASTED) | int(Clue.FORGED), int(Clue.DRIVER)

Mark = tuple[str | None, str | None, int | None, Address | None]
"""One line as its writer would write it once: writer, id, instant, peer."""


class Sample(NamedTuple):
    """One mail to compare: its Message-ID, its hops, the boundary it is judged by, and its session."""

    message: bytes | None
    hops: Sequence[Hop]
    boundary: Boundary | None
    facts: Facts | None = None


class Seen(msgspec.Struct, frozen=True):
    """What a set of mails knows: pasted lines, and machines behind many relays."""

    mails: int = 0
    pasted: frozenset[Mark] = frozenset()
    drivers: frozenset[Address] = frozenset()

    def of(self, hop: Hop) -> int:
        """The clues that other mails give about a line."""
        if hop.ip is not None and hop.ip in self.drivers:
            return _DRIVER
        return _PASTED if self.pasted and mark(hop) in self.pasted else 0


NOTHING = Seen()


def mark(hop: Hop) -> Mark | None:
    """How a line is known again; None for one that many mails may share."""
    if hop.at is None or (hop.id is None and hop.ip is None) or hop.local:
        return None
    return hop.by, hop.id, hop.at, hop.ip


def compare(samples: Iterable[Sample]) -> Seen:
    """Compare mails with each other. One message that arrives twice (lists, copies) is no evidence of anything."""
    lines: dict[Mark, tuple[set[int], set[bytes | None]]] = {}
    relays: dict[Address, dict[int, set[Mark]]] = defaultdict(lambda: defaultdict(set))
    mails = 0
    for message, hops, boundary, facts in samples:
        border = boundary if boundary is not None else NOWHERE
        path = walk(hops, border, facts)
        last = path.hop
        if path.end is not AT_STRANGER or last is None or last.ip is None or last.auth:
            continue
        mails += 1
        first = path.believed + below.record(hops, path, border)
        site = _network(last.ip)
        for place in range(first, min(len(hops), first + DEEP)):
            known = mark(hops[place])
            if known is not None:
                nets, messages = lines.setdefault(known, (set(), set()))
                nets.add(site)
                messages.add(message)
        if first < len(hops) and border.known.provider(last) is None:
            _behind(hops, first, below.look(hops, first, path, border, 1), border, site, relays)
    pasted = frozenset(one for one, (nets, mids) in lines.items() if len(nets) >= PASTED and len(mids) >= PASTED)
    drivers = frozenset(
        address
        for address, nets in relays.items()
        if sum(any(one not in pasted for one in marks) for marks in nets.values()) >= RELAYS
    )
    return Seen(mails, pasted, drivers)


def _behind(
    hops: Sequence[Hop], first: int, under: below.Below, border: Boundary, site: int,
    relays: dict[Address, dict[int, set[Mark]]],
) -> None:  # fmt: skip
    """Note the machine that the hand-over itself says it took the mail from."""
    hop = hops[first]
    known = mark(hop)
    likely = bool(under.honest) and under.honest[0] >= HONEST
    if likely and known is not None and hop.ip is not None and border.sides[hop.ip] is STRANGER:
        relays[hop.ip][site].add(known)


def _network(ip: Address) -> int:
    """The /16 of an address, the /32 of IPv6: hand-overs in one of them may belong together."""
    return (ip.hi << 64 | ip.lo) >> (16 if ip.is_v4 else 96)
