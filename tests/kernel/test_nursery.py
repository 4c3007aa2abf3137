"""Workers are forks of a process that has nothing open, and none of them outlives the one that they work for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from junkhound.kernel import nursery
from junkhound.kernel.errors import Temporary

TESTS = str(Path(__file__).parents[1])


@pytest.fixture
def made() -> Iterator[nursery.Nursery]:
    one = nursery._afresh()
    yield one
    one.close()


def test_a_process_is_raised_with_its_modules_and_answers(made: nursery.Nursery) -> None:
    link = made.raise_one("support.raised:answer", ("support.raised",), "junkhound-test")
    with link:
        pid, name, opened, here = nursery.exactly(link, int.from_bytes(nursery.exactly(link, 4), "big")).split(b"\n")
    assert int(pid) != os.getpid()
    assert name == b"junkhound-test"
    assert opened == b"1", "its own socket, and no file but the standard ones"
    assert here == b"True"


def test_what_is_prepared_is_prepared_once_and_shared(made: nursery.Nursery) -> None:
    import pickle

    from support.raised import prepare

    said = set()
    for _ in range(3):
        with made.raise_one("support.raised:prepared", (), "junkhound-test", pickle.dumps(prepare)) as link:
            said.add(nursery.exactly(link, 8))
    assert len(said) == 1, "all were forked after the same call"


def test_a_module_that_cannot_be_loaded_is_told_and_the_nursery_lives_on(made: nursery.Nursery) -> None:
    with pytest.raises(Temporary, match="no_such_module"):
        made.raise_one("support.raised:answer", ("no_such_module",), "junkhound-test")
    made.raise_one("support.raised:answer", (), "junkhound-test").close()


def test_it_is_too_late_to_fork_where_a_database_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3  # noqa: F401

    monkeypatch.setattr(nursery, "_ready", None)
    nursery.early()
    assert nursery._ready is None


def test_nobody_outlives_a_parent_that_is_killed() -> None:
    code = (
        "import os, sys, time; from junkhound.kernel import nursery; nursery.early();"
        " link = nursery.ready().raise_one('support.raised:wait', (), 'junkhound-test');"
        " print(nursery.ready()._pid, int.from_bytes(nursery.exactly(link, 4), 'big'), flush=True); time.sleep(60)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([TESTS, *filter(None, sys.path)])}
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env)
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 2
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while any(alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        os.sched_yield()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False
