"""How faithfully an address has sent: days, runs and pauses by one question."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from junkhound.kernel import net
from junkhound.kernel.clock import DAY
from junkhound.kernel.config import Config, Store
from junkhound.ledger import Ledger
from junkhound.ledger.activity import activity
from junkhound.stats import HIATUS_DAYS
from junkhound.tables import Kind
from support.sightings import NOON, sighting, unit

HERE = net.parse("192.0.2.7")
assert HERE is not None
DAY_0 = NOON // DAY


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(Config(store=Store(home=str(tmp_path / "home")))) as opened:
        yield opened


def test_runs_and_pauses_are_counted_and_a_day_once(ledger: Ledger) -> None:
    days = [0, 1, 2, 2, 5, 40, 41]
    rows = [sighting(n, day=day) for n, day in enumerate(days, 1)]
    rows += [
        sighting(90, day=10, kind=int(Kind.GOOD)),
        sighting(91, "192.0.2.8", day=12),
        sighting(92, day=50, resend=1),
    ]
    ledger.commit([unit(ledger.store, 1, rows)])
    found = activity(ledger.query(), HERE)
    assert found is not None
    assert (found.first, found.last, found.active, found.span) == (DAY_0, DAY_0 + 41, 6, 42)
    assert (found.longest_run, found.hiatuses, found.longest_hiatus) == (3, 1, 34)
    assert [day for day in range(60) if found.on(DAY_0 + day)] == [0, 1, 2, 5, 40, 41]
    assert found.within(DAY_0 + 2, DAY_0 + 41) == 3
    ledger.compact(NOON + 60 * DAY)
    assert activity(ledger.query(), HERE) == found
    early = activity(ledger.query(), HERE, DAY_0 + 5)
    assert early is not None
    assert (early.active, early.hiatuses) == (3, 0)
    assert activity(ledger.query(), HERE, DAY_0) is None


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 60), min_size=1, max_size=15))
def test_it_agrees_with_counting_by_hand(tmp_path_factory: pytest.TempPathFactory, days: set[int]) -> None:
    with Ledger.open(Config(store=Store(home=str(tmp_path_factory.mktemp("home"))))) as ledger:
        ledger.commit([unit(ledger.store, 1, [sighting(n, day=day) for n, day in enumerate(sorted(days), 1)])])
        found = activity(ledger.query(), HERE)
    assert found is not None
    ordered = sorted(days)
    gaps = [b - a - 1 for a, b in itertools.pairwise(ordered)]
    run = best = 1
    for gap in gaps:
        run = 1 if gap else run + 1
        best = max(best, run)
    assert (found.active, found.longest_run) == (len(days), best)
    assert (found.hiatuses, found.longest_hiatus) == (sum(g >= HIATUS_DAYS for g in gaps), max(gaps, default=0))
    assert {day for day in range(61) if found.on(DAY_0 + day)} == days
