"""The readers of pictures and files in the service: they count what they did, rest for it, say once what they lack."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from junkhound.kernel.config import Config, Pictures, Serve, Store
from junkhound.kernel.errors import ConfigError, Temporary
from junkhound.service import leisure, looking, scanning
from junkhound.service.notes import Notes
from junkhound.service.supervisor import Supervisor
from junkhound.verbs import check, files, pictures
from junkhound.verbs.office import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(Config(store=Store(home=str(tmp_path / "home")), pictures=Pictures(ocr="none", look_s=1)))
    assert made.ledger.state is not None
    return made


def run(office: Office, monkeypatch: pytest.MonkeyPatch, read: Any, until: int) -> tuple[dict[str, Any], list[float]]:
    """What the process notes of itself, and when it read."""
    stop, calls = threading.Event(), list[float]()

    def reads(*asked: Any) -> pictures.Done:
        calls.append(time.monotonic())
        if len(calls) == until:
            stop.set()
        return read(*asked)

    monkeypatch.setattr(leisure, "LOOK_S", 0.02)
    monkeypatch.setattr(leisure.os, "nice", lambda by: by)
    monkeypatch.setattr(pictures, "read", reads)
    notes = Notes(office.home, "pictures")
    looking.run(office, stop, notes)
    notes.write(force=True)
    return json.loads(notes.path.read_text()), calls


def test_what_was_done_is_counted_and_the_next_run_waits_for_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = pictures.Done(pictures=5, groups=3, read=2, found=4, waiting=1, cpu_s=0.2, unread={"too large": 1})
    monkeypatch.setattr(looking, "REST", 8.0)
    said, calls = run(office, monkeypatch, lambda *asked: done, 2)
    assert calls[1] - calls[0] >= 1.6  # eight times 0.2 s, though it would look every second
    assert (said["pictures_total"], said["picture_groups_read_total"], said["picture_groups_waiting"]) == (10, 4, 1)
    assert said['pictures_unread_total{why="too large"}'] == 2


def test_what_is_missing_is_said_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def missing(*asked: Any) -> pictures.Done:
        raise ConfigError("Pillow is not installed", "pip install 'junkhound[pictures]'")

    said, _ = run(office, monkeypatch, missing, 2)
    assert "failures_total" not in said
    assert capfd.readouterr().err.count("Pillow is not installed") == 1


def test_files_are_counted_and_a_hindrance_is_told_again_when_it_is_back(
    office: Office, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stop, turns = threading.Event(), iter(("away", "away", "", "away", "broken"))

    def read(*asked: Any) -> files.Done:
        words = next(turns)
        if words == "broken":
            stop.set()
            raise Temporary("the disk is full")
        return files.Done(files=3, malware=1, hint=words)

    monkeypatch.setattr(leisure, "LOOK_S", 0.0)
    monkeypatch.setattr(leisure.os, "nice", lambda by: by)
    monkeypatch.setattr(files, "read", read)
    notes = Notes(office.home, "files")
    quick = dataclasses.replace(office.config, files=dataclasses.replace(office.config.files, look_s=0))
    scanning.run(Office(quick), stop, notes)
    said = json.loads(notes.path.read_text())
    assert (said["files_total"], said["files_malware_total"], said["failures_total"]) == (12, 4, 1)
    told = capfd.readouterr().err
    assert told.count("away") == 2
    assert "the disk is full" in told


def test_it_runs_where_pillow_is_and_unless_switched_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(home=str(tmp_path / "home"))

    def roles(serve: Serve) -> set[str]:
        return {child.role for child in Supervisor(Config(store=store, serve=serve), None, None).children}

    assert "pictures" in roles(Serve())
    assert "pictures" not in roles(Serve(pictures=False))
    monkeypatch.setattr("junkhound.service.supervisor.find_spec", lambda name: None)
    assert "pictures" not in roles(Serve())


def test_check_says_what_reads_pictures(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(settings: Config) -> str:
        (found,) = [one for one in check.check(Office(settings)) if one.name == "pictures"]
        return f"{found.status} {found.text}"

    assert said(Config()).startswith("ok near-copies are grouped and read by rapidocr")
    assert "ocr = none" in said(office.config)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "rapidocr" else object())
    assert said(Config()).startswith("warn near-copies are grouped; text in them is not read")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert said(Config()).startswith("ok not looked at")
