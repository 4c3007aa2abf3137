"""A parser that dies of any mail with a certain word in it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

from junkhound import sighting
from junkhound.evidence import message
from junkhound.sighting import batch
from junkhound.verbs import parser

WORD = b"X-Deadly: yes"


def start(orders: parser.Orders) -> Callable[[int, bytes, Callable[[int], None]], Iterator[bytes]]:
    work = parser.start(orders)

    def parse(raw: bytes) -> message.Message:
        if WORD in raw:
            os.kill(os.getpid(), signal.SIGSEGV)
        return message.parse(raw)

    batch.parse = parse
    return work


assert sighting
