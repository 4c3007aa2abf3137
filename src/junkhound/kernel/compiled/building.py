"""Building the compiled steps: one call of the C compiler, no tool beside it."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from junkhound.kernel.compiled import FOLDER, digest

FLAGS = ("-O3", "-fPIC", "-shared", "-fno-strict-aliasing", "-fwrapv", "-fstack-protector-strong", "-Wall", "-Wextra")
QUIET = ("-Wno-unused-parameter",)  # every step gets the module it belongs to


def sources() -> list[Path]:
    """The C files, in a fixed order."""
    return sorted(FOLDER.glob("*.c"))


def compiler() -> str | None:
    """The C compiler, None if there is none or Python's headers are missing."""
    named = (sysconfig.get_config_var("CC") or "cc").split()[0]
    found = shutil.which(named) or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    headers = Path(sysconfig.get_paths()["include"]) / "Python.h"
    return found if found and headers.is_file() else None


def build(target: Path | None = None, flags: tuple[str, ...] = ()) -> str:
    """Build the steps beside their sources, or at ``target``; "" when done, else why not."""
    found = compiler()
    if found is None:
        return "no C compiler, or no headers of Python"
    suffix = sysconfig.get_config_var("EXT_SUFFIX") or ".so"
    place = target or FOLDER / f"_steps{suffix}"
    include = sysconfig.get_paths()["include"]
    try:
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".building-") as made:
            output = Path(made) / place.name
            given = [found, *FLAGS, *QUIET, *flags, f"-DSOURCES={digest()}", f"-I{include}"]
            given += [str(file) for file in sources()]
            done = subprocess.run(  # noqa: S603  our own words and file names
                [*given, "-o", str(output)], capture_output=True, text=True, timeout=300, check=False
            )
            if done.returncode:
                said = [line for line in done.stderr.splitlines() if "error" in line] or ["the compiler failed"]
                return said[0].strip()[:300]
            output.replace(place)  # at once: another process may be importing the old one
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return ""
