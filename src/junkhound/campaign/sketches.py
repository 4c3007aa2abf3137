"""Sketches compared by the thousand: candidates by bands of equal places, overlap of pairs, what a group agrees on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from junkhound.campaign.forest import U32, U64, Ints, Reals

WIDTH = 128  # min-hashes of a sketch (content.template)
AT_A_TIME = 1 << 16  # pairs compared together: 64 MB of sketches
MEMBERS = 256  # of a group that its consensus is taken from
MARK = np.uint32(1)
"""The bit that is set in the places of common words (``common.marked``)."""
LEAST_PLACES = 8  # that stand for no common word
BORNE_OUT = 1.6


def bands(sketches: U32, rows: int) -> Iterator[U64]:
    """One number for each sketch and band of ``rows`` places: equal where all these places are equal.

    Two texts of overlap J agree in one band with probability J**rows, and in any of b bands with 1-(1-J**rows)**b
    (Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4).
    """
    for start in range(0, WIDTH - rows + 1, rows):
        mixed = np.full(len(sketches), start + 1, np.uint64)
        for place in range(start, start + rows):
            mixed = (mixed ^ sketches[:, place]) * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        yield mixed


def overlap(one: U32, a: Ints, two: U32, b: Ints, borne: float = BORNE_OUT) -> Reals:
    """The estimated overlap of one[a[i]] and two[b[i]], pair by pair (``alike``)."""
    found = np.empty(len(a))
    for start in range(0, len(a), AT_A_TIME):
        end = start + AT_A_TIME
        found[start:end] = alike(one[a[start:end]], two[b[start:end]], borne)
    return found


def alike(one: U32, other: U32, borne: float = BORNE_OUT) -> Reals:
    """The estimated overlap (Jaccard) of the word sets, as far as their own words bear it out.

    Sketches agree in about as large a part of their places; of those places whose least hash is no common word's
    (``MARK``), in as large a part as the words which are not common overlap. Small print makes letters of strangers
    alike, so no overlap is more than ``borne`` times that.
    """
    same = one == other
    mine = (np.minimum(one, other) & MARK) == 0
    told = mine.sum(axis=-1)
    own = np.where(told >= LEAST_PLACES, (same & mine).sum(axis=-1) / np.maximum(told, 1), 0.0)
    return np.asarray(np.minimum(same.mean(axis=-1), borne * own), np.float64)


def neighbours(mixed: U64, rank: Ints) -> tuple[Ints, Ints]:
    """Pairs of rows whose number is equal: each with the next of its like and with the first, in order of ``rank``.

    A bucket of n rows gives fewer than 2n pairs, so a flood of texts made to collide costs no more than others.
    """
    order = np.lexsort((rank, mixed))
    ranged = mixed[order]
    same = ranged[1:] == ranged[:-1]
    first = np.where(np.concatenate([[True], ~same]), np.arange(len(order)), 0)
    lead = order[np.maximum.accumulate(first)] if len(order) else order
    late = np.flatnonzero(lead != order)
    return np.concatenate([order[:-1][same], lead[late]]), np.concatenate([order[1:][same], order[late]])


def matches(mixed: U64, others: U64, most: int) -> tuple[Ints, Ints]:
    """Pairs (row of ``mixed``, row of ``others``) with equal numbers; at most ``most`` others for each row."""
    order = np.argsort(others, kind="stable")
    ranged = others[order]
    low = np.searchsorted(ranged, mixed, "left")
    count = np.minimum(np.searchsorted(ranged, mixed, "right") - low, most)
    rows = np.repeat(np.arange(len(mixed)), count)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
    return rows, order[np.repeat(low, count) + within]


def sample(labels: Ints, rank: Ints, most: int = MEMBERS) -> Ints:
    """At most ``most`` rows of each label, the first by ``rank``; in order of label, then rank."""
    order = np.lexsort((rank, labels))
    ranged = labels[order]
    first = np.concatenate([[True], ranged[1:] != ranged[:-1]]) if len(order) else np.empty(0, np.bool_)
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    return order[np.arange(len(order)) - start < most]


def consensus(sketches: U32, labels: Ints, rank: Ints, least: int) -> tuple[Ints, U32]:
    """(labels of groups with at least ``least`` members, the sketch that each agrees on: the commonest of each place).

    Words that all copies share win a place more often than the noise of any one copy, so what stands there is nearly
    the sketch of the shared words alone. A tie goes to the smaller number.
    """
    size = np.bincount(labels)
    big = np.flatnonzero(size >= least)
    if not len(big):
        return big, np.empty((0, WIDTH), np.uint32)
    place = np.full(len(size), -1, np.int64)
    place[big] = np.arange(len(big))
    rows = np.flatnonzero(place[labels] >= 0)
    rows = rows[sample(labels[rows], rank[rows])]
    groups = place[labels[rows]]
    found = np.empty((len(big), WIDTH), np.uint32)
    for column in range(WIDTH):
        keyed = np.sort(groups.astype(np.uint64) << np.uint64(32) | sketches[rows, column])
        starts = np.flatnonzero(np.concatenate([[True], keyed[1:] != keyed[:-1]]))
        times = np.diff(np.append(starts, len(keyed)))
        values = keyed[starts]
        owner = (values >> np.uint64(32)).astype(np.int64)
        best = np.lexsort((-values.astype(np.int64), times, owner))
        last = np.flatnonzero(np.append(owner[best][1:] != owner[best][:-1], True))
        found[:, column] = (values[best[last]] & np.uint64(0xFFFF_FFFF)).astype(np.uint32)
    return big, found
