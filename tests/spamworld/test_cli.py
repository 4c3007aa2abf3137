"""The command ``spamworld``: a world from words typed in, equal bytes from equal words, and what it refuses."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from accuracy import reading
from junkhound.kernel import config
from spamworld import cli
from spamworld.out import forms, planning
from spamworld.out.files import lines, sha256
from spamworld.serve import registry, zones


def run(*words: str | Path, code: int = 0) -> tuple[str, str]:
    """What the command said, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "spamworld", *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("worlds") / "one"
    said, talk = run("gen", "--tier", "tiny", "--seed", 1000, "--out", folder, "--workers", 1, "--json")
    assert not talk
    return folder, json.loads(said)


def test_equal_words_give_equal_bytes_whatever_the_workers(world: tuple[Path, Any], tmp_path: Path) -> None:
    run("gen", "--tier", "tiny", "--seed", 1000, "--out", tmp_path / "two", "--workers", 3)
    one, two = ((folder / "manifest.json").read_bytes() for folder in (world[0], tmp_path / "two"))
    assert one == two
    files = json.loads(two)["files"]
    there = {str(path.relative_to(tmp_path / "two")) for path in (tmp_path / "two").rglob("*") if path.is_file()}
    assert there == {*files, "manifest.json"}
    for name, said in files.items():
        assert sha256(tmp_path / "two" / name) == said["sha256"], name


def test_another_seed_is_another_world(world: tuple[Path, Any], tmp_path: Path) -> None:
    run("gen", "--tier", "tiny", "--seed", 1001, "--out", tmp_path / "other")
    one, other = (
        json.loads((folder / "manifest.json").read_text())["files"] for folder in (world[0], tmp_path / "other")
    )
    assert one["truth/truth.jsonl.zst"]["sha256"] != other["truth/truth.jsonl.zst"]["sha256"]


def test_a_twin_lacks_one_event_and_what_came_before_is_the_same(world: tuple[Path, Any], tmp_path: Path) -> None:
    events = [json.loads(line) for line in (world[0] / "events.jsonl").read_text().splitlines()]
    event = next(one for one in events if one["kind"].startswith("E"))
    run("gen", "--tier", "tiny", "--seed", 1000, "--out", tmp_path / "twin", "--twin", event["id"])
    twin = [json.loads(line) for line in (tmp_path / "twin/events.jsonl").read_text().splitlines()]
    assert [one["id"] for one in twin] == [one["id"] for one in events if one["id"] != event["id"]]
    before = [
        [(true.id, true.at, true.injector) for true in reading.truths(folder) if true.at < forms.instant(event["at"])]
        for folder in (world[0], tmp_path / "twin")
    ]
    assert before[0] == before[1]
    assert before[0]


def test_the_manifest_says_what_the_bytes_depend_on(world: tuple[Path, dict[str, Any]]) -> None:
    folder, said = world
    found = json.loads((folder / "manifest.json").read_text())
    assert found["versions"].keys() == {"python", "numpy", "pillow", "msgspec", "zstandard"}
    assert len(found["parameters"]) == 64
    assert found["mails"] == said["mails"] == sum(found["counts"].values())
    assert found["mails"] == found["files"]["truth/truth.jsonl.zst"]["pieces"]
    assert "seconds" not in found


def test_every_mail_stands_beside_its_truth(world: tuple[Path, Any]) -> None:
    count = 0
    for seen, true in reading.pairs(world[0]):
        count += 1
        received = seen.mail.partition(b"\n\n" if b"\r\n\r\n" not in seen.mail else b"\r\n\r\n")[0].lower()
        assert received.count(b"\nreceived:") + received.startswith(b"received:") == len(true.hops)
        if seen.facts:
            assert seen.facts["client"]
    assert count == world[1]["mails"]


def test_parts_hold_every_mail_with_its_truth(world: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    """What is read part by part is what is read side by side."""
    parts = reading.spread(world[0], tmp_path)
    apart = {true.id: (seen.mail, true) for part in parts for seen, true in reading.part(world[0], part)}
    whole = {true.id: (seen.mail, true) for seen, true in reading.pairs(world[0])}
    assert apart == whole
    assert len(whole) > 300
    (tmp_path / "junk").mkdir()
    parts = reading.spread(world[0], tmp_path / "junk", ("junk",))
    junk = [(true.id, seen.mail) for part in parts for seen, true in reading.part(world[0], part)]
    assert sorted(junk) == sorted((number, mail) for number, (mail, true) in whole.items() if true.kind == "junk")


def test_the_hash_in_the_truth_is_that_of_the_mail(world: tuple[Path, Any]) -> None:
    said = {}
    for line in lines(world[0] / "truth/truth.jsonl.zst"):
        row = json.loads(line)
        said.setdefault(row["file"], []).append(row["sha256"])
    for path in (world[0] / "mail/traps").iterdir():
        stored = [base64.b64decode(json.loads(line)["mail"]) for line in lines(path)]
        assert [hashlib.sha256(mail).hexdigest() for mail in stored] == said[f"mail/traps/{path.name}"]


def test_truth_stands_apart(world: tuple[Path, Any]) -> None:
    """Nothing below ``mail`` and ``world`` names a campaign, a botnet or a strategy."""
    for path in [*(world[0] / "mail").rglob("*.jsonl.zst"), *(world[0] / "world").rglob("*.jsonl*")]:
        for line in lines(path):
            row = json.loads(line)
            assert not row.keys() & {
                "campaign",
                "botnet",
                "spammer",
                "strategy",
                "injector",
                "genuine",
                "class",
                "host",
            }
    assert not list((world[0] / "mail").rglob("*truth*"))


def test_the_product_reads_the_settings(world: tuple[Path, Any]) -> None:
    settings = config.load(world[0] / "junkhound.toml")
    mail = {path.name.removesuffix(".jsonl.zst") for path in (world[0] / "mail/traps").iterdir()}
    assert mail <= set(settings.traps)
    assert all(trap.relays and trap.domains for trap in settings.traps.values())
    people = {path.name for path in (world[0] / "mail/people").iterdir() if path.is_dir()}
    assert people <= set(settings.mailboxes)


def test_the_sources_of_junk_can_be_looked_up(world: tuple[Path, Any]) -> None:
    manifest = json.loads((world[0] / "manifest.json").read_text())
    at = forms.instant(manifest["start"])
    names, registered = zones.load(world[0], at), registry.load(world[0], at)
    assert names.records
    sources = {true.injector for true in reading.truths(world[0]) if true.kind == "junk" and ":" not in true.injector}
    found = [registered.find(f"/ip/{address}") for address in sources]
    assert sum(one is not None for one in found) > 0.9 * len(found)


def test_a_plan_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = planning.plan("tiny", 1, "2006", 1, lambda what, share: None, sample=100)
    assert found.rate > 0
    assert found.seconds >= found.start_s
    assert found.disk_bytes > 0
    assert "mails a second" in planning.text(found)
    assert planning.answer(found)["mails"] == found.mails
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["gen", "--tier", "tiny"], 64, "no folder to write to"),
        (["gen", "--tier", "huge", "--out", "x"], 64, "huge"),
        (["gen", "--tier", "tiny", "--out", "{world}"], 77, "a world is already in"),
        (["gen", "--tier", "tiny", "--out", "{other}"], 77, "holds something else"),
        (["gen", "--tier", "tiny", "--out", "{new}", "--twin", "E99"], 66, "no event 'E99'"),
        (["replay", "{world}", "--to", "192.0.2.1:25"], 77, "not on loopback"),
        (["replay", "{other}"], 66, "no traps in"),
        (["serve-dns", "{other}", "--at", "2006-01-02"], 66, "no zones in"),
        (["serve-dns", "{world}", "--at", "soon"], 64, "not an instant: 'soon'"),
        (["serve-rdap", "{world}", "--at", "2006-01-02", "--listen", "0.0.0.0:80"], 77, "not on loopback"),
    ],
)
def test_what_is_refused(
    world: tuple[Path, Any], tmp_path: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other/mine").write_text("keep me")
    places = {"world": world[0], "other": tmp_path / "other", "new": tmp_path / "new"}
    with pytest.raises(SystemExit) as stop:
        cli.main([word.format(**places) for word in words])
    assert stop.value.code == code
    assert said in capsys.readouterr().err
    assert (tmp_path / "other/mine").read_text() == "keep me"


def test_json_says_errors_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        cli.main(["gen", "--tier", "tiny", "--json"])
    assert stop.value.code == 64
    assert json.loads(capsys.readouterr().out)["error"]["hint"]


def test_every_command_teaches() -> None:
    for name, command in cli.group.commands.items():
        assert command.help, name
        assert "Example" in command.help, name
        assert isinstance(command, click.Command)
