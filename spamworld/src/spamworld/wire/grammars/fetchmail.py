"""fetchmail: mail collected from a mailbox; the peer is the mailbox server, nobody handed anything over.

Source: fetchmail ``transact.c``; public mail 2001-2022.
"""

from __future__ import annotations

from spamworld.wire.turn import Releases, Turn, Written

VERSIONS: Releases = (
    (2001, "5.9.0"), (2003, "6.2.5"), (2006, "6.3.2"), (2009, "6.3.9"), (2012, "6.3.24"), (2021, "6.4.22"),
)  # fmt: skip


def collected(t: Turn) -> Written:
    """``from HOST [ADDRESS] by HOST with IMAP (fetchmail-6.3.2) for <RCPT> (single-drop); DATE``."""
    protocol = t.protocol if t.protocol in ("POP3", "IMAP", "APOP") else "IMAP" if t.bits & 1 else "POP3"
    to = f"\n\tfor <{t.to}>" if t.to else ""
    by = f"by {t.by} with {protocol} (fetchmail-{t.release(VERSIONS)}){to} (single-drop)"
    return [(f"from {t.helo} [{t.ip}]\n\t{by}; {t.date(0, True)}", t.ip)]
