"""The table that ships with the package: the one file this room reads, as the suffix list of ``content`` is."""

from __future__ import annotations

from functools import cache
from importlib import resources

from junkhound.attribution.routes import RouteTable
from junkhound.kernel.errors import NotFound

NUMBER = 1  # the embedded table's number in every home


def content() -> bytes:
    """The bytes of the newest packed table in the package."""
    folder = resources.files("junkhound.attribution") / "data"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".routes"))
    if not names:
        raise NotFound("the package has no route table", "tools/pack_routes.py makes it; was it installed whole?")
    return (folder / names[-1]).read_bytes()


@cache
def embedded() -> RouteTable:
    """The embedded table, read once a process."""
    return RouteTable.from_bytes(content(), NUMBER)
