"""A day of junk by other means: proxies, relays, hacked sites, accounts, rented relays, snowshoe ranges."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np

from spamworld.plan import Delivery, Machine, Recipient, Step
from spamworld.streams import quick
from spamworld.world import registry
from spamworld.world.actors import Misused
from spamworld.world.addresses import dotted
from spamworld.world.facts import DAY, Campaign, Network
from spamworld.world.making import Maker, unit
from spamworld.world.setting import Setting
from spamworld.world.units import Units

Drawn = tuple[int, int, Campaign, int, int, list[float]]
"""What a unit drew for one mail: id, instant, campaign, trap, box, uniforms."""


class Hired(Units):
    """Plans that junk for any day."""

    def __init__(self, setting: Setting, maker: Maker) -> None:
        super().__init__(setting, maker)
        self._clients: dict[tuple[int, int], Machine] = {}
        self._pools = {kind: _by_day(found, setting) for kind, found in (setting.misused | setting.accounts).items()}
        self.controllers = {
            one.id: self._controller(one)
            for one in setting.campaigns.values()
            if any(c.kind == "r1" for c in one.channels)
        }

    def day(self, day: int) -> Iterator[list[Delivery]]:
        """The deliveries of one day, unit by unit, in no order."""
        for kind in ("proxy", "relay", "cms"):
            yield self.misused(kind, day)
        for kind in ("webmail", "esp", "auth"):
            yield self.accounts(kind, day)
        yield self.rented(day)
        for outfit in self.s.outfits:
            yield self.snowshoe(outfit.id, day)
        yield self.series(day)

    def misused(self, kind: str, day: int) -> list[Delivery]:
        """Mails through open proxies, open relays and hacked web sites."""
        s = self.s
        pool, weights = self._pools[kind][day]
        make = {"proxy": self._proxy, "relay": self._relay, "cms": self._site}[kind]
        out = []
        for mail in self._columns(kind, day, s.rates[kind, 0][day], unit(kind, 0), (kind, 0)):
            x = _at(pool, weights, mail[5][3], mail[1])
            made = None if x is None else make(x, s.networks[x.network], mail)
            if made is not None:
                out.append(made)
        return out

    def _proxy(self, x: Misused, home: Network, mail: Drawn) -> Delivery | None:
        """Through an open proxy: nothing says who stands behind it."""
        m, engine = self.m, f"engine-{1 + x.id % 3}"
        machine = m.machine(x.id, x.address, home, m.hosts[x.id % 4000], engine, 0, "windows-xp")
        name, behind = m.words[x.id % 2000], self._vps(x.id % 97).address
        return self._finish(*mail, (), machine, "proxy", name, True, behind=behind)

    def _relay(self, x: Misused, home: Network, mail: Drawn) -> Delivery | None:
        """Through an open relay, which writes a line about the machine before it."""
        _, at, _, _, _, u = mail
        m, software = self.m, ("sendmail", "exchange", "postfix")[x.id % 3]
        machine = m.machine(x.id, x.address, home, f"mail{x.id % 5000}.{home.domain}", software, 0, "linux-24")
        before, helo = self._vps(x.id % 97), m.words[x.id % 2000]
        step = Step(before, machine, at - m.wait(u[6]), "SMTP", helo, 1025 + int(u[4] * 60000))
        return self._finish(*mail, (step,), machine, "relay", forge=True, engine="engine-2")

    def _site(self, x: Misused, home: Network, mail: Drawn) -> Delivery | None:
        """By a script on a hacked web site."""
        _, at, _, _, _, u = mail
        m, s, name = self.m, self.s, f"web{x.id % 5000}.{home.domain}"
        machine = m.machine(x.id, x.address, home, name, ("exim", "postfix")[x.id % 2], 0, s.era.server_system)
        site = f"{m.words[x.id % 2000]}.example"
        step = Step(machine, machine, at - m.wait(u[6]), "local", "", user="www-data")
        script = f"{site}/images/{m.words[x.id * 7 % 2000]}.php" if u[12] < s.p.sources.php_header else ""
        return self._finish(
            *mail, (step,), machine, "account", engine="php", account=f"{home.domain}/{site}", script=script,
            envelope_from=f"www-data@{name}", spf="none",
        )  # fmt: skip

    def accounts(self, kind: str, day: int) -> list[Delivery]:
        """Mails through made-up or hijacked accounts: webmail, mass mailers' customers, SMTP log-ins."""
        s, m = self.s, self.m
        pool, weights = self._pools[kind][day]
        places = {"webmail": s.servers.webmail, "esp": s.servers.esps, "auth": s.servers.companies}[kind]
        out = []
        for number, at, one, trap, box, u in self._columns(kind, day, s.rates[kind, 0][day], unit(kind, 0), (kind, 0)):
            a = _at(pool, weights, u[3], at)
            if a is None:
                continue
            place = places[a.organisation]
            client = self._client(a.client, at)
            user = f"{a.user}@{place.domain}"
            truth: dict[str, Any] = {
                "account": f"{place.domain}/{a.user}",
                "envelope_from": user,
                "author": user,
                "author_name": a.user.title(),
                "signed": ((place.domain, place.selector, place.key),),
                "spf": "pass",
            }
            before = at - m.wait(u[6])
            if kind == "auth":
                step = Step(
                    client,
                    place.server,
                    before,
                    "ESMTPSA" if s.variant == "modern" else "ESMTPA",
                    m.words[a.client % 2000],
                    1025 + int(u[4] * 60000),
                    "TLSv1.2" if s.variant == "modern" else "",
                    user,
                )
                if not place.signs:
                    truth["signed"] = ()
                made = self._finish(number, at, one, trap, box, u, (step,), place.server, "account", **truth)
            else:
                farms = s.servers.farms[a.organisation + (len(s.servers.webmail) if kind == "esp" else 0)]
                server = farms[int(u[12] * len(farms))]
                head: tuple[Step, ...] = ()
                if kind == "webmail" and place.origin:
                    head = (Step(client, server, before, "HTTP", "", user=user),)
                    truth["origin"] = client.address
                else:
                    truth["behind"] = client.address
                made = self._finish(
                    number, at, one, trap, box, u, head, server, "webmail" if kind == "webmail" else "bulk", **truth
                )
            if made is not None:
                out.append(made)
        return out

    def _client(self, n: int, at: int) -> Machine:
        """The machine from which an account is used: a bot's line, or a hired host."""
        if n % 3 == 0:
            return self._vps(n % 97)
        hour = at // 3_600_000_000
        found = self._clients.get((n, hour))
        if found is None:
            if len(self._clients) > 5000:
                self._clients.clear()
            found = self._clients[n, hour] = self._bot(n, hour * 3_600_000_000)
        return found

    def _bot(self, n: int, at: int) -> Machine:
        s = self.s
        bots = s.bots[1 + n % len(s.nets)]
        i = n % bots.size
        host, network = bots.id[i : i + 1], bots.network[i : i + 1]
        k, _, _ = s.plan.lease(host, network, np.array([at]))
        value = int(s.plan.address(host, network, k)[0])
        system = bots.systems[int(bots.system[i])]
        home = s.networks[int(network[0])]
        return self.m.machine(int(host[0]), value, home, self.m.hosts[n % 4000], "engine-4", int(bots.skew[i]), system)

    def _controller(self, one: Campaign) -> tuple[Machine, list[Machine]]:
        """R1: one host, and the relays it rents in many networks."""
        q = quick(self.s.seed, "rented", one.id)
        p = self.s.p.strategies
        relays = []
        for n in range(q.randrange(p.rented_low, p.rented_high + 1)):
            name = f"info.{self.m.words[(one.id * 31 + n) % 2000]}{n}.example"
            home = [x for x in self.s.networks if x.role == "hosting"][q.randrange(40)]
            prefix = home.prefixes[q.randrange(len(home.prefixes))]
            machine = self.m.machine(
                (61 << 32) + one.id * 64 + n,
                prefix.base + prefix.size // 2 + 300 + q.randrange(100),
                home,
                name,
                q.choice(("postfix", "exim")),
                0,
                self.s.era.server_system,
            )
            relays.append(msgspec.structs.replace(machine, rdns=name, confirmed=True))
        return self._vps(200 + one.id), relays

    def rented(self, day: int) -> list[Delivery]:
        """R1: a controller behind rented relays; the lower line is genuine."""
        s, m = self.s, self.m
        out = []
        for number, at, one, trap, box, u in self._columns("r1", day, s.rates["r1", 0][day], unit("r1", 0), ("r1", 0)):
            controller, relays = self.controllers[one.id]
            if s.cut(s.by_asn[controller.asn].index, at):
                continue
            relay = relays[int(u[3] * len(relays))]
            step = m.hop(controller, relay, at - m.wait(u[6]), u[5], "ESMTP")
            sender = f"bounce@{relay.name.partition('.')[2]}"
            made = self._finish(
                number,
                at,
                one,
                trap,
                box,
                u,
                (step,),
                relay,
                "controller",
                strategy="R1",
                engine="powermta",
                envelope_from=sender,
                spf="pass",
            )
            if made is not None:
                out.append(made)
        return out

    def snowshoe(self, number: int, day: int) -> list[Delivery]:
        """Mails of one outfit: a few from each of its addresses, all names in order."""
        s, m = self.s, self.m
        outfit = s.outfits[number - 1]
        life = int(s.p.sources.snowshoe_domain_d * DAY)
        home = s.networks[outfit.network]
        out = []
        rate, large = s.rates["snowshoe", number][day], s.era.dkim_large > 0
        for mail, at, one, trap, box, u in self._columns(
            "snowshoe", day, rate, unit("snowshoe", number), ("snowshoe", number)
        ):
            if not outfit.start <= at < outfit.end or s.cut(outfit.network, at):
                continue
            place = int(u[3] * len(outfit.addresses))
            value = outfit.addresses[place]
            domain, _, _ = outfit.domain(value, at, life)
            name = f"mta{place:03d}.{domain}"
            machine = Machine(
                (62 << 32) + number * 4096 + place,
                dotted(value),
                name,
                True,
                name,
                "postfix",
                0,
                home.asn,
                home.country,
                self.s.era.server_system,
            )
            author = f"{('news', 'offers', 'info', 'deals')[place % 4]}@{domain}"
            made = self._finish(
                mail,
                at,
                one,
                trap,
                box,
                u,
                (),
                machine,
                "own",
                author=author,
                author_name=m.words[place].title(),
                envelope_from=f"bounce-{int(u[12] * 1e6)}@{domain}",
                engine="bulk",
                signed=((domain, registry.SNOWSHOE, registry.outfit_key(number, large)),),
                spf="pass",
            )
            if made is not None:
                out.append(made)
        return out

    def machines(self) -> Iterator[tuple[Machine, str]]:
        """Hired machines and the domains they send for, "" for none: what name servers know of them."""
        seen = set()
        for controller, relays in self.controllers.values():
            for machine, domain in [(controller, ""), *((r, r.name.partition(".")[2]) for r in relays)]:
                if machine.id not in seen:
                    seen.add(machine.id)
                    yield machine, domain
        for n in range(97):
            yield self._vps(n), ""
        for n in range(self.s.tier.series):
            machine, domain = self._writer(n)
            yield machine, domain

    def _writer(self, n: int) -> tuple[Machine, str]:
        """The machine and the domain of a targeted series."""
        one = self.s.tier.campaigns + n + 1
        domain = f"{self.m.words[one * 3 % 2000]}-{self.m.words[one * 7 % 2000]}.example"
        name = f"mail.{domain}"
        return msgspec.structs.replace(
            self._vps(400 + n), name=name, rdns=name, confirmed=True, software="postfix"
        ), domain

    def series(self, day: int) -> list[Delivery]:
        """Mails that one actor writes to one person, from a hired machine with a domain of its own."""
        s, m = self.s, self.m
        out = []
        number = unit("series", 0)
        for n in range(s.tier.series):
            one = s.campaigns[s.tier.campaigns + n + 1]
            q = quick(s.seed, "series", n, "mails")
            box = q.randrange(len(s.boxes.mailboxes))
            intake = s.boxes.mailboxes[box]
            machine, domain = self._writer(n)
            name, author = f"{m.words[one.id % 2000].title()} Accounts", f"accounts@{domain}"
            for k in range(max(3, int(q.gauss(s.p.victims.series_mails, 2)))):
                at = one.start + int(q.random() * (one.end - one.start))
                if not s.start + day * DAY <= at < s.start + (day + 1) * DAY or self._stopped(one, at):
                    continue
                path = (m.hop(machine, intake.relays[0], at, q.random()),)
                made = Delivery(
                    id=day << 40 | number << 24 | n << 8 | k,
                    at=at,
                    intake=intake.name,
                    kind="junk",
                    category=one.category,
                    path=path,
                    recipients=(Recipient(intake.name),),
                    envelope_from=author,
                    author=author,
                    author_name=name,
                    strategy="F0",
                    campaign=one.id,
                    version=self._version(one, at),
                    spammer=one.spammer,
                    class_="own",
                    engine="thunderbird",
                    language=one.language,
                    spf="pass",
                    series=n + 1,
                )
                out.append(made)
        return out


Pool = tuple[list[Any], list[float]]  # what is misused on a day, with cumulated weights


def _by_day(found: Sequence[Any], setting: Setting) -> list[Pool]:
    """For each day of the run, what is misused on it."""
    days: list[list[Any]] = [[] for _ in range(setting.days)]
    for one in found:
        first = max(0, (one.start - setting.start) // DAY)
        last = min(setting.days - 1, (min(one.end, setting.end) - 1 - setting.start) // DAY)
        for day in range(first, last + 1):
            days[day].append(one)
    return [(day, list(accumulate(one.weight for one in day))) for day in days]


def _at(pool: Sequence[Any], weights: Sequence[float], u: float, at: int) -> Any:
    """One of the pool by weight, or the next that is misused at that instant; None where there is none."""
    first = bisect(weights, u * weights[-1]) if weights else 0
    for n in range(len(pool)):
        one = pool[(first + n) % len(pool)]
        if one.start <= at < one.end:
            return one
    return None
