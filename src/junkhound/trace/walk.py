"""The walk: from our own door down to the line in which a machine we believe saw a stranger.

Who wrote a line is known only from above: our own session, or a believed line that saw a relay at its other end.
A host name in the line is never enough to go on, since whoever sends the mail can type any name.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from junkhound.kernel.net import Address, from_packed
from junkhound.trace.border import Boundary, local_name
from junkhound.trace.hop import Hop
from junkhound.trace.names import together
from junkhound.wire.facts import Facts

SESSION = -1  # the place of our own session among the hops


class Peer(IntEnum):
    """What a believed line says of the machine at its other end."""

    STRANGER = 0
    RELAY = 1  # its address is a relay's, or the name that the writer looked up and checked is
    OWN = 2
    LOOPBACK = 3  # the same machine, such as a content filter
    STEP = 4  # no other machine: fetched by POP, passed on inside
    PICKUP = 5  # a local user or program, or a client that logged in on the machine itself
    PRIVATE = 6  # an address nobody on the internet has, and no relay of ours by the settings
    UNREAD = 7  # the line does not say


class End(IntEnum):
    """Why the walk ended."""

    STRANGER = 0  # a machine that is not ours: the hand-over
    NOBODY = 1  # no line is known to be written by a machine we believe
    INSIDE = 2  # in our own space: nothing below continues what our own machine saw
    RELAY = 3  # at a relay, and the line that it should have written is not there
    LOCAL = 4  # handed in on a machine of ours
    PRIVATE = 5
    UNREAD = 6


# An attribute of an Enum class costs a third of a microsecond each time, a name of the module nothing.
STRANGER, RELAY, OWN, LOOPBACK, STEP, PICKUP, PRIVATE, UNREAD = Peer
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

    def __init__(self) -> None:
        self.believed = 0
        self.end = AT_NOBODY
        self.hop: Hop | None = None
        self.seen: list[tuple[Hop, Peer]] = []

    def take(self, hop: Hop, peer: Peer) -> bool:
        """Believe the line; True if the walk ends there."""
        self.seen.append((hop, peer))
        self.hop = hop
        self.believed = hop.index + 1
        self.end, stops = _ENDS[peer]
        return stops


def walk(hops: Sequence[Hop], boundary: Boundary, facts: Facts | None) -> Walk:
    """Follow the believed lines from the top until one saw a stranger, or nothing continues it."""
    path = Walk()
    anchored = False
    above = session(facts)
    peer = STEP
    if above is not None:
        anchored = True
        peer = other_end(above, boundary)
        if path.take(above, peer):
            return path
    folded: list[tuple[Hop, Peer]] = []
    for hop in hops:
        if anchored and hop.local and hop.by is None:  # (qmail 4711 invoked from network): whoever is above wrote it
            if path.take(hop, other_end(hop, boundary)):
                break
            continue
        if above is None or not anchored:
            known = boundary.knows_name(hop.by) or boundary.knows(hop.by_ip)
        else:
            known = _continues(hop, above, peer, boundary)
        above, peer = hop, other_end(hop, boundary)
        if not known:
            if anchored or peer not in (STEP, LOOPBACK):
                break
            folded.append((hop, peer))  # our own machine's step; only a known relay's line below makes it count
            continue
        if not anchored:
            anchored = True
            path.seen.extend(folded)
        if path.take(hop, peer):
            break
    return path


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
    if boundary.knows(ip):
        return OWN if boundary.owns(ip) else RELAY
    if same_machine(ip) or ip == hop.by_ip:
        return PICKUP if hop.auth else LOOPBACK
    if not hop.auth and hop.verified and boundary.knows_name(hop.rdns):
        return RELAY
    return STRANGER if boundary.is_public(ip) else PRIVATE


def same_machine(ip: Address) -> bool:
    """Whether it is a loopback address."""
    return ip.hi == 0 and (ip.lo >> 24 == 0xFFFF7F or ip.lo == 1)


def _continues(hop: Hop, above: Hop, peer: Peer, boundary: Boundary) -> bool:
    """Whether a line was written by the machine that the believed line above saw at its other end."""
    if boundary.knows_name(hop.by) or boundary.knows(hop.by_ip):
        return True
    if peer in (RELAY, OWN):
        # known by its address; its own name need not stand in the settings
        return hop.by is not None and (
            together(hop.by, above.rdns) or together(hop.by, above.helo) or (above.ip == hop.by_ip)
        )
    if hop.by is None:
        return hop.local  # (qmail 4711 invoked from network)
    return hop.by == above.by or local_name(hop.by) or (hop.by_ip is not None and same_machine(hop.by_ip))
