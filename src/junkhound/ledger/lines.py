"""What the rows say of Received lines: those under unrelated hand-overs, and the machines that relays name.

The evidence stands in ``keys``: for each junk mail with lines under its hand-over their marks (``LINE``), the machine
that the first of them names (``BEHIND``, the number of its address; ``NAMED`` where that line was rather typed) and its
Message-ID (``MESSAGE``).
"""

from __future__ import annotations

from junkhound import tables
from junkhound.kernel.clock import DAY
from junkhound.ledger.queries import Queries
from junkhound.tables import KeyKind, Kind

_SITE = "CASE WHEN s.addr_hi = 0 THEN s.addr_lo >> 16 ELSE s.addr_hi >> 32 END"  # as trace.seen.site
_MACHINE = "CASE WHEN d.addr_hi = 0 THEN d.addr_lo ELSE d.addr_hi END"  # as trace.seen.number
_LINE, _BEHIND, _MESSAGE = int(KeyKind.LINE), int(KeyKind.BEHIND), int(KeyKind.MESSAGE)
_NAMED = int(KeyKind.NAMED)


class Lines(Queries):
    """Questions to one snapshot about junk of the ``days`` before ``until`` (microseconds); ``most`` answers each."""

    def gather(self, until: int, days: int) -> int:
        """Make the tables that the other questions are put to; how many mails have lines."""
        since = until - days * DAY
        keys = self.engine.source(tables.KEYS, self.snapshot.of("keys"))
        rows = self._sightings(self.snapshot.of("sightings", since, until + DAY))
        self.engine.run(
            "CREATE OR REPLACE TEMP TABLE line_mails AS SELECT s.id_hi, s.id_lo, s.template, s.seen_at,"
            f" {_SITE} AS site, m.key AS message FROM {rows} s JOIN {keys} m USING (id_hi, id_lo)"
            f" WHERE m.kind = {_MESSAGE} AND m.day >= {since // DAY} AND s.kind = {int(Kind.JUNK)} AND s.resend = 0"
            f" AND s.addr_lo IS NOT NULL AND s.seen_at BETWEEN {since} AND {until}"
        )
        self.engine.run(
            "CREATE OR REPLACE TEMP TABLE line_keys AS SELECT k.kind, k.key, l.* FROM line_mails l"
            f" JOIN {keys} k USING (id_hi, id_lo) WHERE k.kind IN ({_LINE}, {_BEHIND}, {_NAMED})"
            f" AND k.day >= {since // DAY}"
        )
        ((mails,),) = self.engine.rows("SELECT count(*) FROM line_mails")
        return int(mails)

    def pasted(self, sites: int, most: int) -> list[int]:
        """Marks of lines under that many unrelated hand-overs, in as many messages; the newest, if there are more."""
        rows = self.engine.rows(
            f"SELECT key FROM line_keys WHERE kind = {_LINE} GROUP BY key HAVING count(DISTINCT site) >= {sites}"
            f" AND count(DISTINCT message) >= {sites} ORDER BY max(seen_at) DESC, key LIMIT {most}"
        )
        return [int(key) for (key,) in rows]

    def drivers(self, relays: int, share: float, sites: int, most: int) -> list[int]:
        """Machines that many unrelated hand-overs name, each in a line that was not pasted.

        These are at least ``share`` of all that name it: the rest typed its address, as they type anybody's.
        """
        rows = self.engine.rows(
            f"WITH pasted AS (SELECT key FROM line_keys WHERE kind = {_LINE} GROUP BY key"
            f" HAVING count(DISTINCT site) >= {sites} AND count(DISTINCT message) >= {sites}), spoiled AS"
            f" (SELECT DISTINCT id_hi, id_lo FROM line_keys WHERE kind = {_LINE} AND key IN (SELECT key FROM pasted))"
            " , own AS (SELECT key, count(DISTINCT site) AS sites, max(seen_at) AS newest FROM line_keys l ANTI JOIN"
            f" spoiled USING (id_hi, id_lo) WHERE kind = {_BEHIND} GROUP BY key HAVING sites >= {relays}),"
            " every AS (SELECT key, count(DISTINCT site) AS sites FROM line_keys"
            f" WHERE kind IN ({_BEHIND}, {_NAMED}) GROUP BY key)"
            f" SELECT key FROM own JOIN every USING (key) WHERE own.sites >= {share} * every.sites"
            f" ORDER BY newest DESC, key LIMIT {most}"
        )
        return [int(key) for (key,) in rows]

    def direct(self, until: int, days: int, within: int, most: int) -> list[tuple[int, int]]:
        """(template, machine) where a relay names a machine that hands over the same text itself within that time."""
        since = until - days * DAY
        rows = self._sightings(self.snapshot.of("sightings", since, until + DAY))
        found = self.engine.rows(
            "SELECT l.template, l.key, max(l.seen_at) AS newest FROM line_keys l JOIN"
            f" (SELECT d.template, d.seen_at, {_MACHINE} AS machine FROM {rows} d WHERE d.kind = {int(Kind.JUNK)}"
            " AND d.addr_lo IS NOT NULL AND d.template <> 0 AND d.resend = 0) d"
            f" ON d.template = l.template AND d.machine = l.key WHERE l.kind = {_BEHIND}"
            f" AND abs(d.seen_at - l.seen_at) <= {within} GROUP BY l.template, l.key ORDER BY newest DESC, 1, 2"
            f" LIMIT {most}"
        )
        return [(int(template), int(machine)) for template, machine, _ in found]

    def done(self) -> None:
        """Give the memory of the tables back."""
        self.engine.run("DROP TABLE IF EXISTS line_keys")
        self.engine.run("DROP TABLE IF EXISTS line_mails")
