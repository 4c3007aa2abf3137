"""The lower bound of a share, against closed forms and sums."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.listing.beta import below, lower_bound

sides = st.floats(min_value=0.05, max_value=5000)


@pytest.mark.parametrize("a", [0.5, 1, 2, 7.5, 40, 900])
def test_with_nothing_good_the_bound_is_a_power(a: float) -> None:
    assert lower_bound(a, 1.0) == pytest.approx(0.05 ** (1 / a), abs=1e-8)


@pytest.mark.parametrize("b", [0.5, 1, 3, 25])
def test_with_nothing_bad_the_bound_is_the_mirrored_power(b: float) -> None:
    assert lower_bound(1.0, b) == pytest.approx(1 - 0.95 ** (1 / b), abs=1e-8)


@pytest.mark.parametrize(("a", "b", "x"), [(3, 4, 0.3), (1, 1, 0.5), (20, 5, 0.7), (50, 50, 0.49), (2, 90, 0.01)])
def test_whole_numbers_agree_with_the_binomial_sum(a: int, b: int, x: float) -> None:
    n = a + b - 1
    exact = sum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert below(x, a, b) == pytest.approx(exact, rel=1e-10, abs=1e-12)


@given(a=sides, b=sides)
def test_five_in_a_hundred_lie_below_the_bound(a: float, b: float) -> None:
    bound = lower_bound(a, b)
    assert 0 <= bound <= 1
    # nine digits of the bound, so the share below it is only as exact as the density is flat there
    assert below(max(bound - 1e-8, 0), a, b) <= 0.05 + 1e-9
    assert below(min(bound + 1e-8, 1), a, b) >= 0.05 - 1e-9


@given(a=sides, b=sides, x=st.integers(0, 1024).map(lambda part: part / 1024))
def test_the_mirror_image_adds_up_to_one(a: float, b: float, x: float) -> None:
    assert below(x, a, b) + below(1 - x, b, a) == pytest.approx(1.0, abs=1e-8)


@given(a=sides, b=sides, more=st.floats(min_value=0, max_value=100))
def test_more_junk_raises_and_more_good_lowers(a: float, b: float, more: float) -> None:
    assert lower_bound(a + more, b) >= lower_bound(a, b) - 2e-9
    assert lower_bound(a, b + more) <= lower_bound(a, b) + 2e-9
