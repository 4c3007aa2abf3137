"""Mail on the wire: trace lines of real servers and of forgers, sessions of bots and honest clients, headers, ids.

``stack`` gives the trace lines with their labels, ``session`` the facts of the last hand-over, ``header_fields`` the
header, ``write`` the whole mail; each depends on the delivery and the seed alone. ``boundary`` and ``message_id`` make
what a mail program would, ``helo`` what a machine calls itself.
"""

from __future__ import annotations

import random

from spamworld.wire import ids, pens
from spamworld.wire.facts import session
from spamworld.wire.header import header_fields, write
from spamworld.wire.lines import stack
from spamworld.wire.names import helo

__all__ = ["boundary", "header_fields", "helo", "session", "stack", "write"]


def boundary(engine: str, at: int, chance: random.Random) -> str:
    """A MIME boundary as that engine or mail program makes them. ``at``: microseconds UTC."""
    return ids.boundary(pens.of(engine).boundary, at, chance)
