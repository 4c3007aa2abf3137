"""Mimecast: ``from HELO (NAME [ADDRESS]) by relay.mimecast.com with ESMTP with STARTTLS (version=...) id ID; DATE``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, ID, PEER, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+{PEER}(?:\s++\(Using\s++TLS\))?\s++by\s++{BY}\s++with\s++(?P<protocol>\w++)(?:\s++with\s++STARTTLS)?"
    rf"(?:\s++\((?:version=(?P<tls>[^\s(),]++)|Using\s++TLS)[^()\[\]]*+\))?{ID}{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Mimecast, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, rdns, ip, by, protocol, tls, queued, recipient, date = found.groups()
    return make("mimecast", index, below, ip, rdns, helo, by, protocol, queued, recipient, date, tls=tls)


dialects.register("mimecast")(Dialect(("with STARTTLS", "(Using TLS)"), read))
