"""What a message says: visible text, where it leads, what it carries, and which other messages say the same.

``view(message)`` gives a ``View`` with its ``Url`` and ``Attachment`` values; ``sketch(view)``, ``sketched(view)``
(with the number of words) and ``similarity(a, b)`` compare texts that are not quite equal; ``registrable(host)``,
``platform(host)`` and ``host_of(authority)`` say whose a host is; ``key(text)`` is the number by which rows refer to
a text.
"""

from junkhound.content.hosts import Host, host_of, platform, registrable
from junkhound.content.template import key, similarity
from junkhound.content.urls import Url
from junkhound.content.view import Attachment, View, sketch, sketched, view

__all__ = [
    "Attachment", "Host", "Url", "View", "host_of", "key", "platform", "registrable", "similarity", "sketch",
    "sketched", "view",
]  # fmt: skip
