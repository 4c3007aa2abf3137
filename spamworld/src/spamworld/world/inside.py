"""What two providers see of their own customers: outbound mail logs and flow summaries, bots among innocent mailers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spamworld.streams import quick, stream
from spamworld.world.addresses import dotted
from spamworld.world.facts import DAY, Flow, LogLine
from spamworld.world.setting import Setting


def providers(s: Setting) -> list[int]:
    """Networks that share their records: a large access provider and a hosting one."""
    access = [n.index for n in s.networks if n.role == "access"]
    hosting = [n.index for n in s.networks if n.role == "hosting"]
    return [max(access, key=lambda i: s.networks[i].bots), hosting[3]][: s.p.inside.providers]


def _customers(s: Setting, provider: int) -> np.ndarray:
    """Hosts of innocent customers, as numbers for the plan of addresses."""
    count = s.p.inside.customers[s.name]
    return (np.int64(70 + provider) << np.int64(32)) + np.arange(count, dtype=np.int64)


def _addresses(s: Setting, host: np.ndarray, provider: int, at: int) -> list[str]:
    network, when = np.full(host.size, provider), np.full(host.size, at)
    k, _, _ = s.plan.lease(host, network, when)
    return [dotted(v) for v in s.plan.address(host, network, k).tolist()]


def flows(s: Setting) -> Iterator[Flow]:
    """A row for each customer and day with anything worth a summary."""
    for provider in providers(s):
        hosts = _customers(s, provider)
        for day in range(s.days):
            yield from _innocent(s, provider, hosts, day)
            yield from _bots(s, provider, day)


def _innocent(s: Setting, provider: int, hosts: np.ndarray, day: int) -> Iterator[Flow]:
    draws = stream(s.seed, "flows", provider, day)
    at = s.start + day * DAY
    addresses = _addresses(s, hosts, provider, at + DAY // 2)
    mailer = hosts % 9 == 0  # runs a mail server of its own; some of them are busy
    sent = np.where(mailer, draws.poisson(s.p.inside.mails_day * (1 + 40 * (hosts % 45 == 0)), hosts.size), 0)
    flood = draws.random(hosts.size) < s.p.inside.floods
    packets = (draws.pareto(1.0, hosts.size) * 1e5).astype(np.int64)
    for i in np.flatnonzero((sent > 0) | flood).tolist():
        n = int(sent[i])
        yield Flow(
            provider, at, i + 1, addresses[i], n, int(n * 0.7) + (n > 0), "", int(packets[i]) * int(flood[i]), True
        )


def _bots(s: Setting, provider: int, day: int) -> Iterator[Flow]:
    at = s.start + day * DAY
    for net in s.nets:
        bots = s.bots[net.id]
        index, _, _ = bots.live(at)
        index = index[bots.network[index] == provider]
        if not index.size:
            continue
        draws = stream(s.seed, "flows", provider, day, net.id)
        addresses = _addresses(s, bots.id[index], provider, at + DAY // 2)
        quiet = float(s.effects.botnet(net.id, at + DAY / 2))
        burst = draws.lognormal(np.log(s.p.inside.burst), 1.0, index.size) * quiet
        for i, address in enumerate(addresses):
            n = int(burst[i])
            customer = 1_000_000 + int(bots.id[index[i]]) % 1_000_000 + 1_000_000 * net.id
            yield Flow(provider, at, customer, address, n, int(n * 0.93), net.controllers[i % 2], 0, False, net.id)


def log_lines(s: Setting) -> Iterator[LogLine]:
    """Mails that left through the providers' own relays, in order of time within a day."""
    for provider in providers(s):
        hosts = _customers(s, provider)
        software = "exim" if s.networks[provider].role == "hosting" else "postfix"
        for day in range(s.days):
            found = [*_honest(s, provider, software, hosts, day), *_through(s, provider, software, day)]
            found.sort(key=lambda line: (line.at, line.customer))
            yield from found


def _honest(s: Setting, provider: int, software: str, hosts: np.ndarray, day: int) -> Iterator[LogLine]:
    draws, q = stream(s.seed, "log", provider, day), quick(s.seed, "log", provider, day)
    count = draws.poisson(s.p.inside.mails_day / 12.0, hosts.size)
    addresses = _addresses(s, hosts, provider, s.start + day * DAY)
    people = s.servers.people
    for i in np.flatnonzero(count).tolist():
        sender = people[(i * 31 + provider) % len(people)][1]
        for _ in range(int(count[i])):
            at = s.start + day * DAY + int(q.betavariate(4, 3) * DAY)
            status = "sent" if q.random() < 0.96 else q.choice(("deferred", "bounced"))
            to = people[q.randrange(len(people))][1]
            size = int(q.lognormvariate(9.0, 1.0))
            yield LogLine(provider, software, at, i + 1, addresses[i], f"pc-{i}", sender, to, size, status, False)


def _through(s: Setting, provider: int, software: str, day: int) -> Iterator[LogLine]:
    """Junk of bots that use their provider's relay."""
    q = quick(s.seed, "log", "junk", provider, day)
    for net in s.nets:
        bots = s.bots[net.id]
        index, lo, hi = bots.live(s.start + day * DAY)
        here = (bots.network[index] == provider) & (bots.slice[index] < s.p.botnets.smart_host)
        rows = index[here]
        if not rows.size:
            continue
        addresses = _addresses(s, bots.id[rows], provider, s.start + day * DAY)
        for row, first, last, address in zip(
            rows.tolist(), lo[here].tolist(), hi[here].tolist(), addresses, strict=True
        ):
            customer = 1_000_000 + int(bots.id[row]) % 1_000_000 + 1_000_000 * net.id
            for _ in range(q.randrange(20, 200)):
                at = first + int(q.random() * (last - first))
                people = s.servers.people
                sender, to = people[q.randrange(len(people))][1], people[q.randrange(len(people))][1]
                status = "sent" if q.random() < 0.45 else "bounced"
                size = int(q.lognormvariate(8.0, 0.4))
                yield LogLine(provider, software, at, customer, address, "localhost", sender, to, size, status, True)
