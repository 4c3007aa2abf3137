"""Work at leisure, behind everything else that runs here: the same rhythm for all who do it."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable

from junkhound.kernel.errors import ConfigError, JunkhoundError
from junkhound.service.log import say
from junkhound.service.notes import Notes

LOOK_S = 5.0
NICE = 10

Turn = Callable[[], tuple[float, str]]
"""One turn of work: seconds that it wants to rest, and what the operator should hear, once."""


def run(role: str, every_s: float, turn: Turn, stop: threading.Event, notes: Notes) -> None:
    """A turn every ``every_s``, later where it wants to rest; what hinders it is told once and tried again."""
    with contextlib.suppress(OSError):
        os.nice(NICE)
    due, told = 0.0, ""
    while not stop.is_set():
        if time.monotonic() >= due:
            rest, words, hint = 0.0, "", None
            try:
                rest, words = turn()
            except ConfigError as error:  # nothing to work with: it may be there later
                words, hint = error.message, error.hint
            except JunkhoundError as error:
                notes.add("failures_total")
                words = error.message
            if words and words != told:
                say(role, words, **({"hint": hint} if hint else {}))
            told = words
            due = time.monotonic() + max(every_s, rest)
        notes.write(force=True)
        stop.wait(LOOK_S)
