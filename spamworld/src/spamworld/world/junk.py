"""A day of junk: bots first, then proxies, relays, hijacked accounts, snowshoe outfits and controllers behind relays."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from spamworld.plan import Delivery, Machine, Step
from spamworld.streams import quick, stream
from spamworld.world.addresses import dotted
from spamworld.world.chance import Longs, pick
from spamworld.world.facts import DAY, Botnet, Campaign
from spamworld.world.making import Maker, unit
from spamworld.world.setting import Setting

DRAWS = 12  # uniforms that a mail may use


class Junk:
    """Plans the junk of any day; each unit of mail draws from a stream of its own for each day."""

    def __init__(self, setting: Setting, maker: Maker) -> None:
        self.s, self.m = setting, maker
        self.smart = {
            n.index: setting.servers.relays[i]
            for i, n in enumerate([n for n in setting.networks if n.role == "access"][: len(setting.servers.relays)])
        }
        self.controllers = {
            one.id: self._controller(one)
            for one in setting.campaigns.values()
            if any(c.kind == "r1" for c in one.channels)
        }

    def day(self, day: int) -> Iterator[list[Delivery]]:
        """The deliveries of one day, unit by unit, in no order."""
        for net in self.s.nets:
            yield self.bots(net, day, self.s.rates["bot", net.id][day], unit("bot", net.id))
        for event, lost, share in self.s.effects.displaced(self.s.start + day * DAY):
            to = [b for b in self.s.nets if b.id not in event.botnets] or self.s.nets
            net = to[lost % len(to)]
            rate = self.s.rates["bot", lost][day] * share
            yield self.bots(net, day, rate, unit("displaced", lost), renters=lost)
        yield self.bots(self.s.nets[0], day, self.s.rates["worm", 0][day], unit("worm", 0), worm=True)
        for kind in ("proxy", "relay", "cms"):
            yield self.misused(kind, day)
        for kind in ("webmail", "esp", "auth"):
            yield self.accounts(kind, day)
        yield self.rented(day)
        for outfit in self.s.outfits:
            yield self.snowshoe(outfit.id, day)

    def _plan(
        self,
        key: tuple[str, int],
        day: int,
        draws: np.random.Generator,
        n: int,
        sliced: Longs | None = None,
    ) -> tuple[list[Campaign], Longs, Longs, Longs]:
        """A campaign for each mail, and the part of the day in which it is sent."""
        numbers, first, last, weight = self.s.channels[key]
        lo = np.maximum(first, self.s.start + day * DAY)
        hi = np.minimum(last, self.s.start + (day + 1) * DAY)
        which = pick(weight * np.maximum(hi - lo, 0) / DAY, draws.random(n) if sliced is None else np.asarray(sliced))
        return [self.s.campaigns[numbers[i]] for i in which.tolist()], lo[which], hi[which], which

    def bots(
        self, net: Botnet, day: int, rate: float, number: int, renters: int = 0, worm: bool = False
    ) -> list[Delivery]:
        """The mails of one botnet on one day; ``renters`` = another net whose tenants send through this one."""
        s, m = self.s, self.m
        draws = stream(s.seed, "day", number, day)
        bots, t0 = s.bots[net.id], s.start + day * DAY
        n = int(draws.poisson(rate))
        index, lo, hi = bots.live(t0)
        if not n or not index.size:
            return []
        row = pick(bots.weight[index], draws.random(n))
        chosen = index[row]
        at = bots.times(draws, chosen, lo[row], hi[row], t0)
        tenant = np.where(bots.shared[chosen], draws.random(n), bots.slice[chosen])
        key = ("worm", 0) if worm else ("bot", renters or net.id)
        found, first, last, _ = self._plan(key, day, draws, n, tenant)
        lo2, hi2 = np.maximum(lo[row], first), np.minimum(hi[row], last)
        spread = lo2 + (draws.random(n) * (hi2 - lo2)).astype(np.int64)
        at = np.where((at >= lo2) & (at < hi2), at, spread)
        keep = (hi2 > lo2) & (draws.random(n) < s.effects.botnet(net.id, at))
        network = bots.network[chosen]
        k, _, _ = s.plan.lease(bots.id[chosen], network, at, bots.birth[chosen])
        value = s.plan.address(bots.id[chosen], network, k)
        trap = pick(s.boxes.trap_weight, draws.random(n)).tolist()
        box = pick(s.boxes.box_weight, draws.random(n)).tolist()
        uniform = draws.random((n, DRAWS)).tolist()
        ids, skews, systems = bots.id[chosen].tolist(), bots.skew[chosen].tolist(), bots.system[chosen].tolist()
        networks, values, times, ok = network.tolist(), value.tolist(), at.tolist(), keep.tolist()
        out: list[Delivery] = []
        base = day << 40 | number << 24
        for i in range(n):
            if not ok[i]:
                continue
            one, u, home = found[i], uniform[i], s.networks[networks[i]]
            if s.effects.ramps and u[11] > s.effects.ramp(home.country, times[i]):
                continue
            if self._stopped(one, times[i]):
                continue
            host = ids[i]
            system = bots.systems[systems[i]]
            if home.prefix6 and u[10] < s.era.ipv6_bots:
                machine = m.machine6(host, home, day, net.engine, skews[i], system)
            else:
                machine = m.machine(host, values[i], home, m.hosts[host % 4000], net.engine, skews[i], system)
            made = self._bot_mail(base | i, times[i], machine, net, one, trap[i], box[i], u, home.index, worm)
            if made is not None:
                out.append(made)
        return out

    def _bot_mail(
        self,
        number: int,
        at: int,
        machine: Machine,
        net: Botnet,
        one: Campaign,
        trap: int,
        box: int,
        u: list[float],
        home: int,
        worm: bool,
    ) -> Delivery | None:
        s, m, p = self.s, self.m, self.s.p
        to_box = u[0] < p.campaigns.mailbox_share
        intake, recipients = m.target(trap, box, to_box, u[1], u[2])
        if not m.open(intake, at):
            return None
        helo = m.helo(net.helo, machine, machine.id, intake, u[3])
        protocol = "ESMTP" if net.id % 2 else "SMTP"
        port = 1025 + int(u[4] * 60000)
        relay, forwarder, final = None, "", machine
        path: tuple[Step, ...]
        srs = arc = False
        if u[5] < p.botnets.smart_host and home in self.smart:
            relay = self.smart[home]
        elif to_box and u[5] > 1.0 - p.sources.smart_forward / p.campaigns.mailbox_share:
            organisation = s.servers.forwarders[box % len(s.servers.forwarders)]
            relay, forwarder, srs, arc = organisation.server, organisation.domain, organisation.srs, organisation.arc
        if relay is not None:
            before = at - m.wait(u[6])
            path = (Step(machine, relay, before, protocol, helo, port), m.hop(relay, intake.relays[0], at, u[4]))
            final = relay
        else:
            path = (Step(machine, intake.relays[0], at, protocol, helo, port),)
        strategy = m.strategy(one.id, u[7])
        if worm:  # it writes in the name of somebody in the owner's address book
            name, author = m.innocents[(machine.id * 31 + int(u[8] * p.victims.worm_contacts)) % len(m.innocents)]
        else:
            name, author = m.author(one, u[8], u[9])
        innocent = m.innocent(strategy, u[8])
        sender = (
            author
            if not forwarder or not srs
            else f"SRS0={int(u[8] * 1e6):x}=aa={author.partition('@')[2]}={author.partition('@')[0]}@{forwarder}"
        )
        del final
        return Delivery(
            number,
            at,
            intake.name,
            "junk",
            one.category,
            path,
            recipients,
            sender,
            author,
            name,
            strategy,
            one.id,
            self._version(one, at),
            one.spammer,
            net.id,
            net.engine,
            "",
            "bot",
            innocent,
            one.language,
            innocent if strategy == "F6" else "",
            mangled=self._mangled(u[10]),
            spf="none" if u[9] > 0.4 else "fail",
            forwarder=forwarder,
            srs=srs,
            arc=arc,
        )

    def _mangled(self, u: float) -> str:
        share = self.s.p.strategies.mangled
        return "" if u < 1.0 - share else ("stripped" if u < 1.0 - share / 2 else "inline")

    def _version(self, one: Campaign, at: int) -> int:
        for version in one.versions:
            if at < version.end:
                return version.number
        return one.versions[-1].number

    def _stopped(self, one: Campaign, at: int) -> bool:
        """Whether its spammer had been arrested by then."""
        gone = self.s.effects.gone(one.spammer)
        return gone is not None and at >= gone.at

    def _columns(
        self,
        kind: str,
        day: int,
        rate: float,
        number: int,
        key: tuple[str, int],
    ) -> Iterator[tuple[int, int, Campaign, int, int, list[float]]]:
        """Rows of a unit without bots: (id, at, campaign, trap, box, uniforms)."""
        s = self.s
        if key not in s.channels:
            return
        draws = stream(s.seed, "day", number, day)
        n = int(draws.poisson(rate))
        if not n:
            return
        found, lo, hi, _ = self._plan(key, day, draws, n)
        at = (lo + draws.random(n) * np.maximum(hi - lo, 1)).astype(np.int64).tolist()
        trap = pick(s.boxes.trap_weight, draws.random(n)).tolist()
        box = pick(s.boxes.box_weight, draws.random(n)).tolist()
        uniform = draws.random((n, DRAWS + 3)).tolist()
        alive = (hi > lo).tolist()
        base = day << 40 | number << 24
        for i in range(n):
            if alive[i] and not self._stopped(found[i], at[i]):
                yield base | i, at[i], found[i], trap[i], box[i], uniform[i]

    def _finish(
        self,
        number: int,
        at: int,
        one: Campaign,
        trap: int,
        box: int,
        u: list[float],
        head: tuple[Step, ...],
        last: Machine,
        class_: str,
        helo: str = "",
        forge: bool = False,
        **truth: object,
    ) -> Delivery | None:
        """A delivery whose last hand-over is by ``last``, after the steps of ``head``."""
        m = self.m
        intake, recipients = m.target(trap, box, u[0] < self.s.p.campaigns.mailbox_share, u[1], u[2])
        if not m.open(intake, at):
            return None
        strategy = m.strategy(one.id, u[7]) if forge else "F0"
        name, author = m.author(one, u[8], u[9])
        innocent = m.innocent(strategy, u[8])
        hop = m.hop(last, intake.relays[0], at, u[4], helo=helo)
        fields: dict[str, object] = {
            "strategy": strategy,
            "author": author,
            "author_name": name,
            "envelope_from": author,
            "engine": last.software,
            "origin": innocent if strategy == "F6" else "",
            "mangled": self._mangled(u[10]),
            "spf": "none",
        } | truth
        return Delivery(
            id=number,
            at=at,
            intake=intake.name,
            kind="junk",
            category=one.category,
            path=(*head, hop),
            recipients=recipients,
            campaign=one.id,
            version=self._version(one, at),
            spammer=one.spammer,
            class_=class_,
            innocent=innocent,
            language=one.language,
            **fields,
        )  # type: ignore[arg-type]

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
                machine = m.machine(x.id, x.address, home, name, ("exim", "postfix")[x.id % 2], 0, "linux-5")
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

    def _vps(self, n: int) -> Machine:
        """A hired machine from which things are driven."""
        home = self.s.networks[self.s.hosters[n % len(self.s.hosters)].network]
        prefix = home.prefixes[n % len(home.prefixes)]
        return self.m.machine(
            (60 << 32) + n,
            prefix.base + prefix.size // 2 + 5 + n % 200,
            home,
            self.m.words[n],
            "engine-4",
            0,
            "linux-5",
        )

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
            truth: dict[str, object] = {
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
                "linux-5",
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
                engine="mailer-1",
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
                "linux-5",
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
                engine="mailer-2",
                signed=((domain, "k1"),),
                spf="pass",
            )
            if made is not None:
                out.append(made)
        return out
