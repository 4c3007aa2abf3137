"""SpamCop's published rules as a reference mode: what an operator can compare ours with on the same sightings."""

from __future__ import annotations

from collections.abc import Iterable

from junkhound.kernel.clock import HOUR
from junkhound.listing.units import Unit
from junkhound.tables import Standing

_FRESH_HOURS = 48  # a report weighs 4 at once, sliding to 1
_OLD_HOURS = 7 * 24  # and nothing after a week
_HOLD_HOURS = 24.0
_TWO_REPORTS_HOURS = 12.0


def spamcop(junk: Iterable[Unit], good: Iterable[Unit], at: int) -> tuple[float, float]:
    """(share of reports in reports and good mail, hours it stands after the last report).

    The freshest reports weigh 4:1, sliding to 1:1 at 48 hours, and nothing after a week; trap reports count fivefold
    below six and are squared above; an address of two reports is listed for 12 hours at most, others until 24
    hours after the last one. That more than one must have reported is the list's own witness rule.
    Source: "What is the SpamCop Blocking List", SpamCop FAQ 297.
    """
    now = at // HOUR
    weighed: dict[bool, float] = {True: 0.0, False: 0.0}
    reports = 0
    for unit in junk:
        age = now - unit.hour
        if age > _OLD_HOURS:
            continue
        weight = 4.0 - 3.0 * min(age, _FRESH_HOURS) / _FRESH_HOURS
        weighed[unit.standing == Standing.TRAP] += weight * unit.messages
        reports += unit.messages
    trapped = weighed[True]
    score = weighed[False] + (trapped * 5 if trapped < 6 else trapped * trapped)
    traffic = float(sum(unit.messages for unit in good if now - unit.hour <= _OLD_HOURS))
    share = score / (score + traffic) if score else 0.0
    return round(share, 9), _TWO_REPORTS_HOURS if reports <= 2 else _HOLD_HOURS
