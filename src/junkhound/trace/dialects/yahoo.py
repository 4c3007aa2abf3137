"""Yahoo: ``from ADDRESS (EHLO HELO) (ADDRESS) by HOST with SMTP; DATE`` and the steps inside (NNFMP)."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, WORD, make, pattern
from junkhound.trace.hop import Hop

_SMTP = pattern(
    rf"\s*+from\s++(?P<front>[0-9A-Fa-f:.]++)\s++\((?:EHLO|HELO)(?:\s++(?P<helo>{WORD}|\[[^\s()\[\]]*+\]))?\s*+\)"
    rf"(?:\s++\((?P<ip>[0-9A-Fa-f:.]++)\))?\s++by\s++{BY}\s++with\s++(?P<protocol>\w++)"
    rf"(?:\s++\(version=(?P<tls>[^\s()]++)[^()\[\]]*+\))?{DATE}"
)
_INSIDE = pattern(rf"\s*+from\s++\[(?P<ip>[0-9.]++)\]\s++by\s++{BY}\s++with\s++(?P<protocol>NNFMP){DATE}")


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Yahoo, or None."""
    found = _SMTP.match(value)
    if found is not None:
        front, helo, ip, by, protocol, tls, date = found.group("front", "helo", "ip", "by", "protocol", "tls", "date")
        return make("yahoo", index, below, ip=ip or front, helo=helo, by=by, protocol=protocol, tls=tls, date=date)
    found = _INSIDE.match(value)
    if found is None:
        return None
    return make("yahoo", index, below, ip=found["ip"], by=found["by"], protocol="NNFMP", date=found["date"])


dialects.register("yahoo")(Dialect(("(EHLO ", "NNFMP"), read))
