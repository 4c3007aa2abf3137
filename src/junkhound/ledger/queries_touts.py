"""Days on which shares were praised, in text and in pictures, with who saw it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from junkhound import tables
from junkhound.ledger.queries import Queries
from junkhound.tables import KeyKind


class Touted(msgspec.Struct, frozen=True):
    """One share on one day."""

    ticker: str
    day: int
    mails: int
    pictures: int  # of them, those that say it in a picture


class Totals(msgspec.Struct, frozen=True):
    """One share over its days: distinct sources, and vantages that saw it."""

    sources: int
    vantages: int
    countries: int


class Touts(Queries):
    """Sightings by the share that they praise. ``shown`` gives the shares of pictures by their key."""

    def of(
        self, shown: Mapping[int, tuple[str, ...]]
    ) -> tuple[list[Touted], dict[str, Totals], dict[str, list[tuple[int, int]]]]:
        """(days, totals, up to six mails as segment and ordinal) of every share."""
        names = self.engine.source(tables.NAMES, self.snapshot.of("names"))
        kind, picture = int(KeyKind.TICKER), int(KeyKind.PICTURE)
        said = {int(key): str(name) for key, name in self.engine.rows(
            f"SELECT key, any_value(name) FROM {names} n WHERE kind = {kind} GROUP BY key"
        )}  # fmt: skip
        pairs = [(kind, key, name) for key, name in said.items() if name.isalnum()]
        pairs += [(picture, key, name) for key, names_ in shown.items() for name in names_ if name.isalnum()]
        if not pairs:
            return [], {}, {}
        values = ", ".join(f"({one}, {key}::UBIGINT, '{name}')" for one, key, name in pairs)
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        sightings = self.engine.source(tables.SIGHTINGS, self.snapshot.of("sightings"))
        base = (
            f"WITH t(kind, key, ticker) AS (VALUES {values}), touted AS (SELECT t.ticker, k.day, k.id_hi, k.id_lo,"
            f" max(k.kind = {picture}) AS pixels FROM {keys} k JOIN t ON k.kind = t.kind AND k.key = t.key"
            " GROUP BY ALL), seen AS (SELECT touted.*, s.addr_hi, s.addr_lo, s.vantage, s.country, s.segment, s.ordinal"
            f" FROM touted JOIN {sightings} s ON s.id_hi = touted.id_hi AND s.id_lo = touted.id_lo WHERE s.resend = 0) "
        )
        days = [
            Touted(str(ticker), int(day), int(mails), int(pixels))
            for ticker, day, mails, pixels in self.engine.rows(
                base + "SELECT ticker, day, count(*), sum(pixels::INT) FROM seen GROUP BY ALL ORDER BY 1, 2"
            )
        ]
        totals = {
            str(ticker): Totals(int(sources), int(vantages), int(countries))
            for ticker, sources, vantages, countries in self.engine.rows(
                base + "SELECT ticker, count(DISTINCT (addr_hi, addr_lo)) FILTER (addr_hi IS NOT NULL),"
                " count(DISTINCT vantage) FILTER (vantage <> 0), count(DISTINCT country) FILTER (country <> 0)"
                " FROM seen GROUP BY 1"
            )
        }
        samples: dict[str, list[tuple[int, int]]] = {}
        for ticker, segment, ordinal in self.engine.rows(
            base + "SELECT ticker, segment, ordinal FROM seen WHERE segment <> 0 AND NOT pixels"
            " QUALIFY row_number() OVER (PARTITION BY ticker ORDER BY day, id_hi) <= 6 ORDER BY ticker, day"
        ):
            samples.setdefault(str(ticker), []).append((int(segment), int(ordinal)))
        return days, totals, samples
