"""The Gmail form: a border server with an id that ends in the Pacific date, and inner lines that open with ``by``.

Source: forms of public mail 2009-2026.
"""

from __future__ import annotations

from spamworld.wire import clock, ids
from spamworld.wire.tls import agreed
from spamworld.wire.turn import Turn, Written

_SIX = 1_420_070_400 * clock.SECOND  # 2015: inner hosts show 6to4 forms of 10/8


def _inner(t: Turn, at: int) -> tuple[str, str]:
    wide = t.at >= _SIX
    low, more = t.chance.getrandbits(16), t.chance.getrandbits(16)
    host = (
        f"2002:a{t.bits & 15:x}{more & 15:x}:{low:x}:0:b0:{more:x}:{t.chance.getrandbits(12):x}"
        if wide
        else f"10.{low >> 8}.{low & 255}.{more & 255}"
    )
    queued = ids.hexes(t.chance, 12 if not wide else 16)
    token = f"{queued}mr{t.chance.getrandbits(22)}{ids.some(t.chance, 'abcdefghijklmnopqrstuvwxyz', 3)}.{t.chance.getrandbits(8)}.{at // 1000}"
    return host, token


def smtp(t: Turn) -> Written:
    """``from HELO (NAME. [ADDRESS]) by HOST with ESMTPS id ID for <RCPT> (version=...); DATE``, inner line on top."""
    name = f"{t.name}. " if t.name and t.bits & 1 else f"{t.name} " if t.name else ""
    tls = ""
    if t.tls:
        cipher, _, bits = agreed(t.tls, t.step.sender.id)
        version = t.tls.replace("v", "").replace(".", "_")
        tls = f"\n        (version={version} cipher={cipher} bits={bits}/{bits})"
    to = f"\n        for <{t.to}>" if t.to else ""
    date = clock.written(t.at, clock.PACIFIC, 0, True)
    low = f"from {t.helo} ({name}[{t.ip}])\n        by {t.by} with {t.protocol} id {ids.gmail(t.clock, t.chance)}{to}{tls};\n        {date}"
    host, token = _inner(t, t.clock)
    later = clock.written(t.at + (t.chance.getrandbits(21)), clock.PACIFIC, 0, True)
    return [(f"by {host} with SMTP id {token};\n        {later}", ""), (low, t.ip)]


def http(t: Turn) -> Written:
    """Written in its own webmail: no address of the client at all."""
    host, token = _inner(t, t.clock)
    return [(f"by {host} with HTTP; {clock.written(t.at, clock.PACIFIC, 0, True)}", "")]


def any_form(t: Turn) -> Written:
    """By how it came."""
    return http(t) if t.protocol in ("HTTP", "local") else smtp(t)
