"""OpenSMTPD: the cipher behind the id, the date on a line of its own.

Source: OpenSMTPD ``smtp_session.c``; public mail 2014-2026.
"""

from __future__ import annotations

from spamworld.wire import ids
from spamworld.wire.tls import agreed
from spamworld.wire.turn import Turn, Written


def smtp(t: Turn) -> Written:
    """``from HELO (NAME [ADDRESS]) by HOST (OpenSMTPD) with ESMTPS id HEX (TLS...) for <RCPT>; DATE``."""
    to = f"\n\tfor <{t.to}>" if t.to else ""
    queued = ids.hexes(t.chance, 8)
    if t.protocol == "local":
        by = f"by {t.by} (OpenSMTPD) with ESMTPA id {queued}{to}"
        return [(f"from localhost ({t.by} [local])\n\t{by};\n\t{t.date(1, True)}", "")]
    tls = ""
    if t.tls:
        cipher, _, bits = agreed(t.tls, t.step.sender.id)
        tls = f" ({t.tls}:{cipher}:{bits}:NO)"
    auth = f" auth=yes user={t.user}" if t.auth and t.user else ""
    by = f"by {t.by} (OpenSMTPD) with {t.protocol} id {queued}{tls}{auth}{to}"
    return [(f"from {t.helo} ({t.name or '<unknown>'} [{t.ip}])\n\t{by};\n\t{t.date(1, True)}", t.ip)]
