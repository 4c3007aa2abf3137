"""The verdict: who handed the message over, who may be blamed, when, how sure we are, and what looked odd."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from junkhound.kernel.clock import MINUTE
from junkhound.kernel.net import Address, Space, parse, space
from junkhound.tables import Clue, Path
from junkhound.trace import queueid, reasons
from junkhound.trace.border import NOWHERE, Boundary
from junkhound.trace.hop import Hop
from junkhound.trace.names import dynamic, together
from junkhound.trace.verdict import Verdict
from junkhound.trace.walk import AT_NOBODY, AT_PRIVATE, AT_RELAY, AT_STRANGER, SESSION, UNREAD, Walk, walk
from junkhound.wire.facts import Facts

NEAR = 2  # lines below the hand-over that are looked at; the rest are counted
MANY = 25  # hops; honest mail has seen far fewer
BACKWARDS = 5 * MINUTE  # clocks of honest servers differ by less, mostly

# P that the hand-over injected the message itself. Starting values, to be fitted on labelled mail:
ALONE = 0.99  # nothing below its line, or it logged in
TYPED = 0.97  # lines below that do not fit it
MAYBE_RELAY = 0.7  # a line below that could well be its own: it may have passed somebody else's mail on
UNREAD_LIMIT = 0.9  # the line was read by the general scanner

# Plain integers: an IntFlag costs two microseconds an operation.
_HOP_UNREAD, _HELO_LITERAL, _HELO_OURS = int(Clue.HOP_UNREAD), int(Clue.HELO_LITERAL), int(Clue.HELO_OURS)
_HELO_RDNS_DIFFER, _NO_RDNS, _DYNAMIC_RDNS = int(Clue.HELO_RDNS_DIFFER), int(Clue.NO_RDNS), int(Clue.DYNAMIC_RDNS)
_GAP, _TIME_BACKWARDS, _IMPOSSIBLE_ADDRESS = int(Clue.GAP), int(Clue.TIME_BACKWARDS), int(Clue.IMPOSSIBLE_ADDRESS)
_QUEUE_ID_CLOCK, _QUEUE_ID_FORM = int(Clue.QUEUE_ID_CLOCK), int(Clue.QUEUE_ID_FORM)
_CLAIMS_OUR_NAME, _AUTHENTICATED = int(Clue.CLAIMS_OUR_NAME), int(Clue.AUTHENTICATED)
_BELOW_ORIGINATOR, _NO_DATE, _MANY_HOPS = int(Clue.BELOW_ORIGINATOR), int(Clue.NO_DATE), int(Clue.MANY_HOPS)
_PRIVATE_HANDOVER, _FETCHED = int(Clue.PRIVATE_HANDOVER), int(Clue.FETCHED)
_SESSION_FACTS, _FOR_OTHER, _FORGED = int(Clue.SESSION_FACTS), int(Clue.FOR_OTHER), int(Clue.FORGED)
_PROOF = _IMPOSSIBLE_ADDRESS | _QUEUE_ID_CLOCK

_WEBMAIL = frozenset(("HTTP", "HTTPS", "HTTPU", "HTTPREST"))
# By walk.End:
_PATHS = (
    Path.DIRECT, Path.UNANCHORED, Path.UNANCHORED, Path.UNKNOWN, Path.LOCAL, Path.UNANCHORED, Path.UNANCHORED,
)  # fmt: skip
_NOBODYS = (Space.RESERVED, Space.MULTICAST, Space.UNSPECIFIED, Space.DOCUMENTATION)
_LITERAL = re.compile(r"\[?(?:IPv6:)?([0-9a-f:.]++)\]?\Z", re.IGNORECASE)
_DIRECT, _WEBMAIL_PATH, _AUTHENTICATED_PATH = Path.DIRECT, Path.WEBMAIL, Path.AUTHENTICATED
_clue = lru_cache(4096)(Clue)


def judge(hops: Sequence[Hop], boundary: Boundary | None, facts: Facts | None = None, explain: bool = True) -> Verdict:
    """Decide where a message came from.

    A pure function of its arguments: the same for every engine and batch. Lines below the hand-over never change
    ``handover``, ``source``, ``address`` or ``seen_at``; they can only add clues and lower ``confidence``.

    Args:
        hops: as ``read`` gives them, top first; only those near the boundary are looked at.
        boundary: the relays that are believed; None or empty anchors nothing but our own session.
        facts: what is known of the delivery; its client, if any, is hop 0.
        explain: give a reason for every hop; without, ``reasons`` is empty and the verdict a third cheaper.
    """
    border = boundary if boundary is not None else NOWHERE
    path = walk(hops, border, facts)
    clues = _trusted_clues(path, border)
    if len(hops) > MANY:
        clues |= _MANY_HOPS
    odd: list[int] = []
    if path.end is AT_STRANGER and not (path.hop is not None and path.hop.auth):
        odd = _lines_below(hops, path, border)
    for found in odd:
        clues |= found
    if facts is not None and path.believed and path.end is not AT_NOBODY:
        clues |= _for_other(path, facts)
    return _verdict(hops, path, border, facts, clues, odd, explain)


def _verdict(
    hops: Sequence[Hop], path: Walk, border: Boundary, facts: Facts | None, clues: int, odd: list[int], explain: bool
) -> Verdict:
    last = path.hop
    seen_at = None
    if last is not None:
        seen_at = last.at
        if seen_at is None:
            clues |= _NO_DATE
    if facts is not None and facts.origin.client is not None and not facts.origin.imported:
        seen_at = facts.origin.received_at
    anchored = path.end is AT_STRANGER
    handover = last.ip if last is not None and path.end in (AT_STRANGER, AT_PRIVATE, AT_RELAY) else None
    source = handover if anchored else None
    return Verdict(
        handover=handover,
        source=source,
        address=source,
        anchored=anchored,
        confidence=_confidence(last, odd) if anchored and last is not None else 0.0,
        path=_class(last) if anchored and last is not None else _PATHS[path.end],
        clues=_clue(clues),
        seen_at=seen_at,
        reasons=reasons.explain(hops, path, odd, border) if explain else (),
        helo=last.helo if last is not None else None,
        rdns=last.rdns if last is not None else None,
        hops=len(hops),
    )


def _class(last: Hop) -> Path:
    if last.auth:
        return _WEBMAIL_PATH if last.protocol in _WEBMAIL else _AUTHENTICATED_PATH
    return _DIRECT


def _confidence(last: Hop, odd: list[int]) -> float:
    """P that the machine at the end of the walk injected the message; see the constants above."""
    if last.auth or not odd:
        sure = ALONE
    elif odd[0] & (_GAP | _FORGED | _HOP_UNREAD):
        sure = TYPED
    else:
        sure = MAYBE_RELAY
    return min(sure, UNREAD_LIMIT) if last.dialect == "scan" else sure


def _trusted_clues(path: Walk, border: Boundary) -> int:
    """Clues of the lines we believe, and of what the stranger said to the last of them."""
    clues = 0
    before: int | None = None
    for hop, peer in path.seen:
        if hop.index == SESSION:
            clues |= _SESSION_FACTS
        elif hop.dialect == "fetchmail":
            clues |= _FETCHED
        if peer is UNREAD:
            clues |= _HOP_UNREAD
        if hop.at is not None:
            if before is not None and hop.at > before + BACKWARDS:
                clues |= _TIME_BACKWARDS
            before = hop.at
    if path.end is AT_PRIVATE:
        clues |= _PRIVATE_HANDOVER
    last = path.hop
    if last is None or path.end not in (AT_STRANGER, AT_PRIVATE):
        return clues
    if last.auth:
        clues |= _AUTHENTICATED
    return clues | _said(last, border)


def _said(hop: Hop, border: Boundary) -> int:
    """Clues in the names of the machine at the other end."""
    clues = 0
    helo, rdns = hop.helo, hop.rdns
    if helo is not None:
        literal = _LITERAL.match(helo) if helo[0] in "[0123456789" else None
        claimed = parse(literal[1]) if literal else None
        if claimed is not None:
            clues |= _HELO_LITERAL
        if border.knows_name(helo) or border.knows(claimed) or (helo == hop.by and helo != rdns):
            clues |= _HELO_OURS
        if rdns is not None and claimed is None and not together(helo, rdns):
            clues |= _HELO_RDNS_DIFFER
    if rdns is not None:
        if dynamic(rdns):
            clues |= _DYNAMIC_RDNS
    elif hop.no_rdns:
        clues |= _NO_RDNS
    return clues


def _lines_below(hops: Sequence[Hop], path: Walk, border: Boundary) -> list[int]:
    """Clues of each of the next lines under the hand-over: typed, perhaps, by the one who connected."""
    last = path.hop
    assert last is not None
    odd = []
    ours = {seen.by for seen, _ in path.seen if seen.by is not None}
    above = last
    for place in range(path.believed, min(len(hops), path.believed + NEAR)):
        hop = hops[place]
        clues = _line(hop, border)
        if hop.by is not None and not _fits(above, hop):
            clues |= _GAP
        if hop.at is not None and above.at is not None and hop.at > above.at + BACKWARDS:
            clues |= _TIME_BACKWARDS
        if hop.by in ours or border.knows_name(hop.by) or border.knows(hop.by_ip):
            clues |= _CLAIMS_OUR_NAME
            if not _our_grammar(hop, path):
                clues |= _FORGED
        if clues & _PROOF:
            clues |= _FORGED
        odd.append(clues)
        above = hop
    return odd


def _line(hop: Hop, border: Boundary) -> int:
    """Clues that one line carries in itself."""
    clues = 0
    if hop.dialect == "":
        clues |= _HOP_UNREAD
    if hop.below_originator:
        clues |= _BELOW_ORIGINATOR
    if hop.at is None:
        clues |= _NO_DATE
    if hop.impossible or (hop.ip is not None and _nowhere(hop.ip, border)):
        clues |= _IMPOSSIBLE_ADDRESS
    if hop.id is not None:
        form, contradicts = queueid.examine(hop)
        if form is False:
            clues |= _QUEUE_ID_FORM
        elif contradicts:
            clues |= _QUEUE_ID_CLOCK
    return clues


def _nowhere(ip: Address, border: Boundary) -> bool:
    """Whether no machine can have the address (a private one may well stand in an honest line)."""
    if border.is_public(ip):
        return False
    return space(ip) in _NOBODYS


def _fits(above: Hop, hop: Hop) -> bool:
    """Whether the writer of a line could be the machine that the line above it saw (test T2)."""
    if above.ip is not None and above.ip == hop.by_ip:
        return True
    return together(hop.by, above.rdns) or together(hop.by, above.helo)


def _our_grammar(hop: Hop, path: Walk) -> bool:
    """Whether a line under our name is written as our server of that name writes (test T14)."""
    ours = {seen.dialect for seen, _ in path.seen if seen.by is not None and seen.by == hop.by}
    return not ours or hop.dialect in ours


def _for_other(path: Walk, facts: Facts) -> int:
    """Whether the border's line names a recipient that our session was never given (test T13)."""
    last = path.hop
    if last is None or last.recipient is None or not facts.envelope.recipients:
        return 0
    wanted = last.recipient.lower().encode("latin-1", "replace")
    return 0 if any(r.address.lower() == wanted for r in facts.envelope.recipients) else _FOR_OTHER
