"""Whether an address is listed, until when and why: decided on rows and a policy alone, so that it can be replayed.

``decide`` judges one subject's ``History`` under a ``Policy`` at a moment; ``Groups`` sorts the witness units of
millions of addresses and names the few that are worth deciding.
"""

from junkhound.listing.advice import advice
from junkhound.listing.areas import Subject, range_decisions, replaced
from junkhound.listing.beta import lower_bound
from junkhound.listing.codes import COMBINED, HOLDS, Holds, bit_code
from junkhound.listing.decide import Decision, Outcome, Reason, decide, hold_hours, prior
from junkhound.listing.domain import Domain, domain_name
from junkhound.listing.escalate import PANEL_DAYS, Panel, panel, routable
from junkhound.listing.history import Counters, Day, Days, History, Level, Pool
from junkhound.listing.names import NAMES_HOURS, Advertised, decide_name
from junkhound.listing.policy import (
    APART_HOURS,
    TAUS_HOURS,
    WINDOW_HOURS,
    Policy,
    names_without_address,
    policy_of,
)
from junkhound.listing.ranges import SNOWSHOE_HOURS, Range, pieces
from junkhound.listing.replay import Book, Held, replay
from junkhound.listing.rows import Rows
from junkhound.listing.select import MALWARE
from junkhound.listing.senders import Neighbours, Senders, senders
from junkhound.listing.sieve import Groups
from junkhound.listing.space import Protected, span
from junkhound.listing.terms import explain
from junkhound.listing.units import Unit, Units
from junkhound.listing.witness import Witnesses, witnesses
from junkhound.listing.words import CLASSES, count_range

__all__ = [
    "APART_HOURS", "CLASSES", "COMBINED", "HOLDS", "MALWARE", "NAMES_HOURS", "PANEL_DAYS", "SNOWSHOE_HOURS",
    "TAUS_HOURS", "WINDOW_HOURS", "Advertised", "Book", "Counters", "Day", "Days", "Decision", "Domain", "Groups",
    "Held",
    "History", "Holds", "Level", "Neighbours", "Outcome", "Panel", "Policy", "Pool", "Protected", "Range", "Reason",
    "Rows", "Senders", "Subject", "Unit", "Units", "Witnesses", "advice", "bit_code", "count_range", "decide",
    "decide_name", "domain_name", "explain", "hold_hours", "lower_bound", "names_without_address", "panel",
    "pieces", "policy_of", "prior", "range_decisions", "replaced", "replay", "routable", "senders", "span", "witnesses",
]  # fmt: skip
