"""Sendmail: ``from HELO (IDENT@NAME [ADDRESS] (may be forged)) by HOST (8.14.4/8.14.4) with ESMTP id ID ...``.

NAME resolves back to the address unless ``may be forged`` stands beside it.
"""

from __future__ import annotations

import re

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, IP, make
from junkhound.trace.hop import Hop

_VERSION = r"\((?P<version>8\.[^()\s]*+)[^()\[\]]*+\)"
_TLS = r"(?:\s++\(version=(?P<tls>[^\s()]++)[^()\[\]]*+\))?"
_SMTP = re.compile(
    rf"\s*+from\s++{HELO}\s++\((?:(?P<ident>[^\s()\[\]@]++)@)?(?P<rdns>[^\s()\[\]@]++)?\s*+{IP}"
    rf"(?P<forged>\s++\(may\s++be\s++forged\))?\)(?P<auth>\s++\(authenticated[^()\[\]]*+(?:\([^()\[\]]*+\))?\))?"
    rf"\s++by\s++{BY}\s++{_VERSION}\s++with\s++(?P<protocol>\w++){ID}{_TLS}{FOR}{DATE}"
)
_OWN = re.compile(
    rf"\s*+(?:\(from\s++(?P<ident>[^\s()]++)\)\s++)?by\s++{BY}\s++{_VERSION}(?:\s++with\s++(?P<protocol>\w++))?{ID}{FOR}{DATE}"
)
_GROUPS = ("ip", "rdns", "helo", "by", "protocol", "id", "recipient", "ident", "forged", "auth", "tls", "date")


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Sendmail, or None."""
    found = _SMTP.match(value)
    if found is None:
        own = _OWN.match(value)
        if own is None:
            return None
        by, ident, protocol, queued, recipient, date = own.group("by", "ident", "protocol", "id", "recipient", "date")
        return make(
            "sendmail", index, below, by=by, ident=ident, protocol=protocol, id=queued, recipient=recipient,
            date=date, local=True, pickup=True,
        )  # fmt: skip
    ip, rdns, helo, by, protocol, queued, recipient, ident, forged, auth, tls, date = found.group(*_GROUPS)
    if ident is not None and ident[:6].upper() == "IDENT:":
        ident = ident[6:]
    return make(
        "sendmail", index, below, ip=ip, rdns=rdns or "unknown", helo=helo, by=by, protocol=protocol, id=queued,
        recipient=recipient, ident=ident, auth=auth is not None, tls=tls, date=date, verified=forged is None,
    )  # fmt: skip


dialects.register("sendmail")(Dialect(("(8.",), read))
