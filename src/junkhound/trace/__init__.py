"""Where a message came from: hops read, boundary walked, verdict with a reason per hop.

Public: ``read``, ``boundary``, ``judge``, ``learn``, ``dates``, and the values ``Hop``, ``Hops``, ``Boundary``,
``Verdict``, ``HopReason``, ``Proposal``, ``Known``,
``Provider``. Received dialects are added to ``dialects`` (``trace.dialects``).
"""

from junkhound.trace import dates
from junkhound.trace.border import Boundary, boundary
from junkhound.trace.hop import Hop
from junkhound.trace.judging import judge
from junkhound.trace.known import Known, Provider
from junkhound.trace.learning import Proposal, learn
from junkhound.trace.reader import Hops, read
from junkhound.trace.verdict import HopReason, Verdict

__all__ = [
    "Boundary", "Hop", "HopReason", "Hops", "Known", "Proposal", "Provider", "Verdict", "boundary", "dates", "judge",
    "learn", "read",
]  # fmt: skip
