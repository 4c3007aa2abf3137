"""Bulk mailers: PowerMTA, and the forms of three sending services (the SES, SendGrid and Mailgun forms).

Source: forms of public mail 2002-2026; PowerMTA user's guide, "Received header".
"""

from __future__ import annotations

from spamworld.wire import clock, ids
from spamworld.wire.turn import Releases, Turn, Written

PMTA: Releases = ((2002, "v1.5"), (2004, "v2.0r2"), (2005, "v3.0r12"), (2006, "v3.2r17"), (2009, "v3.5r15"),
                  (2012, "v4.0r6"), (2016, "v4.5r8"), (2019, "v5.0r3"), (2022, "v5.0r8"))  # fmt: skip
_PMTA_ID = "0123456789abcdefghijklmnopqrstuv"


def powermta(t: Turn) -> Written:
    """``from HELO (ADDRESS) by HOST id ID for <RCPT>; DATE (envelope-from <SENDER>)``."""
    version = t.release(PMTA)
    # seconds in base 32, so that ids of one run share their first letters
    queued = f"h{ids.base(t.clock // clock.SECOND >> 3, _PMTA_ID, 6)[-6:]}{ids.some(t.chance, _PMTA_ID, 6)}"
    program = f" (PowerMTA(TM) {version})" if version[1] in "123" else ""
    to = f" for <{t.to}>" if t.to else ""
    by = f"by {t.by}{program} id {queued}{to}; {t.date(1)} (envelope-from <{t.envelope_from}>)"
    if t.protocol in ("local", "HTTP"):
        return [(by, "")]
    return [(f"from {t.helo} ({t.ip}) {by}", t.ip)]


def ses(t: Turn) -> Written:
    """The service keeps no line of what its customer did; a customer's own relay writes one like this."""
    token = ids.some(t.chance, ids.BASE62, 20)
    if t.protocol in ("HTTP", "local"):
        return []
    by = f"by {t.by} with SMTP (SimpleEmailService-{10 + t.bits % 88}) id {token}"
    text = f"from {t.helo} ({t.name or 'unknown'} [{t.ip}])\n {by}"
    to = f"\n for <{t.to}>" if t.to else ""
    return [(f"{text}{to};\n {clock.written(t.at, clock.UTC)}", t.ip)]


def sendgrid(t: Turn) -> Written:
    """The filter's line with a date of Go over the customer's line."""
    year, month, day, hour, minute, second = clock.local(t.at + 400_000, clock.UTC)
    number = 1 + t.bits % 1500
    name = f"filter{number:04}p1mdw1"
    token = f"{name}-{t.chance.randrange(1000, 32000)}-{t.clock // clock.SECOND:X}-{t.chance.randrange(1, 60):X}"
    part = f"{t.at % 1_000_000:06}{t.chance.randrange(100, 999)}"
    stamp = f"{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{part}"
    since = f"m=+{t.chance.randrange(1000, 999999)}.{t.chance.getrandbits(29):09}"
    top = f"by {name}.{t.domain} with SMTP id {token}\n        {stamp} +0000 UTC {since}"
    date = clock.written(t.at, clock.UTC, 0, True)
    queued = ids.some(t.chance, ids.BASE62 + "-_", 22)
    if t.protocol == "HTTP":
        user = t.user or str(t.bits % 9_000_000 + 100_000)
        return [
            (top, ""),
            (f"from {user} (unknown)\n\tby geopod-ismtpd-{t.bits % 40} (SG) with HTTP\n\tid {queued}\n\t{date}", ""),
        ]
    protocol = "ESMTPS" if t.tls else "ESMTP"
    low = f"from {t.helo} (unknown [{t.ip}])\n\tby geopod-ismtpd-{t.bits % 40} (SG) with {protocol}\n\tid {queued}"
    to = f"\n\tfor <{t.to}>" if t.to else ""
    return [(top, ""), (f"{low}{to};\n\t{date}", t.ip)]


def mailgun(t: Turn) -> Written:
    """``from HELO (NAME [ADDRESS]) by HOST with ESMTP id HEX.HEX-smtp-out-n01; DATE``, or ``by HOST with HTTP``."""
    date = clock.written(t.at, clock.UTC, 0, True)
    if t.protocol in ("HTTP", "local"):
        return [(f"by {t.by} with HTTP;\n {date}", "")]
    second = t.clock // clock.SECOND
    queued = f"{second:x}.{t.chance.getrandbits(48):012x}-smtp-out-n{1 + t.bits % 9:02}"
    name = f"{t.name} " if t.name else ""
    return [(f"from {t.helo} ({name}[{t.ip}])\n by {t.by} with {t.protocol} id {queued};\n {date}", t.ip)]
