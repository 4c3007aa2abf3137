"""Editions to files: each file whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from junkhound.publish.edition import Edition
from junkhound.publish.outputs import outputs

Put = Callable[[Path, bytes], None]
"""Writes one file so that readers and power cuts find the old one or the new one (the ledger's file layer)."""


class Written(msgspec.Struct, frozen=True):
    """One file as written."""

    form: str
    path: str
    size: int


def write(edition: Edition, forms: Iterable[str], folder: Path, put: Put) -> list[Written]:
    """Write the edition in these forms as ``folder/LIST.ENDING``; all forms are made before the first is written.

    Errors: UsageError for an unknown form; what ``put`` raises.
    """
    made = [(form, ending, content) for form in forms for ending, content in outputs.get(form)(edition).items()]
    written = []
    for form, ending, content in made:
        path = folder / f"{edition.name}.{ending}"
        put(path, content)
        written.append(Written(form, str(path), len(content)))
    return written
