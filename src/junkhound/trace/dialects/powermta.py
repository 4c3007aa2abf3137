"""PowerMTA: ``from HELO (ADDRESS) by HOST (PowerMTA v5.0r1) id ID for <RCPT>; DATE (envelope-from <SENDER>)``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+(?:from\s++{HELO}\s++\((?P<ip>[0-9A-Fa-f:.]++)\)\s++)?by\s++{BY}\s++\(PowerMTA[^()\[\]]*+(?:\(TM\)[^()\[\]]*+)?\)"
    rf"(?:\s++with\s++(?P<protocol>\w++))?{ID}{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of PowerMTA, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, ip, by, protocol, queued, recipient, date = found.groups()
    return make(
        "powermta", index, below, ip, None, helo, by, protocol, queued, recipient, date,
        local=ip is None, pickup=ip is None,
    )  # fmt: skip


dialects.register("powermta")(Dialect(("(PowerMTA",), read))
