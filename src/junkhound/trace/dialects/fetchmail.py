"""fetchmail and getmail: mail collected from a mailbox by POP or IMAP; no machine handed it over."""

from __future__ import annotations

import re

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, HELO, make
from junkhound.trace.hop import Hop

_LINE = re.compile(
    rf"\s*+from\s++{HELO}\s++(?:\(?\[(?P<ip>[0-9A-Fa-f:.]++)\]\)?\s++)?(?:\([^()\[\]]*+\)\s++)?by\s++{BY}\s++"
    r"with\s++(?P<protocol>POP3|APOP|IMAP|RPOP|KPOP|SDPS|ETRN|ODMR|IMAP4rev1|POP2)S?\s++\((?:fetchmail|getmail)[^()\[\]]*+\)"
    rf"(?:\s++for\s++<?(?P<recipient>[^\s<>();]++)>?)?(?:\s++\((?:single|multi)-drop\))?{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of fetchmail, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    ip, helo, by, protocol, recipient, date = found.group("ip", "helo", "by", "protocol", "recipient", "date")
    return make(
        "fetchmail",
        index,
        below,
        ip=ip,
        helo=helo,
        by=by,
        protocol=protocol,
        recipient=recipient,
        date=date,
        local=True,
    )


dialects.register("fetchmail")(Dialect(("(fetchmail", "(getmail"), read))
