"""Who stands behind campaigns, as numbers and never as names: links with reasons, probability and abstention.

``links(campaigns)`` weighs evidence pair by pair, ``actors`` groups what it asserts, ``significance`` ranks,
``successors`` offers who may have come after whom.
"""

from junkhound.actor.linking import HARM, OFFERED, SURE, Campaign, Link, Reason, actors, links, significance, successors

__all__ = [
    "HARM", "OFFERED", "SURE", "Campaign", "Link", "Reason", "actors", "links", "significance", "successors",
]  # fmt: skip
