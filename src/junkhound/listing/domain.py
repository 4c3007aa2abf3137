"""A listed name: a domain with everything below it, or a single host."""

from __future__ import annotations

import re
from typing import NamedTuple

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{1,126}}\Z")
LONGEST = 200
"""A name below a zone must fit into the 255 octets of RFC 1035 section 2.3.4, so the name itself is shorter."""


def domain_name(text: str) -> str | None:
    """The name as it is listed: small letters, A-labels, no last dot; None if it is none."""
    name = text.lower().removesuffix(".")
    if len(name) > LONGEST or not _NAME.match(name) or name.rpartition(".")[2].isdigit():
        return None
    return name


class Domain(NamedTuple):
    """A name as the subject of a decision; ``below`` lists everything under it too."""

    name: str
    below: bool = True

    def __str__(self) -> str:
        return self.name
