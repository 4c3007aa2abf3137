"""Amazon SES, incoming: ``from HELO (NAME [ADDRESS]) by inbound-smtp.REGION.amazonaws.com with SMTP id ID; DATE``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import DATE, FOR, ID, PEER, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+{PEER}\s++by\s++(?P<by>inbound-smtp\.[\w-]++\.amazonaws\.com)\s++with\s++(?P<protocol>\w++){ID}{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Amazon SES, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, rdns, ip, by, protocol, queued, recipient, date = found.groups()
    return make("ses", index, below, ip, rdns, helo, by, protocol, queued, recipient, date)


dialects.register("ses")(Dialect(("by inbound-smtp.",), read))
