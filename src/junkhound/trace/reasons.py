"""A sentence for every hop that a layman can read: who says so, and why we believe it or not."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from junkhound.kernel.net import Space, space
from junkhound.tables import Clue
from junkhound.trace.below import Below
from junkhound.trace.border import Boundary
from junkhound.trace.deeper import Inside
from junkhound.trace.hop import Hop
from junkhound.trace.peer import LOOPBACK, OWN, PICKUP, PRIVATE, RELAY, STEP, STRANGER, Peer
from junkhound.trace.verdict import HopReason
from junkhound.trace.walk import AT_INSIDE, AT_NOBODY, AT_RELAY, SESSION, Walk

SHOWN = 12  # lines below the hand-over that get a sentence of their own

_TYPED = "below the hand-over: whoever sent the message could have typed this line"
_UNDER = "it stands under a forged line, so nobody but the forger can have written it"
_RECORD = "our own server's note of what our session saw"
_FORGED = int(Clue.FORGED)
_GAP, _PASTED, _DRIVER = int(Clue.GAP), int(Clue.PASTED), int(Clue.DRIVER)
_DIRECT = int(Clue.SEEN_DIRECT)
_CLOCK = int(Clue.QUEUE_ID_CLOCK)
_IMPOSSIBLE = int(Clue.IMPOSSIBLE_ADDRESS)
_CLAIMS_US = int(Clue.CLAIMS_OUR_NAME)


def explain(
    hops: Sequence[Hop], path: Walk, under: Below | None, border: Boundary, inside: Inside | None = None, seal: str = ""
) -> tuple[HopReason, ...]:
    """One reason a hop, our own session first; after ``SHOWN`` lines below the hand-over the rest is left out.

    ``seal`` is what is to be said of seals: at the hand-over, to which they led or did not.
    """
    found = [_believed(hop, peer) for hop, peer in path.seen]
    if seal and found:
        found[-1] = msgspec.structs.replace(found[-1], text=f"{found[-1].text}; {seal}")
    if path.end is AT_NOBODY and not path.seen:
        return _nobody(hops, border)
    if path.end in (AT_INSIDE, AT_RELAY):
        found[-1] = _dead_end(path)
    first = path.believed
    if inside is not None:
        found.extend(_inside(hops[place], inside) for place in range(first, inside.believed))
        first = inside.believed
    if under is not None and under.first > first:
        for place in range(first, under.first):
            hop = hops[place]
            found.append(HopReason(place, "trusted", _RECORD, hop.ip, hop.by))
        first = under.first
    found.extend(_below(hops[place], place - first, under) for place in range(first, min(len(hops), first + SHOWN)))
    return tuple(found)


def _below(hop: Hop, row: int, under: Below | None) -> HopReason:
    """The sentence for a line under the hand-over."""
    if under is None:
        return HopReason(hop.index, "unverified", _TYPED)
    clues = under.clues[row] if row < len(under.clues) else 0
    if clues & _FORGED:
        return HopReason(hop.index, "forged", _forgery(hop, clues), hop.ip, hop.by, clues)
    if under.typed is not None and hop.index >= under.typed:
        text = _UNDER if hop.index > under.typed else _unlikely(hop, clues)
        return HopReason(hop.index, "forged", text, hop.ip, hop.by, clues)
    honest = under.honest[row] if row < len(under.honest) else 0.0
    if honest < 0.5:
        return HopReason(hop.index, "unverified", _TYPED, None, None, clues)
    if clues & _DRIVER:
        text = f"{hop.ip} stands behind several relays that have nothing to do with each other: it drives them"
        return HopReason(hop.index, "unverified", text, hop.ip, hop.by, clues)
    if clues & _DIRECT:
        text = f"{hop.ip} handed over the same text itself within a day, so this line names it truly"
        return HopReason(hop.index, "unverified", text, hop.ip, hop.by, clues)
    text = f"{_TYPED}; {honest:.0%} likely that {hop.by or 'the machine above'} did write it"
    return HopReason(hop.index, "unverified", text, None, None, clues)


def _unlikely(hop: Hop, clues: int) -> str:
    if clues & _GAP:
        return f"{hop.by or 'its writer'} is not the machine that the line above saw, and that one relays for nobody"
    return "the machine that the line above saw is no mail server that would write such a line"


def _inside(hop: Hop, inside: Inside) -> HopReason:
    """The sentence for a line that a known relay wrote."""
    name = inside.provider.name
    if hop.index + 1 < inside.believed:
        return HopReason(hop.index, "believed", f"a step inside {name}", hop.ip, hop.by)
    if inside.client:
        who = f"the customer {inside.account}" if inside.account else "a customer"
        text = f"{name} took it from {who}, who had logged in" + (
            f", at {hop.ip}" if hop.ip and hop.ip == inside.source else ""
        )
        text += _field(inside)
    elif inside.source is not None:
        text = f"{name} took it from {hop.ip}"
    else:
        text = f"a step inside {name}; who brought it there is not written"
    return HopReason(hop.index, "believed", text, hop.ip, hop.by)


def _field(inside: Inside) -> str:
    """What the provider's own field adds about its customer."""
    said = inside.stated
    if said is None:
        return ""
    if not said.against:
        return f"; its field {said.field} says {said.address}"
    what = f"{said.field} says {said.address}" if said.address is not None else f"there is a field {said.field}"
    return f"; {what}, which is not believed: {said.against}"


def _nobody(hops: Sequence[Hop], border: Boundary) -> tuple[HopReason, ...]:
    if not hops:
        return ()
    top = hops[0]
    writer = top.by or "an unnamed machine"
    if not border:
        text = f"{writer} wrote this line, but no relay is configured, so no line can be believed"
    else:
        text = f"{writer} wrote this line and is none of the configured relays, so no line can be believed"
    rest = "below a line that is not believed: anybody could have typed it"
    more = (HopReason(n, "unverified", rest) for n in range(1, min(len(hops), SHOWN)))
    return (HopReason(0, "unverified", text, None, top.by), *more)


def _believed(hop: Hop, peer: Peer) -> HopReason:
    """The sentence for a line, or our session, that we believe."""
    ours = hop.index == SESSION
    writer = "our own session" if ours else hop.by or "our machine"
    if peer is STRANGER:
        return HopReason(hop.index, "handover", _handover(hop, writer, ours), hop.ip, hop.rdns or hop.helo)
    if peer is RELAY or peer is OWN:
        whose = "a relay we believe" if peer is RELAY else "a machine of ours"
        return HopReason(hop.index, "trusted", f"{writer} took it from {hop.ip}, {whose}", hop.ip, hop.rdns or hop.helo)
    if peer is LOOPBACK:
        return HopReason(hop.index, "local", f"{writer} passed it on inside the same machine", hop.ip, hop.by)
    if peer is STEP:
        what = "fetched it from a mailbox" if hop.dialect == "fetchmail" else "passed it on to itself"
        return HopReason(hop.index, "local", f"{writer} {what}", hop.ip, hop.by)
    if peer is PICKUP:
        return HopReason(
            hop.index, "local", f"it was handed in on {writer} itself, by a user or program there", None, hop.by
        )
    if peer is PRIVATE:
        text = f"{writer} took it from {hop.ip}, an internal or reserved address that is no configured relay"
        return HopReason(hop.index, "handover", text, hop.ip, hop.rdns or hop.helo)
    text = f"{writer} is believed, but its line does not say clearly from whom it took the message"
    return HopReason(hop.index, "trusted", text, None, hop.by)


def _handover(hop: Hop, writer: str, ours: bool) -> str:
    believed = "" if ours else ", which we believe,"
    if hop.auth:
        return (
            f"{writer}{believed} took it from {hop.ip}, a client that had logged in; lines below are the client's own"
        )
    text = f"{writer}{believed} took it from {hop.ip}"
    if hop.helo is not None and hop.helo != hop.rdns:
        text += f", which called itself {hop.helo}"
    if hop.rdns is not None:
        text += f" (its name is {hop.rdns})"
    return text


def _dead_end(path: Walk) -> HopReason:
    hop = path.hop
    assert hop is not None
    writer = "our own session" if hop.index == SESSION else hop.by or "our machine"
    if path.end is AT_RELAY:
        text = f"{writer} took it from {hop.ip}, a relay we believe, but the line it should have written is missing"
    else:
        text = f"{writer} took it from our own side, and no line below says who brought it there"
    return HopReason(hop.index, "trusted", text, hop.ip, hop.by)


def _forgery(hop: Hop, clues: int) -> str:
    if clues & _PASTED:
        return "the same line, id and all, stands in other messages that strangers handed over: it was pasted"
    if clues & _CLOCK:
        return f"the clock in its queue id {hop.id} contradicts its own date"
    if clues & _IMPOSSIBLE:
        if hop.ip is not None and space(hop.ip) is Space.PUBLIC:
            return f"it shows {hop.ip}, an address that had not been given to anybody yet"
        return "it shows an address that no machine can have"
    if clues & _CLAIMS_US:
        return f"it claims to be written by {hop.by}, but not in the form that server uses"
    return "it contradicts what is known"
