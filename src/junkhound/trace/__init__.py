"""Where a message came from: hops read, boundary walked, verdict with a reason per hop.

Public: ``read``, ``boundary``, ``judge``, ``compare``, ``said_by``, ``message_number``, ``learn``, ``inner``,
``mailbox_at``, ``dates``, ``providers``, ``keys_of``, ``signatures``, ``given_out``, and the values ``Hop``, ``Hops``,
``Boundary``, ``Given``, ``Trust``, ``Verdict``, ``Candidate``, ``HopReason``, ``Proposal``, ``Known``, ``Sample``,
``Seen``, ``Comparison``, ``Lines``, ``Numbers``, ``Provider``, ``Signature``. Received dialects are added to
``dialects`` (``trace.dialects``).
"""

from junkhound.trace import dates
from junkhound.trace.below import Candidate
from junkhound.trace.border import Boundary, boundary
from junkhound.trace.given import Given
from junkhound.trace.given import embedded as given_out
from junkhound.trace.hop import Hop
from junkhound.trace.judging import judge
from junkhound.trace.known import Known, Provider, providers
from junkhound.trace.learning import Proposal, inner, learn, mailbox_at
from junkhound.trace.reader import Hops, read
from junkhound.trace.seen import NOTHING, Comparison, Lines, Numbers, Sample, Seen, compare, message_number, said_by
from junkhound.trace.signed import Signature, keys_of, signatures
from junkhound.trace.trust import Trust
from junkhound.trace.verdict import HopReason, Verdict

__all__ = [
    "NOTHING", "Boundary", "Candidate", "Comparison", "Given", "Hop", "HopReason", "Hops", "Known", "Lines", "Numbers",
    "Proposal", "Provider", "Sample", "Seen", "Signature", "Trust", "Verdict", "boundary", "compare", "dates",
    "given_out", "inner", "judge", "keys_of", "learn", "mailbox_at", "message_number", "providers", "read", "said_by",
    "signatures",
]  # fmt: skip
