"""Campaigns: what is advertised, for whom, in how many versions, with which domains and keys, and by which channel."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import msgspec
import numpy as np

from spamworld.parameters import Parameters, Tier
from spamworld.streams import quick, stream
from spamworld.world.actors import Snowshoe, box, iban, phone, wallet
from spamworld.world.addresses import dotted
from spamworld.world.facts import DAY, Botnet, Campaign, Channel, Domain, Event, Spammer, Stock, Version
from spamworld.world.people import word

BY_PICTURE = {"stock", "pharma"}
NO_URL = {"stock", "advance-fee", "mule", "diploma", "sextortion"}
ATTACHMENTS = {"malware": ("zip", "doc", "iso"), "advance-fee": ("", "", "pdf"), "phish": ("", "", "", "html")}
OTHER = ("proxy", "relay", "webmail", "esp", "cms", "auth", "r1", "worm")
URLS = ("direct", "redirect", "tracker", "bare", "obfuscated")


def campaigns(
    seed: int,
    p: Parameters,
    tier: Tier,
    variant: str,
    nets: Sequence[Botnet],
    senders: Sequence[Spammer],
    outfits: Sequence[Snowshoe],
    sites: Sequence[int],
    start: int,
) -> list[Campaign]:
    """All campaigns, in order of their start, with every channel served at any time."""
    n, days, draws = tier.campaigns, tier.days, stream(seed, "campaigns")
    sigma = math.log(p.campaigns.duration_p95_d / p.campaigns.duration_median_d) / 1.6449
    last = start + days * DAY
    lengths = np.maximum(0.15, p.campaigns.duration_median_d * np.exp(sigma * draws.standard_normal(n)))
    starts = start + (np.sort(draws.random(n)) * (days + 1.0) * DAY).astype(np.int64) - DAY
    volumes = draws.pareto(p.campaigns.volume_alpha, n) + 1.0
    kinds = _channels(draws, p.variant[variant].channels, n)
    out: list[Campaign] = []
    tout = max(
        (i for i, kind in enumerate(kinds) if kind == "bot" and i < n * 0.6), default=0
    )  # where there is one only
    unserved = [b.id for b in nets]  # every botnet gets a campaign
    for i in range(n):
        first = max(start, int(starts[i]))
        end = min(last, first + int(lengths[i] * DAY))
        out.append(
            _campaign(
                seed,
                p,
                variant,
                i + 1,
                first,
                end,
                float(volumes[i]),
                kinds[i],
                nets,
                senders,
                outfits,
                sites,
                unserved.pop(0) if kinds[i] == "bot" and unserved else 0,
                i == tout if tier.touts else None,
            )
        )
    return _cover(out, start, last)


def _channels(draws: np.random.Generator, shares: dict[str, float], n: int) -> list[str]:
    """The main channel of each campaign: mostly bots, and each other kind at least twice."""
    names = list(shares)
    found = [
        names[int(i)] for i in draws.choice(len(names), n, p=np.array(list(shares.values())) / sum(shares.values()))
    ]
    rare = [k for k in (*OTHER, "snowshoe") for _ in range(2)]
    for place, kind in zip(draws.permutation(n), rare, strict=False):
        found[int(place)] = kind
    return found


def _campaign(
    seed: int,
    p: Parameters,
    variant: str,
    number: int,
    start: int,
    end: int,
    volume: float,
    channel: str,
    nets: Sequence[Botnet],
    senders: Sequence[Spammer],
    outfits: Sequence[Snowshoe],
    sites: Sequence[int],
    forced: int = 0,
    touts: bool | None = None,
) -> Campaign:
    q = quick(seed, "campaign", number)
    categories = p.variant[variant].categories
    category = "malware" if channel == "worm" else q.choices(list(categories), list(categories.values()))[0]
    if channel in ("snowshoe", "esp") and category in ("malware", "stock", "mule"):
        category = next(c for c in ("b2b", "pharma", "replica") if c in categories)
    if channel == "r1":
        category = "phish"
    if touts is not None and (touts or category == "stock"):
        category = "stock" if touts else "replica" if "replica" in categories else "pharma"
    if touts:  # the one of its world: large enough to be seen
        end = start + p.stock.window_high_d * DAY
        volume = max(volume, 60.0)
    liking = [s.categories.index(category) if category in s.categories else 9 for s in senders]
    sender = q.choices(
        senders, [(4.0 / (1 + k)) * (0.2 + s.skill) if k < 9 else 0.03 for k, s in zip(liking, senders, strict=True)]
    )[0]
    if channel == "snowshoe":
        outfit = outfits[q.randrange(len(outfits))]
        sender = senders[outfit.spammer - 1]
        channels = [Channel("snowshoe", outfit.id, start, end, volume)]
    elif channel == "bot":
        chosen = [forced or q.choices(nets, [b.share * (3.0 if b.id in sender.botnets else 1.0) for b in nets])[0].id]
        if (touts or q.random() < p.campaigns.two_channels) and len(nets) > 1:
            chosen += [q.choice([b.id for b in nets if b.id not in chosen])]
        channels = [Channel("bot", b, start, end, volume / len(chosen)) for b in chosen]
    else:
        channels = [Channel(channel, 0, start, end, volume)]
    made = _offer(seed, p, variant, number, category, sender, start, end, channel, sites)
    if touts:
        made = msgspec.structs.replace(made, picture_share=0.6, noise=q.choice(p.campaigns.noises))
    return msgspec.structs.replace(made, volume=round(volume, 4), channels=tuple(channels))


def _offer(
    seed: int,
    p: Parameters,
    variant: str,
    number: int,
    category: str,
    sender: Spammer,
    start: int,
    end: int,
    channel: str,
    sites: Sequence[int],
) -> Campaign:
    """What one campaign offers, and the keys by which it can be paid, called or reached.

    Longer than a screen: one field after the other, drawn from one stream in an order that the tables rest on.
    """
    q = quick(seed, "offer", number, sender.id)
    c = p.campaigns
    count = 1 + int(c.versions_high * q.random() ** 2)
    cuts = [start, *sorted(start + int(q.random() * (end - start)) for _ in range(count - 1)), end]
    url = (
        "none"
        if category in NO_URL or q.random() < c.no_url / 2
        else ("short" if q.random() < c.shortener else q.choice(URLS))
    )
    if category == "malware" and q.random() < 0.6:
        url = "none"
    share = {"stock": c.image_stock, "pharma": c.image_pharma}.get(category, 0.0)
    picture = 0.9 if share and q.random() < share / 0.9 else 0.0
    languages = list(c.languages)
    element = dict(sender.canspam)
    if channel in ("snowshoe", "esp"):
        element = {e: q.random() < p.canspam.snowshoe for e in p.canspam.elements} | {"E9": False}
    optout = 0
    if element["E6"]:
        dead = q.random() < p.canspam.dead_optout
        optout = min(end, start + int(p.canspam.optout_life_d * DAY)) if dead else end + 30 * DAY
    attachments = ATTACHMENTS.get(category, ("",))
    stock = _stock(q, p, start, end) if category == "stock" else None
    return Campaign(
        id=number,
        category=category,
        spammer=sender.id,
        start=start,
        end=end,
        volume=1.0,
        versions=tuple(Version(i + 1, cuts[i], cuts[i + 1]) for i in range(count)),
        language=q.choices(languages, list(c.languages.values()))[0],
        channels=(),
        url=url,
        domains=() if url == "none" else _domains(q, p, number, sender, start, end, sites),
        phones=_keys(q, c.reuse, sender.phones, phone(q)) if category in ("diploma", "advance-fee", "software") else (),
        wallets=_keys(q, c.reuse, sender.wallets, wallet(q)) if category in ("sextortion", "crypto") else (),
        ibans=_keys(q, c.reuse, sender.ibans, iban(q)) if category == "mule" else (),
        boxes=_keys(q, c.reuse, sender.boxes, box(q)) if category in ("advance-fee", "mule", "dating") else (),
        stock=stock,
        picture_share=picture,
        noise=q.choice(c.noises) if picture else "",
        canspam=element,
        optout_end=optout,
        dictionary=int(math.exp(q.uniform(math.log(c.dictionary_low), math.log(c.dictionary_high)))),
        hash_buster=q.random() < c.hash_buster,
        spin=q.random() < c.spin,
        paraphrase=q.random() < c.paraphrase[variant],
        attachment=q.choice(attachments),
        family=sender.id * 10 + q.randrange(3),
        shuffled=seed >= p.table.evaluation_from and quick(seed, "shuffled", number).random() < c.shuffled,
    )


def _keys(q: random.Random, reuse: float, old: Sequence[str], new: str) -> tuple[str, ...]:
    """A key used before by the same spammer, or a new one."""
    return (q.choice(old),) if q.random() < reuse else (new,)


def _stock(q: random.Random, p: Parameters, start: int, end: int) -> Stock:
    price = round(q.uniform(0.05, 2.5), 2)
    window = q.uniform(p.stock.window_low_d, p.stock.window_high_d) * DAY
    ticker = "".join(q.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for _ in range(4)) + q.choice(("", ".PK", ".OB", ".F"))
    name = f"{word(q, 2).title()} {q.choice(('Mining', 'Energy', 'Biotech', 'Networks', 'Gold', 'Holdings'))} Inc."
    return Stock(ticker, name, price, round(price * q.uniform(1.6, 5.0), 2), start, min(end, start + int(window)))


def _domains(
    q: random.Random, p: Parameters, number: int, sender: Spammer, start: int, end: int, sites: Sequence[int]
) -> tuple[Domain, ...]:
    """Domains one after another, each alive for a short while, most of them on shared name servers."""
    most = 1 + int((p.campaigns.domains_high - 1) * q.random() ** 4)
    out: list[Domain] = []
    at, ns, where = start, q.randrange(1, 400), q.randrange(1, 1 << 30)
    while at < end and len(out) < most:
        life = int(p.campaigns.domain_median_d * math.exp(0.8 * q.gauss(0, 1)) * DAY)
        stop = end if len(out) == most - 1 else min(end, at + max(life, DAY // 6))
        if q.random() >= p.campaigns.shared_hosting:
            ns, where = q.randrange(1, 400), q.randrange(1, 1 << 30)
        name = f"{word(q, 3)}{q.randrange(100) if q.random() < 0.5 else ''}.example"
        address = dotted(sites[where % len(sites)])
        out.append(
            Domain(
                name,
                at,
                stop,
                at - int(q.expovariate(0.3) * DAY),
                sender.registrar,
                number * 100 + len(out) // 10,
                (f"ns1.dns{ns}.example", f"ns2.dns{ns}.example"),
                address,
                sender.id,
            )
        )
        at = stop
    return tuple(out)


def _cover(found: list[Campaign], start: int, last: int) -> list[Campaign]:
    """The same campaigns, some of them longer: a channel without a campaign would be silent."""
    by_key: dict[tuple[str, int], list[tuple[int, int]]] = {}
    for place, campaign in enumerate(found):
        for channel in campaign.channels:
            by_key.setdefault((channel.kind, channel.number), []).append((campaign.start, place))
    for key, places in by_key.items():
        reach = start
        previous = places[0][1]
        for begin, place in sorted(places):
            if begin > reach:
                found[previous] = extend(found[previous], key, begin if reach > start else None, start)
            end = next(c.end for c in found[place].channels if (c.kind, c.number) == key)
            longer = end >= reach
            reach = max(reach, end)
            if longer and (found[place].category != "stock" or found[previous].category == "stock"):
                previous = place  # a tout has its window: others are drawn out instead
        if reach < last:
            found[previous] = extend(found[previous], key, last, start)
    return found


def extend(campaign: Campaign, key: tuple[str, int], end: int | None, start: int) -> Campaign:
    """The campaign in force until ``end``, or from ``start`` on where that is None."""
    first, last = (campaign.start, max(campaign.end, end)) if end is not None else (start, campaign.end)
    channels = tuple(
        msgspec.structs.replace(c, start=first, end=last) if (c.kind, c.number) == key else c for c in campaign.channels
    )
    versions = list(campaign.versions)
    versions[0] = msgspec.structs.replace(versions[0], start=first)
    versions[-1] = msgspec.structs.replace(versions[-1], end=last)
    domains = list(campaign.domains)
    if domains:
        domains[0] = msgspec.structs.replace(domains[0], start=min(domains[0].start, first))
        domains[-1] = msgspec.structs.replace(domains[-1], end=max(domains[-1].end, last))
    return msgspec.structs.replace(
        campaign,
        start=first,
        end=last,
        channels=channels,
        versions=tuple(versions),
        domains=tuple(domains),
        optout_end=campaign.optout_end,
    )


def after_arrest(
    seed: int, p: Parameters, variant: str, campaign: Campaign, successor: Spammer, sites: Sequence[int]
) -> Campaign:
    """The same trade in other hands: new keys, another template."""
    channel = campaign.channels[0].kind if campaign.channels else "bot"
    made = _offer(
        seed, p, variant, campaign.id, campaign.category, successor, campaign.start, campaign.end, channel, sites
    )
    return msgspec.structs.replace(made, volume=campaign.volume, channels=campaign.channels, lineage=campaign.spammer)


def under_law(seed: int, p: Parameters, campaign: Campaign, laws: Sequence[Event]) -> Campaign:
    """The campaign with the element that a law asks for, where the law moved its spammer."""
    element = dict(campaign.canspam)
    for law in laws:
        if campaign.start > law.at and campaign.channels[0].kind in ("snowshoe", "esp"):
            q = quick(seed, "law", law.element, campaign.id)
            missing = 1.0 - p.canspam.snowshoe
            element[law.element] = element[law.element] or q.random() < law.size / missing
    return msgspec.structs.replace(campaign, canspam=element)


def targeted(
    seed: int, p: Parameters, tier: Tier, variant: str, senders: Sequence[Spammer], sites: Sequence[int], start: int
) -> list[Campaign]:
    """Series of a few mails by one actor to one person, over weeks."""
    out = []
    for n in range(tier.series):
        q = quick(seed, "series", n)
        first = start + int(q.random() * tier.days * 0.5) * DAY
        last = min(start + tier.days * DAY, first + int(q.uniform(3, 45)) * DAY)
        sender = senders[q.randrange(len(senders))]
        number = tier.campaigns + n + 1
        made = _offer(
            seed,
            p,
            variant,
            number,
            q.choice(("phish", "malware", "advance-fee")),
            sender,
            first,
            last,
            "series",
            sites,
        )
        out.append(msgspec.structs.replace(made, targeted=True, channels=(Channel("series", n, first, last, 1.0),)))
    return out
