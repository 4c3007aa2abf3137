"""A book as one file, and the difference between two as a smaller one.

Example: ``b"JHGP\\x01"``, the length of the header (u32, little endian), the header (MessagePack: head, base, tables
with their columns and row counts, SHA-256 of the tables), then every table's rows, packed together by zstd. A
difference has ``base``, the sequence number it is applied to; its tables hold rows to put in, and beside each stand the
ids to take out. It gives the very book it was made from, or DataError. Spec page: docs/specs/guard-pack.md.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import zstandard

from junkhound.guard.book import FORMS, Book, Head, Rows, sorted_rows
from junkhound.guard.wordings import Wording
from junkhound.kernel.errors import DataError

MAGIC = b"JHGP\x02"
FIRST = b"JHGP\x01"
MOST = 400 << 20  # bytes of tables, unpacked
_LENGTH = struct.Struct("<I")
_IDS = np.dtype("<u8")
_NEWER = ("campaigns",)  # tables that version 1 has not
MOST_TEMPLATES = 20_000
MOST_PARTS, MOST_TURNS, LONGEST = 64, 64, 400  # of a template: parts, phrases of a part, characters of a phrase


class _Section(msgspec.Struct):
    name: str
    columns: list[tuple[str, str, int]]
    rows: int
    gone: int = 0


class _Templates(msgspec.Struct, frozen=True):
    """Bytes of the templates (MessagePack, a list of them), and how many ids of such as are gone stand behind."""

    size: int = 0
    gone: int = 0


class _Header(msgspec.Struct):
    head: Head
    tables: list[_Section]
    digest: bytes
    base: int | None = None
    templates: _Templates = _Templates()


class _Content(NamedTuple):
    """What a file holds: rows by table and templates, each with the ids that are gone."""

    tables: Mapping[str, tuple[Rows, Rows]]
    wordings: tuple[Wording, ...]
    gone: Rows


def write(book: Book) -> bytes:
    """The whole book; equal books give equal bytes."""
    return _packed(book.head, None, digest(book), {name: (book.tables[name], None) for name in FORMS}, book.wordings)


def difference(old: Book, new: Book) -> bytes:
    """What makes ``new`` of ``old``. Their keys must be the same. Errors: ValueError for books of two hubs."""
    if old.head.key != new.head.key or old.head.hub != new.head.hub:
        raise ValueError("books of different hubs or keys have no difference")
    tables = {name: _changes(old.tables[name], new.tables[name]) for name in FORMS}
    before = {one.id: one for one in old.wordings}
    fresh = tuple(one for one in new.wordings if before.get(one.id) != one)
    gone = np.array(sorted(before.keys() - {one.id for one in new.wordings}), _IDS)
    return _packed(new.head, old.head.sequence, digest(new), tables, fresh, gone)


def read(octets: bytes) -> Book:
    """A whole book. Errors: DataError for anything else, or one that was cut or changed."""
    header, content, first = _unpacked(octets)
    if header.base is not None:
        raise DataError("a difference, not a whole guard pack", f"it is applied to pack {header.base}")
    return _checked(_whole(header, content), header.digest, first)


def _whole(header: _Header, content: _Content) -> Book:
    return Book(header.head, {name: rows for name, (rows, _) in content.tables.items()}, content.wordings)


def head(path: Path) -> Head:
    """Which pack a file holds, from its first bytes. Errors: DataError."""
    with path.open("rb") as file:
        start = file.read(len(MAGIC) + _LENGTH.size)
        if start[: len(MAGIC)] not in (MAGIC, FIRST) or len(start) < len(MAGIC) + _LENGTH.size:
            raise DataError("not a guard pack of a known version")
        (length,) = _LENGTH.unpack_from(start, len(MAGIC))
        try:
            return msgspec.msgpack.decode(file.read(length), type=_Header).head
        except msgspec.MsgspecError as error:
            raise DataError(f"a guard pack that cannot be read: {error}", "fetch it again") from None


def apply(old: Book, octets: bytes) -> Book:
    """The book that a difference makes of this one. Errors: DataError where it does not fit, or was changed."""
    header, content, first = _unpacked(octets)
    if header.base is None:
        return _checked(_whole(header, content), header.digest, first)
    if header.base != old.head.sequence or header.head.hub != old.head.hub or header.head.key != old.head.key:
        raise DataError(
            f"a difference to pack {header.base} of {header.head.hub!r}, not {old.head.sequence} of {old.head.hub!r}",
            "fetch the whole pack",
        )
    made = {}
    for name, (rows, gone) in content.tables.items():
        before = old.tables[name]
        drop = np.union1d(gone, rows["id"])
        kept = before[~np.isin(before["id"], drop, assume_unique=True)]
        made[name] = sorted_rows(name, np.concatenate((kept, rows)))
    wordings = {one.id: one for one in (*old.wordings, *content.wordings)}
    for number in content.gone.tolist():
        wordings.pop(number, None)
    book = Book(header.head, made, tuple(sorted(wordings.values(), key=lambda one: one.id)))
    return _checked(book, header.digest, first)


def digest(book: Book, first: bool = False) -> bytes:
    """SHA-256 of every row of every table, and of the templates; ``first`` as version 1 made it."""
    made = sha256()
    for name in FORMS:
        if not (first and name in _NEWER):
            made.update(np.ascontiguousarray(book.tables[name]).tobytes())
    if not first:
        made.update(_encoded(book.wordings))
    return made.digest()


def _encoded(wordings: tuple[Wording, ...]) -> bytes:
    return msgspec.msgpack.encode(wordings)


def _checked(book: Book, wanted: bytes, first: bool) -> Book:
    if digest(book, first) != wanted:
        raise DataError("the guard pack is not what its header says", "fetch it again")
    return book


def _changes(old: Rows, new: Rows) -> tuple[Rows, Rows]:
    """Rows that are new or other than before, and ids that are gone."""
    gone = np.setdiff1d(old["id"], new["id"], assume_unique=True)
    places = old["id"].searchsorted(new["id"])
    places[places == len(old)] = 0
    same = np.zeros(len(new), bool) if not len(old) else old[places] == new
    return new[~same], gone.astype(_IDS)


def _packed(
    head: Head, base: int | None, wanted: bytes, tables: Mapping[str, tuple[Rows, Rows | None]],
    wordings: tuple[Wording, ...], gone_wordings: Rows | None = None,
) -> bytes:  # fmt: skip
    sections, content = [], []
    for name, (rows, gone) in tables.items():
        sections.append(_Section(name, _columns(FORMS[name]), len(rows), 0 if gone is None else len(gone)))
        content.append(np.ascontiguousarray(rows).tobytes())
        if gone is not None:
            content.append(gone.tobytes())
    templates = _encoded(wordings)
    content.append(templates)
    if gone_wordings is not None:
        content.append(gone_wordings.tobytes())
    said = _Templates(len(templates), 0 if gone_wordings is None else len(gone_wordings))
    header = msgspec.msgpack.encode(_Header(head, sections, wanted, base, said))
    packed = zstandard.ZstdCompressor(level=6).compress(b"".join(content))
    return MAGIC + _LENGTH.pack(len(header)) + header + packed


def _columns(form: np.dtype[Any]) -> list[tuple[str, str, int]]:
    """Name, element type as numpy writes it, and number of elements of each column."""
    found = []
    for name in form.names or ():
        base, shape = form[name].subdtype or (form[name], ())
        found.append((name, base.str, int(np.prod(shape, dtype=int)) if shape else 1))
    return found


def _unpacked(octets: bytes) -> tuple[_Header, _Content, bool]:
    """Header, content, and whether it is of version 1."""
    start = len(MAGIC) + _LENGTH.size
    first = octets[: len(MAGIC)] == FIRST
    if not (first or octets[: len(MAGIC)] == MAGIC) or len(octets) < start:
        raise DataError("not a guard pack of a known version")
    (length,) = _LENGTH.unpack_from(octets, len(MAGIC))
    try:
        header = msgspec.msgpack.decode(octets[start : start + length], type=_Header)
        content = zstandard.ZstdDecompressor().decompress(octets[start + length :], max_output_size=MOST)
    except (msgspec.MsgspecError, zstandard.ZstdError) as error:
        raise DataError(f"a guard pack that cannot be read: {error}", "fetch it again") from None
    found: dict[str, tuple[Rows, Rows]] = {}
    at = 0
    for section in header.tables:
        form = FORMS.get(section.name)
        if form is None or section.columns != _columns(form) or section.name in found:
            raise DataError("a guard pack of another form", "it was made by another version of Junkhound")
        size = section.rows * form.itemsize
        end = at + size + section.gone * _IDS.itemsize
        if section.rows < 0 or section.gone < 0 or end > len(content):
            raise DataError("a guard pack that was cut", "fetch it again")
        rows = np.frombuffer(content[at : at + size], form)
        found[section.name] = rows, np.frombuffer(content[at + size : end], _IDS)
        at = end
    if first:
        found |= {name: (np.zeros(0, FORMS[name]), np.zeros(0, _IDS)) for name in _NEWER}
    said = header.templates
    end = at + said.size
    if min(said.size, said.gone) < 0 or end + said.gone * _IDS.itemsize != len(content) or FORMS.keys() != found.keys():
        raise DataError("a guard pack that was cut", "fetch it again")
    wordings = _wordings(content[at:end]) if said.size else ()
    return header, _Content(found, wordings, np.frombuffer(content[end:], _IDS)), first


def _wordings(octets: bytes) -> tuple[Wording, ...]:
    """Templates of a file, none so long that it would cost a guard its time."""
    try:
        found = msgspec.msgpack.decode(octets, type=tuple[Wording, ...])
    except msgspec.MsgspecError as error:
        raise DataError(f"a guard pack whose templates cannot be read: {error}", "fetch it again") from None
    sizes = (
        len(found) <= MOST_TEMPLATES
        and all(0 < len(one.parts) <= MOST_PARTS for one in found)
        and all(0 < len(part) <= MOST_TURNS and all(0 < len(words) <= LONGEST for words in part)
                for one in found for part in one.parts)
    )  # fmt: skip
    if not sizes:
        raise DataError("a guard pack with templates beyond measure", "it was not made by Junkhound")
    return found
