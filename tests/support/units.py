"""Units for engine tests, in a module that workers can import."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path


def squares(folder: str) -> Callable[[str], int]:
    """A unit that squares hexadecimal names; in ``folder`` each name that ends in f kills its worker once."""
    return partial(_square, folder)


def _square(folder: str, name: str) -> int:
    if name.endswith("f") and folder:
        try:
            Path(folder, name).touch(exist_ok=False)
        except FileExistsError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return int(name, 16) ** 2


def doomed() -> Callable[[str], int]:
    """A unit that always kills its worker."""
    return _die


def _die(name: str) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0
