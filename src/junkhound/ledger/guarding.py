"""What a guard pack is made of: sums over the rows of a window that two vantages of standing ``trap`` saw.

Rows of mail that was signed by a domain which also signs wanted mail, or came from a machine that also sends wanted
mail, are left out, and so are things named like such a domain: a poisoned trap must not turn a newsletter into junk.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from junkhound import tables
from junkhound.kernel.clock import DAY
from junkhound.ledger.queries_campaigns import Alias, Campaigns
from junkhound.tables import Kind, Standing

VANTAGES = 2
_V6_SUBJECT = "CASE WHEN addr_hi = 0 THEN addr_lo ELSE 0 END"  # an IPv6 machine is its /64
_AROUND_HI = "addr_hi & 18446744073709486080"  # its /48; all ones above the low 16 bits
_AROUND_LO = "CASE WHEN addr_hi = 0 THEN addr_lo & 18446744073709551360 ELSE 0 END"  # its /24

_ABOUT_LINES = ", ".join(str(int(kind)) for kind in tables.ABOUT_LINES)  # they mean no likeness of two mails

Columns = dict[str, NDArray[Any]]


class Guarding(Campaigns):
    """Questions of the hub to one snapshot, for the ``window`` days before ``until`` (microseconds)."""

    def _rows(self, since: int, until: int) -> str:
        source = self._sightings(self.snapshot.of("sightings", since, until))
        good = self._good("auth_domain", "o.auth_domain <> 0", since, until)
        machines = self._good("addr_hi, addr_lo", "o.addr_hi IS NOT NULL", since, until)
        return (
            f"(SELECT o.*, (o.seen_at // {DAY})::INTEGER AS day FROM {source} o ANTI JOIN {machines} g"
            f" ON o.addr_hi = g.addr_hi AND o.addr_lo = g.addr_lo WHERE o.kind = {int(Kind.JUNK)}"
            f" AND o.standing = {int(Standing.TRAP)} AND o.resend = 0 AND o.vantage <> 0 AND o.seen_at >= {since}"
            f" AND o.seen_at < {until} AND (o.auth_domain = 0 OR o.auth_domain NOT IN {good}))"
        )

    def _good(self, columns: str, where: str, since: int, until: int) -> str:
        source = self._sightings(self.snapshot.of("sightings", since, until))
        return (
            f"(SELECT DISTINCT {columns} FROM {source} o WHERE o.kind = {int(Kind.GOOD)}"
            f" AND o.seen_at >= {since} AND o.seen_at < {until} AND {where})"
        )

    def letters(self, since: int, until: int, most: int) -> Columns:
        """Columns template, mails, vantages, day, sketch, words; the newest ``most``."""
        templates = self.engine.source(tables.TEMPLATES, self.snapshot.of("templates"))
        return self.engine.columns(
            f"WITH seen AS (SELECT template, count(*) AS mails, count(DISTINCT vantage) AS vantages, max(day) AS day"
            f" FROM {self._rows(since, until)} WHERE template <> 0 GROUP BY template"
            f" HAVING count(DISTINCT vantage) >= {VANTAGES} ORDER BY day DESC, mails DESC, template LIMIT {most})"
            " SELECT s.template, any_value(s.mails) AS mails, any_value(s.vantages) AS vantages,"
            " any_value(s.day) AS day, any_value(t.sketch) AS sketch, max(t.words) AS words"
            f" FROM seen s JOIN {templates} t ON t.template = s.template GROUP BY s.template ORDER BY s.template"
        )

    def campaigns(self, since: int, until: int, most: int, alias: Alias) -> Columns:
        """Columns campaign, mails, vantages, texts, day; the newest ``most``.

        A campaign half of whose mail comes from those who also send wanted mail is left out whole.
        """
        signers = self._good("auth_domain", "o.auth_domain <> 0", since, until)
        machines = self._good("addr_hi, addr_lo", "o.addr_hi IS NOT NULL", since, until)
        seen = f"o.standing = {int(Standing.TRAP)} AND o.vantage <> 0 AND o.seen_at >= {since} AND o.seen_at < {until}"
        with self.aliased(alias):
            return self.engine.columns(
                "SELECT campaign::BIGINT AS campaign, count(*) FILTER (clean) AS mails,"
                " count(DISTINCT vantage) FILTER (clean) AS vantages, count(DISTINCT unit) FILTER (clean) AS texts,"
                " max(day) FILTER (clean) AS day FROM (SELECT p.campaign, p.vantage, p.unit, p.day, g.addr_hi IS NULL"
                f" AND (p.auth_domain = 0 OR p.auth_domain NOT IN {signers}) AS clean FROM {self.whose(alias, seen)} p"
                f" LEFT JOIN {machines} g ON p.addr_hi = g.addr_hi AND p.addr_lo = g.addr_lo) GROUP BY campaign"
                f" HAVING count(DISTINCT vantage) FILTER (clean) >= {VANTAGES}"
                f" AND 2 * count(*) FILTER (clean) >= count(*) ORDER BY day DESC, mails DESC, campaign LIMIT {most}"
            )

    def things(self, since: int, until: int, most: int) -> Columns:
        """Columns kind, key, mails, texts, day."""
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        good = self._good("auth_domain", "o.auth_domain <> 0", since, until)
        return self.engine.columns(
            "SELECT k.kind, k.key, count(*) AS mails, count(DISTINCT s.template) AS texts, max(s.day) AS day"
            f" FROM {keys} k JOIN {self._rows(since, until)} s ON k.id_hi = s.id_hi AND k.id_lo = s.id_lo"
            f" WHERE k.day >= {since // DAY - 1} AND k.kind NOT IN ({_ABOUT_LINES}) AND k.key NOT IN {good}"
            " GROUP BY k.kind, k.key"
            f" HAVING count(DISTINCT s.vantage) >= {VANTAGES} ORDER BY day DESC, mails DESC, k.key LIMIT {most}"
        )

    def sources(self, since: int, until: int, most: int) -> Columns:
        """Columns hi, lo, mails, days, day of machines that sent nothing that was wanted."""
        good = self._good(f"addr_hi AS hi, {_V6_SUBJECT} AS lo", "o.addr_hi IS NOT NULL", since, until)
        return self.engine.columns(
            f"SELECT s.* FROM (SELECT addr_hi AS hi, {_V6_SUBJECT} AS lo, count(*) AS mails,"
            f" count(DISTINCT day) AS days, max(day) AS day FROM {self._rows(since, until)}"
            f" WHERE addr_hi IS NOT NULL GROUP BY hi, lo HAVING count(DISTINCT vantage) >= {VANTAGES}) s"
            f" ANTI JOIN {good} g ON s.hi = g.hi AND s.lo = g.lo ORDER BY day DESC, mails DESC, hi, lo LIMIT {most}"
        )

    def surroundings(self, since: int, until: int, most: int) -> Columns:
        """Columns hi, lo, machines, mails, good of /24 and /48 networks."""
        source = self._sightings(self.snapshot.of("sightings", since, until))
        around = f"{_AROUND_HI} AS hi, {_AROUND_LO} AS lo"
        return self.engine.columns(
            f"SELECT s.hi, s.lo, s.machines, s.mails, coalesce(g.good, 0) AS good FROM (SELECT {around},"
            " count(DISTINCT (addr_hi, addr_lo)) AS machines, count(*) AS mails"
            f" FROM {self._rows(since, until)} WHERE addr_hi IS NOT NULL GROUP BY hi, lo"
            f" HAVING count(DISTINCT vantage) >= {VANTAGES}) s LEFT JOIN (SELECT {around}, count(*) AS good"
            f" FROM {source} o WHERE kind = {int(Kind.GOOD)} AND addr_hi IS NOT NULL AND seen_at >= {since}"
            f" AND seen_at < {until} GROUP BY hi, lo) g ON s.hi = g.hi AND s.lo = g.lo"
            f" ORDER BY mails DESC, s.hi, s.lo LIMIT {most}"
        )

    def systems(self, since: int, until: int) -> Columns:
        """Columns asn, mails, good."""
        source = self._sightings(self.snapshot.of("sightings", since, until))
        return self.engine.columns(
            "SELECT s.asn, s.mails, coalesce(g.good, 0) AS good FROM (SELECT asn, count(*) AS mails"
            f" FROM {self._rows(since, until)} WHERE asn <> 0 GROUP BY asn"
            f" HAVING count(DISTINCT vantage) >= {VANTAGES}) s"
            f" LEFT JOIN (SELECT asn, count(*) AS good FROM {source} o WHERE kind = {int(Kind.GOOD)}"
            f" AND seen_at >= {since} AND seen_at < {until} GROUP BY asn) g ON s.asn = g.asn ORDER BY s.asn"
        )
