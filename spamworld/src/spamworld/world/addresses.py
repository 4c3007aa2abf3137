"""Which address a host has at an instant: static, leased for a while, changed each day, or shared behind a carrier.

Everything follows from the hash of (world, host, ordinal of the lease), so any instant can be asked in any order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from spamworld.parameters import Parameters
from spamworld.streams import number
from spamworld.world.chance import Floats, Ints, Longs, mix, normal, unit
from spamworld.world.facts import DAY, EVER, HOUR, Lease, Network

STATIC, STICKY, PERIODIC, SHARED = 0, 1, 2, 3
BLOCK = 112 * DAY
CODES = {"static": STATIC, "sticky": STICKY, "periodic": PERIODIC, "shared": SHARED}
WORDS = ("river", "cedar", "north", "amber", "delta", "stone", "maple", "harbor", "summit", "valley", "orchid",
         "falcon", "copper", "meadow", "polar", "quartz", "sable", "willow", "zenith", "birch")  # fmt: skip


class Plan:
    """How networks give out addresses, in arrays: thousands of hosts are asked at once."""

    def __init__(self, seed: int, p: Parameters, networks: Sequence[Network]) -> None:
        self.networks = networks
        self.key = number(seed, "addresses") & (2**63 - 1)
        self.first = np.cumsum([0] + [len(n.prefixes) for n in networks[:-1]]).astype(np.int64)
        self.count = np.array([len(n.prefixes) for n in networks], np.int64)
        self.base = np.array([x.base for n in networks for x in n.prefixes], np.int64)
        self.size = np.array([x.size for n in networks for x in n.prefixes], np.int64)
        self.code = np.array([CODES[n.addressing] for n in networks], np.int64)
        self.period = np.array([n.period * HOUR for n in networks], np.int64)
        draws = np.arange(len(networks))
        low, high = math.log(p.addressing.nat_low), math.log(p.addressing.nat_high)
        ratio = np.exp(low + unit(draws, self.key, 7) * (high - low))
        space = np.array([sum(x.size for x in n.prefixes) for n in networks], np.float64)
        self.nat = np.maximum(16, np.minimum(space / ratio, 250)).astype(np.int64)  # addresses that all customers share
        self.median, self.sigma = p.addressing.lease_median_d * DAY, p.addressing.lease_sigma
        self.stay = 1.0 - p.addressing.leave_prefix

    def lease(self, host: Longs, network: Longs, at: Longs) -> tuple[Longs, Longs, Longs]:
        """The lease that each host holds at an instant: its ordinal, start and end (microseconds).

        Sticky leases follow one another within blocks of ``BLOCK`` days, so that no instant is far from a known one.
        """
        code = self.code[network]
        k, start = np.zeros(host.size, np.int64), np.zeros(host.size, np.int64)
        end = np.full(host.size, EVER, np.int64)
        rota = code == PERIODIC
        if rota.any():
            period = self.period[network[rota]]
            phase = (unit(host[rota], self.key, 3) * period).astype(np.int64)
            k[rota] = (at[rota] - phase) // period
            start[rota] = k[rota] * period + phase
            end[rota] = start[rota] + period
        sticky = np.flatnonzero(code == STICKY)
        if sticky.size:
            one, when = mix(host[sticky], self.key), at[sticky]
            phase = (unit(one, 4) * BLOCK).astype(np.int64)
            block = (when - phase) // BLOCK
            turn, begin = block * 128, block * BLOCK + phase
            last = begin + BLOCK
            until = np.minimum(begin + self._length(one, turn), last)
            late = np.flatnonzero(until <= when)
            while late.size:
                turn[late] += 1
                begin[late] = until[late]
                until[late] = np.minimum(begin[late] + self._length(one[late], turn[late]), last[late])
                late = late[until[late] <= when[late]]
            k[sticky], start[sticky], end[sticky] = turn, begin, until
        return k, start, end

    def _length(self, host: Ints, turn: Longs) -> Longs:
        """Lengths of leases; ``host`` is already hashed with the world's key."""
        return np.asarray(np.maximum(self.median * np.exp(self.sigma * normal(host, turn)), DAY), np.int64)

    def address(self, host: Longs, network: Longs, k: Longs) -> Longs:
        """IPv4 addresses of the leases, as numbers.

        The lower half of a prefix is static space, the upper half the pool. Leases go in pairs of one prefix, so that
        half of all changes leave it where a provider has several.
        """
        code = self.code[network]
        pair = np.where(unit(host, self.key, 9) < 2 * self.stay, k // 2, k)
        which = self.first[network] + (mix(host, self.key, 11, pair) % self.count[network].astype(np.uint64)).astype(
            np.int64
        )
        which = np.where(code == SHARED, self.first[network], which)
        half = self.size[which] // 2
        room = np.where(code == SHARED, self.nat[network], half - 258)
        room = np.maximum(np.where(half <= 512, half - 2, room), 1).astype(np.uint64)
        offset = (mix(host, self.key, 13, np.where(code == STATIC, 0, k)) % room).astype(np.int64)
        start = np.where(code == STATIC, np.where(half <= 512, 1, 257), np.where(code == SHARED, 512, half))
        return np.asarray(self.base[which] + start + offset, np.int64)

    def leases(self, host: Longs, network: Longs, start: Longs, end: Longs, most: int = 400) -> list[tuple[Lease, ...]]:
        """All leases of each host between two instants, in order, ``most`` at most."""
        out: list[list[Lease]] = [[] for _ in range(host.size)]
        rows, at = np.arange(host.size), start.astype(np.int64)
        for _ in range(most):
            rows = rows[at[rows] < end[rows]]
            if not rows.size:
                break
            k, since, until = self.lease(host[rows], network[rows], at[rows])
            values = self.address(host[rows], network[rows], k).tolist()
            froms, tos = np.maximum(since, start[rows]).tolist(), np.minimum(until, end[rows]).tolist()
            for row, value, first, last in zip(rows.tolist(), values, froms, tos, strict=True):
                out[row].append(Lease(dotted(value), first, last))
            at[rows] = until
        return [tuple(found) for found in out]


def dotted(value: int) -> str:
    """An IPv4 address as text."""
    return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"


def rdns(network: Network, value: int) -> str:
    """What a PTR look-up for a customer's address gives: one of twelve styles, "" for none."""
    a, b, c, d = value >> 24, value >> 16 & 255, value >> 8 & 255, value & 255
    domain = network.domain
    match network.rdns:
        case 0:
            return f"{a}-{b}-{c}-{d}.dyn.{domain}"
        case 1:
            return f"{d}.{c}.{b}.{a}.{domain}"
        case 2:
            return f"host-{a}-{b}-{c}-{d}.pool.{domain}"
        case 3:
            return f"{value:08x}.{domain}"
        case 4:
            return f"adsl-{c:03d}-{d:03d}.{WORDS[b % len(WORDS)]}.{domain}"
        case 5:
            return f"c{a:02x}{b:02x}-{c:02x}{d:02x}.cable.{domain}"
        case 6:
            return f"ppp{d}.{WORDS[c % len(WORDS)]}{b}.{domain}"
        case 7:
            return f"dhcp{c}-{d}.{network.country.lower()}.{domain}"
        case 8:
            return f"ip{a}{b:03d}{c:03d}{d:03d}.static.{domain}"
        case 9:
            return f"{WORDS[(c * 7 + d) % len(WORDS)]}{d}.customer.{domain}"
        case _:
            return ""


def confirmed(network: Network, value: int) -> bool:
    """Whether that name resolves back: some providers write PTR records and nothing else."""
    return network.rdns < 10 and (network.rdns != 1 or value % 3 > 0)


def six(network: Network, host: int, day: int, key: int) -> str:
    """An IPv6 address of a customer: a /56 for the line, a /64 inside it that changes by day."""
    line = int(mix(np.array([host]), key)[0])
    turn = int(mix(np.array([host]), day, key)[0])
    return (
        f"{network.prefix6[:-5]}:{line & 0xFFFF:x}:{(line >> 16 & 0xFF) << 8 | turn & 0xFF:x}:{turn >> 8 & 0xFFFF:x}:"
        f"{turn >> 24 & 0xFFFF:x}:{turn >> 40 & 0xFFFF:x}:{(turn >> 48 & 0xFFFF) | 1:x}"
    )


__all__ = ["CODES", "Floats", "Ints", "Plan", "confirmed", "dotted", "rdns", "six"]
