"""Barracuda: ``from HELO (NAME [ADDRESS]) by HOST (Spam & Virus Firewall) with ESMTP id ID for <RCPT>; DATE``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, ID, PEER, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+{PEER}\s++by\s++{BY}\s++\(Spam(?:\s++&\s++Virus)?\s++Firewall\)\s++with\s++(?P<protocol>\w++){ID}{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of a Barracuda firewall, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, rdns, ip, by, protocol, queued, recipient, date = found.groups()
    return make("barracuda", index, below, ip, rdns, helo, by, protocol, queued, recipient, date)


dialects.register("barracuda")(Dialect(("(Spam",), read))
