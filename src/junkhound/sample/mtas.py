"""The lines that real mail servers write, each in its own grammar with its own form of queue id.

The ids carry a clock where the real ones do (Postfix long ids, Exim, Sendmail, Gmail), so that a forged line
with a borrowed id can be told from a genuine one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from junkhound.sample.dice import DIGITS, LOWER, Dice

HEX = "0123456789ABCDEF"
BASE62 = DIGITS + LOWER.upper() + LOWER
BASE52 = DIGITS + "BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"  # Postfix: no vowels, no accidental words
BASE60 = BASE62[:60]  # Sendmail
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ZONES = {0: "UTC", -480: "PST", -300: "EST", 60: "CET", 120: "EET", 180: "MSK", 480: "CST", 540: "KST", -180: "BRT"}


@dataclass(frozen=True)
class Peer:
    """What a server sees of its client: the address, the name it claimed, the name that was looked up."""

    ip: str
    helo: str
    rdns: str = ""
    tls: bool = False
    login: str = ""


@dataclass(frozen=True)
class Server:
    """A mail server: its name and address, its software (a key of ``GRAMMARS``) and its clock's zone in minutes."""

    name: str
    ip: str
    mta: str
    zone: int = 0


@dataclass(frozen=True)
class Handover:
    """One hand-over as the server writes it down; ``at`` in seconds since 1970.

    ``rcpt`` is empty where the transaction had several: no server names them then.
    """

    server: Server
    peer: Peer
    at: float
    mail_from: str
    rcpt: str


def number(value: int, alphabet: str, width: int = 1) -> str:
    """``value`` in the alphabet's base, filled up to ``width``."""
    text = ""
    while value or not text:
        value, digit = divmod(value, len(alphabet))
        text = alphabet[digit] + text
    return text.rjust(width, alphabet[0])


def moment(at: float, zone: int = 0) -> datetime:
    return datetime.fromtimestamp(int(at), UTC).astimezone(timezone(timedelta(minutes=zone)))


def date(at: float, zone: int = 0, pad: str = "0", name: bool = False) -> str:
    """RFC 5322 date; ``pad`` is ``0``, a space (Postfix) or nothing (Sendmail, Exchange)."""
    when = moment(at, zone)
    day = f"{when.day:02d}" if pad == "0" else f"{when.day:>2d}" if pad else f"{when.day}"
    sign, minutes = ("-", -zone) if zone < 0 else ("+", zone)
    text = f"{DAYS[when.weekday()]}, {day} {MONTHS[when.month - 1]} {when:%Y %H:%M:%S}"
    text += f" {sign}{minutes // 60:02d}{minutes % 60:02d}"
    return f"{text} ({ZONES[zone]})" if name and zone in ZONES else text


def literal(ip: str) -> str:
    """An address as Postfix and Sendmail write it in brackets."""
    return f"[IPv6:{ip}]" if ":" in ip else f"[{ip}]"


def postfix(h: Handover, dice: Dice) -> str:
    """Postfix with ``enable_long_queue_ids``: seconds and microseconds in base 52, ``z``, the inode in base 51."""
    queue_id = number(int(h.at), BASE52, 6) + number(dice.below(1_000_000), BASE52, 4)
    queue_id += "z" + number(dice.between(10**6, 9 * 10**8), BASE52[:51])
    return _postfix(h, queue_id, dice)


def postfix_short(h: Handover, dice: Dice) -> str:
    """Postfix as installed: five hexadecimal digits of the microsecond, then the inode."""
    return _postfix(h, f"{dice.below(1_000_000):05X}{dice.between(4096, 2**22):X}", dice)


def _postfix(h: Handover, queue_id: str, dice: Dice) -> str:
    peer = h.peer
    text = f"from {peer.helo} ({peer.rdns or 'unknown'} {literal(peer.ip)})\n"
    if peer.tls:
        text += "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\n"
        text += "\t key-exchange X25519 server-signature RSA-PSS (2048 bits))\n\t(No client certificate requested)\n"
    if peer.login:
        text += f"\t(Authenticated sender: {peer.login})\n"
    protocol = ("ESMTPSA" if peer.tls else "ESMTPA") if peer.login else "ESMTPS" if peer.tls else "ESMTP"
    if not peer.tls and "." not in peer.helo and dice.chance(0.5):
        protocol = "SMTP"
    text += f"\tby {h.server.name} (Postfix) with {protocol} id {queue_id}"
    return text + (f"\n\tfor <{h.rcpt}>; " if h.rcpt else ";\n\t") + date(h.at, h.server.zone, " ", name=True)


def exim(h: Handover, dice: Dice) -> str:
    """Exim 4.96: base 62 seconds, process, and fraction of a second in 1/2000."""
    queue_id = number(int(h.at), BASE62, 6) + "-" + number(dice.between(900, 4_000_000), BASE62, 6)
    return _exim(h, queue_id + "-" + number(dice.below(2000), BASE62, 2), "4.96")


def exim_long(h: Handover, dice: Dice) -> str:
    """Exim from 4.97 on: base 62 seconds, process of eleven digits, microseconds."""
    queue_id = number(int(h.at), BASE62, 6) + "-" + number(dice.between(900, 4_000_000), BASE62, 11)
    return _exim(h, queue_id + "-" + number(dice.below(1_000_000), BASE62, 4), "4.98.2")


def _exim(h: Handover, queue_id: str, version: str) -> str:
    peer = h.peer
    if not peer.rdns:
        who = f"[{peer.ip}] (helo={peer.helo})"
    elif peer.rdns == peer.helo:
        who = f"{peer.rdns} ([{peer.ip}])"
    else:
        who = f"{peer.rdns} ([{peer.ip}] helo={peer.helo})"
    with_ = "esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384\n\t" if peer.tls else "esmtp "
    text = f"from {who}\n\tby {h.server.name} with {with_}(Exim {version})\n"
    text += f"\t(envelope-from <{h.mail_from}>)\n\tid {queue_id}"
    return text + (f"\n\tfor {h.rcpt}; " if h.rcpt else "; ") + date(h.at, h.server.zone)


def sendmail(h: Handover, dice: Dice) -> str:
    """Sendmail 8.17: year, month, day, hour, minute and second in base 60 (UTC), a sequence, the process."""
    peer, when = h.peer, moment(h.at)
    clock = (when.year - 1900, when.month - 1, when.day, when.hour, when.minute, when.second)
    queue_id = "".join(BASE60[value % 60] for value in clock) + number(dice.below(3600), BASE60, 2)
    queue_id += f"{dice.between(900, 999_999):06d}"
    name = f"{peer.rdns} " if peer.rdns else ""
    forged = " (may be forged)" if peer.rdns not in ("", peer.helo) and dice.chance(0.3) else ""
    text = f"from {peer.helo} ({name}{literal(peer.ip)}{forged})\n"
    if peer.tls:
        text += f"\tby {h.server.name} (8.17.1/8.17.1) with ESMTPS id {queue_id}\n"
        text += "\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO)"
    else:
        text += f"\tby {h.server.name} (8.17.1/8.17.1) with ESMTP id {queue_id}"
    return text + (f"\n\tfor <{h.rcpt}>; " if h.rcpt else "; ") + date(h.at, h.server.zone, "")


def qmail(h: Handover, dice: Dice) -> str:
    """qmail: two fields, the queue's above the daemon's, both without an id."""
    peer = h.peer
    process = dice.between(900, 32_000)
    rdns = peer.rdns or "unknown"
    helo = "" if peer.helo == rdns else f" (HELO {peer.helo})"
    when = moment(h.at)
    stamp = f"{when.day} {MONTHS[when.month - 1]} {when:%Y %H:%M:%S} -0000"
    return (
        f"(qmail {process} invoked from network); {stamp}\n"
        f"Received: from {rdns}{helo} ({peer.ip})\n  by {h.server.name} with SMTP; {stamp}"
    )


def exchange(h: Handover, dice: Dice) -> str:
    """Exchange 2016 and 2019 at the edge of an organisation."""
    peer = h.peer
    text = f"from {peer.helo} ({peer.ip}) by\n {h.server.name} ({h.server.ip}) with Microsoft SMTP Server"
    if peer.tls:
        text += "\n (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)"
    text += f" id\n 15.1.2507.{(6, 16, 23, 35)[int(h.at) // 30_000_000 % 4]}"
    if peer.tls:
        text += " via Frontend Transport"
    return text + f"; {date(h.at, h.server.zone, '')}"


def gmail(h: Handover, dice: Dice) -> str:
    """The border of a very large mailbox provider, in Gmail's grammar: the id ends in its own local time."""
    peer = h.peer
    name = f"{peer.rdns}. " if peer.rdns else ""
    when = moment(h.at, -480)
    shard = f"{dice.word(2, LOWER)}{dice.below(10)}-2002{dice.word(10, DIGITS + 'abcdef')}"
    queue_id = f"{shard}si{dice.between(10**5, 10**7)}{dice.word(3)}.{dice.between(1, 400)}.{when:%Y.%m.%d.%H.%M.%S}"
    text = f"from {peer.helo} ({name}[{peer.ip}])\n"
    text += f"        by {h.server.name} with {'ESMTPS' if peer.tls else 'ESMTP'} id {queue_id}\n"
    text += f"        for <{h.rcpt}>"
    if peer.tls:
        text += "\n        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256)"
    return text + f";\n        {date(h.at, -480, name=True)}"


def gmail_inside(h: Handover, dice: Dice) -> str:
    """What the same provider writes when the mail reaches the mailbox: no client at all."""
    queue_id = f"{dice.word(1)}{dice.between(1, 60)}csp{dice.between(10**5, 10**7)}{dice.word(3)}"
    return f"by {h.server.ip} with SMTP id {queue_id};\n        {date(h.at, -480, name=True)}"


GRAMMARS: dict[str, Callable[[Handover, Dice], str]] = {
    "postfix": postfix,
    "postfix_short": postfix_short,
    "exim": exim,
    "exim_long": exim_long,
    "sendmail": sendmail,
    "qmail": qmail,
    "exchange": exchange,
    "gmail": gmail,
    "gmail_inside": gmail_inside,
}


def received(h: Handover, dice: Dice) -> str:
    """The whole field (for qmail two) as the server writes it, lines ended by ``\\n``."""
    return "Received: " + GRAMMARS[h.server.mta](h, dice) + "\n"
