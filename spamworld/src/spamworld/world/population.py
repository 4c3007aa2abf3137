"""The bots of one botnet over the whole run: where they stand, when they were infected and cleaned, how busy."""

from __future__ import annotations

import numpy as np

from spamworld.parameters import Parameters
from spamworld.streams import stream
from spamworld.world.chance import Floats, Longs, pick, skews, weibull
from spamworld.world.facts import DAY, EVER, Network

ROUNDS = 3  # infections of one host that are told apart


class Population:
    """Arrays of one row a bot. ``start`` and ``end`` have a column for each infection; EVER where there was none."""

    def __init__(
        self,
        seed: int,
        p: Parameters,
        networks: list[Network],
        botnet: int,
        live: float,
        first: int,
        last: int,
        systems: dict[str, float],
    ) -> None:
        draws = stream(seed, "bots", botnet)
        c = p.cleanup
        burn = p.botnets.burn_in_d
        days = (last - first) / DAY + burn
        self.plain, self.noticed = weibull(c.clean_1d, c.clean_16d, 16.0), weibull(c.noticed_1d, c.noticed_16d, 16.0)
        n = max(40, int(draws.poisson(live * days / _mean_life(self.plain, p, days))))
        self.botnet, self.size = botnet, n
        self.id = (np.int64(botnet) << np.int64(32)) + np.arange(n, dtype=np.int64)
        self.network = pick(np.array([x.bots for x in networks]), draws.random(n))
        born = first + ((draws.random(n) * days - burn) * DAY).astype(np.int64)
        speed = np.array([c.speeds[x.provider] for x in networks])[self.network]
        told = draws.random(n)
        self.notice = np.where(told < c.detailed, 2, np.where(told < c.detailed + c.minimal, 1, 0)).astype(np.int8)
        self.notice_at = born + (draws.exponential(c.notice_lag_d, n) * DAY).astype(np.int64)
        self.start, self.end = self._infections(draws, p, born, speed)
        tail = np.minimum(draws.pareto(p.botnets.activity_alpha, n) + 1.0, p.botnets.activity_cap)
        self.weight: Floats = tail
        self.on = draws.uniform(0.0, 24.0, n)  # local hour
        self.duty = draws.uniform(p.botnets.duty_low, p.botnets.duty_high, n) * 24.0
        self.hours = np.array([x.hours for x in networks])[self.network]
        self.skew = skews(draws, n, p.clocks.skew_s, p.clocks.far_off)
        self.shared = draws.random(n) < p.botnets.shared_bots
        self.slice = draws.random(n)  # which tenant's orders it takes
        self.system = pick(np.array(list(systems.values())), draws.random(n))
        self.systems = list(systems)

    def _infections(self, draws: np.random.Generator, p: Parameters, born: Longs, speed: Floats) -> tuple[Longs, Longs]:
        c, n = p.cleanup, born.size
        start = np.full((n, ROUNDS), EVER, np.int64)
        end = np.full((n, ROUNDS), EVER, np.int64)
        # lognormal whose share below 10 days is back_10d / back_ever, with the given median
        z = _quantile(c.back_10d / c.back_ever)
        sigma = np.log(10.0 / c.back_median_d) / z
        at, alive = born, np.ones(n, bool)
        for turn in range(ROUNDS):
            life = _lives(draws, self.plain, speed)
            if turn == 0:
                kind = self.notice == 2
                wait = (self.notice_at - born) / DAY
                after = wait + _lives(draws, self.noticed, speed)
                life = np.where(kind, np.minimum(np.where(life < wait, life, after), np.maximum(life, after)), life)
            life = np.minimum(life, draws.exponential(c.age_out_d, n))
            start[alive, turn] = at[alive]
            stop = at + np.minimum(life * DAY, 4e16).astype(np.int64)
            end[alive, turn] = stop[alive]
            back = draws.random(n) < c.back_ever
            gap = c.back_median_d * np.exp(sigma * draws.standard_normal(n))
            at = stop + (gap * DAY).astype(np.int64)
            alive = alive & back
        return start, end

    def live(self, day: int) -> tuple[Longs, Longs, Longs]:
        """Bots infected at some time of the 24 h from ``day``: (index, from, to) within that day."""
        start, end = np.maximum(self.start, day), np.minimum(self.end, day + DAY)
        overlap = end - start
        best = np.argmax(overlap, axis=1)
        rows = np.arange(self.size)
        index = np.flatnonzero(overlap[rows, best] > 0)
        return index, start[index, best[index]], end[index, best[index]]

    def times(self, draws: np.random.Generator, index: Longs, first: Longs, last: Longs, day: int) -> Longs:
        """An instant at which each bot is switched on and infected, within the day that begins at ``day``."""
        n = index.size
        hour = (self.on[index] - self.hours[index] + draws.random(n) * self.duty[index]) % 24.0
        at = day + (hour * 3.6e9).astype(np.int64)
        spread = first + (draws.random(n) * (last - first)).astype(np.int64)
        return np.asarray(np.where((at >= first) & (at < last), at, spread), np.int64)


def _lives(draws: np.random.Generator, fit: tuple[float, float], speed: Floats) -> Floats:
    """Days until clean; the provider's speed multiplies the hazard, 0 for never."""
    with np.errstate(divide="ignore"):
        life = fit[1] * (draws.exponential(1.0, speed.size) / speed) ** (1.0 / fit[0])
    return np.asarray(np.minimum(life, 1e5))


def _mean_life(fit: tuple[float, float], p: Parameters, days: float) -> float:
    """Days for which an infection of the run is live within it, on average: by sums over the provider classes."""
    age = np.linspace(0.0, days, 400)
    alive = np.zeros(age.size)
    for kind, share in p.networks.provider_classes.items():
        alive += share * np.exp(-p.cleanup.speeds[kind] * (age / fit[1]) ** fit[0])
    alive *= np.exp(-age / p.cleanup.age_out_d)
    again = 1.0 / (1.0 - 0.6 * p.cleanup.back_ever)
    return float(np.sum((alive[1:] + alive[:-1]) / 2 * np.diff(age))) * again


def _quantile(share: float) -> float:
    """The standard normal's quantile, by bisection."""
    from math import erf, sqrt

    low, high = -8.0, 8.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 0.5 * (1 + erf(middle / sqrt(2))) < share else (low, middle)
    return low
