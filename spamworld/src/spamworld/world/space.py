"""The address space: registries with blocks of their own, and networks that hold prefixes of plausible sizes.

Addresses are drawn from ordinary unicast space when a world is made and are never shipped: nothing here sends a packet.
"""

from __future__ import annotations

import numpy as np

from spamworld.parameters import Parameters, Tier
from spamworld.streams import stream
from spamworld.world.chance import zipf
from spamworld.world.facts import DAY, Network, Prefix

REGISTRIES = {  # country -> registry, hours from UTC, language
    "US": ("arin", -6, "en"), "CN": ("apnic", 8, "en"), "BR": ("lacnic", -3, "pt"), "IN": ("apnic", 5, "en"),
    "KR": ("apnic", 9, "en"), "RU": ("ripe", 3, "ru"), "TR": ("ripe", 3, "en"), "PL": ("ripe", 1, "en"),
    "DE": ("ripe", 1, "de"), "GB": ("ripe", 0, "en"), "FR": ("ripe", 1, "fr"), "IT": ("ripe", 1, "it"),
    "ES": ("ripe", 1, "es"), "VN": ("apnic", 7, "en"), "TH": ("apnic", 7, "en"), "UA": ("ripe", 2, "ru"),
    "RO": ("ripe", 2, "en"), "AR": ("lacnic", -3, "es"), "MX": ("lacnic", -6, "es"), "JP": ("apnic", 9, "ja"),
    "NL": ("ripe", 1, "en"), "CO": ("lacnic", -5, "es"), "CL": ("lacnic", -4, "es"), "ZA": ("afrinic", 2, "en"),
}  # fmt: skip
SHARES = {"arin": 0.36, "ripe": 0.26, "apnic": 0.26, "lacnic": 0.09, "afrinic": 0.03}
# /8s that hold private, shared, reserved or documentation space are left alone whole.
RESERVED = {0, 10, 100, 127, 169, 172, 192, 198, 203}
ASN_FIRST = 4_200_000_000  # private use, RFC 6996: no real network is named


class Space:
    """Hands out prefixes, each aligned, none twice."""

    def __init__(self, seed: int) -> None:
        draws = stream(seed, "space")
        eights = [n for n in range(1, 224) if n not in RESERVED]
        order = [eights[i] for i in draws.permutation(len(eights))]
        self._blocks: dict[str, list[int]] = {}
        for registry, share in SHARES.items():
            take = max(2, int(len(eights) * share))
            self._blocks[registry], order = order[:take], order[take:]
        self._spare = order
        self._at: dict[str, int] = {registry: blocks[0] << 24 for registry, blocks in self._blocks.items()}

    def take(self, registry: str, bits: int) -> Prefix:
        """The next free prefix of that length."""
        size = 1 << (32 - bits)
        start = (self._at[registry] + size - 1) // size * size
        if start >> 24 != self._at[registry] >> 24 or (start + size - 1) >> 24 != start >> 24:
            blocks = self._blocks[registry]
            following = blocks.index(self._at[registry] >> 24) + 1
            if following == len(blocks):
                blocks.append(self._spare.pop())
            start = blocks[following] << 24
        self._at[registry] = start + size
        if self._at[registry] >> 24 != start >> 24:  # the block is full: stay in it, so that the next call moves on
            self._at[registry] = start + size - 1
        return Prefix(start, bits)


def networks(seed: int, p: Parameters, tier: Tier, ipv6: float, start: int) -> list[Network]:
    """All networks of the world, the largest access providers first."""
    draws, n = stream(seed, "networks"), tier.networks
    roles = {role: int(n * share) for role, share in p.networks.roles.items()}
    roles["hosting"] += n - sum(roles.values())
    closed = {role: draws.random(count) >= p.networks.port25_open for role, count in roles.items()}
    bots = _bot_shares(draws, p, roles, closed["access"])
    space = Space(seed)
    out: list[Network] = []
    countries, weights = list(p.networks.countries), np.array(list(p.networks.countries.values()))
    classes, class_weights = list(p.networks.provider_classes), np.array(list(p.networks.provider_classes.values()))
    for role, count in roles.items():
        where = draws.choice(len(countries), count, p=weights / weights.sum())
        treats = [classes[i] for i in draws.choice(len(classes), count, p=class_weights)]
        if role == "access":  # the ten worst are of the usual mix, so that what they hold does not hang on luck
            worst = np.argsort(-np.array(bots[role]))[:10]
            for place, kind in zip(draws.permutation(worst).tolist(), TEN, strict=False):
                treats[place] = kind
        for rank in range(count):
            country = countries[int(where[rank])]
            out.append(
                _network(
                    draws,
                    p,
                    len(out),
                    role,
                    rank,
                    country,
                    bots[role][rank],
                    space,
                    treats[rank],
                    ipv6,
                    start,
                    bool(closed[role][rank]),
                )
            )
    return out


def _bot_shares(
    draws: np.random.Generator, p: Parameters, roles: dict[str, int], closed: np.ndarray
) -> dict[str, list[float]]:
    """Share of the world's bots in each network: subscribers x bad hygiene, fitted to what 10, 50 and 200 hold."""
    n = roles["access"]
    raw = zipf(n, 1.0) * draws.lognormal(0.0, p.networks.hygiene_sigma, n)
    raw = np.where(closed, raw * p.networks.closed_bots, raw)
    order = np.argsort(-raw)
    shares = np.zeros(n)
    cuts = [
        (0, 10, p.networks.top10),
        (10, 50, p.networks.top50 - p.networks.top10),
        (50, 200, p.networks.top200 - p.networks.top50),
        (200, n, 1.0 - p.networks.top200 - p.networks.mobile_bots),
    ]
    ceiling = 1.0
    for first, last, total in cuts:
        part = np.sqrt(raw[order[first:last]])  # within a group the fall is gentler than Zipf's, as groups are fixed
        part = np.minimum(part / part.sum() * total, ceiling)
        shares[order[first:last]] = part / part.sum() * total
        ceiling = max(float(shares[order[last - 1]]), total / (last - first)) if last > first else ceiling
    mobile = zipf(roles["mobile"], 1.0) * p.networks.mobile_bots
    out = {"access": [float(s) for s in shares], "mobile": [float(s) for s in mobile]}
    return out | {role: [0.0] * count for role, count in roles.items() if role not in out}


SIZES = {"access": ((10, 13, 4), (50, 14, 3), (200, 16, 3), (10**9, 19, 2)), "hosting": ((30, 16, 4), (10**9, 20, 2)),
         "enterprise": ((10**9, 23, 1),), "mobile": ((10**9, 18, 2),)}  # fmt: skip
TEN = ("fast", *["normal"] * 6, *["slow"] * 3)
NAMES = {"access": "isp", "hosting": "hosting", "enterprise": "company", "mobile": "mobile"}


def _network(
    draws: np.random.Generator,
    p: Parameters,
    index: int,
    role: str,
    rank: int,
    country: str,
    bots: float,
    space: Space,
    provider: str,
    ipv6: float,
    start: int,
    closed: bool,
) -> Network:
    bits, count = next((b, c) for most, b, c in SIZES[role] if rank < most)
    registry, hours, _ = REGISTRIES[country]
    addressing, period = "static", 0
    if role == "mobile":
        addressing = "shared"
    elif role == "access":
        kind = draws.random()
        if kind < p.addressing.periodic:
            addressing, period = "periodic", 24 * int(draws.choice(p.addressing.periods_d))
        elif kind < 1.0 - p.addressing.static:
            addressing = "sticky"
    name = f"{NAMES[role]}{index}"
    six = f"2{0xA00 + index // 4096:03x}:{index % 4096 * 8:x}::/32" if draws.random() < ipv6 else ""
    return Network(
        index=index,
        asn=ASN_FIRST + index,
        name=name,
        domain=f"{name}.example",
        role=role,
        country=country,
        prefixes=tuple(space.take(registry, min(24, bits + int(draws.integers(0, 2)))) for _ in range(count)),
        prefix6=six,
        addressing=addressing,
        period=period,
        rdns=int(draws.integers(0, p.networks.rdns_styles)),
        provider=provider,
        port25="blocked" if closed else "open",
        subscribers=1.0 / (rank + 1),
        bots=bots,
        abuse=f"abuse@{name}.example",
        hours=hours,
        upstream=ASN_FIRST + int(draws.integers(0, 40)),
        since=start - int(draws.integers(400, 4000)) * DAY,
        webforms=bool(draws.random() < 0.1),
    )
