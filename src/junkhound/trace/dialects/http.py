"""Webmail: ``from ADDRESS by HOST with HTTP; DATE``, a person's browser; the client had logged in."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, ID, make, pattern
from junkhound.trace.hop import Hop

_NOTE = r"(?:\s++\((?:account|SquirrelMail|proxying|User|Horde|CommuniGate|NOCC|Roundcube)[\s\w][^()\[\]]*+\))*+"
_LINE = pattern(
    rf"\s*+from\s++\[?(?P<ip>[0-9A-Fa-f:.]++)\]?(?:\s++\(\[(?P<again>[0-9A-Fa-f:.]++)\]\))?{_NOTE}\s++by\s++{BY}{_NOTE}\s++"
    rf"(?:with\s++(?P<protocol>HTTP[SU]?)(?:\s++\(Mail\))?|via\s++(?P<via>HTTPS?)|\(via\s++(?P<quoted>HTTPS?)\)){ID}{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of webmail, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    ip, again, by, protocol, via, quoted, queued, recipient, date = found.group(
        "ip", "again", "by", "protocol", "via", "quoted", "id", "recipient", "date"
    )
    return make(
        "http", index, below, ip=again or ip, by=by, protocol=protocol or via or quoted, id=queued,
        recipient=recipient, auth=True, date=date,
    )  # fmt: skip


dialects.register("http")(Dialect((" HTTP", "(via HTTP"), read))
