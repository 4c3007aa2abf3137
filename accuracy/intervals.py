"""How sure a figure is: bootstrap over campaigns, and exact limits for rare events."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000


class Estimate(NamedTuple):
    """A figure with its 95% interval; ``base`` is what it was counted on, ``groups`` what was drawn anew."""

    value: float
    low: float
    high: float
    base: int
    groups: int = 0


NONE = Estimate(math.nan, math.nan, math.nan, 0)


def share(hits: Sequence[float], group: Sequence[int], seed: int = 1) -> Estimate:
    """The mean of ``hits`` (0 or 1 each), with the interval of a bootstrap that draws whole groups.

    Mails of one campaign are alike, so an interval by mail would be far too narrow.
    """
    values = np.asarray(hits, float)
    if not len(values):
        return NONE
    _, place = np.unique(np.asarray(group), return_inverse=True)
    good = np.bincount(place, values).astype(float)
    size = np.bincount(place).astype(float)
    drawn = ratio_draws(good, size, seed)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Estimate(float(values.mean()), float(low), float(high), len(values), len(size))


def ratio(above: Sequence[float], below: Sequence[float], group: Sequence[int], seed: int = 1) -> Estimate:
    """Sum over sum, with the interval of a bootstrap that draws whole groups."""
    top, bottom = np.asarray(above, float), np.asarray(below, float)
    if not bottom.sum():
        return NONE
    _, place = np.unique(np.asarray(group), return_inverse=True)
    good = np.bincount(place, top).astype(float)
    size = np.bincount(place, bottom).astype(float)
    low, high = np.quantile(ratio_draws(good, size, seed), (0.025, 0.975))
    return Estimate(float(top.sum() / bottom.sum()), float(low), float(high), int(bottom.sum()), len(size))


def grouped(above: NDArray[np.float64], below: NDArray[np.float64], seed: int = 1) -> list[Estimate]:
    """For each column of sums by group: sum over sum, with the interval of one bootstrap that draws whole groups."""
    chance, (count, columns) = np.random.default_rng(seed), above.shape
    totals = below.sum(axis=0)
    if not count or not totals.any():
        return [NONE] * columns
    drawn = np.zeros((DRAWS, columns))
    step = max(1, min(100, 2_000_000 // count))
    for start in range(0, DRAWS, step):
        size = min(step, DRAWS - start)
        weights = chance.multinomial(count, np.full(count, 1 / count), size=size).astype(float)
        bottom = weights @ below
        drawn[start : start + size] = np.divide(weights @ above, bottom, out=np.zeros_like(bottom), where=bottom > 0)
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    value = np.divide(above.sum(axis=0), totals, out=np.zeros(columns), where=totals > 0)
    groups = (below > 0).sum(axis=0)
    return [
        Estimate(float(value[n]), float(low[n]), float(high[n]), int(totals[n]), int(groups[n])) if totals[n] else NONE
        for n in range(columns)
    ]


def ratio_draws(above: NDArray[np.float64], below: NDArray[np.float64], seed: int = 1) -> NDArray[np.float64]:
    """Sum over sum in each of ``DRAWS`` draws of groups with replacement."""
    chance = np.random.default_rng(seed)
    count = len(above)
    out = np.empty(DRAWS)
    for start in range(0, DRAWS, 100):
        weights = chance.multinomial(count, np.full(count, 1 / count), size=100).astype(float)
        bottom = weights @ below
        out[start : start + 100] = np.divide(weights @ above, bottom, out=np.zeros(100), where=bottom > 0)
    return out


def statistic(
    values: Sequence[float], group: Sequence[int], of: Callable[[NDArray[np.float64]], float], seed: int = 1
) -> Estimate:
    """Any figure of a sample (a median, a quantile), with the interval of a bootstrap over groups."""
    sample = np.asarray(values, float)
    if not len(sample):
        return NONE
    names, place = np.unique(np.asarray(group), return_inverse=True)
    parts = [sample[place == number] for number in range(len(names))]
    chance = np.random.default_rng(seed)
    drawn = [of(np.concatenate([parts[n] for n in chance.integers(0, len(parts), len(parts))])) for _ in range(300)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Estimate(of(sample), float(low), float(high), len(sample), len(parts))


def clopper_pearson(hits: int, trials: int, level: float = 0.95) -> Estimate:
    """A share with its exact interval (Clopper and Pearson, Biometrika 26, 1934)."""
    if not trials:
        return NONE
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _binomial(hits - 1, trials, p) - tail, rising=True)
    high = 1.0 if hits == trials else _solve(lambda p: _binomial(hits, trials, p) - tail, rising=False)
    return Estimate(hits / trials, low, high, trials)


def _binomial(most: int, trials: int, p: float) -> float:
    """P that at most so many of the trials hit."""
    if p <= 0:
        return 1.0
    if p >= 1:
        return float(most >= trials)
    if most > trials / 2:
        return 1 - _binomial(trials - most - 1, trials, 1 - p)
    first = math.lgamma(trials + 1)
    terms = (
        first - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + k * math.log(p) + (trials - k) * math.log1p(-p)
        for k in range(most + 1)
    )
    return math.fsum(math.exp(term) for term in terms)


def _solve(of: Callable[[float], float], rising: bool) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if (of(middle) > 0) == rising:
            high = middle
        else:
            low = middle
    return (low + high) / 2


BINS = 10  # of equal width, for calibration


def binned_error(size: Sequence[float], stated: Sequence[float], right: Sequence[float]) -> float:
    """ECE: the mean distance of stated from observed probability; by bin: answers, sum stated, right ones."""
    gap = np.abs(np.asarray(stated, float) - np.asarray(right, float))
    return float(gap.sum() / sum(size)) if sum(size) else math.nan


def calibration_error(sure: Sequence[float], right: Sequence[float]) -> float:
    """The same of single answers."""
    stated = np.asarray(sure, float)
    place = np.minimum((stated * BINS).astype(int), BINS - 1)
    sums = [np.bincount(place, weights, BINS).tolist() for weights in (None, stated, np.asarray(right, float))]
    return binned_error(*sums)
