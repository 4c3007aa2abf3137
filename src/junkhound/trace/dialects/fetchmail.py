"""fetchmail and getmail: mail collected from a mailbox by POP or IMAP; no machine handed it over."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, HELO, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+from\s++{HELO}\s++(?:\(?\[(?P<ip>[0-9A-Fa-f:.]++)\]\)?\s++)?(?:\([^()\[\]]*+\)\s++)?by\s++{BY}\s++"
    r"with\s++(?P<protocol>POP3|APOP|IMAP|RPOP|KPOP|SDPS|ETRN|ODMR|IMAP4rev1|POP2)S?\s++\((?:fetchmail|getmail)[^()\[\]]*+\)"
    rf"(?:\s++for\s++<?(?P<recipient>[^\s<>();]++)>?)?(?:\s++\((?:single|multi)-drop\))?{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of fetchmail, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, ip, by, protocol, recipient, date = found.groups()
    return make(
        "fetchmail", index, below, ip, None, helo, by, protocol, None, recipient, date, local=True
    )  # fmt: skip


dialects.register("fetchmail")(Dialect(("(fetchmail", "(getmail"), read))
