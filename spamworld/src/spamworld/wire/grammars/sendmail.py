"""Sendmail 8.8 to 8.17: ``may be forged`` where the name does not resolve back, ids by version.

Source: Sendmail ``envelope.c`` and ``srvrsmtp.c``, ``cf/README`` (confRECEIVED_HEADER); the day has no zero before it.
"""

from __future__ import annotations

from spamworld.wire import clock, ids
from spamworld.wire.tls import agreed
from spamworld.wire.turn import Releases, Turn, Written

VERSIONS: Releases = (
    (1997, "8.8.8"), (1998, "8.9.1"), (1999, "8.9.3"), (2000, "8.10.1"), (2001, "8.11.6"), (2002, "8.12.3"),
    (2003, "8.12.9"), (2003, "8.12.11"), (2004, "8.13.1"), (2006, "8.13.8"), (2007, "8.14.1"), (2009, "8.14.3"),
    (2011, "8.14.4"), (2014, "8.14.9"), (2015, "8.15.2"), (2020, "8.16.1"), (2021, "8.17.1"), (2023, "8.17.2"),
)  # fmt: skip
OLD: Releases = ((1997, "8.8.8"), (1998, "8.9.3"))


def _version(t: Turn) -> tuple[str, int]:
    software = t.step.receiver.software
    if software.startswith("sendmail-8"):
        version = software[9:] if software.count(".") > 1 else f"{software[9:]}.3"
    else:
        version = t.release(VERSIONS)
    return version, int(version.split(".")[1])


def _queued(t: Turn, minor: int) -> str:
    return ids.sendmail(
        t.clock - t.chance.getrandbits(19), t.place, t.clock // 3_000_000 + (t.bits & 1023), t.pid, minor
    )


def _date(t: Turn, minor: int) -> str:
    return clock.written(t.at, t.place, 1, minor < 10 and bool(t.bits & 64))


def smtp(t: Turn) -> Written:
    """``from HELO (NAME [ADDRESS]) by HOST (8.13.8/8.13.8) with ESMTP id ID for <RCPT>; DATE``."""
    version, minor = _version(t)
    forged = "" if t.verified or not t.name else " (may be forged)"
    name = f"{t.name} " if t.name else ""
    ident = "root@" if name and t.bits & 15 == 1 and minor < 13 else ""
    protocol, auth = t.protocol, ""
    if minor < 12:
        auth = " (authenticated)" if t.auth else ""
        protocol = "ESMTP" if protocol.startswith("E") else "SMTP"
    elif t.auth:
        auth = f"\n\t(authenticated bits={0 if minor >= 12 else 40})"
    tls = ""
    if t.tls:
        cipher, _, bits = agreed(t.tls, t.step.sender.id)
        shown = t.tls if minor >= 15 else "TLSv1/SSLv3"
        tls = f"\n\t(version={shown} cipher={cipher} bits={bits} verify={'NOT' if t.bits & 16 else 'NO'})"
    config = version if t.bits & 7 else f"{version}/SuSE Linux 0.7" if minor >= 12 else f"{version[:3]}.5"
    program = f"({version}/{config})"
    to = f"\n\tfor <{t.to}>" if t.to else ""
    text = (
        f"from {t.helo} ({ident}{name}[{t.literal}]{forged}){auth}\n\tby {t.by} {program}"
        f" with {protocol} id {_queued(t, minor)}{tls}{to}; {_date(t, minor)}"
    )
    return [(text, t.ip)]


def local(t: Turn) -> Written:
    """Handed in on the host: the submission form of 8.12, or the old one."""
    version, minor = _version(t)
    user = t.user or "apache"
    suffix = "/Submit" if minor >= 12 else ""
    text = (
        f"(from {user}@localhost)\n\tby {t.by} ({version}/{version}{suffix}) id {_queued(t, minor)}; {_date(t, minor)}"
    )
    return [(text, "")]
