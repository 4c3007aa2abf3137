"""Lists on their way out: an edition in the words others may read, guarded, in many forms, written whole.

A new form is one function from ``Edition`` to files, registered in ``outputs`` or by the entry-point group
``junkhound.outputs``.
"""

from junkhound.publish import feed, plain, rbldnsd, served  # the forms that ship with us file themselves
from junkhound.publish.cover import cover
from junkhound.publish.edition import Edition, Entry, NameEntry, edition, is_code
from junkhound.publish.guard import Last, check, spare
from junkhound.publish.outputs import Output, outputs
from junkhound.publish.write import Written, write

__all__ = [
    "Edition", "Entry", "Last", "NameEntry", "Output", "Written", "check", "cover", "edition", "feed", "is_code",
    "outputs", "plain", "rbldnsd", "served", "spare", "write",
]  # fmt: skip
