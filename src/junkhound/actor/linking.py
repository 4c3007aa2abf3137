"""Which campaigns have one hand behind them: evidence weighed pair by pair, asserted only where it is plenty.

An actor is a number for whoever stands behind some campaigns. No person is named or inferred: what is known is that
things were used again that others do not have. A key that many campaigns have is nobody's own and counts nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from junkhound.campaign.sketches import WIDTH
from junkhound.kernel.graph import correlate

PRIOR = -5.0
"""Log odds that two campaigns taken at random have one hand: about one in a hundred and fifty."""
SURE = 0.95  # probability from which on a link is asserted
OFFERED = 0.5  # and from which on it is shown as a question
HUB = 8  # campaigns that may have a key before it is nobody's own
OWN_HUB = 24  # the same for what money or answers come to: who sends much has it in many campaigns
OWN = frozenset(("WALLET", "IBAN", "PHONE", "MAILBOX", "ACCOUNT", "REGISTRANT"))
LEAST = 0.1  # weight below which a reason is no reason
MOST = 9.0  # weight of one piece of evidence

WEIGHTS: Mapping[str, tuple[float, str]] = {
    "WALLET": (9.0, "the same wallet"), "IBAN": (9.0, "the same bank account"), "PHONE": (8.5, "the same phone number"),
    "MAILBOX": (9.0, "the same drop box"), "ACCOUNT": (8.5, "the same account at a sponsor or counter"),
    "ATTACHMENT": (6.0, "the same file"), "PICTURE": (5.0, "the same picture"),
    "PICTURE_HASH": (4.0, "nearly the same picture"),
    "DOMAIN": (1.5, "a linked domain"), "DKIM_DOMAIN": (0.5, "a signing domain"), "TICKER": (2.5, "the same share"),
    "REGISTRANT": (8.5, "domains of one registrant"), "NAME_SERVER": (4.0, "domains on the same name servers"),
    "REGISTERED": (6.5, "domains bought within an hour at one registrar"),
}  # fmt: skip
"""Log of how much likelier one hand shares a key of this kind than two hands do, where nobody else has it.

Tuned on simulated worlds: of links by one account 11 of 11 were right, by one drop box 4 of 4; of those by one domain 4
of 52, for most domains that several have are shorteners and trackers; of those by a signing domain none of 33.
"""

WORDS = ((0.25, 0.0), (0.35, 2.5), (0.45, 4.0), (0.60, 5.0))
"""Overlap of what two campaigns' texts agree on, and its weight: sentences are kept from one mailing to the next."""
FEW_WORDS = 15
RENTS = 0.7  # for each botnet that both rent and few others do
_RENTERS = 6


class Campaign(NamedTuple):
    """What is known of one campaign: keys by the name of their kind, agreed sketch, and botnets it rents."""

    number: int
    keys: frozenset[tuple[str, int]]
    sketch: bytes = b""
    words: int = 0
    nets: frozenset[int] = frozenset()
    mails: int = 0
    first_day: int = 0
    last_day: int = 0


class Reason(NamedTuple):
    """One piece of evidence: its weight in log odds, and a sentence."""

    weight: float
    text: str


class Link(NamedTuple):
    """Two campaigns, how probably one hand made both, and why."""

    one: int
    other: int
    sure: float
    reasons: tuple[Reason, ...]


def links(campaigns: Sequence[Campaign]) -> list[Link]:
    """Every pair with evidence, the surest first."""
    found: dict[tuple[int, int], list[Reason]] = defaultdict(list)
    owners: dict[tuple[str, int], list[int]] = defaultdict(list)
    for place, one in enumerate(campaigns):
        for kind, key in one.keys:
            if kind in WEIGHTS:
                owners[kind, key].append(place)
    for (kind, _), places in sorted(owners.items()):
        hub, usual = (OWN_HUB, HUB) if kind in OWN else (HUB, 2)
        if 2 <= len(places) <= hub:
            weight, text = WEIGHTS[kind]
            rarer = weight - max(0.0, math.log(len(places) / usual))
            for a, b in combinations(places, 2):
                found[a, b].append(Reason(min(MOST, max(0.0, rarer)), text))
    for a, b, near in _texts(campaigns):
        weight = float(np.interp(near, [one for one, _ in WORDS], [other for _, other in WORDS]))
        if weight > 0:
            found[a, b].append(Reason(weight, f"{near:.0%} of what their texts agree on is the same"))
    for (a, b), reasons in list(found.items()):
        both = campaigns[a].nets & campaigns[b].nets
        rare = [net for net in both if sum(net in one.nets for one in campaigns) <= _RENTERS]
        if rare:
            reasons.append(Reason(RENTS * len(rare), "both rent a botnet that few rent"))
    out = []
    for (a, b), reasons in found.items():
        kept = _once(reasons)
        odds = PRIOR + sum(reason.weight for reason in kept)
        out.append(Link(campaigns[a].number, campaigns[b].number, 1 / (1 + math.exp(-odds)), kept))
    return sorted(out, key=lambda link: (-link.sure, link.one, link.other))


def _once(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Of reasons with the same words the heaviest, and half of a second: many of one kind hang together."""
    held: dict[str, list[float]] = defaultdict(list)
    for reason in reasons:
        held[reason.text].append(reason.weight)
    kept = []
    for text, weights in held.items():
        weights = sorted((weight for weight in weights if weight >= LEAST), reverse=True)
        if not weights:
            continue
        more = f" ({len(weights):,} of them)" if len(weights) > 1 else ""
        kept.append(Reason(weights[0] + (weights[1] / 2 if len(weights) > 1 else 0.0), text + more))
    return tuple(sorted(kept, reverse=True))


def _texts(campaigns: Sequence[Campaign]) -> list[tuple[int, int, float]]:
    """Pairs of campaigns whose agreed texts overlap, with the share of equal places."""
    told = [place for place, one in enumerate(campaigns) if len(one.sketch) == 4 * WIDTH and one.words >= FEW_WORDS]
    if len(told) < 2:
        return []
    sketch = np.stack([np.frombuffer(campaigns[place].sketch, "<u4") for place in told])
    out = []
    for row in range(len(told) - 1):
        near = (sketch[row + 1 :] == sketch[row]).mean(axis=1)
        hits = np.flatnonzero(near > WORDS[0][0]).tolist()
        out += [(told[row], told[row + 1 + hit], float(near[hit])) for hit in hits]
    return out


def actors(campaigns: Sequence[Campaign], found: Sequence[Link]) -> list[int]:
    """The actor of each campaign, numbered from 0; one that no asserted link reaches has an actor of its own.

    Links are weighed by how far they are above or below what is asserted, so a campaign joins a group only where more
    speaks for the whole of it than against.
    """
    place = {one.number: at for at, one in enumerate(campaigns)}
    bar = math.log(SURE / (1 - SURE))
    ties = []
    for link in found:
        sure = min(max(link.sure, 1e-9), 1 - 1e-9)
        ties.append((place[link.one], place[link.other], math.log(sure / (1 - sure)) - bar))
    return correlate(len(campaigns), [tie for tie in ties if tie[2] > -bar - 1])


def significance(mails: int, harm: float, days: int) -> float:
    """How much an actor matters: volume times harm times years, as a logarithm so that it can be compared."""
    return math.log10(1 + mails) * harm * (1 + days / 365.25)


HARM: Mapping[str, float] = {
    "phish": 3.0, "malware": 3.0, "sextortion": 3.0, "advance-fee": 2.5, "mule": 3.0, "stock": 2.5, "pharma": 2.0,
    "casino": 1.5, "replica": 1.2, "software": 1.2, "diploma": 1.2, "dating": 1.2, "b2b": 0.8,
}  # fmt: skip
"""How much harm a mail of a kind does beside that of one more unwanted mail, 1; chosen."""


def successors(campaigns: Sequence[Campaign], actor: Sequence[int], found: Sequence[Link], silent: int = 14
               ) -> list[tuple[int, int, float]]:  # fmt: skip
    """(actor that fell silent, actor that came after it, probability of the best link): offered, never asserted.

    The newcomer's first day lies after the old one's last, within ``silent`` days, and something ties them though not
    enough to say that they are the same.
    """
    place = {one.number: at for at, one in enumerate(campaigns)}
    spans: dict[int, tuple[int, int]] = {}
    for one, who in zip(campaigns, actor, strict=True):
        low, high = spans.get(who, (one.first_day, one.last_day))
        spans[who] = min(low, one.first_day), max(high, one.last_day)
    best: dict[tuple[int, int], float] = {}
    for link in found:
        a, b = actor[place[link.one]], actor[place[link.other]]
        if a == b:
            continue
        for old, new in ((a, b), (b, a)):
            if 0 < spans[new][0] - spans[old][1] <= silent:
                best[old, new] = max(best.get((old, new), 0.0), link.sure)
    return sorted(((old, new, sure) for (old, new), sure in best.items() if sure >= 0.2), key=lambda one: -one[2])
