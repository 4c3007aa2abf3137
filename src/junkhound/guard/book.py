"""What a guard knows: small sorted tables, made by a hub from what its traps saw, looked up by hash.

Nothing in it can be read back: texts are 64-bit hashes and the low bytes of their min-hashes, everything else is the
48-bit keyed hash of a key. Tables are sorted by their first column, ``id``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

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

    def alike(self, sketch: bytes, least: float) -> tuple[Any, float] | None:
        """The text whose word set overlaps most (estimated Jaccard, at least ``least``), and by how much."""
        bands, owners = self._bands
        if not len(bands) or len(sketch) != 4 * SKETCH:
            return None
        low = low_bytes(sketch)
        wanted = _band_keys(low[None, :])[0]
        first = bands.searchsorted(wanted, "left")
        last = bands.searchsorted(wanted, "right")
        found: set[int] = set()
        for start, end in zip(first.tolist(), last.tolist(), strict=True):
            found.update(owners[start : min(end, start + 50)].tolist())  # a band full of texts says little
        if not found:
            return None
        rows = self.tables["texts"][sorted(found)]
        shares = (rows["sketch"] == low).mean(axis=1)
        best = int(shares.argmax())
        share = (float(shares[best]) - 1 / 256) / (1 - 1 / 256)  # low bytes agree by chance once in 256
        return (rows[best], share) if share >= least else None

    @cached_property
    def _bands(self) -> tuple[NDArray[np.uint64], NDArray[np.uint32]]:
        """Every band of every sketched text, sorted, and whose it is; made when first asked."""
        sketches = self.tables["texts"]["sketch"]
        with_words = np.flatnonzero(sketches.any(axis=1))
        keys = _band_keys(sketches[with_words]).ravel()
        order = np.argsort(keys, kind="stable")
        return keys[order], np.repeat(with_words.astype(np.uint32), BANDS)[order]

    @property
    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        return {name: len(self.tables[name]) for name in FORMS}


def low_bytes(sketch: bytes) -> NDArray[np.uint8]:
    """The low byte of each of the 128 min-hashes of ``content.sketch``: what a book keeps of them."""
    return np.frombuffer(sketch, "<u4").astype(np.uint8)


def _band_keys(sketches: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Each band's four bytes, with the band's number above them."""
    bands = np.ascontiguousarray(sketches).view("<u4").astype(np.uint64)
    return bands | (np.arange(BANDS, dtype=np.uint64) << np.uint64(32))


def sorted_rows(table: str, rows: Rows) -> Rows:
    """The rows in the order that look-ups need."""
    made = np.ascontiguousarray(rows, dtype=FORMS[table])
    return made[np.argsort(made["id"], kind="stable")]


def empty(key: bytes = b"\0" * 16) -> Book:
    """A book that knows nothing: the guard then has no opinion but the person's own."""
    return Book(Head("", 0, 0, key), {name: np.zeros(0, form) for name, form in FORMS.items()})
