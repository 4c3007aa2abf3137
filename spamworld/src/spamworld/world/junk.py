"""A day of botnets' mail: every bot by its own clock, for the tenant who rents it, at the address it has then."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spamworld.plan import Delivery, Machine, Step
from spamworld.streams import stream
from spamworld.world.chance import pick
from spamworld.world.facts import DAY, Botnet, Campaign
from spamworld.world.making import Maker, unit
from spamworld.world.setting import Setting
from spamworld.world.units import DRAWS, Units


class Junk(Units):
    """Plans the mail of all botnets on any day."""

    def __init__(self, setting: Setting, maker: Maker) -> None:
        super().__init__(setting, maker)
        self.smart = {
            n.index: setting.servers.relays[i]
            for i, n in enumerate([n for n in setting.networks if n.role == "access"][: len(setting.servers.relays)])
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
        k, _, _ = s.plan.lease(bots.id[chosen], network, at)
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
        """One mail of a bot, None where it does not get out; half of the length is the fields of a delivery."""
        s, m, p = self.s, self.m, self.s.p
        to_box = u[0] < p.campaigns.mailbox_share
        intake, recipients = m.target(trap, box, to_box, u[1], u[2])
        if not m.open(intake, at):
            return None
        if worm:  # it writes in the name of somebody in the owner's address book
            friend = machine.id * 31 + int(u[8] * p.victims.worm_contacts)
            name, author = m.innocents[friend % len(m.innocents)]
        else:
            name, author = m.author(one, u[8], u[9])
        over = None
        if to_box and u[5] > 1.0 - p.sources.smart_forward / p.campaigns.mailbox_share:
            over = s.servers.forwarders[box % len(s.servers.forwarders)]
        relay = over.server if over else self.smart.get(home) if u[5] < p.botnets.smart_host else None
        if s.networks[home].port25 == "blocked":  # nothing gets out but through the provider's relay
            over, relay = None, self.smart.get(home)
            if relay is None:
                return None
        helo = m.helo(net.helo, machine, machine.id, intake, author, u[3])
        protocol, port = "ESMTP" if net.id % 2 else "SMTP", 1025 + int(u[4] * 60000)
        own = intake.relays[0]
        path: tuple[Step, ...] = (Step(machine, own, at, protocol, helo, port),)
        if relay is not None:
            path = (Step(machine, relay, at - m.wait(u[6]), protocol, helo, port), m.hop(relay, own, at, u[4]))
        strategy = m.strategy(one.id, u[7])
        innocent = m.innocent(strategy, u[8])
        sender = author
        if over is not None and over.srs:
            local, _, domain = author.partition("@")
            sender = f"SRS0={int(u[8] * 1e6):x}=aa={domain}={local}@{over.domain}"
        return Delivery(
            id=number,
            at=at,
            intake=intake.name,
            kind="junk",
            category=one.category,
            path=path,
            recipients=recipients,
            envelope_from=sender,
            author=author,
            author_name=name,
            strategy=strategy,
            campaign=one.id,
            version=self._version(one, at),
            spammer=one.spammer,
            botnet=net.id,
            engine=net.engine,
            class_="bot",
            innocent=innocent,
            language=one.language,
            origin=innocent if strategy == "F6" else "",
            mangled=self._mangled(u[10]),
            spf="pass" if over is not None and over.srs else "softfail" if m.has_policy(author) else "none",
            forwarder=over.domain if over else "",
            srs=over is not None and over.srs,
            arc=over.key * over.arc if over is not None else 0,
            moved="from-junk" if to_box and u[12] < p.good.moved else "",
        )
