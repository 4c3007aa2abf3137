"""A provider's outbound mail log as its software writes it: Postfix by syslog, Exim's main log."""

from __future__ import annotations

import hashlib
import time

from spamworld.world.facts import LogLine

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_REPLIES = {
    "sent": ("2.0.0", "250 2.0.0 Ok: queued"),
    "deferred": ("4.7.1", "host said: 450 4.7.1 Try again later"),
    "bounced": ("5.1.1", "host said: 550 5.1.1 User unknown"),
}


def lines(one: LogLine, host: str, relay: str) -> bytes:
    """The lines of one mail; ``host`` is the provider's server, ``relay`` the one it hands the mail to."""
    return (_exim if one.software == "exim" else _postfix)(one, host, relay).encode()


def _postfix(one: LogLine, host: str, relay: str) -> str:
    when = time.gmtime(one.at // 1_000_000)
    stamp = (
        f"{_MONTHS[when.tm_mon - 1]} {when.tm_mday:2d} {when.tm_hour:02d}:{when.tm_min:02d}:{when.tm_sec:02d} {host}"
    )
    number = hashlib.blake2b(f"{one.at}{one.address}{one.recipient}".encode(), digest_size=5).hexdigest().upper()
    process = 2000 + one.customer % 30000
    dsn, said = _REPLIES.get(one.status, _REPLIES["sent"])
    delay = 0.4 + one.size % 700 / 100
    removed = "" if one.status == "deferred" else f"{stamp} postfix/qmgr[811]: {number}: removed\n"
    return (
        f"{stamp} postfix/smtpd[{process}]: {number}: client=unknown[{one.address}]\n"
        f"{stamp} postfix/qmgr[811]: {number}: from=<{one.sender}>, size={one.size}, nrcpt=1 (queue active)\n"
        f"{stamp} postfix/smtp[{process + 7}]: {number}: to=<{one.recipient}>, relay={relay}:25, delay={delay:.2g}, "
        f"delays=0.1/0/0.1/{delay - 0.2:.2g}, dsn={dsn}, status={one.status} ({said})\n{removed}"
    )


def _exim(one: LogLine, host: str, relay: str) -> str:
    at = one.at // 1_000_000
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at))
    number = f"{_base62(at, 6)}-{_base62(2000 + one.customer % 30000, 6)}-{_base62(one.size % 3844, 2)}"
    helo = f"({one.helo}) " if one.helo else ""
    _, said = _REPLIES.get(one.status, _REPLIES["sent"])
    mark = {"sent": "=>", "deferred": "==", "bounced": "**"}.get(one.status, "=>")
    done = "" if one.status == "deferred" else f"{stamp} {number} Completed\n"
    return (
        f"{stamp} {number} <= {one.sender or '<>'} H={helo}[{one.address}] P=esmtp S={one.size}\n"
        f'{stamp} {number} {mark} {one.recipient} R=dnslookup T=remote_smtp H={relay} C="{said}"\n{done}'
    )


def _base62(number: int, width: int) -> str:
    text = ""
    for _ in range(width):
        number, rest = divmod(number, 62)
        text = _BASE62[rest] + text
    return text
