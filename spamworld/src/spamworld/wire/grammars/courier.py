"""Courier: the peer's address as ``::ffff:``, the id behind the date with the seconds in hex.

Source: Courier ``submit.C`` and public mail 2003-2020.
"""

from __future__ import annotations

from spamworld.wire import ids
from spamworld.wire.tls import agreed
from spamworld.wire.turn import Turn, Written


def smtp(t: Turn) -> Written:
    """``from HELO (NAME [::ffff:ADDRESS]) (AUTH: LOGIN USER) by HOST with esmtp; DATE id HEX.HEX.HEX``."""
    mapped = t.ip if ":" in t.ip else f"::ffff:{t.ip}"
    name = f"{t.name} " if t.name else ""
    notes = [f"AUTH: LOGIN {t.user}"] if t.auth and t.user else []
    if t.tls:
        cipher, _, bits = agreed(t.tls, t.step.sender.id)
        notes.append(f"{'TLS' if t.bits & 4 else 'SSL'}: TLSv1/SSLv3,{bits}bits,{cipher}")
    note = f"\n  ({', '.join(notes)})" if notes else ""
    queued = ids.courier(t.clock, 0x40000 + (t.bits & 0xFFFFF), t.pid, bool(t.bits & 2))
    protocol = "esmtps" if t.tls else "esmtp" if t.protocol.startswith("E") else "smtp"
    head = f"from {t.helo} ({name}[{mapped}]){note}"
    return [(f"{head}\n  by {t.by} with {protocol}; {t.date()}\n  id {queued}", t.ip)]
