"""The lower bound of a share: the 5% point of a Beta distribution, without any statistics package."""

from __future__ import annotations

import math

_TINY = 1e-300
_EPSILON = 1e-15
_STEPS = 500


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method.

    Source: Abramowitz and Stegun 26.5.8; Lentz, Applied Optics 15 (1976) 668.
    """
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    value = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 + term * d
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = 1.0 + term / c
            c = c if abs(c) > _TINY else _TINY
            value *= c * d
        if abs(c * d - 1.0) < _EPSILON:
            break
    return value


def below(x: float, a: float, b: float) -> float:
    """P(share <= x) under Beta(a, b): the regularised incomplete beta function I_x(a, b)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    # The fraction converges fast only left of the mean; right of it the mirror image does.
    if x < (a + 1.0) / (a + b + 2.0):
        return min(1.0, front * _fraction(a, b, x) / a)
    return max(0.0, 1.0 - front * _fraction(b, a, 1.0 - x) / b)


def lower_bound(a: float, b: float, tail: float = 0.05) -> float:
    """The share that lies below only ``tail`` of Beta(a, b), to nine digits.

    Newton's steps inside a bracket that only shrinks: no start value can send them astray, and equal inputs give
    equal digits everywhere, which stored decisions need.
    """
    low, high = 0.0, 1.0
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    x = a / (a + b)
    for _ in range(60):
        error = below(x, a, b) - tail
        low, high = (x, high) if error < 0 else (low, x)
        density = math.exp(min(scale + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x), 700.0))
        step = x - error / density if density > 0 else -1.0
        after = step if low < step < high else (low + high) / 2
        if abs(after - x) < 1e-11 or not 0 < after < 1:
            break
        x = after
    return round(x, 9)
