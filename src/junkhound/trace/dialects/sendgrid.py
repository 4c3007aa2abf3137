"""SendGrid: ``from ACCOUNT (NAME [ADDRESS]) by HOST (SG) with ESMTP id ID; DATE``; ACCOUNT is a number in base64.

``(unknown)`` and HTTP: handed in through its web interface. ``by filter...`` is a step inside.
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, IP, make, pattern
from junkhound.trace.hop import Hop

_IN = pattern(
    rf"\s*+from\s++{HELO}\s++\((?:(?P<rdns>[^\s()\[\]]++)\s++)?(?:{IP}|unknown)\)\s++by\s++{BY}\s++\(SG\)\s++with\s++(?P<protocol>\w++){ID}{FOR}{DATE}"
)
_INSIDE = pattern(rf"\s*+by\s++(?P<by>[\w.-]+\.sendgrid\.net)\s++with\s++(?P<protocol>\w++){ID}{FOR}{DATE}")


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of SendGrid, or None."""
    found = _IN.match(value)
    if found is not None:
        helo, rdns, ip, by, protocol, queued, recipient, date = found.groups()
        return make(
            "sendgrid", index, below, ip, rdns if ip else None, helo, by, protocol, queued, recipient, date,
            account=helo, auth=True, local=ip is None, pickup=ip is None,
        )  # fmt: skip
    found = _INSIDE.match(value)
    if found is None:
        return None
    by, protocol, queued, recipient, date = found.groups()
    return make("sendgrid", index, below, None, None, None, by, protocol, queued, recipient, date, local=True)


dialects.register("sendgrid")(Dialect(("(SG)", ".sendgrid.net"), read))
