"""Which texts are the same letter: an exact hash of what stays equal between copies, and a sketch of its word set."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_64_intdigest, xxh3_128_intdigest

from junkhound.kernel.compiled import steps

PERMUTATIONS = 128
MAX_WORD = 40  # bytes; longer ones are ids, hashes and random strings, other in each copy
MAX_FOREIGN_WORD = 120  # the same in other scripts, by UTF-8
LOOK = 6144  # bytes read of a text; random tails are common, and a letter is told by its beginning
MAX_LETTER = 2048  # bytes that count of what is left then, so that a longer name in the greeting does not shift the end
SEED = 42
MAX_REMEMBERED = 16_384  # sketches, about 12 MB
_remembered: dict[int, tuple[bytes, int]] = {}  # by the hash of what determines them
_PACKED = struct.Struct(f"<{PERMUTATIONS}I")

# One pass: ASCII to lower case, what separates to a blank, and digits, @ and / to "0", the mark of a word to leave out.
_FOLD = bytes(
    code + 32 if 65 <= code <= 90 else 32 if code <= 32 or code == 127 else 48 if code in b"0123456789@/" else code
    for code in range(256)
)  # fmt: skip
_NO_LETTERS = bytes(code for code in range(128) if not 97 <= code <= 122)
# In UTF-8. Joiners and fillers nobody sees: bulk mailers pad previews with them, spam splits words with them; and
# U+2019, the apostrophe that joins the parts of a word.
_unseen = re.compile(
    rb"\xc2\xad|\xcd\x8f|\xd8\x9c|\xe1\x85[\x9f\xa0]|\xe1\x9e[\xb4\xb5]|\xe1\xa0\x8e"
    rb"|\xe2\x80[\x8b-\x8f\x99\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf"
).sub
# Blanks, punctuation, symbols and emoji that are no ASCII.
_apart = re.compile(
    rb"\xc2[\x80-\xbf]|\xe1\x9a\x80|\xe2[\x80-\xaf\xb8-\xbf][\x80-\xbf]|\xe3\x80[\x80-\xbf]"
    rb"|\xef\xbc[\x80-\x8f\x9a-\xa0\xbb-\xbf]|\xef\xbd[\x80\x9b-\xa5]|\xf0\x9f[\x80-\xbf][\x80-\xbf]"
).sub
_RARE = (b"\xe2", b"\xc2", b"\xe3", b"\xef", b"\xe1", b"\xf0", b"\xcd", b"\xd8")  # what the two can begin with
_from_mark = re.compile(rb"0[^ ]*+").sub  # found by its first byte: no look at the other words
# What joins the parts of a word is dropped, so that e-mail is email; other punctuation of ASCII stands between words.
_JOINERS = b"'-"
_APART = bytes(code if 97 <= code <= 122 or code >= 128 else 32 for code in range(256))


def key(text: str) -> int:
    """The 64-bit number by which rows refer to a text (host, domain, name)."""
    return int(xxh3_64_intdigest(text.encode("utf-8", "replace")))


def normalise(text: str) -> bytes:
    """The letters that copies of one text share, in order and nothing between them (UTF-8, ASCII in lower case).

    Left out are blanks, punctuation, invisible characters, and every word with a digit, an ``@`` or a slash: prices,
    dates, random strings, addresses, URLs differ from copy to copy. What follows the first ``MAX_LETTER`` bytes, or
    the first ``LOOK`` of the text, no longer counts.
    """
    return fold(text.encode("utf-8", "replace"))[1]


def fold_plainly(octets: bytes) -> tuple[bytes, bytes]:
    """``fold`` without the compiled steps."""
    words = _marked_off(_folded(octets[:LOOK]))
    return words, words.translate(None, _NO_LETTERS)[:MAX_LETTER]


fold: Callable[[bytes], tuple[bytes, bytes]] = fold_plainly if steps is None else steps.fold
"""The beginning of a text as letter and word set read it (the words that copies share, blanks between them), and what
``normalise`` makes of it."""


def words_of(text: str) -> set[str]:
    """The set of words that a sketch stands for: of at most ``MAX_WORD`` characters, without the punctuation."""
    return {word.decode("utf-8", "replace") for word in words(fold(text.encode("utf-8", "replace"))[0])[0]}


def words(octets: bytes) -> tuple[list[bytes], int]:
    """The set of words of folded text, for a sketch is that of their set, and how many words stand there."""
    if steps is not None and len(octets) <= LOOK:
        found: tuple[list[bytes], int] = steps.words(octets)
        return found
    return words_plainly(octets)


def words_plainly(octets: bytes) -> tuple[list[bytes], int]:
    """``words`` without the compiled steps."""
    words = octets.translate(_APART, _JOINERS).split()
    if words and max(map(len, words)) > MAX_WORD:
        words = [word for word in words if len(word) <= (MAX_WORD if word.isascii() else MAX_FOREIGN_WORD)]
    return list(dict.fromkeys(words)), len(words)


def _marked_off(octets: bytes) -> bytes:
    """Without the words that hold a mark: their ends, then, backwards, their beginnings."""
    if octets.find(b"www.") >= 0:
        octets = octets.replace(b"www.", b"0")
    if octets.find(b"0") < 0:
        return octets
    return _from_mark(b"", _from_mark(b"0", octets)[::-1])[::-1]


def _folded(octets: bytes) -> bytes:
    """ASCII in lower case, with blanks between words and "0" in those to leave out."""
    if not octets.isascii() and any(octets.find(mark) >= 0 for mark in _RARE):
        octets = _apart(b" ", _unseen(b"", octets))
    return octets.translate(_FOLD)


def number(letters: bytes) -> int:
    """The exact template of normalised text; 0 for none."""
    return (int(xxh3_64_intdigest(letters)) or 1) if letters else 0


def sketch(text: str) -> bytes:
    """128 min-hashes (u32, little endian) of the set of words in the text; b"" for no words.

    Two sketches agree in about as many
    places as the word sets overlap (Jaccard). Source: Broder 1997; the permutations are rensa's.
    """
    return sketched(fold(text.encode("utf-8", "replace"))[0])[0]


def sketched(octets: bytes) -> tuple[bytes, int]:
    """The sketch of folded text, and how many words it has."""
    if steps is not None and len(octets) <= LOOK:
        found: tuple[bytes, int] = steps.sketch(octets)
        return found
    return sketched_plainly(octets)


def sketched_plainly(octets: bytes) -> tuple[bytes, int]:
    """``sketched`` without the compiled steps: what was sketched lately is remembered, for junk comes in copies."""
    known = xxh3_128_intdigest(octets)
    found = _remembered.get(known)
    if found is None:
        different, count = words_plainly(octets)
        found = (_permute(different) if different else b"", count)
        if len(_remembered) >= MAX_REMEMBERED:
            _remembered.clear()
        _remembered[known] = found
    return found


def forget() -> None:
    """Let go of the sketches that are remembered."""
    _remembered.clear()


def similarity(a: bytes, b: bytes) -> float:
    """Estimated overlap (Jaccard) of two sketches' word sets, 0 to 1; 0 where either has no words."""
    if not a or len(a) != len(b):
        return 0.0
    return float(np.mean(np.frombuffer(a, "<u4") == np.frombuffer(b, "<u4")))


def _permute(words: list[bytes]) -> bytes:
    try:
        from rensa import RMinHash
    except ImportError:
        return permute_slowly(words).astype("<u4").tobytes()
    hasher = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
    hasher.update(words)
    return _PACKED.pack(*hasher.digest())


@lru_cache(1)
def _multipliers() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Odd factors and offsets of 128 multiply-shift hashes, from the hash we already have."""
    draws = [xxh3_64_intdigest(b"junkhound sketch %d" % place, SEED) for place in range(2 * PERMUTATIONS)]
    numbers = np.array(draws, np.uint64)
    return numbers[:PERMUTATIONS] | np.uint64(1), numbers[PERMUTATIONS:]


def permute_slowly(words: list[bytes]) -> NDArray[np.uint32]:
    """The same kind of sketch by numpy alone, where rensa is not installed; the two kinds do not compare."""
    factors, offsets = _multipliers()
    hashes = np.array([xxh3_64_intdigest(word) for word in words], np.uint64)
    least = np.full(PERMUTATIONS, np.iinfo(np.uint64).max, np.uint64)
    for start in range(0, len(hashes), 4096):
        block = hashes[start : start + 4096, None] * factors + offsets
        least = np.minimum(least, block.min(axis=0))
    return (least >> np.uint64(32)).astype(np.uint32)
