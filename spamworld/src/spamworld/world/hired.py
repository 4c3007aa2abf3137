"""A day of junk by other means: proxies, relays, hacked sites, accounts, rented relays, snowshoe ranges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from spamworld.plan import Delivery, Machine, Step
from spamworld.streams import quick
from spamworld.world.addresses import dotted
from spamworld.world.facts import DAY, Campaign
from spamworld.world.making import Maker, unit
from spamworld.world.setting import Setting
from spamworld.world.units import Units


class Hired(Units):
    """Plans that junk for any day."""

    def __init__(self, setting: Setting, maker: Maker) -> None:
        super().__init__(setting, maker)
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

    def misused(self, kind: str, day: int) -> list[Delivery]:
        """Mails through open proxies, open relays and hacked web sites."""
        s, m = self.s, self.m
        pool = [x for x in s.misused[kind] if x.start < s.start + (day + 1) * DAY and x.end > s.start + day * DAY]
        weights = np.cumsum([x.weight for x in pool])
        out = []
        for number, at, one, trap, box, u in self._columns(kind, day, s.rates[kind, 0][day], unit(kind, 0), (kind, 0)):
            if not pool:
                continue
            x = pool[min(int(np.searchsorted(weights, u[3] * weights[-1])), len(pool) - 1)]
            if not x.start <= at < x.end:
                at = max(x.start, s.start + day * DAY) + int(
                    u[12] * (min(x.end, s.start + (day + 1) * DAY) - max(x.start, s.start + day * DAY))
                )
            home = s.networks[x.network]
            controller = self._vps(x.id % 97)
            if kind == "proxy":
                machine = m.machine(
                    x.id, x.address, home, m.hosts[x.id % 4000], f"engine-{1 + x.id % 3}", 0, "windows-xp"
                )
                made = self._finish(
                    number,
                    at,
                    one,
                    trap,
                    box,
                    u,
                    (),
                    machine,
                    "proxy",
                    m.words[x.id % 2000],
                    True,
                    behind=controller.address,
                )
            elif kind == "relay":
                name = f"mail{x.id % 5000}.{home.domain}"
                machine = m.machine(
                    x.id, x.address, home, name, ("sendmail", "exchange", "postfix")[x.id % 3], 0, "linux-24"
                )
                step = Step(
                    controller, machine, at - m.wait(u[6]), "SMTP", m.words[x.id % 2000], 1025 + int(u[4] * 60000)
                )
                made = self._finish(
                    number, at, one, trap, box, u, (step,), machine, "relay", forge=True, engine="engine-2"
                )
            else:
                name = f"web{x.id % 5000}.{home.domain}"
                machine = m.machine(
                    x.id, x.address, home, name, ("exim", "postfix")[x.id % 2], 0, self.s.era.server_system
                )
                site = f"{m.words[x.id % 2000]}.example"
                step = Step(machine, machine, at - m.wait(u[6]), "local", "", user="www-data")
                script = f"{site}/images/{m.words[x.id * 7 % 2000]}.php" if u[12] < s.p.sources.php_header else ""
                made = self._finish(
                    number,
                    at,
                    one,
                    trap,
                    box,
                    u,
                    (step,),
                    machine,
                    "account",
                    engine="php",
                    account=f"{home.domain}/{site}",
                    script=script,
                    envelope_from=f"www-data@{name}",
                )
            if made is not None:
                out.append(made)
        return out

    def accounts(self, kind: str, day: int) -> list[Delivery]:
        """Mails through made-up or hijacked accounts: webmail, mass mailers' customers, SMTP log-ins."""
        s, m = self.s, self.m
        t0 = s.start + day * DAY
        pool = [a for a in s.accounts[kind] if a.start < t0 + DAY and a.end > t0]
        weights = np.cumsum([a.weight for a in pool])
        places = {"webmail": s.servers.webmail, "esp": s.servers.esps, "auth": s.servers.companies}[kind]
        out = []
        for number, at, one, trap, box, u in self._columns(kind, day, s.rates[kind, 0][day], unit(kind, 0), (kind, 0)):
            if not pool:
                continue
            a = pool[min(int(np.searchsorted(weights, u[3] * weights[-1])), len(pool) - 1)]
            if not a.start <= at < a.end:
                at = max(a.start, t0) + int(u[12] * (min(a.end, t0 + DAY) - max(a.start, t0)))
            place = places[a.organisation]
            client = self._client(a.client, at)
            user = f"{a.user}@{place.domain}"
            truth: dict[str, Any] = {
                "account": f"{place.domain}/{a.user}",
                "envelope_from": user,
                "author": user,
                "author_name": a.user.title(),
                "signed": ((place.domain, place.selector),),
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
        bots = self.s.bots[1 + n % len(self.s.nets)]
        i = np.array([n % bots.size])
        k, _, _ = self.s.plan.lease(bots.id[i], bots.network[i], np.array([at]), np.minimum(bots.birth[i], at))
        value = int(self.s.plan.address(bots.id[i], bots.network[i], k)[0])
        return self.m.machine(
            int(bots.id[i][0]),
            value,
            self.s.networks[int(bots.network[i][0])],
            self.m.hosts[n % 4000],
            "engine-4",
            int(bots.skew[i][0]),
            bots.systems[int(bots.system[i][0])],
        )

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
        rate = s.rates["snowshoe", number][day]
        for mail, at, one, trap, box, u in self._columns(
            "snowshoe", day, rate, unit("snowshoe", number), ("snowshoe", number)
        ):
            if not outfit.start <= at < outfit.end:
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
                signed=((domain, "k1"),),
                spf="pass",
            )
            if made is not None:
                out.append(made)
        return out
