"""Postfix: ``from HELO (NAME [ADDRESS]) by HOST (Postfix) with ESMTP id ID for <RCPT>; DATE``.

NAME is ``unknown`` unless it also resolves back to the address. ``from userid`` lines are mail handed in by a
program on the machine itself (pickup).
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, IP, NOTE, make, pattern
from junkhound.trace.hop import Hop

_SMTP = pattern(
    rf"\s*+from\s++{HELO}\s++\((?P<rdns>[^\s()\[\]]++)\s++{IP}(?::\d++)?\)(?P<notes>(?:\s++{NOTE})*+)"
    rf"\s++by\s++{BY}\s++\(Postfix[^()\[\]]*+(?:\([^()\[\]]*+\))?\)\s++with\s++(?P<protocol>\w++){ID}{FOR}{DATE}"
)
# HELO may hold anything but a line end, even a whole line of ours; Postfix then puts the peer last on the first line.
_JUNK_HELO = pattern(
    rf"\s*+from\s(?P<helo>[^\r\n]*)\s\((?P<rdns>[^\s()\[\]]++)\s{IP}(?::\d++)?\)\r?\n[ \t]++"
    rf"(?P<notes>(?:{NOTE}\r?\n[ \t]++)*+)"
    rf"by\s++{BY}\s++\(Postfix[^()\[\]]*+\)\s++with\s++(?P<protocol>\w++){ID}{FOR}{DATE}"
)
_OWN = pattern(
    rf"\s*+by\s++{BY}\s++\(Postfix(?P<pickup>,\s++from\s++userid\s++\d++)?[^()\[\]]*+(?:\([^()\[\]]*+\))?\)"
    rf"(?:\s++with\s++(?P<protocol>\w++))?{ID}{FOR}{DATE}"
)
_LOGIN = pattern(r"uthenticated sender(?::\s++([^\s()]++))?")
_TLS = pattern(r"using\s++(\S++)")


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Postfix, or None."""
    found = _SMTP.match(value) or _JUNK_HELO.match(value)
    if found is None:
        own = _OWN.match(value)
        if own is None:
            return None
        by, protocol, queued, recipient, pickup, date = own.group("by", "protocol", "id", "recipient", "pickup", "date")
        return make(
            "postfix", index, below, by=by, protocol=protocol, id=queued, recipient=recipient,
            ident=pickup and pickup.split()[-1], date=date, local=True,
            pickup=pickup is not None,
        )  # fmt: skip
    helo, rdns, ip, notes, by, protocol, queued, recipient, date = found.groups()
    auth, tls, login = False, None, None
    if notes:
        login = _LOGIN.search(notes)
        auth = login is not None
        encrypted = _TLS.search(notes)
        tls = encrypted and encrypted[1]
    return make(
        "postfix", index, below, ip, rdns, helo, by, protocol, queued, recipient, date,
        auth=auth, tls=tls, verified=True, account=login and login[1],
    )  # fmt: skip


dialects.register("postfix")(Dialect(("(Postfix",), read))
