"""Whether an address is listed, until when and why: decided on rows and a policy alone, so that it can be replayed.

``decide`` judges one subject's ``History`` under a ``Policy`` at a moment; ``Groups`` sorts the witness units of
millions of addresses and names the few that are worth deciding.
"""

from junkhound.listing.beta import lower_bound
from junkhound.listing.codes import COMBINED, HOLDS, Holds, bit_code
from junkhound.listing.decide import Decision, Outcome, Reason, decide, hold_hours, prior
from junkhound.listing.domain import Domain, domain_name
from junkhound.listing.history import Counters, Day, History, Level, Pool, Unit, counters
from junkhound.listing.policy import (
    APART_HOURS,
    TAUS_HOURS,
    WINDOW_HOURS,
    Policy,
    explain,
    names_without_address,
    policy_of,
)
from junkhound.listing.sieve import Groups, Rows
from junkhound.listing.space import Protected, span
from junkhound.listing.witness import Witnesses, witnesses
from junkhound.listing.words import CLASSES, count_range

__all__ = [
    "APART_HOURS", "CLASSES", "COMBINED", "HOLDS", "TAUS_HOURS", "WINDOW_HOURS", "Counters", "Day", "Decision",
    "Domain", "Groups", "History", "Holds", "Level", "Outcome", "Policy", "Pool", "Protected", "Reason", "Rows",
    "Unit", "Witnesses", "bit_code", "count_range", "counters", "decide", "domain_name", "explain", "hold_hours",
    "lower_bound", "names_without_address", "policy_of", "prior", "span", "witnesses",
]  # fmt: skip
