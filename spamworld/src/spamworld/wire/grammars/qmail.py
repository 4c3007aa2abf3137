"""qmail: two lines a hand-over, dates in UTC without a day of the week, HELO only where it differs from the name.

Source: qmail ``received.c`` and ``qmail-queue.c``; ``safeput`` turns all but letters, digits and ``@%+/=:-.`` into
``?``.
"""

from __future__ import annotations

import re

from spamworld.wire import clock
from spamworld.wire.turn import Turn, Written

_UNSAFE = re.compile(r"[^A-Za-z0-9.@%+/=:\-]")


def _safe(text: str) -> str:
    return _UNSAFE.sub("?", text)


def smtp(t: Turn) -> Written:
    """``from NAME (HELO HELO) (ADDRESS) by HOST with SMTP; DATE`` below ``(qmail N invoked from network)``."""
    name = t.name or "unknown"
    helo = "" if t.helo.lower() == name.lower() else f" (HELO {_safe(t.helo)})"
    user = f"{_safe(t.user)}@" if t.auth and t.user else ""
    tls = ""
    protocol = "SMTP"
    if t.bits & 3 == 3:  # a patched one
        protocol = t.protocol
        tls = "(AES256-SHA encrypted) " if t.tls else ""
    line = f"from {_safe(name)}{helo} ({user}{t.ip})\n  by {t.by} with {tls}{protocol}; {clock.bare(t.at)}"
    return [(f"(qmail {t.pid} invoked from network); {clock.bare(t.at)}", ""), (line, t.ip)]


def local(t: Turn) -> Written:
    """A program on the host."""
    uid = 48 if not t.user else 500 + sum(t.user.encode()) % 400
    return [(f"(qmail {t.pid} invoked by uid {uid}); {clock.bare(t.at)}", "")]
