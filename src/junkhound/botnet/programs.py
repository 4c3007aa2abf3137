"""Programs: ways of speaking SMTP that go together, and whether machines that speak so look hired."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from junkhound.botnet.rows import Ints, Rows
from junkhound.kernel.graph import correlate

LEAST_ADDRESSES = 30
SPREAD = 0.85  # networks of /24 for each address: hired machines hardly ever stand side by side
LITTLE = 0.6  # share of their days on which they were seen with few mails
FEW = 2  # mails
TOGETHER = 0.8  # two forms of one program serve the same campaigns in the same measure
SHARED = 3  # campaigns that two forms must have in common


def programs(rows: Rows) -> tuple[Ints, list[int]]:
    """(program of each row, -1 for none; the dialects' keys of each program, the first of most mails).

    A program may have several forms: a HELO by name where the machine has one, by address where it has none. Two
    forms are one program where they serve the same campaigns in the same measure (Bhattacharyya's coefficient).
    """
    dialects, place = np.unique(rows.dialect, return_inverse=True)
    place = place.reshape(-1)
    campaigns, column = np.unique(rows.campaign, return_inverse=True)
    share = np.zeros((len(dialects), len(campaigns)))
    np.add.at(share, (place, column.reshape(-1)), rows.mails)
    total = share.sum(axis=1)
    alike = np.sqrt(share / np.maximum(total, 1)[:, None])
    close = alike @ alike.T
    common = (share > 0).astype(float) @ (share > 0).T
    ties = [
        (int(a), int(b), float(close[a, b] - TOGETHER))
        for a in range(len(dialects))
        for b in range(a + 1, len(dialects))
        if dialects[a] and dialects[b] and common[a, b] >= SHARED
    ]
    group = np.array(correlate(len(dialects), ties), np.int64)
    if len(dialects) and dialects[0] == 0:
        group[0] = -1
    found = group[place] if len(place) else np.empty(0, np.int64)
    heads: dict[int, int] = {}
    for one in np.argsort(-total, kind="stable").tolist():
        if group[one] >= 0:
            heads.setdefault(int(group[one]), int(dialects[one]))
    return found, [heads.get(number, 0) for number in range(int(group.max(initial=-1)) + 1)]


def hired(rows: Rows, group: Ints, count: int) -> NDArray[np.bool_]:
    """Which groups of rows look like machines that are hired: many, far apart, seen little on most days."""
    out = np.zeros(count, np.bool_)
    known = group >= 0
    if not known.any():
        return out
    group, address, block = group[known], rows.address[known], rows.block[known]
    day = rows.day[known] - int(rows.day.min())
    places, days = int(rows.address.max()) + 1, int(day.max()) + 1
    visits, place = np.unique((group * places + address) * days + day, return_inverse=True)
    mails = np.bincount(place.reshape(-1), rows.mails[known])
    of_visit = visits // days // places
    calls, little = np.bincount(of_visit, minlength=count), np.bincount(of_visit[mails <= FEW], minlength=count)
    addresses = np.bincount(np.unique(group * places + address) // places, minlength=count)
    blocks = int(rows.block.max()) + 1
    apart = np.bincount(np.unique(group * blocks + block) // blocks, minlength=count)
    some = addresses >= LEAST_ADDRESSES
    out[some] = (apart[some] >= SPREAD * addresses[some]) & (little[some] >= LITTLE * calls[some])
    return out
