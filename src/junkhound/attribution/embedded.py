"""The table that ships with the package: the one file this room reads, as the suffix list of ``content`` is."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from junkhound.attribution.routes import RouteTable
from junkhound.kernel.errors import NotFound

NUMBER = 1  # the embedded table's number in every home


def path() -> Path:
    """The newest packed table in the package."""
    names = sorted((Path(__file__).parent / "data").glob("*.routes"))
    if not names:
        raise NotFound("the package has no route table", "tools/pack_routes.py makes it; was it installed whole?")
    return names[-1]


def content() -> bytes:
    """Its bytes."""
    return path().read_bytes()


@cache
def embedded() -> RouteTable:
    """The embedded table, read once a process."""
    return RouteTable.from_bytes(content(), NUMBER)
