"""Trace lines that nobody's server wrote: strategies F1 to F9 of tuning and evaluation, and two kept for evaluation.

=====  ==========================================================================================================
F1     one hop with a random address, in a loose form
F2     one hop that claims our own server wrote it
F3     a chain of one to four hops that agree with one another and end at the real hand-over; ids of no clock
F4     a genuine chain pasted from other mail: the same lines under every mail that pastes it
F5     values that cannot be: octets above 255, days that no month has, addresses that nobody routes
F6     a browser at an innocent address, as webmail writes it
F7     lines of real servers' form with ids copied from another time
F8     the same with right clocks, adjacent to the real hand-over
F9     20 to 150 hops of padding
E1     one line as the Storm worm's template makes it: a made-up name and address, "by" the bot's own address, the words
       of Microsoft's SMTPSVC (Kreibich et al., "On the Spam Campaign Trail", LEET 2008: macros of Storm's templates)
E2     one line of a tool with templates by the customer: the bot's own true address, "by" the mail server of the
       author's domain, no program, no id (H. Stern, "A Survey of Modern Spam Tools", CEAS 2008; its letter is chosen)
=====  ==========================================================================================================

F0 and R1 forge nothing. A template belongs to the campaign, what is
filled in to the mail. E1 and E2 are for evaluation only.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple
from zlib import crc32

from spamworld.plan import Delivery, Line, Step
from spamworld.streams import quick
from spamworld.wire import clock, grammars, ids
from spamworld.wire.clock import SECOND
from spamworld.wire.turn import Turn, habits, machine

TUNING = ("F0", "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9")
EVALUATION = ("E1", "E2")
_WORDS = ("mail", "mx", "smtp", "relay", "out", "mta", "mx1", "mailgate", "web", "ns1", "server", "gw")
_SYLLABLES = (
    "ba",
    "ron",
    "tel",
    "mi",
    "sta",
    "ver",
    "ko",
    "lan",
    "net",
    "dor",
    "pri",
    "sol",
    "qua",
    "fen",
    "hu",
    "zet",
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Forger:
    """One mail's forger: what he knows, and what he draws."""

    def __init__(self, delivery: Delivery, seed: int, chance: random.Random) -> None:
        self.delivery, self.seed, self.chance = delivery, seed, chance
        self.template = quick(seed, "forgery", delivery.campaign or delivery.id, delivery.version, delivery.strategy)
        self.step = delivery.path[0]
        self.author = delivery.author.rpartition("@")[2] or "localhost"
        self.at = self.step.at + self.step.sender.skew
        self.place = self.template.choice((clock.UTC, clock.PACIFIC, *clock.PLACES))
        self.to = delivery.recipients[0].address if len(delivery.recipients) == 1 else ""
        self._innocent = delivery.innocent

    def address(self) -> str:
        """The innocent's address once, then addresses drawn at random."""
        found, self._innocent = self._innocent, ""
        return found or stranger(self.chance)

    def own(self) -> str:
        """What the handing machine is called, as the next line up will show it."""
        return self.step.helo.strip("[]") or self.step.sender.rdns or self.step.sender.name

    def host(self) -> str:
        """A name that may be somebody's."""
        return f"{self.chance.choice(_WORDS)}.{domain(self.chance)}"

    def moment(self, before_s: int = 600) -> int:
        return self.at - self.chance.randrange(SECOND, before_s * SECOND)

    def line(self, value: str, address: str = "") -> Line:
        return Line(b"Received: " + value.replace("\n", "\r\n").encode("utf-8", "replace"), False, 0, address)


def forge(delivery: Delivery, seed: int, chance: random.Random, pasted: Sequence[Sequence[Line]] = ()) -> list[Line]:
    """The made-up lines of one mail, top first; none for a strategy that forges none."""
    forger = Forger(delivery, seed, chance)
    if delivery.strategy == "F4" and pasted:
        chosen = pasted[forger.template.randrange(len(pasted))]
        return [Line(line.text, False, 0, line.address) for line in chosen]
    make = _STRATEGIES.get(delivery.strategy)
    return make(forger) if make else []


def stranger(chance: random.Random) -> str:
    """A public IPv4 address, drawn at random."""
    while True:
        number = chance.getrandbits(32)
        first, second = number >> 24, number >> 16 & 255
        if (
            first in (0, 10, 127)
            or first >= 224
            or (first, second) in ((192, 168), (169, 254))
            or (first == 172 and 16 <= second < 32)
        ):
            continue
        return f"{first}.{second}.{number >> 8 & 255}.{number & 255}"


def domain(chance: random.Random) -> str:
    """A made-up domain."""
    bits = chance.getrandbits(16)
    name = _SYLLABLES[bits & 15] + _SYLLABLES[bits >> 4 & 15] + (_SYLLABLES[bits >> 8 & 15] if bits & 4096 else "")
    return f"{name}.example"


def _loose(f: Forger, form: int, ip: str, helo: str, by: str, at: int) -> str:
    """The forms of forgers who have only looked at trace lines."""
    c, date = f.chance, clock.written(at, f.place)
    match form % 8:
        case 0:
            return f"from {helo} ([{ip}])\n\tby {by} with SMTP id {ids.hexes(c, 10)};\n\t{date}"
        case 1:
            return f"from {ip} by {by}; {date}"
        case 2:
            with_ = c.choice(("esmtp", "SMTP", "QMQP", "local", "asmtp", "NNFMP"))
            return f"from unknown (HELO {helo}) ({ip})\n\tby {by} with {with_}; {date}"
        case 3:
            return f"from {helo} [{ip}] by {by} with ESMTP id {ids.some(c, ids.BASE62, 11)}; {date}"
        case 4:
            version = f"8.{c.randrange(9, 14)}.{c.randrange(10)}"
            queued = ids.some(c, ids.BASE62, 12)
            return f"from {helo} ({helo} [{ip}])\n\tby {by} ({version}/{version}) with ESMTP id {queued}; {date}"
        case 5:
            queued = ids.some(c, "0123456789ABCDEFGHJK", 10)
            to = f.delivery.recipients[0].address
            by = f"by {by} (Postfix) with ESMTP id {queued}\n\tfor <{to}>"
            return f"from {helo} ({helo} [{ip}])\n\t{by}; {date}"
        case 6:
            return f"from [{ip}] by {by} via HTTP; {date}"
    version = f"{c.choice('34')}.{c.randrange(10, 70)}"
    return f"(from {helo}) by {by} with local (Exim {version})\n\tid {ids.some(c, ids.BASE62, 15)}; {date}"


def _as(f: Forger, software: str, ip: str, helo: str, by: str, at: int, copied: Copied | None = None) -> list[Line]:
    """A line in the form of that software, its id made at the line's own instant or ``copied``."""
    sender = machine(ip, helo, helo if f.chance.random() < 0.6 else "")
    # one writer, one habit: its number follows from its name, or from the mail that was copied
    host = copied.host if copied else 1 + crc32(by.encode())
    writer = machine("192.0.2.1", by, by, software, 0, f.place, host)
    step = Step(sender, writer, at, "ESMTP" if f.chance.random() < 0.8 else "SMTP", helo)
    turn = Turn(step, f.seed, f.chance, f.delivery.envelope_from, f.to)
    if copied:
        turn.clock, turn.chance = copied.at, copied.chance
        turn.habits = habits(f.seed, host, f.place, "copied")
        turn.bits = turn.habits.bits
    return [f.line(value, shown) for value, shown in grammars.lines(turn)]


class Copied(NamedTuple):
    """An id that was taken over: when it was made, by which host, and what else went into it."""

    at: int
    host: int
    chance: random.Random


def _f1(f: Forger) -> list[Line]:
    ip = f.address()
    by = f.own() if f.template.random() < 0.5 else f.host()
    return [f.line(_loose(f, f.template.randrange(7), ip, f.host(), by, f.moment()), ip)]


def _f2(f: Forger) -> list[Line]:
    ip = f.address()
    server = f.delivery.path[-1].receiver
    intake = f.delivery.intake.rpartition("@")[2]
    ours = server.name if f.template.random() < 0.7 else f"{f.template.choice(_WORDS)}.{intake}"
    if f.template.random() < 0.3:  # he has seen our lines, and copies their form but not their clock
        old = Copied(f.chance.randrange(900_000_000, 1_900_000_000) * SECOND, 1 + f.chance.getrandbits(20), f.chance)
        return _as(f, server.software, ip, f.host(), ours, f.moment(90), old)
    return [f.line(_loose(f, f.template.choice((0, 2, 3, 4)), ip, f.host(), ours, f.moment(90)), ip)]


_UNCLOCKED = ("qmail", "smtpsvc", "merak", "mailenable")


def _f3(f: Forger) -> list[Line]:
    forms = [f.template.choice((0, 2, 3, *_UNCLOCKED)) for _ in range(1 + f.template.randrange(4))]
    by, at = f.own(), f.at
    lines: list[Line] = []
    for form in forms:
        ip, helo = f.address(), f.host()
        at -= f.chance.randrange(2 * SECOND, 90 * SECOND)
        if isinstance(form, str):
            lines += _as(f, form, ip, helo, by, at)
        else:
            lines.append(f.line(_loose(f, form, ip, helo, by, at), ip))
        by = helo
    return lines


_CLOCKED = ("exim", "sendmail", "postfix-long", "exim", "sendmail", "courier")


def _chain(f: Forger, by: str, at: int, forms: Sequence[str], copied: Sequence[Copied] = ()) -> list[Line]:
    """Hops that agree, in the grammars of servers, top first."""
    lines: list[Line] = []
    for n, form in enumerate(forms):
        ip, helo = f.address(), f.host()
        at -= f.chance.randrange(SECOND, 20 * SECOND)
        lines += _as(f, form, ip, helo, by, at, copied[n] if copied else None)
        by = helo
    return lines


_MONTH = 30 * 86400 * SECOND


def _f4(f: Forger) -> list[Line]:
    # one of three chains that the template holds: text that never changes, from mails a day to ten months old
    which = f.chance.randrange(3)
    old = quick(f.seed, "pasted", f.delivery.campaign or f.delivery.id, f.delivery.version, which)
    copier = Forger(f.delivery, f.seed, old)
    copier.template = old
    at = f.step.at // _MONTH * _MONTH - old.randrange(86400 * SECOND, 10 * _MONTH)
    forms = [old.choice((*_CLOCKED, "postfix", "qmail", "exchange-2003")) for _ in range(2 + old.randrange(2))]
    copier.to = f"{ids.some(old, _LETTERS, 6)}@{domain(old)}"
    return _chain(copier, copier.host(), at, forms)


def _f5(f: Forger) -> list[Line]:
    c, at = f.chance, f.moment()
    ip, date = f.address(), clock.written(at, f.place)
    match f.template.randrange(7):
        case 0:
            ip = f"{c.randrange(256, 999)}.{_octet(c)}.{c.randrange(300)}.{_octet(c)}"
        case 1:
            ip = f"{c.choice((0, 224, 240, 250, 255))}.{_octet(c)}.{_octet(c)}.{_octet(c)}"
        case 2:
            ip = f"{c.choice(('10.1', '127.0', '192.168', '172.16', '169.254'))}.{_octet(c)}.{_octet(c)}"
        case 3:
            month, zone = c.choice(("Feb", "Apr", "Jun")), c.choice(("-3100", "+2500", "+0000"))
            day = f"{c.choice(clock.DAYS)}, {c.randrange(31, 40)} {month} {2000 + c.randrange(40)}"
            date = f"{day} {c.randrange(24, 60)}:{c.randrange(60, 99)}:{_octet(c):02} {zone}"
        case 4:
            date = clock.written(at + c.randrange(2, 20) * 365 * 86400 * SECOND, f.place)
        case 5:
            ip = ":".join(f"{c.getrandbits(16):x}" for _ in range(9))
        case _:
            ip = f"{_octet(c)}.{_octet(c)}.{_octet(c)}"
    return [f.line(f"from {f.host()} ([{ip}]) by {f.host()} with ESMTP id {ids.hexes(c, 8)}; {date}", ip)]


def _octet(chance: random.Random) -> int:
    return chance.getrandbits(8)


def _f6(f: Forger) -> list[Line]:
    ip = f.delivery.origin or f.address()
    software = f.template.choice(("yahoo", "hotmail", "squirrelmail", "horde", "yahoo"))
    by = f"{f.template.choice(('web', 'webmail', 'www'))}{f.chance.randrange(1, 400)}.mail.{f.author}"
    writer = machine("192.0.2.1", by, by, software, 0, f.place, 1 + f.chance.getrandbits(8))
    user = f.delivery.author.partition("@")[0]
    step = Step(machine(ip), writer, f.moment(60), "HTTP", "", 0, "", user)
    return [f.line(value, shown) for value, shown in grammars.lines(Turn(step, f.seed, f.chance))]


def _f7(f: Forger) -> list[Line]:
    # ids of an old mail: in half of the campaigns letter by letter, in the others with their last part changed
    forms = [f.template.choice(_CLOCKED) for _ in range(1 + f.template.randrange(2))]
    at = f.step.at // _MONTH * _MONTH - f.template.randrange(5 * 86400 * SECOND, 30 * _MONTH)
    same, host = f.template.random() < 0.5, f.template.getrandbits(30)
    copied = []
    for n in range(len(forms)):
        chance = quick(f.seed, "copied", f.delivery.campaign or f.delivery.id, n) if same else f.chance
        copied.append(Copied(at - n * 7 * SECOND, host + n, chance))
    return _chain(f, f.own(), f.at, forms, copied)


def _f8(f: Forger) -> list[Line]:
    return _chain(f, f.own(), f.at, [f.template.choice(_CLOCKED) for _ in range(1 + f.template.randrange(3))])


def _f9(f: Forger) -> list[Line]:
    forms = [f.template.randrange(8) for _ in range(4)]
    by, at = f.own(), f.at
    lines = []
    for n in range(20 + f.template.randrange(131)):
        ip, helo = f.address(), f.host()
        at -= f.chance.randrange(SECOND, 400 * SECOND)
        form = forms[n & 3]
        lines.append(f.line(_loose(f, form, ip, helo, by, at), ip if form < 7 else ""))
        by = helo
    return lines


def _e1(f: Forger) -> list[Line]:
    c, ip = f.chance, f.address()
    name = f"{ids.some(c, _LETTERS, 2 + c.randrange(5))}.{ids.some(c, _LETTERS, 2 + c.randrange(5))}"
    version = f.template.choice(("5.0.2195.6713", "5.0.2195.5329", "6.0.3790.0", "6.0.3790.211"))
    by = f"by {f.step.sender.address} with Microsoft SMTPSVC({version})"
    return [f.line(f"from {name} ([{ip}]) {by}; {clock.offset_form(f.moment(30), -480)}", ip)]


def _e2(f: Forger) -> list[Line]:
    ip = f.step.sender.address
    by = f"{f.template.choice(('mail', 'mx1', 'mx', 'smtp'))}.{f.author}"
    return [f.line(f"from [{ip}] by {by}; {clock.offset_form(f.moment(30), 60 * f.template.randrange(-8, 10))}", ip)]


_STRATEGIES: dict[str, Callable[[Forger], list[Line]]] = {
    "F1": _f1, "F2": _f2, "F3": _f3, "F4": _f4, "F5": _f5, "F6": _f6, "F7": _f7, "F8": _f8, "F9": _f9,
    "E1": _e1, "E2": _e2,
}  # fmt: skip


def mangle(lines: list[Line], how: str, chance: random.Random) -> list[Line]:
    """Lines as a reporter's mail program passes them on.

    Args:
        how: ``stripped``: all or the lower ones are gone; ``inline``: unfolded, escaped, folded anew, without brackets.
    """
    if how == "stripped":
        return lines[: chance.randrange(len(lines))] if lines else lines
    way = chance.randrange(4)
    return [Line(_inline(line.text, way), line.genuine, line.host, line.address) for line in lines]


def _inline(text: bytes, way: int) -> bytes:
    flat = b" ".join(text.split())
    if way == 1:
        return flat.replace(b"<", b"&lt;").replace(b">", b"&gt;")
    if way == 2:
        return b"\r\n    ".join(flat[n : n + 68] for n in range(0, len(flat), 68))
    if way == 3:
        return flat.replace(b"[", b"").replace(b"]", b"")
    return flat
