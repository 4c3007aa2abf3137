"""CommuniGate Pro: ``verified`` where the name given in HELO resolves to the address; accounts are named.

Source: CommuniGate Pro guide, "SMTP module"; public mail 2001-2022.
"""

from __future__ import annotations

from spamworld.wire.turn import Releases, Turn, Written

VERSIONS: Releases = (
    (2001, "3.5.9"), (2003, "4.1.8"), (2005, "4.3.6"), (2006, "5.0.10"), (2007, "5.1.12"), (2009, "5.2.14"),
    (2012, "5.4.10"), (2015, "6.1.8"), (2019, "6.2.14"), (2022, "6.3.10"),
)  # fmt: skip


def smtp(t: Turn) -> Written:
    """``from [ADDRESS] (account USER HELO HELO) by HOST (CommuniGate Pro SMTP 4.1.8) with ESMTP id N; DATE``."""
    version = t.release(VERSIONS)
    number = t.clock // 40_000_000 - 20_000_000 + (t.bits & 0xFFFFF)
    to = f" for {t.to}" if t.to else ""
    if t.protocol.startswith("HTTP"):
        by = f"by {t.by} (CommuniGate Pro WebUser {version})\n  with HTTP id {number}{to}"
        return [(f"from [{t.ip}] (account {t.user or 'user'})\n  {by}; {t.date()}", t.ip)]
    account = f"account {t.user} " if t.auth and t.user else ""
    if t.verified and not account and version[0] != "3":
        head = f"from {t.helo} ([{t.ip}] verified)"
    else:
        head = f"from [{t.ip}] ({account}HELO {t.helo})"
    protocol = t.protocol if version[0] in "56" else "ESMTP" if t.protocol.startswith("E") else "SMTP"
    by = f"by {t.by} (CommuniGate Pro SMTP {version})\n  with {protocol} id {number}{to}"
    return [(f"{head}\n  {by}; {t.date()}", t.ip)]
