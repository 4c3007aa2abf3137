"""The Gmail form: a border server with an id that ends in the Pacific date, and inner lines that open with ``by``.

Source: forms of public mail 2009-2026.
"""

from __future__ import annotations

from spamworld.wire import clock, ids
from spamworld.wire.tls import agreed
from spamworld.wire.turn import Turn, Written

_SIX = 1_420_070_400 * clock.SECOND  # 2015: inner hosts show 6to4 forms of 10/8


def _inner(t: Turn) -> str:
    """An inner host: an address of 10/8, since 2015 in its 6to4 form."""
    c, low, more = t.chance, t.chance.getrandbits(16), t.chance.getrandbits(16)
    if t.at < _SIX:
        return f"10.{low >> 8}.{low & 255}.{more & 255}"
    return f"2002:a{t.bits & 15:x}{more & 15:x}:{low:x}:0:b0:{more:x}:{c.getrandbits(12):x}"


def _token(t: Turn) -> str:
    c = t.chance
    head = f"{ids.hexes(c, 12 if t.at < _SIX else 16)}mr{c.getrandbits(22)}"
    return f"{head}{ids.some(c, 'abcdefghijklmnopqrstuvwxyz', 3)}.{c.getrandbits(8)}.{t.clock // 1000}"


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
    by = f"by {t.by} with {t.protocol} id {ids.gmail(t.clock, t.chance)}"
    low = f"from {t.helo} ({name}[{t.ip}])\n        {by}{to}{tls};\n        {date}"
    later = clock.written(t.at + t.chance.getrandbits(21), clock.PACIFIC, 0, True)
    return [(f"by {_inner(t)} with SMTP id {_token(t)};\n        {later}", ""), (low, t.ip)]


def http(t: Turn) -> Written:
    """Written in its own webmail: no address of the client at all."""
    return [(f"by {_inner(t)} with HTTP; {clock.written(t.at, clock.PACIFIC, 0, True)}", "")]


def any_form(t: Turn) -> Written:
    """By how it came."""
    return http(t) if t.protocol in ("HTTP", "local") else smtp(t)
