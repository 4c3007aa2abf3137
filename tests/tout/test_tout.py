"""Touting days and what they did to a price."""

from __future__ import annotations

import numpy as np
import pytest

from junkhound import tout
from junkhound.kernel import clock
from junkhound.kernel.errors import DataError
from junkhound.tout.market import Series

DAYS = np.arange(13_000, 13_120)


def series(seed: int, jumps: dict[int, float] | None = None, volume: dict[int, float] | None = None) -> Series:
    rng = np.random.Generator(np.random.PCG64(seed))
    steps = 0.01 * rng.standard_normal(len(DAYS))
    traded = np.full(len(DAYS), 1000.0)
    for day, by in (jumps or {}).items():
        steps[day - DAYS[0]] += by
    for day, by in (volume or {}).items():
        traded[day - DAYS[0]] *= by
    return Series(DAYS, np.exp(np.cumsum(steps)), traded)


def test_a_long_silence_ends_a_run() -> None:
    days = [tout.Day(20, 1), tout.Day(1, 5), tout.Day(3, 2), tout.Day(14, 1)]
    found = tout.runs(days, 10)
    assert [(run.first, run.last, run.mails) for run in found] == [(1, 3, 7), (14, 20, 2)]
    assert tout.runs([], 10) == []


def test_a_pump_shows_in_price_volume_and_sums() -> None:
    first, last = 13_080, 13_083
    pump = {first - 1: 0.08, first: 0.05, first + 1: 0.04, last + 1: -0.12, last + 2: -0.1}
    traded = {first - 1: 2.0, first: 6.0, first + 1: 8.0, last + 1: 2.0}
    prices = {"QXZV": series(1, pump, traded), **{f"M{n}": series(10 + n) for n in range(6)}}
    found = tout.effect(prices, "qxzv", first, last)
    assert found is not None
    assert found.model.startswith("market model over 6")
    assert found.before > 0.04
    assert found.during > 0.04
    assert found.after < -0.15
    assert found.volume_times > 3
    assert 0 < found.loss.low < found.loss.high
    assert 0 < found.gain.low <= found.gain.high


def test_where_nothing_happened_nothing_is_found() -> None:
    false = 0
    for seed in range(60):
        found = tout.effect({"QXZV": series(seed)}, "QXZV", 13_080, 13_083)
        assert found is not None
        assert found.model == "the share's own mean"
        false += abs(found.z) > 1.96
    assert false <= 9  # about one in twenty


def test_too_little_is_said_to_be_too_little() -> None:
    prices = {"QXZV": series(1)}
    assert tout.effect(prices, "NONE", 13_080, 13_083) is None
    assert tout.effect(prices, "QXZV", 13_004, 13_006) is None  # no days before to learn the usual from
    assert tout.effect(prices, "QXZV", 14_000, 14_002) is None


def test_an_operators_series_are_read() -> None:
    prices = tout.read_prices(
        "Ticker,on,open,close,volume\nQXZV.PK,2006-01-02,1,1.25,100\nQXZV.PK,2006-01-03,1,1.5,200\n"
    )
    assert prices["QXZV"].close.tolist() == [1.25, 1.5]
    assert prices["QXZV.PK"].days[0] == clock.parse("2006-01-02", 0) // clock.DAY
    with pytest.raises(DataError, match="line 2"):
        tout.read_prices("symbol,day,close,volume\nQXZV,2nd of May,1,2\n")
    with pytest.raises(DataError, match="columns"):
        tout.read_prices("a,b\n1,2\n")


def test_a_burst_is_what_the_days_before_do_not_let_expect() -> None:
    quiet = [tout.Day(day, 1) for day in range(100, 190, 3)]  # a mail every third day
    flood = [tout.Day(200 + n, 40) for n in range(3)]
    first, last = tout.runs([*quiet, *flood], 5)
    assert tout.chance(first, [*quiet, *flood]) > 0  # its own days are not those before it
    assert tout.chance(last, [*quiet, *flood]) < 1e-60
    usual = tout.runs([tout.Day(191, 1), tout.Day(193, 1)], 5)[0]
    assert tout.chance(usual, quiet) > 0.1
    assert tout.chance(tout.runs([tout.Day(500, 1)], 5)[0], quiet) > tout.LIKELY  # one mail is never a burst


@pytest.mark.parametrize(
    ("count", "mean", "tail"),
    [(0, 3.0, 1.0), (1, 1.0, 0.63212), (5, 2.0, 0.05265), (10, 12.0, 0.75761), (20, 1.0, 1.5908e-19)],
)
def test_tails_of_poisson_counts(count: int, mean: float, tail: float) -> None:
    from junkhound.tout.burst import poisson_tail

    assert poisson_tail(count, mean) == pytest.approx(tail, rel=1e-3)


def test_words_are_believed_in_a_burst_alone() -> None:
    assert tout.believed("QXZV", [0.5])
    assert not tout.believed("GOLD", [0.5, 1e-5])
    assert tout.believed("GOLD", [0.5, 1e-9])
