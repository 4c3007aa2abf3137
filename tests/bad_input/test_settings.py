"""Wrong settings: exit 78, the place and the value named, the nearest right one suggested; nothing is begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.desk import answer, face

WRONG = {
    "[stor]\nhome = 'x'": ("unknown section [stor]", "did you mean 'store'?"),
    "[store]\nhom = 'x'": ("[store]: unknown setting 'hom'", "did you mean 'home'?"),
    "[lists.main]\nbond = 1": ("[lists.main]: unknown setting 'bond'", "did you mean 'bound'?"),
    "[mailboxes.me]\nrelay = []": ("[mailboxes.me]: unknown setting 'relay'", "did you mean 'relays'?"),
    "[engine]\nname = 'pol'": ("[engine] name: 'pol' is not one of", "did you mean 'pool'?"),
    "[engine]\nworkers = '2'": ("[engine] workers: int is needed, not '2'", "hint:"),
    "[engine]\nworkers = -1": ("[engine] workers: -1 is below 0", ""),
    "[network]\nown = ['10.0.0.0/99']": ("not a relay: '10.0.0.0/99'", "hint:"),
    "[network]\nown = '10.0.0.0/8'": ("[network] own: a list of texts is needed, not '10.0.0.0/8'", "hint:"),
    "[mailboxes.me]\nrelays = ['300.1.1.1/8']": ("not a relay: '300.1.1.1/8'", "hint:"),
    "[store]\nobjects = 's4://bucket'": ("[store] objects: cannot open 's4://bucket'", "s3://bucket/prefix"),
    "[store]\nstate = 'nonsense'": ("'nonsense'", "hint:"),
    "store = 1": ("'store' must be a section", "hint:"),
    "x = [": ("not TOML", ""),
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_setting(tmp_path: Path, text: str) -> None:
    (tmp_path / "junkhound.toml").write_text(text + "\n")
    (tmp_path / "in.eml").write_bytes(b"From: a\r\n\r\nb")
    done = face(tmp_path, "ingest", "--mailbox", "me", "in.eml")
    message, hint = WRONG[text]
    assert done.returncode == 78, done.stderr
    assert message in done.stderr
    assert hint in done.stderr
    assert not done.stdout
    assert not list(tmp_path.glob("home/spool/*"))


def test_settings_that_are_no_text_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "junkhound.toml").write_bytes(b"\xff\xfe")
    done = face(tmp_path, "ingest", "--json")
    assert (done.returncode, answer(done)["error"]["code"]) == (78, "config")
    done = face(tmp_path, "--config", "/nonexistent.toml", "sources")
    assert done.returncode == 78
    assert "no settings file '/nonexistent.toml'" in done.stderr
