"""Botnets: cells of (program, campaign) put together by how they speak and by whom they share.

A cell is what one campaign sent by machines of one program. Two cells of a program are one botnet unless their senders
keep apart more than those of one botnet would; cells of different programs only where they share far more senders
than chance and reused addresses explain. Chance is reckoned within each network, for a provider's pool hands the same
addresses around among its own customers.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from junkhound.botnet import prints, size
from junkhound.botnet.programs import hired, programs
from junkhound.botnet.rows import Ints, Rows
from junkhound.kernel.graph import Tie, correlate

SAME = 1.0  # what one program says for one botnet, before senders are looked at
SLICE = 0.25  # a tenant rents a part of the machines: two tenants share less than two draws from all of them
LEAST_CELL = 6  # addresses of a cell that is compared by its senders
HOLD = 7  # days within which one address is taken for one machine
SHARED = 10  # senders that cells of two programs must have in common
SURE = 0.9  # share of a campaign's sessions that one botnet must have, for mail without a session to be its
LEAST_HABIT = 50  # mails with a session that a header's habit must have been seen in
_MOST = 8.0  # weight of one comparison


@dataclass(frozen=True)
class Found:
    """The botnets: by cell, by row and by address; -1 is none.

    ``cells`` has a row (program's first dialect, campaign) for each cell, ``cell_net`` its botnet. ``row_net`` is that
    of each row, ``address_net`` that of each address by most of its mails, with ``address_share`` of them.
    """

    count: int
    cells: list[tuple[int, int]]
    cell_net: Ints
    row_net: Ints
    address_net: Ints
    address_share: np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def find(rows: Rows, shown: prints.Prints = prints.Prints()) -> Found:  # noqa: B008 - a frozen value
    """The botnets of these rows, numbered from 0 in the order of their mails; ``shown`` are their fingerprints."""
    program, heads = programs(rows)
    good = hired(rows, program, len(heads))
    program = np.where((program >= 0) & np.append(good, False)[program], program, -1)
    width = int(rows.campaign.max(initial=0)) + 1
    known = np.flatnonzero(program >= 0)
    codes, place = np.unique(program[known] * width + rows.campaign[known], return_inverse=True)
    cell = np.full(len(rows), -1, np.int64)
    cell[known] = place.reshape(-1)
    cells = [(int(code) // width, int(code) % width) for code in codes]
    told = program >= 0
    program_of = dict(zip(rows.dialect[told].tolist(), program[told].tolist(), strict=True))
    evidence = prints.Evidence(shown, program_of, cells)
    net = np.array(correlate(len(cells), _ties(rows, cell, cells, evidence)), np.int64)
    net = _by_size(net, np.bincount(cell[known], rows.mails[known], minlength=len(cells)).astype(float))
    row_net = np.where(cell >= 0, np.append(net, -1)[cell], -1) if len(cells) else np.full(len(rows), -1, np.int64)
    keep = hired(rows, row_net, int(net.max(initial=-1)) + 1)
    kept = np.cumsum(keep) - 1
    net = np.where(np.append(keep, False)[net], np.append(kept, -1)[net], -1) if len(cells) else net
    row_net = np.where(cell >= 0, np.append(net, -1)[cell], -1) if len(cells) else row_net
    row_net = _without_session(rows, row_net)
    address_net, share = _of_addresses(rows, row_net)
    return Found(int(keep.sum()), [(heads[one], campaign) for one, campaign in cells], net, row_net, address_net, share)


def _by_size(net: Ints, mails: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Ints:
    if not len(net):
        return net
    total = np.bincount(net, mails)
    rank = np.empty(len(total), np.int64)
    rank[np.argsort(-total, kind="stable")] = np.arange(len(total))
    return np.asarray(rank[net], np.int64)


def _ties(rows: Rows, cell: Ints, cells: list[tuple[int, int]], evidence: prints.Evidence) -> list[Tie]:
    """How much each two cells belong together: by program, by senders, by what else their machines show."""
    members = [set[int]() for _ in cells]
    spans: list[tuple[int, int]] = []
    order = np.argsort(cell, kind="stable")
    bounds = np.searchsorted(cell[order], np.arange(len(cells) + 1))
    for number in range(len(cells)):
        inside = order[bounds[number] : bounds[number + 1]]
        members[number] = set(rows.address[inside].tolist())
        spans.append((int(rows.day[inside].min()), int(rows.day[inside].max())))
    drawn: dict[int, list[int]] = defaultdict(list)  # by program: each address once for each campaign it served
    for (program, _), addresses in zip(cells, members, strict=True):
        drawn[program] += addresses
    whole = {program: size.chao1(np.array(some, np.int64)).value for program, some in drawn.items()}
    network = np.zeros(int(rows.address.max(initial=0)) + 1, np.int64)
    network[rows.address] = rows.asn
    asns, seat = np.unique(network, return_inverse=True)
    everyone = np.bincount(seat.reshape(-1), minlength=len(asns)).astype(float)
    by_network = [np.bincount(seat.reshape(-1)[list(one)], minlength=len(asns)) if one else None for one in members]
    common, looked = _common(members), evidence.alike()
    clocks = prints.clocks(rows, cell, len(cells))
    found: list[Tie] = []
    for a, b in sorted({*_compared(cells, common), *looked}):
        same = cells[a][0] == cells[b][0]
        weight = SAME if same else 0.0
        one, two = by_network[a], by_network[b]
        near = spans[a][0] <= spans[b][1] + HOLD and spans[b][0] <= spans[a][1] + HOLD
        if near and one is not None and two is not None and min(len(members[a]), len(members[b])) >= LEAST_CELL:
            shared = common[a, b]
            chance = max(float((one * two / everyone).sum()), 0.05)
            if same:
                expected = SLICE * len(members[a]) * len(members[b]) / max(whole[cells[a][0]], 1.0)
                weight += _poisson(shared, max(expected, chance * 1.5), chance)
            elif shared >= SHARED and shared >= 0.05 * min(len(members[a]), len(members[b])):
                weight += min(_MOST, _tail(shared, chance) - 6.0)
        if weight or (a, b) in looked:
            weight += evidence.weight(a, b) + prints.clock(clocks[a], clocks[b])
            weight -= prints.ALONE if not same and common[a, b] < SHARED else 0.0
            found.append((a, b, weight))
    return found


def _common(members: Sequence[set[int]]) -> Counter[tuple[int, int]]:
    """How many addresses each two cells have in common, of those that have any."""
    cells: dict[int, list[int]] = defaultdict(list)
    for cell, addresses in enumerate(members):
        for address in addresses:
            cells[address].append(cell)
    return Counter(pair for some in cells.values() for pair in combinations(some, 2))


def _compared(cells: Sequence[tuple[int, int]], common: Mapping[tuple[int, int], int]) -> list[tuple[int, int]]:
    """The pairs of cells that anything can be said of: of one program, or with senders enough in common."""
    programs: dict[int, list[int]] = defaultdict(list)
    for cell, (program, _) in enumerate(cells):
        programs[program].append(cell)
    pairs = {pair for some in programs.values() for pair in combinations(some, 2)}
    return sorted(pairs | {pair for pair, shared in common.items() if shared >= SHARED})


def _poisson(count: int, expected: float, chance: float) -> float:
    """Log of how much likelier so many shared senders are when as many as ``expected`` are due than by chance."""
    value = count * math.log(expected / chance) - (expected - chance)
    return max(-_MOST, min(_MOST, value)) if expected >= 1.0 else 0.0


def _tail(count: int, mean: float) -> float:
    """-log10 of an upper bound on the chance of so many or more (Chernoff, for Poisson)."""
    if count <= mean:
        return 0.0
    return (count * math.log(count / mean) - (count - mean)) / math.log(10)


def _without_session(rows: Rows, net: Ints) -> Ints:
    """Mail whose session nobody saw goes with its like: of the same campaign and header, of either of them.

    Only where all but a tenth of the like with a session is one botnet's.
    """
    out = net.copy()
    seen = rows.dialect != 0
    one = np.zeros(len(rows), np.uint64)
    campaign = rows.campaign.astype(np.uint64) + np.uint64(1)
    mixed = (campaign * np.uint64(0x9E3779B97F4A7C15)) ^ rows.habit
    for like, usable, least in (
        (mixed, rows.habit != 0, LEAST_CELL), (campaign, campaign > one, LEAST_CELL),
        (rows.habit, rows.habit != 0, LEAST_HABIT),
    ):  # fmt: skip
        left = np.flatnonzero((out < 0) & ~seen & usable)
        told = np.flatnonzero(seen & usable)
        if not len(left) or not len(told):
            continue
        names, place = np.unique(like[told], return_inverse=True)
        sums = np.zeros((len(names), int(net.max(initial=-1)) + 2))
        np.add.at(sums, (place.reshape(-1), net[told] + 1), rows.mails[told])
        total = sums.sum(axis=1)
        best = sums.argmax(axis=1) - 1
        sure = (sums.max(axis=1) >= SURE * total) & (total >= least)
        where = np.minimum(np.searchsorted(names, like[left]), len(names) - 1)
        hit = (names[where] == like[left]) & sure[where]
        out[left[hit]] = best[where[hit]]
    return out


def _of_addresses(rows: Rows, net: Ints) -> tuple[Ints, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """The botnet of each address by most of its mails, and the share of them."""
    count, nets = int(rows.address.max(initial=-1)) + 1, int(net.max(initial=-1)) + 2
    sums = np.zeros((count, nets))
    np.add.at(sums, (rows.address, net + 1), rows.mails)  # column 0: none
    total = sums.sum(axis=1)
    if nets < 2:
        return np.full(count, -1, np.int64), np.zeros(count)
    best = sums[:, 1:].argmax(axis=1)
    mails = sums[np.arange(count), best + 1]
    share = np.divide(mails, total, out=np.zeros(count), where=total > 0)
    return np.where(share > 0.5, best, -1).astype(np.int64), share
