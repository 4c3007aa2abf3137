"""When each list is written by the service: own ones on change, public ones in batches nobody can predict."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel.clock import SECOND
from junkhound.service.deciding import BATCH_S, HELD_S, Pace, Steady


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_an_own_list_is_written_whenever_it_changed_and_only_then() -> None:
    clock = Clock()
    pace = Pace(clock)
    assert not pace.take("main", "own")
    for _ in range(3):
        pace.changed("main")
        assert pace.take("main", "own")
        assert not pace.take("main", "own")
        clock.now += 60


@given(st.lists(st.floats(*BATCH_S), min_size=3, max_size=3))
def test_a_public_list_waits_for_its_batch_and_keeps_what_changed(draws: list[float]) -> None:
    clock = Clock()
    pace = Pace(clock, lambda low, high: draws.pop(0))
    wanted = list(draws)
    pace.changed("world")
    assert pace.take("world", "public"), "the first has nothing to hide behind"
    pace.changed("world")
    clock.now += wanted[0] - 0.001
    assert not pace.take("world", "public")
    clock.now += 0.002
    assert pace.take("world", "public")
    assert not pace.take("world", "public"), "nothing changed since"


def test_batches_are_between_five_and_fifteen_minutes_apart_and_differ() -> None:
    clock, times = Clock(), []
    pace = Pace(clock)
    for _ in range(8):
        pace.changed("world")
        while not pace.take("world", "public"):
            clock.now += 1
        times.append(clock.now)
    gaps = {b - a for a, b in pairwise(times)}
    assert all(BATCH_S[0] <= gap <= BATCH_S[1] + 1 for gap in gaps)
    assert len(gaps) > 1


def test_a_clock_that_jumps_holds_the_lists_until_it_is_right_again_or_stays() -> None:
    elapsed = Clock()
    steady = Steady(elapsed)
    year = 365 * 86_400

    def at(ahead: float) -> str | None:
        elapsed.now += 60
        return steady.held(int((1_000_000 + elapsed.now + ahead) * SECOND))

    assert at(0) is None
    assert at(30) is None  # a clock may be corrected
    assert "clock jumped" in str(at(year))
    assert "clock jumped" in str(at(year))
    assert at(0) is None  # set right again: at once
    assert "clock jumped" in str(at(-year))
    assert at(30) is None
    assert at(year) is not None
    elapsed.now += HELD_S
    assert at(year) is None  # it goes as time does: somebody meant it
    assert at(year) is None
    assert at(0) is not None


def test_a_machine_that_slept_is_no_jump() -> None:
    elapsed = Clock()
    steady = Steady(elapsed)
    assert steady.held(0) is None
    elapsed.now += 9 * 3600
    assert steady.held(9 * 3600 * SECOND) is None
