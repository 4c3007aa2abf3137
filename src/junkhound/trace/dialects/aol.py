"""AOL: ``from HELO (NAME [ADDRESS]) by HOST.aol.com (v98.19) with ESMTP id ID; DATE``, and mail of its own members.

``from MEMBER@aol.com by imo-r03.mx.aol.com (mail_out_v34.10.)`` was handed in by a member's client.
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, ID, PEER, WORD, make, pattern
from junkhound.trace.hop import Hop

_SMTP = pattern(
    rf"\s*+{PEER}\s++by\s++(?P<by>[\w.-]+\.aol\.com)\s++\((?:v[\w.-]++|[\w/.-]++)\)\s++with\s++(?P<protocol>\w++){ID}{FOR}{DATE}"
)
_MEMBER = pattern(
    rf"\s*+from\s++(?P<account>{WORD})\s++by\s++{BY}\s++\(mail_out_v[\w.]*+\){ID}(?:\s++\(\d++\))?{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of AOL, or None."""
    found = _SMTP.match(value)
    if found is not None:
        helo, rdns, ip, by, protocol, queued, recipient, date = found.groups()
        return make("aol", index, below, ip, rdns, helo, by, protocol, queued, recipient, date)
    found = _MEMBER.match(value)
    if found is None:
        return None
    account, by, queued, recipient, date = found.groups()
    return make(
        "aol", index, below, None, None, None, by, None, queued, recipient, date, local=True, pickup=True,
        account=account,
    )  # fmt: skip


dialects.register("aol")(Dialect(("(mail_out_v", ".aol.com (v"), read))
