"""Who sends junk and with what: botnets, spammers, snowshoe outfits, bulletproof hosters, hijacked accounts."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec
import numpy as np

from spamworld.content import keys
from spamworld.parameters import Parameters, Tier
from spamworld.streams import quick, stream
from spamworld.world.chance import zipf
from spamworld.world.facts import DAY, EVER, Botnet, Network, Prefix, Spammer, Tenant
from spamworld.world.people import word

HELOS = {  # of the bot engines, as their writer has them
    "engine-1": "rdns", "engine-2": "literal", "engine-3": "word", "engine-4": "host", "engine-5": "target",
    "engine-6": "host", "engine-7": "address", "engine-8": "author", "engine-9": "rdns", "engine-10": "rdns",
}  # fmt: skip
REGISTRARS = tuple(f"registrar{n}.example" for n in range(1, 13))


class Snowshoe(msgspec.Struct, frozen=True):
    """An outfit that spreads its mail thinly over whole networks, with proper names and signatures."""

    id: int
    spammer: int
    network: int
    blocks: tuple[Prefix, ...]
    addresses: tuple[int, ...]  # active ones, as numbers
    start: int
    end: int
    seed: int
    optout_dead: bool

    def domain(self, address: int, at: int, life: int) -> tuple[str, int, int]:
        """The sending domain of one of its addresses at an instant, with its first and last use."""
        phase = address * 2_654_435_761 % life
        turn = (at + phase) // life
        draws = random.Random(self.seed * 1_000_003 + address * 4099 + turn)  # noqa: S311
        return f"{word(draws, 3)}{draws.randrange(1000)}.example", turn * life - phase, (turn + 1) * life - phase


class Hoster(msgspec.Struct, frozen=True):
    """A bulletproof hoster: answers that all is resolved, and moves its customers about."""

    id: int
    network: int
    own: bool  # an AS of its own
    blocks: tuple[Prefix, ...]


class Misused(msgspec.Struct, frozen=True):
    """A proxy, a relay or a web site, misused from ``start`` to ``end``."""

    id: int
    kind: str  # proxy, relay, cms
    network: int
    address: int
    start: int
    end: int
    weight: float


class Account(msgspec.Struct, frozen=True):
    """A hijacked or made-up account at a provider, and the machine it is used from."""

    number: int
    organisation: int
    user: str
    start: int
    end: int
    client: int  # index of a bot's row, or of a hosted machine
    weight: float


def botnets(seed: int, p: Parameters, tier: Tier, evaluation: bool) -> list[Botnet]:
    """The nets, the largest first; the six largest hold 79%. In evaluation the last two run engines kept back."""
    head, n = p.botnets.shares, tier.botnets
    shares = list(head[:n])
    if n > len(head):
        rest = zipf(n - len(head), p.botnets.rest_zipf) * (1.0 - sum(head))
        shares += [float(x) for x in rest]
    total = sum(shares)
    draws = quick(seed, "botnets")
    engines = [f"engine-{i % p.botnets.engines + 1}" for i in range(n)]
    if evaluation and n > 2:
        engines[n - len(p.botnets.kept_engines) :] = p.botnets.kept_engines
    return [
        Botnet(
            i + 1,
            shares[i] / total,
            engines[i],
            HELOS[engines[i]],
            1 + i % tier.hosters,
            round(p.money.rent_million * draws.uniform(0.7, 1.5), 2),
            (),
        )
        for i in range(n)
    ]


def spammers(seed: int, p: Parameters, tier: Tier, categories: dict[str, float], nets: int) -> list[Spammer]:
    """Actors with habits: what they sell, which keys they use again, which botnets they rent."""
    return [spammer(seed, p, n + 1, categories, nets) for n in range(tier.spammers)]


def spammer(seed: int, p: Parameters, number: int, categories: dict[str, float], nets: int) -> Spammer:
    """One actor."""
    q = quick(seed, "spammer", number)
    liked: list[str] = []
    while len(liked) < min(3, len(categories)):
        one = q.choices(list(categories), list(categories.values()))[0]
        if one not in liked:
            liked.append(one)
    fits = {e: q.random() < p.canspam.bots for e in p.canspam.elements}
    count = max(1, min(nets, 1 + int(q.expovariate(0.8))))
    return Spammer(
        number,
        round(q.random(), 3),
        round(q.lognormvariate(5.0, 1.0), 2),
        tuple(liked),
        q.choice(REGISTRARS),
        p.campaigns.reuse,
        tuple(sorted(q.sample(range(1, nets + 1), count))),
        tuple(phone(q) for _ in range(2)),
        tuple(wallet(q) for _ in range(2)),
        tuple(iban(q) for _ in range(2)),
        tuple(box(q) for _ in range(2)),
        fits,
        q.choice(("US", "RU", "UA", "CN", "RO", "BR", "GB")),
    )


def phone(q: random.Random) -> str:
    """A number that nobody has: the 555-01xx range kept for fiction."""
    return f"+1{q.choice((201, 212, 305, 415, 503, 617, 702, 813))}55501{q.randrange(100):02d}"


def wallet(q: random.Random) -> str:
    """A wallet that nobody can open, its checksum right as readers of junk demand: the hash of a drawn text."""
    return keys.wallet("1" + "".join(q.choice(keys.BASE58) for _ in range(33)), q.choice(("p2pkh", "bech32")))


def iban(q: random.Random) -> str:
    """An IBAN with right check digits at a bank that does not exist (bank code of zeros)."""
    account = f"00000000{q.randrange(10**10):010d}"
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def box(q: random.Random) -> str:
    """A drop box at a free mail provider."""
    return f"{word(q)}{q.randrange(1000)}@webmail{q.randrange(4) + 1}.example"


def hosters(seed: int, p: Parameters, tier: Tier, networks: Sequence[Network]) -> list[Hoster]:
    """The first have an AS of their own, the others lease parts of good ones."""
    draws = stream(seed, "hosters")
    hosting = [n for n in networks if n.role == "hosting"]
    small = [n for n in hosting if sum(x.size for x in n.prefixes) <= 1 << 14] or hosting
    out = []
    for n in range(tier.hosters):
        own = n < p.sources.own_asn
        network = small[-1 - n] if own else hosting[int(draws.integers(0, min(30, len(hosting))))]
        blocks = network.prefixes if own else tuple(_part(network, 40 + 4 * n + i) for i in range(3))
        out.append(Hoster(n + 1, network.index, own, blocks))
    return out


def _part(network: Network, slot: int) -> Prefix:
    """A /24 in the upper half of a network, where no servers stand."""
    prefix = network.prefixes[slot % len(network.prefixes)]
    count = max(1, prefix.size // 512)
    return Prefix(prefix.base + prefix.size // 2 + slot // len(network.prefixes) % count * 256, 24)


def snowshoes(
    seed: int,
    p: Parameters,
    tier: Tier,
    networks: Sequence[Network],
    senders: Sequence[Spammer],
    places: Sequence[Hoster],
    start: int,
    days: int,
) -> list[Snowshoe]:
    """Outfits, each in a hosting network, active for a part of the run."""
    hosting = [n for n in networks if n.role == "hosting" and n.prefixes[0].size >= 4096]
    out = []
    for n in range(tier.snowshoes):
        draws = stream(seed, "snowshoe", n)
        network = hosting[int(draws.integers(0, len(hosting)))]
        if n % 3 == 1:  # a customer of a bulletproof hoster
            network = networks[places[n % len(places)].network]
        blocks = tuple(
            {
                str(b): b
                for b in (
                    _part(network, int(draws.integers(0, 30)))
                    for _ in range(int(draws.integers(1, p.sources.snowshoe_blocks_high + 1)))
                )
            }.values()
        )
        active = int(draws.integers(p.sources.snowshoe_low, p.sources.snowshoe_high + 1))
        addresses = sorted({blocks[i % len(blocks)].base + 2 + int(draws.integers(0, 250)) for i in range(active)})
        first = start + int(draws.random() * days * 0.5 * (n > 0)) * DAY
        last = start + days * DAY if n == 0 else first + int(max(3.0, draws.random() * days) * DAY)
        out.append(
            Snowshoe(
                n + 1,
                int(draws.integers(1, len(senders) + 1)),
                network.index,
                blocks,
                tuple(addresses),
                first,
                min(last, start + days * DAY),
                int(draws.integers(1, 2**31)),
                bool(draws.random() < p.canspam.dead_optout),
            )
        )
    return out


def misused(
    seed: int, p: Parameters, kind: str, count: int, networks: Sequence[Network], start: int, days: int, life_d: float
) -> list[Misused]:
    """Machines of strangers, ``count`` at any time: one goes, another is found."""
    draws = stream(seed, "misused", kind)
    role = {"proxy": "access", "relay": "enterprise", "cms": "hosting"}[kind]
    homes = [n for n in networks if n.role == role]
    mean = life_d * 2.0  # lognormal with this median and sigma 1.18
    total = count + int(count * days / mean)
    out = []
    for n in range(total):
        network = homes[int(len(homes) * draws.random() ** 1.5)]
        prefix = network.prefixes[int(draws.integers(0, len(network.prefixes)))]
        first = start - int(draws.random() * mean * DAY) if n < count else start + int(draws.random() * days * DAY)
        life = int(max(0.2, life_d * np.exp(1.18 * draws.standard_normal())) * DAY)
        value = prefix.base + prefix.size // 4 + int(draws.integers(1, max(2, prefix.size // 4 - 1)))
        out.append(
            Misused(
                (50 << 32) + n + (1 << 24) * ("proxy", "relay", "cms").index(kind),
                kind,
                network.index,
                value,
                first,
                first + life,
                float(draws.pareto(1.2) + 1.0),
            )
        )
    return out


def accounts(
    seed: int, p: Parameters, name: str, count: int, organisations: int, start: int, days: int
) -> list[Account]:
    """Accounts misused, ``count`` in the whole of 60 days, a share of it in a shorter run."""
    draws, q = stream(seed, "accounts", name), quick(seed, "accounts", name)
    total = max(12, int(count * min(1.0, days / 60) if days < 60 else count * days / 60 / (12 if days > 400 else 1)))
    out = []
    for n in range(total):
        first = start + int((draws.random() * (days + 4) - 4) * DAY)
        life = int(max(0.3, p.sources.account_life_d * np.exp(draws.standard_normal())) * DAY)
        last = EVER if n < 3 else first + life
        out.append(
            Account(
                n,
                int(draws.integers(0, organisations)),
                f"{word(q)}{q.randrange(900)}",
                start if n < 3 else first,
                last,
                int(draws.integers(0, 1 << 30)),
                float(draws.pareto(1.2) + 1.0),
            )
        )
    return out


def tenants(seed: int, p: Parameters, places: Sequence[Hoster], senders: int, start: int, days: int) -> list[Tenant]:
    """Who rents what at the hosters, and when each was moved on; a fifth are innocent."""
    out = []
    for hoster in places:
        draws = stream(seed, "tenants", hoster.id)
        for customer in range(10):
            innocent = draws.random() < p.sources.innocent_tenants
            who = 0 if innocent else int(draws.integers(1, senders + 1))
            purpose = "innocent" if innocent else ("sending", "controller", "web")[int(draws.integers(0, 3))]
            at = start - int(draws.random() * p.sources.move_high_d) * DAY
            while at < start + days * DAY:
                stay = int(
                    draws.uniform(p.sources.move_low_d, p.sources.move_high_d) * (4.0 if innocent else 1.0) * DAY
                )
                block = hoster.blocks[int(draws.integers(0, len(hoster.blocks)))]
                slot = block.base + block.size // 2 + int(draws.integers(0, max(1, block.size // 32))) * 16
                slot = min(slot, block.base + block.size - 16)
                out.append(
                    Tenant(
                        hoster.id,
                        hoster.network,
                        hoster.id * 100 + customer,
                        str(Prefix(slot, 28)),
                        at,
                        at + stay,
                        who,
                        purpose,
                    )
                )
                at += stay
    return out
