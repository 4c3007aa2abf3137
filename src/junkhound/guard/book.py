"""What a guard knows: small sorted tables, made by a hub from what its traps saw, looked up by hash.

Of texts it has 64-bit hashes and the low bytes of their min-hashes, of everything else the 48-bit keyed hash of a key:
nothing of these can be read back. What can be read are the phrases of templates. Tables are sorted by their first
column, ``id``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from junkhound.guard.wordings import Index, Part, Wording
from junkhound.kernel.net import Address, network_of

Rows = NDArray[Any]

BANDS = 32
ROWS = 4  # min-hashes of a band: half of all pairs with J = 0.42 meet in one of 32 bands
SKETCH = BANDS * ROWS

FORMS: Mapping[str, np.dtype[Any]] = {
    # the exact texts of letters that at least two vantages got
    "texts": np.dtype(
        [("id", "<u8"), ("mails", "<u4"), ("vantages", "<u2"), ("day", "<u2"), ("sketch", "u1", (SKETCH,))]
    ),
    # whole campaigns: what all their texts agree on, however few copies of any one text there are
    "campaigns": np.dtype(
        [
            ("id", "<u8"),
            ("mails", "<u4"),
            ("vantages", "<u2"),
            ("texts", "<u2"),
            ("day", "<u2"),
            ("sketch", "u1", (SKETCH,)),
        ]
    ),
    # what letters share: linked hosts and domains, attachments, pictures, numbers to call
    "things": np.dtype([("id", "<u8"), ("mails", "<u4"), ("texts", "<u2"), ("day", "<u2"), ("kind", "u1")]),
    # machines that sent junk: an address, or its /64
    "sources": np.dtype([("id", "<u8"), ("mails", "<u4"), ("days", "<u2"), ("day", "<u2"), ("listed", "u1")]),
    # /24 and /48 networks: how many of their machines sent junk, and how many mails of theirs were wanted
    "networks": np.dtype([("id", "<u8"), ("machines", "<u2"), ("mails", "<u4"), ("good", "<u4")]),
    # networks by AS number
    "systems": np.dtype([("id", "<u8"), ("mails", "<u4"), ("good", "<u4")]),
}
"""The tables and their columns. ``day`` counts from 1970, ``mails`` and ``good`` are sightings of the window."""

SKETCHED = ("texts", "campaigns")
"""Tables whose rows have a sketch."""


class Head(msgspec.Struct, frozen=True):
    """Which pack it is: of which hub, the how-manieth, made when (microseconds UTC), and its hashing key."""

    hub: str
    sequence: int
    made_at: int
    key: bytes
    window_days: int = 14


class Keying:
    """The keyed hashes by which a book is asked."""

    def __init__(self, key: bytes) -> None:
        self._made = blake2b(digest_size=6, key=key[:64])

    def _hash(self, words: bytes) -> int:
        made = self._made.copy()
        made.update(words)
        return int.from_bytes(made.digest(), "little")

    def campaign(self, number: int) -> int:
        """A campaign of the hub."""
        return self._hash(b"c" + number.to_bytes(8, "little"))

    def wording(self, campaign: int, parts: tuple[Part, ...]) -> int:
        """A template of a campaign, which is given by its id."""
        return self._hash(b"w" + campaign.to_bytes(8, "little") + msgspec.msgpack.encode(parts))

    def thing(self, kind: int, key: int) -> int:
        """A key of the tables ``keys`` and ``names``."""
        return self._hash(b"k%c" % kind + key.to_bytes(8, "little"))

    def source(self, address: Address) -> int:
        """A machine: its address, for IPv6 its /64."""
        return self._hash(b"s" + subject(address).packed)

    def network(self, address: Address) -> int:
        """Its /24, or /48."""
        return self._hash(b"n" + around(address).packed)


def subject(address: Address) -> Address:
    """What stands for a machine: the address, of IPv6 the first of its /64 (RUNTIME, stored forms)."""
    return address if address.is_v4 else network_of(address, 64).first


def around(address: Address) -> Address:
    """The first address of its /24 (IPv4) or /48."""
    return network_of(address, 120 if address.is_v4 else 48).first


@dataclass(frozen=True, eq=False)
class Book:
    """One pack's content. Look-ups give a row, or None."""

    head: Head
    tables: Mapping[str, Rows]
    wordings: tuple[Wording, ...] = ()

    @cached_property
    def keying(self) -> Keying:
        return Keying(self.head.key)

    def find(self, table: str, number: int) -> Any:
        """The row of a table with this ``id``."""
        ids = self._ids[table]
        place = int(ids.searchsorted(np.uint64(number)))
        return self.tables[table][place] if place < len(ids) and int(ids[place]) == number else None

    @cached_property
    def _ids(self) -> dict[str, NDArray[np.uint64]]:
        """The first columns alone: numpy copies a column that lies between others whole for every search."""
        return {name: np.ascontiguousarray(rows["id"]) for name, rows in self.tables.items()}

    def alike(self, table: str, sketch: bytes, least: float) -> tuple[Any, float] | None:
        """The text or campaign that is most alike (``least`` of the Jaccard of its words at least), and by how much."""
        bands = self._bands[table]
        if not bands.owners.size or len(sketch) != 4 * SKETCH:
            return None
        low = low_bytes(sketch)
        wanted = low.view("<u4")
        found: set[int] = set()
        for band in np.flatnonzero(bands.marked(wanted)).tolist():  # most texts have no band in common with any
            keys, key = bands.keys[band], wanted[band]
            start = int(keys.searchsorted(key))
            some = slice(start, start + 50)  # a band full of texts says little
            found.update(bands.owners[band, some][keys[some] == key].tolist())
        if not found:
            return None
        rows = self.tables[table][sorted(found)]
        shares = (rows["sketch"] == low).mean(axis=1)
        best = int(shares.argmax())
        share = (float(shares[best]) - 1 / 256) / (1 - 1 / 256)  # low bytes agree by chance once in 256
        return (rows[best], share) if share >= least else None

    @cached_property
    def _bands(self) -> dict[str, _Banded]:
        """Every band of every sketched text and campaign, sorted, and whose it is; made when first asked."""
        return {table: _banded(self.tables[table]["sketch"]) for table in SKETCHED}

    @cached_property
    def templates(self) -> Index:
        """The wordings, to be asked."""
        return Index(self.wordings)

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each table has, and how many templates there are."""
        return {name: len(self.tables[name]) for name in FORMS} | {"templates": len(self.wordings)}


class _Banded(NamedTuple):
    """The bands of many sketches: of each band (a row) its four bytes, sorted, and whose they are.

    ``marks`` has a bit for each place where one falls: one look says that nobody has a band, mostly.
    """

    keys: NDArray[np.uint32]
    owners: NDArray[np.uint32]
    marks: NDArray[np.uint8]

    def marked(self, wanted: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which of the bands of one sketch somebody may have."""
        places = _places(wanted, 8 * len(self.marks))
        return np.asarray(self.marks[places >> _3] & _BITS[places & _7], np.bool_)


def _banded(sketches: NDArray[np.uint8]) -> _Banded:
    with_words = np.flatnonzero(sketches.any(axis=1)).astype(np.uint32)
    bands = np.ascontiguousarray(sketches[with_words].view("<u4").T)
    marks = np.zeros(1 << max(1, bands.size.bit_length()), np.uint8)  # eight to sixteen bits for each
    for band in range(BANDS):
        places = _places(bands[band], 8 * len(marks), band)
        np.bitwise_or.at(marks, places >> _3, _BITS[places & _7])
    order = np.argsort(bands, axis=1, kind="stable")
    return _Banded(np.take_along_axis(bands, order, 1), with_words[order], marks)


_NUMBERS = np.arange(BANDS, dtype=np.uint64) << np.uint64(32)
_MIX, _3, _7 = np.uint64(0x9E3779B97F4A7C15), np.uint64(3), np.uint64(7)
_BITS = np.array([1 << bit for bit in range(8)], np.uint8)


def _places(bands: NDArray[np.uint32], marks: int, first: int | None = None) -> NDArray[np.uint64]:
    """Where bands fall among so many marks, a power of two: those of one sketch, or many that are all the ``first``."""
    numbers = _NUMBERS if first is None else _NUMBERS[first]
    mixed = (bands | numbers) * _MIX
    return mixed >> np.uint64(65 - marks.bit_length())


def low_bytes(sketch: bytes) -> NDArray[np.uint8]:
    """The low byte of each of the 128 min-hashes of ``content.sketch``: what a book keeps of them."""
    return np.frombuffer(sketch, "<u4").astype(np.uint8)


def sorted_rows(table: str, rows: Rows) -> Rows:
    """The rows in the order that look-ups need."""
    made = np.ascontiguousarray(rows, dtype=FORMS[table])
    return made[np.argsort(made["id"], kind="stable")]


def empty(key: bytes = b"\0" * 16) -> Book:
    """A book that knows nothing: the guard then has no opinion but the person's own."""
    return Book(Head("", 0, 0, key), {name: np.zeros(0, form) for name, form in FORMS.items()})
