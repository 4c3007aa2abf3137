"""The walk: from our own door down to the line in which a machine we believe saw a stranger.

Who wrote a line is known only from above: our own session, or a believed line that saw a relay at its other end.
A host name in the line is never enough to go on, since whoever sends the mail can type any name.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from junkhound.kernel.net import Address, from_packed
from junkhound.trace.border import Boundary, local_name, same_machine
from junkhound.trace.hop import Hop
from junkhound.trace.names import together
from junkhound.trace.peer import LOOPBACK, OWN, PICKUP, PRIVATE, RELAY, STEP, UNREAD, Peer
from junkhound.wire.facts import Facts

SESSION = -1  # the place of our own session among the hops


class End(IntEnum):
    """Why the walk ended."""

    STRANGER = 0  # a machine that is not ours: the hand-over
    NOBODY = 1  # no line is known to be written by a machine we believe
    INSIDE = 2  # in our own space: nothing below continues what our own machine saw
    RELAY = 3  # at a relay, and the line that it should have written is not there
    LOCAL = 4  # handed in on a machine of ours
    PRIVATE = 5
    UNREAD = 6


AT_STRANGER, AT_NOBODY, AT_INSIDE, AT_RELAY, AT_LOCAL, AT_PRIVATE, AT_UNREAD = End

# By Peer: where the walk stands after a line that saw such a machine, and whether it stops there.
_ENDS = (
    (AT_STRANGER, True), (AT_RELAY, False), (AT_INSIDE, False), (AT_INSIDE, False), (AT_INSIDE, False),
    (AT_LOCAL, True), (AT_PRIVATE, True), (AT_UNREAD, True),
)  # fmt: skip


class Walk:
    """Where the walk went.

    ``seen`` holds (hop, what is at its other end) for our session, if there is one, and every believed line;
    ``believed`` counts the latter. ``hop`` is the last of them.
    """

    __slots__ = ("believed", "end", "hop", "seen")

    def __init__(self, seen: list[tuple[Hop, Peer]]) -> None:
        self.seen = seen
        self.hop: Hop | None = None
        self.believed = 0
        self.end = AT_NOBODY
        if seen:
            self.hop, peer = seen[-1]
            self.believed = self.hop.index + 1
            self.end = _ENDS[peer][0]


def walk(hops: Sequence[Hop], boundary: Boundary, facts: Facts | None) -> Walk:
    """Follow the believed lines from the top until one saw a stranger, or nothing continues it."""
    seen: list[tuple[Hop, Peer]] = []
    peer = STEP
    above = session(facts) if facts is not None and facts.origin.client is not None else None
    anchored = above is not None
    if above is not None:
        peer = other_end(above, boundary)
        seen.append((above, peer))
        if _ENDS[peer][1]:
            return Walk(seen)
    folded: list[tuple[Hop, Peer]] = []
    names = boundary.names
    for hop in hops:
        by, by_ip = hop.by, hop.by_ip
        end = other_end(hop, boundary)
        if not (names[by] or (by_ip is not None and boundary.knows(by_ip))):
            if not anchored:
                if end is not STEP and end is not LOOPBACK:
                    break
                folded.append((hop, end))  # our own machine's step; only a known relay's line below makes it count
                continue
            if by is None and hop.local:  # (qmail 4711 invoked from network): whoever is above wrote it
                seen.append((hop, end))
                if _ENDS[end][1]:
                    break
                continue
            assert above is not None
            if not _continues(hop, above, peer):
                break
        above, peer = hop, end
        if not anchored:
            anchored = True
            seen = folded
        seen.append((hop, end))
        if _ENDS[end][1]:
            break
    return Walk(seen if anchored else [])


def session(facts: Facts | None) -> Hop | None:
    """What our own session saw, as a hop; None where nobody saw it."""
    if facts is None or facts.origin.client is None:
        return None
    try:
        client = from_packed(facts.origin.client)
    except ValueError:
        return None
    said, called = facts.session.helo, facts.session.client_name
    rdns = called.lower().rstrip(".") if called else None
    return Hop(
        ip=client,
        rdns=rdns if rdns != "unknown" else None,
        helo=said.decode("latin-1").lower().rstrip(".") if said else None,
        protocol=facts.session.protocol,
        at=None if facts.origin.imported else facts.origin.received_at,
        dialect="session",
        index=SESSION,
        no_rdns=rdns == "unknown",
        verified=rdns is not None and rdns != "unknown",
    )


def other_end(hop: Hop, boundary: Boundary) -> Peer:
    """What a line, if it is believed, says of the machine at its other end."""
    if hop.local:
        return PICKUP if hop.pickup else STEP
    ip = hop.ip
    if ip is None:
        return UNREAD
    side = boundary.sides[ip]
    if side is RELAY or side is OWN:
        return side
    if side is LOOPBACK or ip == hop.by_ip or (side is PRIVATE and hop.helo == hop.by and _link_local(ip)):
        return PICKUP if hop.auth else LOOPBACK
    if hop.verified and not hop.auth and boundary.names[hop.rdns]:
        return RELAY
    return side


def _link_local(ip: Address) -> bool:
    """Whether the address is of a machine's own wire (fe80::/10, 169.254.0.0/16): under its own name, itself."""
    return ip.hi >> 54 == 0x3FA or (ip.hi == 0 and ip.lo >> 16 == 0xFFFFA9FE)


def same_host(one: str, other: str | None) -> bool:
    """Whether two names are one host's in two domains: GV2PEPF000000EE, as large operators number their machines."""
    host = one.partition(".")[0]
    return other is not None and len(host) > 7 and not host.isalpha() and host == other.partition(".")[0]


def _continues(hop: Hop, above: Hop, peer: Peer) -> bool:
    """Whether a line under no known name was written by the machine that the believed line above saw."""
    by = hop.by
    if peer is RELAY or peer is OWN:
        # known by its address; its own name need not stand in the settings
        if by is None:
            return False
        return (
            together(by, above.rdns) or together(by, above.helo) or above.ip == hop.by_ip or same_host(by, above.helo)
        )
    if by is None:
        return hop.local  # (qmail 4711 invoked from network)
    return by == above.by or local_name(by) or (hop.by_ip is not None and same_machine(hop.by_ip))
