"""The demonstration, made once for all test processes of a run."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.transcript import environment


def made(factory: pytest.TempPathFactory) -> Path:
    """The folder of `junkhound demo`; the first process makes it, the others wait. Read it, do not change it."""
    base = factory.getbasetemp()
    if base.name.startswith("popen-"):  # a worker of xdist
        base = base.parent
    folder = base / "demonstration"
    with (base / "demonstration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (base / "demonstration.txt").exists():
            done = subprocess.run(
                [Path(sys.executable).parent / "junkhound", "demo", "--home", folder, "--once"],
                cwd=base, env=environment(base), capture_output=True, text=True, timeout=600, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
            (base / "demonstration.txt").write_text(done.stdout, "utf-8")
    return folder


def copied(factory: pytest.TempPathFactory, into: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(made(factory), into / "junkhound-demo"))


def printed(folder: Path) -> str:
    """What it printed."""
    return (folder.parent / "demonstration.txt").read_text("utf-8")
