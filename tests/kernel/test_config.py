"""Settings are checked when they are read, and the error says what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from junkhound.kernel import config
from junkhound.kernel.errors import ConfigError


def test_no_file_means_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JUNKHOUND_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    assert config.load(config.find()) == config.Config()


def test_the_first_file_found_is_the_only_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "junkhound.toml").write_text("[store]\nspool_limit_mb = 7\n")
    named = tmp_path / "named.toml"
    named.write_text('[publish]\nzone = "bl.example.net"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JUNKHOUND_CONFIG", raising=False)
    assert config.load(config.find()).store.spool_limit_mb == 7
    monkeypatch.setenv("JUNKHOUND_CONFIG", str(named))
    read = config.load(config.find())
    assert (read.publish.zone, read.store.spool_limit_mb) == ("bl.example.net", 2048)


def test_home_is_beside_its_settings(tmp_path: Path) -> None:
    path = tmp_path / "j.toml"
    path.write_text('[store]\nhome = "state"\n')
    assert config.load(path).home == tmp_path / "state"


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("[lists.main]\nboundd = 0.5", "[lists.main]: unknown setting 'boundd'", "did you mean 'bound'?"),
        ("[stroe]\nhome = 'x'", "unknown section [stroe]", "did you mean 'store'?"),
        ("[engine]\nworkers = 'two'", "[engine] workers: int is needed, not 'two'", None),
        ("[engine]\nworkers = true", "int is needed, not True", None),
        ("[engine]\nname = 'ray'", "'ray' is not one of inline, pool, dask", None),
        ("[network]\nown = 'mx'", "a list of texts is needed, not 'mx'", 'write ["one", "two"]'),
        ("[lists.main]\nwitnesses = 1", "1 is below 2", None),
        ("lists = 3", "'lists' must be a section", "write [lists] above it"),
        ("[mailboxes]\nme = 3", "'me' must be a section", "write [mailboxes.NAME]"),
        ("[store", "not TOML", None),
    ],
)
def test_a_wrong_setting_is_named_with_the_nearest_right_one(
    tmp_path: Path, text: str, says: str, hint: str | None
) -> None:
    path = tmp_path / "junkhound.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert says in caught.value.message
    if hint is not None:
        assert caught.value.hint == hint


def test_a_named_file_must_be_there() -> None:
    with pytest.raises(ConfigError, match="no settings file"):
        config.find("nowhere.toml")
