"""The snippets of docs/use.md, so that what the manual shows is what the tests run."""

from __future__ import annotations

import re
from pathlib import Path

_PAGE = Path(__file__).parents[2] / "docs" / "use.md"


def snippet(chapter: str, number: int = 0, lists: Path | None = None) -> str:
    """Code block ``number`` of a chapter, with the folder of lists put in."""
    (body,) = re.findall(rf"(?ms)^## {re.escape(chapter)}\n(.*?)(?=^## |\Z)", _PAGE.read_text("utf-8"))
    block = re.findall(r"(?s)```\w*\n(.*?)```", body)[number]
    return block if lists is None else block.replace("/srv/lists", str(lists))
