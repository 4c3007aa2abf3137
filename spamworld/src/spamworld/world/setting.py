"""Everything that exists before the first mail: networks, actors, servers, boxes, campaigns and events of one world."""

from __future__ import annotations

import datetime as dt

import msgspec
import numpy as np

from spamworld import parameters
from spamworld.streams import quick
from spamworld.world import actors, campaigns, events, people, servers, space
from spamworld.world.addresses import Plan, dotted
from spamworld.world.chance import Floats
from spamworld.world.facts import DAY, Campaign, Spammer
from spamworld.world.population import Population


class Setting:
    """The world without its mail. ``without`` names an event that is left out; everything drawn is else the same."""

    def __init__(self, seed: int, tier: str, variant: str, without: str | None) -> None:
        p = self.p = parameters.load()
        self.seed, self.name, self.variant, self.without = seed, tier, variant, without
        self.tier, self.era = p.tier[tier], p.variant[variant]
        self.days = self.tier.days
        self.start = int(dt.datetime.fromisoformat(self.era.start).replace(tzinfo=dt.UTC).timestamp()) * 1_000_000
        self.end = self.start + self.days * DAY
        self.evaluation = evaluation = seed >= p.table.evaluation_from
        self.mix = p.strategies.evaluation if evaluation else p.strategies.tuning
        self.networks = space.networks(seed, p, self.tier, self.era.ipv6, self.start)
        self.plan = Plan(seed, p, self.networks)
        self.servers = servers.Servers(seed, p, self.tier, variant, self.networks)
        self._actors()
        self._events()
        self.boxes = people.Boxes(seed, p, self.tier, self.servers.intakes, self.start, self.effects.all, self.feed)
        self._campaigns()
        self._volumes()

    def _actors(self) -> None:
        seed, p, tier = self.seed, self.p, self.tier
        self.nets = actors.botnets(seed, p, tier, self.evaluation)
        self.senders = actors.spammers(seed, p, tier, self.era.categories, tier.botnets)
        self.hosters = actors.hosters(seed, p, tier, self.networks)
        for hoster in self.hosters:
            if hoster.own:
                home = self.networks[hoster.network]
                self.networks[hoster.network] = msgspec.structs.replace(home, role="bulletproof", provider="deaf")
        self.tenants = actors.tenants(seed, p, self.hosters, len(self.senders), self.start, self.days)
        self.by_asn = {n.asn: n for n in self.networks}
        self._neighbours()
        self._controllers()
        self.outfits = actors.snowshoes(seed, p, tier, self.networks, self.senders, self.hosters, self.start, self.days)
        life = {"proxy": p.sources.proxy_life_d, "relay": p.sources.proxy_life_d * 4, "cms": p.sources.cms_life_d}
        count = {"proxy": tier.proxies, "relay": max(6, tier.proxies // 4), "cms": tier.cms}
        self.misused = {
            kind: actors.misused(seed, p, kind, count[kind], self.networks, self.start, self.days, life[kind])
            for kind in life
        }
        homes = {
            "webmail": len(self.servers.webmail),
            "esp": len(self.servers.esps),
            "auth": len(self.servers.companies),
        }
        self.accounts = {
            kind: actors.accounts(
                seed, p, kind, tier.accounts // (1 if kind == "auth" else 2), n, self.start, self.days
            )
            for kind, n in homes.items()
        }
        junk = tier.mails * (1.0 - tier.good)
        busy = junk / self.days * self.era.channels["bot"] / p.botnets.mails_per_bot_day
        self.bots = {
            b.id: Population(seed, p, self.networks, b.id, busy * b.share, self.start, self.end, self.era.systems)
            for b in self.nets
        }

    def _controllers(self) -> None:
        """Where botnets are driven from, and where advertised sites stand: half of them at bulletproof hosters."""
        q = quick(self.seed, "sites")
        blocks = [b for h in self.hosters for b in h.blocks]
        good = [x for n in self.networks if n.role == "hosting" for x in n.prefixes]
        self.sites = []
        for _ in range(500):
            block = q.choice(blocks if q.random() < 0.5 else good)
            self.sites.append(block.base + block.size // 2 + q.randrange(block.size // 2 - 1))
        for place, net in enumerate(self.nets):
            block = self.hosters[net.hoster - 1].blocks[0]
            held = tuple(dotted(block.base + block.size // 2 + 2 + 3 * net.id + n) for n in range(2))
            self.nets[place] = msgspec.structs.replace(net, controllers=held)

    def _neighbours(self) -> None:
        """The innocent customers of bulletproof hosters: companies whose mail server happens to stand there."""
        last = {t.customer: t for t in self.tenants if not t.spammer}
        for n, tenant in enumerate(last.values()):
            block = tenant.block.partition("/")[0].rpartition(".")
            address = f"{block[0]}.{int(block[2]) + 3}"
            self.servers.move(len(self.servers.companies) // 2 + n, self.networks[tenant.network], address)

    def cut(self, network: int, at: int) -> bool:
        """Whether a bulletproof hoster's network was cut off the Internet at that instant."""
        return any(first <= at < last for first, last in self._cut.get(network, ()))

    def _events(self) -> None:
        domains = [m.name.partition(".")[2] for m in self.servers.intakes[: self.tier.traps]]
        self.feed = domains[-1]
        found = events.events(
            self.seed,
            self.p,
            self.tier,
            self.nets,
            self.senders,
            self.networks,
            domains,
            self.era.channels["bot"],
            self.start,
        )
        self.known = [e.id for e in found]
        self.events = [e for e in found if e.id != self.without]
        self.effects = events.Effects(self.events)
        self._cut: dict[int, list[tuple[int, int]]] = {}
        for event in self.events:
            if event.hoster and self.hosters[event.hoster - 1].own:
                spell = (event.at, event.at + int(self.p.events.cut_d * DAY))
                self._cut.setdefault(self.hosters[event.hoster - 1].network, []).append(spell)

    def _campaigns(self) -> None:
        found = campaigns.campaigns(
            self.seed, self.p, self.tier, self.variant, self.nets, self.senders, self.outfits, self.sites, self.start
        )
        found += campaigns.targeted(self.seed, self.p, self.tier, self.variant, self.senders, self.sites, self.start)
        laws = [e for e in self.events if e.kind == "law"]
        self.successors: dict[int, Spammer] = {}
        self.campaigns: dict[int, Campaign] = {}
        for one in found:
            gone = self.effects.gone(one.spammer)
            if gone and one.start > gone.at and not gone.size:
                made = self.successors.setdefault(
                    one.spammer,
                    actors.spammer(
                        self.seed, self.p, len(self.senders) + one.spammer, self.era.categories, len(self.nets)
                    ),
                )
                one = campaigns.after_arrest(self.seed, self.p, self.variant, one, made, self.sites)
            self.campaigns[one.id] = campaigns.under_law(self.seed, self.p, one, laws)
        for event in self.events:
            if event.kind in ("arrest", "sentence"):
                place = event.spammer - 1
                self.senders[place] = msgspec.structs.replace(self.senders[place], end=event.at)
        self._by_channel()

    def _by_channel(self) -> None:
        """For each channel, its campaigns as arrays: number, spammer, first and last instant, weight."""
        rows: dict[tuple[str, int], list[tuple[int, int, int, int, float]]] = {}
        for one in self.campaigns.values():
            for c in one.channels:
                rows.setdefault((c.kind, c.number), []).append(
                    (one.lineage or one.spammer, one.id, c.start, c.end, c.weight)
                )
        self.channels: dict[tuple[str, int], tuple[list[int], np.ndarray, np.ndarray, Floats]] = {}
        for key, found in rows.items():
            found.sort()
            self.channels[key] = (
                [f[1] for f in found],
                np.array([f[2] for f in found]),
                np.array([f[3] for f in found]),
                np.array([f[4] for f in found]),
            )

    def _volumes(self) -> None:
        """Mails of each unit on each day before events: weekly rhythm and a noise with a memory."""
        p, tier = self.p, self.tier
        first = dt.datetime.fromtimestamp(self.start / 1e6, dt.UTC).weekday()
        week = np.array([p.botnets.weekend if (first + d) % 7 >= 5 else 1.0 for d in range(self.days)])
        week /= week.mean()
        junk, good = tier.mails * (1.0 - tier.good) / self.days, tier.mails * tier.good / self.days

        def noise(name: str) -> Floats:
            return people.daily(self.seed, name, self.days, p.botnets.daily_noise, p.botnets.daily_phi)

        shares = dict(self.era.channels)
        shares["r1"] = p.strategies.rented_relays * (shares["snowshoe"] + self.era.categories.get("phish", 0.0))
        total = sum(shares.values())
        self.rates: dict[tuple[str, int], Floats] = {}
        for b in self.nets:
            self.rates["bot", b.id] = junk * shares["bot"] / total * b.share * week * noise(f"bot{b.id}")
        for kind, share in shares.items():
            if kind not in ("bot", "snowshoe"):
                self.rates[kind, 0] = junk * share / total * week * noise(kind)
        live = np.array(
            [
                [
                    max(0.0, min(o.end, self.start + (d + 1) * DAY) - max(o.start, self.start + d * DAY))
                    / DAY
                    * len(o.addresses)
                    for d in range(self.days)
                ]
                for o in self.outfits
            ]
        )
        live /= live.sum(axis=0)
        for row, outfit in zip(live, self.outfits, strict=True):
            self.rates["snowshoe", outfit.id] = junk * shares["snowshoe"] / total * week * row
        business = np.array([0.55 if (first + d) % 7 >= 5 else 1.18 for d in range(self.days)])
        self.rates["good", 0] = good * business * (1.0 - p.traps.typo_good)
        self.rates["typo", 0] = good * business * p.traps.typo_good
        self.rates["backscatter", 0] = junk * p.good.backscatter * week

    def tilt(self, campaign: int) -> tuple[list[str], list[float]]:
        """The strategies of a campaign with cumulated chance: the world's mix, with a liking of its own."""
        q = quick(self.seed, "tilt", campaign)
        shape = self.p.strategies.tilt
        weights = [w * q.gammavariate(shape, 1.0 / shape) for w in self.mix.values()]
        total, run, out = sum(weights), 0.0, []
        for weight in weights:
            run += weight / total
            out.append(run)
        return list(self.mix), out
