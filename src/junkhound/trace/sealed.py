"""ARC seals (RFC 8617): what a forwarder that is believed says, under seal, of the machine that brought it the mail.

A seal proves who wrote the results in its set and that header and body are what they were. It does not prove who sends
the mail now: whoever once got a sealed mail can send it again. So a seal moves the boundary only where the machine that
handed the mail to us is the sealer's own, its own lines lead to the machine that the sealed results name, no customer
had logged in on the way, and the times agree. Then the same is asked of the machine below, and the seal under it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from junkhound.kernel.clock import DAY, HOUR
from junkhound.trace import results, signed
from junkhound.trace.border import Boundary
from junkhound.trace.hop import Hop
from junkhound.trace.peer import OWN, RELAY, STRANGER
from junkhound.trace.reader import Hops
from junkhound.trace.walk import AT_STRANGER, Walk

SEAL, SIGNATURE, RESULTS = b"arc-seal", b"arc-message-signature", b"arc-authentication-results"
MOST = 50  # RFC 8617 section 4.2.1
LINES = 10  # of one sealer
EARLY, LATE = DAY, HOUR  # a seal is made when the mail passes by: so long before the hand-over, or after it, at most

_TAG = re.compile(rb"(?:\A|;)\s*+([A-Za-z]\w*+)\s*+=\s*+([^;]*+)")
_NUMBER = re.compile(rb"(?:[\s;]?)i\s*+=\s*+(\d++)", re.IGNORECASE)
"""As the library finds a set's number: where the two ways differ, somebody plays with them."""


class Set(msgspec.Struct, frozen=True, gc=False):
    """One ARC set; ``above`` counts the Received lines over its seal."""

    number: int
    domain: str
    cv: str
    at: int | None
    above: int
    results: results.Results | None


def sets(hops: Hops) -> list[Set] | str:
    """The sets of the chain, the newest first, by form alone; a sentence for a chain that is broken or ended."""
    found: dict[bytes, dict[int, tuple[int, bytes]]] = {}
    for name in (SEAL, SIGNATURE, RESULTS):
        held = found[name] = {}
        for above, value in hops.stated(name):
            said = _tags(value).get("i", "")
            first = _NUMBER.search(value)
            if first is None or first[1].decode() != said or not 1 <= int(said[:9]) <= MOST:
                return f"a set is numbered {said[:20] or 'nothing'!r}, not 1 to {MOST}"
            if int(said) in held:
                return f"set {said} stands there twice"
            held[int(said)] = above, value
    numbers = sorted(found[SEAL], reverse=True)
    if numbers != list(range(len(numbers), 0, -1)) or any(set(held) != set(numbers) for held in found.values()):
        return "its chain has a gap"
    chain = []
    for number in numbers:
        above, value = found[SEAL][number]
        tags = _tags(value)
        at = int(tags["t"][:15]) * 1_000_000 if tags.get("t", "").isdigit() else None
        cv = tags.get("cv", "").lower()
        if cv != ("none" if number == 1 else "pass"):
            return f"set {number} says cv={cv[:10]}"
        chain.append(
            Set(number, tags.get("d", "").lower().rstrip("."), cv, at, above, results.read(found[RESULTS][number][1]))
        )
    return chain


def _tags(value: bytes) -> dict[str, str]:
    return {name.decode("latin-1").lower(): said.decode("latin-1").strip() for name, said in _TAG.findall(value[:4096])}


def beyond(hops: Sequence[Hop], path: Walk, border: Boundary) -> tuple[Walk, str]:
    """The walk, led further by seals that are believed, and what is to be said of them ("" where nothing is)."""
    last = path.hop
    if path.end is not AT_STRANGER or last is None or not isinstance(hops, Hops) or SEAL not in hops.names:
        return path, ""
    chain = sets(hops)
    if isinstance(chain, str):
        return path, f"the ARC seals in it are not believed: {chain}"
    newest = chain[0]
    if newest.domain not in border.sealers:
        return path, ""
    if not _machine_of(last, newest.domain):
        return path, f"{newest.domain} once sealed it, but no machine of theirs brought it: it may have been sent again"
    if broken := signed.checker(border.keys)(hops.octets, len(chain)):
        return path, f"the ARC seal of {newest.domain} does not hold: {broken}"
    return _led(hops, path, chain, border)


def _led(hops: Hops, path: Walk, chain: list[Set], border: Boundary) -> tuple[Walk, str]:
    """The walk as far as the seals of a chain that holds lead."""
    seen, text, believed = list(path.seen), "", path.believed
    for one in chain:
        last = seen[-1][0]
        if one.domain not in border.sealers or not _machine_of(last, one.domain):
            break
        place, against = _line(hops, one, last, believed, border)
        if place is None:
            text = text or f"the ARC seal of {one.domain} holds, but {against}"
            break
        seen[-1] = (last, RELAY)
        seen += [(hops[n], OWN) for n in range(believed, place)]
        seen.append((hops[place], STRANGER))
        believed, text = place + 1, f"so says {one.domain} under its ARC seal, which holds"
    return (Walk(seen) if believed > path.believed else path), text


def _machine_of(seen: Hop, domain: str) -> bool:
    """Whether a believed line saw a machine of that domain: by a name that was found to lead back to it."""
    name = seen.rdns
    return name is not None and seen.verified and not seen.auth and (name == domain or name.endswith(f".{domain}"))


def _line(hops: Hops, one: Set, seen: Hop, first: int, border: Boundary) -> tuple[int | None, str]:
    """The sealer's own line about the machine that its sealed results name; else why there is none."""
    said = one.results
    if said is None or said.ip is None:
        return None, "its sealed results name no address"
    if border.sides[said.ip] is not STRANGER:
        return None, f"its sealed results name {said.ip}, which is nobody out there"
    if one.at is None or seen.at is None or not -LATE <= seen.at - one.at <= EARLY:
        return None, "it was not made when the mail was handed over"
    for place in range(first, min(len(hops), first + LINES)):
        hop = hops[place]
        if hop.by is None or not (hop.by == one.domain or hop.by.endswith(f".{one.domain}")):
            break
        if hop.auth or hop.pickup:
            return None, f"a customer of {one.domain} sent the mail: the seal may be an old one"
        if hop.ip == said.ip:
            if one.above > place:
                return None, "it stands below the line that it should be about"
            return place, ""
        if hop.ip is not None and border.sides[hop.ip] is STRANGER:
            return None, f"{one.domain}'s line says {hop.ip}, its sealed results {said.ip}"
    return None, f"no line of {one.domain} says that it took the mail from {said.ip}"
