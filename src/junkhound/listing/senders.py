"""Every address seen in the window in one row: what neighbours say of each other, and what ranges are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junkhound.listing.history import GOOD_POINTS, IS_WITNESS, Level
from junkhound.listing.rows import U64, Bools, Ints, Rows, is_v4, masked
from junkhound.tables import Kind, Standing

_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("addr_hi", np.uint64), ("addr_lo", np.uint64), ("bad", np.int64), ("good", np.int64), ("good_days", np.int64),
    ("messages", np.int64), ("low", np.uint64), ("high", np.uint64), ("first", np.int64), ("last", np.int64),
    ("clues", np.uint32), ("asn", np.uint32), ("prefix", np.uint8), ("operator", np.uint8),
)  # fmt: skip
SCORED = tuple(int(kind) for kind in Kind if kind not in (Kind.GOOD, Kind.UNSORTED, Kind.BACKSCATTER))


@dataclass(frozen=True)
class Senders:
    """One row per address, in the order of addresses.

    ``bad`` counts its witness units (vantage, hour), ``good`` the units of what speaks for it, ``good_days`` the days
    of its good mail; ``messages``, ``first`` and ``last`` (hours) and ``clues`` are those of its junk. ``low`` and
    ``high`` are the smallest and largest vantage that saw junk of it: a set of addresses was seen by two when the
    smallest of all and the largest differ. The network is that of its latest row.
    """

    addr_hi: U64
    addr_lo: U64
    bad: Ints
    good: Ints
    good_days: Ints
    messages: Ints
    low: U64
    high: U64
    first: Ints
    last: Ints
    clues: NDArray[np.uint32]
    asn: NDArray[np.uint32]
    prefix: NDArray[np.uint8]
    operator: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.addr_hi)

    @classmethod
    def of(cls, columns: Mapping[str, object]) -> Senders:
        """From columns by these names."""
        return cls(**{name: np.ascontiguousarray(columns[name], kind) for name, kind in _COLUMNS})

    def take(self, which: Bools | Ints) -> Senders:
        return Senders(**{name: getattr(self, name)[which] for name, _ in _COLUMNS})


def senders(rows: Rows, since: int, until: int) -> Senders:
    """The rows of the hours ``since < hour <= until`` by address."""
    rows = rows.take((rows.hour > since) & (rows.hour <= until))
    order = np.lexsort((rows.hour, rows.addr_lo, rows.addr_hi))
    rows = rows.take(order)
    count = len(rows)
    if not count:
        return Senders.of({name: np.zeros(0, kind) for name, kind in _COLUMNS})
    new = np.ones(count, bool)
    new[1:] = (rows.addr_hi[1:] != rows.addr_hi[:-1]) | (rows.addr_lo[1:] != rows.addr_lo[:-1])
    starts = np.flatnonzero(new)
    group = np.cumsum(new) - 1
    # The network of the latest hour, the largest number where several were seen in it.
    network = (rows.hour - since) << 48 | rows.asn.astype(np.int64) << 16 | rows.prefix.astype(np.int64) << 8
    network = np.maximum.reduceat(network | rows.operator, starts)
    witness = IS_WITNESS[rows.standing]
    bad = np.isin(rows.kind, SCORED) & witness & (rows.vantage != 0) & (rows.messages > 0)
    told = (rows.messages > 0) | (rows.standing == int(Standing.FEED))  # an entry of a feed is of no message
    good = (rows.kind == int(Kind.GOOD)) & np.isin(rows.standing, [int(s) for s in GOOD_POINTS]) & told
    mailed = good & ~np.isin(rows.standing, (int(Standing.FEED), int(Standing.QUERIES)))
    largest = np.uint64(np.iinfo(np.uint64).max)
    never = np.int64(1 << 60)
    return Senders(
        addr_hi=rows.addr_hi[starts],
        addr_lo=rows.addr_lo[starts],
        bad=_distinct(group, bad, len(starts), rows.vantage, rows.hour),
        good=_distinct(group, good, len(starts), rows.vantage, rows.hour),
        good_days=_distinct(group, mailed, len(starts), rows.hour // 24),
        messages=np.bincount(group, np.where(bad, rows.messages, 0), len(starts)).astype(np.int64),
        low=np.minimum.reduceat(np.where(bad, rows.vantage, largest), starts),
        high=np.maximum.reduceat(np.where(bad, rows.vantage, np.uint64(0)), starts),
        first=np.minimum.reduceat(np.where(bad, rows.hour, never), starts),
        last=np.maximum.reduceat(np.where(bad, rows.hour, -1), starts),
        clues=np.bitwise_or.reduceat(np.where(bad, rows.clues, np.uint32(0)), starts).astype(np.uint32),
        asn=((network >> 16) & 0xFFFF_FFFF).astype(np.uint32),
        prefix=((network >> 8) & 0xFF).astype(np.uint8),
        operator=(network & 0xFF).astype(np.uint8),
    )


def _distinct(group: Ints, which: Bools, count: int, *columns: NDArray[Any]) -> Ints:
    """By group how many different values the rows ``which`` have."""
    held = [group[which], *(column[which] for column in columns)]
    if not len(held[0]):
        return np.zeros(count, np.int64)
    order = np.lexsort(held[::-1])
    new = np.ones(len(order), bool)
    new[1:] = np.any([column[order][1:] != column[order][:-1] for column in held], axis=0)
    return np.bincount(held[0][order][new], minlength=count).astype(np.int64)


class Neighbours:
    """How the senders of each network behave, each with one voice, however loud it is."""

    def __init__(self, every: Senders) -> None:
        both = np.maximum(every.bad + every.good, 1)
        self._bad, self._good = every.bad / both, every.good / both
        self._every = every
        self._sums = [_Sums(keys, known, self._bad, self._good) for keys, known in _keys(every)]

    def levels(self, hi: int, lo: int, asn: int, prefix: int, operator: int = 0) -> tuple[Level, ...]:
        """Those of one address, wide to narrow, itself left out: first all networks of that kind of operator."""
        mine = self._find(hi, lo)
        own = (float(self._bad[mine]), float(self._good[mine])) if mine is not None else (0.0, 0.0)
        found = []
        for name, sums, key in zip(_NAMES, self._sums, _key(hi, lo, asn, prefix, operator), strict=True):
            if key is None:
                continue
            bad, good = sums.of(key)
            if mine is not None and self._same(mine, asn, prefix):
                bad, good = max(bad - own[0], 0.0), max(good - own[1], 0.0)
            if bad > 1e-9 or good > 1e-9:
                found.append(Level(name, round(bad, 6), round(good, 6)))
        return tuple(found)

    def _same(self, mine: int, asn: int, prefix: int) -> bool:
        return int(self._every.asn[mine]) == asn and int(self._every.prefix[mine]) == prefix

    def _find(self, hi: int, lo: int) -> int | None:
        every = self._every
        low = int(np.searchsorted(every.addr_hi, np.uint64(hi), "left"))
        high = int(np.searchsorted(every.addr_hi, np.uint64(hi), "right"))
        place = low + int(np.searchsorted(every.addr_lo[low:high], np.uint64(lo), "left"))
        return place if place < high and int(every.addr_lo[place]) == lo else None


_NAMES = ("operator type", "origin network", "announced prefix", "/24 or /48")
_Key = tuple[int, int, int]


class _Sums:
    """Sums of two shares by a key of three numbers, found by search."""

    def __init__(self, keys: tuple[U64, U64, U64], known: Bools, bad: Any, good: Any) -> None:
        held = [key[known] for key in keys]
        order = np.lexsort(held[::-1])
        held = [key[order] for key in held]
        new = np.ones(len(order), bool)
        if len(order):
            new[1:] = np.any([key[1:] != key[:-1] for key in held], axis=0)
        group = np.cumsum(new) - 1
        places = np.flatnonzero(new)
        bads, goods = (np.bincount(group, share[known][order], len(places)) for share in (bad, good))
        names = zip(*(key[places].tolist() for key in held), strict=True)
        self._of = dict(zip(names, zip(bads.tolist(), goods.tolist(), strict=True), strict=True))

    def of(self, key: _Key) -> tuple[float, float]:
        return self._of.get(key, (0.0, 0.0))


def _keys(every: Senders) -> list[tuple[tuple[U64, U64, U64], Bools]]:
    asn, announced = every.asn.astype(np.uint64), every.prefix
    near = np.where(is_v4(every.addr_hi, every.addr_lo), 120, 48).astype(np.uint8)
    zero = np.zeros(len(every), np.uint64)
    return [
        ((every.operator.astype(np.uint64), zero, zero), every.operator != 0),
        ((asn, zero, zero), asn != 0),
        ((*masked(every.addr_hi, every.addr_lo, announced), announced.astype(np.uint64)), announced != 0),
        ((*masked(every.addr_hi, every.addr_lo, near), near.astype(np.uint64)), np.ones(len(every), bool)),
    ]


def _key(hi: int, lo: int, asn: int, prefix: int, operator: int) -> list[_Key | None]:
    near = 120 if hi == 0 and lo >> 32 == 0xFFFF else 48
    kind = (operator, 0, 0) if operator else None
    return [kind, (asn, 0, 0) if asn else None, _network(hi, lo, prefix) if prefix else None, _network(hi, lo, near)]


def _network(hi: int, lo: int, bits: int) -> _Key:
    whole = (hi << 64 | lo) >> (128 - bits) << (128 - bits)
    return whole >> 64, whole & 0xFFFF_FFFF_FFFF_FFFF, bits
