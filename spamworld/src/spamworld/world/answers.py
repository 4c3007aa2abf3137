"""What came of reports: providers' replies, people's complaints, and what was found on seized machines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from spamworld.plan import Delivery
from spamworld.streams import quick
from spamworld.world.addresses import dotted
from spamworld.world.chance import unit
from spamworld.world.facts import DAY, EVER, Complaint, Folder, Notice
from spamworld.world.hosts import NOTICES
from spamworld.world.setting import Setting


def notices(s: Setting) -> Iterator[Notice]:
    """Our reports to providers and what they answered: a sample of all notices, in order of time."""
    rows: list[tuple[int, int, int]] = []
    for bots in s.bots.values():
        told = (bots.notice > 0) & (bots.notice_at >= s.start) & (bots.notice_at < s.end)
        told &= bots.end[:, 0] > bots.notice_at
        rows += [(int(bots.notice_at[i]), bots.botnet, int(i)) for i in np.flatnonzero(told)]
    rows.sort()
    keep = min(1.0, s.tier.answers / max(1, len(rows)))
    chance = unit(np.array([s.bots[b].id[i] for _, b, i in rows] or [0]), s.plan.key, 31)
    for (at, botnet, i), u in zip(rows, chance.tolist(), strict=False):
        if u < keep:
            yield from _bot(s, at, botnet, i)
    for outfit in s.outfits:  # bulletproof or bought: "resolved", and nothing happens
        at = outfit.start + 5 * DAY
        if at < outfit.end:
            address = dotted(outfit.addresses[0])
            host = (62 << 32) + outfit.id * 4096
            yield Notice(host, address, outfit.network, "detailed", at, "resolved", at + DAY // 2, False, EVER)


def _bot(s: Setting, at: int, botnet: int, i: int) -> Iterator[Notice]:
    bots, p = s.bots[botnet], s.p
    host, network = bots.id[i : i + 1], bots.network[i : i + 1]
    k, _, _ = s.plan.lease(host, network, np.array([at]))
    address = dotted(int(s.plan.address(host, network, k)[0]))
    q = quick(s.seed, "notice", int(host[0]))
    kinds = list(p.answers.kinds)
    cleaned = int(bots.end[i, 0])
    provider = s.networks[int(network[0])].provider
    silence = {"fast": 0.1, "normal": 0.3, "slow": 0.6, "deaf": 0.9}[provider]
    for kind in (NOTICES[int(bots.notice[i])], "duplicate"):
        if kind == "duplicate" and q.random() >= p.cleanup.duplicate:
            break
        reply = "" if q.random() < silence else q.choices(kinds, list(p.answers.kinds.values()))[0]
        replied = at + (
            q.randrange(2, 120) * 1_000_000
            if reply in ("auto-ack", "bounce")
            else int(q.lognormvariate(0.0, 1.0) * DAY)
        )
        true = reply == "resolved" and cleaned <= replied and q.random() >= p.answers.false_resolved / 10
        yield Notice(int(host[0]), address, int(network[0]), kind, at, reply, replied if reply else 0, true,
                     cleaned if cleaned < s.end else EVER)  # fmt: skip
        at += q.randrange(1, 30) * DAY // 10


def complaints(s: Setting, found: Iterable[Delivery]) -> Iterator[Complaint]:
    """Reports and moves of the people whose mail this is; most reports repeat another."""
    reporters = {box.name for box in s.boxes.mailboxes if box.reports}
    repeat = s.p.traps.duplicates / (1.0 - s.p.traps.duplicates)
    for mail in found:
        if mail.moved:
            yield Complaint(mail.id, mail.at + DAY // 24, mail.intake, mail.moved)
        if mail.kind == "junk" and mail.intake in reporters:
            q = quick(s.seed, "complaint", mail.id)
            if q.random() < 0.5:
                at = mail.at + int(q.expovariate(1.5) * DAY)
                yield Complaint(mail.id, at, mail.intake, "report")
                for n in range(int(repeat) + (q.random() < repeat % 1)):
                    yield Complaint(mail.id, at + (n + 1) * 60_000_000, mail.intake, "report", True)


def folders(s: Setting) -> Iterator[Folder]:
    """Seized machines: of the spammer and some of his customers, and of innocents who happened to stand beside."""
    for event in s.events:
        if event.kind != "seizure":
            continue
        owners = [event.spammer] + [x.id for x in s.senders if x.id != event.spammer]
        for n, owner in enumerate([*owners[: s.p.money.seized], *([0] * s.p.money.seized)]):
            yield _folder(s, event.id, event.at, owner, n)


def _folder(s: Setting, event: str, at: int, owner: int, n: int) -> Folder:
    q = quick(s.seed, "folder", event, n)
    people = s.servers.people
    mine = [c for c in s.campaigns.values() if c.spammer == owner and c.start < at] if owner else []
    templates = tuple((c.id, v.number) for c in mine for v in c.versions if v.start < at)
    addresses = tuple(people[q.randrange(len(people))][1] for _ in range(400 if owner else 60))
    sent = []
    for c in mine[-5:]:
        last = min(c.end, at)
        sent += [(c.start + int(q.random() * max(1, last - c.start)), q.choice(addresses), c.id) for _ in range(50)]
    letter = 1 + n if not owner and n % 3 == 0 else 0
    return Folder(event, owner, templates, addresses, tuple(sorted(sent)), letter)
