"""Steps inside one machine: LMTP and Cyrus delivery, and the content filter amavis on its loopback port."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, IP, NOTE, make, pattern
from junkhound.trace.hop import Hop

_LMTP = pattern(
    rf"\s*+from\s++{HELO}(?:\s++\((?:(?P<rdns>[^\s()\[\]]++)\s++)?(?:\[unix\s++socket\]|{IP})\))?(?:\s++{NOTE})*+"
    rf"\s++by\s++{BY}(?:\s++\([^()\[\]]*+\))?\s++with\s++(?P<protocol>LMTP[AS]*+){ID}"
    rf"(?:\s++\(envelope-from\s++<(?P<sender>[^<>()]*+)>\))?{FOR}{DATE}"
)
_AMAVIS = pattern(
    rf"\s*+from\s++{HELO}\s++\((?:(?P<rdns>[^\s()\[\]]++)\s++)?{IP}\)\s++by\s++{BY}\s++"
    r"\((?P<host>[^\s()\[\]]++)\s++\[(?P<by_ip>[0-9A-Fa-f:.]++)\]\)\s++\(amavisd[^()\[\]]*+\)"
    rf"\s++with\s++(?P<protocol>\w++){ID}{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of LMTP delivery or amavis, or None."""
    found = _LMTP.match(value)
    if found is not None:
        ip, rdns, helo, by, protocol, queued, recipient, date = found.group(
            "ip", "rdns", "helo", "by", "protocol", "id", "recipient", "date"
        )
        return make(
            "lmtp", index, below, ip=ip, rdns=rdns, helo=helo, by=by, protocol=protocol, id=queued,
            recipient=recipient, envelope_from=found["sender"], date=date, local=ip is None,
        )  # fmt: skip
    found = _AMAVIS.match(value)
    if found is None:
        return None
    ip, helo, by, by_ip, host, protocol, queued, recipient, date = found.group(
        "ip", "helo", "by", "by_ip", "host", "protocol", "id", "recipient", "date"
    )
    return make(
        "amavis", index, below, ip=ip, helo=helo, by=host if by == "localhost" else by, by_ip=by_ip,
        protocol=protocol, id=queued, recipient=recipient, date=date,
    )  # fmt: skip


dialects.register("local")(Dialect(("LMTP", "(amavisd"), read))
