"""OpenSMTPD: ``from HELO (NAME [ADDRESS]) by HOST (OpenSMTPD) with ESMTPSA id ID (TLS...) auth=yes user=ME; DATE``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, IP, WORD, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+from\s++{HELO}\s++\((?:(?P<rdns>[^\s()\[\]]++)\s++)?(?:{IP}|\[local\])\);?\s++by\s++{BY}\s++\(OpenSMTPD\)\s++with\s++"
    rf"(?P<protocol>\w++){ID}(?:\s++\((?P<tls>[^\s():]++):[^()\[\]]*+\))?(?P<auth>\s++auth=yes\s++user=(?P<account>{WORD}))?{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of OpenSMTPD, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, rdns, ip, by, protocol, queued, tls, auth, account, recipient, date = found.groups()
    return make(
        "opensmtpd", index, below, ip, rdns if ip else None, helo, by, protocol, queued, recipient, date,
        account=account, auth=auth is not None, tls=tls, local=ip is None, pickup=ip is None,
    )  # fmt: skip


dialects.register("opensmtpd")(Dialect(("(OpenSMTPD)",), read))
