"""Gmail: ``from HELO (NAME. [ADDRESS]) by mx.google.com with ESMTPS id ID for <RCPT> (version=...); DATE``.

Inside, lines open with ``by``: a host, an address of 10/8, or one of 2002:a00::/24, which is 10/8 again (6to4).
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, IP, make, pattern
from junkhound.trace.hop import Hop

_TLS = r"(?:\s++\(version=(?P<tls>[^\s()]++)[^()\[\]]*+\))?(?:\s++\(Google\s++Transport\s++Security\))?"
_SMTP = pattern(
    rf"\s*+from\s++{HELO}\s++\((?:(?P<rdns>[^\s()\[\]]++)\s++)?{IP}\)\s++by\s++(?P<by>[\w.-]+\.google\.com|smtp\.gmail\.com|gmr-mx\.google\.com)"
    rf"\s++with\s++(?P<protocol>\w++){ID}{FOR}{_TLS}{DATE}"
)
_INSIDE = pattern(rf"\s*+by\s++{BY}\s++with\s++(?P<protocol>SMTP|HTTP|HTTPREST){ID}{FOR}{DATE}")
_API = pattern(rf"\s*+from\s++\d++\s++named\s++unknown\s++by\s++{BY}\s++with\s++(?P<protocol>HTTPREST){DATE}")


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Gmail, or None."""
    found = _SMTP.match(value)
    if found is not None:
        ip, rdns, helo, by, protocol, queued, recipient, tls, date = found.group(
            "ip", "rdns", "helo", "by", "protocol", "id", "recipient", "tls", "date"
        )
        return make(
            "gmail", index, below, ip=ip, rdns=rdns, helo=helo, by=by, protocol=protocol, id=queued,
            recipient=recipient, tls=tls, date=date,
        )  # fmt: skip
    found = _INSIDE.match(value)
    if found is not None:
        by, protocol, queued, recipient, date = found.group("by", "protocol", "id", "recipient", "date")
        inside = by if by[:1].isdigit() else None
        return make(
            "gmail", index, below, by=by, by_ip=inside, protocol=protocol, id=queued, recipient=recipient, date=date,
            local=True, pickup=protocol != "SMTP",
        )  # fmt: skip
    found = _API.match(value)
    if found is not None:
        return make(
            "gmail",
            index,
            below,
            by=found["by"],
            protocol="HTTPREST",
            date=found["date"],
            local=True,
            auth=True,
            pickup=True,
        )
    return None


dialects.register("gmail")(Dialect(("google.com", "gmail.com", "by 2002:", "by 10."), read))
