"""The verdict: who handed the message over, who may be blamed, when, how sure we are, and what looked odd."""

from __future__ import annotations

import re
from collections.abc import Sequence

from junkhound.kernel.clock import MINUTE
from junkhound.kernel.net import Address, Space, parse, space
from junkhound.tables import Clue, Path
from junkhound.trace import deeper as deepest
from junkhound.trace import queueid, reasons, weights
from junkhound.trace.border import NOWHERE, Boundary, local_name
from junkhound.trace.deeper import deeper
from junkhound.trace.hop import Hop
from junkhound.trace.memo import Memo
from junkhound.trace.names import DYNAMIC, together
from junkhound.trace.peer import PRIVATE, STEP
from junkhound.trace.verdict import HopReason, Verdict
from junkhound.trace.walk import AT_PRIVATE, AT_RELAY, AT_STRANGER, AT_UNREAD, SESSION, Walk, walk
from junkhound.wire.facts import Facts

NEAR = 2  # lines below the hand-over that are looked at; the rest are counted
MANY = 25  # hops; honest mail has seen far fewer
BACKWARDS = 5 * MINUTE  # clocks of honest servers differ by less, mostly

# Plain integers: an IntFlag costs two microseconds an operation.
_HOP_UNREAD, _HELO_LITERAL, _HELO_OURS = int(Clue.HOP_UNREAD), int(Clue.HELO_LITERAL), int(Clue.HELO_OURS)
_HELO_RDNS_DIFFER, _NO_RDNS, _DYNAMIC_RDNS = int(Clue.HELO_RDNS_DIFFER), int(Clue.NO_RDNS), int(Clue.DYNAMIC_RDNS)
_GAP, _TIME_BACKWARDS, _IMPOSSIBLE_ADDRESS = int(Clue.GAP), int(Clue.TIME_BACKWARDS), int(Clue.IMPOSSIBLE_ADDRESS)
_QUEUE_ID_CLOCK, _QUEUE_ID_FORM = int(Clue.QUEUE_ID_CLOCK), int(Clue.QUEUE_ID_FORM)
_CLAIMS_OUR_NAME, _AUTHENTICATED = int(Clue.CLAIMS_OUR_NAME), int(Clue.AUTHENTICATED)
_BELOW_ORIGINATOR, _NO_DATE, _MANY_HOPS = int(Clue.BELOW_ORIGINATOR), int(Clue.NO_DATE), int(Clue.MANY_HOPS)
_WITH_KEYWORD = int(Clue.WITH_KEYWORD)
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
_CLUES: Memo[int, Clue] = Memo(Clue, 4096)
# By what queueid.examine says: the form of the id, and whether its clock contradicts the line.
_ID_CLUES = {
    (None, False): 0, (True, False): 0, (False, False): _QUEUE_ID_FORM, (True, True): _QUEUE_ID_CLOCK,
}  # fmt: skip
_NEVER = 1 << 62
_IN_CLEAR = frozenset(("SMTP", "LMTP"))  # RFC 3848: a session with TLS has been an ESMTP session, and says so


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
    end, last, count = path.end, path.hop, len(hops)
    clues = _trusted_clues(path, border) if last is not None else 0
    if count > MANY:
        clues |= _MANY_HOPS
    inside = None
    odd: list[int] = []
    if end is AT_STRANGER and last is not None and not last.auth:
        provider = border.known.provider(last)
        if provider is not None:
            inside = deeper(hops, path.believed, provider, border)
        elif path.believed < count:
            odd = _lines_below(hops, count, path, last, border, NEAR)
            for found in odd:
                clues |= found
    seen_at = None if last is None else last.at
    if seen_at is None and last is not None:
        clues |= _NO_DATE
    if facts is not None:
        if last is not None and last.recipient is not None and path.believed:
            clues |= _for_other(last.recipient, facts)
        if facts.origin.client is not None and not facts.origin.imported:
            seen_at = facts.origin.received_at
    why: tuple[HopReason, ...] = ()
    if explain:
        rest = _lines_below(hops, count, path, last, border, reasons.SHOWN) if odd and last is not None else odd
        why = reasons.explain(hops, path, rest, border, inside)
    if last is None:
        return Verdict(None, None, None, False, 0.0, _PATHS[end], _CLUES[clues], seen_at, why, None, None, count)
    helo, rdns, ip = last.helo, last.rdns, last.ip
    if inside is not None:
        sure = 0.0 if inside.source is None else deepest.SURE
        return Verdict(
            ip, inside.source, None, True, sure, inside.path, _CLUES[clues], seen_at, why, helo, rdns, count,
            provider=inside.provider.name, account=inside.account,
        )  # fmt: skip
    if end is AT_STRANGER:
        sure = weights.ALONE if not odd else weights.SURE[clues, odd[0]]
        if last.dialect == "scan" and sure > weights.UNREAD_LIMIT:
            sure = weights.UNREAD_LIMIT
        weighed = weights.found(clues, odd[0]) if explain and odd else ()
        return Verdict(
            ip, ip, ip, True, sure, _class(last), _CLUES[clues], seen_at, why, helo, rdns, count, None, last.account,
            weighed,
        )  # fmt: skip
    ip = ip if end is AT_PRIVATE or end is AT_RELAY else None
    return Verdict(ip, None, None, False, 0.0, _PATHS[end], _CLUES[clues], seen_at, why, helo, rdns, count)


def _class(last: Hop) -> Path:
    if last.auth:
        return _WEBMAIL_PATH if last.protocol in _WEBMAIL else _AUTHENTICATED_PATH
    return _DIRECT


def _trusted_clues(path: Walk, border: Boundary) -> int:
    """Clues of the lines we believe, and of what the stranger said to the last of them."""
    clues = 0
    limit = _NEVER
    for hop, peer in path.seen:
        at = hop.at
        if at is not None:
            if at > limit:
                clues |= _TIME_BACKWARDS
            limit = at + BACKWARDS
        if peer is STEP and hop.dialect == "fetchmail":
            clues |= _FETCHED
    if path.seen[0][0].index == SESSION:
        clues |= _SESSION_FACTS
    end, last = path.end, path.hop
    assert last is not None
    if end is AT_STRANGER:
        return clues | _said(last, border) | (_AUTHENTICATED if last.auth else 0)
    if end is AT_PRIVATE:
        return clues | _said(last, border) | _PRIVATE_HANDOVER | (_AUTHENTICATED if last.auth else 0)
    return clues | _HOP_UNREAD if end is AT_UNREAD else clues


def _said(hop: Hop, border: Boundary) -> int:
    """Clues in the names of the machine at the other end."""
    clues = 0
    helo, rdns = hop.helo, hop.rdns
    if helo is not None:
        literal = _LITERAL.match(helo) if helo[0] in "[0123456789" else None
        claimed = parse(literal[1]) if literal else None
        if claimed is not None:
            clues |= _HELO_LITERAL
        if border.names[helo] or border.knows(claimed) or (helo == hop.by and helo != rdns):
            clues |= _HELO_OURS
        if rdns is not None and claimed is None and not together(helo, rdns):
            clues |= _HELO_RDNS_DIFFER
    if rdns is not None:
        if DYNAMIC[rdns]:
            clues |= _DYNAMIC_RDNS
    elif hop.no_rdns:
        clues |= _NO_RDNS
    return clues


def _lines_below(hops: Sequence[Hop], count: int, path: Walk, last: Hop, border: Boundary, near: int) -> list[int]:
    """Clues of each of the next lines under the hand-over: typed, perhaps, by the one who connected."""
    odd = []
    ours = [seen.by for seen, _ in path.seen]
    above, first = last, path.believed
    for place in range(first, first + near if first + near < count else count):
        hop = hops[place]
        by, at, clues = hop.by, hop.at, 0
        if hop.dialect == "":
            clues = _HOP_UNREAD
        if hop.below_originator:
            clues |= _BELOW_ORIGINATOR
        if hop.tls is not None and hop.protocol in _IN_CLEAR:
            clues |= _WITH_KEYWORD
        if hop.impossible or (hop.ip is not None and border.sides[hop.ip] is PRIVATE and _nowhere(hop.ip)):
            clues |= _IMPOSSIBLE_ADDRESS
        if hop.id is not None:
            clues |= _ID_CLUES[queueid.examine(hop)]
        if by is not None:
            if by != above.helo and not _fits(above, hop):
                clues |= _GAP
            if border.names[by] or (by in ours and not local_name(by)):  # every machine is "localhost" to itself
                clues |= _CLAIMS_OUR_NAME
        if hop.by_ip is not None and border.knows(hop.by_ip):
            clues |= _CLAIMS_OUR_NAME
        if at is None:
            clues |= _NO_DATE
        elif above.at is not None and at > above.at + BACKWARDS:
            clues |= _TIME_BACKWARDS
        if clues & _PROOF or (clues & _CLAIMS_OUR_NAME and not _our_grammar(hop, path)):
            clues |= _FORGED
        odd.append(clues)
        above = hop
    return odd


def _nowhere(ip: Address) -> bool:
    """Whether no machine can have the address (a private one may well stand in an honest line)."""
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


def _for_other(recipient: str, facts: Facts) -> int:
    """Whether the border's line names a recipient that our session was never given (test T13)."""
    if not facts.envelope.recipients:
        return 0
    wanted = recipient.lower().encode("latin-1", "replace")
    return 0 if any(r.address.lower() == wanted for r in facts.envelope.recipients) else _FOR_OTHER
