"""ZMailer: ``from NAME ([ADDRESS]:PORT "EHLO HELO" rhost-flags-OK-OK) by HOST with ESMTP id ID (ORCPT ...); DATE``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, ID, IP, WORD, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+from\s++(?:\[[^\s\[\]]*+\]|(?P<rdns>{WORD}))\s++\({IP}(?::\d++)?\s++\"(?:EHLO|HELO)\s++(?P<helo>[^\"()\[\]]*+|\[[^\s()\[\]\"]*+\])\"[^()\[\]]*+\)"
    rf"\s++by\s++{BY}\s++with\s++(?P<protocol>\w++){ID}(?:\s++\(ORCPT\s[^()\[\]]*+\))?{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of ZMailer, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    rdns, ip, helo, by, protocol, queued, recipient, date = found.groups()
    return make("zmailer", index, below, ip, rdns, helo, by, protocol, queued, recipient, date)


dialects.register("zmailer")(Dialect(("rhost-flags",), read))
