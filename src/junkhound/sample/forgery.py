"""What senders write into their own headers to put the blame on somebody else."""

from __future__ import annotations

from junkhound.sample.dice import LOWER, Dice
from junkhound.sample.mtas import Handover, Peer, Server, date, received

# Machines that never sent a junk mail: whoever is named here by a forged line must stay off every list.
INNOCENT = (
    Server("mail.otterham-uni.example", "192.0.2.45", "postfix"),
    Server("out3.parcelpost.example", "198.51.100.203", "exim"),
    Server("lists.openlists.example", "203.0.113.200", "postfix"),
    Server("mx.saltby-council.example", "192.0.2.100", "sendmail"),
    Server("gw.foundry-row.example", "203.0.113.215", "exchange"),
)


def write(kind: str, dice: Dice, at: float, helo: str, border: str, rcpt: str) -> list[str]:
    """The forged fields, top first, as the sender would have us read them."""
    return _KINDS[kind](dice, at, helo, border, rcpt)


def _none(dice: Dice, at: float, helo: str, border: str, rcpt: str) -> list[str]:
    return []


def _random(dice: Dice, at: float, helo: str, border: str, rcpt: str) -> list[str]:
    """One made-up hop, its id of no server's form."""
    private = f"10.{dice.below(256)}.{dice.below(256)}.{dice.between(1, 254)}"
    ip = dice.one((private, private, f"198.51.100.{dice.between(240, 254)}", dice.one(INNOCENT).ip))
    stamp = date(at - dice.between(60, 4000), dice.one((0, 180, -300)))
    return [f"Received: from {dice.word(7)} ([{ip}]) by {helo} with SMTP id {dice.word(9, LOWER)}; {stamp}\n"]


def _own_mx(dice: Dice, at: float, helo: str, border: str, rcpt: str) -> list[str]:
    """A line that our own border never wrote, with an innocent as its client."""
    victim = dice.one(INNOCENT)
    stamp = date(at - dice.between(5, 90), 0, "0")
    queue_id = dice.word(10, "0123456789ABCDEF")
    return [
        f"Received: from {victim.name} ({victim.name} [{victim.ip}])\n"
        f"\tby {border} (Postfix) with ESMTP id {queue_id}\n"
        f"\tfor <{rcpt}>; {stamp}\n"
    ]


def _chain(dice: Dice, at: float, helo: str, border: str, rcpt: str) -> list[str]:
    """A chain that agrees with itself and ends at the name given in HELO."""
    path = dice.some(INNOCENT, dice.between(1, 3))
    lines, writer, when = [], Server(helo.strip("[]"), "192.0.2.1", "postfix_short"), at - dice.between(10, 60)
    for client in path:
        peer = Peer(client.ip, client.name, client.name)
        lines.append(received(Handover(writer, peer, when, f"{dice.word(5)}@{client.name}", rcpt), dice))
        writer, when = client, when - dice.between(2, 300)
    return lines


def _pasted(dice: Dice, at: float, helo: str, border: str, rcpt: str) -> list[str]:
    """A genuine chain of another mail: its ids and dates are weeks or years old."""
    return _chain(dice, at - dice.between(20, 500) * 86_400, helo, border, rcpt)


def _impossible(dice: Dice, at: float, helo: str, border: str, rcpt: str) -> list[str]:
    year = dice.between(1995, 1999)
    ip = f"{dice.between(256, 999)}.{dice.below(256)}.{dice.below(300)}.1"
    return [
        f"Received: from {dice.word(6)}.bigmail.example ([{ip}])\n"
        f"\tby {helo} (8.8.5/8.6.5) with SMTP id {dice.word(3, LOWER.upper())}0{dice.between(1000, 9999)}\n"
        f"\tfor <{rcpt}>; Wed, 31 Dec {year} 24:61:00 -0600 (EST)\n"
    ]


def _padding(dice: Dice, at: float, helo: str, border: str, rcpt: str) -> list[str]:
    lines: list[str] = []
    for step in range(dice.between(15, 40)):
        lines += _random(dice, at - step * 30, helo, border, rcpt)
    return lines


def _webmail(dice: Dice, at: float, helo: str, border: str, rcpt: str) -> list[str]:
    """A submission by web that never was, blamed on an innocent."""
    victim = dice.one(INNOCENT)
    stamp = date(at - 20, -480, name=True)
    return [
        f"Received: from [{victim.ip}] by web{dice.between(2, 60)}.bigmail.example via HTTP; {stamp}\n",
        f"X-Originating-IP: [{victim.ip}]\n",
    ]


_KINDS = {
    "none": _none, "random": _random, "own-mx": _own_mx, "chain": _chain, "pasted": _pasted, "impossible": _impossible,
    "padding": _padding, "webmail": _webmail,
}  # fmt: skip
