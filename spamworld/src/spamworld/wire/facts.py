"""What a session showed, as Junkhound's JSON lines name it, and how its program spoke (docs/specs/jsonl.md).

Fields beyond that form (``dialect``, ``command_us``, ``replies``, ``syn``, ``manners``, ``manner``) are passed over by
readers that do not know them.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from spamworld.plan import Delivery
from spamworld.streams import number, quick
from spamworld.wire import engines, ids
from spamworld.wire.manners import CLIENTS, HELLOS, HIGHEST, SYNS, Manner
from spamworld.wire.tls import NUMBERS, agreed

EARLY, AHEAD, BARE = 1, 2, 4
_ALIASES = {"esp-1": "ses", "esp-2": "sendgrid", "esp-3": "mailgun", "esp-4": "powermta", "outlook": "microsoft-365",
            "exchange-2000": "exchange-old", "exchange-2003": "exchange-old", "exchange-5.5": "exchange-old", "smtpsvc": "exchange-old",
            "hotmail": "exchange-old"}  # fmt: skip
_NEVER_TLS = frozenset(("exchange-old", "qmail"))


class Said(NamedTuple):
    """One command of a client: microseconds it waited, the line without its end, the code it heard."""

    wait_us: int
    line: str
    code: int


def manner_of(software: str) -> Manner:
    """How a machine with this software speaks."""
    engine = engines.of(software)
    if engine is not None:
        return engine.manner
    name = _ALIASES.get(software, software)
    found = CLIENTS.get(name) or CLIENTS.get(name.partition("-")[0])
    return found or CLIENTS["postfix"]


def session(delivery: Delivery, seed: int) -> dict[str, object]:
    """The facts of the session in which the intake's own server took this mail."""
    chance = quick(seed, "session", delivery.id)
    last = delivery.path[-1]
    sender, receiver = last.sender, last.receiver
    manner = manner_of(sender.software)
    said, recipients = script(delivery, manner, chance)
    facts: dict[str, object] = {
        "client": sender.address,
        "client_port": last.port or 1024 + chance.randrange(64000),
        "local": receiver.address,
        "local_port": 25,
        "helo": last.helo or sender.name,
        "mail_from": delivery.envelope_from,
        "rcpt": recipients,
        "received_at": delivery.at + receiver.skew,
        "arrival": f"{number(seed, 'arrival', delivery.id) >> 64:016x}",
        "protocol": ("E" if manner.hello[:4].upper() == "EHLO" else "") + ("SMTPS" if last.tls else "SMTP"),
        "dialect": [shown(one.line) for one in said[:32]],
        "command_us": [one.wait_us for one in said[:32]],
        "replies": [220, *(one.code for one in said[:31])],
        "syn": syn(manner, sender.system, sender.id, sender.address),
        "manners": EARLY * manner.early | AHEAD * (manner.ahead and manner.hello[0] == "H") | BARE * manner.bare,
        "manner": replay(manner),
    }
    if sender.confirmed and sender.rdns:
        facts["client_name"] = sender.rdns
    if last.tls:
        library = manner.hello_tls or "openssl-1.0"
        version = _lower(last.tls, HIGHEST[library])
        facts["protocol"] = "ESMTPS"
        facts["tls_version"] = NUMBERS.get(version, 0x0303)
        facts["tls_cipher"] = agreed(version, sender.id)[0]
        facts["client_hello"] = HELLOS[library]
    return facts


def _lower(one: str, other: str) -> str:
    return one if NUMBERS.get(one, 0x0303) <= NUMBERS[other] else other


def script(delivery: Delivery, manner: Manner, chance: random.Random) -> tuple[list[Said], list[dict[str, object]]]:
    """Every command from greeting to goodbye, and the recipients with their codes.

    States: greeted, (TLS), (logging in), sender, recipients, mail, end. A guess at a recipient who is not there is
    refused with 550, and the program does what it does then.
    """
    last = delivery.path[-1]
    name = last.helo or last.sender.name
    said: list[Said] = []

    def say(line: str, code: int, wait: int = manner.pace_us) -> None:
        said.append(Said(max(200, int(wait * chance.lognormvariate(0.0, manner.jitter))), line, code))

    hello = manner.hello.format(name)
    if last.tls and hello[:4] == "HELO":
        hello = "EHLO" + hello[4:]
    say(hello, 250, 300 if manner.early else manner.greet_us)
    if last.tls:
        say("STARTTLS", 220)
        say(hello, 250, manner.pace_us * 3)
    if manner.auth and chance.random() < manner.auth:
        say(manner.auth_line, 502)
    for line in manner.before:
        say(line, 250)
    wait = 100 if manner.ahead else manner.pace_us
    esmtp = hello[:4].upper() == "EHLO"
    size = f" SIZE={chance.randrange(900, 60000)}" if manner.size and esmtp else ""
    body = f" BODY={manner.body}" if manner.body and esmtp else ""
    say(manner.mail.format(delivery.envelope_from) + size + body, 250)
    recipients: list[dict[str, object]] = []
    guess = manner.guesses and chance.random() < manner.guesses
    place = chance.randrange(len(delivery.recipients) + 1) if guess else -1
    for n, one in enumerate(delivery.recipients):
        if n == place and not _guess(delivery, manner, chance, say, recipients, wait):
            break
        if n and n % manner.rcpts == 0:  # no more in one transaction: the rest belongs to the next mail of the session
            say(manner.data, 354, wait)
            say(manner.mail.format(delivery.envelope_from) + size + body, 250)
        say(manner.rcpt.format(one.address), 250, wait)
        recipients.append({"address": one.address, "code": 250, "trap": bool(one.trap)})
    say(manner.data, 354, wait)
    for line in manner.after:
        say(line, 221 if line.upper() == "QUIT" else 250)
    return said, recipients


def _guess(
    delivery: Delivery,
    manner: Manner,
    chance: random.Random,
    say: object,
    recipients: list[dict[str, object]],
    wait: int,
) -> bool:
    """A recipient who is not there; False where the refusal ends the list of recipients."""
    assert callable(say)
    domain = delivery.recipients[0].address.rpartition("@")[2]
    address = f"{ids.some(chance, 'abcdefghijklmnopqrstuvwxyz', 3 + chance.getrandbits(2))}@{domain}"
    for _ in range(2 if manner.after_5xx == "again" else 1):
        say(manner.rcpt.format(address), 550, wait)
    recipients.append({"address": address, "code": 550, "trap": False})
    return True


def shown(line: str) -> str:
    """A command without what it is about: addresses, names, secrets and sizes taken out, case and blanks kept."""
    verb = line[:4].upper()
    if verb in ("MAIL", "RCPT"):
        head, colon, rest = line.partition(":")
        blanks = rest[: len(rest) - len(rest.lstrip())]
        path, _, params = rest.lstrip().partition(" ")
        kept = (
            " ".join(p if p.startswith("BODY=") else p.partition("=")[0] + "=" * ("=" in p) for p in params.split(" "))
            if params
            else ""
        )
        return head + colon + blanks + ("<>" if path.startswith("<") else "") + (f" {kept}" if kept else "")
    if verb in ("EHLO", "HELO"):
        return f"{line[:4]} [*]" if line[5:6] == "[" else f"{line[:4]} *"
    if verb == "AUTH":
        return " ".join(line.split(" ")[:2])
    return line


def syn(manner: Manner, system: str, host: int, address: str) -> str:
    """The first packet in p0f form: the system's, with the segment size of the host's line, or the program's own."""
    text = manner.syn or SYNS.get(system) or SYNS.get(system.partition("-")[0]) or SYNS["linux"]
    if ":" in address:
        text = text.replace("4:", "6:", 1).replace(":1460:", ":1440:").replace("df,id+", "flow")
    elif host % 5 == 0 and not manner.syn:  # PPPoE
        text = text.replace(":1460:", ":1452:")
    return text


def replay(manner: Manner) -> dict[str, object]:
    """What ``spamworld replay`` needs to speak so."""
    end = manner.after[0].upper() if manner.after else "drop"
    return {
        "verb": manner.hello[:4],
        "lower": manner.mail[:4] == "mail",
        "space": ": " in manner.mail,
        "bare": manner.bare,
        "ahead": manner.ahead,
        "size": manner.size,
        "quit": end if end in ("QUIT", "RSET") else "QUIT",
    } | ({"quit": "drop"} if end == "drop" else {})
