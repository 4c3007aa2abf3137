"""A real server as a child process, waited for until it answers."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def server(command: list[str], port: int, log: Path, ready: Callable[[], bool]) -> Iterator[None]:
    """The command runs while the block does; its words go to ``log``."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, "LC_ALL": "C"})
    try:
        until = time.monotonic() + 40
        while True:
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"{command[0]} on port {port} is not ready:\n{log.read_text()[-3000:]}")
            with contextlib.suppress(OSError):
                if ready():
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)
