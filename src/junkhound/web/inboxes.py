"""The page about what guards let into inboxes: attempts, refused, junk and inbox, by country."""

from __future__ import annotations

from collections.abc import Mapping

from junkhound.kernel import clock
from junkhound.verbs import guard_counts
from junkhound.web.desk import Desk, Fields
from junkhound.web.plain import plain

Ask = Mapping[str, str]


def counts(desk: Desk, ask: Ask) -> Fields:
    """What became of mail in the last days, by source's country, recipient's, or both."""
    office = desk.office(ask.get("at"))
    by = ask.get("by") or "source"
    lines = guard_counts.read(office, guard_counts.DAYS, by)
    return {
        "at": clock.text(office.now), "days": guard_counts.DAYS, "by": by, "sides": guard_counts.SIDES,
        "counting": office.config.guard.count, "lines": [plain(line) for line in lines],
        "total": guard_counts.total(lines)._asdict(),
    }  # fmt: skip
