"""Whether a world is like what was published: figures with the bounds they must lie in.

Each check is a pure count of the world's plans or mails; tests run them on tier S (and two days of M, which alone has
more than six botnets), and a miss fails the build.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

import msgspec
import numpy as np

from spamworld.plan import Delivery
from spamworld.world import listings, markets
from spamworld.world.facts import DAY, EVER, Listing
from spamworld.world.hosts import running
from spamworld.world.setting import Setting


class Check(msgspec.Struct, frozen=True):
    """A figure, and the bounds it must lie in."""

    name: str
    value: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        return self.low <= self.value <= self.high


def checks(s: Setting, mails: Iterable[Delivery], listed: Iterable[Listing]) -> list[Check]:
    """All checks that one world's plan, mails and listings allow."""
    found = list(mails)
    junk = [d for d in found if d.kind == "junk"]
    return [
        zipf(s, found),
        *concentration(s),
        per_bot(s, junk),
        *union(s, listed),
        *back(s),
        *relisted(s),
        rents(s),
        *cleaning(s),
        *strategies(s, junk),
        bots(s, junk),
        letters(s, junk),
    ]


def zipf(s: Setting, mails: Sequence[Delivery]) -> Check:
    """Connections per source fall as a power of the rank: slope of log count against log rank where counts exceed 3."""
    counts = np.sort(np.array(list(Counter(d.handover.address for d in mails).values())))[::-1]
    head = counts[counts > 3]
    slope = float(np.polyfit(np.log(np.arange(1, head.size + 1)), np.log(head), 1)[0])
    return Check("slope of connections per source", slope, s.p.realism.zipf_low, s.p.realism.zipf_high)


def six_botnets(s: Setting) -> Check:
    """Share of the six largest in the planned mail of all botnets; for worlds with more than six."""
    planned = sorted((float(s.rates["bot", b.id].sum()) for b in s.nets), reverse=True)
    wide, wanted = s.p.realism.six_tolerance, s.p.realism.six_botnets
    return Check("share of the six largest botnets", sum(planned[:6]) / sum(planned), wanted - wide, wanted + wide)


def as_planned(s: Setting, day: int, junk: Iterable[Delivery]) -> list[Check]:
    """Mails of each botnet on one day against its plan: within four deviations of a Poisson count, and a tenth lost."""
    counts = Counter(d.botnet for d in junk if d.category != "worm" and d.id >> 24 & 0xFFFF < 64)
    out = []
    for b in s.nets:
        noon = s.start + day * DAY + DAY / 2
        wanted = float(s.rates["bot", b.id][day] * s.effects.botnet(b.id, noon))
        out.append(
            Check(f"mails of botnet {b.id}", counts[b.id], 0.8 * wanted - 4 * wanted**0.5, wanted + 4 * wanted**0.5)
        )
    return out


def concentration(s: Setting) -> list[Check]:
    """Share of bots in the 10, 50 and 200 providers that are worst, ranked by plan: a sample's own ranks flatter."""
    held = sum((np.bincount(bots.network[running(s, bots)], minlength=len(s.networks)) for bots in s.bots.values()), 0)
    order = np.argsort([-n.bots for n in s.networks])
    share = np.cumsum(np.asarray(held)[order]) / np.sum(held)
    wide = s.p.realism.concentration_tolerance
    wanted = {10: s.p.networks.top10, 50: s.p.networks.top50, 200: s.p.networks.top200}
    return [
        Check(f"share of bots in {n} providers", float(share[n - 1]), v * (1 - wide), v * (1 + wide))
        for n, v in wanted.items()
    ]


def per_bot(s: Setting, junk: Iterable[Delivery]) -> Check:
    """Median mails of one bot at our intakes."""
    counts = Counter(d.injector.id for d in junk if d.botnet)
    return Check("median mails per bot", float(median(counts.values())), 1.0, s.p.realism.mails_per_bot - 0.5)


def union(s: Setting, listed: Iterable[Listing]) -> list[Check]:
    """Share of bots on at least one foreign list, and on how many those are."""
    lists: dict[int, set[int]] = {}
    for one in listed:
        lists.setdefault(one.host, set()).add(one.list)
    rows = [(bots, i) for bots in s.bots.values() for i in running(s, bots).tolist()]
    on = [len(lists.get(int(bots.id[i]), ())) for bots, i in rows]
    wide, p = s.p.realism.union_tolerance, s.p.lists
    out = [Check("bots on a foreign list", sum(n > 0 for n in on) / len(on), p.union - wide, p.union + wide)]
    once = sum(n == 1 for n in on) / max(1, sum(n > 0 for n in on))
    return [*out, Check("of those on one list only", once, p.numbers[0] - 2 * wide, p.numbers[0] + 2 * wide)]


def back(s: Setting) -> list[Check]:
    """Share of cleaned bots that are infected again within 10 days, and ever; of those cleaned long before the end."""
    soon, ever, all_ = 0, 0, 0
    for bots in s.bots.values():
        old = bots.end[:, 0] < s.end - 90 * DAY
        gap = bots.start[old, 1] - bots.end[old, 0]
        again = bots.start[old, 1] < EVER
        soon, ever, all_ = soon + int((again & (gap <= 10 * DAY)).sum()), ever + int(again.sum()), all_ + int(old.sum())
    wide, c = s.p.realism.relist_tolerance, s.p.cleanup
    return [
        Check("infected again within 10 days", soon / all_, c.back_10d - wide, c.back_10d + wide),
        Check("infected again ever", ever / all_, c.back_ever - wide, c.back_ever + wide),
    ]


def relisted(s: Setting) -> list[Check]:
    """Of entries that lists took off, the share that came back onto the same list within 10 days, and ever (PreSTA).

    Of lines whose address stays: elsewhere somebody else has it by then, or nobody.
    """
    stays = {
        int(host) for bots in s.bots.values() for host, home in zip(bots.id, bots.network, strict=True)
        if s.networks[home].addressing == "static"
    }  # fmt: skip
    rows: dict[tuple[int, str], list[tuple[int, int]]] = {}
    for one in listings.history(s):
        if one.host in stays:
            rows.setdefault((one.list, one.address), []).append((one.start, one.end))
    soon, ever, ended = 0, 0, 0
    for spells in rows.values():
        spells.sort()
        for place, (_, end) in enumerate(spells):
            if end >= s.end - 90 * DAY or any(until > end for _, until in spells[:place]):
                continue
            later = [start for start, until in spells[place + 1 :] if until > end]
            if later and later[0] <= end:
                continue  # another infection holds the entry
            ended += 1
            ever += bool(later)
            soon += bool(later) and later[0] - end <= 10 * DAY
    wide, c = s.p.realism.relist_tolerance, s.p.cleanup
    return [
        Check("on the same list again within 10 days", soon / ended, c.back_10d - wide, c.back_10d + wide),
        Check("on the same list again ever", ever / ended, c.back_ever - wide, c.back_ever + wide),
    ]


def rents(s: Setting) -> Check:
    """Rents of botnets against what the campaigns sent by them brought in."""
    hired = {rental.campaign for rental in markets.rentals(s)}
    lines = [line for line in markets.bookings(s) if line.campaign in hired]
    rent, income = (sum(line.amount for line in lines if line.kind == kind) for kind in ("rent", "income"))
    share = -rent / max(1.0, income)
    return Check("rents of botnets against income", share, s.p.realism.rents_low, s.p.realism.rents_high)


def cleaning(s: Setting) -> list[Check]:
    """Share still infected 1 and 16 days after, without a detailed notice."""
    out = []
    for days, clean in ((1, s.p.cleanup.clean_1d), (16, s.p.cleanup.clean_16d)):
        alive = total = 0
        for bots in s.bots.values():
            plain = bots.notice < 2
            alive += int((bots.end[plain, 0] - bots.start[plain, 0] > days * DAY).sum())
            total += int(plain.sum())
        wide = s.p.realism.clean_tolerance
        out.append(Check(f"infected after {days} days", alive / total, 1 - clean - wide, 1 - clean + wide))
    return out


def strategies(s: Setting, junk: Iterable[Delivery]) -> list[Check]:
    """Shares of the strategies of forgery in bots' mail."""
    counts = Counter(d.strategy for d in junk if d.class_ == "bot")
    most = s.p.realism.strategy_tolerance
    return [
        Check(f"strategy {name}", counts[name] / max(1, counts.total()), share - wide, share + wide)
        for name, share in s.mix.items()
        if (wide := min(most, 0.25 * share + 0.006))
    ]


def bots(s: Setting, junk: Sequence[Delivery]) -> Check:
    """Share of junk that bots send."""
    share = sum(d.class_ == "bot" for d in junk) / len(junk)
    wide, wanted = s.p.realism.bots_tolerance, s.era.channels["bot"] + s.era.channels["worm"]
    return Check("share of junk by bots", share, wanted - wide, wanted + wide)


def letters(s: Setting, junk: Iterable[Delivery]) -> Check:
    """Junk for an address that begins with A to M against one with N to Z: more (Clayton)."""
    names = [r.address for d in junk if not d.recipients[0].trap for r in d.recipients]
    here, there = Counter(n[0] for n in names), Counter(b.name[0] for b in s.boxes.mailboxes)
    first, second = "abcdefghijklm", "nopqrstuvwxyz"
    rate = [sum(here[c] for c in half) / max(1, sum(there[c] for c in half)) for half in (first, second)]
    p = s.p.traps
    even = np.linspace(p.letter_a, p.letter_z, 26)
    odds = even / (1 - even)
    wanted = float(odds[:13].mean() / odds[13:].mean())
    wide = s.p.realism.letter_tolerance
    return Check("junk for A to M against N to Z", rate[0] / rate[1], wanted * (1 - wide), wanted * (1 + wide))
