"""What may go wrong around a list: it is said in words, and the last good list stays as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from junkhound.kernel import config
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.errors import ConfigError, Refused
from junkhound.verbs import feeds, lists, publish
from junkhound.verbs.office import Office
from verbs.test_lists import AT, make, moved, on

__all__ = ["make"]


def files(office: Office) -> dict[str, bytes]:
    """What is published of the list main, but for the index, which says when."""
    return {path.name: path.read_bytes() for path in sorted((office.home / "out").glob("main.*"))}


@pytest.fixture
def good(make: Callable[..., Office]) -> Office:
    office = make()
    lists.decide(office)
    publish.publish(office, "main")
    return office


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[lists.main]\nbuond = 0.5\n", "buond"),
        ('[lists.main]\nscope = "everybody"\n', "scope"),
        ("[lists.main]\nbound = 'much'\n", "bound"),
        ("[lists.main]\nwitnesses = 1\n", "witnesses"),
        ("[lists.main\n", "junkhound.toml"),
        ('[lists.main]\nprotect = ["10.0.0.0/40"]\n', "protect"),
    ],
)
def test_a_broken_policy_is_named_and_what_is_published_stays(
    good: Office, tmp_path: Path, text: str, words: str
) -> None:
    before = files(good)
    broken = tmp_path / "junkhound.toml"
    broken.write_text(f'{text}\n[store]\nhome = "{good.home}"\n' if "main\n" not in text else text, "utf-8")
    with pytest.raises(ConfigError, match=words):
        lists.decide(Office(config.load(broken), AT + HOUR))
    assert files(good) == before
    assert "203.0.113.7/32" in on(good, "main")


@pytest.mark.parametrize("content", [b"0.0.0.0/0\n", b"::/0\n", b"203.0.113.9\n0.0.0.0/1\n128.0.0.0/1\n"])
def test_a_feed_that_lists_everything_is_refused_and_no_list_moves(good: Office, content: bytes) -> None:
    fed = moved(good, AT + HOUR, feeds={"partner": config.Feed()})
    feeds.import_(fed, "partner", [b"198.51.100.1\n"])
    before, held = files(good), on(good, "main")
    with pytest.raises(Refused, match="no list of ours takes that for evidence") as told:
        feeds.import_(fed, "partner", [content])
    assert told.value.hint == "the last one stays"
    assert set(feeds.show(fed, "partner")) == {"198.51.100.1"}
    lists.decide(fed, "main")
    assert on(fed, "main") == held
    assert files(good) == before


def test_a_clock_that_was_set_back_changes_no_list(good: Office) -> None:
    before = files(good)
    back = moved(good, AT - DAY)
    with pytest.raises(Refused, match="which is later") as told:
        lists.decide(back, "main")
    assert "history is not rewritten" in str(told.value.hint)
    with pytest.raises(Refused, match="which is later"):
        publish.publish(back, "main")
    assert files(good) == before


def test_a_half_written_file_of_a_dead_publisher_is_no_list(good: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(good)

    def dies(path: Path, content: bytes) -> None:
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(publish, "_put", dies)
    with pytest.raises(OSError, match="No space"):
        publish.publish(moved(good, AT + HOUR), "main")
    assert files(good) == before
    monkeypatch.undo()
    publish.publish(moved(good, AT + HOUR), "main")
    assert files(good).keys() == before.keys()
