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

    Halley's steps inside a bracket that only shrinks: no start value can send them astray, and equal inputs give
    equal digits everywhere, which stored decisions need. The start is right where the share is nearly a power of x
    (few good) and where it is nearly normal (many of both); between, it costs a step more.
    """
    low, high = 0.0, 1.0
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    x = _start(a, b, tail, scale)
    for _ in range(60):
        error = below(x, a, b) - tail
        low, high = (x, high) if error < 0 else (low, x)
        density = math.exp(min(scale + (a - 1) * math.log(x) + (b - 1) * math.log1p(-x), 700.0))
        step = error / density if density > 0 else 2.0
        bend = step * ((a - 1) / x - (b - 1) / (1 - x)) / 2
        after = x - step / (1 - min(max(bend, -1.0), 0.5))
        inside = low < after < high
        near = inside and abs(bend) < 0.1 and abs(after - x) < 1e-5 * min(x, 1 - x)
        after = after if inside else (low + high) / 2
        if after == x or not 0 < after < 1:
            break
        x = after
        if near:  # each step cubes what is wrong
            break
    return round(x, 9)


# The 95% point of a gamma variable by its shape.
_TAIL_OF = (
    (0.0, 0.0), (0.02, 0.046), (0.05, 0.266), (0.1, 0.580), (0.15, 0.826), (0.2, 1.031), (0.3, 1.372), (0.5, 1.921),
    (0.75, 2.490), (1.0, 2.996), (1.5, 3.907), (2.0, 4.743), (3.0, 6.296), (4.0, 7.754),
)  # fmt: skip


def _start(a: float, b: float, tail: float, scale: float) -> float:
    if b <= _TAIL_OF[-1][0] and a > 4 * b and tail == 0.05:
        # Of many against hardly any the distance to 1 is nearly a gamma variable.
        at = next(place for place, (shape, _) in enumerate(_TAIL_OF) if b <= shape)
        (left, low), (right, high) = _TAIL_OF[max(at - 1, 0)], _TAIL_OF[at]
        q = high if right == left else low + (high - low) * (b - left) / (right - left)
        guess = 1 - q / (a + (b - 1) / 2 + q / 2)
    elif a >= 1 and b >= 1:
        # Abramowitz and Stegun 26.5.22, whose z of 5% is 1.645.
        z = 1.6448536 if tail == 0.05 else math.sqrt(-2 * math.log(tail)) - 0.6
        lift, harmonic = (z * z - 3) / 6, 2 / (1 / (2 * a - 1) + 1 / (2 * b - 1))
        w = z * math.sqrt(harmonic + lift) / harmonic - (1 / (2 * b - 1) - 1 / (2 * a - 1)) * (
            lift + 5 / 6 - 2 / (3 * harmonic)
        )
        guess = a / (a + b * math.exp(2 * w)) if harmonic + lift > 0 else a / (a + b)
    else:
        # Near 1 the share above x is (1-x)^b * e^scale / b, near 0 the share below it is x^a * e^scale / a.
        above = math.exp((math.log((1 - tail) * b) - scale) / b)
        under = math.exp((math.log(tail * a) - scale) / a)
        guess = 1 - above if a > b and above < 0.5 else under
    return min(max(guess, 1e-9), 1 - 1e-9)
