"""A watched Maildir gives each mail once, wherever a reader moves it."""

from __future__ import annotations

import os
import threading
from collections import Counter
from pathlib import Path

import pytest

from junkhound.intake import watch
from junkhound.kernel.errors import NotFound
from support.archives import mail, put


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for part in ("cur", "new", "tmp"):
        (tmp_path / "box" / part).mkdir(parents=True)
    return tmp_path / "box"


class Round:
    """Asks a watched Maildir for what came since the last time."""

    def __init__(self, box: Path) -> None:
        self.stop = threading.Event()
        self.counts: Counter[str] = Counter()
        self._found = watch(str(box), self.stop, poll_s=0, defects=self.counts)

    def __call__(self) -> list[bytes]:
        return [one.payload for one in iter(lambda: next(self._found), None)]


def test_each_mail_once_though_it_moves(box: Path):
    put(box / "cur/1:2,S", mail(1))
    put(box / "new/2", mail(2))
    arrived = Round(box)
    assert arrived() == [mail(1), mail(2)]
    assert arrived() == []
    os.rename(box / "new/2", box / "cur/2:2,")
    put(box / "tmp/3", mail(3))
    assert arrived() == []
    os.rename(box / "tmp/3", box / "new/3")
    assert arrived() == [mail(3)]
    os.rename(box / "cur/2:2,", box / "cur/2:2,RS")
    assert arrived() == []


def test_new_sub_folders_are_watched_too(box: Path):
    arrived = Round(box)
    assert arrived() == []
    put(box / ".Junk/cur/1:2,", mail(1))
    put(box / ".Junk/new/2", mail(2))
    assert arrived() == [mail(1), mail(2)]


def test_a_mail_that_moves_under_our_hands_comes_again(box: Path, monkeypatch: pytest.MonkeyPatch):
    put(box / "new/1", mail(1))
    really = os.open
    moved = []

    def move_first(path: str, *more: int) -> int:
        if str(path).endswith("new/1") and not moved:
            moved.append(path)
            os.rename(path, box / "cur/1:2,S")
        return really(path, *more)

    monkeypatch.setattr(os, "open", move_first)
    arrived = Round(box)
    assert arrived() == []
    assert arrived() == [mail(1)]
    assert not arrived.counts


def test_memory_holds_only_what_is_there(box: Path):
    put(box / "new/1", mail(1))
    arrived = Round(box)
    assert arrived() == [mail(1)]
    (box / "new/1").unlink()
    assert arrived() == []
    put(box / "new/1", mail(2))
    assert arrived() == [mail(2)]


def test_it_ends_when_told(box: Path):
    arrived = Round(box)
    arrived()
    arrived.stop.set()
    with pytest.raises(StopIteration):
        next(arrived._found)


def test_a_folder_that_is_none(tmp_path: Path):
    with pytest.raises(NotFound, match="no Maildir"):
        next(watch(str(tmp_path), threading.Event()))
