"""One mail as bytes plus where everything in it stands: fields with their offsets, leaf parts, defects.

The walker is our own because evidence needs the raw header bytes and their offsets, and because junk is broken on
purpose: any bytes parse, nothing raises, and every loop has a cap. ``fields`` cover the header without a gap:
concatenating their slices, what stands between the last of them and ``body_at``, and the body gives back the raw bytes
(after a leading mbox ``From`` line, which is no header).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import msgspec

from junkhound.evidence import charset
from junkhound.evidence.decode import IDENTITY, Parameters, header, parameter, transfer, typed
from junkhound.kernel.compiled import steps
from junkhound.tables import Defect

MAX_FIELDS = 1000  # the rest of a longer header is one field without a name
MAX_HEADER = 256 * 1024
MAX_FIELD = 16 * 1024
MAX_LEVEL = 20
MAX_PARTS = 1000
MAX_LINE = 998  # RFC 5322 section 2.1.1
MAX_NAME = 128
MAX_BOUNDARY = 200  # RFC 2046 section 5.1.1 allows 70
MAX_DELIMITERS = 5000  # lines that look like a boundary, in the whole message
LOOK = 64 * 1024  # bytes of body whose line lengths are looked at

Field = tuple[bytes, int, int, int]
Header = tuple[Sequence[Field], dict[bytes, int], int, int]
Lookup = Callable[[bytes], bytes | None]

# Plain integers: an IntFlag costs two microseconds an operation, and there are many.
_BAD_HEADER_LINE = int(Defect.BAD_HEADER_LINE)
_BARE_CR = int(Defect.BARE_CR)
_EIGHT_BIT_HEADER = int(Defect.EIGHT_BIT_HEADER)
_EMPTY = int(Defect.EMPTY)
_LONG_HEADER = int(Defect.LONG_HEADER)
_LONG_LINE = int(Defect.LONG_LINE)
_MANY_HEADERS = int(Defect.MANY_HEADERS)
_MIXED_LINE_ENDS = int(Defect.MIXED_LINE_ENDS)
_NO_BOUNDARY = int(Defect.NO_BOUNDARY)
_NO_HEADERS = int(Defect.NO_HEADERS)
_NO_HEADER_END = int(Defect.NO_HEADER_END)
_NUL_BYTES = int(Defect.NUL_BYTES)
_STRAY_FROM_LINE = int(Defect.STRAY_FROM_LINE)
_TEXT_CAPPED = int(Defect.TEXT_CAPPED)
_TOO_DEEP = int(Defect.TOO_DEEP)
_TOO_MANY_PARTS = int(Defect.TOO_MANY_PARTS)
_UNCLOSED_BOUNDARY = int(Defect.UNCLOSED_BOUNDARY)

_next_field = re.compile(rb"\n(?![ \t])").split
_blank_line = re.compile(rb"\n\r?\n").search
_bare_cr = re.compile(rb"\r(?!\n)")
_name_form = re.compile(rb"[!-9;-~]+[ \t]*\Z").match  # RFC 5322 section 2.2; blanks before the colon are section 4.5
_meta_charset = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE).search


@lru_cache(4096)
def _name(octets: bytes) -> bytes:
    """The lower-case field name; b"" for what cannot be one."""
    return octets.rstrip().lower() if _name_form(octets) else b""


class Part(msgspec.Struct, gc=False):
    """One leaf of the MIME tree: what it says it is, and where its body stands in the message."""

    source: bytes
    type: str
    start: int
    end: int
    level: int = 0
    encoding: bytes = b""
    disposition: str = ""
    choice: int = 0  # number of the multipart/alternative around it, 0 for none
    content: Parameters = {}
    placement: Parameters = {}
    defects: int = 0

    @property
    def charset(self) -> str:
        """The charset as named, lower case; "" if none is."""
        return self.content[b"charset"].decode("latin-1").strip("'\" ").lower() if b"charset" in self.content else ""

    @property
    def name(self) -> str:
        """The file name: of Content-Disposition, else of Content-Type; "" if none is given."""
        if not self.placement and not self.content:
            return ""
        return parameter(self.placement, b"filename") or parameter(self.content, b"name")

    def payload(self, limit: int | None = None) -> bytes:
        """The decoded bytes, at most ``limit``; an unknown transfer encoding is left as it is."""
        end = self.end if limit is None else min(self.end, self.start + limit * 8 + 64)
        octets, defects = transfer(self.source[self.start : end], self.encoding, limit)
        self.defects |= defects
        return octets

    def text(self, limit: int = 256 * 1024) -> str:
        """The decoded text of at most ``limit`` bytes, in whatever charset it is."""
        text, defects = charset.decode(*self._labelled(limit))
        self.defects |= defects
        return text

    def utf8(self, limit: int = 256 * 1024) -> bytes:
        """``text`` as UTF-8, without the way through a string where the bytes are that already."""
        if self.end - self.start <= limit and self.encoding in IDENTITY:  # half of all mail
            octets = self.source[self.start : self.end]
            defect = charset.SAME[self.content.get(b"charset", b"")] if octets.isascii() else None
            if defect is not None:
                self.defects |= defect
                return octets
        octets, defects = charset.utf8(*self._labelled(limit))
        self.defects |= defects
        return octets

    def _labelled(self, limit: int) -> tuple[bytes, str]:
        """The decoded bytes and the charset they are said to be in."""
        octets = self.payload(limit + 1)
        if len(octets) > limit:
            self.defects |= _TEXT_CAPPED
            octets = octets[:limit]
        label = self.charset
        if not label and self.type == "text/html" and not octets.isascii():
            match = _meta_charset(octets, 0, 2048)
            label = match[1].decode("latin-1") if match else ""
        return octets, label


class Message(msgspec.Struct, gc=False):
    """One mail, parsed as far as anybody asked: see the module's first lines for what ``fields`` hold.

    A field is (lower-case name, start, start of the value, end past its line end); a line that is no field but
    stands among them has the name b"".
    """

    raw: bytes
    fields: Sequence[Field]
    body_at: int
    broken: int = 0
    source: bytes = b""  # raw, or the same with bare CR as LF where CR ends the lines
    index: dict[bytes, int] = {}
    leaves: list[Part] | None = None

    @property
    def defects(self) -> int:
        """``tables.Defect`` bits met so far: those of the parts join in as the parts are read."""
        broken = self.broken
        for part in self.leaves or ():
            broken |= part.defects
        return broken

    def first(self, name: bytes) -> bytes | None:
        """The topmost value of that field, folds as found, outer blanks off; None if there is no such field."""
        place = self.index.get(name)
        if place is None:
            return None
        return value_of(self.raw, self.fields, place)

    def every(self, name: bytes) -> list[bytes]:
        """All values of that field, topmost first."""
        if name not in self.index:
            return []
        raw = self.raw
        return [raw[value:end].strip() for known, _, value, end in self.fields if known == name]

    def text(self, name: bytes, limit: int = 1000) -> str:
        """The topmost value as text, unfolded and RFC 2047 decoded; "" if there is no such field."""
        value = self.first(name)
        return header(value, limit) if value else ""

    def parts(self) -> list[Part]:
        """Leaf parts in order; a ``message/rfc822`` part stands before the leaves found inside it."""
        if self.leaves is None:
            walk = _Walk(self.source)
            walk.entity(self.first, self.body_at, len(self.source), 0, 0, "text/plain")
            self.leaves = walk.leaves
            self.broken |= walk.defects
        return self.leaves


def value_plainly(raw: bytes, fields: Sequence[Field], place: int) -> bytes:
    """``value_of`` without the compiled steps."""
    _, _, start, end = fields[place]
    return raw[start:end].strip()


value_of: Callable[[bytes, Sequence[Field], int], bytes] = value_plainly if steps is None else steps.value
"""What a field says, folds as found, outer blanks off."""


def parse(raw: bytes) -> Message:
    """Any bytes as a message; what is wrong with them is in ``defects``. Parts are walked when asked for."""
    if not raw:
        return Message(raw, [], 0, _EMPTY)
    source = raw
    defects = 0
    carriage = raw.find(b"\r")
    if carriage >= 0:
        line = raw.find(b"\n", 0, carriage + 2)
        if line < 0:  # the first line ends in a bare CR: so do the others (equal length keeps every offset)
            source = _bare_cr.sub(b"\n", raw) if b"\r\n" in raw else raw.replace(b"\r", b"\n")
            defects = _BARE_CR
    at = 0
    if source.startswith((b"From ", b">From ")):
        at = source.find(b"\n") + 1 or len(source)
        defects |= _STRAY_FROM_LINE
    fields, index, body, broken = header_of(source, at)
    return Message(raw, fields, body, defects | broken, source, index)


def header_plainly(source: bytes, start: int) -> Header:
    """``header_of`` without the compiled steps."""
    fields, body, broken = split_plainly(source, start, len(source))
    index: dict[bytes, int] = {}
    for place, field in enumerate(fields):
        index.setdefault(field[0], place)
    index.pop(b"", None)
    return fields, index, body, broken | _look(source, start, body, fields)


def _look(source: bytes, start: int, body: int, fields: Sequence[Field]) -> int:
    """The defects seen by looking at header and line ends as a whole."""
    defects = 0
    head = source[start:body]
    if not fields:
        defects |= _NO_HEADERS
    if not head.isascii():
        defects |= _EIGHT_BIT_HEADER
    if len(head) > MAX_FIELD and (len(head) > MAX_HEADER or any(end - at > MAX_FIELD for _, at, _, end in fields)):
        defects |= _LONG_HEADER
    if source.find(0) >= 0:
        defects |= _NUL_BYTES
    if source.find(b"\r") >= 0:
        if _bare_cr.search(source, start, body):
            defects |= _BARE_CR
        # Three line ends tell: the first, the one before the body, the last. Whoever wrote on top used its own.
        ends = {source[at - 1] == 13 for at in (source.find(b"\n"), body - 1, source.rfind(b"\n")) if at > 0}
        if len(ends) > 1:
            defects |= _MIXED_LINE_ENDS
    end = min(len(source), body + LOOK)
    while start + MAX_LINE < end:
        line = source.rfind(b"\n", start, start + MAX_LINE + 2)
        if line < 0:
            return defects | _LONG_LINE
        start = line + 1
    return defects


def split_plainly(source: bytes, start: int, stop: int) -> tuple[list[Field], int, int]:
    """``split`` without the compiled steps."""
    if source.startswith((b"\n", b"\r\n"), start):
        return [], source.index(b"\n", start) + 1, 0
    blank = _blank_line(source, start, stop)
    if blank is None:
        defects, close, body = _NO_HEADER_END, stop, stop
        if stop > start and source[stop - 1] == 10:
            close -= 1  # the last field keeps its line end
    else:
        defects, close, body = 0, blank.start(), blank.end()
    fields: list[Field] = []
    at = start
    for chunk in _next_field(source[start:close], MAX_FIELDS):
        end = at + len(chunk) + 1
        label = chunk.partition(b":")[0]
        colon = len(label)
        name = _name(label) if colon < MAX_NAME and colon < len(chunk) else b""
        if not name:
            if not _skipped(chunk):
                return fields, at, defects | _NO_HEADER_END
            defects |= _BAD_HEADER_LINE
            colon = -1
        fields.append((name, at, at + colon + 1, end))
        at = end
    if at > stop:
        name, first, value, _ = fields[-1]
        fields[-1] = (name, first, value, stop)
    if len(fields) > MAX_FIELDS:
        _, first, _, end = fields[-1]
        fields[-1] = (b"", first, first, end)
        defects |= _MANY_HEADERS
    return fields, body, defects


header_of: Callable[[bytes, int], Header] = header_plainly
"""Fields, place by name, where the body begins, and all defects of the header that begins there."""
split: Callable[[bytes, int, int], tuple[Sequence[Field], int, int]] = split_plainly
"""The fields of the header that begins at ``start``, where the body begins, and the defects met.

The header ends at a blank line or, as with Postfix and the standard library, at the first line that cannot be a field.
"""
if steps is not None:
    steps.bits(
        _NO_HEADERS, _EIGHT_BIT_HEADER, _LONG_HEADER, _NUL_BYTES, _BARE_CR, _MIXED_LINE_ENDS, _LONG_LINE,
        _NO_HEADER_END, _BAD_HEADER_LINE, _MANY_HEADERS,
    )  # fmt: skip
    header_of, split = steps.header, steps.split


def _skipped(chunk: bytes) -> bool:
    """Whether a line that is no field is passed over: a stray mbox line, a colon without a name, a leading fold."""
    return chunk.startswith((b":", b"From ", b">From ", b" ", b"\t"))


class _Walk:
    """One walk through the MIME tree; ``leaves`` and ``defects`` are what it found."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.leaves: list[Part] = []
        self.defects = 0
        self.choices = 0
        self.delimiters = 0

    def part(self, start: int, stop: int, level: int, choice: int, default: str) -> None:
        """One body part or embedded message, header first."""
        fields, body, defects = split(self.source, start, stop)
        self.defects |= defects & ~_NO_HEADER_END
        known: dict[bytes, bytes] = {}
        for name, _, value, end in fields:
            if name.startswith(b"content-"):
                known.setdefault(name, self.source[value:end].strip())
        self.entity(known.get, min(body, stop), stop, level, choice, default)

    def entity(self, first: Lookup, body: int, stop: int, level: int, choice: int, default: str) -> None:
        """What follows a header: a leaf, or the parts of a multipart."""
        value = first(b"content-type")
        kind, content = typed(value) if value else (default, {})
        if "/" not in kind:
            kind = "text/plain"  # RFC 2045 section 5.2
        if kind.startswith("multipart/") and self.multipart(kind, content, body, stop, level, choice):
            return
        if kind.startswith("multipart/"):
            kind = "text/plain"  # a mail program shows it as text, and so do we
        leaf = Part(self.source, kind, body, stop, level, choice=choice, content=content)
        value = first(b"content-transfer-encoding")
        if value:
            leaf.encoding = value.partition(b";")[0].strip().lower()
        value = first(b"content-disposition")
        if value:
            leaf.disposition, leaf.placement = typed(value)
        self.leaves.append(leaf)
        if kind in ("message/rfc822", "message/global") and leaf.encoding not in (b"base64", b"quoted-printable"):
            if level >= MAX_LEVEL:
                self.defects |= _TOO_DEEP
            elif len(self.leaves) < MAX_PARTS:
                self.part(body, stop, level + 1, choice, "text/plain")

    def multipart(self, kind: str, content: Parameters, body: int, stop: int, level: int, choice: int) -> bool:
        """Walk the parts between the boundaries; False if this is no multipart after all."""
        boundary = content.get(b"boundary", b"").rstrip()
        if not boundary or len(boundary) > MAX_BOUNDARY:
            self.defects |= _NO_BOUNDARY
            return False
        if level >= MAX_LEVEL:
            self.defects |= _TOO_DEEP
            return False
        if kind == "multipart/alternative":
            self.choices += 1
            choice = self.choices
        default = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        needle = b"--" + boundary
        start, closed, before_us = -1, False, len(self.leaves)
        while not closed:
            found = self.delimiter(needle, start if start >= 0 else body, stop)
            if found is None:
                break
            before, after, closed = found
            if start >= 0:
                if len(self.leaves) >= MAX_PARTS:
                    self.defects |= _TOO_MANY_PARTS
                    return True
                self.part(start, max(before, start), level + 1, choice, default)
            start = after
        if start < 0 or (closed and len(self.leaves) == before_us):
            self.defects |= _NO_BOUNDARY
            return False
        if not closed:
            self.defects |= _UNCLOSED_BOUNDARY
            if start < stop:
                self.part(start, stop, level + 1, choice, default)
        return True

    def delimiter(self, needle: bytes, at: int, stop: int) -> Delimiter | None:
        """The next boundary line from ``at``, if not too many lines have looked like one."""
        left = MAX_DELIMITERS - self.delimiters
        looked, found = delimiter(self.source, needle, at, stop, left)
        self.delimiters += looked
        if looked > left:
            self.defects |= _TOO_MANY_PARTS
        return found


Delimiter = tuple[int, int, bool]
"""A boundary line: where what stands before it ends, where what follows starts, whether it closes."""


def delimiter_plainly(source: bytes, needle: bytes, at: int, stop: int, most: int) -> tuple[int, Delimiter | None]:
    """``delimiter`` without the compiled steps."""
    if source.startswith(needle, at):
        hit = at - 1
    else:
        hit = source.find(b"\n" + needle, at, stop)
    looked = 0
    while hit >= 0 or (hit == -1 and at == 0):
        looked += 1
        if looked > most:
            break
        tail = hit + 1 + len(needle)
        line = source.find(b"\n", tail, stop)
        if line < 0:
            line = stop
        rest = source[tail : min(line, tail + 200)]
        closes = rest.startswith(b"--")
        # RFC 2046 section 5.1.1: only blanks may follow; closing lines may run on, as they do in real mail
        if closes or not rest.strip():
            before = hit - 1 if hit > at and source[hit - 1] == 13 else hit
            return looked, (before, min(line + 1, stop), closes)
        hit = source.find(b"\n" + needle, max(tail - 1, at), stop)
        if hit < 0:
            break
    return looked, None


delimiter: Callable[[bytes, bytes, int, int, int], tuple[int, Delimiter | None]] = (
    delimiter_plainly if steps is None else steps.delimiter
)
"""How many lines between two places looked like a boundary (``most`` and one are the end), and the first that is."""
