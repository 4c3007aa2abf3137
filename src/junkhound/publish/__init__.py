"""Lists on their way out: an edition in the words others may read, guarded, in many forms, written whole.

A new form is one function from ``Edition`` to files, registered in ``outputs`` or by the entry-point group
``junkhound.outputs``.
"""

# the forms that ship with us file themselves
from junkhound.publish import (
    desks,
    feed,
    firewalls,
    mailservers,
    plain,
    rbldnsd,
    resolvers,
    served,
    spamassassin,
    zonefile,
)
from junkhound.publish.combine import Part, combine
from junkhound.publish.cover import cover
from junkhound.publish.edition import Edition, Entry, NameEntry, edition, is_code
from junkhound.publish.guard import Last, check, spare
from junkhound.publish.outputs import Output, outputs
from junkhound.publish.sign import Signer
from junkhound.publish.write import Written, write

__all__ = [
    "Edition", "Entry", "Last", "NameEntry", "Output", "Part", "Signer", "Written", "check", "combine", "cover",
    "desks", "edition", "feed", "firewalls", "is_code", "mailservers", "outputs", "plain", "rbldnsd", "resolvers",
    "served", "spamassassin", "spare", "write", "zonefile",
]  # fmt: skip
