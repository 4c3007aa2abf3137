"""Lotus, IBM and HCL Domino: ``from HELO ([ADDRESS]) by HOST (Lotus Domino Release 8.5.3) with ESMTP id ID ; DATE``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, ID, PEER, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+{PEER}\s++by\s++{BY}\s++\((?:Lotus|IBM|HCL)\s++(?:Domino|Notes)[^()\[\]]*+(?:\([^()\[\]]*+\)[^()\[\]]*+)*+\)\s++with\s++"
    rf"(?P<protocol>\w++){ID}{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Domino, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, rdns, ip, by, protocol, queued, recipient, date = found.groups()
    return make("domino", index, below, ip, rdns, helo, by, protocol, queued, recipient, date)


dialects.register("domino")(Dialect(("(Lotus ", "(IBM ", "(HCL "), read))
