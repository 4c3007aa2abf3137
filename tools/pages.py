"""Writes the pages of the manual that are made from the code: settings, layers and columns.

``pages.py`` writes them into docs/; ``pages.py --check`` says which are stale and exits 1. The options of each
verb are added to its page when the site is built (mkdocs calls ``on_page_markdown``): their wording is partly
click's, and differs between its versions.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from html import escape
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from junkhound import tables
from junkhound.cli import VERBS
from junkhound.verbs import config

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


def pages() -> Iterator[tuple[Path, str]]:
    """Every generated page with its text."""
    yield DOCS / "configuration.md", configuration()
    yield DOCS / "img/layers.svg", layers()
    yield DOCS / "specs/columns.md", columns()


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """For mkdocs: a verb's page ends with its options."""
    folder, _, verb = page.file.src_uri.removesuffix(".md").partition("/")
    if folder != "verbs" or verb not in VERBS:
        return markdown
    return f"{markdown.rstrip()}\n\n{options(verb, import_module(VERBS[verb]).command)}"


def configuration() -> str:
    """docs/configuration.md: every setting with its sentence, unit and default."""
    lines = [
        "# Configuration",
        "",
        "One TOML file, the first that is found and never merged with another: `--config FILE`, else",
        "`$JUNKHOUND_CONFIG`, `./junkhound.toml`, `$XDG_CONFIG_HOME/junkhound/junkhound.toml` (or `~/.config/...`),",
        "`/etc/junkhound/junkhound.toml`. Without a file everything has its default and stays on this machine.",
        "",
        "`junkhound config sample` prints a file with every setting explained, `junkhound config show` what is in",
        "force, `junkhound config check` what cannot be meant. This page is made from the same fields.",
    ]
    for section in config.sections():
        lines += ["", f"## [{section.name}]", "", section.text, ""]
        lines += ["| setting | default | unit | what it says |", "|---|---|---|---|"]
        for one in section.settings:
            notes = [f"One of {', '.join(f'`{word}`' for word in one.choices)}."] if one.choices else []
            notes += [f"At least {one.low:g}."] if one.low is not None else []
            text = one.text[:1].upper() + one.text[1:] + "." + "".join(f" {note}" for note in notes)
            lines.append(f"| `{one.name}` | `{config.toml(one.default)}` | {one.unit} | {_cell(text)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def columns() -> str:
    """docs/specs/columns.md: every table with its columns, as the code has them."""
    lines = [
        "# Columns of all tables",
        "",
        f"Schema version {tables.SCHEMA_VERSION}. Columns are only added, at the end. One row of `sightings` is",
        "explained in [the sighting row](sighting.md).",
    ]
    for table in tables.ALL:
        lines += ["", f"## {table.name}", "", table.text[:1].upper() + table.text[1:] + ".", ""]
        lines += ["| column | type | null | what it means |", "|---|---|---|---|"]
        lines += [f"| `{c.name}` | {c.type} | {'yes' if c.null else ''} | {_cell(c.text)} |" for c in table.columns]
    return "\n".join(lines) + "\n"


def options(verb: str, command: click.Command) -> str:
    """The arguments and options of a verb and of the verbs below it."""
    lines = ["## Options", ""]
    for name, one in _commands(verb, command):
        if isinstance(one, click.Group):
            continue
        context = click.Context(one, info_name=name)
        usage = " ".join(one.collect_usage_pieces(context))
        if name != verb:
            lines += [f"### {name}", "", _first_sentence(one), ""]
        lines += [f"`junkhound {name} {usage}`", "", "| option | what it does |", "|---|---|"]
        for parameter in one.params:
            record = parameter.get_help_record(context)
            if record is not None:
                lines.append(f"| `{_cell(record[0])}` | {_cell(record[1])} |")
        lines += ["| `-h, --help` | Show help and exit. |", ""]
    return "\n".join(lines).rstrip() + "\n"


def _commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        for word in command.list_commands(click.Context(command)):
            found = command.get_command(click.Context(command), word)
            if found is not None:
                yield from _commands(f"{name} {word}", found)


def _first_sentence(command: click.Command) -> str:
    return " ".join((command.help or "").partition("\n\n")[0].split())


LINE_TEXT = {
    "cli": "words typed: no decisions in here",
    "verbs": "every verb once; joins the pure rooms to the shells",
    "intake": "shells: the only rooms that touch the world",
    "listing": "what follows from many sightings",
    "sighting": "the waist: one flat row for every observation",
    "trace": "where from, whose network, what it says",
    "evidence": "the message as it arrived, and its seal",
    "tables": "the column schemas, written once",
    "wire": "pure codecs",
    "kernel": "engine, registry, settings, clock, addresses",
}
FILL = {"cli": "#f6d6ad", "verbs": "#f4e3a1", "intake": "#c9dfc1", "kernel": "#d9d4cc"}


def layers() -> str:
    """docs/img/layers.svg: the lines of the layers contract in pyproject.toml, top to bottom."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    lines = [[room.strip().removeprefix("junkhound.") for room in line.split("|")] for line in contracts[0]["layers"]]
    width, high, gap = 760, 44, 10
    height = len(lines) * (high + gap) + 46
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
        ' font-family="Georgia, serif" role="img" aria-label="The rooms of Junkhound, line by line">',
        f'<rect width="{width}" height="{height}" fill="#fbf8f2"/>',
    ]
    for row, rooms in enumerate(lines):
        y = 14 + row * (high + gap)
        fill = FILL.get(rooms[0], "#cfdde8")
        each = (330 - gap * (len(rooms) - 1)) / len(rooms)
        for place, room in enumerate(rooms):
            x = 16 + place * (each + gap)
            box = f'x="{x:.0f}" y="{y}" width="{each:.0f}" height="{high}" rx="5"'
            middle = f'x="{x + each / 2:.0f}" y="{y + 27}" text-anchor="middle"'
            out.append(f'<rect {box} fill="{fill}" stroke="#4a4238"/>')
            out.append(f'<text {middle} font-size="15" fill="#2b2620">{room}</text>')
        text = escape(LINE_TEXT.get(rooms[0], ""))
        out.append(f'<text x="362" y="{y + 27}" font-size="14" fill="#5a5147">{text}</text>')
    out.append(
        f'<text x="16" y="{height - 14}" font-size="13" fill="#5a5147">A line imports only from lines below it;'
        " rooms on one line do not know each other.</text>"
    )
    return "\n".join([*out, "</svg>", ""])


def main() -> int:
    stale = [(path, text) for path, text in pages() if not path.is_file() or path.read_text("utf-8") != text]
    if "--check" in sys.argv:
        for path, _ in stale:
            print(f"{path.relative_to(ROOT)} is stale: run make docs")
        return 1 if stale else 0
    for path, text in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        print(f"{path.relative_to(ROOT)}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
