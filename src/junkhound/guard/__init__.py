"""Whether one message is junk, by what a trap owner knows: live texts, shared things, sources, networks.

Public: ``Judge`` forms an ``Opinion`` of a mail from a ``Book`` (what a hub's traps saw), a ``Model`` (what counts how
much) and a ``Personal`` (what one person's own moves teach); ``no_opinion`` where there is no time. ``FORMS``,
``Head``, ``Keying``, ``Wording`` and ``sorted_rows`` make books, ``pack`` makes files of them.
"""

from junkhound.guard import pack
from junkhound.guard.book import FORMS, SKETCH, SKETCHED, Book, Head, Keying, empty, low_bytes, sorted_rows
from junkhound.guard.evidence import Evidence
from junkhound.guard.judging import Judge, Judged
from junkhound.guard.model import Model, Weights, leaning, probability, shipped
from junkhound.guard.opinion import Opinion, Word, no_opinion, weigh
from junkhound.guard.personal import Own, Personal
from junkhound.guard.wordings import Wording

__all__ = [
    "FORMS", "SKETCH", "SKETCHED", "Book", "Evidence", "Head", "Judge", "Judged", "Keying", "Model", "Opinion", "Own",
    "Personal", "Weights", "Word", "Wording",
    "empty", "leaning", "low_bytes", "no_opinion", "pack", "probability", "shipped", "sorted_rows", "weigh",
]  # fmt: skip
