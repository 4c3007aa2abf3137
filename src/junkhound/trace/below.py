"""The lines under the hand-over: what is odd in each, how likely its writer is who it should be, and who then sent it.

The hand-over is certain; who *injected* the message may stand deeper, if the machine at the hand-over passed on what
another brought. ``rank`` gives the candidates with their probabilities: P that exactly so many of the lines are honest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from junkhound.kernel.clock import MINUTE
from junkhound.kernel.net import Address, Space, space
from junkhound.tables import Clue
from junkhound.trace import pair, queueid, speech
from junkhound.trace.border import Boundary, local_name, same_machine
from junkhound.trace.hop import Hop
from junkhound.trace.names import together
from junkhound.trace.pair import Looked, Machine
from junkhound.trace.peer import OWN, PRIVATE, RELAY, STRANGER
from junkhound.trace.walk import SESSION, Walk
from junkhound.trace.weights import HONEST, TAIL

Known = Callable[[Hop], int]
"""What other mails say of a line, as clues."""

BACKWARDS = 5 * MINUTE  # clocks of honest servers differ by less, mostly
TYPED = 0.21  # a line whose writer is honest with less than that is called forged, and with it all below
DEEP = 12  # lines that are weighed; a path of honest servers is hardly ever longer
AHEAD = 3  # lines under one that is in doubt that are looked at too
LEAST_DOUBT = 0.985  # a line surer than that is not doubted for what stands under it
RECORD = 4  # lines in which our own server notes what our session saw
SURE = 0.998  # nothing below its line, and it is the kind of machine through which nobody sends but its owner
ALONE = 0.985  # nothing below its line; a relay whose lines were taken away would look the same

_HOP_UNREAD, _GAP, _TIME_BACKWARDS = int(Clue.HOP_UNREAD), int(Clue.GAP), int(Clue.TIME_BACKWARDS)
_IMPOSSIBLE_ADDRESS, _QUEUE_ID_CLOCK = int(Clue.IMPOSSIBLE_ADDRESS), int(Clue.QUEUE_ID_CLOCK)
_QUEUE_ID_FORM, _CLAIMS_OUR_NAME = int(Clue.QUEUE_ID_FORM), int(Clue.CLAIMS_OUR_NAME)
_BELOW_ORIGINATOR, _NO_DATE, _WITH_KEYWORD = int(Clue.BELOW_ORIGINATOR), int(Clue.NO_DATE), int(Clue.WITH_KEYWORD)
_FORGED, _TRUE = int(Clue.FORGED), int(Clue.DRIVER) | int(Clue.SEEN_DIRECT)
PROOF = _IMPOSSIBLE_ADDRESS | _QUEUE_ID_CLOCK
_NOBODYS = (Space.RESERVED, Space.MULTICAST, Space.UNSPECIFIED, Space.DOCUMENTATION)
_OURS_OR_RELAYS = (OWN, RELAY)
_IN_CLEAR = frozenset(("SMTP", "LMTP"))  # RFC 3848: a session with TLS has been an ESMTP session, and says so
_ID_CLUES = {
    (None, False, False): 0, (True, False, False): 0, (True, False, True): 0,
    (False, False, False): _QUEUE_ID_FORM, (True, True, True): _QUEUE_ID_CLOCK,
}  # fmt: skip
_OWN_MACHINES = frozenset(
    map(int, (Machine.GENERIC, Machine.GENERIC_DOMAIN, Machine.NAMELESS_LITERAL, Machine.NAMELESS_BARE))
)


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """A machine that may have injected the message: P, and the line that saw it (-1 our session)."""

    address: Address
    p: float
    index: int


class Below(msgspec.Struct, frozen=True, gc=False):
    """What stands under the hand-over.

    ``first`` is the place of the first line, after our own server's record; ``clues`` and ``honest`` (P that all
    lines down to this one are) stand for each line looked at; ``candidates``, likeliest first; ``typed`` is the place
    of the first line that is called forged, with everything under it, None where none is; ``looked`` are the words
    about the first line; ``alone`` is P that the first line is honest, whatever other mails say of it.
    """

    first: int
    clues: list[int]
    honest: list[float]
    candidates: tuple[Candidate, ...]
    typed: int | None = None
    looked: Looked | None = None
    alone: float = 0.0


def record(hops: Sequence[Hop], path: Walk, border: Boundary) -> int:
    """How many lines under our own session are our own server's note of the same hand-over.

    The last of them shows the address that our session saw, under a name of ours. A sender who types such a line says
    the truth about himself.
    """
    client = path.hop
    if client is None or client.index != SESSION or not hops:
        return 0
    for place in range(min(RECORD, len(hops))):
        hop = hops[place]
        if not (border.names[hop.by] or _of_ours(hop, border)):
            return place + 1 if hop.ip == client.ip and _cut(hop, border) else 0
        if hop.ip == client.ip and hop.ip is not None:
            return place + 1
        if hop.ip is None and hop.by is not None and border.names[hop.by] and place == 0 and hop.dialect == "scan":
            return 1  # a server that writes no from clause at all
    return 0


def _cut(hop: Hop, border: Boundary) -> bool:
    """Whether the writer's name begins one of ours: what forwards a mail may fold its lines in the middle of a word."""
    by = hop.by
    return by is not None and len(by) > 3 and any(host.startswith(by) for host in border.hosts)


def _of_ours(hop: Hop, border: Boundary) -> bool:
    by = hop.by
    if by is None:
        return hop.local
    return any(together(by, host) for host in border.hosts)


def look(
    hops: Sequence[Hop], first: int, path: Walk, border: Boundary, near: int, known: Known | None = None,
    spoken: int = speech.UNSEEN,
) -> Below:  # fmt: skip
    """Weigh the lines from place ``first`` on, until one is forged; at least ``near`` lines are searched for clues.

    A line without another machine in it (handed in by a program, qmail's notes) accuses nobody and is passed over: it
    is as honest as what stands below it. Longer than a screen: one pass, in which each line sets what the next is
    weighed by.
    """
    last, count = path.hop, len(hops)
    assert last is not None
    assert last.ip is not None
    ours = _ours(hops, first, path)
    clues: list[int] = []
    honest: list[float] = []
    shares: dict[Address, tuple[float, int]] = {}
    holder: Address | None = last.ip
    seen_in, above, at, sound, passed = last.index, last, last.at, 1.0, first
    typed = looked = None
    own = 1.0 if first < count else 0.0
    for place in range(first, min(count, first + max(DEEP, near))):
        if typed is not None and place >= first + near:
            break
        hop = hops[place]
        found = _clues(hop, above, at, ours, border, above is last)
        if found & PROOF or (found & _CLAIMS_OUR_NAME and not _our_grammar(hop, path)):
            found |= _FORGED
        clues.append(found)
        if typed is None and not (hop.local and not found & _FORGED):
            words = pair.look(above, hop, at, _odd(found, above, last, hop, spoken))
            looked = looked or words
            chance = HONEST[words]
            if LEAST_DOUBT > chance > _NEVER and place + 1 < count:
                chance = _seen_from_below(chance, hops, place, hop, at, ours, border)
            chance = min(chance, _most(found))
            if place == first:
                own = chance
            if known is not None and (by_others := known(hop)):
                found |= by_others
                clues[-1] = found
                chance = min(max(chance, _DRIVEN) if by_others & _TRUE else chance, _most(found))
            _add(shares, holder, sound * (1 - chance), seen_in)
            sound *= chance
            if sound < TYPED:
                typed = passed
                if hop.ip is not None and not found & _FORGED and border.sides[hop.ip] is STRANGER:
                    _add(shares, hop.ip, sound, place)  # nothing proves it forged: it may be true after all
            elif hop.ip is None and not hop.local:
                holder = None  # somebody brought it, and the line does not say clearly who
            elif hop.ip is not None and border.sides[hop.ip] is STRANGER:
                holder, seen_in = hop.ip, place
            above, passed = (_MAILBOX if hop.protocol in _FETCHED else hop), place + 1
        honest.append(sound)
        if hop.at is not None:
            at = hop.at
        if hop.auth and typed is None:
            break  # below a client that had logged in nothing is believed
    if typed is None:
        alone = SURE if holder == last.ip and pair.machine(last) in _OWN_MACHINES else ALONE
        _add(shares, holder, sound * alone, seen_in)
    return Below(first, clues, honest, _ranked(shares), typed, looked, own)


def _most(clues: int) -> float:
    """The most that P of an honest line can be with these clues."""
    return _NEVER if clues & _FORGED else _OURS if clues & _CLAIMS_OUR_NAME else 1.0


def _ranked(shares: dict[Address, tuple[float, int]]) -> tuple[Candidate, ...]:
    """Who may have sent it, likeliest first."""
    if len(shares) == 1:
        [(address, (p, index))] = shares.items()
        return (Candidate(address, round(min(p, SURE), 4), index),) if p > _LEAST else ()
    ranked = sorted([(p, -index, address) for address, (p, index) in shares.items()], reverse=True)
    return tuple([Candidate(address, round(min(p, SURE), 4), -index) for p, index, address in ranked if p > _LEAST])


def _seen_from_below(
    chance: float, hops: Sequence[Hop], place: int, hop: Hop, at: int | None, ours: list[str | None], border: Boundary
) -> float:
    """P that a line is honest, after a look at the lines under it.

    If it is typed, so are they all; if it is honest, they may be honest, or typed from any of them on. (Step 5 of the
    method: the posterior over who injected the mail, in a window of ``AHEAD`` lines.)
    """
    seen: list[tuple[float, float]] = []
    above = hop
    for n in range(place + 1, min(len(hops), place + 1 + AHEAD)):
        lower = hops[n]
        if lower.local:
            continue
        if above.at is not None:
            at = above.at
        words = pair.look(above, lower, at, _odd(_clues(lower, above, at, ours, border, False), above, None, lower, 0))
        seen.append((HONEST[words], TAIL[words]))
        above = lower
    some, all_typed = 1.0, 1.0
    for honest, tail in reversed(seen):
        some, all_typed = honest * some + (1 - honest) * all_typed, all_typed * tail
    return chance * some / (chance * some + (1 - chance) * all_typed)


def pairs(
    hops: Sequence[Hop], first: int, path: Walk, border: Boundary, spoken: int = speech.UNSEEN
) -> Iterator[tuple[int, Looked]]:
    """(place, words) of each line from place ``first`` on that names another machine: what weights are fitted on."""
    last = path.hop
    assert last is not None
    ours = _ours(hops, first, path)
    above, at = last, last.at
    for place in range(first, len(hops)):
        hop = hops[place]
        if not hop.local:
            found = _clues(hop, above, at, ours, border, above is last)
            yield place, pair.look(above, hop, at, _odd(found, above, last, hop, spoken))
            above = _MAILBOX if hop.protocol in _FETCHED else hop
        at = at if hop.at is None else hop.at


def _ours(hops: Sequence[Hop], first: int, path: Walk) -> list[str | None]:
    """The names under which our own servers wrote the lines that are believed."""
    ours = [seen.by for seen, _ in path.seen]
    return ours if first == path.believed else ours + [hop.by for hop in hops[path.believed : first]]


_DRIVEN = 0.9  # P that a relay's line is its own, if unrelated ones name that machine too, or it was seen at work
_FETCHED = frozenset(("POP", "POP3", "POP3S", "IMAP", "IMAPS", "IMAP4"))
_MAILBOX = Hop()  # what stands under a line of a program that fetched the mail: a mailbox, whoever filled it
_NEVER = 0.02  # P that a line which contradicts itself is honest
_OURS = 0.5  # P of one that claims to be ours: a relay that the settings know by name only, or a loop
_LEAST = 0.0005


def _add(shares: dict[Address, tuple[float, int]], address: Address | None, p: float, index: int) -> None:
    if address is None:
        return
    before = shares.get(address)
    shares[address] = (p, index) if before is None else (before[0] + p, before[1])


def _clues(hop: Hop, above: Hop, at: int | None, ours: list[str | None], border: Boundary, top: bool) -> int:
    """What is odd in one line."""
    clues = 0
    by = hop.by
    if hop.dialect == "":
        clues = _HOP_UNREAD
    if hop.below_originator:
        clues |= _BELOW_ORIGINATOR
    if hop.tls is not None and hop.protocol in _IN_CLEAR:
        clues |= _WITH_KEYWORD
    if hop.impossible or (hop.ip is not None and _impossible(hop, hop.ip, at, border)):
        clues |= _IMPOSSIBLE_ADDRESS
    if hop.id is not None:
        clues |= _ID_CLUES[queueid.examine(hop)]
    if by is not None:
        if by != above.helo and not _fits(above, hop):
            clues |= _GAP
        if (border.names[by] or by in ours) and not local_name(by) and (top or by != above.by):
            clues |= _CLAIMS_OUR_NAME  # every machine is "localhost" to itself
    if hop.by_ip is not None and border.sides[hop.by_ip] in _OURS_OR_RELAYS and not same_machine(hop.by_ip):
        clues |= _CLAIMS_OUR_NAME
    if hop.at is None:
        clues |= _NO_DATE
    elif at is not None and hop.at > at + BACKWARDS:
        clues |= _TIME_BACKWARDS
    return clues


def _impossible(hop: Hop, ip: Address, at: int | None, border: Boundary) -> bool:
    """Whether no machine can have the address, or nobody had it then (test T5).

    Between machines of one site that is no proof: networks were numbered as people liked before they had any
    (175.0.0.0/8 within a large company in 2002, given out in 2009).
    """
    side = border.sides[ip]
    if side is STRANGER:
        nobodys = at is not None and border.given.nobodys(ip, at) and space(ip) is Space.PUBLIC
        return nobodys and not together(hop.rdns or hop.helo, hop.by)
    return side is PRIVATE and space(ip) in _NOBODYS


def _odd(clues: int, above: Hop, last: Hop | None, hop: Hop, spoken: int) -> int:
    """The clues of a line as ``pair.Odd``."""
    return (
        (256 if above is not last else _spoken(spoken, hop) if spoken and above.index == SESSION else 0)
        | (4 if clues & _IMPOSSIBLE_ADDRESS else 0)
        | (8 if clues & _BELOW_ORIGINATOR and not above.below_originator else 0)
        | (16 if clues & _CLAIMS_OUR_NAME else 0)
        | (128 if clues & _WITH_KEYWORD else 0)
    )


def _spoken(spoken: int, hop: Hop) -> int:
    """What the speech of our session's client says of the line that stands under it."""
    if spoken == speech.NONE:
        return 512
    return 1024 if speech.contradicts(spoken, hop.dialect) else 0


def _fits(above: Hop, hop: Hop) -> bool:
    """Whether the writer of a line could be the machine that the line above it saw (test T2)."""
    if above.ip is not None and above.ip == hop.by_ip:
        return True
    return together(hop.by, above.rdns) or together(hop.by, above.helo)


def _our_grammar(hop: Hop, path: Walk) -> bool:
    """Whether a line under our name is written as our server of that name writes (test T14)."""
    ours = {seen.dialect for seen, _ in path.seen if seen.by is not None and seen.by == hop.by}
    return not ours or hop.dialect in ours
