"""A parser may compute and nothing else; whatever it does, the parent learns at which item."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from junkhound.kernel.jail import Died, Jail, Limits, powers

TESTS = str(Path(__file__).parents[1])


@pytest.fixture
def jail(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONPATH", TESTS)
    made = Jail("support.prisoners:start", "hello", Limits(memory_mb=512, item_s=1.0))
    yield made
    made.close()


def run(jail: Jail, text: bytes) -> list[bytes]:
    fd = os.memfd_create("work")
    try:
        os.write(fd, text)
        return list(jail.run(fd, b"request"))
    finally:
        os.close(fd)


def test_work_goes_in_by_descriptor_and_comes_back_in_frames(jail: Jail) -> None:
    frames = [msgspec.msgpack.decode(frame) for frame in run(jail, b"one\ntwo\n")]
    assert frames == [["hello", 0, b"one", b"request"], ["hello", 1, b"two", b"request"]]
    assert len(run(jail, b"three\n")) == 1, "the same child takes the next file"


@pytest.mark.parametrize(("word", "why"), [(b"die", "SIGKILL"), (b"loop", "SIGPROF")])
def test_the_parent_learns_which_item_ended_the_child(jail: Jail, word: bytes, why: str) -> None:
    with pytest.raises(Died) as caught:
        run(jail, b"one\n" + word + b"\nthree\n")
    assert (caught.value.item, caught.value.why) == (1, why)
    assert len(run(jail, b"again\n")) == 1, "a new child takes over"


def test_work_that_comes_at_once_after_other_work_has_its_time_as_well(jail: Jail) -> None:
    assert len(run(jail, b"one\n")) == 1
    with pytest.raises(Died) as caught:
        run(jail, b"loop\n")
    assert caught.value.why == "SIGPROF"


def test_memory_is_bounded(jail: Jail) -> None:
    with pytest.raises(Died) as caught:
        run(jail, b"one\ngrow\n")
    assert caught.value.item == 1


def test_a_parser_opens_no_socket(jail: Jail) -> None:
    if not powers()["seccomp"]:
        pytest.skip("this kernel allows no seccomp filter")
    assert run(jail, b"call\n") == [b"refused"]
