"""Servers of offices and hosters: Courier, CommuniGate, MDaemon, Domino, OpenSMTPD, Haraka and five more.

Source: forms of public mail 2001-2026, each server's manual for the names of its fields.
"""

from __future__ import annotations

from spamworld.wire import clock, ids
from spamworld.wire.tls import agreed
from spamworld.wire.turn import Releases, Turn, Written

_CGP: Releases = ((2001, "3.5.9"), (2003, "4.1.8"), (2005, "4.3.6"), (2006, "5.0.10"), (2007, "5.1.12"), (2009, "5.2.14"),
                  (2012, "5.4.10"), (2015, "6.1.8"), (2019, "6.2.14"), (2022, "6.3.10"))  # fmt: skip
_MDAEMON: Releases = ((2001, "MDaemon.PRO.v5.0.4.R"), (2003, "MDaemon.PRO.v6.8.5.R"), (2005, "MDaemon.PRO.v8.1.0.R"),
                      (2006, "MDaemon PRO v9.5.2"), (2009, "MDaemon PRO v10.1.1"), (2013, "MDaemon PRO v13.6.0"),
                      (2017, "MDaemon PRO v17.0.3"), (2021, "MDaemon PRO v21.0.2"))  # fmt: skip
_DOMINO: Releases = ((2000, "Lotus Domino Release 5.0.6a"), (2002, "Lotus Domino Release 5.0.11"), (2004, "Lotus Domino Release 6.5.1"),
                     (2006, "Lotus Domino Release 7.0.1"), (2009, "Lotus Domino Release 8.5"), (2014, "IBM Domino Release 9.0.1FP2"),
                     (2019, "HCL Domino Release 11.0.1"), (2022, "HCL Domino Release 12.0.2"))  # fmt: skip
_HARAKA: Releases = (
    (2012, "2.0.0"),
    (2015, "2.7.2"),
    (2018, "2.8.21"),
    (2020, "2.8.27"),
    (2022, "2.8.28"),
    (2023, "3.0.2"),
)
_FETCHMAIL: Releases = (
    (2001, "5.9.0"),
    (2003, "6.2.5"),
    (2006, "6.3.2"),
    (2009, "6.3.9"),
    (2012, "6.3.24"),
    (2021, "6.4.22"),
)
_MERAK: Releases = ((2002, "Merak 4.4.2"), (2004, "Merak 7.4.2"), (2006, "Merak 8.3.8"), (2009, "IceWarp 9.4.2"), (2014, "IceWarp 11.0.1.2"),
                    (2020, "IceWarp 12.2.1.1"))  # fmt: skip


def courier(t: Turn) -> Written:
    """The peer's address as ``::ffff:``; the id stands behind the date, with the seconds in hex."""
    mapped = t.ip if ":" in t.ip else f"::ffff:{t.ip}"
    name = f"{t.name} " if t.name else ""
    user = f"AUTH: LOGIN {t.user}" if t.auth and t.user else ""
    if t.tls:
        cipher, _, bits = agreed(t.tls, t.step.sender.id)
        ssl = f"{'TLS' if t.bits & 4 else 'SSL'}: TLSv1/SSLv3,{bits}bits,{cipher}"
        user = f"{user}, {ssl}" if user else ssl
    notes = f"\n  ({user})" if user else ""
    queued = ids.courier(t.clock, 0x40000 + (t.bits & 0xFFFFF), t.pid, bool(t.bits & 2))
    protocol = "esmtps" if t.tls else "esmtp" if t.protocol.startswith("E") else "smtp"
    return [(f"from {t.helo} ({name}[{mapped}]){notes}\n  by {t.by} with {protocol}; {t.date()}\n  id {queued}", t.ip)]


def communigate(t: Turn) -> Written:
    """``from [ADDRESS] (HELO HELO) by HOST (CommuniGate Pro SMTP 4.1.8) with ESMTP id N for RCPT; DATE``."""
    version = t.release(_CGP)
    number = t.clock // 40_000_000 - 20_000_000 + (t.bits & 0xFFFFF)
    to = f" for {t.to}" if t.to else ""
    if t.protocol == "HTTP":
        return [
            (
                f"from [{t.ip}] (account {t.user or 'user'})\n  by {t.by} (CommuniGate Pro WebUser {version})\n  with HTTP id {number}{to}; {t.date()}",
                t.ip,
            )
        ]
    account = f"account {t.user} " if t.auth and t.user else ""
    if t.verified and not account and version[0] != "3":
        head = f"from {t.helo} ([{t.ip}] verified)"
    else:
        head = f"from [{t.ip}] ({account}HELO {t.helo})"
    protocol = t.protocol if version[0] in "56" else "ESMTP" if t.protocol.startswith("E") else "SMTP"
    return [
        (f"{head}\n  by {t.by} (CommuniGate Pro SMTP {version})\n  with {protocol} id {number}{to}; {t.date()}", t.ip)
    ]


def mdaemon(t: Turn) -> Written:
    """``from HELO ([ADDRESS]) by HOST (HOST [OWN]) (MDaemon PRO v9.5.2) with ESMTP id mdN.msg for <RCPT>; DATE``."""
    version = t.release(_MDAEMON)
    own = t.step.receiver.address
    to = f"\n\tfor <{t.to}>" if t.to else ""
    if version[7] == ".":
        return [(f"from {t.helo} [{t.ip}]\n\tby {t.by} [{own}]\n\twith SMTP ({version}){to}; {t.date()}", t.ip)]
    queued = f"md5000{t.clock // 30_000_000 % 100_000_000:08}.msg"
    by = f"by {t.by} ({t.by} [{own}])\n\t({version})\n\twith ESMTP id {queued}"
    return [(f"from {t.helo} ([{t.ip}])\n\t{by}{to}; {t.date()}", t.ip)]


def domino(t: Turn) -> Written:
    """``from HELO ([ADDRESS]) by HOST (Lotus Domino Release 6.5.1) with ESMTP id DATE-N ; DATE``."""
    queued = ids.domino(t.clock, t.place, t.chance)
    pad = "\n          "
    program = t.release(_DOMINO)
    if "5.0" in program:
        queued = queued.replace("-", ":")
    protocol = "ESMTP" if t.protocol.startswith("E") else "SMTP"
    return [
        (f"from {t.helo} ([{t.ip}]){pad}by {t.by} ({program}){pad}with {protocol} id {queued} ;{pad}{t.date(1)} ", t.ip)
    ]


def opensmtpd(t: Turn) -> Written:
    """``from HELO (NAME [ADDRESS]) by HOST (OpenSMTPD) with ESMTPS id HEX (TLS...) for <RCPT>;`` and the date below."""
    tls = ""
    if t.tls:
        cipher, _, bits = agreed(t.tls, t.step.sender.id)
        tls = f" ({t.tls}:{cipher}:{bits}:NO)"
    to = f"\n\tfor <{t.to}>" if t.to else ""
    auth = f" auth=yes user={t.user}" if t.auth and t.user else ""
    by = f"by {t.by} (OpenSMTPD) with {t.protocol} id {ids.hexes(t.chance, 8)}{tls}{auth}{to};"
    if t.protocol == "local":
        return [
            (
                f"from localhost ({t.by} [local])\n\tby {t.by} (OpenSMTPD) with ESMTPA id {ids.hexes(t.chance, 8)}{to};\n\t{t.date(1, True)}",
                "",
            )
        ]
    return [(f"from {t.helo} ({t.name or '<unknown>'} [{t.ip}])\n\t{by}\n\t{t.date(1, True)}", t.ip)]


def haraka(t: Turn) -> Written:
    """``from HELO (NAME [ADDRESS]) by HOST (Haraka/2.8.27) with ESMTP id UUID.1 envelope-from <SENDER>; DATE``."""
    user = f" (authenticated bits=0)" if t.auth else ""
    tls = ""
    if t.tls:
        cipher, _, _ = agreed(t.tls, t.step.sender.id)
        tls = f"\n\t(cipher={cipher})" if t.bits & 1 else f"\n\t(version=TLSv1/SSLv3 cipher={cipher} verify=FAIL)"
    queued = f"{ids.uuid(t.chance).upper()}.1"
    text = f"from {t.helo} ({t.name or 'NXDOMAIN'} [{t.ip}])\n\tby {t.by} (Haraka/{t.release(_HARAKA)}) with {t.protocol} id {queued}"
    return [(f"{text}\n\tenvelope-from <{t.envelope_from}>{user}{tls};\n\t{t.date()}", t.ip)]


def fetchmail(t: Turn) -> Written:
    """Mail collected from a mailbox: the peer is the mailbox server, nobody handed anything over."""
    protocol = t.protocol if t.protocol in ("POP3", "IMAP", "APOP") else "IMAP" if t.bits & 1 else "POP3"
    name = t.helo or t.step.sender.name
    peer = f" [{t.ip}]" if t.ip else ""
    to = f"\n\tfor <{t.to}>" if t.to else ""
    return [
        (
            f"from {name}{peer}\n\tby {t.by} with {protocol} (fetchmail-{t.release(_FETCHMAIL)}){to} (single-drop); {t.date(0, True)}",
            t.ip,
        )
    ]


def ecelerity(t: Turn) -> Written:
    """``from [ADDRESS] ([ADDRESS:PORT] helo=HELO) by HOST (envelope-from <SENDER>) (ecelerity ...) with ESMTP id ID``."""
    c = t.chance
    queued = f"{c.getrandbits(8):02X}/{c.getrandbits(8):02X}-{t.pid:05}-{t.clock // clock.SECOND:08X}"
    version = "2.2.2.40 r(29895/29896)" if t.bits & 1 else "3.6.9.48312 r(Core:3.6.9.0)"
    port = f":{t.step.port}" if t.step.port else ""
    head = (
        f"from [{t.ip}] ([{t.ip}{port}] helo={t.helo})"
        if not t.verified
        else f"from [{t.ip}] ([{t.ip}{port}] helo={t.helo})"
    )
    return [
        (
            f"{head}\n\tby {t.by} (envelope-from <{t.envelope_from}>)\n\t(ecelerity {version}) with {t.protocol}\n\tid {queued}; {t.date()}",
            t.ip,
        )
    ]


def merak(t: Turn) -> Written:
    """``from HELO ([ADDRESS]) by HOST (Merak 7.4.2) with ESMTP id ABC12345 for <RCPT>; DATE``."""
    queued = f"{ids.some(t.chance, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 3)}{t.clock // clock.SECOND % 100_000:05}"
    to = f"\n        for <{t.to}>" if t.to else ""
    text = f"from {t.helo} ([{t.ip}])\n        by {t.by} ({t.release(_MERAK)}) with {t.protocol} id {queued}"
    return [(f"{text}{to}; {t.date()}", t.ip)]


def iplanet(t: Turn) -> Written:
    """``from HELO ([ADDRESS]) by HOST (Sun Java System Messaging Server ...) with ESMTP id <ID> for RCPT; DATE``."""
    year = clock.local(t.at, clock.UTC)[0]
    program = (
        "iPlanet Messaging Server 5.1 (built May  7 2001)"
        if year < 2004
        else "Sun Java System Messaging Server 6.2-3.04 (built Jul 15 2005)"
    )
    queued = f"<0{ids.some(t.chance, '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', 13)}@{t.by}>"
    to = f" for {t.to}" if t.to else ""
    protocol = "ESMTP" if t.protocol.startswith("E") else "SMTP"
    return [
        (
            f"from {t.helo} ([{t.ip}])\n by {t.by}\n ({program})\n with {protocol} id {queued}{to}; {t.date(0, True)}",
            t.ip,
        )
    ]


def mailenable(t: Turn) -> Written:
    """``from HELO ([ADDRESS]) by HOST with MailEnable ESMTP; DATE``."""
    return [
        (
            f"from {t.helo} ([{t.ip}]) by {t.by} with MailEnable {'ESMTP' if t.protocol.startswith('E') else 'SMTP'}; {t.date()}",
            t.ip,
        )
    ]
