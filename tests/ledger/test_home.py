"""A home is made once, keeps its secrets to itself, and is refused where it cannot be understood."""

from __future__ import annotations

import dataclasses
import os
import stat
import subprocess
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from junkhound.kernel.config import Config
from junkhound.kernel.errors import ConfigError, DataError, Temporary
from junkhound.ledger import Ledger, schema, state
from junkhound.ledger.home import FOLDERS
from junkhound.verbs.office import Office
from junkhound.verbs.upgrade import upgrade
from support.ledgers import config_for
from support.sightings import sighting, unit


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_home_has_its_folders_for_the_owner_alone(config: Config) -> None:
    with Ledger.open(config) as ledger:
        assert len(ledger.key) == 32
    assert {p.name for p in config.home.iterdir() if p.is_dir()} == set(FOLDERS)
    assert mode(config.home) == 0o700
    assert all(mode(config.home / name) == 0o700 for name in FOLDERS)
    assert mode(config.home / "keys/hub.key") == 0o600


def test_the_hub_key_is_made_once(config: Config) -> None:
    with Ledger.open(config) as one, Ledger.open(config) as two:
        assert one.key == two.key
    (config.home / "keys/hub.key").write_bytes(b"short")
    with Ledger.open(config) as broken, pytest.raises(DataError, match="5 bytes"):
        _ = broken.key


def test_migrations_make_what_the_schema_says(either: Ledger) -> None:
    found = inspect(either.state)
    assert set(found.get_table_names()) - {"alembic_version"} == set(schema.metadata.tables)
    for table in schema.metadata.sorted_tables:
        assert {c["name"] for c in found.get_columns(table.name)} == {c.name for c in table.columns}
    assert state.revision(either.state) == schema.REVISION


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    from alembic.config import Config as Settings
    from alembic.script import ScriptDirectory

    settings = Settings()
    settings.set_main_option("script_location", "junkhound.ledger:migrations")
    assert ScriptDirectory.from_config(settings).get_current_head() == schema.REVISION


@pytest.mark.parametrize(("found", "says"), [("9999", "newer Junkhound"), ("0000", "older Junkhound")])
def test_a_home_of_another_version_is_refused_with_the_next_step(config: Config, found: str, says: str) -> None:
    with Ledger.open(config) as ledger, state.writing(ledger.state) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
    with pytest.raises(ConfigError, match=says) as refused:
        Ledger.open(config)
    assert refused.value.hint


def test_an_upgrade_copies_the_state_before_it_changes_it(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.open(config) as ledger:
        ledger.name("vantage", 7, "trap.example")
        with state.writing(ledger.state) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    ran: list[str] = []
    monkeypatch.setattr(state, "migrate", lambda engine: ran.append("ran"))
    done = upgrade(Office(config))
    assert ran == ["ran"]
    assert (done.found, done.now) == ("0000", schema.REVISION)
    assert done.copy is not None
    copy = dataclasses.replace(config, store=dataclasses.replace(config.store, state=f"sqlite:///{done.copy}"))
    with state.reading(state.open_state(copy.store.state, config.home)) as connection:
        assert connection.execute(text("SELECT name FROM names")).scalar() == "trap.example"
    assert mode(Path(done.copy)) == 0o600


def test_an_upgrade_of_a_current_home_changes_nothing(config: Config) -> None:
    with Ledger.open(config):
        pass
    before = sorted(p.name for p in config.home.iterdir())
    assert upgrade(Office(config)).copy is None
    assert sorted(p.name for p in config.home.iterdir()) == before


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("x")
    with pytest.raises((ConfigError, Temporary), match="home"):
        Ledger.open(config_for(tmp_path / "home"))


def test_a_strange_database_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="mysql"):
        Ledger.open(config_for(tmp_path / "home", "mysql://localhost/x"))


def test_a_database_that_is_away_may_come_back(tmp_path: Path) -> None:
    with pytest.raises(Temporary, match="state database"):
        Ledger.open(config_for(tmp_path / "home", "postgresql://nobody@127.0.0.1:1/none?connect_timeout=2"))


def fill(ledger: Ledger) -> None:
    for segment in range(2, 400):
        rows = [sighting(1000 * segment + n, repeat=n * 0x9E3779B97F4A7C15 % 2**64) for n in range(800)]
        ledger.commit([unit(ledger.store, segment, rows)])


def test_a_full_disk_is_temporary_and_loses_nothing(tmp_path: Path) -> None:
    """A real full disk: a small tmpfs, where we may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.getuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", disk], stderr=-3).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        with Ledger.open(config_for(disk / "home")) as ledger:
            ledger.commit([unit(ledger.store, 1, [sighting(1)])])
            with pytest.raises(Temporary):
                fill(ledger)
            count = ledger.snapshot().rows("sightings")
        (disk / "home/out").rmdir()
        with Ledger.open(config_for(disk / "home")) as again:
            assert again.snapshot().rows("sightings") == count
            assert len(again.query().newest(again.query().top(limit=1)[0].address, limit=99_999)) == count
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_home_that_can_only_be_read_is_read(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.open(config) as ledger:
        ledger.commit([unit(ledger.store, 1, [sighting(1)])])
    writable = os.access
    monkeypatch.setattr(state.os, "access", lambda path, how: how != os.W_OK and writable(path, how))
    before = {path.name for path in config.home.iterdir()}
    with Ledger.open(config) as ledger:
        assert ledger.snapshot().rows("sightings") == 1
        with pytest.raises(Temporary, match="readonly"):
            ledger.name("intake", 1, "box")
    assert {path.name for path in config.home.iterdir()} == before, "nothing was written beside the database"


def test_a_home_that_another_writes_is_read_with_what_is_in_its_log(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Ledger.open(config) as writer:
        writer.commit([unit(writer.store, 1, [sighting(1)])])
        assert (config.home / "state.db-wal").exists()
        writable = os.access
        monkeypatch.setattr(state.os, "access", lambda path, how: how != os.W_OK and writable(path, how))
        with Ledger.open(config) as reader:
            assert reader.snapshot().rows("sightings") == 1
            monkeypatch.undo()
            writer.commit([unit(writer.store, 2, [sighting(2)])])
            assert reader.snapshot().rows("sightings") == 2
