"""Questions about campaigns: their mail by day, country, network and source, and what has a given key."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from junkhound import tables
from junkhound.kernel.net import Address
from junkhound.ledger.queries_units import Units

Alias = Sequence[tuple[int, int]]
"""Campaigns that went into others: (number, where its mail is now)."""


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
        with self._mapped(alias):
            rows = self.engine.rows(
                f"SELECT {_BY[what]}::BIGINT AS value, count(*) AS mails,"
                " count(DISTINCT (p.addr_hi, p.addr_lo)) FILTER (p.addr_lo IS NOT NULL) AS sources"
                f" FROM {self.whose(alias)} p WHERE p.campaign = {number} AND {dated}"
                f" GROUP BY 1 ORDER BY {order}"
            )
        return [Slice(*map(int, row)) for row in rows]

    def senders(self, number: int, alias: Alias, limit: int = 50) -> list[Sender]:
        """The sources of a campaign, those of most mails first."""
        with self._mapped(alias):
            rows = self.engine.rows(
                "SELECT addr_hi, addr_lo, count(*) AS mails, min(day), max(day), max(asn), max(country)"
                f" FROM {self.whose(alias)} p WHERE p.campaign = {number} AND addr_lo IS NOT NULL"
                f" GROUP BY addr_hi, addr_lo ORDER BY mails DESC, addr_hi, addr_lo LIMIT {limit}"
            )
        return [Sender(Address(int(hi), int(lo)), *map(int, rest)) for hi, lo, *rest in rows]

    def of_address(self, address: Address, alias: Alias) -> list[Used]:
        """The campaigns that an address sent for, those of most mails first."""
        where = f"o.addr_hi = {address.hi} AND o.addr_lo = {address.lo}"
        with self._mapped(alias):
            rows = self.engine.rows(
                f"SELECT campaign, count(*) AS mails, min(day), max(day) FROM {self.whose(alias, where)} p"
                " GROUP BY campaign ORDER BY mails DESC, campaign"
            )
        return [Used(*map(int, row)) for row in rows]

    def having(self, kind: int, key: int, alias: Alias) -> tuple[list[Used], list[Sender]]:
        """(campaigns with this key, campaign 0 for mail in none; the sources of that mail)."""
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        held = f"SELECT DISTINCT id_hi, id_lo FROM {keys} k WHERE k.kind = {kind} AND k.key = {key}"
        with self._mapped(alias):
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
        same = f"kind = {kind} AND key = {key}"
        rows = self.engine.rows(
            f"SELECT k.kind, k.key, count(*) AS mails FROM {keys} k JOIN (SELECT DISTINCT id_hi, id_lo FROM {keys} h"
            f" WHERE {same}) USING (id_hi, id_lo) WHERE NOT (k.{same.replace('AND ', 'AND k.')})"
            f" AND k.kind <> {int(tables.KeyKind.TRAP)} GROUP BY ALL ORDER BY mails DESC, k.kind, k.key LIMIT {limit}"
        )
        return [(int(one), int(two), int(mails)) for one, two, mails in rows]

    def named(self, words: str) -> list[tuple[int, int]]:
        """Keys (kind, key) whose text is this, in any kind."""
        names = self.engine.source(tables.NAMES, self.snapshot.of("names"))
        rows = self.engine.run(
            f"SELECT DISTINCT kind, key FROM {names} n WHERE name = ? AND kind <> {int(tables.KeyKind.TRAP)}"
            " ORDER BY kind, key", [words],
        ).fetchall()  # fmt: skip
        return [(int(kind), int(key)) for kind, key in rows]

    def samples(self, number: int, alias: Alias, limit: int = 12) -> list[tuple[int, int, int, int, int, int]]:
        """Kept mails of a campaign that differ most: (id_hi, id_lo, segment, ordinal, template, day), one a text."""
        with self._mapped(alias):
            rows = self.engine.rows(
                "SELECT any_value(id_hi), any_value(id_lo), any_value(segment), any_value(ordinal), unit, min(day)"
                " FROM (SELECT id_hi, id_lo, segment, ordinal, unit, day, row_number() OVER (PARTITION BY unit ORDER BY"
                f" day, id_hi, id_lo) AS place FROM {self.whose(alias)} p WHERE p.campaign = {number} AND segment <> 0)"
                f" WHERE place = 1 GROUP BY unit ORDER BY hash(unit), unit LIMIT {limit}"
            )
        return [(int(a), int(b), int(c), int(d), int(e), int(f)) for a, b, c, d, e, f in rows]
