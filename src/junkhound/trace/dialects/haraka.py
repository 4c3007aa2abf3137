"""Haraka: ``from HELO (NAME [ADDRESS]) by HOST (Haraka/2.8.28) with ESMTPSA id ID envelope-from <SENDER>; DATE``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, ID, PEER, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+{PEER}\s++by\s++{BY}\s++\(Haraka[^()\[\]]*+\)\s++with\s++(?P<protocol>\w++){ID}"
    r"(?:\s++envelope-from\s++<(?P<sender>[^<>()\s]*+)>)?(?P<auth>\s++\(authenticated[^()\[\]]*+\))?"
    rf"(?:\s++\((?:version=(?P<tls>[^\s()]++)|cipher=)[^()\[\]]*+\))?{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Haraka, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, rdns, ip, by, protocol, queued, sender, auth, tls, date = found.groups()
    return make(
        "haraka", index, below, ip, rdns, helo, by, protocol, queued, None, date,
        envelope_from=sender or None, auth=auth is not None, tls=tls,
    )  # fmt: skip


dialects.register("haraka")(Dialect(("(Haraka",), read))
