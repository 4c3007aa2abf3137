"""Haraka: an upper-case UUID with the number of the transaction behind it, the sender without a comment around it.

Source: Haraka ``connection.js``; public mail 2014-2025.
"""

from __future__ import annotations

from spamworld.wire import ids
from spamworld.wire.tls import agreed
from spamworld.wire.turn import Releases, Turn, Written

VERSIONS: Releases = (
    (2012, "2.0.0"),
    (2015, "2.7.2"),
    (2018, "2.8.21"),
    (2020, "2.8.27"),
    (2022, "2.8.28"),
    (2023, "3.0.2"),
)


def smtp(t: Turn) -> Written:
    """``from HELO (NAME [ADDRESS]) by HOST (Haraka/2.8.27) with ESMTP id UUID.1 envelope-from <SENDER>; DATE``."""
    user = " (authenticated bits=0)" if t.auth else ""
    tls = ""
    if t.tls:
        cipher, _, _ = agreed(t.tls, t.step.sender.id)
        tls = f"\n\t(cipher={cipher})" if t.bits & 1 else f"\n\t(version=TLSv1/SSLv3 cipher={cipher} verify=FAIL)"
    by = f"by {t.by} (Haraka/{t.release(VERSIONS)}) with {t.protocol} id {ids.uuid(t.chance).upper()}.1"
    sender = f"envelope-from <{t.envelope_from}>{user}{tls}"
    return [(f"from {t.helo} ({t.name or 'NXDOMAIN'} [{t.ip}])\n\t{by}\n\t{sender};\n\t{t.date()}", t.ip)]
