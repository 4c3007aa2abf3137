"""Four servers more, of offices and providers: Ecelerity, Merak (IceWarp), iPlanet (Sun Java System), MailEnable.

Source: public mail 2002-2022.
"""

from __future__ import annotations

from spamworld.wire import clock, ids
from spamworld.wire.turn import Releases, Turn, Written

_MERAK: Releases = (
    (2002, "Merak 4.4.2"), (2004, "Merak 7.4.2"), (2006, "Merak 8.3.8"), (2009, "IceWarp 9.4.2"),
    (2014, "IceWarp 11.0.1.2"), (2020, "IceWarp 12.2.1.1"),
)  # fmt: skip
_IPLANET: Releases = (
    (2001, "iPlanet Messaging Server 5.1 (built May  7 2001)"),
    (2005, "Sun Java System Messaging Server 6.2-3.04 (built Jul 15 2005)"),
)  # fmt: skip


def _plain(t: Turn) -> str:
    return "ESMTP" if t.protocol.startswith("E") else "SMTP"


def ecelerity(t: Turn) -> Written:
    """``from [ADDRESS] ([ADDRESS:PORT] helo=HELO) by HOST (envelope-from <SENDER>) (ecelerity N) with ESMTP id ID``."""
    c = t.chance
    queued = f"{c.getrandbits(8):02X}/{c.getrandbits(8):02X}-{t.pid:05}-{t.clock // clock.SECOND:08X}"
    version = "2.2.2.40 r(29895/29896)" if t.bits & 1 else "3.6.9.48312 r(Core:3.6.9.0)"
    port = f":{t.step.port}" if t.step.port and ":" not in t.ip else ""
    by = f"by {t.by} (envelope-from <{t.envelope_from}>)\n\t(ecelerity {version}) with {_plain(t)}\n\tid {queued}"
    return [(f"from [{t.ip}] ([{t.ip}{port}] helo={t.helo})\n\t{by}; {t.date()}", t.ip)]


def merak(t: Turn) -> Written:
    """``from HELO ([ADDRESS]) by HOST (Merak 7.4.2) with ESMTP id ABC12345 for <RCPT>; DATE``."""
    queued = f"{ids.some(t.chance, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 3)}{t.clock // clock.SECOND % 100_000:05}"
    to = f"\n        for <{t.to}>" if t.to else ""
    by = f"by {t.by} ({t.release(_MERAK)}) with {_plain(t)} id {queued}"
    return [(f"from {t.helo} ([{t.ip}])\n        {by}{to}; {t.date()}", t.ip)]


def iplanet(t: Turn) -> Written:
    """``from HELO ([ADDRESS]) by HOST (Sun Java System Messaging Server ...) with ESMTP id <ID> for RCPT; DATE``."""
    queued = f"<0{ids.some(t.chance, '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', 13)}@{t.by}>"
    to = f" for {t.to}" if t.to else ""
    by = f"by {t.by}\n ({t.release(_IPLANET)})\n with {_plain(t)} id {queued}"
    return [(f"from {t.helo} ([{t.ip}])\n {by}{to}; {t.date(0, True)}", t.ip)]


def mailenable(t: Turn) -> Written:
    """``from HELO ([ADDRESS]) by HOST with MailEnable ESMTP; DATE``."""
    return [(f"from {t.helo} ([{t.ip}]) by {t.by} with MailEnable {_plain(t)}; {t.date()}", t.ip)]
