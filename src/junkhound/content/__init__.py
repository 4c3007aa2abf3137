"""What a message says: visible text, where it leads, what it carries, and which other messages say the same.

``view(message)`` gives a ``View`` with its ``Url`` and ``Attachment`` values, for many messages in two steps by
``seen(read(message))``; ``sketch(view)``, ``sketched(view)``
(with the number of words) and ``similarity(a, b)`` compare texts that are not quite equal; ``registrable(host)``,
``platform(host)`` and ``host_of(authority)`` say whose a host is; ``key(text)`` is the number by which rows refer to
a text. ``finds(view)`` gives the keys of the text and its links (phones, wallets, accounts, drop boxes, shares),
``mailboxes(octets)`` those of one field, ``language_of(view)`` its language, ``touts(text)`` each ``Tout`` of a share,
``agreed(texts)`` those of several readings of one picture. ``canon(text)`` is a text as templates are looked for in it,
``CUT`` what stands there for links.
"""

from junkhound.content.canon import CUT, canon
from junkhound.content.finds import finds, language_of
from junkhound.content.hosts import Host, host_of, platform, registrable
from junkhound.content.mailboxes import mailboxes
from junkhound.content.template import key, similarity
from junkhound.content.tickers import Tout, agreed, touts
from junkhound.content.urls import Url
from junkhound.content.view import Attachment, Reading, View, read, seen, sketch, sketched, view

__all__ = [
    "CUT", "Attachment", "Host", "Reading", "Tout", "Url", "View", "agreed", "canon", "finds", "host_of", "key",
    "language_of", "mailboxes", "platform", "read", "registrable", "seen", "similarity", "sketch", "sketched", "touts",
    "view",
]  # fmt: skip
