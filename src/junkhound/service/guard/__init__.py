"""The guard of a mail server: opinions within a deadline, by milter or as a filter between two servers.

Public: ``Desk`` (opinions), ``milter`` and ``proxy`` (the two servers), ``serve`` (one of them until a signal).
"""

from junkhound.service.guard.desk import Desk
from junkhound.service.guard.serving import serve

__all__ = ["Desk", "serve"]
