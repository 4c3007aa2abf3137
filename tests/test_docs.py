"""The manual is held to the program: every verb, setting and plug-in kind is in it, links lead on, examples run."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from importlib import import_module, util
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

from junkhound.cli import VERBS
from junkhound.kernel.config import Config
from junkhound.kernel.registry import Registry
from junkhound.verbs import config
from support.demonstration import copied, made, printed
from support.transcript import environment, play

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
MANUAL = "\n".join(page.read_text("utf-8") for page in PAGES)
EXISTING = [verb for verb, module in VERBS.items() if util.find_spec(module)]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("verb", EXISTING)
def test_every_verb_has_a_page_with_an_example(verb: str) -> None:
    text = (DOCS / f"verbs/{verb}.md").read_text("utf-8")
    assert text.startswith(f"# {verb}\n")
    assert re.search(rf"(junkhound|\|) .*\b{verb}\b|junkhound {verb}", text), "no example"


@pytest.mark.parametrize("verb", EXISTING)
def test_every_verb_teaches(verb: str) -> None:
    def walk(words: str, command: click.Command) -> None:
        assert command.help, words
        if isinstance(command, click.Group):
            for name, one in command.commands.items():
                walk(f"{words} {name}", one)
        else:
            assert "Example" in command.help or command.epilog, f"{words} has no example"

    walk(verb, import_module(VERBS[verb]).command)


def test_every_setting_has_a_text_and_stands_in_the_manual() -> None:
    page = (DOCS / "configuration.md").read_text("utf-8")
    for section in config.sections():
        assert section.text, section.name
        assert f"## [{section.name}]" in page
        for one in section.settings:
            assert one.text, f"[{section.name}] {one.name}"
            assert f"| `{one.name}` |" in page


def test_the_sample_of_the_settings_changes_nothing(tmp_path: Path) -> None:
    from junkhound.kernel import config as kernel

    path = tmp_path / "junkhound.toml"
    path.write_text(config.sample(), "utf-8")
    assert dataclasses.replace(kernel.load(path), path="") == Config()
    every = re.sub(r"(?m)^#(?=\[|[a-z_]+ = )", "", config.sample())  # each default said aloud
    path.write_text(every, "utf-8")
    said = kernel.load(path)
    assert said.store == Config().store
    assert said.lists["NAME"] == Config().lists["main"]


def test_generated_pages_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "tools/pages.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def kinds() -> set[str]:
    """Every kind of plug-in: a Registry made anywhere in the program."""
    found = set()
    for path in (ROOT / "src").rglob("*.py"):
        found |= set(re.findall(r"Registry(?:\[[^\n]*\])?\(\s*\"(\w+)\"", path.read_text("utf-8")))
    return found


def test_every_kind_of_plug_in_is_mentioned() -> None:
    assert Registry("x").kind == "x"
    found = kinds()
    assert len(found) >= 2
    missing = {kind for kind in found if f"junkhound.{kind}" not in MANUAL}
    assert not missing


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"(?m)^#+ (.+)$", page.read_text("utf-8"))
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", head.strip().lower())).strip("-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"(?s)```.*?```", "", page.read_text("utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            assert target.startswith(("https://www.rfc-editor.org/", "https://db-ip.com", "mailto:")), target
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file), target


def test_drawings_are_drawings() -> None:
    for path in (DOCS / "img").glob("*.svg"):
        root = ElementTree.fromstring(path.read_text("utf-8"))
        assert root.tag.endswith("svg")
        assert not re.search(r"(?:href|src)=\"https?:", path.read_text("utf-8"))


@dataclasses.dataclass
class Example:
    """A block of a page that is marked to run."""

    page: Path
    where: str
    language: str
    text: str


def examples() -> list[Example]:
    found = []
    for page in PAGES:
        pattern = r"<!-- runs( in the demonstration)? -->\n```(\w+)\n(.*?)\n```"
        for where, language, text in re.findall(pattern, page.read_text("utf-8"), re.DOTALL):
            found.append(Example(page, where.strip(), language, text))
    return found


EXAMPLES = examples()

SPAM = b"""Received: from pc.example.net (unknown [198.51.100.7])
\tby mx.example.org (Postfix) with ESMTP id 4SxKcM2JLqz9sV2
\tfor <me@example.org>; Mon,  6 Jan 2025 10:00:05 +0000 (UTC)
Received: from mail.example.com ([203.0.113.50]) by pc.example.net; Mon, 6 Jan 2025 09:59:00 +0000
From: offers@example.com
To: me@example.org
Subject: cheap
Date: Mon, 6 Jan 2025 09:58:00 +0000

Buy now.
"""


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{name(one.page)}-{EXAMPLES.index(one)}")
def test_examples_run(example: Example, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder, env = tmp_path, environment(tmp_path)
    if example.where:
        folder = copied(tmp_path_factory, tmp_path)
        env = {**environment(folder), "JUNKHOUND_CONFIG": str(folder / "junkhound.toml")}
    if example.language == "console":
        play(example.text, folder, env)
        return
    (folder / "spam.eml").write_bytes(SPAM)
    done = subprocess.run(
        [sys.executable, "-c", example.text], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout


def test_the_first_run_is_still_like_that(tmp_path_factory: pytest.TempPathFactory, update_golden: bool) -> None:
    page = DOCS / "first-run.md"
    text = page.read_text("utf-8")
    ours = printed(made(tmp_path_factory))
    start, end = "The worst\n", "Try next\n"
    assert text.count(start) == 2, "the simulated world's, which is too dear to make here, then the sample's"
    shown, wanted = (one[one.rindex(start) : one.rindex(end)] for one in (text, ours))
    if update_golden:
        page.write_text(text.replace(shown, wanted), "utf-8")
    else:
        assert shown == wanted, "run pytest --update-golden tests/test_docs.py and look at the difference"


def test_the_library_in_the_readme_names_the_source(tmp_path: Path) -> None:
    block = next(one for one in EXAMPLES if one.page.name == "README.md" and one.language == "python")
    (tmp_path / "spam.eml").write_bytes(SPAM)
    out = subprocess.check_output([sys.executable, "-c", block.text], cwd=tmp_path, text=True, env={**os.environ})
    assert out.splitlines()[0] == "198.51.100.7 network unknown pass", out


def test_the_accounts_are_answered_for() -> None:
    text = (DOCS / "accounts.md").read_text("utf-8")
    rows = re.findall(r"(?m)^\| (\d+) \| (.+?) \| (.+?) \| (.+?) \|$", text)
    assert [int(row[0]) for row in rows] == list(range(1, 18))
    for number, account, asks, served in rows:
        assert asks, account
        assert "not yet" in served or "](" in served, f"{number} is answered by nothing"
        for verb in re.findall(r"\[`(\w+)`\]\(verbs/(\w+)\.md\)", served):
            assert verb[0] == verb[1]
            assert verb[0] in EXISTING, f"{number}: {verb[0]} is no verb"


def test_every_page_is_reached_from_the_site() -> None:
    nav = (ROOT / "mkdocs.yml").read_text("utf-8")
    missing = [str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if str(page.relative_to(DOCS)) not in nav]
    assert not missing


def test_the_site_asks_nobody() -> None:
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    assert "font: false" in text
    assert not re.search(r"(?m)^  - offline|https?://", text)  # that plug-in loads a script from elsewhere


def test_the_licence_is_its_own_text() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert len(text) > 10_000
