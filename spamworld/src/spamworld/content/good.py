"""Ham and what comes back: placeholder forms, deepened below."""

from __future__ import annotations

from spamworld.content import mime
from spamworld.plan import Composed, Delivery


def write(delivery: Delivery, seed: int) -> Composed:
    """One good mail."""
    part = mime.text_part("Hello,\n\nsee you tomorrow.\n", "plain", "us-ascii", "7bit")
    fields = [("From", mime.mailbox(delivery.author_name, delivery.author)), ("Subject", b"Tomorrow")]
    return Composed((*fields, *part.fields()), part.encoded(), {})
