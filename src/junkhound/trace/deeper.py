"""Below a hand-over by a known relay: what its own lines say of the machine that brought the message to it.

Only lines under the relay's names, without a gap from the hand-over on, are believed, and only of a relay that writes
one for every message; the first of them that saw a customer ends it, since below it the customer typed.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from junkhound.kernel.net import Address
from junkhound.tables import Path
from junkhound.trace.border import Boundary
from junkhound.trace.client import Stated, numbered, stated
from junkhound.trace.hop import Hop
from junkhound.trace.known import Provider
from junkhound.trace.peer import STRANGER

DEEP = 30  # lines of one provider; the longest seen are about ten
SURE = 0.95  # P that the address is the injector's: short of what it takes to blame one
FIELD = 0.9  # the same where only a field of the provider's says so: a customer may have found a way to write it

_WEBMAIL = frozenset(("HTTP", "HTTPS", "HTTPU", "HTTPREST", "MAPI"))


class Inside(msgspec.Struct, frozen=True):
    """How far the provider's own lines led: ``believed`` counts all lines from the top that are believed."""

    provider: Provider
    believed: int
    source: Address | None = None
    path: Path = Path.UNKNOWN
    account: str | None = None
    client: bool = False  # the last line saw a customer that had logged in
    stated: Stated | None = None  # what the provider's own field says of the customer's machine
    sure: float = SURE


def deeper(hops: Sequence[Hop], start: int, provider: Provider, border: Boundary) -> Inside:
    """Read the provider's own lines from place ``start`` on."""
    path = provider.path
    if not provider.stamps:
        return Inside(provider, start, path=path, account=numbered(hops, provider))
    place = start
    for place in range(start, min(len(hops), start + DEEP)):
        hop = hops[place]
        if not provider.wrote(hop):
            return Inside(provider, place, path=path)
        if hop.pickup or hop.auth:
            return _customer(hops, provider, place + 1, hop, border)
        ip = hop.ip
        if hop.local or (ip is not None and (provider.has(ip) or border.sides[ip] is not STRANGER)):
            continue
        if ip is None:
            return Inside(provider, place + 1, path=path)
        return Inside(provider, place + 1, ip, Path.FORWARDED if path is Path.WEBMAIL else path)
    believed = min(place + 1, len(hops))
    if provider.silent and start < believed == len(
        hops
    ):  # its own lines down to the last: one of its web servers wrote it
        said = stated(hops, believed, provider, border, None)
        if said is not None:
            source = None if said.against else said.address
            return Inside(provider, believed, source, path, None, True, said, FIELD)
    return Inside(provider, believed, path=path)


def _customer(hops: Sequence[Hop], provider: Provider, believed: int, hop: Hop, border: Boundary) -> Inside:
    """The line in which the provider saw a customer."""
    source = hop.ip if hop.ip is not None and border.sides[hop.ip] is STRANGER else None
    path, sure = provider.path, SURE
    if path is Path.WEBMAIL and hop.ip is not None and hop.protocol not in _WEBMAIL:
        path = Path.AUTHENTICATED
    said = stated(hops, believed, provider, border, source)
    if source is None and said is not None and not said.against:
        source, sure = said.address, FIELD
    return Inside(provider, believed, source, path, hop.account, True, said, sure)
