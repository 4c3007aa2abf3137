"""What mail says: the prose of junk and of ham, its templates, keys, pictures and attachments, with their truth.

Public: ``compose`` writes one mail's fields and body; ``Brief`` and ``Name`` describe a campaign, and ``of`` makes one
of the world's ``Campaign``; ``Options`` says what a run allows; ``template_text`` gives a template as its
mailer keeps it, ``newsletter_text`` that of an innocent one.
"""

from __future__ import annotations

from spamworld.content import good, junk
from spamworld.content.brief import Brief, Name, Options, of
from spamworld.content.good import newsletter_text
from spamworld.content.skeleton import source as template_text
from spamworld.plan import Composed, Delivery

__all__ = ["Brief", "Name", "Options", "compose", "newsletter_text", "of", "template_text"]

DEFAULT = Options()


def compose(delivery: Delivery, brief: Brief | None = None, seed: int = 0, options: Options = DEFAULT) -> Composed:
    """What the author of this mail wrote. Equal input gives equal bytes, in any order and on any machine.

    Args:
        brief: the campaign of a junk mail, or the one whose junk comes back as backscatter; None for ham.
        seed: of the world.
    Returns: fields in order (without trace lines, Date and Message-ID), the body with CRLF line ends, the truth.
    """
    if brief is not None and delivery.kind == "junk":
        return junk.write(delivery, brief, seed, options)
    return good.write(delivery, brief, seed, options)
