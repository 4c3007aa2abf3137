"""Lines that were read before, but for their id and their date: what a mailbox's own relays write with every mail.

On mail of 2002, fetched by POP through two relays, every second line that is read was met before in this sense. The
answer is the one that ``read_line`` gives; where that is not certain, ``read_line`` is asked. Only the compiled steps
remember: in plain Python, to know a line again costs as much as to read it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import astuple

from junkhound.kernel.compiled import steps
from junkhound.trace.dialects import LINE_LIMIT, read_line
from junkhound.trace.hop import Hop

_FIELDS = Hop.__struct_fields__
_known: dict[bytes, tuple[Any, ...]] = {}  # all forgotten when there are 4,096


def read_plainly(raw: bytes, start: int, end: int, index: int, below: bool) -> Hop:
    """``read_again`` without the compiled steps."""
    value = raw[start : end if end - start < LINE_LIMIT else start + LINE_LIMIT]
    return read_line(value.decode("latin-1"), index, below)


read_again: Callable[[bytes, int, int, int, bool], Hop] = read_plainly
"""The hop that the line at ``raw[start:end]`` describes, as ``read_line`` gives it."""

if steps is not None:
    steps.lines(
        _known, Hop, read_line, astuple, "scan",
        *(_FIELDS.index(name) for name in ("id", "at", "index", "below_originator", "dialect")), len(_FIELDS),
    )  # fmt: skip
    read_again = steps.line


def forget() -> None:
    """Forget all lines, as a measurement does before each pass over the same mail."""
    _known.clear()
