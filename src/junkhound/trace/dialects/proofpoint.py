"""Proofpoint: ``from HELO (NAME [ADDRESS]) by HOST.pphosted.com (PPS) with ESMTPS id ID (version=...); DATE``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, ID, PEER, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+{PEER}\s++by\s++{BY}\s++\(PPS\)\s++with\s++(?P<protocol>\w++){ID}(?:\s++\(version=(?P<tls>[^\s()]++)[^()\[\]]*+\))?{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Proofpoint, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, rdns, ip, by, protocol, queued, tls, recipient, date = found.groups()
    return make("proofpoint", index, below, ip, rdns, helo, by, protocol, queued, recipient, date, tls=tls)


dialects.register("proofpoint")(Dialect(("(PPS)",), read))
