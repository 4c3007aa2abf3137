"""Labels: which units are one group, as numbers in an array; joined by whole arrays of ties at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
U32 = NDArray[np.uint32]
U64 = NDArray[np.uint64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]


def components(count: int, a: Ints, b: Ints) -> Ints:
    """The connected parts of ``count`` nodes under the ties a[i]-b[i]: each node's smallest fellow.

    Labels spread along ties and are shortened by pointer jumping (Shiloach and Vishkin 1982), so the number of
    passes grows with the logarithm of the longest chain.
    """
    found = np.arange(count, dtype=np.int64)
    while len(a):
        one, two = found[a], found[b]
        apart = one != two
        if not apart.any():
            return found
        a, b, one, two = a[apart], b[apart], one[apart], two[apart]
        least = np.minimum(one, two)
        np.minimum.at(found, one, least)
        np.minimum.at(found, two, least)
        while True:
            further = found[found]
            if np.array_equal(further, found):
                break
            found = further
    return found


def joined(labels: Ints, a: Ints, b: Ints) -> Ints:
    """The labels after the labels a[i] and b[i] have become one."""
    if not len(a):
        return labels
    return components(int(labels.max()) + 1, a, b)[labels]


def dense(labels: Ints) -> Ints:
    """The same groups, numbered from 0 in the order of their first unit."""
    _, first, place = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[place.reshape(-1)]


def pairs(a: Ints, b: Ints) -> tuple[Ints, Ints, Ints]:
    """Each unordered pair once, smaller first, and how often it stood there."""
    if not len(a):
        nothing = np.empty(0, np.int64)
        return nothing, nothing, nothing
    low, high = np.minimum(a, b), np.maximum(a, b)
    order = np.lexsort((high, low))
    low, high = low[order], high[order]
    first = np.concatenate([[True], (low[1:] != low[:-1]) | (high[1:] != high[:-1])])
    starts = np.flatnonzero(first)
    return low[first], high[first], np.diff(np.append(starts, len(low)))
