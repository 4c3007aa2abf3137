"""The compiled steps: built from their sources, used only when they are of these sources, safe with any bytes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from junkhound.kernel import compiled
from junkhound.kernel.compiled import building

ROOT = Path(__file__).parents[2]
SAY = "from junkhound.kernel import compiled; print(compiled.state)"

needs_compiler = pytest.mark.skipif(building.compiler() is None, reason="no C compiler, or no headers of Python")


def say(code: str, **environment: str) -> str:
    given = {key: value for key, value in os.environ.items() if key != "JUNKHOUND_PURE"} | environment
    done = subprocess.run([sys.executable, "-c", code], env=given, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_plain_python_can_be_asked_for() -> None:
    assert say(SAY, JUNKHOUND_PURE="1") == "plain Python, as JUNKHOUND_PURE asks for"


def copied(folder: Path) -> str:
    """The package in a folder of its own, without a build; code that imports from there."""
    shutil.copytree(ROOT / "src/junkhound", folder / "junkhound", ignore=shutil.ignore_patterns("_steps.*", "__pyc*"))
    return f"import sys; sys.path.insert(0, {str(folder)!r}); {SAY}"


@needs_compiler
def test_a_build_is_used_until_its_sources_change(tmp_path: Path) -> None:
    code = copied(tmp_path)
    assert say(code) == "plain Python: the compiled steps are not built"
    there = tmp_path / "junkhound/kernel/compiled"
    assert building.build(there / f"_steps{sysconfig.get_config_var('EXT_SUFFIX')}") == ""
    assert say(code) == "compiled"
    with (there / "fold.c").open("a") as file:
        file.write("/* another */\n")
    assert say(code) == "plain Python: the compiled steps are older than their sources"


def test_without_a_compiler_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert building.build(tmp_path / "_steps.so") == "no C compiler, or no headers of Python"
    assert list(tmp_path.iterdir()) == []


@needs_compiler
def test_what_the_compiler_says_is_told(tmp_path: Path) -> None:
    assert "error" in building.build(tmp_path / "_steps.so", ("-include", str(tmp_path / "nowhere.h")))
    assert list(tmp_path.iterdir()) == []


def test_steps_refuse_what_they_cannot_read() -> None:
    if compiled.steps is None:
        pytest.skip(compiled.state)
    names = (
        "fold",
        "words",
        "letter_signs",
        "text_signs",
        "may_hold",
        "cues",
        "from_1252",
        "quoted",
        "is_utf8",
        "base64",
    )
    for step in names:
        with pytest.raises(TypeError):
            getattr(compiled.steps, step)("text")
    for given in ((), (1,), (b"x", 2), ("x", 0, 1)):
        for step in ("html", "undone", "split", "header", "received", "hinting", "languages", "delimiter", "value"):
            with pytest.raises((TypeError, ValueError)):
                getattr(compiled.steps, step)(*given)
    with pytest.raises(ValueError, match="outside"):
        compiled.steps.split(b"abc", 0, 4)


FUZZ = """
import sys, random, sysconfig
sys.path[:0] = [{folder!r}, {tests!r}]
from itertools import islice
from junkhound.kernel import compiled
assert compiled.state == "compiled", compiled.state
from support import hostile, twins
for seed in range({seeds}):
    for text in islice(hostile.pieces(hostile.MARKUP, seed, 80), 800):
        assert all(ours == twin for _, ours, twin in twins.of_text(text))
    for text in islice(hostile.pieces(hostile.SHARED, seed, 30), 800):
        assert all(ours == twin for _, ours, twin in twins.of_finds(text))
    for text in islice(hostile.elements(seed, 8), 800):
        assert all(ours == twin for _, ours, twin in twins.of_styles(text))
    for value in islice(hostile.lines(seed), 2000):
        assert all(ours == twin for _, ours, twin in twins.of_line(value))
    for text in islice(hostile.pieces(hostile.HEADER, seed, 60), 400):
        assert all(ours == twin for _, ours, twin in twins.of_header(text))
    dice = random.Random(seed)
    for _ in range(200):
        noise = dice.randbytes(dice.randrange(9000))
        assert all(ours == twin for _, ours, twin in (*twins.of_text(noise), *twins.of_header(noise)))
print("clean")
"""


@needs_compiler
@pytest.mark.slow
def test_no_byte_outside_is_touched(tmp_path: Path) -> None:
    """Built with the sanitizers of addresses and of undefined behaviour, over mail made to break it."""
    found = building.compiler()
    assert found is not None
    library = subprocess.run([found, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    if "/" not in library.stdout:
        pytest.skip("this compiler has no address sanitizer")
    copied(tmp_path)
    place = tmp_path / f"junkhound/kernel/compiled/_steps{sysconfig.get_config_var('EXT_SUFFIX')}"
    assert building.build(place, ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1")) == ""
    done = subprocess.run(
        [sys.executable, "-c", FUZZ.format(folder=str(tmp_path), tests=str(ROOT / "tests"), seeds=6)],
        env={**os.environ, "LD_PRELOAD": library.stdout.strip(), "ASAN_OPTIONS": "detect_leaks=0",
             "PYTHONMALLOC": "malloc", "JUNKHOUND_PURE": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout.strip(), done.returncode) == ("clean", 0), done.stderr[-3000:]
