"""Sendmail: ``from HELO (IDENT@NAME [ADDRESS] (may be forged)) by HOST (8.14.4/8.14.4) with ESMTP id ID ...``.

NAME resolves back to the address unless ``may be forged`` stands beside it.
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, IP, make, pattern
from junkhound.trace.hop import Hop

_VERSION = r"\((?P<version>8\.[^()\s]*+)[^()\[\]]*+\)"
_TLS = r"(?:\s++\(version=(?P<tls>[^\s()]++)[^()\[\]]*+\))?"
_SMTP = pattern(
    rf"\s*+from\s++{HELO}\s++\((?:(?P<ident>[^\s()\[\]@]++)@)?(?P<rdns>[^\s()\[\]@]++)?\s*+{IP}"
    rf"(?P<forged>\s++\(may\s++be\s++forged\))?\)(?P<auth>\s++\(authenticated[^()\[\]]*+(?:\([^()\[\]]*+\))?\))?"
    rf"\s++by\s++{BY}\s++{_VERSION}\s++with\s++(?P<protocol>\w++){ID}{_TLS}{FOR}{DATE}"
)
_OWN = pattern(
    rf"\s*+(?:\(from\s++(?P<ident>[^\s()]++)\)\s++)?by\s++{BY}\s++{_VERSION}(?:\s++with\s++(?P<protocol>\w++))?{ID}{FOR}{DATE}"
)


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
    helo, ident, rdns, ip, forged, auth, by, _, protocol, queued, tls, recipient, date = found.groups()
    if ident is not None and ident[:6].upper() == "IDENT:":
        ident = ident[6:]
    return make(
        "sendmail", index, below, ip, rdns or "unknown", helo, by, protocol, queued, recipient, date,
        ident=ident, auth=auth is not None, tls=tls, verified=forged is None,
    )  # fmt: skip


dialects.register("sendmail")(Dialect(("(8.",), read))
