"""Block lists of others: twelve in four families that copy one another, late, incomplete, and two of them broken."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import numpy as np

from spamworld.streams import quick, stream
from spamworld.world.addresses import dotted
from spamworld.world.chance import mix, normal, unit
from spamworld.world.facts import DAY, EVER, HOUR, ForeignList, Listing
from spamworld.world.hosts import CHUNK, running
from spamworld.world.population import ROUNDS, Population
from spamworld.world.setting import Setting

SEEN_BEFORE = 20 * DAY  # infections since then have left something on lists
CODES = ("127.0.0.2", "127.0.0.4", "127.0.0.10", "127.0.0.3")


def foreign_lists(s: Setting) -> list[ForeignList]:
    """What they are. One dies and then lists the world, one answers that you may not ask."""
    p, q = s.p.lists, quick(s.seed, "lists")
    out = []
    for n in range(p.count):
        fault, since = "", 0
        if n == p.count - 1:
            fault, since = "world", s.start + int(s.days * 0.7) * DAY
        elif n == p.count - 2:
            fault, since = "refused", s.start + int(s.days * 0.4) * DAY
        family = n % p.families
        coverage = round(q.uniform(0.05, 0.6), 3)
        out.append(
            ForeignList(
                n + 1, f"list{n + 1}.dnsbl{family + 1}.example", family + 1, CODES[n % 4], coverage, fault, since
            )
        )
    return out


def listings(s: Setting) -> Iterator[Listing]:
    """Who was on which list, and when: bots, snowshoe addresses, and good servers by mistake."""
    for bots in s.bots.values():
        for one in _bots(s, bots, s.start - SEEN_BEFORE):
            if one.end > s.start and one.start < s.end:
                yield one
    draws = stream(s.seed, "listings", "others")
    p = s.p.lists
    for outfit in s.outfits:
        for place, value in enumerate(outfit.addresses):
            if draws.random() < p.union:
                at = outfit.start + int(draws.lognormal(np.log(p.lag_median_h * 4), p.lag_sigma) * HOUR)
                if at < outfit.end:
                    number = (62 << 32) + outfit.id * 4096 + place
                    yield Listing(1 + int(draws.integers(0, p.count)), dotted(value), at, outfit.end, number)
    for organisation in s.servers.companies:
        if draws.random() < p.false_rate:
            at = s.start + int(draws.random() * s.days * DAY)
            until = at + int(draws.exponential(3.0) * DAY)
            yield Listing(
                1 + int(draws.integers(0, p.count)), organisation.server.address, at, until, organisation.server.id
            )


def allowed(s: Setting) -> Iterator[tuple[str, str]]:
    """(address, domain) on the allow list: most good servers, and a few that only look like one."""
    q, p = quick(s.seed, "allowed"), s.p.lists
    farms = [(m.address, o.domain) for o in s.servers.webmail + s.servers.esps for m in s.servers.siblings(o)]
    for address, domain in [*((o.server.address, o.domain) for o in s.servers.everyone), *farms]:
        if q.random() < p.allowed:
            yield address, domain
    for outfit in s.outfits:
        for value in outfit.addresses:
            if q.random() < p.allowed_false:
                yield dotted(value), f"media{outfit.id}.example"


def chosen(s: Setting, key: np.ndarray) -> np.ndarray:
    """For each infection (by its hash) the lists it gets onto, as rows of list numbers from 0, -1 for none."""
    p = s.p.lists
    share = np.array(p.numbers)
    count = 1 + np.searchsorted(np.cumsum(share / share.sum()), unit(key, 21), side="right")
    count = np.where(unit(key, 22) < p.union, np.minimum(count, share.size), 0)
    family = (unit(key, 23) ** 1.5 * p.families).astype(np.int64)
    out = np.full((key.size, share.size), -1, np.int64)
    per = p.count // p.families
    for n in range(share.size):
        home = np.where(
            (n == 0) | (unit(key, 24, n) < p.in_family), family, (unit(key, 25, n) * p.families).astype(np.int64)
        )
        pick = home + p.families * (unit(key, 26, n) * per).astype(np.int64)
        for _ in range(p.count):  # a list has an address once: take the family's next, then the next at all
            taken = (out[:, :n] == pick[:, None]).any(axis=1)
            if not taken.any():
                break
            pick = np.where(taken, (pick + p.families + (pick >= p.count - p.families)) % p.count, pick)
        out[:, n] = np.where(n < count, pick, -1)
    return out


def history(s: Setting) -> Iterator[Listing]:
    """Bots' listings from the first infections on, long before the run: they tell how often addresses come back."""
    for bots in s.bots.values():
        yield from _bots(s, bots, bots.start.min())


def _bots(s: Setting, bots: Population, since: int) -> Iterator[Listing]:
    p = s.p.lists
    rows = running(s, bots) if since == s.start - SEEN_BEFORE else np.arange(bots.size)
    for first in range(0, rows.size, CHUNK):
        part = rows[first : first + CHUNK]
        for turn in range(ROUNDS):
            start, end = bots.start[part, turn], bots.end[part, turn]
            live = (start < s.end) & (end > since)
            some, start, end = part[live], np.maximum(start[live], since), np.minimum(end[live], s.end)
            if not some.size:
                continue
            own = mix(bots.id[some], s.plan.key, 20)  # a host that comes back comes back to those who knew it
            key, lists = mix(own, turn), chosen(s, own)
            held = s.plan.leases(bots.id[some], bots.network[some], start, end, 60)
            for n in range(lists.shape[1]):
                lag = p.lag_median_h * HOUR * np.exp(p.lag_sigma * normal(key, 27, n))
                keep = p.keep_median_d * DAY * np.exp(p.keep_sigma * normal(key, 28, n))
                numbers = lists[:, n].tolist()
                for i in np.flatnonzero(lists[:, n] >= 0).tolist():
                    host = int(bots.id[some[i]])
                    draws = random.Random(int(key[i]) ^ n)  # noqa: S311
                    for lease in held[i]:
                        seen = lease.start + int(min(lag[i], 0.5 * (lease.end - lease.start)))
                        for on, off in _spells(s, draws, seen, lease.end, int(keep[i])):
                            yield Listing(numbers[i] + 1, lease.address, on, off, host)


def _spells(s: Setting, draws: random.Random, at: int, last: int, keep: int) -> Iterator[tuple[int, int]]:
    """When a list has an address that is misused until ``last``, from the first time that it sees it there.

    An entry may run out before, or be begged off, and comes back when the list sees the address again.
    """
    p = s.p.lists
    while at < last:
        hold = int(p.drop_median_d * math.exp(p.keep_sigma * draws.gauss(0.0, 1.0)) * DAY)
        if at + hold >= last:
            yield at, min(last + keep, EVER)
            return
        yield at, at + hold
        at += hold + int(p.again_median_d * math.exp(p.again_sigma * draws.gauss(0.0, 1.0)) * DAY)
