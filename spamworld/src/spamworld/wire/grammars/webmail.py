"""Mail written in a browser: SquirrelMail, Horde, Roundcube, and the old large providers.

Source: forms of public mail 2001-2026; Horde ``Horde_Mime_Headers``, SquirrelMail ``Deliver.class.php``, Roundcube
``http_received_header``.
"""

from __future__ import annotations

from spamworld.wire import clock
from spamworld.wire.turn import Turn, Written


def squirrelmail(t: Turn) -> Written:
    """``from ADDRESS (SquirrelMail authenticated user NAME) by HOST with HTTP; DATE``."""
    return [
        (
            f"from {t.ip} (SquirrelMail authenticated user {t.user or 'user'})\n        by {t.by} with HTTP;"
            f"\n        {t.date(1, True)}",
            t.ip,
        )
    ]


def horde(t: Turn) -> Written:
    """``from NAME (NAME [ADDRESS]) by HOST (Horde Framework) with HTTP; DATE``."""
    program = ("Horde MIME library", "Horde Framework", "IMP")[t.bits % 3]
    name = t.name or t.ip
    inner = f"{name} [{t.ip}]" if t.name else f"[{t.ip}]"
    return [(f"from {name}\n\t({inner}) by\n\t{t.by} ({program}) with HTTP; {t.date(1)}", t.ip)]


def roundcube(t: Turn) -> Written:
    """``from NAME [ADDRESS] by HOST with HTTP (HTTP/1.1 POST); DATE``."""
    name = f"{t.name} [{t.ip}]" if t.name else f"[{t.ip}]"
    return [(f"from {name}\n by {t.by}\n with HTTP (HTTP/1.1 POST); {t.date()}", t.ip)]


def any_http(t: Turn) -> Written:
    """What a host with no webmail grammar of its own runs for its users, by era and habit."""
    year = clock.local(t.at, clock.UTC)[0]
    if year >= 2009 and t.bits & 2:
        return roundcube(t)
    return horde(t) if t.bits & 1 else squirrelmail(t)


def yahoo(t: Turn) -> Written:
    """The Yahoo form: ``via HTTP`` with a zone's name; by SMTP the address stands before HELO."""
    if t.protocol.startswith("HTTP"):
        return [(f"from [{t.ip}] by {t.by} via HTTP; {clock.named(t.at, clock.PACIFIC)}", t.ip)]
    year = clock.local(t.at, clock.UTC)[0]
    if year < 2016:
        return [
            (
                f"from {t.ip}  (EHLO {t.helo}) ({t.ip})\n  by {t.by} with SMTP; {clock.written(t.at, clock.PACIFIC)}",
                t.ip,
            )
        ]
    tls = "\n (version=TLS1_2 cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)" if t.tls else ""
    inside = f"10.{t.chance.getrandbits(8)}.{t.chance.getrandbits(8)}.{t.chance.getrandbits(8)}"
    protocol = "SMTPS" if t.tls else "SMTP"
    return [
        (f"from {t.ip} (EHLO {t.helo})\n by {inside} with {protocol}{tls};\n {clock.written(t.at, clock.UTC)}", t.ip)
    ]


def hotmail(t: Turn) -> Written:
    """The old Hotmail form: the service's pickup line over the browser's line; SMTPSVC for the rest."""
    if t.protocol.startswith("HTTP"):
        pickup = (
            f"from mail pickup service by {t.by} with Microsoft SMTPSVC;\n\t {clock.written(t.at, clock.PACIFIC, 1)}"
        )
        return [(pickup, ""), (f"from {t.ip} by {t.by} with HTTP;\n\t{clock.gmt(t.at)}", t.ip)]
    date = clock.written(t.at, clock.PACIFIC, 1)
    return [(f"from {t.helo} ([{t.ip}]) by {t.by} with Microsoft SMTPSVC(6.0.3790.2668);\n\t {date}", t.ip)]
