"""G11, G12, G23 and the rent ledger: what the product says of botnets, their size, their tenants and their actors.

All on the home that G9 took in: the product's own tables against the world's truth.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from accuracy import reading
from accuracy.intervals import NONE, Estimate, clopper_pearson, share, statistic
from junkhound import actor, botnet
from junkhound.botnet import rent
from junkhound.ledger.actors import ActorBook
from junkhound.ledger.campaigns import Book
from junkhound.ledger.queries_campaigns import Campaigns
from junkhound.verbs import actors as actors_verb
from junkhound.verbs import botnets as botnets_verb
from junkhound.verbs.campaigns import alias_of
from junkhound.verbs.office import Office
from spamworld.out.files import lines

LEAST_RENT = 20  # mails of a tenancy that is looked for
LEAST_BOTS = 20


class Scores(NamedTuple):
    """Figures of one world."""

    purity: Estimate
    inverse: Estimate
    found: Estimate  # botnets found for each true one
    size_error: Estimate
    size_covered: Estimate
    tenancy: Estimate
    actor_precision: Estimate
    actor_recall: Estimate
    links: Estimate


EMPTY = Scores(NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE)


def run(
    folder: Path, office: Office, true: Mapping[tuple[int, int], reading.Truth],
    labels: Mapping[tuple[int, int], Any], span: tuple[int, int],
) -> Scores:  # fmt: skip
    """Find botnets and actors in a home that is grouped, and compare."""
    botnets_verb.find(office)
    actors_verb.find(office)
    campaign_of = _campaigns(true, labels)
    queries = Campaigns(office.ledger.engine, office.ledger.snapshot())
    last = queries.last_day()
    if last is None:
        return EMPTY
    columns = queries.senders_by_day(alias_of(Book(office.ledger.state)), last - botnets_verb.PERIOD + 1, last)
    rows = botnet.Rows(**{name: np.asarray(columns[name]) for name in botnet.Rows.__dataclass_fields__})
    found = botnet.find(rows)
    whose = _machines(true, office)
    net_of: dict[tuple[int, int], int] = {}
    for place, number in enumerate(rows.address.tolist()):
        net_of[int(columns["addr_hi"][place]), int(columns["addr_lo"][place])] = int(found.address_net[number])
    purity, inverse, names = _purity(whose, net_of)
    nets = {net for net in whose.values() if net}
    pools = sum(habit.awake for habit in botnet.hours.habits(rows, found.row_net, found.count))
    count = (found.count - pools) / max(len(nets), 1)  # what is said to be a pool of proxies is not said to be a botnet
    errors, covered = _sizes(folder, rows, found, names, span)
    return Scores(
        purity, inverse, Estimate(count, count, count, len(nets)),
        statistic(errors, range(len(errors)), lambda v: float(np.median(v))) if errors else NONE,
        clopper_pearson(sum(covered), len(covered)) if covered else NONE,
        _tenancies(folder, rows, found, names, campaign_of, true), *_actors(office, campaign_of, true),
    )  # fmt: skip


def _campaigns(true: Mapping[tuple[int, int], reading.Truth], labels: Mapping[tuple[int, int], Any]) -> dict[int, int]:
    """The true campaign that most of each found campaign's mail is of."""
    held: dict[int, Counter[int]] = defaultdict(Counter)
    for identity, one in true.items():
        group = labels.get(identity, (0, 0))[0]
        if group:
            held[group][one.campaign] += 1
    return {group: counts.most_common(1)[0][0] for group, counts in held.items()}


def _machines(true: Mapping[tuple[int, int], reading.Truth], office: Office) -> dict[tuple[int, int], int]:
    """The botnet that most of each blamed address's mail is of; 0 for none."""
    queries = Campaigns(office.ledger.engine, office.ledger.snapshot())
    held: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for hi, lo, a, b in queries.engine.rows(
        f"SELECT id_hi, id_lo, addr_hi, addr_lo FROM {queries.placed()} p WHERE addr_lo IS NOT NULL"  # noqa: S608
    ):
        one = true.get((int(hi), int(lo)))
        if one is not None:
            held[int(a), int(b)][one.botnet] += 1
    return {address: counts.most_common(1)[0][0] for address, counts in held.items()}


def _purity(whose: Mapping[tuple[int, int], int], net_of: Mapping[tuple[int, int], int]
            ) -> tuple[Estimate, Estimate, dict[int, int]]:  # fmt: skip
    """Purity of found botnets, inverse purity of true ones, and which true one each found one is."""
    cells = Counter((net_of.get(address, -1), net) for address, net in whose.items())
    named: dict[int, int] = {}
    back: dict[int, int] = {}
    for (one, net), _ in cells.most_common():
        if one >= 0:
            named.setdefault(one, net)
            if net:
                back.setdefault(net, one)
    hits = [(net == named[one], one) for address, net in whose.items() if (one := net_of.get(address, -1)) >= 0]
    kept = [(net_of.get(address, -1) == back.get(net, -2), net) for address, net in whose.items() if net]
    return (share([h for h, _ in hits], [g for _, g in hits]), share([h for h, _ in kept], [g for _, g in kept]), named)


def _sizes(folder: Path, rows: botnet.Rows, found: botnet.Found, names: Mapping[int, int], span: tuple[int, int]
           ) -> tuple[list[float], list[bool]]:  # fmt: skip
    """Relative errors of the estimates of all machines in the period, and whether their intervals hold the truth."""
    decode = msgspec.json.Decoder().decode
    bots: Counter[int] = Counter()
    for line in lines(folder / "truth/hosts.jsonl.zst"):
        host = decode(line)
        if host.get("kind") == "bot" and any(low < span[1] and high > span[0] for low, high in host["infected"]):
            bots[int(host["botnet"])] += 1
    errors, covered = [], []
    for net, true in names.items():
        if true and bots[true] >= LEAST_BOTS:
            mine = found.row_net == net
            guess = botnet.size.machines(botnet.size.chao1(np.repeat(rows.address[mine], rows.mails[mine])))
            errors.append(abs(guess.value - bots[true]) / bots[true])
            covered.append(guess.low <= bots[true] <= guess.high)
    return errors, covered


def _tenancies(
    folder: Path, rows: botnet.Rows, found: botnet.Found, names: Mapping[int, int], campaign_of: Mapping[int, int],
    true: Mapping[tuple[int, int], reading.Truth],
) -> Estimate:  # fmt: skip
    """Intersection over union of the best tenancy for each true rental that was seen."""
    seen = Counter((one.botnet, one.campaign) for one in true.values())
    spans = rent.tenancies(found.row_net, rows.campaign, rows.first_at, rows.last_at, rows.mails)
    held: dict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for one in spans:
        held[names.get(one.net, 0), campaign_of.get(one.tenant, 0)].append((one.since, one.until))
    text = "\n".join(line.decode() for line in lines(folder / "truth/rentals.csv"))
    values, groups = [], []
    for row in csv.DictReader(io.StringIO(text)):
        key = int(row["botnet"]), int(row["campaign"])
        if seen[key] >= LEAST_RENT:
            whole = int(row["start"]), int(row["end"])
            values.append(max((rent.overlap(span, whole) for span in held[key]), default=0.0))
            groups.append(key[1])
    return statistic(values, groups, lambda v: float(np.mean(v))) if values else NONE


def _actors(office: Office, campaign_of: Mapping[int, int], true: Mapping[tuple[int, int], reading.Truth]
            ) -> tuple[Estimate, Estimate, Estimate]:  # fmt: skip
    """B-cubed precision and recall of actors over campaigns, and the share of asserted links that are right."""
    spammer = {one.campaign: msgspec.structs.asdict(one).get("spammer", 0) for one in true.values()}
    of = ActorBook(office.ledger.state).campaigns()
    numbers = [one.number for one in Book(office.ledger.state).all() if one.number in campaign_of]
    group = [("actor", of[n]) if n in of else ("campaign", n) for n in numbers]
    hand = [spammer[campaign_of[n]] for n in numbers]
    both = Counter(zip(group, hand, strict=True))
    groups, hands = Counter(group), Counter(hand)
    precision = share([both[g, h] / groups[g] for g, h in zip(group, hand, strict=True)], hand)
    recall = share([both[g, h] / hands[h] for g, h in zip(group, hand, strict=True)], hand)
    known = actors_verb._known(office)
    said = [link for link in known.links if link.sure >= actor.SURE]
    right = [spammer.get(campaign_of.get(a.one, -1), -1) == spammer.get(campaign_of.get(a.other, -1), -2) for a in said]
    return precision, recall, clopper_pearson(sum(right), len(right)) if right else NONE
