"""What the grouper reads: texts that came since, their sketches, what they share, and which mail is whose.

A mail's unit is its template; where that says too little, the picture or file it carries; null where it has neither.
Only junk is grouped, and repeats count nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from junkhound import tables
from junkhound.kernel.clock import DAY
from junkhound.ledger import rollups
from junkhound.ledger.queries import Queries
from junkhound.ledger.snapshot import Stored
from junkhound.tables import KeyKind, Kind

Array = np.ndarray[Any, np.dtype[Any]]

CARRIED = tuple(int(kind) for kind in KeyKind if kind.name in ("PICTURE_HASH", "ATTACHMENT", "PICTURE"))
"""Kinds by which mail without text is told apart."""
_CARRIED = ", ".join(map(str, CARRIED))
_BEFORE = f"CASE kind WHEN {int(KeyKind.ATTACHMENT)} THEN 1 WHEN {int(KeyKind.PICTURE)} THEN 2 ELSE 0 END"
_ALL = 1 << 62
DAY_OF = rollups.day_of("coalesce(o.seen_at, o.ingested_at)")


class Times(NamedTuple):
    """Of each unit: its mails, and when the first and the last were seen (microseconds, 0 where nobody knows)."""

    mails: Array
    first: Array
    last: Array


class Units(Queries):
    """Queries about units; ``least_words`` is what a text must have to say enough."""

    least_words = 6

    def since(self, seq: int) -> list[Stored]:
        """Objects of sightings that came into the manifest after ``seq``: new rows, and old ones laid out anew."""
        return [stored for stored in self.snapshot.of("sightings") if stored.added > seq]

    def placed(self, objects: Iterable[Stored] | None = None, where: str = "true") -> str:
        """A FROM item: junk rows with ``day`` and ``unit``."""
        mute = (
            f"SELECT template FROM {self.engine.source(tables.TEMPLATES, self.snapshot.of('templates'))}"
            f" WHERE words < {self.least_words} UNION ALL SELECT 0::UBIGINT"
        )
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        rows = self._sightings(objects)
        return (
            f"(SELECT o.*, {DAY_OF} AS day, CASE WHEN o.template IN ({mute}) THEN c.unit ELSE o.template END AS unit"
            f" FROM {rows} o LEFT JOIN (SELECT id_hi, id_lo, arg_min(key, ({_BEFORE}, key)) AS unit FROM {keys} k"
            f" WHERE kind IN ({_CARRIED}) GROUP BY id_hi, id_lo) c USING (id_hi, id_lo)"
            f" WHERE o.kind = {int(Kind.JUNK)} AND o.resend = 0 AND ({where}))"
        )

    def grouped(self) -> str:
        """A FROM item: each unit once, with the campaign it is in by now (before merges)."""
        source = self.engine.source(tables.UNITS, self.snapshot.of("units"))
        return (
            f"(SELECT unit, arg_max(campaign, (made_at, campaign)) AS campaign, min(day) AS day FROM {source} u"
            " GROUP BY unit)"
        )

    def arrived(self, seq: int) -> dict[str, Array]:
        """Units with mail that came after ``seq``: unit, campaign (0 none), known, day, mails."""
        return self.engine.columns(
            "SELECT p.unit, coalesce(any_value(u.campaign), 0)::BIGINT AS campaign, bool_or(u.unit IS NOT NULL) AS"
            f" known, min(p.day) AS day, count(*) AS mails FROM {self.placed(self.since(seq))} p"
            f" LEFT JOIN {self.grouped()} u USING (unit) WHERE p.unit IS NOT NULL GROUP BY p.unit"
            " ORDER BY day, p.unit"
        )

    def around(self, first: int, last: int, window: int, most: int, lone: int) -> dict[str, Array]:
        """Units grouped before and first seen within these days or ``window`` days of them.

        Of each campaign ``most`` (0: all); of none, those ``lone`` that are nearest to the days, so that a flood of
        texts no two alike costs no more memory than that.
        """
        away = f"CASE WHEN campaign = 0 THEN greatest({first} - day, day - {last}, 0) ELSE 0 END"
        return self.engine.columns(
            f"SELECT unit, campaign::BIGINT AS campaign, day FROM {self.grouped()} u"
            f" WHERE day BETWEEN {first - window} AND {last + window}"
            f" QUALIFY row_number() OVER (PARTITION BY campaign ORDER BY {away}, hash(unit), unit)"
            f" <= CASE WHEN campaign = 0 THEN {lone} ELSE {most or _ALL} END"
        )

    def texts_around(self, first: int, last: int, waiting: bool = False) -> int:
        """How many units grouped before were first seen within these days; ``waiting``: those in no campaign alone."""
        which = "campaign = 0" if waiting else "true"
        rows = self.engine.rows(
            f"SELECT count(*) FROM {self.grouped()} u WHERE day BETWEEN {first} AND {last} AND {which}"
        )
        return int(rows[0][0])

    def texts(self, units: Array) -> tuple[Array, Array, list[str]]:
        """(sketches, words, subjects) of units, in their order; zeros where a unit has no text."""
        sketch, words = np.zeros((len(units), 128), np.uint32), np.zeros(len(units), np.int64)
        subjects = [""] * len(units)
        with self._given("wanted", units):
            found = self.engine.columns(
                "SELECT row, any_value(sketch) AS sketch, any_value(words) AS words, any_value(subject) AS subject FROM"
                f" wanted w JOIN {self.engine.source(tables.TEMPLATES, self.snapshot.of('templates'))} t"
                " ON t.template = w.unit WHERE octet_length(t.sketch) = 512 GROUP BY row"
            )
        rows = found["row"]
        if len(rows):
            sketch[rows] = np.frombuffer(b"".join(found["sketch"].tolist()), "<u4").reshape(-1, 128)
            words[rows] = found["words"]
            for row, subject in zip(rows.tolist(), found["subject"].tolist(), strict=True):
                subjects[row] = subject or ""
        return sketch, words, subjects

    def shared(self, units: Array, kinds: Sequence[int], manner: int, first: int, last: int
               ) -> tuple[Times, dict[str, Array]]:  # fmt: skip
        """(mails and times of each unit, keys of these kinds with columns row, kind, key, mails) within these days.

        The dialects of sessions stand among the keys, with ``manner`` for their kind.
        """
        spread = self.snapshot.of("sightings", first * DAY, (last + 1) * DAY)
        timeless = [stored for stored in self.snapshot.of("sightings") if stored.seen_min is None]
        mails, since, until = (np.zeros(len(units), np.int64) for _ in range(3))
        with self._given("wanted", units):
            self.engine.run(
                "CREATE OR REPLACE TEMP TABLE placed AS SELECT w.row, p.id_hi, p.id_lo, p.seen_at FROM wanted w JOIN"
                f" {self.placed({*spread, *timeless})} p USING (unit)"
            )
        counted = self.engine.columns(
            "SELECT row, count(*) AS mails, coalesce(min(seen_at), 0)::BIGINT AS since,"
            " coalesce(max(seen_at), 0)::BIGINT AS until FROM placed GROUP BY row"
        )
        for column, name in ((mails, "mails"), (since, "since"), (until, "until")):
            column[counted["row"]] = counted[name]
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        sessions = self.engine.source(tables.SESSIONS, self.snapshot.of("sessions"))
        found = self.engine.columns(
            f"SELECT p.row, k.kind::BIGINT AS kind, k.key, count(*) AS mails FROM placed p JOIN {keys} k"
            f" USING (id_hi, id_lo) WHERE k.kind IN ({', '.join(map(str, kinds))}) GROUP BY ALL UNION ALL"
            f" SELECT p.row, {manner}::BIGINT AS kind, s.dialect AS key, count(*) AS mails FROM placed p JOIN"
            f" {sessions} s USING (id_hi, id_lo) WHERE s.dialect <> 0 GROUP BY ALL"
        )
        self.engine.run("DROP TABLE placed")
        return Times(mails, since, until), found

    def good_signers(self) -> Array:
        """Keys of domains that signed good mail."""
        found = self.engine.columns(
            f"SELECT DISTINCT auth_domain AS key FROM {self._sightings()} o WHERE kind = {int(Kind.GOOD)}"
            " AND auth_domain <> 0"
        )
        return np.asarray(found["key"], np.uint64)

    def sums(self, campaigns: Sequence[int], alias: Sequence[tuple[int, int]]) -> dict[str, Array]:
        """Mails, units, sources, first_day and last_day of these campaigns; ``alias`` says what merged into what."""
        with self.aliased(alias):
            return self.engine.columns(
                f"SELECT u.campaign, count(*) AS mails, count(DISTINCT p.unit) AS units,"
                " count(DISTINCT (p.addr_hi, p.addr_lo)) FILTER (p.addr_lo IS NOT NULL) AS sources,"
                " coalesce(min(p.day) FILTER (p.seen_at IS NOT NULL), min(p.day)) AS first_day,"
                " coalesce(max(p.day) FILTER (p.seen_at IS NOT NULL), max(p.day)) AS last_day"
                f" FROM {self.placed()} p JOIN"
                f" (SELECT unit, coalesce(a.target, campaign) AS campaign FROM {self.grouped()} u"
                " LEFT JOIN alias a USING (campaign)) u USING (unit)"
                f" WHERE u.campaign IN ({', '.join(map(str, campaigns)) or 'NULL'}) GROUP BY u.campaign"
            )

    def aliased(self, alias: Sequence[tuple[int, int]]) -> Any:
        """While this is entered, table ``alias`` says which campaign went into which."""
        table = pa.table({
            "campaign": pa.array([one for one, _ in alias], pa.uint32()),
            "target": pa.array([two for _, two in alias], pa.uint32()),
        })  # fmt: skip
        return _Registered(self.engine, "alias", table)

    def _given(self, name: str, units: Array) -> Any:
        table = pa.table({"unit": pa.array(units, pa.uint64()), "row": pa.array(np.arange(len(units)), pa.int64())})
        return _Registered(self.engine, name, table)


class _Registered:
    """An Arrow table under a name, for the length of a query."""

    def __init__(self, engine: Any, name: str, table: pa.Table) -> None:
        self.connection, self.name, self.table = engine.connection(), name, table

    def __enter__(self) -> None:
        self.connection.register(self.name, self.table)

    def __exit__(self, *_: object) -> None:
        self.connection.unregister(self.name)
