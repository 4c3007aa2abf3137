"""The picture holds: layers, types and style, and the pure rooms need nothing that touches the world."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PURE = ("wire", "tables", "evidence", "trace", "attribution", "content", "sighting", "listing", "stats")

# What the pure rooms may import beside the standard library: arrays, records, the parsers and codecs themselves.
PARSERS = ("numpy", "msgspec", "publicsuffixlist", "xxhash", "rensa", "zstandard")


def run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_room_imports_only_from_the_lines_below_it() -> None:
    assert "0 broken" in run(BIN / "lint-imports", "--no-cache")


def test_types_are_strict() -> None:
    run(sys.executable, "-m", "mypy")


def test_style() -> None:
    run(sys.executable, "-m", "ruff", "check", ".")


def test_form() -> None:
    run(sys.executable, "-m", "ruff", "format", "--check", ".")


def test_the_layers_name_every_room() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    named = {room.strip() for line in contracts[0]["layers"] for room in line.split("|")}
    rooms = {f"junkhound.{p.parent.name}" for p in (ROOT / "src/junkhound").glob("*/__init__.py")}
    assert rooms == named


BLOCKED = """
import importlib, pkgutil, sys
blocked = set(sys.argv[2].split(","))
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ImportError("the pure rooms must do without " + name)
sys.meta_path.insert(0, Wall())
room = importlib.import_module("junkhound." + sys.argv[1])
for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
    importlib.import_module(module.name)
stdlib = sys.stdlib_module_names
print(",".join(sorted({name.partition(".")[0] for name in sys.modules} - stdlib)))
"""


@pytest.mark.parametrize("room", PURE)
def test_a_pure_room_imports_with_arrays_records_and_parsers_only(room: str) -> None:
    world = "pyarrow,duckdb,sqlalchemy,alembic,obstore,click,rich,maxminddb,psycopg,distributed"
    loaded = set(run(sys.executable, "-c", BLOCKED, room, world).strip().split(","))
    helpers = ("_", "cython_runtime", "mypyc", "sitecustomize", "typing_extensions")
    strangers = {n for n in loaded if n and n not in PARSERS and n != "junkhound" and not n.startswith(helpers)}
    assert not strangers


def test_no_file_is_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "src").rglob("*.py")
        if (lines := path.read_text().count("\n")) > 500
    }
    assert not long
