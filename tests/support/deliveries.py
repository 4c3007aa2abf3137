"""Deliveries made by hand, with documentation addresses and names only."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from spamworld.plan import Composed, Delivery, Machine, Recipient, Step

OLD, NEW = 1_170_000_000_123_456, 1_700_000_000_500_000  # January 2007, November 2023


def machine(
    host: int,
    address: str,
    name: str,
    software: str,
    rdns: str = "",
    confirmed: bool = False,
    skew: int = 0,
    country: str = "DE",
) -> Machine:
    return Machine(host, address, rdns, confirmed, name, software, skew, 64500, country, "windows-xp")


MX = machine(1, "192.0.2.25", "mx.trap.example", "postfix", "mx.trap.example", True)
BOT = machine(9, "198.51.100.7", "pc-77", "engine-1", "dsl-7.pool.isp.example", False, country="BR")
CORP = machine(5, "203.0.113.20", "mail.corp.example", "exim", "mail.corp.example", True)


def delivery(
    strategy: str = "F0",
    number: int = 7,
    at: int = OLD,
    sender: Machine = BOT,
    over: tuple[Machine, ...] = (),
    protocol: str = "ESMTP",
    helo: str = "pc-77",
    tls: str = "",
    user: str = "",
    mx: Machine = MX,
    **more: Any,
) -> Delivery:
    """A mail from ``sender`` over other servers to the trap's own."""
    chain = (sender, *over, mx)
    path = []
    for n, (one, other) in enumerate(pairwise(chain)):
        when = at - 3_000_000 * (len(chain) - 2 - n)
        if n == 0:
            path.append(Step(one, other, when, protocol, helo, 40001, tls, user))
        else:
            path.append(Step(one, other, when, "ESMTP", one.name, 40002))
    given: dict[str, Any] = {
        "campaign": 3,
        "engine": sender.software,
        "innocent": "203.0.113.9",
        "recipients": (Recipient("x@trap.example", "pristine"),),
        "author": "ann@sender.example",
    } | more
    return Delivery(
        number,
        at,
        "trap.example",
        "junk",
        "pharma",
        tuple(path),
        given.pop("recipients"),
        given.pop("envelope_from", "ann@sender.example"),
        given.pop("author"),
        "Ann",
        strategy,
        **given,
    )


COMPOSED = Composed(
    (
        ("From", b'"Ann" <ann@sender.example>'),
        ("To", b"x@trap.example"),
        ("Subject", b"cheap pills " * 9 + b"today"),
        ("MIME-Version", b"1.0"),
        ("Content-Type", b"text/plain"),
    ),
    b"hello\r\n",
    {},
)
