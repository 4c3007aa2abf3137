"""A tracer that dies at the second mail, whenever it is asked for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from junkhound.verbs import pinning


def start(boundaries: pinning.Boundaries) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    """As ``pinning.start``, for a world in which the second mail is a killer."""
    inner = pinning.start(boundaries)

    def work(fd: int, request: bytes, mark: Callable[[int], None]) -> Iterator[bytes]:
        first = int.from_bytes(request, "big")
        for place, frame in enumerate(inner(fd, request, mark), first):
            if place == 1:
                os._exit(9)
            yield frame

    return work
