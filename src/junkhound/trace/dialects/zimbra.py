"""Zimbra's delivery to its mail store: ``from HOST (LHLO HOST) (ADDRESS) by HOST with LMTP; DATE``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, WORD, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+from\s++(?P<name>{WORD})\s++\(LHLO\s++(?P<helo>{WORD})\)\s++\((?P<ip>[0-9A-Fa-f:.]++)\)\s++by\s++{BY}\s++with\s++"
    rf"(?P<protocol>LMTP[AS]*+){DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Zimbra's mail store, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    _, helo, ip, by, protocol, date = found.groups()
    return make("zimbra", index, below, ip, None, helo, by, protocol, None, None, date)


dialects.register("zimbra")(Dialect(("(LHLO ",), read))
