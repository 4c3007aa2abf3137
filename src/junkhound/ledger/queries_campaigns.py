"""Questions about campaigns: their mail by day, country, network and source, and what has a given key."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from junkhound import tables
from junkhound.kernel.net import Address
from junkhound.ledger.queries_units import Array, Units
from junkhound.tables import KeyKind

BORROWED = 3
"""Blocks of addresses whose machines greet by one name, from which on it is no machine's own."""
Alias = Sequence[tuple[int, int]]
"""Campaigns that went into others: (number, where its mail is now)."""

_HIDDEN = ", ".join(str(int(kind)) for kind in (tables.KeyKind.TRAP, *tables.ABOUT_LINES))


class Slice(msgspec.Struct, frozen=True):
    """One value of what was counted by, with its mails and sources."""

    value: int
    mails: int
    sources: int


class Sender(msgspec.Struct, frozen=True):
    """One source of a campaign."""

    address: Address
    mails: int
    first_day: int
    last_day: int
    asn: int
    country: int


class Used(msgspec.Struct, frozen=True):
    """A campaign that has a key: in how many mails, on which days."""

    campaign: int
    mails: int
    first_day: int
    last_day: int


_BY = {"day": "p.day", "country": "p.country", "asn": "p.asn", "path": "p.path"}


class Kept(msgspec.Struct, frozen=True):
    """One kept mail of a campaign: where its bytes are, its day, and the trap or mailbox it came to.

    ``vantage`` is that of a trap of ours; 0 of any other standing, and of mail that is no witness.
    """

    segment: int
    ordinal: int
    day: int
    trap: int
    vantage: int = 0


class Campaigns(Units):
    """Queries by campaign, after merges."""

    def whose(self, alias: Alias, where: str = "true") -> str:
        """A FROM item: junk rows with ``campaign``; call it inside ``aliased``."""
        return (
            f"(SELECT p.*, u.campaign FROM {self.placed(where=where)} p JOIN"
            f" (SELECT unit, coalesce(a.target, campaign) AS campaign FROM {self.grouped()} u"
            " LEFT JOIN alias a USING (campaign)) u USING (unit) WHERE u.campaign <> 0)"
        )

    def by(self, number: int, what: str, alias: Alias) -> list[Slice]:
        """Mails and sources of a campaign by ``day`` (in order), ``country``, ``asn`` or ``path`` (most first)."""
        order, dated = ("value", "p.seen_at IS NOT NULL") if what == "day" else ("mails DESC, value", "true")
        with self.aliased(alias):
            rows = self.engine.rows(
                f"SELECT {_BY[what]}::BIGINT AS value, count(*) AS mails,"
                " count(DISTINCT (p.addr_hi, p.addr_lo)) FILTER (p.addr_lo IS NOT NULL) AS sources"
                f" FROM {self.whose(alias)} p WHERE p.campaign = {number} AND {dated}"
                f" GROUP BY 1 ORDER BY {order}"
            )
        return [Slice(*map(int, row)) for row in rows]

    def senders(self, number: int, alias: Alias, limit: int = 50) -> list[Sender]:
        """The sources of a campaign, those of most mails first."""
        with self.aliased(alias):
            rows = self.engine.rows(
                "SELECT addr_hi, addr_lo, count(*) AS mails, min(day), max(day), max(asn), max(country)"
                f" FROM {self.whose(alias)} p WHERE p.campaign = {number} AND addr_lo IS NOT NULL"
                f" GROUP BY addr_hi, addr_lo ORDER BY mails DESC, addr_hi, addr_lo LIMIT {limit}"
            )
        return [Sender(Address(int(hi), int(lo)), *map(int, rest)) for hi, lo, *rest in rows]

    def of_address(self, address: Address, alias: Alias) -> list[Used]:
        """The campaigns that an address sent for, those of most mails first."""
        where = f"o.addr_hi = {address.hi} AND o.addr_lo = {address.lo}"
        with self.aliased(alias):
            rows = self.engine.rows(
                f"SELECT campaign, count(*) AS mails, min(day), max(day) FROM {self.whose(alias, where)} p"
                " GROUP BY campaign ORDER BY mails DESC, campaign"
            )
        return [Used(*map(int, row)) for row in rows]

    def _held(self, kind: int, key: int) -> str:
        """A query for the mails that have a key, wherever keys of its kind stand."""
        if kind in tables.IN_SESSIONS:
            sessions = self.engine.source(tables.SESSIONS, self.snapshot.of("sessions"))
            column = tables.IN_SESSIONS[KeyKind(kind)]
            return f"SELECT DISTINCT id_hi, id_lo FROM {sessions} s WHERE s.{column} = {key}"
        if kind == KeyKind.TEMPLATE:
            return f"SELECT DISTINCT id_hi, id_lo FROM {self._sightings()} o WHERE o.template = {key}"
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        return f"SELECT DISTINCT id_hi, id_lo FROM {keys} k WHERE k.kind = {kind} AND k.key = {key}"

    def having(self, kind: int, key: int, alias: Alias) -> tuple[list[Used], list[Sender]]:
        """(campaigns with this key, campaign 0 for mail in none; the sources of that mail)."""
        held = self._held(kind, key)
        with self.aliased(alias):
            self.engine.run(
                "CREATE OR REPLACE TEMP TABLE having_key AS SELECT p.addr_hi, p.addr_lo, p.day, p.asn, p.country,"
                f" coalesce(a.target, u.campaign, 0) AS campaign FROM {self.placed()} p JOIN ({held}) h"
                f" USING (id_hi, id_lo) LEFT JOIN {self.grouped()} u USING (unit)"
                " LEFT JOIN alias a ON a.campaign = u.campaign"
            )
        used = self.engine.rows(
            "SELECT campaign, count(*) AS mails, min(day), max(day) FROM having_key GROUP BY campaign"
            " ORDER BY mails DESC, campaign"
        )
        senders = self.engine.rows(
            "SELECT addr_hi, addr_lo, count(*) AS mails, min(day), max(day), max(asn), max(country) FROM having_key"
            " WHERE addr_lo IS NOT NULL GROUP BY addr_hi, addr_lo ORDER BY mails DESC, addr_hi, addr_lo LIMIT 50"
        )
        self.engine.run("DROP TABLE having_key")
        return [Used(*map(int, row)) for row in used], [
            Sender(Address(int(hi), int(lo)), *map(int, rest)) for hi, lo, *rest in senders
        ]

    def beside(self, kind: int, key: int, limit: int = 40) -> list[tuple[int, int, int]]:
        """What else stands in mails with this key: (kind, key, mails), most first; further traps are left out."""
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        rows = self.engine.rows(
            f"SELECT k.kind, k.key, count(*) AS mails FROM {keys} k JOIN ({self._held(kind, key)}) h"
            f" USING (id_hi, id_lo) WHERE NOT (k.kind = {kind} AND k.key = {key})"
            f" AND k.kind NOT IN ({_HIDDEN}) GROUP BY ALL ORDER BY mails DESC, k.kind, k.key LIMIT {limit}"
        )
        return [(int(one), int(two), int(mails)) for one, two, mails in rows]

    def named(self, words: str) -> list[tuple[int, int]]:
        """Keys (kind, key) whose text is this, in any kind."""
        names = self.engine.source(tables.NAMES, self.snapshot.of("names"))
        rows = self.engine.run(
            f"SELECT DISTINCT kind, key FROM {names} n WHERE name = ? AND kind NOT IN ({_HIDDEN})"
            " ORDER BY kind, key", [words],
        ).fetchall()  # fmt: skip
        return [(int(kind), int(key)) for kind, key in rows]

    def kinds_of_key(self, key: int) -> list[tuple[int, int]]:
        """The kinds in which this key stands in any mail."""
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        rows = self.engine.rows(
            f"SELECT DISTINCT kind FROM {keys} k WHERE key = {key} AND kind NOT IN ({_HIDDEN}) ORDER BY kind"
        )
        elsewhere = [int(kind) for kind in (KeyKind.TEMPLATE, *tables.IN_SESSIONS) if self.has_key(int(kind), key)]
        return [(int(kind), key) for (kind,) in rows] + [(kind, key) for kind in sorted(elsewhere)]

    def has_key(self, kind: int, key: int) -> bool:
        """Whether any mail has it."""
        return bool(self.engine.rows(f"{self._held(kind, key)} LIMIT 1"))

    def samples(self, number: int, alias: Alias, limit: int = 12) -> list[tuple[int, int, int, int, int, int]]:
        """Kept mails of a campaign that differ most: (id_hi, id_lo, segment, ordinal, template, day), one a text."""
        with self.aliased(alias):
            rows = self.engine.rows(
                "SELECT any_value(id_hi), any_value(id_lo), any_value(segment), any_value(ordinal), unit, min(day)"
                " FROM (SELECT id_hi, id_lo, segment, ordinal, unit, day, row_number() OVER (PARTITION BY unit ORDER BY"
                f" day, id_hi, id_lo) AS place FROM {self.whose(alias)} p WHERE p.campaign = {number} AND segment <> 0)"
                f" WHERE place = 1 GROUP BY unit ORDER BY hash(unit), unit LIMIT {limit}"
            )
        return [(int(a), int(b), int(c), int(d), int(e), int(f)) for a, b, c, d, e, f in rows]

    def kept(self, numbers: Sequence[int], alias: Alias, most: int) -> dict[int, list[Kept]]:
        """Up to ``most`` kept mails of each of these campaigns, taken without regard to their order, by campaign."""
        with self.aliased(alias):
            rows = self.engine.rows(
                "SELECT campaign, segment, ordinal, day, trap, witness FROM (SELECT campaign, segment, ordinal, day,"
                " CASE WHEN trap <> 0 THEN trap ELSE intake END AS trap,"
                f" CASE WHEN standing = {int(tables.Standing.TRAP)} THEN vantage ELSE 0 END AS witness,"
                " row_number() OVER (PARTITION BY campaign"
                f" ORDER BY hash(id_lo, id_hi)) AS place FROM {self.whose(alias)} p WHERE p.campaign IN"
                f" ({', '.join(map(str, numbers)) or 'NULL'}) AND segment <> 0) WHERE place <= {most}"
                " ORDER BY campaign, place"
            )
        found: dict[int, list[Kept]] = {}
        for campaign, *rest in rows:
            found.setdefault(int(campaign), []).append(Kept(*map(int, rest)))
        return found

    def senders_by_day(self, alias: Alias, first: int, last: int) -> dict[str, Array]:
        """Who sent for which campaign on which day and how: the columns of ``botnet.Rows`` and the addresses."""
        sessions = self.engine.source(tables.SESSIONS, self.snapshot.of("sessions"))
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        block = "CASE WHEN addr_hi = 0 THEN addr_lo >> 8 ELSE addr_hi >> 16 END"
        with self.aliased(alias):
            return self.engine.columns(
                "SELECT *, (dense_rank() OVER (ORDER BY addr_hi, addr_lo) - 1)::BIGINT AS address,"
                f" (dense_rank() OVER (ORDER BY {block}, addr_hi = 0) - 1)::BIGINT AS block FROM"
                " (SELECT p.addr_hi, p.addr_lo, max(p.asn)::BIGINT AS asn, p.campaign::BIGINT AS campaign,"
                " coalesce(s.dialect, 0)::UBIGINT AS dialect, coalesce(k.habit, 0)::UBIGINT AS habit,"
                " p.day::BIGINT AS day, count(*)::BIGINT AS mails,"
                " bit_or(CASE WHEN p.vantage % 2 = 0 THEN 1 ELSE 2 END)::BIGINT AS half,"
                " min(p.seen_at)::BIGINT AS first_at, max(p.seen_at)::BIGINT AS last_at"
                f" FROM {self.whose(alias)} p LEFT JOIN {sessions} s USING (id_hi, id_lo) LEFT JOIN (SELECT id_hi,"
                f" id_lo, min(key) AS habit FROM {keys} k WHERE kind = {int(tables.KeyKind.MAILER)}"
                " GROUP BY id_hi, id_lo) k USING (id_hi, id_lo) WHERE p.addr_lo IS NOT NULL"
                f""
                f" AND p.seen_at IS NOT NULL AND p.confidence > 0 AND p.day BETWEEN {first} AND {last} GROUP BY ALL)"
                " ORDER BY address, campaign, day, dialect, habit"
            )

    def prints_by_cell(self, alias: Alias, first: int, last: int) -> dict[str, Array]:
        """How many addresses of each campaign and dialect showed what: the columns of ``botnet.prints.Prints``.

        A greeting that addresses of fewer than ``BORROWED`` blocks use is that machine's own name: key 0.
        """
        sessions = self.engine.source(tables.SESSIONS, self.snapshot.of("sessions"))
        block = "CASE WHEN addr_hi = 0 THEN addr_lo >> 8 ELSE addr_hi >> 16 END"
        shown = " UNION ALL ".join(
            f"SELECT campaign, dialect, {what}::BIGINT AS what, {key}::UBIGINT AS key,"
            f" count(DISTINCT (addr_hi, addr_lo))::BIGINT AS addresses FROM said WHERE {column} <> 0 GROUP BY ALL"
            for what, (column, key) in enumerate((
                ("helo", "CASE WHEN helo IN (SELECT helo FROM borrowed) THEN helo ELSE 0 END"),
                ("syn", "syn"), ("ja4", "ja4"), ("timing", "timing"),
            ))
        )  # fmt: skip
        with self.aliased(alias):
            return self.engine.columns(
                "WITH said AS MATERIALIZED (SELECT p.campaign::BIGINT AS campaign, s.dialect, p.addr_hi, p.addr_lo,"
                f" {block} AS block, s.helo, s.syn, s.ja4, s.timing FROM {self.whose(alias)} p JOIN {sessions} s"
                " USING (id_hi, id_lo) WHERE p.addr_lo IS NOT NULL AND p.seen_at IS NOT NULL AND p.confidence > 0"
                f" AND s.dialect <> 0 AND p.day BETWEEN {first} AND {last}),"
                " borrowed AS (SELECT helo FROM said WHERE helo <> 0 GROUP BY helo"
                f" HAVING count(DISTINCT block) >= {BORROWED}) {shown} ORDER BY ALL"
            )

    def sources_of_class(self, classes: Sequence[int], alias: Alias, first: int, last: int
                         ) -> list[tuple[int, int, int, int, int, int, int, int]]:  # fmt: skip
        """Addresses of these classes by campaign: (campaign, class, hi, lo, mails, first day, last day, asn)."""
        where = f"o.source_class IN ({', '.join(map(str, classes))})"
        with self.aliased(alias):
            rows = self.engine.rows(
                "SELECT campaign, source_class, addr_hi, addr_lo, count(*) AS mails, min(day), max(day), max(asn) FROM"
                f" {self.whose(alias, where)} p WHERE addr_lo IS NOT NULL"
                f" AND day BETWEEN {first} AND {last} GROUP BY ALL ORDER BY mails DESC, addr_hi, addr_lo, campaign"
            )
        return [tuple(map(int, row)) for row in rows]  # type: ignore[misc]

    def ways_of_address(self, address: Address, alias: Alias) -> list[tuple[int, int, int]]:
        """(campaign, dialect, mails) of one address."""
        sessions = self.engine.source(tables.SESSIONS, self.snapshot.of("sessions"))
        where = f"o.addr_hi = {address.hi} AND o.addr_lo = {address.lo}"
        with self.aliased(alias):
            rows = self.engine.rows(
                f"SELECT p.campaign, coalesce(s.dialect, 0), count(*) FROM {self.whose(alias, where)} p"
                f" LEFT JOIN {sessions} s USING (id_hi, id_lo) GROUP BY ALL"
            )
        return [(int(one), int(two), int(mails)) for one, two, mails in rows]

    def last_day(self) -> int | None:
        """The last day on which any junk was seen."""
        rows = self.engine.rows(f"SELECT max(day) FROM {self.placed()} p WHERE seen_at IS NOT NULL")
        return None if rows[0][0] is None else int(rows[0][0])
