"""Which texts are the same letter: an exact hash of what stays equal between copies, and a sketch of its word set."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest

PERMUTATIONS = 128
MAX_WORD = 24  # longer ones are ids, hashes and random strings, other in each copy
MAX_LETTER = 16_384  # characters; random tails are common, and a letter is told by its beginning
SEED = 42

# One pass: ASCII to lower case, what separates to a blank, and digits and @ to "0", the mark of a word to leave out.
_FOLD = bytes(
    code + 32 if 65 <= code <= 90 else 32 if code <= 32 or code == 127 else 48 if code in b"0123456789@" else code
    for code in range(256)
)  # fmt: skip
# In UTF-8. Joiners and fillers nobody sees: bulk mailers pad previews with them, spam splits words with them.
_unseen = re.compile(
    rb"\xc2\xad|\xcd\x8f|\xd8\x9c|\xe1(?:\x85[\x9f\xa0]|\x9e[\xb4\xb5]|\xa0\x8e)"
    rb"|\xe2(?:\x80[\x8b-\x8f\xaa-\xae]|\x81[\xa0-\xaf])|\xef\xbb\xbf"
).sub
_blanks = re.compile(rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2(?:\x80[\x80-\x8a\xa8\xa9\xaf]|\x81\x9f)|\xe3\x80\x80").sub
_url_marks = re.compile(rb"//+|www\.").finditer
_word = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*+")


def key(text: str) -> int:
    """The 64-bit number by which rows refer to a text (host, domain, name)."""
    return int(xxh3_64_intdigest(text.encode("utf-8", "replace")))


def normalise(text: str) -> tuple[bytes, int]:
    """The words that copies of one letter share, in order and one blank apart, and how many they are.

    Lower case (ASCII), invisible characters removed; URLs, mail addresses, words with a digit (prices, dates, random
    strings) and words longer than ``MAX_WORD`` bytes are left out, for they differ from copy to copy. What follows
    the first ``MAX_LETTER`` characters no longer counts.
    """
    octets = _folded(text[:MAX_LETTER])
    # Word ends as an array: a dozen numpy calls, where a loop over the words would cost twice the whole parse.
    letters = np.frombuffer(octets, np.uint8)
    ends = (letters == 32).nonzero()[0]
    lengths = ends.copy()  # each with the blank that ends it
    lengths[1:] -= ends[:-1]
    lengths[0] += 1
    keep = (lengths > 1) & (lengths <= MAX_WORD + 1)
    if b"0" in octets:
        keep[ends.searchsorted((letters == 48).nonzero()[0])] = False
    if b"//" in octets or b"www." in octets:
        keep[ends.searchsorted([match.start() for match in _url_marks(octets)])] = False
    return letters[keep.repeat(lengths)].tobytes()[:-1], int(np.count_nonzero(keep))


def _folded(text: str) -> bytes:
    """UTF-8 with blanks between words and after the last, "0" in those to leave out."""
    octets = text.encode("utf-8", "replace")
    if len(octets) != len(text):
        octets = octets.replace(b"\xc2\xa0", b" ")
        if (
            0xE2 in octets
            or 0xE3 in octets
            or 0xE1 in octets
            or 0xEF in octets
            or b"\xc2\xad" in octets
            or 0xCD in octets
        ):
            octets = _blanks(b" ", _unseen(b"", octets))
    return octets.translate(_FOLD) + b" "


def number(words: bytes) -> int:
    """The exact template of normalised words; 0 for no words."""
    return (int(xxh3_64_intdigest(words)) or 1) if words else 0


def sketch(text: str) -> bytes:
    """128 min-hashes (u32, little endian) of the set of words in the text; b"" for no words.

    Words are those of ``normalise`` without the punctuation around them. Two sketches agree in about as many
    places as the word sets overlap (Jaccard). Source: Broder 1997; the permutations are rensa's.
    """
    words = set(_word.findall(normalise(text.lower())[0].decode("utf-8", "replace")))
    if not words:
        return b""
    return _permute(sorted(words)).astype("<u4").tobytes()


def similarity(a: bytes, b: bytes) -> float:
    """Estimated overlap (Jaccard) of two sketches' word sets, 0 to 1; 0 where either has no words."""
    if not a or len(a) != len(b):
        return 0.0
    return float(np.mean(np.frombuffer(a, "<u4") == np.frombuffer(b, "<u4")))


def _permute(words: list[str]) -> NDArray[np.uint32]:
    try:
        from rensa import RMinHash
    except ImportError:
        return permute_slowly(words)
    hasher = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
    hasher.update(words)
    return np.asarray(hasher.digest(), np.uint32)


@lru_cache(1)
def _multipliers() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Odd factors and offsets of 128 multiply-shift hashes, from the hash we already have."""
    draws = [xxh3_64_intdigest(b"junkhound sketch %d" % place, SEED) for place in range(2 * PERMUTATIONS)]
    numbers = np.array(draws, np.uint64)
    return numbers[:PERMUTATIONS] | np.uint64(1), numbers[PERMUTATIONS:]


def permute_slowly(words: list[str]) -> NDArray[np.uint32]:
    """The same kind of sketch by numpy alone, where rensa is not installed; the two kinds do not compare."""
    factors, offsets = _multipliers()
    hashes = np.array([xxh3_64_intdigest(word.encode("utf-8", "replace")) for word in words], np.uint64)
    least = np.full(PERMUTATIONS, np.iinfo(np.uint64).max, np.uint64)
    for start in range(0, len(hashes), 4096):
        block = hashes[start : start + 4096, None] * factors + offsets
        least = np.minimum(least, block.min(axis=0))
    return (least >> np.uint64(32)).astype(np.uint32)
