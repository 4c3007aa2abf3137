"""Words that strangers share, marked in sketches, so that texts are compared by what is their own.

Place i of a sketch is the least hash i of all words of a text, so it stands for one word; the words of the small print
and the short ones of each language (``content.boilerplate``) have known hashes. Their places are marked by the lowest
bit, which all others have cleared: equality and order of the rest stay as they were.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from junkhound.campaign.forest import U32, Ints
from junkhound.campaign.sketches import MARK
from junkhound.content import boilerplate, template

LEAST_OWN = 3
"""Words of its own without which a text tells nothing."""


@lru_cache(1)
def values() -> U32:
    """The hashes of the common words, a row for each place, in order."""
    rows = [np.frombuffer(template.sketched(word)[0], "<u4") for word in sorted(boilerplate.WORDS)]
    return np.sort(np.stack([row for row in rows if len(row)], axis=1) & ~MARK, axis=1)


def marked(sketch: U32) -> U32:
    """The sketches with the places of common words marked."""
    plain = sketch & ~MARK
    for place, known in enumerate(values()):
        column = plain[:, place]
        at = np.minimum(np.searchsorted(known, column), len(known) - 1)
        plain[:, place] |= (known[at] == column).astype(np.uint32)
    return plain


def own(sketch: U32, words: Ints) -> Ints:
    """About how many words of each text are its own."""
    return np.asarray(words * (1 - (sketch & MARK).mean(axis=1)), np.int64) if len(sketch) else words
