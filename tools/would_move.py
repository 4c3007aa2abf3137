"""The picture of what a guard would move: a page that the guard writes of a simulated mailbox, photographed.

    python tools/would_move.py [WORLD]

WORLD is a folder that ``spamworld gen`` made; without one a tiny world is made. The mailbox, the
pack and the settings are those of ``junkhound demo``, so nothing in the picture is anybody's mail. Needs Chromium.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

BIN = Path(sys.executable).parent
PICTURE = Path(__file__).parents[1] / "docs/img/would-move.png"
WIDTH, HEIGHT = 1000, 620


def main() -> int:
    """Make the picture anew."""
    with tempfile.TemporaryDirectory(prefix="junkhound-picture-") as made:
        folder = Path(made)
        world = Path(sys.argv[1]) if len(sys.argv) > 1 else _world(folder / "world")
        said = _run(folder, "demo", "--once", "--world", str(world), "--home", "home")
        line = re.search(r"guard inbox .*", said)
        assert line is not None, said
        words = [word for word in shlex.split(line[0]) if word != "guard"]
        page = folder / "would-move.html"
        print(_run(folder, "guard", *words, "--page", str(page), config=folder / "home/junkhound.toml"))
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'browser'}",
             "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={PICTURE}", page.as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip
    print(PICTURE)
    return 0


def _world(folder: Path) -> Path:
    command = [sys.executable, "-m", "spamworld", "gen", "--tier", "tiny", "--seed", "20", "--variant", "modern"]
    subprocess.run([*command, "--out", str(folder)], check=True)
    return folder


def _run(folder: Path, *words: str, config: Path | None = None) -> str:
    """What ``junkhound`` says in this folder."""
    environ = {**os.environ, "NO_COLOR": "1", "COLUMNS": "200"}
    if config is not None:
        environ["JUNKHOUND_CONFIG"] = str(config)
    done = subprocess.run([BIN / "junkhound", *words], cwd=folder, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(words[:2])}: {done.stderr[-2000:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
