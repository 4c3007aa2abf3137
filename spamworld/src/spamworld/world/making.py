"""From a drawn row to a delivery: to whom, in whose name, by which strategy, over which machines."""

from __future__ import annotations

import math
import random
from bisect import bisect
from functools import lru_cache

from spamworld.plan import Machine, Recipient, Step
from spamworld.streams import quick
from spamworld.world.addresses import WORDS, confirmed, dotted, rdns, six
from spamworld.world.facts import Campaign, Intake, Network
from spamworld.world.people import person, word
from spamworld.world.setting import Setting

SECOND = 1_000_000
UNITS = {"bot": 0, "worm": 100, "proxy": 101, "relay": 102, "webmail": 103, "esp": 104, "cms": 105, "auth": 106,
         "r1": 107, "series": 108, "backscatter": 110, "typo": 111, "good": 112, "displaced": 128,
         "snowshoe": 192}  # fmt: skip
BRANDS = ("bank", "payments", "post", "cloud", "stream", "tax", "shop", "travel")


def unit(kind: str, number: int) -> int:
    """The number of a unit of mail: a botnet, an outfit, all proxies, ..."""
    return UNITS[kind] + number


class Maker:
    """Pools of names that nobody draws alone, and the parts of which deliveries are made."""

    def __init__(self, setting: Setting) -> None:
        self.s = setting
        q = quick(setting.seed, "pools")
        self.innocents = setting.servers.people
        self.invented = [
            (n, f"{local}@{word(q, 3)}{q.randrange(100)}.example") for n, local in (person(q) for _ in range(4000))
        ]
        self.words = [word(q, q.randrange(2, 5)) for _ in range(2000)]
        self.hosts = [
            f"{q.choice(('pc', 'home', 'user', 'desktop', 'office'))}-{q.getrandbits(24):06x}" for _ in range(4000)
        ]
        self.pull = [list(map(float, x)) for x in setting.boxes.pull]
        self.tilts = {one: setting.tilt(one) for one in setting.campaigns}
        self.relays = [o.server.address for o in setting.servers.companies]
        self.domains = {o.domain for o in setting.servers.everyone}
        self.off = setting.effects.off
        self.engine = {b.id: b for b in setting.nets}

    def machine(
        self, host: int, value: int, network: Network, name: str, software: str, skew: int, system: str
    ) -> Machine:
        """A customer's machine at the address it has now."""
        return Machine(
            host,
            dotted(value),
            rdns(network, value),
            confirmed(network, value),
            name,
            software,
            skew,
            network.asn,
            network.country,
            system,
        )

    def machine6(self, host: int, network: Network, day: int, software: str, skew: int, system: str) -> Machine:
        """The same over IPv6, where addresses have no names."""
        return Machine(
            host,
            six(network, host, day, self.s.plan.key),
            "",
            False,
            self.hosts[host % 4000],
            software,
            skew,
            network.asn,
            network.country,
            system,
        )

    def target(self, trap: int, box: int, to_box: bool, u: float, v: float) -> tuple[Intake, tuple[Recipient, ...]]:
        """Where a junk mail goes: a person, or one to ten addresses of one trap domain."""
        boxes = self.s.boxes
        if to_box:
            found = boxes.mailboxes[box]
            return found, (Recipient(found.name),)
        pairs, pull = boxes.pairs[trap], self.pull[trap]
        address, kind = pairs[bisect(pull, u * pull[-1])]
        out = [Recipient(address, kind)]
        many = self.s.p.traps.many
        if v < many:
            for n in range(1 + int(v / many * 9)):
                address, kind = pairs[bisect(pull, (u * 7919.0 + 0.61803 * (n + 1)) % 1.0 * pull[-1])]
                if all(r.address != address for r in out):
                    out.append(Recipient(address, kind))
        return boxes.traps[trap], tuple(out)

    def open(self, intake: Intake, at: int) -> bool:
        """Whether the intake takes mail at that instant."""
        return at >= intake.start and not any(a <= at < b for a, b in self.off.get(intake.name, ()))

    def strategy(self, campaign: int, u: float) -> str:
        """The strategy of forgery of one mail, by the liking of its campaign."""
        names, total = self.tilts[campaign]
        return names[min(bisect(total, u), len(names) - 1)]

    def author(self, campaign: Campaign, u: float, v: float) -> tuple[str, str]:
        """The name and address in From: a stranger's, an invented one, or that of the firm it claims to be."""
        if campaign.category in ("phish", "malware") and v < 0.7:
            brand = f"{BRANDS[campaign.id % len(BRANDS)]}{campaign.id % 23 + 1}"
            return brand.title(), f"{WORDS[int(u * 20)]}@{brand}.example"
        if campaign.boxes and v < 0.7:
            box = campaign.boxes[0]
            return box.partition("@")[0].title(), box
        pool = self.innocents if v < 0.4 else self.invented
        return pool[int(u * len(pool))]

    def has_policy(self, author: str) -> bool:
        """Whether an author's domain is somebody's, who says by SPF from where it sends."""
        return author.partition("@")[2] in self.domains

    def innocent(self, strategy: str, u: float) -> str:
        """Whose address a forged line shows: real mail servers for chains, a victim's line for fake webmail."""
        if strategy in ("F3", "F4", "F7", "F8"):
            return self.relays[int(u * len(self.relays))]
        if strategy == "F6":
            return dotted(self.victim(u))
        return ""

    def victim(self, u: float) -> int:
        """The address of somebody's line, as a number."""
        return _victim(self.s, int(u * 100_000))

    def helo(self, style: str, machine: Machine, host: int, intake: Intake, author: str, u: float) -> str:
        """How a bot greets."""
        match style:
            case "rdns":
                return machine.rdns or f"[{machine.address}]"
            case "literal":
                return f"[{machine.address}]" if ":" not in machine.address else f"[IPv6:{machine.address}]"
            case "word":
                return self.words[int(u * 2000)]
            case "target":
                return intake.relays[0].name.partition(".")[2]
            case "address":
                return machine.address
            case "author":
                return author.partition("@")[2]
            case "local":
                return "localhost"
            case _:
                return self.hosts[host % 4000]

    def hop(
        self,
        sender: Machine,
        receiver: Machine,
        at: int,
        u: float,
        protocol: str = "",
        helo: str = "",
        user: str = "",
        writes: bool = True,
    ) -> Step:
        """A hand-over between servers, encrypted as often as the era has it."""
        if not protocol:
            protocol = "ESMTPS" if u < self.s.era.tls else "ESMTP"
        return Step(
            sender,
            receiver,
            at,
            protocol,
            helo or sender.name,
            1024 + int(u * 9973 % 1 * 64000),
            "TLSv1.2" if "S" in protocol[5:] and self.s.variant == "modern" else "TLSv1" if "S" in protocol[5:] else "",
            user,
            writes,
        )

    def wait(self, u: float) -> int:
        """How long a mail stays at a hop, microseconds: seconds, sometimes hours."""
        if u < self.s.p.good.queued:
            return int(60 * SECOND * math.exp(u / self.s.p.good.queued * 5.0))
        return int(SECOND * (0.3 - 2.0 * math.log(u)))


@lru_cache(maxsize=200_000)
def _victim(setting: Setting, n: int) -> int:
    q = random.Random(n * 31 + setting.seed)  # noqa: S311 - chance for a simulation
    access = setting.networks[int(q.random() ** 2 * 400)]
    prefix = access.prefixes[q.randrange(len(access.prefixes))]
    return prefix.base + prefix.size // 2 + q.randrange(1, max(2, prefix.size // 2 - 1))
