"""What is done to a text so that a reader sees other words than a filter, undone before the text is read.

Two steps: ``undone`` on the source of an HTML part, ``readable`` on visible text. Each trick begins with a search for
what it cannot do without, so that a message with none of them pays two or three microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from junkhound.content import html
from junkhound.kernel.compiled import steps
from junkhound.kernel.memo import Memo

MOST = 400  # places where one trick is undone
LOOK = 32 * 1024  # bytes of text in which letters stand apart
MAX_TABLE = 64 * 1024  # bytes of a table that is put together again

# -- text ---------------------------------------------------------------------------------------------------------

_UNSEEN = re.compile(
    rb"\xc2\xad|\xcd\x8f|\xd8\x9c|\xe1\x85[\x9f\xa0]|\xe1\x9e[\xb4\xb5]|\xe1\xa0\x8e"
    rb"|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf"
).sub
_RARE = (b"\xe2\x80", b"\xc2\xad", b"\xef\xbb\xbf", b"\xe2\x81", b"\xcd\x8f", b"\xe1\xa0", b"\xe1\x85", b"\xd8\x9c")
_OTHERS = (b"\xce", b"\xcf", b"\xd0", b"\xd1")  # what Greek and Cyrillic letters begin with
_WIDE = (b"\xef\xbc", b"\xef\xbd", b"\xf0\x9d")
# A Latin letter beside one of another alphabet, in one word: the two look alike, or the word would not be read.
_mixed = re.compile(rb"[A-Za-z][\xce-\xd1][\x80-\xbf]|[\xce-\xd1][\x80-\xbf][A-Za-z]").search
_words = re.compile(r"[^\W\d_]+").sub
_LOOKS = dict(
    zip(
        "асеорхуіјѕԁԛԝһАВЕКМНОРСТУХІЈЅαβεικνορτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧкмнтвгпилд",
        "aceopxyijsdqwhABEKMHOPCTYXIJSaβeiknoptuxwABEZHIKMNOPTYXkmhtbrnunд",
        strict=True,
    )
)
_CYRILLIC = str.maketrans({mark: letter for mark, letter in _LOOKS.items() if letter.isascii()})
_wide = re.compile(rb"\xef\xbc[\x81-\xbf]|\xef\xbd[\x80-\x9e]|\xf0\x9d[\x90-\x9f][\x80-\xbf]").search

_GAPS = bytes(
    97 if chr(code).isascii() and chr(code).isalpha() else 32 if code in b" -.*_~" else 120 for code in range(256)
)
_spaced = re.compile(
    rb"(?<![^\s(\"'>])([A-Za-z])([ \-.*_~])(?:[A-Za-z]\2){2,30}[A-Za-z](?![A-Za-z0-9])(?!\2[A-Za-z](?![A-Za-z]))"
).match


def readable(text: bytes) -> bytes:
    """Visible text (UTF-8) as a reader reads it: nothing unseen in words, one alphabet a word, letters not apart."""
    if not text.isascii():
        text = plain_letters(text)
    return together(text) if steps is None or steps.text_signs(text) & 1 else text


def plain_letters(text: bytes) -> bytes:
    """The text with nothing unseen in its words, and each word in one alphabet."""
    return plain_with(text, _LETTERS if steps is None else steps.letter_signs(text))


_HIDDEN, _BROAD, _STRANGE = 1, 2, 4  # what may be with the letters of a text, as `letter_signs` says
_LETTERS = _HIDDEN | _BROAD | _STRANGE


def plain_with(text: bytes, signs: int = _LETTERS) -> bytes:
    """``plain_letters`` where only these may be."""
    before = text
    if signs & _HIDDEN and any(text.find(mark) >= 0 for mark in _RARE):
        text = _UNSEEN(b"", text)
    signs = signs if text is before else _LETTERS
    if signs & _BROAD and any(text.find(mark) >= 0 for mark in _WIDE) and _wide(text) is not None:
        text = _narrow(text)
    signs = signs if text is before else _LETTERS
    if signs & _STRANGE and any(text.find(mark) >= 0 for mark in _OTHERS) and _mixed(text) is not None:
        text = _words(_latin, text.decode("utf-8", "replace")).encode("utf-8", "replace")
    return text


def together(text: bytes) -> bytes:
    """Letters that stand apart, as words."""
    form = text.translate(_GAPS)
    at, end = form.find(b"a a a a"), 0
    kept: list[bytes] = []
    while at >= 0:
        match = _spaced(text, at)
        if match is not None:
            kept += [text[end:at], match[0].replace(match[2], b"")]
            end = match.end()
        at = form.find(b"a a a a", end if match is not None else at + 1)
    return b"".join((*kept, text[end:])) if kept else text


def _narrow(text: bytes) -> bytes:
    import unicodedata

    return unicodedata.normalize("NFKC", text.decode("utf-8", "replace")).encode("utf-8", "replace")


def _latin(match: re.Match[str]) -> str:
    """A word of two alphabets in Latin letters, where every one of them has a Latin look."""
    word = match[0]
    if word.isascii() or not any("a" <= letter.lower() <= "z" for letter in word):
        return word
    return word.translate(_CYRILLIC)


# -- HTML ---------------------------------------------------------------------------------------------------------

# Patterns that begin with the letters to look for: a look behind at their start would be asked at every byte.
_empty_pair = re.compile(rb"<(?<=[^\s>]<)(b|i|u|em|span|font|strong|xq|s)(?:\s[^>]{0,200})?></\1>(?=[^\s<])", re.I).sub
_minus = re.compile(rb":\s{0,3}-[0-9]{3}").search
_offscreen = re.compile(rb"(?:left|top|text-indent|margin-left)\s{0,3}:\s{0,3}-[0-9]{3,6}(?:px|pt|em)?").finditer
_clear = re.compile(rb"opacity(?<![a-z-]opacity)\s{0,3}:\s{0,3}0?\.?0+(?![0-9.])").finditer
_unseen_ink = re.compile(rb"color(?<![a-z-]color)\s{0,3}:\s{0,3}transparent").finditer
_tiny = re.compile(rb"font-size\s{0,3}:\s{0,3}(?:[12](?:\.[0-9])?(?:px|pt)|0?\.0[0-9]em)").finditer
_flat = re.compile(rb"max-height\s{0,3}:\s{0,3}0(?:px)?\s{0,3}[;\"'}]").finditer
_coloured = re.compile(rb"color(?<![a-z-]color)\s{0,3}[:=]\s{0,3}[\"']?(#[ef][0-9a-f]{2,5}|white)(?![0-9a-z])").finditer
_ground = re.compile(rb"bgcolor\s{0,3}=\s{0,3}[\"']?(#[0-9a-f]{3,6}|[a-z]{3,20})").findall
_painted = re.compile(rb"background(?:-color)?\s{0,3}:\s{0,3}(#[0-9a-f]{3,6}|[a-z]{3,20})").findall
_backwards = re.compile(
    rb"<(span|bdo|div|font|p|b|i)\s[^>]{0,200}(?:direction\s{0,3}:\s{0,3}rtl|dir\s{0,3}=\s{0,3}[\"']?rtl)[^>]{0,200}>"
    rb"([^<]{1,400})</\1>",
    re.IGNORECASE,
).sub
_row = re.compile(
    rb"<tr\b[^>]{0,400}>((?:\s{0,20}<td\b[^>]{0,400}>[^<]{0,2000}(?:<br ?/?>[^<]{0,2000}){2,60}</td>){4,400})", re.I
)
_cell = re.compile(rb"<td\b[^>]{0,400}>(.*?)</td>", re.IGNORECASE | re.DOTALL).findall
_line = re.compile(rb"<br ?/?>", re.IGNORECASE).split
_BACKWARDS, _EMPTY_PAIR, _ROWS = 1, 2, 4  # tricks that move words: what the compiled steps say may stand in a part
_WHITE = (255, 255, 255)
_NEAR = 24  # of 255, in each of red, green and blue: no reader sees the difference


def undone(source: bytes) -> bytes:
    """The HTML without what its reader is not shown, and with his words where a trick moved them."""
    if steps is not None:
        left: bytes = steps.undone(source, rewritten)
        return left
    return undone_plainly(source)


def undone_plainly(source: bytes) -> bytes:
    """``undone`` without the compiled steps."""
    source = rewritten(source)
    low = source.lower()
    hits = _hidden(low)
    return _without(source, low, sorted(hits, key=lambda hit: hit[0])[:MOST]) if hits else source


def rewritten(source: bytes, signs: int = _BACKWARDS | _EMPTY_PAIR | _ROWS) -> bytes:
    """The HTML with its words where its reader sees them, if only these tricks may stand in it."""
    low = source.lower()
    if signs & _BACKWARDS and low.find(b"rtl") >= 0 and (low.find(b"direction") >= 0 or low.find(b"dir=") >= 0):
        source = _backwards(lambda match: match[2][::-1] if match[2].isascii() else match[0], source)
    if signs & _EMPTY_PAIR and low.find(b"></") >= 0:
        source = _empty_pair(b"", source)
    if signs & _ROWS and low.count(b"<br") >= 8 and low.count(b"</td>") >= 4 and low.find(b"<td") >= 0:
        source = _row.sub(_columns, source)
    return source


Hit = tuple[int, Callable[[bytes, int, int], bool]]
"""Where a style stands that may hide its element, and what the element must be for that."""


def _hidden(low: bytes) -> list[Hit]:
    hits: list[Hit] = []
    if _minus(low) is not None and (low.find(b"-99") >= 0 or low.find(b":-") >= 0 or low.find(b": -") >= 0):
        hits += [(match.start(), _any) for match in _offscreen(low)]
    hits += [(match.start(), _any) for match in _clear(low)]
    hits += [(match.start(), _any) for match in _unseen_ink(low)]
    hits += [(match.start(), _small) for match in _tiny(low)]
    hits += [(match.start(), _clipped) for match in _flat(low)]
    if low.find(b"#f") >= 0 or low.find(b"white") >= 0:
        inks = [match.start() for match in _coloured(low) if _PALE[match[1]] is True]
        # nothing dark to write on in white
        if inks and not any(_PALE[ground] is False for ground in {*_ground(low), *_painted(low)}):
            hits += [(start, _any) for start in inks]
    return hits


def _any(low: bytes, start: int, end: int) -> bool:
    return True


def _small(low: bytes, start: int, end: int) -> bool:
    """Layout sets tiny fonts on cells whose content has a size of its own."""
    return low.find(b"font-size", start, end) < 0 and low.find(b"<img", start, end) < 0


def _clipped(low: bytes, start: int, end: int) -> bool:
    tag = low[low.rfind(b"<", 0, start) : start]
    return tag.find(b"overflow") >= 0 or tag.find(b"opacity") >= 0 or low.find(b"overflow", start - 200, start) >= 0


def _without(source: bytes, low: bytes, hits: list[Hit]) -> bytes:
    """The source without the elements in whose tags the hits stand."""
    kept: list[bytes] = []
    at = 0
    failed: set[bytes] = set()
    for hit, agrees in hits:
        start = low.rfind(b"<", max(at, hit - 2000), hit)
        tag = html._opening(low, start) if start >= 0 else None
        if tag is None or tag.end() <= hit or tag[1] in (b"body", b"html", b"td", b"tr", b"table", b"style"):
            continue
        if tag[1] in html._EMPTY:
            continue
        end = html._element_end(low, tag[1], tag.end(), failed)
        if end < 0 or not agrees(low, tag.end(), end):
            continue
        kept += [source[at:start], b" "]
        at = end
    kept.append(source[at:])
    return b"".join(kept)


def _rgb(value: bytes) -> tuple[int, ...] | None:
    if value == b"white":
        return _WHITE
    if not value.startswith(b"#"):
        return None if value in (b"transparent", b"none", b"inherit", b"url", b"initial") else (0, 0, 0)
    digits = value[1:].decode("ascii")
    if len(digits) == 3:
        return tuple(17 * int(digit, 16) for digit in digits)
    return tuple(int(digits[place : place + 2], 16) for place in (0, 2, 4)) if len(digits) == 6 else None


def _close(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(abs(a - b) <= _NEAR for a, b in zip(one, other, strict=True))


def _pale(colour: bytes) -> bool | None:
    """Whether a colour is white or nearly so; None for what is no colour."""
    rgb = _rgb(colour)
    return None if rgb is None else _close(rgb, _WHITE)


_PALE: Memo[bytes, bool | None] = Memo(_pale, 4096)


def _columns(match: re.Match[bytes]) -> bytes:
    """A row whose cells hold slices of every line of a text: the lines, put together again."""
    if len(match[0]) > MAX_TABLE:
        return match[0]
    cells = [_line(cell) for cell in _cell(match[1])]
    lines = {len(cell) for cell in cells}
    widths = [max(len(_shown(part)) for part in cell) for cell in cells]
    if len(lines) != 1 or sorted(widths)[len(widths) // 2] > 6:
        return match[0]  # cells of words are a table of prices
    rows = [b"".join(_padded(cell[place], width) for cell, width in zip(cells, widths, strict=True))
            for place in range(len(cells[0]))]  # fmt: skip
    return b"<tr><td>" + b"<br>".join(rows) + b"</td>"


_entity = re.compile(rb"&(?:[a-z]{2,8}|#[0-9]{1,6}|#x[0-9a-f]{1,6});", re.IGNORECASE).sub


def _shown(part: bytes) -> bytes:
    return _entity(b"_", part)


def _padded(part: bytes, width: int) -> bytes:
    return part + b"&nbsp;" * (width - len(_shown(part)))
