"""Millions of addresses at once: witness units by subject, and the few subjects worth a decision.

The sieve is never stricter than ``decide``: what it leaves out could not be listed, what it keeps is decided
one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from junkhound.kernel.clock import HOUR
from junkhound.kernel.net import Address, Network
from junkhound.listing.history import IS_OWN, JUNK_POINTS, Day, Days, History, Level, Pool
from junkhound.listing.policy import APART_HOURS, WINDOW_HOURS, Policy
from junkhound.listing.rows import U64, Bools, Ints, Rows, is_v4, masked, subject_bits
from junkhound.listing.select import counts
from junkhound.listing.senders import Neighbours, senders
from junkhound.listing.units import Units
from junkhound.tables import Clue, Kind, Operator, Path, Standing


def _by_subject(rows: Rows, bits: NDArray[np.uint8], hi: U64, lo: U64) -> Ints:
    """The order of the rows by subject, vantage, hour, trap, kind and standing.

    The ledger gives them by address, vantage and hour: an IPv4 address is its own subject, so nothing is left to sort.
    """
    four = is_v4(rows.addr_hi, rows.addr_lo)
    places = np.flatnonzero(four)
    part = rows.take(places)
    columns = (part.addr_lo, part.vantage, part.hour, part.trap, part.kind, part.standing)
    if not _rising(columns):
        places, rest = np.zeros(0, np.int64), np.arange(len(rows))
    else:
        rest = np.flatnonzero(~four)
    part, hi, lo, bits = rows.take(rest), hi[rest], lo[rest], bits[rest]
    # A /64 and a host in it are two subjects, the wider one first.
    keys = (part.addr_lo, part.standing, part.kind, part.trap, part.hour, part.vantage, bits, lo, hi)
    answer: Ints = np.concatenate([places, rest[np.lexsort(keys)]])
    return answer


def _rising(columns: Iterable[NDArray[Any]]) -> bool:
    """Whether rows of these columns stand in their order, the first column first."""
    undecided: Bools | None = None
    for column in columns:
        before, after = column[:-1], column[1:]
        falls = before > after
        if (falls if undecided is None else falls & undecided).any():
            return False
        same = before == after
        undecided = same if undecided is None else same & undecided
    return True


class Groups:
    """Rows of the window sorted by subject, with the bounds of each subject's rows.

    A row speaks for its list, or it is good mail: all others are left out. ``neighbours`` are those of all senders,
    where more is known than these rows; else they are made of the rows.
    """

    def __init__(self, rows: Rows, policy: Policy, at: int, neighbours: Neighbours | None = None) -> None:
        now = at // HOUR
        rows = rows.take((rows.hour > now - WINDOW_HOURS) & (rows.hour <= now))
        self._everyone, self._now, self._neighbours = rows, now, neighbours
        good = rows.kind == int(Kind.GOOD)
        speaks = np.isin(rows.kind, list(policy.kinds))
        speaks &= counts(policy.holds, rows.path, rows.clues, rows.operator, rows.marks)
        rows = rows.take(speaks | good)
        bits = subject_bits(rows.addr_hi, rows.addr_lo, rows.operator, policy.ipv6_bits)
        hi, lo = masked(rows.addr_hi, rows.addr_lo, bits)
        order = _by_subject(rows, bits, hi, lo)
        self.rows = rows.take(order)
        self.hi, self.lo, self.bits = hi[order], lo[order], bits[order]
        self.four = is_v4(self.hi, self.lo)
        count = len(order)
        new = np.ones(count, bool)
        new[1:] = (self.hi[1:] != self.hi[:-1]) | (self.lo[1:] != self.lo[:-1]) | (self.bits[1:] != self.bits[:-1])
        self.starts = np.flatnonzero(new)
        self.ends = np.append(self.starts[1:], count)
        self.group = np.cumsum(new) - 1
        self.policy = policy

    def __len__(self) -> int:
        return len(self.starts)

    def _counts_against(self) -> Bools:
        rows = self.rows
        kinds = rows.kind != int(Kind.GOOD)
        points = np.isin(rows.standing, [int(s) for s in JUNK_POINTS])
        answer: Bools = kinds & points & (rows.messages > 0)
        return answer

    def candidates(self) -> Ints:
        """Numbers of the subjects that could have enough witnesses; all others need no decision."""
        rows = self.rows
        against = self._counts_against() & (rows.vantage != 0)
        ours = against & IS_OWN[rows.standing]
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
        return Network(int(self.hi[start]), int(self.lo[start]), int(self.bits[start]))

    @cached_property
    def numbers(self) -> dict[Network, int]:
        """The number of each subject that has rows."""
        columns = (column[self.starts].tolist() for column in (self.hi, self.lo, self.bits))
        return {Network(*place): number for number, place in enumerate(zip(*columns, strict=True))}

    def find(self, subject: Network) -> int | None:
        """The number of a subject, if it has rows."""
        return self.numbers.get(subject)

    def holder(self, address: Address) -> Network:
        """What is listed when this address is: itself, or the network that its rows were put under."""
        single = Network(address.hi, address.lo, 128)
        if address.is_v4 or self.find(single) is not None:
            return single
        return self.policy.subject(address)

    @cached_property
    def _newest(self) -> Ints:
        """The row of the latest hour of each subject, the first of them."""
        if not len(self):
            return np.zeros(0, np.int64)
        latest = np.maximum.reduceat(self.rows.hour, self.starts)
        found = np.flatnonzero(self.rows.hour == latest[self.group])
        groups = self.group[found]
        first = np.ones(len(found), bool)
        first[1:] = groups[1:] != groups[:-1]
        answer: Ints = found[first]
        return answer

    @cached_property
    def _paths(self) -> Ints:
        """The commonest path of each subject's junk, by messages; the smallest of those that are equal."""
        rows, against = self.rows, self.rows.kind != int(Kind.GOOD)
        width = max(len(Path), int(rows.path.max(initial=0)) + 1)
        places = self.group[against] * width + rows.path[against]
        sums = np.bincount(places, rows.messages[against], len(self) * width).reshape(len(self), width)
        answer: Ints = np.argmax(sums, axis=1)
        return answer

    @cached_property
    def _pools(self) -> list[Pool]:
        """How long one customer keeps each subject's address."""
        if not len(self):
            return []
        rows = self.rows
        latest = np.maximum.reduceat(rows.hour.astype(np.int64) << 8 | rows.operator, self.starts) & 0xFF
        # Carriers put many IPv4 customers behind one address (RFC 6888).
        shared = (latest == int(Operator.MOBILE)) & self.four[self.starts]
        dynamic = np.bitwise_or.reduceat(rows.clues, self.starts) & np.uint32(int(Clue.DYNAMIC_RDNS)) != 0
        pools = np.where(shared, int(Pool.SHARED), np.where(dynamic, int(Pool.DYNAMIC), int(Pool.STATIC)))
        known = {int(pool): pool for pool in Pool}
        return [known[pool] for pool in pools.tolist()]

    def levels(self, number: int) -> tuple[Level, ...]:
        """How the neighbours of one subject behave, wide to narrow, itself left out."""
        if self._neighbours is None:
            self._neighbours = Neighbours(senders(self._everyone, self._now - WINDOW_HOURS, self._now))
        rows, newest = self.rows, int(self._newest[number])
        return self._neighbours.levels(
            int(rows.addr_hi[newest]), int(rows.addr_lo[newest]), int(rows.asn[newest]), int(rows.prefix[newest]),
            int(rows.operator[newest]),
        )  # fmt: skip

    def history(
        self,
        number: int,
        days: tuple[Day, ...] | Days = (),
        relistings: int = 0,
        ended_hour: int | None = None,
        cleared_hour: int | None = None,
    ) -> History:
        """The history of one subject; what the rows do not hold is given."""
        rows = self.rows
        part = slice(int(self.starts[number]), int(self.ends[number]))
        columns = (rows.vantage, rows.hour, rows.trap, rows.kind, rows.standing, rows.messages)
        # Of one address each unit is one row, and they are in order; machines of a network may have the same.
        units = Units.sorted(*(column[part] for column in columns), known=int(self.bits[part.start]) == 128)
        return History(
            subject=self.subject(number),
            units=units,
            days=days,
            pool=self._pools[number],
            levels=self.levels(number),
            relistings=relistings,
            ended_hour=ended_hour,
            cleared_hour=cleared_hour,
            path=int(self._paths[number]),
        )

    def histories(self) -> Iterator[tuple[int, History]]:
        """Every candidate with its history, in the order of addresses."""
        for number in self.candidates():
            yield int(number), self.history(int(number))
