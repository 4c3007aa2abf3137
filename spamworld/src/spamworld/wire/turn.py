"""One server's turn at one mail: what it knows when it writes its trace line, and the habits it keeps for life."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from spamworld import streams
from spamworld.plan import Machine, Step
from spamworld.wire import clock, engines

# (value of the field, address of the peer that it shows), top first: some servers write more than one line
Written = list[tuple[str, str]]
Grammar = Callable[["Turn"], Written]
Releases = tuple[tuple[int, str], ...]


class Habits(NamedTuple):
    """What a server does alike in every line."""

    place: str  # of its clock: a country, or UTC
    age: float  # 0 keeps software as new as can be, 1 never updates
    bits: int  # 64 random bits for choices of a grammar's own
    pid: int
    inode: int


@lru_cache(65536)
def habits(seed: int, host: int, country: str, name: str) -> Habits:
    """Of one host, for the whole world. Half of all servers keep UTC."""
    bits = streams.number(seed, "habits", host, name)
    place = clock.UTC if bits & 1 else country
    return Habits(place, (bits >> 8 & 1023) / 1024, bits >> 64, bits >> 32 & 0x3FFF, bits >> 46 & 0x3FFFF)


@lru_cache(65536)
def release(releases: Releases, year: int, age: float) -> str:
    """The version that a host of this ``age`` runs in ``year``: of those out by then, mostly a late one."""
    out = [version for since, version in releases if since <= year] or [releases[0][1]]
    return out[-1 - int(min(len(out), 5) * age * age)]


def _encrypted(protocol: str) -> str:
    """The keyword that says TLS too (RFC 3848)."""
    return {"SMTP": "ESMTPS", "ESMTP": "ESMTPS", "ESMTPA": "ESMTPSA"}.get(protocol, protocol)


class Turn:
    """A hand-over as its receiver writes about it. ``at`` is the receiver's clock, wrong as it may be."""

    __slots__ = (
        "at", "bits", "by", "chance", "clock", "envelope_from", "habits", "helo", "ip", "name", "place", "protocol",
        "step", "tls", "to", "user", "verified",
    )  # fmt: skip

    def __init__(self, step: Step, seed: int, chance: random.Random, envelope_from: str = "", to: str = "") -> None:
        receiver = step.receiver
        self.step = step
        self.at = step.at + receiver.skew
        self.clock = self.at  # what ids are made from; a forger may have copied one from another time
        self.habits = habits(seed, receiver.id, receiver.country, receiver.name)
        self.place = self.habits.place
        self.bits = self.habits.bits
        self.chance = chance
        self.envelope_from = envelope_from
        self.to = to  # "" where there are several
        sender = step.sender
        self.ip = sender.address
        self.name = sender.rdns  # as looked up
        self.verified = sender.confirmed and bool(sender.rdns)
        self.helo = step.helo or sender.name
        self.by = receiver.name
        self.protocol = _encrypted(step.protocol) if step.tls else step.protocol
        self.tls = step.tls and engines.tls_version(sender.software, step.tls)
        self.user = step.user

    @property
    def literal(self) -> str:
        """The peer's address as RFC 5321 section 4.1.3 has it inside the brackets."""
        return f"IPv6:{self.ip}" if ":" in self.ip else self.ip

    @property
    def pid(self) -> int:
        """Of the process that took this mail."""
        return 500 + (self.habits.pid + self.clock // 700_000) % 31000

    @property
    def domain(self) -> str:
        """The receiver's domain: its name without the host."""
        _, _, rest = self.by.partition(".")
        return rest if "." in rest else self.by

    @property
    def auth(self) -> bool:
        return self.protocol.endswith("A")

    def release(self, releases: Releases) -> str:
        """The version of the software this host runs."""
        return release(releases, clock.local(self.at, clock.UTC)[0], self.habits.age)

    def date(self, head: int = 0, comment: bool = False) -> str:
        return clock.written(self.at, self.place, head, comment)


def machine(
    address: str, name: str = "", rdns: str = "", software: str = "", skew: int = 0, country: str = "US", host: int = 0
) -> Machine:
    """A machine nobody has: an inner server of a provider, or one that a forger makes up."""
    return Machine(host, address, rdns, bool(rdns), name, software, skew, 0, country, "")
