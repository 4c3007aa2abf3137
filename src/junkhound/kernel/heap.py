"""The heap of a process: freed memory stays, instead of going back to the system and coming again page by page.

Mails that wait for one sync are half a megabyte together. The C library of Linux gives that back when they are freed,
and asks for it again with the next: a quarter of what a mail of 38 kB costs.
"""

from __future__ import annotations

import ctypes
import sys

KEPT_BYTES = 32 << 20

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h


def keep(most: int = KEPT_BYTES) -> bool:
    """Let this process keep up to ``most`` freed bytes; whether the C library can (glibc can)."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    return mallopt is not None and all([mallopt(_TRIM_THRESHOLD, most), mallopt(_MMAP_THRESHOLD, most)])
