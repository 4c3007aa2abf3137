"""IronPort (Cisco): ``from NAME (HELO HELO) ([ADDRESS]) by HOST with ESMTP/TLS/CIPHER; DATE``, or without NAME.

NAME is what the address is called, not checked.
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, IP, WORD, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+from\s++(?P<name>{WORD})(?P<said>\s++\((?:HELO|EHLO)\s++(?P<helo>{WORD}|\[[^\s()\[\]]*+\])\))?\s++\({IP}\)"
    rf"\s++by\s++{BY}\s++with\s++(?P<protocol>E?SMTPS?A?)(?:/TLS/(?P<tls>[\w-]++))?(?:\s++id\s++(?P<id>[^\s;()]++))?{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of IronPort, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    name, said, helo, ip, by, protocol, tls, queued, recipient, date = found.groups()
    if said is None and tls is None:
        return None  # anybody's line
    rdns, helo = (None, name) if said is None else (name, helo)
    return make("ironport", index, below, ip, rdns, helo, by, protocol, queued, recipient, date, tls=tls)


dialects.register("ironport")(Dialect(("SMTP/TLS/", "(HELO "), read))
