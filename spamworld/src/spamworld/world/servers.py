"""Mail servers that stay where they are: companies, providers, list hosts, forwarders, webmail, mass mailers."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from spamworld import signing
from spamworld.parameters import Parameters, Tier
from spamworld.plan import Machine
from spamworld.streams import number as number_of
from spamworld.streams import quick, stream
from spamworld.world.addresses import dotted
from spamworld.world.chance import Floats, Longs, pick, skews, zipf
from spamworld.world.facts import Network
from spamworld.world.people import person, word

SERVER_ID = 1 << 48


class Organisation(msgspec.Struct, frozen=True):
    """A domain that sends legitimate mail: ``server`` sends and receives for it, ``relay`` hands on if there is one."""

    domain: str
    server: Machine
    relay: Machine | None
    signs: bool  # DKIM
    srs: bool = False
    arc: bool = False
    selector: str = "s1"
    key: int = 0  # number of its signing key, see ``spamworld.signing``
    purpose: str = "company"  # company, list, forwarder, webmail, esp, cms, intake
    origin: bool = False  # webmail that writes X-Originating-IP


class Servers:
    """All of them, with the correspondents who write through them."""

    def __init__(self, seed: int, p: Parameters, tier: Tier, variant: str, networks: Sequence[Network]) -> None:
        self.seed, self.p, self.variant, self.networks = seed, p, variant, networks
        self.era = p.variant[variant]
        self.ipv6 = self.era.ipv6
        self._used: dict[int, int] = {}
        self._draws = stream(seed, "servers")
        self._quick = quick(seed, "servers", "names")
        self._count = 0
        by_role = {role: [n for n in networks if n.role == role] for role in ("access", "hosting", "enterprise")}
        self._homes = by_role
        self.relays = [self._machine("postfix", n, f"smtp.{n.domain}") for n in by_role["access"][:200]]
        self.everyone: list[Organisation] = []
        self.intakes = [
            self._organisation("intake", "hosting").server for _ in range(tier.traps + max(3, tier.mailboxes // 40))
        ]
        self.companies = [
            self._organisation("company", ("enterprise", "hosting", "access")[i % 3]) for i in range(tier.servers)
        ]
        self.lists = [self._organisation("list", "hosting") for _ in range(tier.lists)]
        self.forwarders = [self._organisation("forwarder", "hosting") for _ in range(tier.forwarders)]
        self.webmail = [self._organisation("webmail", "hosting", n) for n in range(p.sources.webmail_providers)]
        self.esps = [self._organisation("esp", "hosting", n) for n in range(p.sources.esp)]
        self.farms = [[self._sibling(o, n) for n in range(6)] for o in self.webmail + self.esps]
        self._correspondents(tier)

    def _machine(self, software: str, network: Network, name: str) -> Machine:
        self._count += 1
        place = self._used[network.index] = self._used.get(network.index, 0) + 1
        prefix = network.prefixes[(place // 200) % len(network.prefixes)]
        value = prefix.base + 2 + place % min(200, prefix.size - 4)
        named = self._quick.random()
        skew = int(skews(self._draws, 1, self.p.clocks.server_skew_s, self.p.clocks.far_off / 10)[0])
        address = dotted(value)
        if network.prefix6 and self._quick.random() < self.ipv6:
            address = f"{network.prefix6[:-4]}1::{place:x}"
        return Machine(
            SERVER_ID + self._count,
            address,
            name if named < 0.94 else "",
            named < 0.90,
            name,
            software,
            skew,
            network.asn,
            network.country,
            "windows-server"
            if software.startswith(("exchange", "smtpsvc", "domino", "mdaemon"))
            else self.era.server_system,
        )

    def _organisation(self, purpose: str, role: str, number: int = 0) -> Organisation:
        q = self._quick
        home = self._homes[role]
        network = home[int(len(home) * q.random() ** 2)] if role != "enterprise" else home[q.randrange(len(home))]
        software = q.choices(list(self.era.servers), list(self.era.servers.values()))[0]
        if purpose in ("webmail", "esp"):
            software = self.era.webmail[number] if purpose == "webmail" else f"esp-{number + 1}"
            domain = f"{'webmail' if purpose == 'webmail' else 'sender'}{number + 1}.example"
        else:
            domain = f"{word(q, 2 + q.randrange(2))}{self._count}.example"
        server = self._machine(software, network, f"{q.choice(('mail', 'mx', 'smtp', 'mx1', 'out'))}.{domain}")
        relay = self.relays[q.randrange(len(self.relays))] if q.random() < self.p.good.smart_host else None
        made = Organisation(
            domain,
            server,
            relay,
            q.random() < self.p.good.dkim,
            q.random() < self.p.good.srs,
            q.random() < self.era.arc,
            q.choice(("s1", "default", "mail", "k1")),
            signing.numbered(self._count, number_of(self.seed, "key size", domain) % 1000 < 1000 * self.era.dkim_large),
            purpose,
            purpose == "webmail" and number < self.p.sources.webmail_providers // 2,
        )
        self.everyone.append(made)
        return made

    def siblings(self, organisation: Organisation) -> list[Machine]:
        """The other servers of a large sender."""
        large = self.webmail + self.esps
        return self.farms[large.index(organisation)] if organisation in large else []

    def _sibling(self, organisation: Organisation, n: int) -> Machine:
        """One of the many servers of a large sender."""
        network = next(x for x in self.networks if x.asn == organisation.server.asn)
        return self._machine(organisation.server.software, network, f"out{n + 1}.{organisation.domain}")

    def move(self, place: int, network: Network, address: str) -> None:
        """Put a company's server elsewhere."""
        self._replace(place, address=address, asn=network.asn, country=network.country)

    def _correspondents(self, tier: Tier) -> None:
        """People who write legitimate mail: the organisation of each, and the line that each writes from."""
        n = tier.servers * self.p.good.correspondents
        draws = stream(self.seed, "correspondents")
        weight: Floats = zipf(tier.servers, self.p.good.zipf)[draws.permutation(tier.servers)]
        self.organisation_of: Longs = pick(weight, draws.random(n))
        self.volume: Floats = draws.pareto(1.5, n) + 1.0
        lines = np.array([x.subscribers if x.role == "access" else 0.0 for x in self.networks])
        self.line_of: Longs = pick(lines, draws.random(n))
        self.id_of: Longs = np.arange(n, dtype=np.int64) + (1 << 40)
        self.skew_of: Longs = skews(draws, n, self.p.clocks.skew_s, self.p.clocks.far_off)
        self._clocks()
        q = quick(self.seed, "correspondents")
        self.people = []
        for i in range(n):
            name, local = person(q)
            self.people.append((name, f"{local}@{self.companies[int(self.organisation_of[i])].domain}"))

    def _clocks(self) -> None:
        """Set the clocks of companies that keep time badly, as much of their mail as published mail shows.

        The mail of a company is known by now. Going down from the largest, each that fits is set ahead until the share
        of mail that it owes is there: a draw by company would hang on whether the largest is among them.
        """
        p, draws = self.p.clocks, stream(self.seed, "clocks")
        mail = np.bincount(self.organisation_of, self.volume, len(self.companies))
        mail = mail / mail.sum()
        owed = {1: 0.0, -1: 0.0}  # ahead; and behind, half as often, which shows as a long wait alone
        for place in np.argsort(-mail, kind="stable").tolist():
            late = p.ahead_median_m * float(np.exp(p.ahead_sigma * draws.standard_normal()))
            for sign, share in ((1, 1.0), (-1, 0.5)):
                owed[sign] += float(mail[place]) * share * self.era.back_in_time / p.two_lines
                if owed[sign] >= mail[place] > 0:
                    owed[sign] -= float(mail[place])
                    self._replace(place, skew=sign * int((p.ahead_least_m + late) * 60e6))
                    break

    def _replace(self, place: int, **changed: object) -> None:
        """Change the server of a company."""
        old = self.companies[place]
        made = msgspec.structs.replace(old, server=msgspec.structs.replace(old.server, **changed))
        self.everyone[self.everyone.index(old)] = self.companies[place] = made
