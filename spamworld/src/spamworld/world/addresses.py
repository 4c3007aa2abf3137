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
from spamworld.world.facts import DAY, HOUR, Lease, Network

STATIC, STICKY, PERIODIC, SHARED = 0, 1, 2, 3
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
        ratio = np.exp(low + unit(self.key, draws, 7) * (high - low))
        space = np.array([sum(x.size for x in n.prefixes) for n in networks], np.float64)
        self.nat = np.maximum(16, np.minimum(space / ratio, 250)).astype(np.int64)  # addresses that all customers share
        self.median, self.sigma = p.addressing.lease_median_d * DAY, p.addressing.lease_sigma
        self.stay = 1.0 - p.addressing.leave_prefix

    def lease(self, host: Longs, network: Longs, at: Longs, birth: Longs) -> tuple[Longs, Longs, Longs]:
        """The lease that each host holds at an instant: its ordinal, start and end (microseconds)."""
        code = self.code[network]
        k, start = np.zeros(host.size, np.int64), birth.astype(np.int64).copy()
        end = np.full(host.size, 1 << 62, np.int64)
        rota = code == PERIODIC
        if rota.any():
            period = self.period[network[rota]]
            phase = (unit(self.key, host[rota], 3) * period).astype(np.int64)
            k[rota] = (at[rota] - phase) // period
            start[rota] = k[rota] * period + phase
            end[rota] = start[rota] + period
        sticky = np.flatnonzero(code == STICKY)
        if sticky.size:
            end[sticky] = start[sticky] + self._length(host[sticky], k[sticky])
            late = sticky[end[sticky] <= at[sticky]]
            while late.size:
                k[late] += 1
                start[late] = end[late]
                end[late] = start[late] + self._length(host[late], k[late])
                late = late[end[late] <= at[late]]
        return k, start, end

    def _length(self, host: Longs, k: Longs) -> Longs:
        length = self.median * np.exp(self.sigma * normal(self.key, host, k, 5))
        return np.asarray(np.maximum(length, DAY), np.int64)

    def address(self, host: Longs, network: Longs, k: Longs) -> Longs:
        """IPv4 addresses of the leases, as numbers.

        The lower half of a prefix is static space, the upper half the pool. Leases go in pairs of one prefix, so that
        half of all changes leave it where a provider has several.
        """
        code = self.code[network]
        pair = np.where(unit(self.key, host, 9) < 2 * self.stay, k // 2, k)
        which = self.first[network] + (mix(self.key, host, pair, 11) % self.count[network].astype(np.uint64)).astype(
            np.int64
        )
        which = np.where(code == SHARED, self.first[network], which)
        half = self.size[which] // 2
        room = np.where(code == SHARED, self.nat[network], half - 258)
        room = np.maximum(np.where(half <= 512, half - 2, room), 1).astype(np.uint64)
        offset = (mix(self.key, host, np.where(code == STATIC, 0, k), 13) % room).astype(np.int64)
        start = np.where(code == STATIC, np.where(half <= 512, 1, 257), np.where(code == SHARED, 512, half))
        return np.asarray(self.base[which] + start + offset, np.int64)

    def leases(self, host: int, network: int, birth: int, start: int, end: int, most: int = 500) -> tuple[Lease, ...]:
        """All leases of one host between two instants, in order."""
        out: list[Lease] = []
        at = start
        one, net, born = np.array([host]), np.array([network]), np.array([birth])
        while at < end and len(out) < most:
            k, since, until = self.lease(one, net, np.array([at]), born)
            text = dotted(int(self.address(one, net, k)[0]))
            out.append(Lease(text, max(int(since[0]), start), min(int(until[0]), end)))
            at = int(until[0])
        return tuple(out)


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
