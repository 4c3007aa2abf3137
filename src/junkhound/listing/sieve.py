"""Millions of addresses at once: witness units as arrays, and the few subjects worth a decision.

The sieve is never stricter than ``decide``: what it leaves out could not be listed, what it keeps is decided
one by one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junkhound.kernel import net
from junkhound.kernel.clock import HOUR
from junkhound.kernel.net import Network
from junkhound.listing.history import GOOD_POINTS, JUNK_POINTS, OWN_STANDINGS, Day, History, Level, Pool, Unit
from junkhound.listing.policy import APART_HOURS, WINDOW_HOURS, Policy
from junkhound.tables import Clue, Kind, Operator, Standing

U64 = NDArray[np.uint64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_V4_TOP = np.uint64(0xFFFF)
_COLUMNS = (
    ("addr_hi", np.uint64), ("addr_lo", np.uint64), ("hour", np.int64), ("vantage", np.uint64), ("trap", np.uint64),
    ("kind", np.uint8), ("standing", np.uint8), ("messages", np.int64), ("asn", np.uint32), ("prefix", np.uint8),
    ("operator", np.uint8), ("path", np.uint8), ("clues", np.uint32),
)  # fmt: skip


def _masks(bits: int) -> tuple[np.uint64, np.uint64]:
    whole = ((1 << 128) - 1) ^ ((1 << (128 - bits)) - 1)
    return np.uint64(whole >> 64), np.uint64(whole & net.MASK64)


def mask(hi: U64, lo: U64, bits: int) -> tuple[U64, U64]:
    """The networks of ``bits`` that hold these addresses."""
    top, low = _masks(bits)
    return hi & top, lo & low


def is_v4(hi: U64, lo: U64) -> Bools:
    answer: Bools = (hi == 0) & (lo >> np.uint64(32) == _V4_TOP)
    return answer


@dataclass(frozen=True)
class Rows:
    """Witness units of many addresses, one row per (address, hour, vantage, trap, kind, standing), in any order.

    Columns as in ``tables.SIGHTINGS`` where the names are equal; ``messages`` counts, ``hour`` is since 1970.
    """

    addr_hi: U64
    addr_lo: U64
    hour: Ints
    vantage: U64
    trap: U64
    kind: NDArray[np.uint8]
    standing: NDArray[np.uint8]
    messages: Ints
    asn: NDArray[np.uint32]
    prefix: NDArray[np.uint8]
    operator: NDArray[np.uint8]
    path: NDArray[np.uint8]
    clues: NDArray[np.uint32]

    @classmethod
    def of(cls, columns: Mapping[str, object]) -> Rows:
        """From columns by name; missing ones of the network are 0, ``messages`` is 1."""
        count = len(np.asarray(columns["addr_hi"]))
        made: dict[str, Any] = {}
        for name, kind in _COLUMNS:
            given = columns.get(name)
            blank = 1 if name == "messages" else 0
            made[name] = np.full(count, blank, kind) if given is None else np.ascontiguousarray(given, kind)
        return cls(**made)

    def __len__(self) -> int:
        return len(self.addr_hi)

    def take(self, which: Bools | Ints) -> Rows:
        return Rows(**{name: getattr(self, name)[which] for name, _ in _COLUMNS})


class Groups:
    """Rows sorted by subject, with the bounds of each subject's rows and its share of good and bad neighbours."""

    def __init__(self, rows: Rows, policy: Policy, at: int) -> None:
        now = at // HOUR
        rows = rows.take((rows.hour > now - WINDOW_HOURS) & (rows.hour <= now))
        hi, lo = mask(rows.addr_hi, rows.addr_lo, policy.ipv6_bits)
        four = is_v4(rows.addr_hi, rows.addr_lo)
        hi, lo = np.where(four, rows.addr_hi, hi), np.where(four, rows.addr_lo, lo)
        order = np.lexsort((rows.standing, rows.kind, rows.trap, rows.hour, rows.vantage, lo, hi))
        self.rows = rows.take(order)
        self.hi, self.lo, self.four = hi[order], lo[order], four[order]
        count = len(order)
        new = np.ones(count, bool)
        new[1:] = (self.hi[1:] != self.hi[:-1]) | (self.lo[1:] != self.lo[:-1])
        self.starts = np.flatnonzero(new)
        self.ends = np.append(self.starts[1:], count)
        self.group = np.cumsum(new) - 1
        self.policy = policy
        self._levels: list[tuple[str, NDArray[np.float64], NDArray[np.float64]]] | None = None

    def __len__(self) -> int:
        return len(self.starts)

    def _counts_against(self) -> Bools:
        rows = self.rows
        kinds = np.isin(rows.kind, list(self.policy.kinds))
        points = np.isin(rows.standing, [int(s) for s in JUNK_POINTS])
        answer: Bools = kinds & points & (rows.messages > 0)
        return answer

    def candidates(self) -> Ints:
        """Numbers of the subjects that could have enough witnesses; all others need no decision."""
        rows = self.rows
        against = self._counts_against() & (rows.vantage != 0)
        ours = against & np.isin(rows.standing, [int(s) for s in OWN_STANDINGS])
        count = np.zeros(len(self), np.int64)
        at = np.flatnonzero(ours)
        if len(at):
            new = np.ones(len(at), bool)
            new[1:] = (self.group[at[1:]] != self.group[at[:-1]]) | (rows.vantage[at[1:]] != rows.vantage[at[:-1]])
            firsts = np.flatnonzero(new)
            hours = rows.hour[at]
            span = np.maximum.reduceat(hours, firsts) - np.minimum.reduceat(hours, firsts)
            worth = 1 + (span >= APART_HOURS) if self.policy.scope == "own" else np.ones(len(firsts), np.int64)
            np.add.at(count, self.group[at[firsts]], worth)
        partner = np.zeros(len(self), bool)
        partner[self.group[against & (rows.standing == int(Standing.PARTNER))]] = True
        return np.flatnonzero((count > 0) & (count + partner >= self.policy.witnesses))

    def subject(self, number: int) -> Network:
        start = self.starts[number]
        bits = 128 if self.four[start] else self.policy.ipv6_bits
        return Network(int(self.hi[start]), int(self.lo[start]), bits)

    def find(self, subject: Network) -> int | None:
        """The number of a subject, if it has rows."""
        low = int(np.searchsorted(self.hi[self.starts], np.uint64(subject.hi), "left"))
        high = int(np.searchsorted(self.hi[self.starts], np.uint64(subject.hi), "right"))
        place = low + int(np.searchsorted(self.lo[self.starts[low:high]], np.uint64(subject.lo), "left"))
        return place if place < len(self) and self.subject(place) == subject else None

    def levels(self, number: int) -> tuple[Level, ...]:
        """How the neighbours of one subject behave, wide to narrow, itself left out."""
        if self._levels is None:
            self._levels = self._neighbours()
        return tuple(
            Level(name, round(float(junk[number]), 6), round(float(good[number]), 6))
            for name, junk, good in self._levels
            if junk[number] or good[number]
        )

    def _neighbours(self) -> list[tuple[str, NDArray[np.float64], NDArray[np.float64]]]:
        rows, many = self.rows, len(self)
        junk = np.bincount(self.group, self._counts_against(), many)
        kept = (rows.kind == int(Kind.GOOD)) & np.isin(rows.standing, [int(s) for s in GOOD_POINTS])
        good = np.bincount(self.group, kept, many)
        both = np.maximum(junk + good, 1)
        bad_share, good_share = junk / both, good / both  # each neighbour has one voice, however loud
        hi, lo = self.hi[self.starts], self.lo[self.starts]
        newest = self._newest()
        asn, announced = rows.asn[newest].astype(np.uint64), rows.prefix[newest]
        near = np.where(self.four[self.starts], 120, 48)
        answer = []
        for name, keys, known in (
            ("origin network", (asn, asn, asn), asn != 0),
            ("announced prefix", (*_masked(hi, lo, announced), announced.astype(np.uint64)), announced != 0),
            ("/24 or /48", (*_masked(hi, lo, near), near.astype(np.uint64)), np.ones(many, bool)),
        ):
            totals = _rest(keys, known, bad_share), _rest(keys, known, good_share)
            answer.append((name, *totals))
        return answer

    def _newest(self) -> Ints:
        """The row of the latest hour of each subject: its network as of then; ties by the larger number."""
        rows = self.rows
        order = np.lexsort((rows.clues, rows.prefix, rows.operator, rows.asn, rows.hour, self.group))
        answer: Ints = order[self.ends - 1]
        return answer

    def history(
        self,
        number: int,
        days: tuple[Day, ...] = (),
        relistings: int = 0,
        ended_hour: int | None = None,
        cleared_hour: int | None = None,
    ) -> History:
        """The history of one subject; what the rows do not hold is given."""
        rows = self.rows
        part = slice(int(self.starts[number]), int(self.ends[number]))
        columns = (rows.vantage, rows.hour, rows.trap, rows.kind, rows.standing, rows.messages)
        units = tuple(Unit(*row) for row in zip(*(column[part].tolist() for column in columns), strict=True))
        against = self._counts_against_slice(part)
        paths = np.bincount(rows.path[part][against], rows.messages[part][against]) if against.any() else np.zeros(1)
        return History(
            subject=self.subject(number),
            units=units,
            days=days,
            pool=self._pool(part),
            levels=self.levels(number),
            relistings=relistings,
            ended_hour=ended_hour,
            cleared_hour=cleared_hour,
            path=int(np.argmax(paths)),
        )

    def _counts_against_slice(self, part: slice) -> Bools:
        answer: Bools = np.isin(self.rows.kind[part], list(self.policy.kinds))
        return answer

    def _pool(self, part: slice) -> Pool:
        operators = self.rows.operator[part]
        latest = operators[np.lexsort((operators, self.rows.hour[part]))[-1]]
        if latest == int(Operator.MOBILE) and self.four[part.start]:
            return Pool.SHARED  # carriers put many IPv4 customers behind one address (RFC 6888)
        return Pool.DYNAMIC if (self.rows.clues[part] & int(Clue.DYNAMIC_RDNS)).any() else Pool.STATIC

    def histories(self) -> Iterator[tuple[int, History]]:
        """Every candidate with its history, in the order of addresses."""
        for number in self.candidates():
            yield int(number), self.history(int(number))


def _masked(hi: U64, lo: U64, bits: NDArray[np.integer]) -> tuple[U64, U64]:
    out_hi, out_lo = hi.copy(), lo.copy()
    for length in np.unique(bits):
        rows = bits == length
        out_hi[rows], out_lo[rows] = mask(hi[rows], lo[rows], int(length))
    return out_hi, out_lo


def _rest(keys: tuple[U64, ...], known: Bools, share: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each row the sum of ``share`` over the others with equal keys; 0 where the key is not known."""
    if not len(share):
        return share
    order = np.lexsort(keys)
    new = np.zeros(len(order), bool)
    new[0] = True
    for key in keys:
        new[1:] |= key[order[1:]] != key[order[:-1]]
    group = np.empty(len(order), np.int64)
    group[order] = np.cumsum(new) - 1
    totals = np.bincount(group, share)
    return np.where(known, np.maximum(totals[group] - share, 0.0), 0.0)
