"""The forms in which lists leave: a registry, so that yours and ours come in by one door (``junkhound.outputs``)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from junkhound.kernel.registry import Registry
from junkhound.publish.edition import Edition

Output = Callable[[Edition], Mapping[str, bytes]]
"""One form: from an edition to the content of each file by its ending, such as ``{"txt": b"..."}``.

Deterministic: equal editions give equal bytes. It may use only what the edition says.
"""

outputs: Registry[Output] = Registry("outputs")


def text(lines: list[str]) -> bytes:
    """Lines with LF ends as bytes."""
    return "".join(f"{line}\n" for line in lines).encode()
