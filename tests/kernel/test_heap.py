"""A process that keeps its heap asks the system for the same memory once."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

WORK = """
import resource, sys
from junkhound.kernel import heap

kept = heap.keep() if sys.argv[1] == "kept" else None

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def turn(size):
    held = [bytes(size) for _ in range(17)]
    b"".join(held)

turn(38_000)
before = faults()
for size in range(38_000, 40_000, 20):
    turn(size)
print(kept, faults() - before)
"""


def faults(how: str) -> tuple[str, int]:
    done = subprocess.run([sys.executable, "-c", WORK, how], capture_output=True, text=True, check=True)
    kept, count = done.stdout.split()
    return kept, int(count)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries give it back as they like")
def test_freed_memory_is_not_asked_for_again() -> None:
    kept, few = faults("kept")
    _, many = faults("as it comes")
    assert kept == "True"
    assert few < 1000
    assert many > 10 * few
