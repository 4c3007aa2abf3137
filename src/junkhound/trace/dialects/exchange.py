"""Exchange, Outlook and the old SMTPSVC: ``from HELO (ADDRESS) by HOST (ADDRESS) with Microsoft SMTP Server ...``.

The name is what the peer claimed; nothing is looked up. Addresses stand in bare parentheses, IPv6 too; the
``id`` is a build number (15.20.6768.30) that looks like an address and is none. ``with mapi`` is a person's own
mailbox, ``with HTTPS`` the last step into it.
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, make, pattern
from junkhound.trace.hop import Hop

_IP = r"\[?(?P<{0}>[0-9A-Fa-f:.]++)(?:%\w++)?\]?"
_SMTP = pattern(
    rf"\s*+from\s++{HELO}\s++\({_IP.format('ip')}\)\s++by\s++{BY}(?:\s++\({_IP.format('by_ip')}\))?\s++with\s++"
    r"(?:(?P<protocol>mapi|HTTPS|MailboxResubmission(?:\s++by\s++\w++)?)|Microsoft\s++SMTP(?:\s++Server|SVC\([\d.]++\)))"
    r"(?:\s++\(version=(?P<tls>[^\s,()]++)[^()\[\]]*+\)|\s++\(TLS\))?(?:\s++id\s++(?P<id>[^\s;()]++))?"
    rf"(?:\s++via\s++[A-Z]\w*+\s++\w++)?{FOR}{DATE}"
)
_PICKUP = pattern(
    rf"\s*+(?:from\s++mail\s++pickup\s++service\s++)?by\s++{BY}\s++with\s++Microsoft\s++SMTPSVC(?:\([\d.]++\))?{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Exchange or Outlook, or None."""
    found = _SMTP.match(value)
    if found is None:
        pickup = _PICKUP.match(value)
        if pickup is None:
            return None
        return make("exchange", index, below, by=pickup["by"], date=pickup["date"], local=True, pickup=True)
    helo, ip, by, by_ip, protocol, tls, queued, recipient, date = found.groups()
    if protocol == "HTTPS":
        protocol = "OUTLOOK-HTTPS"  # between two mailbox servers, not a person's browser
    elif protocol is not None and protocol != "mapi":
        protocol = "RESUBMISSION"
    return make(
        "exchange", index, below, ip, None, helo, by, protocol or "ESMTP", queued, recipient, date,
        by_ip=by_ip, tls=tls, local=protocol == "mapi", pickup=protocol == "mapi",
    )  # fmt: skip


dialects.register("exchange")(Dialect(("Microsoft", " mapi ", "HTTPS", "MailboxResubmission"), read))
