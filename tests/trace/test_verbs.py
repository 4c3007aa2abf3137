"""The verbs trace and relays, from the command line down to files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from junkhound.cli import main_group
from junkhound.kernel.errors import ConfigError
from junkhound.verbs.relays import with_relays

MAIL = """Received: from store.example.org (unknown [192.0.2.3])
\tby box.example.org (Postfix) with ESMTP id 4YRV6G1R3Kz3w; Mon, 6 Jan 2025 10:00:06 +0000
Received: from pc{n}.example.net (unknown [198.51.100.{n}])
\tby store.example.org (Postfix) with ESMTP id 4YRV6F1R3Kz3w; Mon, 6 Jan 2025 10:00:05 +0000
From: a\x1b[31m@example.net
Subject: hello

Hello.
"""
SETTINGS = "# my settings\n[network]\nallow_documentation = true\n\n[mailboxes.me]  # mine\ncountry = 'DE'\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "mail").mkdir()
    for n in range(60):
        (tmp_path / "mail" / f"{n}.eml").write_text(MAIL.format(n=n))
    (tmp_path / "junkhound.toml").write_text(SETTINGS)
    return tmp_path


def words_for(home: Path, *words: str) -> list[str]:
    return ["--config", str(home / "junkhound.toml"), "--home", str(home / "state"), *words]


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(main_group, words_for(home, *words), catch_exceptions=False)


def test_trace_names_the_machine_and_keeps_nothing(home: Path) -> None:
    answer = run(home, "trace", "--relay", "box.example.org", "--relay", "192.0.2.3", str(home / "mail/7.eml"))
    assert answer.exit_code == 0
    assert "source    198.51.100.7" in answer.output
    assert "store.example.org, which we believe, took it from 198.51.100.7" in answer.output
    assert not (home / "state").exists()


def test_trace_without_a_relay_names_nobody_and_says_what_to_do(home: Path) -> None:
    found = json.loads(run(home, "trace", "--json", str(home / "mail/7.eml")).output)
    assert found["address"] is None
    assert found["assumed_relay"] == "box.example.org"
    assert "--relay box.example.org" in run(home, "trace", str(home / "mail/7.eml")).output


def test_trace_reads_standard_input_and_prints_no_control_characters(home: Path) -> None:
    mail = MAIL.format(n=7).replace("pc7.example.net", "pc\x1b[31m\x9b7.example.net").encode("latin-1")
    words = words_for(home, "trace", "--relay", "box.example.org", "--relay", "192.0.2.3", "-")
    answer = subprocess.run(
        [sys.executable, "-m", "junkhound.cli", *words], input=mail, capture_output=True, check=True
    )
    said = answer.stdout.decode()
    assert "198.51.100.7" in said
    assert "\x1b" not in said
    assert "\x9b" not in said


def test_relays_are_learned_asked_for_and_written(home: Path) -> None:
    learned = json.loads(run(home, "relays", "learn", "--mailbox", "me", "--json", str(home / "mail")).output)
    assert [p["relay"] for p in learned["proposals"]] == ["box.example.org", "store.example.org", "192.0.2.3"]
    assert (learned["anchored"], learned["would"]) == (0, 60)
    assert (home / "junkhound.toml").read_text() == SETTINGS
    refused = run(home, "relays", "learn", "--mailbox", "me", "--apply", "--json", str(home / "mail"))
    assert refused.exit_code != 0
    assert (home / "junkhound.toml").read_text() == SETTINGS
    assert run(home, "relays", "learn", "--mailbox", "me", "--apply", "--yes", str(home / "mail")).exit_code == 0
    relays = 'relays = ["box.example.org", "store.example.org", "192.0.2.3"]\n'
    assert (home / "junkhound.toml").read_text() == SETTINGS.replace("# mine\n", "# mine\n" + relays)
    assert "box.example.org" in run(home, "relays", "show").output
    assert "source    198.51.100.7" in run(home, "trace", str(home / "mail/7.eml")).output
    again = json.loads(run(home, "relays", "learn", "--mailbox", "me", "--json", str(home / "mail")).output)
    assert again["proposals"] == []


def test_few_mails_teach_nothing(home: Path) -> None:
    assert "50 are needed" in run(home, "relays", "learn", str(home / "mail/1.eml")).output


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", '[mailboxes.me]\nrelays = ["a.example.org"]\n'),
        ("[store]\nhome = 'x'", "[store]\nhome = 'x'\n\n[mailboxes.me]\nrelays = [\"a.example.org\"]\n"),
        (
            "[mailboxes.me]\r\ncountry = 'DE'\r\n[lists.a]\r\n",
            "[mailboxes.me]\r\nrelays = [\"a.example.org\"]\r\ncountry = 'DE'\r\n[lists.a]\r\n",
        ),
        (
            '[mailboxes."me"]\nrelays = [ # two\n  "b]", # "old"\n]\n\n[mailboxes.you]\nrelays = ["c"]\n',
            '[mailboxes."me"]\nrelays = ["a.example.org"]\n\n[mailboxes.you]\nrelays = ["c"]\n',
        ),
    ],
)
def test_the_rest_of_the_settings_stays_byte_for_byte(old: str, new: str) -> None:
    assert with_relays(old, "me", ["a.example.org"]) == new


@pytest.mark.parametrize(
    "old", ["mailboxes = { me = { relays = [] } }\n", "mailboxes.me.country = 'DE'\n", "not = [toml\n"]
)
def test_settings_that_cannot_be_changed_safely_are_left_alone(old: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_relays(old, "me", ["a.example.org"])
    assert caught.value.hint
