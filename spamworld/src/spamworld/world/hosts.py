"""Every machine of the world, with its infections, addresses and botnet: bots, proxies, relays, sites, servers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spamworld.world.addresses import dotted
from spamworld.world.facts import EVER, Host, Lease
from spamworld.world.population import Population
from spamworld.world.setting import Setting

CHUNK = 4096
NOTICES = ("", "minimal", "detailed")


def hosts(s: Setting) -> Iterator[Host]:
    """All of them, botnet by botnet; a bot only if it was infected at some time of the run."""
    for bots in s.bots.values():
        yield from _bots(s, bots)
    for kind, found in s.misused.items():
        for one in found:
            home = s.networks[one.network]
            lease = Lease(dotted(one.address), one.start, one.end)
            infected = ((one.start, one.end),)
            yield Host(one.id, kind, one.network, home.country, 0, infected, (lease,), (0.0, 24.0), one.weight)
    for outfit in s.outfits:
        for n, value in enumerate(outfit.addresses):
            number = (62 << 32) + outfit.id * 4096 + n
            spell = ((outfit.start, outfit.end),)
            country = s.networks[outfit.network].country
            yield Host(number, "snowshoe", outfit.network, country, 0, spell, (Lease(dotted(value), *spell[0]),),
                       (0.0, 24.0), 1.0, tenants=(outfit.spammer,))  # fmt: skip
    yield from _servers(s)


def running(s: Setting, bots: Population) -> np.ndarray:
    """Rows of the bots that were infected at some time of the run."""
    return np.flatnonzero(((bots.start < s.end) & (bots.end > s.start)).any(axis=1))


def _bots(s: Setting, bots: Population) -> Iterator[Host]:
    rows = running(s, bots)
    for first in range(0, rows.size, CHUNK):
        part = rows[first : first + CHUNK]
        start, end = spells(s, bots, part)
        leases = s.plan.leases(bots.id[part], bots.network[part], start, end)
        for row, held in zip(part.tolist(), leases, strict=True):
            infected = tuple(
                (a, b) for a, b in zip(bots.start[row].tolist(), bots.end[row].tolist(), strict=True) if a < EVER
            )
            network = int(bots.network[row])
            yield Host(
                int(bots.id[row]),
                "bot",
                network,
                s.networks[network].country,
                bots.botnet,
                infected,
                held,
                (round(float(bots.on[row]), 3), round(float(bots.duty[row]), 3)),
                round(float(bots.weight[row]), 4),
                NOTICES[int(bots.notice[row])],
                int(bots.notice_at[row]) if bots.notice[row] else 0,
                bool(bots.shared[row]),
            )


def spells(s: Setting, bots: Population, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From the first infection to the last end, within the run."""
    start = np.where(bots.end[rows] > s.start, bots.start[rows], EVER).min(axis=1)
    end = np.where(bots.start[rows] < s.end, np.minimum(bots.end[rows], s.end), 0).max(axis=1)
    return np.maximum(start, s.start), end


def _servers(s: Setting) -> Iterator[Host]:
    everyone = [o.server for o in s.servers.everyone] + s.servers.relays + [m for farm in s.servers.farms for m in farm]
    for machine in everyone:
        home = s.by_asn[machine.asn]
        lease = Lease(machine.address, s.start, s.end)
        yield Host(machine.id, "server", home.index, machine.country, 0, (), (lease,), (0.0, 24.0), 1.0)
