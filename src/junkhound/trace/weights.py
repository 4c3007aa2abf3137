"""What each clue weighs: likelihood ratios, one dated table.

The question they answer: did the machine at the hand-over send the message itself, and type what stands below its
line, or did it honestly pass on what another machine brought? A ratio says how much more often a clue is met in the
first case. Set by hand from the figures beside them; to be fitted on mail whose origin is known. Fitted or not, they
move the confidence only: the hand-over stays the hand-over whatever stands below it.
"""

from __future__ import annotations

from typing import NamedTuple

from junkhound.tables import Clue
from junkhound.trace.memo import Memo

DATE = "2026-11-22"

ALONE = 0.99  # nothing below its line, or it logged in
PRIOR = 0.7  # a line below: two in three spam sources type one, the rest are relays
MOST = 0.985  # no clue makes surer than that, while a line below could be true
UNREAD_LIMIT = 0.9  # the line of the hand-over was read by the general scanner


class Weight(NamedTuple):
    """One clue: the test of the method it belongs to, its ratio, and where the ratio comes from."""

    clue: Clue
    test: str
    ratio: float
    source: str


LINE = (
    Weight(Clue.HOP_UNREAD, "T1", 10.0, "no grammar: 1% of honest lines of 2001 to 2026"),
    Weight(Clue.GAP, "T2", 15.0, "4.0% of honest pairs, two in three typed lines"),
    Weight(Clue.IMPOSSIBLE_ADDRESS, "T5", 300.0, "not one honest line of 27,000"),
    Weight(Clue.TIME_BACKWARDS, "T6", 1.1, "15.0% of honest mails, 16.1% of spam"),
    Weight(Clue.QUEUE_ID_CLOCK, "T7", 300.0, "3 of 13,506 honest lines"),
    Weight(Clue.QUEUE_ID_FORM, "T8", 40.0, "3 of 12,005 honest lines"),
    Weight(Clue.WITH_KEYWORD, "T9", 5.0, "by judgement"),
    Weight(Clue.BELOW_ORIGINATOR, "T10", 6.0, "2.1% of honest mails, 25.9% of spam of 2002, hardly any of 2023"),
    Weight(Clue.CLAIMS_OUR_NAME, "T14", 5.0, "by judgement: loops and forwards do it too"),
    Weight(Clue.FORGED, "T14", 3.0, "by judgement: what makes a line forged has its own weight"),
    Weight(Clue.NO_DATE, "T6", 3.0, "0.04% of honest lines"),
)
MACHINE = (
    Weight(Clue.HELO_LITERAL, "T3", 4.0, "by judgement: relays know their name"),
    Weight(Clue.HELO_OURS, "T3", 10.0, "by judgement: no relay calls itself by our name"),
    Weight(Clue.HELO_RDNS_DIFFER, "T3", 1.3, "by judgement: common among honest servers"),
    Weight(Clue.NO_RDNS, "T4", 5.0, "by judgement: few relays have no name"),
    Weight(Clue.DYNAMIC_RDNS, "T4", 12.0, "by judgement: a dial-up line relays for nobody"),
    Weight(Clue.FOR_OTHER, "T13", 1.2, "by judgement"),
)
TABLE = (*LINE, *MACHINE)
_LINE_BITS = sum(int(weight.clue) for weight in LINE)
_MACHINE_BITS = sum(int(weight.clue) for weight in MACHINE)


def found(machine: int, line: int) -> tuple[tuple[str, float], ...]:
    """The clues that count, by name, with their ratios; the prior odds first."""
    bits = (machine & _MACHINE_BITS) | (line & _LINE_BITS)
    named = ((weight.clue.name or "", weight.ratio) for weight in TABLE if bits & weight.clue)
    return (("prior", round(PRIOR / (1 - PRIOR), 3)), *((name.lower(), ratio) for name, ratio in named))


def _sure(clues: tuple[int, int]) -> float:
    odds = 1.0
    for _, ratio in found(*clues):
        odds *= ratio
    return round(min(odds / (1 + odds), MOST), 4)


SURE = Memo(_sure, 8192)
"""P that the hand-over sent the message, by (clues of the machine, clues of the line below its own)."""
