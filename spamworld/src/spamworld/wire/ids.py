"""Ids as programs make them: queue ids with the clocks inside (test T7), message ids and MIME boundaries.

Sources: Exim specification, "Message identification"; Postfix ``postconf(5) enable_long_queue_ids`` and
``mail_queue.h``; Sendmail ``assign_queueid``; RFC 5322 section 3.6.4. Measured on public mail: ids of Sendmail 8.10 and
later count in UTC (5,811 of 5,813), those of 8.8 and 8.9 start with the local hour.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from spamworld.wire import clock

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE52 = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
BASE60 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_LOWER_DIGITS = _LOWER + "0123456789"
_URL = BASE62 + "-_"


def base(number: int, letters: str, width: int, radix: int = 0) -> str:
    """``number`` in the letters' base, at least ``width`` of them."""
    radix = radix or len(letters)
    text = ""
    while number or len(text) < width:
        number, rest = divmod(number, radix)
        text = letters[rest] + text
    return text


def some(chance: random.Random, letters: str, count: int) -> str:
    """``count`` letters, by 16 bits each from one draw: letters near the front are drawn a trifle more often."""
    bits, size = chance.getrandbits(16 * count), len(letters)
    text = []
    for _ in range(count):
        text.append(letters[(bits & 65535) * size >> 16])
        bits >>= 16
    return "".join(text)


def hexes(chance: random.Random, count: int) -> str:
    """``count`` lower-case hex digits."""
    return f"{chance.getrandbits(4 * count):0{count}x}"


def uuid(chance: random.Random) -> str:
    """A random UUID (RFC 9562 version 4), lower case."""
    bits = (chance.getrandbits(128) & ~(0xF << 76) | 4 << 76) & ~(3 << 62) | 2 << 62
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def exim(at: int, pid: int, long: bool = False) -> str:
    """Exim: seconds, process and fraction in base 62; since 4.97 the last two are longer."""
    seconds, part = divmod(at, clock.SECOND)
    head = base(seconds, BASE62, 6)
    if long:
        return f"{head}-{base(pid, BASE62, 11)}-{base(part, BASE62, 4)}"
    return f"{head}-{base(pid, BASE62, 6)}-{base(part // 500, BASE62, 2)}"


def postfix(at: int, inode: int, long: bool = False) -> str:
    """Postfix: microseconds and inode in hex, or (long) seconds, microseconds, ``z`` and inode without vowels."""
    seconds, part = divmod(at, clock.SECOND)
    if long:
        return f"{base(seconds, BASE52, 6)}{base(part, BASE52, 4)}z{base(inode, BASE52, 1, 51)}"
    return f"{part:05X}{inode:X}"


def sendmail(at: int, place: str, sequence: int, pid: int, version: int = 12) -> str:
    """Sendmail: 8.12 and later, 8.10 and 8.11 (one letter of sequence), 8.8 and 8.9 (local hour)."""
    if version < 10:
        hour = clock.local(at, place)[3]
        return f"{_UPPER[hour]}{_UPPER[sequence // 26 % 26]}{_UPPER[sequence % 26]}{pid % 100000:05}"
    year, month, day, hour, minute, second = clock.local(at, clock.UTC)
    head = "".join(BASE60[n] for n in ((year - 1900) % 60, month - 1, day, hour, minute, second))
    if version < 12:
        return f"{head}{BASE60[sequence % 60]}{pid % 100000:05}"
    return f"{head}{base(sequence % 3600, BASE60, 2)}{pid:06}"


_UPPER = _LOWER.upper()


def courier(at: int, inode: int, pid: int, wide: bool) -> str:
    """Courier: inode, seconds and process in hex."""
    width = 16 if wide else 8
    return f"{inode:0{width}X}.{at // clock.SECOND:0{width}X}.{pid:08X}"


def domino(at: int, place: str, chance: random.Random) -> str:
    """Domino: local time to the hundredth, a dash, a number."""
    year, month, day, hour, minute, second = clock.local(at, place)
    part = at % clock.SECOND // 10_000
    return f"{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}{part:02}-{chance.getrandbits(17)}"


def filetime(at: int) -> int:
    """Hundreds of nanoseconds since 1601, the clock of Windows."""
    return at * 10 + 116_444_736_000_000_000


def gmail(at: int, chance: random.Random) -> str:
    """Gmail's inbound id: a token, then the Pacific date to the second."""
    token = (
        f"{some(chance, _LOWER_DIGITS, chance.randrange(1, 4))}si{chance.getrandbits(23):07}{some(chance, _LOWER, 3)}"
    )
    year, month, day, hour, minute, second = clock.local(at, clock.PACIFIC)
    return f"{token}.{chance.getrandbits(8)}.{year}.{month:02}.{day:02}.{hour:02}.{minute:02}.{second:02}"


def message_id(form: str, at: int, chance: random.Random, host: str, address: str = "", zone: str = clock.UTC) -> str:
    """A message id with its angle brackets. ``form`` as in the tables of programs and engines."""
    make = _MESSAGE_IDS.get(form, _generic)
    return make(at, chance, host, address, zone)


def boundary(form: str, at: int, chance: random.Random) -> str:
    """A MIME boundary of that program or engine."""
    make = _BOUNDARIES.get(form) or _BOUNDARIES["generic"]
    return make(at, chance)


def _generic(at: int, chance: random.Random, host: str, address: str, zone: str) -> str:
    return f"<{clock.digits(at)}.{hexes(chance, 8)}@{host}>"


def _outlook(at: int, chance: random.Random, host: str, address: str, zone: str) -> str:
    # sequence, FILETIME (top 32 bits), the rest, own address with its octets turned round
    time = filetime(at)
    octets = address.split(".")
    own = "".join(f"{int(o):02x}" for o in reversed(octets)) if len(octets) == 4 and "" not in octets else "0100007f"
    return (
        f"<{chance.getrandbits(8):04x}{time >> 48:04x}{time >> 32 & 0xFFFF:04x}${time & 0xFFFFFFFF:08x}${own}@{host}>"
    )


def _mozilla(at: int, chance: random.Random, host: str, address: str, zone: str) -> str:
    return f"<{at // clock.SECOND:X}.{some(chance, '0123456789', 7)}@{host}>"


def _exchange(at: int, chance: random.Random, host: str, address: str, zone: str) -> str:
    return f"<{hexes(chance, 32).upper()}@{host}>"


def _office(at: int, chance: random.Random, host: str, address: str, zone: str) -> str:
    place = f"{some(chance, _UPPER, 2)}{chance.randrange(10)}PR{chance.randrange(1, 20):02}"
    server = f"{place}MB{chance.randrange(1000, 9999)}"
    return f"<{server}{hexes(chance, 30).upper()}@{server}.{host}>"


def _java(at: int, chance: random.Random, host: str, address: str, zone: str) -> str:
    return f"<{chance.getrandbits(29)}.{chance.getrandbits(17)}.{at // 1000}.JavaMail.root@{host}>"


def _mutt(at: int, chance: random.Random, host: str, address: str, zone: str) -> str:
    return f"<{clock.digits(at)}.G{_UPPER[chance.randrange(26)]}{chance.randrange(900, 32768)}@{host}>"


def _pine(at: int, chance: random.Random, host: str, address: str, zone: str) -> str:
    return (
        f"<Pine.LNX.4.64.{clock.digits(at)[2:12]}{at // clock.SECOND % 60:02}0.{chance.randrange(900, 32768)}@{host}>"
    )


def _ses(at: int, chance: random.Random, host: str, address: str, zone: str) -> str:
    return f"<0{chance.choice('12')}0{at // 1000:013x}-{uuid(chance)}-000000@{host}>"


_Made = Callable[[int, random.Random, str, str, str], str]
_MESSAGE_IDS: dict[str, _Made] = {
    "generic": _generic,
    # of bot engines: an imitation of Outlook Express without its clock; of The Bat; letters; one of their own
    "engine-3": lambda at, c, host, address, zone: f"<{hexes(c, 12)}${hexes(c, 8)}${hexes(c, 8)}@{host}>",
    "engine-4": lambda at, c, host, address, zone: f"<{hexes(c, 12).upper()}${hexes(c, 8)}@{host}>",
    "engine-2": lambda at, c, host, address, zone: f"<{c.getrandbits(30):010}.{clock.digits(at)}@{host}>",
    "engine-10": lambda at, c, host, address, zone: f"<{c.randrange(10**7, 10**9)}.{clock.digits(at)}@{host}>",
    "outlook-express": _outlook,
    "outlook": _outlook,
    "mozilla": _mozilla,
    "mozilla-uuid": lambda at, c, host, address, zone: f"<{uuid(c)}@{host}>",
    "uuid": lambda at, c, host, address, zone: f"<{uuid(c)}@{host}>",
    "apple": lambda at, c, host, address, zone: f"<{uuid(c).upper()}@{host}>",
    "exchange": _exchange,
    "microsoft-365": _office,
    "java": _java,
    "mutt": _mutt,
    "pine": _pine,
    "gmail": lambda at, c, host, address, zone: f"<CA{some(c, BASE62, 4)}={some(c, _URL, 43)}@{host}>",
    "gmail-old": lambda at, c, host, address, zone: f"<{hexes(c, 10)}{at // 1000:010x}{hexes(c, 12)}@{host}>",
    "yahoo-web": lambda at, c, host, address, zone: (
        f"<{c.randrange(9999, 999999)}.{c.randrange(9999, 99999)}.qm@{host}>"
    ),
    "yahoo": lambda at, c, host, address, zone: f"<{c.getrandbits(31)}.{c.getrandbits(22)}.{at // 1000}@{host}>",
    "hotmail": lambda at, c, host, address, zone: f"<BAY{c.randrange(1, 140)}-F{hexes(c, 34).upper()}@{host}>",
    "php": lambda at, c, host, address, zone: f"<{hexes(c, 32)}@{host}>",
    "phpmailer": lambda at, c, host, address, zone: f"<{some(c, BASE62, 43)}@{host}>",
    "squirrelmail": lambda at, c, host, address, zone: (
        f"<{address or '127.0.0.1'}.{at // clock.SECOND}.squirrel@{host}>"
    ),
    "horde": lambda at, c, host, address, zone: f"<{clock.digits(at)}.{some(c, BASE62, 12).lower()}@{host}>",
    "roundcube": lambda at, c, host, address, zone: f"<{hexes(c, 32)}@{host}>",
    "qmail": lambda at, c, host, address, zone: f"<{clock.digits(at)}.{c.randrange(900, 32768)}.qmail@{host}>",
    "exim": lambda at, c, host, address, zone: f"<E{exim(at, c.randrange(900, 32768))}@{host}>",
    "postfix": lambda at, c, host, address, zone: f"<{clock.digits(at)}.{postfix(at, c.getrandbits(20))}@{host}>",
    "sendmail": lambda at, c, host, address, zone: (
        f"<{clock.digits(at)[:12]}.{sendmail(at, zone, c.randrange(3600), c.randrange(900, 32768))}@{host}>"
    ),
    "mailman": lambda at, c, host, address, zone: (
        f"<mailman.{c.randrange(1, 99)}.{at // clock.SECOND}.{c.randrange(900, 32768)}.list@{host}>"
    ),
    "eudora": lambda at, c, host, address, zone: f"<6.2.1.2.2.{clock.digits(at)}.{hexes(c, 8)}@{host}>",
    "notes": lambda at, c, host, address, zone: (
        f"<OF{hexes(c, 8).upper()}.{hexes(c, 8).upper()}-ON{hexes(c, 8).upper()}.{hexes(c, 8).upper()}@{host}>"
    ),
    "ses": _ses,
    "sendgrid": lambda at, c, host, address, zone: f"<{some(c, _URL, 22)}@geopod-ismtpd-{c.randrange(40)}>",
    "mailgun": lambda at, c, host, address, zone: f"<{clock.digits(at)}.{hexes(c, 16)}@{host}>",
    "powermta": lambda at, c, host, address, zone: f"<{c.getrandbits(29)}.{at // 1000}@{host}>",
    "django": lambda at, c, host, address, zone: (
        f"<{at // clock.SECOND}{c.getrandbits(20)}.{c.getrandbits(14)}.{c.getrandbits(63)}@{host}>"
    ),
}  # fmt: skip


def _next_part(at: int, chance: random.Random) -> str:
    time = filetime(at)
    return f"----=_NextPart_000_{chance.getrandbits(10):04X}_{time >> 32:08X}.{time & 0xFFFFFFF0:08X}"


_BOUNDARIES: dict[str, Callable[[int, random.Random], str]] = {
    "generic": lambda at, c: f"=_{hexes(c, 32)}",
    "engine-2": lambda at, c: f"----------{hexes(c, 16).upper()}",
    "engine-3": lambda at, c: f"--{some(c, '0123456789', 18)}",
    "engine-4": lambda at, c: f"----{some(c, '0123456789', 18)}",
    "engine-7": lambda at, c: some(c, _UPPER, 12),
    "engine-10": lambda at, c: f"----------{hexes(c, 12).upper()}",
    "outlook-express": _next_part,
    "outlook": _next_part,
    "mozilla": lambda at, c: "------------0" + "".join(f"{c.randrange(1, 10)}0" for _ in range(11)) + "0",
    "mozilla-uuid": lambda at, c: f"------------{some(c, BASE62, 24)}",
    "apple": lambda at, c: f"Apple-Mail-{c.randrange(1, 40)}-{c.getrandbits(30)}",
    "apple-new": lambda at, c: f"Apple-Mail=_{uuid(c).upper()}",
    "exchange": lambda at, c: f"_000_{hexes(c, 32).upper()}_",
    "microsoft-365": lambda at, c: f"_000_{hexes(c, 32).upper()}_",
    "java": lambda at, c: f"----=_Part_{c.getrandbits(17)}_{c.getrandbits(27)}.{at // 1000}",
    "mutt": lambda at, c: some(c, BASE62 + "+/", 16),
    "gmail": lambda at, c: f"000000000000{hexes(c, 6)}0{5 + c.getrandbits(1)}{hexes(c, 8)}",
    "gmail-old": lambda at, c: f"----=_Part_{c.getrandbits(17)}_{c.getrandbits(27)}.{at // 1000}",
    "php": lambda at, c: f"PHP-mixed-{hexes(c, 32)}",
    "phpmailer": lambda at, c: f"b1_{hexes(c, 32)}",
    "squirrelmail": lambda at, c: f"----=_{clock.digits(at)}_{c.randrange(10000, 99999)}",
    "horde": lambda at, c: f"=_{some(c, _LOWER_DIGITS, 12)}",
    "roundcube": lambda at, c: f"=_{hexes(c, 32)}",
    "python": lambda at, c: f"==============={c.getrandbits(62):019}==",
    "yahoo-web": lambda at, c: f"0-{c.getrandbits(31)}-{at // clock.SECOND}=:{c.randrange(9999, 99999)}",
    "hotmail": lambda at, c: f"----=_NextPart_000_{hexes(c, 4)}_{hexes(c, 8)}_{hexes(c, 8)}",
    "eudora": lambda at, c: f"====={c.getrandbits(31)}==_",
    "notes": lambda at, c: f"=_alternative {hexes(c, 8).upper()}{hexes(c, 8).upper()}",
    "sendgrid": lambda at, c: hexes(c, 60),
}
