"""Builds ``stacks.jsonl``: honest borders in many grammars over every way to forge what stands below.

    python tests/trace/stacks.py > tests/trace/stacks.jsonl

F0 to F9 and R1 are the strategies of the simulated world. The source is 198.51.100.x, relays are in 192.0.2.0/24,
and 203.0.113.0/24 holds the innocent whom a forger names.
"""

# ruff: noqa: E501  lines as programs write them
from __future__ import annotations

import json
import random
from collections.abc import Callable

MX = "mx.example.org"
EPOCH = "Mon, 6 Jan 2025 10:{:02}:{:02} +0000"


def at(minute: int, second: int = 5) -> str:
    return EPOCH.format(minute, second)


BORDERS: dict[str, Callable[[str, str], str]] = {
    "postfix": lambda ip, helo: f"from {helo} (unknown [{ip}])\n\tby {MX} (Postfix) with ESMTP id 4YRV6C1R3Kz3w\n\tfor <trap@example.org>; {at(30)}",
    "postfix-tls": lambda ip, helo: f"from {helo} (pc.example.net [{ip}])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\n\t(No client certificate requested)\n\tby {MX} (Postfix) with ESMTPS id 4YRV6C1R3Kz3w; {at(30)}",
    "sendmail": lambda ip, helo: f"from {helo} (pc.example.net [{ip}] (may be forged))\n\tby {MX} (8.14.4/8.14.4) with ESMTP id 506AU5vW007847; {at(30)}",
    "exim": lambda ip, helo: f"from [{ip}] (helo={helo})\n\tby {MX} with esmtp (Exim 4.96)\n\tid 1tUkPB-000001-2B\n\tfor trap@example.org; {at(30)}",
    "qmail": lambda ip, helo: f"from unknown (HELO {helo}) ({ip})\n  by {MX} with SMTP; {at(30)}",
    "exchange": lambda ip, helo: f"from {helo} ({ip}) by {MX}\n (192.0.2.1) with Microsoft SMTP Server id 15.1.2507.6; {at(30)}",
    "ironport": lambda ip, helo: f"from pc.example.net (HELO {helo}) ([{ip}])\n  by {MX} with ESMTP/TLS/DHE-RSA-AES256-GCM-SHA384; {at(30)}",
    "communigate": lambda ip, helo: f"from [{ip}] (HELO {helo}) by {MX} (CommuniGate Pro SMTP 6.1.2) with ESMTP id 77; {at(30)}",
    "mdaemon": lambda ip, helo: f"from {helo} ([{ip}]) by {MX} (MDaemon PRO v12.5.4) with ESMTP id md50001.msg; {at(30)}",
    "opensmtpd": lambda ip, helo: f"from {helo} (pc.example.net [{ip}])\n\tby {MX} (OpenSMTPD) with ESMTP id 1a2b3c4d; {at(30)}",
    "haraka": lambda ip, helo: f"from {helo} (pc.example.net [{ip}])\n\tby {MX} (Haraka/2.8.28) with ESMTP id 0A1B-1.1\n\tenvelope-from <b@example.net>; {at(30)}",
    "courier": lambda ip, helo: f"from {helo} ([::ffff:{ip}])\n\tby {MX} with ESMTP\n\tid 00000000000B1C2D.00005E0F.1ABC; {at(30)}",
    "domino": lambda ip, helo: f"from {helo} ([{ip}])\n  by {MX} (Lotus Domino Release 8.5.3) with ESMTP id 20250106-1 ; {at(30)}",
    "proofpoint": lambda ip, helo: f"from {helo} (pc.example.net [{ip}])\n\tby {MX} (PPS) with ESMTPS id 3xyz-1\n\t(version=TLSv1.2 cipher=ECDHE bits=256 verify=NOT); {at(30)}",
    "plain": lambda ip, helo: f"from {helo} (pc.example.net [{ip}]) by {MX} (Program 1.2) with ESMTP id 77; {at(30)}",
}  # fmt: skip
ABOVE = (
    "",
    f"Received: from {MX} [192.0.2.1]\n\tby localhost with IMAP (fetchmail-6.4.2)\n\tfor <me@localhost> (single-drop); {at(33)}\n",
    f"Received: from {MX} (unknown [192.0.2.1])\n\tby inner.example.org (Postfix) with ESMTP id 4YRV7D1R3Kz3w; {at(31)}\n",
    f"Received: from localhost (localhost [127.0.0.1])\n\tby {MX} (Postfix) with ESMTP id 4YRV7C1R3Kz3w; {at(31)}\n",
)  # fmt: skip


def line(by: str, helo: str, ip: str, date: str, id: str = "4YRV611R3Kz3w") -> str:
    return f"Received: from {helo} ({helo} [{ip}])\n\tby {by} (Postfix) with ESMTP id {id}; {date}\n"


def below(strategy: str, helo: str, ip: str, dice: random.Random) -> str:
    """The lines that the one who connected typed, or, for R1, that his relay wrote."""
    victim = f"203.0.113.{dice.randrange(1, 255)}"
    if strategy == "F0":
        return ""
    if strategy == "F1":
        return line(f"relay{dice.randrange(99)}.example.com", "victim.example.com", victim, at(28))
    if strategy == "F2":
        forms = (
            f"from victim.example.com ([{victim}])\n\tby {MX} (Postfix) with SMTP id {dice.randrange(10**6):x}; {at(29)}",
            f"from victim.example.com (victim.example.com [{victim}])\n\tby {MX} (8.9.3/8.9.3) with ESMTP id KAA01234; {at(29)}",
            f"from victim.example.com (192.0.2.1 [{victim}]) by {MX} with ESMTP; {at(29)}",
        )  # fmt: skip
        return f"Received: {dice.choice(forms)}\n"
    if strategy in ("F3", "F8"):
        lines, writer = "", helo
        for step in range(dice.randrange(1, 5)):
            name = f"mail{step}.example.com"
            lines += line(writer, name, f"203.0.113.{10 + step}", at(29 - step))
            writer = name
        return lines
    if strategy == "F4":
        return (
            f"Received: from lists.example.com (lists.example.com [{victim}])\n\tby old.example.net (8.11.6/8.11.6) with ESMTP id "
            "g7MBkTZ05087\n\tfor <someone@example.net>; Thu, 22 Aug 2002 12:46:29 +0100\n"
            + line("lists.example.com", "author.example.com", "203.0.113.77", "Thu, 22 Aug 2002 12:45:00 +0100", "7A9CC3B8C4")
        )  # fmt: skip
    if strategy == "F5":
        bad = dice.choice(["300.1.1.1", "203.0.113.999", "0.0.0.0", "255.255.255.255", "224.1.2.3"])
        return f"Received: from unknown (HELO victim.example.com) ({bad})\n  by {helo} with SMTP; {at(29)}\n"
    if strategy == "F6":
        return (
            f"Received: from {victim} by webmail.example.com with HTTP; {at(29)}\nX-Originating-IP: [{victim}]\n"
            f"X-Sender-IP: {victim}\n"
        )
    if strategy == "F7":
        return line(
            helo, "victim.example.com", victim, at(29), dice.choice(["3YRV611R3Kz3w", "4ZZZ611R3Kz3w", "3N0V611R3Kz3w"])
        )
    if strategy == "F9":
        return "".join(
            line(f"h{n}.example.com", f"h{n + 1}.example.com", f"203.0.113.{n % 250 + 1}", at(29 - n % 25))
            for n in range(dice.randrange(20, 60))
        )
    return line(helo, "controller.example.net", "198.51.100.200", at(29, 58))  # R1: true, and fresh


def cases() -> list[dict[str, str]]:
    """All stacks: every strategy on every border, what stands above in turn."""
    dice = random.Random(20250106)
    found = []
    for number, strategy in enumerate([*(f"F{n}" for n in range(10)), "R1"]):
        for place, (border, write) in enumerate(BORDERS.items()):
            ip = f"198.51.100.{10 + place}"
            helo = dice.choice(["pc.example.net", "friend", f"[203.0.113.{place}]", MX, "mail.example.com"])
            if strategy in ("F3", "F7", "F8", "R1"):
                helo = f"out{place}.example.net"
            text = ABOVE[(number + place) % len(ABOVE)] + f"Received: {write(ip, helo)}\n"
            text += below(strategy, helo, ip, dice)
            found.append({"case": f"{strategy}-{border}", "source": ip, "header": text})
    return found


if __name__ == "__main__":
    for case in cases():
        print(json.dumps(case))
