"""MDaemon: ``from HELO ([ADDRESS]) by HOST (HOST [OWN]) (MDaemon PRO v12.5) with ESMTP id ID for <RCPT>; DATE``.

Older versions put the program behind the protocol. DomainPOP collects from a mailbox.
"""

from __future__ import annotations

from junkhound.trace.dialects import Dialect, dialects
from junkhound.trace.dialects.grammar import BY, DATE, FOR, HELO, ID, make, pattern
from junkhound.trace.hop import Hop

_PROGRAM = r"\(MDaemon[^()\[\]]*+(?:\([^()\[\]]*+\)[^()\[\]]*+)*+\)"
_LINE = pattern(
    rf"\s*+from\s++{HELO}(?:\s++\(\[(?P<ip>[0-9A-Fa-f:.]++)\]\)|\s++\((?P<rdns>[^\s()\[\]]++)\s++\[(?P<ip2>[0-9A-Fa-f:.]++)\]\)"
    r"|\s++\[(?P<ip3>[0-9A-Fa-f:.]++)\])?\s++"
    rf"by\s++{BY}(?:\s++\([^\s()\[\]]++\s++\[(?P<by_ip>[0-9A-Fa-f:.]++)\]\))?(?:\s++{_PROGRAM})?\s++with\s++"
    rf"(?P<protocol>[\w-]++)(?:\s++{_PROGRAM})?{ID}{FOR}{DATE}"
)


def read(value: str, index: int, below: bool) -> Hop | None:
    """Read a line of MDaemon, or None."""
    found = _LINE.match(value)
    if found is None:
        return None
    helo, ip, rdns, ip2, ip3, by, by_ip, protocol, queued, recipient, date = found.groups()
    fetched = protocol.lower() in ("domainpop", "multipop")
    return make(
        "mdaemon", index, below, ip or ip2 or ip3, rdns, helo, by, protocol, queued, recipient, date,
        by_ip=by_ip, local=fetched,
    )  # fmt: skip


dialects.register("mdaemon")(Dialect(("(MDaemon",), read))
