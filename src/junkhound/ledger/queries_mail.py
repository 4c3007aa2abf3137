"""What belongs to many sightings at once: their subjects, sessions and shared things, for pages that list them."""

from __future__ import annotations

from collections.abc import Sequence

from junkhound import tables
from junkhound.ledger.queries import Queries
from junkhound.ledger.rows import Key

Ids = tuple[int, int]


class Mails(Queries):
    """Queries about the few sightings of one page."""

    def subjects(self, templates: Sequence[int]) -> dict[int, str]:
        """The subject each normalised text was first met with."""
        if not templates:
            return {}
        source = self.engine.source(tables.TEMPLATES, self.snapshot.of("templates"))
        rows = self.engine.rows(
            f"SELECT template, arg_min(subject, (day, id_hi, id_lo)) FROM {source} t"
            f" WHERE template IN ({', '.join(map(str, sorted(set(templates))))}) GROUP BY template"
        )
        return {int(template): str(subject) for template, subject in rows}

    def helos(self, ids: Sequence[Ids]) -> dict[Ids, str]:
        """The HELO name of each session, where it was seen and its text is known."""
        if not ids:
            return {}
        sessions = self.engine.source(tables.SESSIONS, self.snapshot.of("sessions"))
        highs = ", ".join(str(hi) for hi, _ in ids)
        rows = self.engine.rows(f"SELECT id_hi, id_lo, helo FROM {sessions} s WHERE id_hi IN ({highs}) AND helo <> 0")
        names = self.key_names([int(row[2]) for row in rows])
        kind = int(tables.KeyKind.HELO)
        wanted = set(ids)
        found = {(int(hi), int(lo)): names.get((kind, int(key)), "") for hi, lo, key in rows}
        return {place: name for place, name in found.items() if name and place in wanted}

    def shared(self, id_hi: int, id_lo: int) -> list[Key]:
        """What a sighting shares with others, with texts; further traps and what compares lines are left out."""
        apart = (tables.KeyKind.TRAP, *tables.ABOUT_LINES)
        return [key for key in self.keys(id_hi, id_lo) if key.kind not in apart]
