"""The byte loops of the hot path in C, where they were built; everywhere else their twins in Python do the same.

Public: ``steps`` (the built module, or None), ``state`` (in words, which of both is in use), ``digest``, ``FOLDER``.

The sources stand beside this file, one for each room's step. ``tools/venv.sh`` builds them where a C compiler and
Python's headers are, as ``python -m junkhound.kernel.compiled`` does. A build whose sources have changed since is not
used, and with ``JUNKHOUND_PURE=1`` in the environment none is.
"""

from __future__ import annotations

import importlib
import os
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

__all__ = ["FOLDER", "digest", "state", "steps"]

FOLDER = Path(__file__).parent


def digest() -> str:
    """Which sources these are: a build says of which it was made."""
    found = sha256()
    for file in sorted(FOLDER.glob("*.[ch]")):
        found.update(file.name.encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:32]


def _found() -> tuple[ModuleType | None, str]:
    if os.environ.get("JUNKHOUND_PURE", "") not in ("", "0"):
        return None, "plain Python, as JUNKHOUND_PURE asks for"
    try:
        made = importlib.import_module("junkhound.kernel.compiled._steps")
    except ModuleNotFoundError:
        return None, "plain Python: the compiled steps are not built"
    except ImportError as error:
        return None, f"plain Python: {error}"
    if digest() != made.SOURCES:
        return None, "plain Python: the compiled steps are older than their sources"
    return made, "compiled"


_made, state = _found()
steps: Any = _made
