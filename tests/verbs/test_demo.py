"""The demonstration: what a newcomer sees is true, held against the sample's own truth."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from junkhound import sample
from junkhound.kernel import net
from junkhound.sample.forgery import INNOCENT
from junkhound.verbs import data
from junkhound.verbs.office import open_office
from support.demonstration import copied, made, printed
from support.transcript import environment

JUNKHOUND = Path(sys.executable).parent / "junkhound"


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory)


@pytest.fixture
def listed(folder: Path) -> list[net.Network]:
    entries = json.loads((folder / "home/out/main.json").read_text("utf-8"))["entries"]
    found = [net.parse_network(entry["network"]) for entry in entries]
    return [network for network in found if network is not None]


def run(folder: Path, *words: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(JUNKHOUND), *map(str, words)],
        cwd=folder, env=environment(folder), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done


def test_every_listed_network_sent_junk_lately_and_nothing_wanted(listed: list[net.Network]) -> None:
    lately = sample.sources.instant(sample.END) - 35 * 86_400
    mails = sample.make()

    def handed_over(wanted: bool, since: float) -> set[net.Address]:
        found = {net.parse(one.truth.handover) for one in mails if one.truth.wanted == wanted and one.at > since}
        return {address for address in found if address is not None}

    junk, good = handed_over(False, lately), handed_over(True, 0)
    assert len(listed) >= 10
    for network in listed:
        assert any(network.holds(address) for address in junk), network
        assert not any(network.holds(address) for address in good), network
    assert any(not network.is_v4 for network in listed)


def test_no_real_company_is_named(folder: Path) -> None:
    tables = data.tables(open_office(str(folder / "junkhound.toml")))
    assert [table.name for table in tables if table.used] == [table.name for table in tables[1:]]


def test_whoever_is_named_in_forged_lines_stays_off(listed: list[net.Network]) -> None:
    for server in INNOCENT:
        address = net.parse(server.ip)
        assert address is not None
        assert not any(network.holds(address) for network in listed)


def test_the_silent_botnet_has_left_the_list(listed: list[net.Network]) -> None:
    silent = {net.parse(one.truth.handover) for one in sample.make() if one.truth.source.startswith("bot-a-")}
    for address in silent:
        assert address is not None
        assert not any(network.holds(address) for network in listed)


def test_the_worst_and_the_longest_lived_are_the_ones(folder: Path) -> None:
    out = printed(folder)
    worst, longest = re.findall(r"(?m)^1 (\S+)", out)
    assert worst == "198.51.100.131"
    assert longest == "192.0.2.70"
    assert "bar the occasional hiatus" in out


def test_every_line_to_try_works(folder: Path) -> None:
    tries = printed(folder).partition("Try next\n")[2]
    lines = [line for line in tries.splitlines() if re.match(r"[a-z, ]{10,18} +\S*(junkhound|head) ", line)]
    assert len(lines) >= 6
    for line in lines:
        command = line[20:]
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder.parent, env=environment(folder.parent), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, command + done.stdout + done.stderr
        assert len(done.stdout.splitlines()) >= 3, command


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters/one.eml").write_text("Subject: mine\n\n", "utf-8")
    done = run(tmp_path, "demo", "--home", "letters", code=77)
    assert "'letters' holds something else" in done.stderr
    assert (tmp_path / "letters/one.eml").exists()


def test_own_mail_goes_the_same_way_and_nothing_of_it_stays(folder: Path, tmp_path: Path) -> None:
    box = folder / "sample/dana/Junk.mbox"
    done = run(
        tmp_path, "demo", "--mail", box, "--as", "junk", "--relay", "mx.bigmail.example", "--relay", "2001:db8:2::/48"
    )
    assert re.search(r"taken in +\d+ mails, \d+ new", done.stdout)
    assert list(tmp_path.iterdir()) == []
    done = run(tmp_path, "demo", "--mail", box, "--as", "junk", "--home", "kept", "--keep")
    assert "nobody is blamed" in done.stdout
    assert (tmp_path / "kept/own/state.db").exists()
    done = run(tmp_path, "demo", "--mail", "nowhere", code=66)
    assert "no such file or folder: 'nowhere'" in done.stderr


def test_machines_read_it_too(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    again = json.loads(run(copied(tmp_path_factory, tmp_path), "demo", "--home", ".", "--json").stdout)
    assert again["added"] == 0  # a second run finds everything known
    assert again["read"] == len(sample.make())
    assert again["worst"]["rows"][0]["address"] == "198.51.100.131"
    assert len(again["list"]) >= 10


def test_a_simulated_world_goes_the_same_way(tmp_path: Path) -> None:
    world = tmp_path / "world"
    subprocess.run(
        [JUNKHOUND.parent / "spamworld", "gen", "--tier", "tiny", "--seed", "3", "--out", world, "--workers", "1"],
        capture_output=True, timeout=300, check=True,
    )  # fmt: skip
    done = run(tmp_path, "demo", "--home", "shown", "--once", "--world", world)
    manifest = json.loads((world / "manifest.json").read_text("utf-8"))
    assert f"a simulated world of {manifest['mails']:,} mails" in done.stdout
    assert (tmp_path / "shown/letter.eml").stat().st_size > 100
    assert len(list((tmp_path / "shown/Maildir/new").iterdir())) > 3
    tried = re.search(r"(?m)^person with an inbox +\S+ (.*)$", done.stdout)
    assert tried, done.stdout
    said = run(tmp_path, *tried[1].split()).stdout
    assert "would be moved to Junk" in said
    done = run(tmp_path, "demo", "--home", "other", "--once", "--world", tmp_path / "shown", code=66)
    assert "no simulated world in" in done.stderr
