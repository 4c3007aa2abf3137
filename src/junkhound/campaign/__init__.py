"""Messages that belong together although no two are alike: campaigns, their texts, and what became of them.

``group(units, keys, known)`` groups distinct texts (``Units``) by their words and by the ``Keys`` they share, but for
those that are ``Known`` to be nobody's own; ``lineage.trace`` says which group is which campaign of before;
``consensus`` is the sketch that a group agrees on.
"""

from junkhound.campaign.bonds import KINDS
from junkhound.campaign.grouping import group, shuffled
from junkhound.campaign.keyed import ALONE, Known
from junkhound.campaign.lineage import LEAST_MAILS, Lineage, trace
from junkhound.campaign.sketches import WIDTH, consensus
from junkhound.campaign.units import LEAST_WORDS, MANNER, Keys, Units

__all__ = [
    "ALONE", "KINDS", "LEAST_MAILS", "LEAST_WORDS", "MANNER", "WIDTH", "Keys", "Known", "Lineage", "Units", "consensus",
    "group", "shuffled", "trace",
]  # fmt: skip
