"""Every page in a real browser: it is drawn, the style sheet came, and the console has nothing to say."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from junkhound import content
from junkhound.kernel import config
from junkhound.verbs.access import Doors
from support.peers import need

pytestmark = pytest.mark.peer

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--disable-dev-shm-usage",
         "--enable-logging=stderr", "--v=0")  # fmt: skip
PAGES = ("/", "/sources", "/address/203.0.113.7", "/lists", "/lists/main", "/record/JH-2006-000001", "/trace",
         "/campaign/K-2006-000001", "/botnets", f"/entity/domain/{content.key('pills.example'):016x}")  # fmt: skip


@pytest.fixture(scope="module")
def url(settings: config.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The operator's pages of the hostile home, served by the real program."""
    file = tmp_path_factory.mktemp("served") / "junkhound.toml"
    file.write_text(
        f'[store]\nhome = "{settings.home}"\n[network]\nallow_documentation = true\n[lists.main]\nscope = "public"\n'
        '[lists.house]\n[traps.one]\ndomains = ["trap.example"]\nrelays = ["mx.trap.example"]\n'
        '[traps.two]\ndomains = ["bait.test"]\nrelays = ["mx.bait.test"]\n'
    )
    command = [sys.executable, "-m", "junkhound", "--config", str(file), "web", "--json", "--listen", "127.0.0.1:0",
               "--at", "2006-06-10T12:00:00Z"]  # fmt: skip
    need("chromium")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        text = ""
        for line in process.stdout:
            text += line
            if line.startswith("}"):
                break
        yield str(json.loads(text)["operator"])
    finally:
        process.terminate()
        process.wait(30)


def draw(settings: config.Config, url: str, path: str, place: Path, width: int, *flags: str) -> tuple[bytes, str]:
    """The page as a picture, and what the browser had to say."""
    link = f"{url}/enter?token={Doors(settings).link()}&next={path}"
    picture = place / "page.png"
    command = [need("chromium"), *FLAGS, f"--user-data-dir={place / 'profile'}", f"--window-size={width},600", *flags,
               f"--screenshot={picture}", link]  # fmt: skip
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "HOME": str(place)}
    )
    assert picture.exists(), done.stderr
    return picture.read_bytes(), done.stderr


def colours(png: bytes) -> tuple[int, set[bytes]]:
    """(width, the colours) of an 8-bit PNG (its specification, section 9: filters)."""
    at, packed, width, depth = 8, b"", 0, 0
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind == b"IHDR":
            width, _, bits, colour = struct.unpack(">IIBB", png[at + 8 : at + 18])
            assert bits == 8
            depth = {2: 3, 6: 4}[colour]
        elif kind == b"IDAT":
            packed += png[at + 8 : at + 8 + length]
        at += 12 + length
    raw = zlib.decompress(packed)
    line = width * depth
    above, found = bytearray(line), set[bytes]()
    for start in range(0, len(raw), line + 1):
        row = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + line]), above, depth)
        found |= {bytes(row[n : n + 3]) for n in range(0, line, 29 * depth)}
        above = row
    return width, found


def _unfiltered(how: int, row: bytearray, above: bytearray, depth: int) -> bytearray:
    for n in range(len(row)):
        left = row[n - depth] if n >= depth else 0
        corner = above[n - depth] if n >= depth else 0
        if how == 1:
            row[n] = (row[n] + left) & 255
        elif how == 2:
            row[n] = (row[n] + above[n]) & 255
        elif how == 3:
            row[n] = (row[n] + (left + above[n]) // 2) & 255
        elif how == 4:
            guess = left + above[n] - corner
            near = min((left, above[n], corner), key=lambda one: abs(guess - one))
            row[n] = (row[n] + near) & 255
    return row


PAPER, CARD = bytes.fromhex("faf6ef"), bytes.fromhex("fffdfa")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_drawn(settings: config.Config, url: str, path: str, tmp_path: Path) -> None:
    png, said = draw(settings, url, path, tmp_path, 700)
    width, found = colours(png)
    assert width == 700
    assert {PAPER, CARD} <= found  # the style sheet came
    assert len(found) > 8  # and there is something on it
    assert "Content Security Policy" not in said
    assert "CONSOLE" not in said


def test_it_fits_a_phone_and_has_a_dark_side(settings: config.Config, url: str, tmp_path: Path) -> None:
    png, _ = draw(settings, url, "/", tmp_path, 500, "--blink-settings=preferredColorScheme=0")
    width, found = colours(png)
    assert width == 500
    assert bytes.fromhex("16120e") in found
    assert PAPER not in found
