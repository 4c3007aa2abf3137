"""Every transcript of this folder, played in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.transcript import matches, play

HERE = Path(__file__).parent


@pytest.mark.parametrize("script", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
def test_script(script: Path, tmp_path: Path) -> None:
    said = script.read_text("utf-8")
    assert "$ " in said, "a transcript has commands"
    play(said, tmp_path)  # asserts what each command prints and how it ends


def test_the_player_tells_right_from_wrong() -> None:
    assert matches(["one ... three"], "one two three\n")
    assert not matches(["one ... three"], "one two four\n")
    assert matches(["first", "...", "last"], "first\na\nb\nlast\n")
    assert matches(["first", "..."], "first\na\nb\n")
    assert not matches(["first"], "first\nsecond\n")
    with pytest.raises(AssertionError):
        play("$ echo hello\ngoodbye\n", HERE)
    with pytest.raises(AssertionError):
        play("$ false\n", HERE)
