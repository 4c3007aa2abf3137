"""Real programs of Debian packages (``make peers``): skipped where absent, demanded where CI says so."""

from __future__ import annotations

import glob
import os
import shutil
import socket

import pytest

_EXTRA = "/usr/sbin:/usr/local/sbin:" + ":".join(sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True))


def need(program: str) -> str:
    """The program's path; skips without it, fails if JUNKHOUND_REQUIRE_PEERS is set."""
    path = shutil.which(program) or shutil.which(program, path=_EXTRA)
    if path is None:
        if os.environ.get("JUNKHOUND_REQUIRE_PEERS"):
            pytest.fail(f"{program} is not installed, and JUNKHOUND_REQUIRE_PEERS is set: run make peers")
        pytest.skip(f"{program} is not installed (make peers)")
    return path


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """A port on 127.0.0.1 that was free a moment ago."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
