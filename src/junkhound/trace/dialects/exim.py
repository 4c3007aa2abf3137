"""Exim: ``from NAME ([ADDRESS] helo=HELO ident=IDENT) by HOST with esmtp (Exim 4.96) id ID for RCPT; DATE``.

A NAME before the address is one Exim looked up and found to resolve back; without one the line opens with
``[ADDRESS] (helo=HELO)``.
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, WORD, make, pattern
from junkhound.trace.hop import Hop

_HELO = rf"(?:\s++helo=(?P<{{0}}>{WORD}|\[[^\s()\[\]]*+\]))?(?:\s++ident=(?P<{{1}}>{WORD}))?"
_NAMED = rf"(?P<rdns>{WORD})\s++\(\[(?P<ip>[0-9A-Fa-f:.]++)(?:%\w++)?\](?::\d++)?{_HELO.format('helo', 'ident')}\)"
_BARE = (
    r"\[(?P<ip2>[0-9A-Fa-f:.]++)(?:%\w++)?\](?::\d++)?(?:\s++\((?:port=\d++)?"
    + _HELO.format("helo2", "ident2").replace(r"\s++", r"\s*+")
    + r"\))?"
)
_TAIL = (
    rf"\s++by\s++{BY}\s++with\s++(?P<protocol>[\w-]++)(?:\s++\((?P<tls>(?:TLS|SSL|Cipher)[^()\[\]]*+)\))?"
    r"(?:\s++tls\s++\S++)?\s++\(Exim\s[^()\[\]]*+(?:\([^()\[\]]*+\)[^()\[\]]*+)*+\)"
    r"(?:\s++\(envelope-from\s++<(?P<sender>[^<>()]*+)>\))?\s++id\s++(?P<id>[\w-]++)"
    rf"(?:\s++\([^()\[\]]*+\))?(?:\s++for\s++(?P<recipient>[^\s();]++)(?:\s++[^\s();]++@[^\s();]++)*+)?{DATE}"
)
_SMTP = pattern(rf"\s*+from\s++(?:{_NAMED}|{_BARE}){_TAIL}")
_LOCAL = pattern(rf"\s*+(?:from\s++(?P<ident>{WORD}))?{_TAIL}")


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Exim, or None."""
    found = _SMTP.match(value)
    if found is None:
        return _local(value, index, below)
    rdns, ip, helo, ident, ip2, helo2, ident2, by, protocol, tls, sender, queued, recipient, date = found.groups()
    if ip is not None and helo is None:
        helo = rdns  # Exim leaves helo= out where it is the same
    return make(
        "exim", index, below, ip or ip2, rdns if ip else "unknown", helo or helo2, by, protocol, queued, recipient,
        date, ident=ident or ident2, envelope_from=sender, tls=tls, verified=True,
    )  # fmt: skip


def _local(value: str, index: int, below: bool) -> Hop | None:
    found = _LOCAL.match(value)
    if found is None or found["protocol"].lower() not in ("local", "local-smtp", "local-esmtp", "local-bsmtp"):
        return None
    by, protocol, queued, recipient, ident, date = found.group("by", "protocol", "id", "recipient", "ident", "date")
    return make(
        "exim", index, below, by=by, protocol=protocol, id=queued, recipient=recipient, ident=ident,
        envelope_from=found["sender"], date=date, local=True, pickup=True,
    )  # fmt: skip


dialects.register("exim")(Dialect(("(Exim",), read))
