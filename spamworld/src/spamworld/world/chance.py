"""Chance by the thousand: hashes of (host, count) that any machine draws alike, and the few distributions in use."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.uint64]
Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

GOLDEN, FIRST, SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


S30, S27, S31, S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
LOW = np.uint64(0xFFFFFFFF)


def mix(first: Ints | Longs, *keys: Ints | Longs | int) -> Ints:
    """A hash of the keys, elementwise: splitmix64 (Steele, Lea, Flood 2014)."""
    out = _scramble(first.astype(np.uint64))
    for key in keys:
        out = _scramble(out ^ (np.uint64(key) if isinstance(key, int) else key.astype(np.uint64)))
    return out


def _scramble(out: Ints) -> Ints:
    out = out + GOLDEN
    out = (out ^ (out >> S30)) * FIRST
    out = (out ^ (out >> S27)) * SECOND
    return np.asarray(out ^ (out >> S31))


def unit(first: Ints | Longs, *keys: Ints | Longs | int) -> Floats:
    """Uniform in (0, 1), by hash."""
    return (np.asarray(mix(first, *keys) >> S11, np.float64) + 0.5) * (1.0 / (1 << 53))


def normal(first: Ints | Longs, *keys: Ints | Longs | int) -> Floats:
    """Standard normal, by hash (Box and Muller on the halves of one number)."""
    bits = mix(first, *keys)
    radius, turn = (bits >> np.uint64(32)).astype(np.float64), (bits & LOW).astype(np.float64)
    scale = 1.0 / (1 << 32)
    return np.asarray(np.sqrt(-2.0 * np.log((radius + 0.5) * scale)) * np.cos(2.0 * math.pi * turn * scale))


def zipf(count: int, slope: float) -> Floats:
    """Shares of ``count`` members by rank, summing to 1."""
    weight = np.arange(1, count + 1, dtype=np.float64) ** -slope
    return np.asarray(weight / weight.sum())


def pick(weights: Floats, draws: Floats) -> Longs:
    """Indices drawn with the weights, one for each uniform in ``draws``."""
    total = np.cumsum(weights)
    if not total.size or total[-1] <= 0:
        return np.zeros(draws.size, np.int64)
    return np.asarray(np.minimum(np.searchsorted(total, draws * total[-1], side="right"), total.size - 1), np.int64)


def skews(draws: np.random.Generator, count: int, scale_s: float, far: float) -> Longs:
    """How far clocks are off, microseconds: Laplace, and a share ``far`` that is off by an hour to some days."""
    off = draws.laplace(0.0, scale_s, count)
    hours = np.exp(draws.uniform(0.0, math.log(96.0), count)) * 3600.0 * draws.choice([-1.0, 1.0], count)
    return np.asarray(np.where(draws.random(count) < far, hours, off) * 1e6, np.int64)


def weibull(clean_1: float, clean_n: float, days: float) -> tuple[float, float]:
    """Shape and scale (days) of the Weibull life ended in ``clean_1`` of cases at day 1, in ``clean_n`` at ``days``."""
    one, many = -math.log1p(-clean_1), -math.log1p(-clean_n)
    shape = math.log(many / one) / math.log(days)
    return shape, one ** (-1.0 / shape)
