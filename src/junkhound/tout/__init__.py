"""Stock touts: a share's touting days out of many mails, and what they did to its price and volume.

``runs(days, gap_days)`` cuts the days of one share into its ``Run`` values; ``read_prices(text)`` reads an operator's
CSV into ``Prices``; ``effect(prices, symbol, first, last)`` measures a run against them as an ``Effect``. ``chance(run,
days)`` says how likely a run is no burst, and ``believed(ticker, chances)`` whether a symbol that may be a word is one.
"""

from junkhound.tout.burst import LIKELY, believed, chance
from junkhound.tout.market import Effect, Prices, Span, effect, read_prices
from junkhound.tout.runs import Day, Run, runs

__all__ = [
    "LIKELY", "Day", "Effect", "Prices", "Run", "Span", "believed", "chance", "effect", "read_prices", "runs",
]  # fmt: skip
