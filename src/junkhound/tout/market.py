"""What touting did to a share: abnormal returns and volumes around its days, and who lost and gained how much.

A market model where the series hold enough other shares and days before, else the share's own mean. Sums are ranges,
for nobody sees who bought: the lower end takes only what trading shows beyond its usual, the upper end all of it.

Source: event study after MacKinlay, Economic Event Studies in Finance (1997), sections 4 and 5.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from junkhound.kernel.errors import DataError

BEFORE = 60  # days of the window in which the usual is learned; it ends two days before the first touting day
LEAST = 10  # days of it without which nothing is said of the usual
AFTER = 5  # days after the last touting day in which buyers are left with what they bought
MAX_ROWS = 5_000_000

_SYMBOL, _DAY = ("symbol", "ticker"), ("day", "date", "on")
Floats = NDArray[np.float64]


class Series(NamedTuple):
    """One share: days since 1970 in order, closing prices, volumes."""

    days: NDArray[np.int64]
    close: Floats
    volume: Floats


Prices = Mapping[str, Series]
"""By symbol in capitals, its market's suffix left off where that is no other share."""


class Span(msgspec.Struct, frozen=True):
    """A sum that is known within bounds."""

    low: float
    high: float


class Effect(msgspec.Struct, frozen=True):
    """A run measured. Returns are shares of the price; ``returns`` and ``volumes`` are by day from ``from_day`` on.

    ``before``, ``during`` and ``after`` are cumulated abnormal returns (two days before, the run, the days after it);
    ``z`` is that of the returns during it. ``loss`` is the buyers', ``gain`` the sellers'.
    """

    model: str
    learned_days: int
    from_day: int
    returns: tuple[float, ...]
    volumes: tuple[float, ...]
    before: float
    during: float
    after: float
    z: float
    volume_times: float
    loss: Span
    gain: Span


def read_prices(text: str) -> Prices:
    """An operator's series: a CSV with a head, columns symbol, day (2006-05-04), close and volume, others ignored.

    Errors: DataError naming the line.
    """
    rows = csv.DictReader(io.StringIO(text))
    names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    symbol = next((names[name] for name in _SYMBOL if name in names), None)
    day = next((names[name] for name in _DAY if name in names), None)
    if symbol is None or day is None or "close" not in names or "volume" not in names:
        raise DataError("prices need the columns symbol, day, close and volume", "the first line names the columns")
    found: dict[str, list[tuple[int, float, float]]] = {}
    for number, row in enumerate(rows, 2):
        if number > MAX_ROWS:
            raise DataError(f"more than {MAX_ROWS:,} prices", "leave out shares that nobody touts")
        try:
            on = date.fromisoformat(row[day].strip()).toordinal() - _EPOCH
            close, volume = float(row[names["close"]]), float(row[names["volume"]])
        except (ValueError, AttributeError, TypeError):
            raise DataError(
                f"line {number} of the prices cannot be read", "2006-05-04, 1.25 and 120000 are their forms"
            ) from None
        if close > 0 and math.isfinite(close) and volume >= 0 and math.isfinite(volume):
            found.setdefault(row[symbol].strip().upper(), []).append((on, close, volume))
    series: dict[str, Series] = {}
    for name, given in found.items():
        days, close_, volume_ = zip(*sorted({on: (on, c, v) for on, c, v in given}.values()), strict=True)
        series[name] = Series(np.array(days, np.int64), np.array(close_), np.array(volume_))
    for name in list(series):
        series.setdefault(name.partition(".")[0], series[name])
    return series


_EPOCH = date(1970, 1, 1).toordinal()


def effect(prices: Prices, symbol: str, first: int, last: int) -> Effect | None:
    """A run from day ``first`` to ``last`` measured; None where the series say too little about it."""
    series = prices.get(symbol.upper())
    if series is None or len(series.days) < 3:
        return None
    days, close, volume = series
    returns = np.diff(np.log(close))
    on = days[1:]
    learned = (on < first - 2) & (on >= first - 2 - BEFORE)
    around = (on >= first - 2) & (on <= last + AFTER)
    during = (on >= first) & (on <= last)
    if learned.sum() < LEAST or not during.any():
        return None
    expected, noise, model = _expected(prices, symbol, on, returns, learned)
    abnormal = returns - expected
    usual = float(np.median(volume[1:][learned])) or 1.0
    times = volume[1:] / usual
    early, late = (on >= first - 2) & (on < first), (on > last) & (on <= last + AFTER)
    spread = noise * math.sqrt(max(1, int(during.sum())))
    loss, gain = _sums(close[1:], volume[1:], usual, early, during, late)
    return Effect(
        model, int(learned.sum()), int(on[around][0]), tuple(abnormal[around].round(5).tolist()),
        tuple(times[around].round(2).tolist()), float(abnormal[early].sum()), float(abnormal[during].sum()),
        float(abnormal[late].sum()), float(abnormal[during].sum()) / spread if spread else 0.0,
        float(times[during].mean()), loss, gain,
    )  # fmt: skip


def _expected(
    prices: Prices, symbol: str, on: NDArray[np.int64], returns: Floats, learned: NDArray[np.bool_]
) -> tuple[Floats, float, str]:
    """(the return to expect on each day, its deviation, the model's name)."""
    mine = prices[symbol.upper()]
    others = [series for series in {id(one): one for one in prices.values()}.values() if series is not mine]
    market = np.zeros(len(on))
    counted = np.zeros(len(on))
    for other in others[:2000]:
        step = np.diff(np.log(other.close))
        _, here, there = np.intersect1d(on, other.days[1:], assume_unique=True, return_indices=True)
        market[here] += step[there]
        counted[here] += 1
    if (counted >= 5).all() and learned.sum() >= 20:
        market /= counted
        beta, alpha = np.polyfit(market[learned], returns[learned], 1)
        expected: Floats = alpha + beta * market
        name = f"market model over {int(counted.min())} other shares"
    else:
        expected = np.full(len(on), float(returns[learned].mean()))
        name = "the share's own mean"
    return expected, float((returns - expected)[learned].std(ddof=1)), name


def _sums(
    close: Floats, volume: Floats, usual: float, early: NDArray[np.bool_], during: NDArray[np.bool_],
    late: NDArray[np.bool_],
) -> tuple[Span, Span]:  # fmt: skip
    """Buyers' loss and sellers' gain, in the currency of the prices.

    Buyers bought while it was touted, at those prices, and are left with what it is worth after; sellers bought before.
    """
    beyond = np.maximum(0.0, volume - usual)
    if not late.any():
        return Span(0.0, 0.0), Span(0.0, 0.0)
    worth, least = float(close[late][min(1, int(late.sum()) - 1)]), float(close[late].min())
    low = float((beyond[during] * np.maximum(0.0, close[during] - worth)).sum())
    high = float((volume[during] * np.maximum(0.0, close[during] - least)).sum())
    if not early.any():
        return Span(low, max(low, high)), Span(0.0, 0.0)
    paid, got = float(close[early].mean()), float(np.average(close[during], weights=volume[during] + 1))
    margin = max(0.0, got - paid)
    return Span(low, max(low, high)), Span(
        float(beyond[early].sum()) * margin, max(float(beyond[early].sum()), float(beyond[during].sum())) * margin
    )
