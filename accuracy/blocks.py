"""G8: whole networks. Which blocks of snowshoe outfits and bad hosters a list names, which it names wrongly, how soon.

A world's registry says which blocks were handed to such customers. One *can be told* once half A has seen junk of four
of its addresses within three days, by two intakes: what sends less is for lists of single addresses.
"""

from __future__ import annotations

import bisect
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from accuracy.baselines import HOUR
from accuracy.intervals import Estimate, clopper_pearson, statistic
from accuracy.lists import Half, Mail
from junkhound.kernel import net
from spamworld.out.files import lines

_ADDRESSES, _WITHIN_H = 4, 72


class Scores(NamedTuple):
    """Figures of the lists of ranges of one world; ``call`` in hours after a block's first junk at half A."""

    recall: Estimate
    false: Estimate
    call: Estimate
    soon: Estimate


class _Block(NamedTuple):
    first: int
    last: int


def blocks(folder: Path) -> list[_Block]:
    """The parts of networks that were handed to outfits and hosters, as numbers of IPv4 addresses, in order."""
    found = []
    for line in lines(folder / "world/rdap.jsonl.zst"):
        held = json.loads(line)["object"]
        if held["objectClassName"] == "ip network" and held.get("parentHandle"):
            found.append(_Block(_number(held["startAddress"]), _number(held["endAddress"])))
    return sorted(set(found))


def _number(words: str) -> int:
    address = net.parse(words)
    assert address is not None, words
    return address.lo & 0xFFFF_FFFF


def score(folder: Path, halves: Iterable[Half], mails: Sequence[Mail]) -> Scores:
    """All figures; ``halves`` are the lists of ranges that accuse (no policy ranges)."""
    every = blocks(folder)
    starts = [one.first for one in every]
    seen: dict[_Block, list[Mail]] = defaultdict(list)
    for mail in mails:
        if mail.kind == "junk" and mail.half == "A" and ":" not in mail.client:
            number = _number(mail.client)
            place = bisect.bisect_right(starts, number) - 1
            if place >= 0 and number <= every[place].last:
                seen[every[place]].append(mail)
    listed: dict[_Block, int] = {}
    ranges = {
        one.network: one.span.start for half in halves for one in sorted(half.ranges, key=lambda r: -r.span.start)
    }
    wrong = 0
    for network, start in ranges.items():
        low = network.first.lo & 0xFFFF_FFFF
        high = low | ((1 << (128 - network.bits)) - 1)
        hit = [block for block in every if block.first <= high and block.last >= low] if network.is_v4 else []
        wrong += not hit
        for block in hit:
            listed[block] = min(start, listed.get(block, start))
    told = [block for block, came in seen.items() if _told(came)]
    hours = [(listed[block] - seen[block][0].at) / HOUR for block in seen if block in listed]
    groups = list(range(len(hours)))
    return Scores(
        recall=clopper_pearson(sum(block in listed for block in told), len(told)),
        false=clopper_pearson(wrong, len(ranges)),
        call=statistic(hours, groups, lambda values: float(np.median(values))),
        soon=clopper_pearson(sum(waited <= _WITHIN_H for waited in hours), len(hours)),
    )


def _told(came: Sequence[Mail]) -> bool:
    """Whether some three days hold four addresses, seen by two intakes."""
    for place, last in enumerate(came):
        lately = [one for one in came[: place + 1] if one.at > last.at - _WITHIN_H * HOUR]
        if len({one.client for one in lately}) >= _ADDRESSES and len({one.intake for one in lately}) > 1:
            return True
    return False
