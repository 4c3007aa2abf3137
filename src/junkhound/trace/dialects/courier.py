"""Courier: ``from HELO (NAME [::ffff:ADDRESS]) (AUTH: LOGIN ME) by HOST with ESMTPSA id 000B1C2D.5E0F.1; DATE``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, PEER, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+{PEER}(?P<notes>(?:\s++\((?:AUTH|TLS|IDENT):\s[^()\[\]]*+\))*+)\s++by\s++{BY}\s++with\s++(?P<protocol>\w++)"
    rf"\s++id\s++(?P<id>[0-9A-Fa-f]{{6,16}}\.[0-9A-Fa-f]++\.[0-9A-Fa-f]++){FOR}{DATE}"
)
_AUTH = pattern(r"\(AUTH:\s++\S++\s++([^\s,()]++)")


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Courier, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, rdns, ip, notes, by, protocol, queued, recipient, date = found.groups()
    login = _AUTH.search(notes)
    return make(
        "courier", index, below, ip, rdns, helo, by, protocol, queued, recipient, date,
        auth="(AUTH:" in notes, account=login and login[1],
    )  # fmt: skip


dialects.register("courier")(Dialect(("[::ffff:", "(AUTH: ", "(TLS: "), read))
