"""Momentum (SparkPost): ``from NAME ([ADDRESS:PORT] helo=HELO) by HOST (ecelerity 4.2) with ESMTP id ID; DATE``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, HELO, ID, WORD, make, pattern
from junkhound.trace.hop import Hop

_PROGRAM = r"\(ecelerity\s[^()\[\]]*+(?:\([^()\[\]]*+\)[^()\[\]]*+)*+\)"
_LINE = pattern(
    rf"\s*+from\s++{HELO}\s++\(\[(?P<ip>[0-9A-Fa-f.]++|[0-9A-Fa-f:]++)(?::(?P<port>\d++))?\](?:\s++helo=(?P<said>{WORD}|\[[^\s()\[\]]*+\]))?\)"
    rf"\s++by\s++{BY}(?:\s++\(envelope-from\s++<(?P<sender>[^<>()]*+)>\))?\s++{_PROGRAM}\s++with\s++(?P<protocol>\w++)"
    rf"(?:\s++\(cipher=(?P<tls>[^\s()]++)[^()\[\]]*+\))?{ID}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Momentum, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, ip, _, said, by, sender, protocol, tls, queued, date = found.groups()
    if protocol == "ECSTREAM":
        said = helo = None  # it repeats the address there
    return make(
        "momentum", index, below, ip, None, said or helo, by, protocol, queued, None, date,
        envelope_from=sender or None, tls=tls,
    )  # fmt: skip


dialects.register("momentum")(Dialect(("(ecelerity",), read))
