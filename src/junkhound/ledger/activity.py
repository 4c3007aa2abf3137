"""How faithfully an address has sent over the years, by one question: since when, how many days, which pauses."""

from __future__ import annotations

import msgspec

from junkhound.kernel.net import Address
from junkhound.ledger.histories import numbers
from junkhound.ledger.queries import SCORED, Queries
from junkhound.stats import HIATUS_DAYS


class Activity(msgspec.Struct, frozen=True):
    """Days since 1970. ``bits`` has one bit for each day from the first to the last, the first day's lowest."""

    first: int
    last: int
    active: int
    longest_run: int
    hiatuses: int
    longest_hiatus: int
    bits: bytes

    @property
    def span(self) -> int:
        """Days from the first to the last, both counted."""
        return self.last - self.first + 1

    def on(self, day: int) -> bool:
        """Whether it was active on a day."""
        place = day - self.first
        return 0 <= place < self.span and bool(self.bits[place >> 3] >> (place & 7) & 1)

    def within(self, since: int, until: int) -> int:
        """On how many of the days ``since <= day < until`` it was active."""
        return sum(self.on(day) for day in range(max(since, self.first), min(until, self.last + 1)))


def activity(queries: Queries, address: Address, until: int | None = None) -> Activity | None:
    """The days on which an address did something that speaks against it, before day ``until``; None if never."""
    end = "" if until is None else f" AND c.day < {until}"
    rows = queries.engine.rows(
        f"WITH d AS (SELECT DISTINCT c.day FROM {queries.days_source(address)} c WHERE c.addr_hi = {address.hi}"
        f" AND c.addr_lo = {address.lo} AND c.kind IN ({numbers(SCORED)}){end}),"
        " r AS (SELECT day, day - row_number() OVER (ORDER BY day) AS run,"
        " day - lag(day) OVER (ORDER BY day) - 1 AS gap FROM d)"
        " SELECT min(day), max(day), count(*), (SELECT max(n) FROM (SELECT count(*) AS n FROM r GROUP BY run)),"
        f" count(*) FILTER (gap >= {HIATUS_DAYS}), coalesce(max(gap), 0), list(day) FROM r"
    )
    first, last, active, run, hiatuses, longest, days = rows[0]
    if not active:
        return None
    bits = bytearray((last - first) // 8 + 1)
    for day in days:
        bits[(day - first) >> 3] |= 1 << ((day - first) & 7)
    return Activity(int(first), int(last), int(active), int(run), int(hiatuses), int(longest), bytes(bits))
