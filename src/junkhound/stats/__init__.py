"""What the numbers say: persistence, gaps drawn, rankings, shares, years compared; arithmetic on days and counts."""

from junkhound.stats.calendar import LAST_DAY, UNITS, by_unit, day_of, day_words, period_words, unit_words
from junkhound.stats.persistence import HIATUS_DAYS, Persistence, hiatuses, persistence, sentence
from junkhound.stats.rank import ORDERS, rank
from junkhound.stats.share import Share, shares
from junkhound.stats.strip import Strip, strip
from junkhound.stats.years import Year, twelve_months, year_on_year

__all__ = [
    "HIATUS_DAYS", "LAST_DAY", "ORDERS", "UNITS", "Persistence", "Share", "Strip", "Year", "by_unit", "day_of",
    "day_words", "hiatuses", "period_words", "persistence", "rank", "sentence", "shares", "strip", "twelve_months",
    "unit_words", "year_on_year",
]  # fmt: skip
