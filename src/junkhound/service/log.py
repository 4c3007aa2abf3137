"""One line an event on stderr: for people, or as JSON for machines (``[serve] log``)."""

from __future__ import annotations

import json
import os
import sys
import time

FORMAT = "JUNKHOUND_LOG"


def say(role: str, words: str, **fields: object) -> None:
    """Say what happened; ``fields`` are what a machine would look for."""
    if os.environ.get(FORMAT) == "quiet" and not fields.keys() & {"status", "hint"}:
        return  # a demonstration: only what went wrong
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    if os.environ.get(FORMAT) == "json":
        line = json.dumps({"at": at, "role": role, "pid": os.getpid(), "message": words, **fields})
    else:
        line = " ".join((at, f"{role}:", words, *(f"{name}={value}" for name, value in fields.items())))
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
