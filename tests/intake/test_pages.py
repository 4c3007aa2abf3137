"""What the manual says of intake is what the code does."""

from __future__ import annotations

from pathlib import Path

from junkhound.intake import pipe
from junkhound.intake.mail import PROBLEMS

DOCS = Path(__file__).parents[2] / "docs"


def test_every_counted_word_stands_in_the_manual():
    page = (DOCS / "intake.md").read_text()
    assert [word for word in PROBLEMS if f"`{word}`" not in page] == []


def test_the_postfix_lines_of_page_and_help_name_only_real_options():
    for text in ((DOCS / "verbs/pipe.md").read_text(), pipe.EXAMPLE):
        named = {word.partition("=")[0].strip('`"') for word in text.split() if word.startswith("--") and "=" in word}
        assert named
        assert named <= {f"--{name}" for name in pipe.OPTIONS}
