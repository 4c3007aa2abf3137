"""Sun, iPlanet and Oracle: ``from HELO (NAME [ADDRESS]) by HOST (Sun Java(tm) ...) with ESMTP id ID; DATE``.

Some write ``([unknown] [ADDRESS])``; without an address in parentheses a bracketed name is only what was claimed.
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, IP, make, pattern
from junkhound.trace.hop import Hop

_PROGRAM = (
    r"\((?:Sun|iPlanet|Oracle\s++Communications|Netscape|InterMail)[\s]"
    r"[^()\[\]]*+(?:\([^()\[\]]*+\)[^()\[\]]*+)*+\)"
)
_LINE = pattern(
    rf"\s*+from\s++{HELO}(?:\s++\((?:(?P<rdns>[^\s()\[\]]++)\s++|\[unknown\]\s++)?{IP}\))?\s++by\s++{BY}\s++{_PROGRAM}\s++with\s++"
    rf"(?P<protocol>\w++){ID}{FOR}(?:\s++\(ORCPT\s[^()\[\]]*+\))?{DATE}"
)
_INSIDE = pattern(rf"\s*+by\s++{BY}\s++{_PROGRAM}\s++with\s++(?P<protocol>\w++){ID}{FOR}{DATE}")


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of these servers, or None."""
    found = _LINE.match(value)
    if found is not None:
        helo, rdns, ip, by, protocol, queued, recipient, date = found.groups()
        return make("sun", index, below, ip, rdns, helo, by, protocol, queued, recipient, date)
    found = _INSIDE.match(value)
    if found is None:
        return None
    by, protocol, queued, recipient, date = found.groups()
    return make("sun", index, below, None, None, None, by, protocol, queued, recipient, date, local=True)


dialects.register("sun")(Dialect(("(Sun ", "(iPlanet", "(Oracle Comm", "(InterMail"), read))
