"""Handed in by a program: ``by HOST with HTTP id ID; DATE`` (Mailgun and its kin), ``with SMTP mgrt N``."""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, ID, make, pattern
from junkhound.trace.hop import Hop

_LINE = pattern(
    rf"\s*+(?:from\s++<unknown>\s++\(<unknown>\s++\[\]\)\s++)?by\s++{BY}\s++with\s++(?P<protocol>HTTPS?|SMTP)(?:\s++mgrt\s++(?P<account>\d++))?{ID}{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of Mailgun, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    by, protocol, account, queued, recipient, date = found.groups()
    if protocol == "SMTP" and account is None and ".mailgun." not in by:
        return None
    return make(
        "mailgun", index, below, None, None, None, by, protocol, queued, recipient, date,
        auth=True, local=True, pickup=True, account=account,
    )  # fmt: skip


dialects.register("mailgun")(Dialect((" with HTTP", " mgrt ", ".mailgun."), read))
