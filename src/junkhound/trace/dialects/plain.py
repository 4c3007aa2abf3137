"""The form most programs share: ``from HELO (NAME [ADDRESS]) by HOST (PROGRAM) with ESMTP id ID for <RCPT>; DATE``.

Whose program it is stays unknown, so a NAME counts as looked up but not as checked.
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, IP, IP2, NOTE, make, pattern
from junkhound.trace.hop import Hop

_PROGRAM = r"(?:\s++\([\w.]++[^()\[\]]*+(?:\([^()\[\]]*+\)[^()\[\]]*+)*+\))?"
_WRITER = r"(?P<by>[^\s()\[\];]++|\[(?:IPv6:)?(?P<by_ip>[0-9A-Fa-f:.]++)\])"  # a machine may have no name
_LINE = pattern(
    rf"\s*+from\s++{HELO}\s++(?:\((?:(?P<ident>[^\s()\[\]@]++)@)?(?P<rdns>[^\s()\[\]@]++)?\s*+{IP}\)|{IP2})"
    rf"(?P<notes>(?:\s++{NOTE})*+)\s++by\s++{_WRITER}{_PROGRAM}\s++with\s++(?P<protocol>[\w-]++){_PROGRAM}{ID}"
    rf"(?:\s++\((?:version=(?P<tls>[^\s()]++)|using)[^()\[\]]*+\))?{FOR}{DATE}"
)
# The address in front is what the client called itself; who it was is not in the line.
_NO_PEER = pattern(rf"\s*+from\s++(?P<helo>\[[0-9.]++\])\s++by\s++{BY}\s++with\s++(?P<protocol>[\w-]++){ID}{FOR}{DATE}")


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line in the common form, or None."""
    found = _LINE.match(value)
    if found is None:
        return _no_peer(value, index, below)
    helo, ident, rdns, ip, ip2, notes, by, by_ip, protocol, queued, tls, recipient, date = found.groups()
    if protocol == "ECSTREAM":
        helo = None  # ecelerity repeats the address there
    return make(
        "plain", index, below, ip or ip2, rdns, helo, by, protocol, queued, recipient, date,
        by_ip=by_ip, ident=ident, auth="uthenticated" in notes, tls=tls,
    )  # fmt: skip


def _no_peer(value: str, index: int, below: bool) -> Hop | None:
    found = _NO_PEER.match(value)
    if found is None:
        return None
    helo, by, protocol, queued, recipient, date = found.group("helo", "by", "protocol", "id", "recipient", "date")
    if protocol.upper() in ("HTTP", "HTTPS", "HTTPU", "NNFMP", "TCP"):
        return None  # there it is who it was
    return make("plain", index, below, helo=helo, by=by, protocol=protocol, id=queued, recipient=recipient, date=date)


dialects.register("plain")(Dialect(("from ",), read))
