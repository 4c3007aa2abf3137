"""Every engine gives the same answers, and a worker that dies takes nothing with it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from junkhound.kernel.config import Engine
from junkhound.kernel.engine import engines
from junkhound.kernel.errors import Temporary, UsageError
from support.units import doomed, squares

NAMES = [f"{n:016x}" for n in range(40)]


@pytest.mark.parametrize("name", ["inline", "pool", pytest.param("dask", marks=pytest.mark.slow)])
def test_engines_agree(name: str) -> None:
    if name == "dask":
        pytest.importorskip("distributed")
    engine = engines.get(name)(Engine(name=name, workers=2))
    try:
        done = dict(engine.map_units(partial(squares, ""), iter(NAMES)))
    finally:
        engine.close()
    assert done == {name: int(name, 16) ** 2 for name in NAMES}


def test_tasks_of_a_killed_worker_are_given_out_again(tmp_path: Path) -> None:
    engine = engines.get("pool")(Engine(workers=2))
    try:
        done = list(engine.map_units(partial(squares, str(tmp_path)), iter(NAMES)))
    finally:
        engine.close()
    assert sorted(name for name, _ in done) == NAMES, "each exactly once"
    assert len(list(tmp_path.iterdir())) == 2, "two workers really died"


def test_a_task_that_always_kills_its_worker_is_an_error_and_no_endless_loop() -> None:
    engine = engines.get("pool")(Engine(workers=1))
    try:
        with pytest.raises(Temporary, match="die again and again"):
            list(engine.map_units(doomed, ["a"]))
    finally:
        engine.close()


def test_an_unknown_engine_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        engines.get("pol")
    assert caught.value.hint == "did you mean 'pool'?"
