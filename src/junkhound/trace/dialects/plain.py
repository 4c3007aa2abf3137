"""The form most programs share: ``from HELO (NAME [ADDRESS]) by HOST (PROGRAM) with ESMTP id ID for <RCPT>; DATE``.

Whose program it is stays unknown, so a NAME counts as looked up but not as checked.
"""

from __future__ import annotations

import re

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, IP, NOTE, make
from junkhound.trace.hop import Hop

_LINE = re.compile(
    rf"\s*+from\s++{HELO}\s++\((?:(?P<ident>[^\s()\[\]@]++)@)?(?P<rdns>[^\s()\[\]@]++)?\s*+{IP}\)"
    rf"(?P<notes>(?:\s++{NOTE})*+)\s++by\s++{BY}(?:\s++\([\w.]++[^()\[\]]*+(?:\([^()\[\]]*+\)[^()\[\]]*+)*+\))?"
    rf"\s++with\s++(?P<protocol>[\w-]++){ID}(?:\s++\((?:version=(?P<tls>[^\s()]++)|using)[^()\[\]]*+\))?{FOR}{DATE}"
)
_GROUPS = ("ip", "rdns", "helo", "by", "protocol", "id", "recipient", "ident", "notes", "tls", "date")


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line in the common form, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    ip, rdns, helo, by, protocol, queued, recipient, ident, notes, tls, date = found.group(*_GROUPS)
    if protocol == "ECSTREAM":
        helo = None  # ecelerity repeats the address there
    return make(
        "plain", index, below, ip=ip, rdns=rdns, helo=helo, by=by, protocol=protocol, id=queued, recipient=recipient,
        ident=ident, auth="uthenticated" in notes, tls=tls, date=date,
    )  # fmt: skip


dialects.register("plain")(Dialect(("[",), read))
