"""What a session showed, as Junkhound's JSON lines name it, and how its program spoke (docs/specs/jsonl.md).

Fields beyond that form (``dialect``, ``command_us``, ``replies``, ``syn``, ``manners``, ``manner``) are passed over by
readers that do not know them.
"""

from __future__ import annotations

import random
from functools import lru_cache
from math import exp
from statistics import NormalDist
from typing import NamedTuple

from spamworld.plan import Delivery
from spamworld.streams import quick
from spamworld.wire import engines, ids
from spamworld.wire.manners import HELLOS, SYNS, Manner, library_of
from spamworld.wire.tls import NUMBERS, agreed

EARLY, AHEAD, BARE = 1, 2, 4


def session(delivery: Delivery, seed: int) -> dict[str, object]:
    """The facts of the session in which the intake's own server took this mail."""
    chance = quick(seed, "session", delivery.id)
    last = delivery.path[-1]
    sender, receiver = last.sender, last.receiver
    manner = engines.manner_of(sender.software)
    count = len(delivery.recipients)
    draw = chance.random()
    guess = chance.randrange(count) if draw < manner.guesses and count else -1
    helo = last.helo or sender.name
    login = manner.auth > 0 and chance.random() < manner.auth
    said = talk(manner, helo[:1] == "[", bool(last.tls), login, count, guess, draw > 0.97)
    haste, bits = _haste(manner.jitter), chance.getrandbits(8 * len(said.waits)).to_bytes(len(said.waits), "little")
    facts: dict[str, object] = {
        "client": sender.address,
        "client_port": last.port or 1024 + chance.randrange(64000),
        "local": receiver.address,
        "local_port": 25,
        "helo": helo,
        "mail_from": delivery.envelope_from,
        "rcpt": _recipients(delivery, guess, chance),
        "received_at": delivery.at + receiver.skew,
        "arrival": f"{chance.getrandbits(64):016x}",
        "protocol": "ESMTPS" if last.tls else "ESMTP" if manner.hello[:4].upper() == "EHLO" else "SMTP",
        "dialect": list(said.shown),
        "command_us": [max(200, int(wait * haste[bit])) for wait, bit in zip(said.waits, bits, strict=True)],
        "replies": [220, *said.replies],
        "syn": syn(manner, sender.system, sender.id, sender.address),
        "manners": EARLY * manner.early | AHEAD * (manner.ahead and manner.hello[0] == "H") | BARE * manner.bare,
        "manner": replay(manner),
    }
    if sender.confirmed and sender.rdns:
        facts["client_name"] = sender.rdns
    if last.tls:
        version = engines.tls_version(sender.software, last.tls)
        library = library_of(manner.hello_tls, version)
        facts["tls_version"] = NUMBERS.get(version, 0x0303)
        facts["tls_cipher"] = agreed(version, sender.id)[0]
        facts["client_hello"] = HELLOS[library]
    return facts


class Talk(NamedTuple):
    """A session's commands from greeting to goodbye, as a trap keeps them."""

    shown: tuple[str, ...]  # without addresses, names, secrets and sizes; case and blanks as they were
    replies: tuple[int, ...]
    waits: tuple[int, ...]  # microseconds before each, on an even day


@lru_cache(4096)
def talk(
    manner: Manner, literal: bool, tls: bool, login: bool, recipients: int, guess: int = -1, busy: bool = False
) -> Talk:
    """What this program says in a session that ends with an accepted mail.

    States: greeted, (TLS), (logging in), sender, recipients, mail, end. A guess at a recipient who is not there is
    refused with 550, a busy server says 451 to the first recipient; what follows is the program's temper.

    Args:
        literal: whether it calls itself by an address in brackets.
        guess: before which recipient it guesses; -1 for never.
    """
    shown: list[str] = []
    replies: list[int] = []
    waits: list[int] = []

    def say(line: str, code: int, wait: int = manner.pace_us) -> None:
        shown.append(line)
        replies.append(code)
        waits.append(wait)

    hello = ("EHLO" if tls else manner.hello[:4]) + (" [*]" if literal else " *")
    say(hello, 250, 300 if manner.early else manner.greet_us)
    if tls:
        say("STARTTLS", 220)
        say(hello, 250, manner.pace_us * 3)
    if login:
        say(manner.auth_line, 502)
    for line in manner.before:
        say(line, 250)
    wait = 100 if manner.ahead else manner.pace_us
    esmtp = hello[:4].upper() == "EHLO"
    sender = manner.mail.format("") + " SIZE=" * (manner.size and esmtp)
    sender += f" BODY={manner.body}" if manner.body and esmtp else ""
    sender, rcpt = sender.replace(":{}", ":"), manner.rcpt.format("")
    say(sender, 250)
    for n in range(recipients):
        if n == guess:
            for _ in range(2 if manner.after_5xx == "again" else 1):
                say(rcpt, 550, wait)
        if n == 0 and busy and manner.after_4xx == "again":
            say(rcpt, 451, wait)
        if n and n % manner.rcpts == 0:  # no more in one transaction: the rest belongs to the session's next mail
            say(manner.data, 354, wait)
            say(sender, 250)
        say(rcpt, 250, wait)
    say(manner.data, 354, wait)
    for line in manner.after:
        say(line, 221 if line.upper() == "QUIT" else 250)
    return Talk(tuple(shown[:32]), tuple(replies[:32]), tuple(waits[:32]))


@lru_cache(64)
def _haste(jitter: float) -> tuple[float, ...]:
    """256 factors of a pace, log-normal with median 1."""
    spread = NormalDist(0.0, jitter)
    return tuple(exp(spread.inv_cdf((n + 0.5) / 256)) for n in range(256))


def _recipients(delivery: Delivery, guess: int, chance: random.Random) -> list[dict[str, object]]:
    found: list[dict[str, object]] = [
        {"address": one.address, "code": 250, "trap": bool(one.trap)} for one in delivery.recipients
    ]
    if guess >= 0:
        domain = delivery.recipients[0].address.rpartition("@")[2]
        local = ids.some(chance, "abcdefghijklmnopqrstuvwxyz", 3 + chance.getrandbits(2))
        found.insert(guess, {"address": f"{local}@{domain}", "code": 550, "trap": False})
    return found


def syn(manner: Manner, system: str, host: int, address: str) -> str:
    """The first packet in p0f form: the system's, with the segment size of the host's line, or the program's own."""
    text = manner.syn or SYNS.get(system) or SYNS.get(system.partition("-")[0]) or SYNS["linux"]
    if ":" in address:
        text = text.replace("4:", "6:", 1).replace(":1460:", ":1440:").replace("df,id+", "flow")
    elif host % 5 == 0 and not manner.syn:  # PPPoE
        text = text.replace(":1460:", ":1452:")
    return text


@lru_cache(256)
def replay(manner: Manner) -> dict[str, object]:
    """What ``spamworld replay`` needs to speak so; ``{}`` in a command stands for the name or address."""
    end = manner.after[0].upper() if manner.after else "drop"
    return {
        "verb": manner.hello[:4],
        "lower": manner.mail[:4] == "mail",
        "space": ": " in manner.mail,
        "bare": manner.bare,
        "ahead": manner.ahead,
        "size": manner.size,
        "quit": end if end in ("QUIT", "RSET", "drop") else "QUIT",
        "commands": {
            "hello": manner.hello,
            "before": list(manner.before),
            "mail": manner.mail + (f" BODY={manner.body}" if manner.body else ""),
            "rcpt": manner.rcpt,
            "data": manner.data,
            "after": list(manner.after),
        },
    }
