"""Clues that honest mail gives by chance, as often as in public mail: times that run backwards, lines out of place.

T6, T7 and T10 of tracing. A forger's mark that honest mail bore less often here than outside would be worth more here.
"""

from __future__ import annotations

import itertools
import math

import pytest

from junkhound import trace
from junkhound.evidence import message
from junkhound.trace import queueid
from spamworld import content, wire
from spamworld.parameters import load
from spamworld.world import World

MINUTE = 60_000_000
PLAIN = content.Options(pictures=False)


def near(found: int, mails: int, wanted: float) -> bool:
    """Within the tolerance, and what chance allows a sample of that size."""
    wide = load().realism.clue_tolerance * wanted + 2 * math.sqrt(wanted / mails)
    return abs(found / mails - wanted) <= wide


@pytest.mark.parametrize(("seed", "variant"), [(1000, "2006"), (1001, "modern")])
def test_honest_mail_looks_forged_as_often_as_outside(seed: int, variant: str) -> None:
    world = World(seed, "S", variant)
    era = load().variant[variant]
    mails = back = under = ids = wrong = 0
    for mail in world.day(1):
        if mail.kind != "good":
            continue
        raw = wire.write(mail, content.compose(mail, None, seed, PLAIN), seed)
        hops = list(trace.read(message.parse(raw)))
        times = [hop.at for hop in hops if hop.at is not None]
        mails += 1
        back += any(lower - upper > 5 * MINUTE for upper, lower in itertools.pairwise(times))
        under += any(hop.below_originator for hop in hops)
        for hop in hops:
            clock = queueid.clock(hop)
            if clock is not None and hop.at is not None:
                ids += 1
                wrong += abs(clock - hop.at) > 5 * MINUTE
    assert mails > 3000
    assert near(back, mails, era.back_in_time)
    assert near(under, mails, era.below_author)
    assert wrong <= max(3, ids // 1000)
