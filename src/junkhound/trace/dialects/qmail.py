"""qmail and its kin: ``from NAME (HELO HELO) (IDENT@ADDRESS) by HOST with SMTP; DATE``, and what it says of itself.

NAME is whatever the address's owner calls it, not checked; HELO is left out where it is the same. HELO and
NAME pass through qmail's ``safeput``, which turns brackets and spaces into ``?``.
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, WORD, make, pattern
from junkhound.trace.hop import Hop

_SMTP = pattern(
    rf"\s*+from\s++(?P<rdns>{WORD}|\[[0-9A-Fa-f:.]++\])\s++(?:\((?:HELO|EHLO)(?:\s++(?P<helo>{WORD}|\[[^\s()\[\]]*+\]))?\s*+\)\s++)?"
    rf"\((?:(?P<ident>[^\s()\[\]]*)@)?(?P<ip>[0-9A-Fa-f:.]++)(?P<login>\s++with\s++(?:login|plain|cram-md5))?\)"
    rf"(?P<auth>\s++\(smtp-auth\s++username[^()\[\]]*+\))?"
    rf"\s++by\s++{BY}(?:\s++\(qp\s++\d++\))?\s++with\s++(?:\((?P<tls>[^()\[\]]*+)\)\s++)?(?P<protocol>[\w-]++)"
    r"(?:\s++\([^()\[\]]*+\))?" + DATE
)
_SELF = pattern(
    rf"\s*+\(qmail(?:\s++\d++)?\s++invoked\s++(?P<how>by\s++uid\s++\d++|by\s++alias|from\s++network|for\s++bounce)\){DATE}"
)
_SCANNER = pattern(
    rf"\s*+from\s++(?P<helo>{WORD})\s++by\s++{BY}\s++(?:by\s++uid\s++\d++\s++)?"
    r"(?:\(envelope-from\s++<[^<>()]*+>,\s++uid\s++\d++\)\s++)?with\s++qmail-scanner-\S++\s"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of qmail, or None."""
    found = _SMTP.match(value)
    if found is not None:
        rdns, helo, ident, ip, login, auth, by, tls, protocol, date = found.groups()
        if helo is None and "(HELO" not in value and "(EHLO" not in value:
            helo = rdns if rdns != "unknown" else None
        account = ident if login else None
        return make(
            "qmail", index, below, ip, None if rdns[0] == "[" else rdns, helo, by, protocol, None, None, date,
            ident=None if login else ident or None, tls=tls, auth=bool(auth or login), account=account,
        )  # fmt: skip
    found = _SELF.match(value)
    if found is not None:
        how, date = found.group("how", "date")
        how = " ".join(how.split())
        pickup = how != "from network"
        return make("qmail", index, below, ident=how if pickup else None, date=date, local=True, pickup=pickup)
    found = _SCANNER.match(value)
    if found is not None:
        return make(
            "qmail", index, below, by=found["by"], protocol="qmail-scanner", date=value.rpartition(";")[2], local=True
        )
    return None


dialects.register("qmail")(
    Dialect(("(qmail", "(HELO ", "qmail-scanner", " with SMTP;", " with QMQP;", " with login)", " with plain)"), read)
)
