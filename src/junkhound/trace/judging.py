"""The verdict: who handed the message over, who may be blamed, when, how sure we are, and what looked odd."""

from __future__ import annotations

import re
from collections.abc import Sequence

from junkhound.kernel.clock import MINUTE
from junkhound.kernel.net import parse
from junkhound.tables import Clue, Path
from junkhound.trace import below, classes, reasons, results, sealed, weights
from junkhound.trace.border import NOWHERE, Boundary
from junkhound.trace.deeper import Inside, deeper
from junkhound.trace.hop import Hop
from junkhound.trace.memo import Memo
from junkhound.trace.names import DYNAMIC, together
from junkhound.trace.peer import STEP
from junkhound.trace.seen import LIKELY, NOTHING, Lines, Seen, lines
from junkhound.trace.speech import speech
from junkhound.trace.verdict import HopReason, Verdict
from junkhound.trace.walk import AT_PRIVATE, AT_RELAY, AT_STRANGER, AT_UNREAD, SESSION, Walk, walk
from junkhound.wire.facts import Facts

LOGGED_IN = 0.99  # P that a client which had logged in at one of our relays sent the message
UNREAD_LIMIT = 0.9  # the line of the hand-over was read by the general scanner
LEAST = 0.0001  # P of a hand-over that almost certainly passed the message on; it is anchored all the same
NEAR = 2  # lines below the hand-over that are looked at; the rest are counted
MANY = 25  # hops; honest mail has seen far fewer
BACKWARDS = 5 * MINUTE  # clocks of honest servers differ by less, mostly

# Plain integers: an IntFlag costs two microseconds an operation.
_HOP_UNREAD, _HELO_LITERAL, _HELO_OURS = int(Clue.HOP_UNREAD), int(Clue.HELO_LITERAL), int(Clue.HELO_OURS)
_HELO_RDNS_DIFFER, _NO_RDNS, _DYNAMIC_RDNS = int(Clue.HELO_RDNS_DIFFER), int(Clue.NO_RDNS), int(Clue.DYNAMIC_RDNS)
_TIME_BACKWARDS, _AUTHENTICATED = int(Clue.TIME_BACKWARDS), int(Clue.AUTHENTICATED)
_NO_DATE, _MANY_HOPS = int(Clue.NO_DATE), int(Clue.MANY_HOPS)
_PRIVATE_HANDOVER, _FETCHED = int(Clue.PRIVATE_HANDOVER), int(Clue.FETCHED)
_SESSION_FACTS, _FOR_OTHER, _FORGED = int(Clue.SESSION_FACTS), int(Clue.FOR_OTHER), int(Clue.FORGED)

_WEBMAIL = frozenset(("HTTP", "HTTPS", "HTTPU", "HTTPREST"))
# By walk.End:
_PATHS = (
    Path.DIRECT, Path.UNANCHORED, Path.UNANCHORED, Path.UNKNOWN, Path.LOCAL, Path.UNANCHORED, Path.UNANCHORED,
)  # fmt: skip
_LITERAL = re.compile(r"\[?(?:IPv6:)?([0-9a-f:.]++)\]?\Z", re.IGNORECASE)
_DIRECT, _WEBMAIL_PATH, _AUTHENTICATED_PATH = Path.DIRECT, Path.WEBMAIL, Path.AUTHENTICATED
_CLUES: Memo[int, Clue] = Memo(Clue, 4096)
_NEVER = 1 << 62


def judge(
    hops: Sequence[Hop], boundary: Boundary | None, facts: Facts | None = None, explain: bool = True,
    seen: Seen = NOTHING, text: int = 0, remember: bool = False,
) -> Verdict:  # fmt: skip
    """Decide where a message came from.

    A pure function of its arguments: the same for every engine and batch. Lines below the hand-over never change
    ``handover``, ``source``, ``address`` or ``seen_at``; they add clues, lower ``confidence``, and rank ``candidates``.

    Args:
        hops: as ``read`` gives them, top first; only those near the boundary are looked at.
        boundary: the relays that are believed; None or empty anchors nothing but our own session.
        facts: what is known of the delivery; its client, if any, is hop 0.
        seen: what other mails say of the same lines (``compare``); nothing where no other mail is known.
        text: a number of what the mail says, 0 for none: mails that say the same are compared in one more way.
        remember: note in ``lines`` what other mails are to be compared with.
        explain: give a reason for every hop; without, ``reasons`` is empty and the verdict a third cheaper.
    """
    border = boundary if boundary is not None else NOWHERE
    path, seal = results.told(hops, walk(hops, border, facts), border), ""
    if border.sealers:
        path, seal = sealed.beyond(hops, path, border)
    last, count = path.hop, len(hops)
    clues = _trusted_clues(path, border) if last is not None else 0
    if count > MANY:
        clues |= _MANY_HOPS
    inside = under = kept = None
    if path.end is AT_STRANGER and last is not None and not last.auth:
        provider = border.known.provider(last)
        if provider is not None:
            inside = deeper(hops, path.believed, provider, border)
        else:
            first = path.believed + below.record(hops, path, border)
            near = reasons.SHOWN if explain else NEAR
            spoken = speech(facts.session) if facts is not None else 0
            known = _knower(seen, text, last) if seen.mails else None
            under = below.look(hops, first, path, border, near, known, spoken)
            if remember and first < count:
                kept = lines(hops, path, border, first, under.alone >= LIKELY, NEAR)
            for found in under.clues[:NEAR]:
                clues |= found
            if under.typed is not None:
                clues |= _FORGED
    seen_at = None if last is None else last.at
    if seen_at is None and last is not None:
        clues |= _NO_DATE
    if facts is not None:
        if last is not None and last.recipient is not None and path.believed:
            clues |= _for_other(last.recipient, facts)
        if facts.origin.client is not None and not facts.origin.imported:
            seen_at = facts.origin.received_at
    why = reasons.explain(hops, path, under, border, inside, seal) if explain else ()
    if last is not None and inside is not None:
        return _of_customer(inside, last, clues, seen_at, why, count)
    if last is not None and path.end is AT_STRANGER:
        return _of_stranger(hops, last, under, facts, clues, seen_at, why, explain, kept)
    return _of_nobody(path, clues, seen_at, why, count)


def _of_nobody(path: Walk, clues: int, seen_at: int | None, why: tuple[HopReason, ...], count: int) -> Verdict:
    """Nobody outside brought it to those who are believed, or nobody knows who that was."""
    last, end = path.hop, path.end
    ip = last.ip if last is not None and (end is AT_PRIVATE or end is AT_RELAY) else None
    helo, rdns = (None, None) if last is None else (last.helo, last.rdns)
    kind, told = classes.told(_PATHS[end], False)
    return Verdict(
        ip, None, None, False, 0.0, _PATHS[end], _CLUES[clues], seen_at, why, helo, rdns, count,
        source_class=kind, class_reason=told,
    )  # fmt: skip


def _of_customer(
    inside: Inside, last: Hop, clues: int, seen_at: int | None, why: tuple[HopReason, ...], count: int
) -> Verdict:
    """A server of many people brought it: never blamed; behind it a customer's machine, where the server says so."""
    sure = 0.0
    several: tuple[below.Candidate, ...] = ()
    if inside.source is not None:
        sure = inside.sure
        several = (below.Candidate(inside.source, sure, inside.believed - 1),)
    kind, told = classes.told(inside.path, inside.client)
    return Verdict(
        last.ip, inside.source, None, True, sure, inside.path, _CLUES[clues], seen_at, why, last.helo, last.rdns, count,
        provider=inside.provider.name, account=inside.account, candidates=several, source_class=kind,
        class_reason=told,
    )  # fmt: skip


def _of_stranger(
    hops: Sequence[Hop], last: Hop, under: below.Below | None, facts: Facts | None, clues: int, seen_at: int | None,
    why: tuple[HopReason, ...], explain: bool, kept: Lines | None,
) -> Verdict:  # fmt: skip
    """A machine that is nobody's of ours brought it: how likely it sent the mail itself, and who else may have."""
    ip = last.ip
    assert ip is not None
    weighed: tuple[tuple[str, float], ...] = ()
    if under is None:  # a client of ours that had logged in: nothing below is believed
        several: tuple[below.Candidate, ...] = (below.Candidate(ip, LOGGED_IN, last.index),)
        typed = None
        kind, told = classes.logged_in(last)
    else:
        several, typed = under.candidates, under.typed
        kind, told = classes.of_stranger(hops, last, under, clues, facts)
        if explain and under.looked is not None:
            weighed = weights.found(under.looked)
    sure = LEAST
    for one in several:
        if one.address == ip:
            sure = one.p
            break
    if last.dialect == "scan" and sure > UNREAD_LIMIT:
        sure = UNREAD_LIMIT
    return Verdict(
        ip, ip, ip, True, sure, _class(last), _CLUES[clues], seen_at, why, last.helo, last.rdns, len(hops), None,
        last.account, weighed, several, typed, kept, kind, told,
    )  # fmt: skip


def _knower(seen: Seen, text: int, last: Hop) -> below.Known:
    """What other mails say of a line of this mail."""
    return lambda hop: seen.of(hop, text, last.ip)


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


def _for_other(recipient: str, facts: Facts) -> int:
    """Whether the border's line names a recipient that our session was never given (test T13)."""
    if not facts.envelope.recipients:
        return 0
    wanted = recipient.lower().encode("latin-1", "replace")
    return 0 if any(r.address.lower() == wanted for r in facts.envelope.recipients) else _FOR_OTHER
