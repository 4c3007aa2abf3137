"""What a machine calls itself in HELO, by the habit of its program."""

from __future__ import annotations

import random

from spamworld.plan import Machine
from spamworld.wire import engines, ids
from spamworld.wire.header import computer


def helo(machine: Machine, chance: random.Random, author: str = "", recipient: str = "", form: str = "") -> str:
    """The name for HELO.

    Args:
        form: rdns, literal, word, computer (host), target, author, local, address, own; by default that of the engine.
        author, recipient: domains, for programs that borrow one.
    """
    if not form:
        engine = engines.of(machine.software)
        form = engine.helo if engine else "own"
    match form:
        case "literal":
            return f"[IPv6:{machine.address}]" if ":" in machine.address else f"[{machine.address}]"
        case "address":
            return machine.address
        case "word":
            return ids.some(chance, "abcdefghijklmnopqrstuvwxyz", 5 + chance.getrandbits(2))
        case "computer" | "host":
            return computer(machine.id)
        case "target":
            return recipient or "localhost"
        case "author" | "forged":
            return author or "localhost"
        case "local":
            return "localhost"
        case "rdns":
            return machine.rdns or computer(machine.id)
    return machine.name
