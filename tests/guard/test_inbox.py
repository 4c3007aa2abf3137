"""A person's mailbox is sorted where it is; their moves teach, and nothing is lost or changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from junkhound.inbox import Letter, imap
from junkhound.inbox.maildir import Maildir
from junkhound.kernel import config
from junkhound.kernel.errors import ConfigError, NotFound, Temporary
from junkhound.kernel.net import Address
from junkhound.tables import Kind, Standing
from junkhound.verbs import inbox
from junkhound.verbs.office import Office
from support import desk as desks
from support import guards
from support.transcript import environment

PLAIN = guards.mail("see you at lunch on thursday", "ann@friends.example", "lunch", "198.51.100.9",
                    "mail.friends.example", "http://menu.example/")  # fmt: skip

PILLS = "pills number %d are cheap and ship at once to your door without any questions asked, so order today"


def maildir(root: Path) -> Path:
    for part in ("tmp", "new", "cur"):
        (root / part).mkdir(parents=True)
    return root


def put(root: Path, name: str, octets: bytes, folder: str = "", flags: str | None = None) -> None:
    place = root / (f".{folder}" if folder else "") / ("new" if flags is None else "cur")
    place.mkdir(parents=True, exist_ok=True)
    (place / (name if flags is None else f"{name}:2,{flags}")).write_bytes(octets)


def everything(root: Path) -> list[bytes]:
    return sorted(path.read_bytes() for path in root.rglob("*") if path.is_file() and path.stat().st_size)


def sorter(settings: Path, root: Path) -> inbox.Sorter:
    office = Office(config.load(settings))
    name, store, relays = inbox.opened(office, str(root))
    return inbox.Sorter(office, store, name, relays)


def test_it_shows_then_moves_and_never_looks_twice(tmp_path: Path) -> None:
    root, settings = maildir(tmp_path / "Maildir"), guards.settled(tmp_path / "g")
    put(root, "1.a", guards.mail())
    put(root, "2.b", PLAIN)
    before = everything(root)
    desk = sorter(settings, root)
    try:
        shown = desk.run(move=False)
        assert [one.subject for one in shown.junk] == ["your order"]
        assert "the same letter reached 52 mails" in shown.junk[0].reason
        assert everything(root) == before
        assert (root / "new/1.a").exists()
        moved = desk.run(move=True)
        assert (moved.looked, moved.moved) == (2, 1)
        assert (root / ".Junk/cur/1.a:2,").read_bytes() == guards.mail()
        again = desk.run(move=True)
        assert (again.looked, again.moved, again.learned_junk) == (0, 0, 0)  # its own move teaches nothing
        assert everything(root) == before
    finally:
        desk.close()


def test_a_mail_moved_back_was_wanted_and_stays(tmp_path: Path) -> None:
    root, settings = maildir(tmp_path / "Maildir"), guards.settled(tmp_path / "g")
    put(root, "1.a", guards.mail())
    desk = sorter(settings, root)
    try:
        assert desk.run(move=True).moved == 1
        os.rename(root / ".Junk/cur/1.a:2,", root / "cur/1.a:2,")
        back = desk.run(move=True)
        assert (back.moved, back.learned_good) == (0, 1)
        assert desk.run(move=True).moved == 0
        assert (root / "cur/1.a:2,").exists()
    finally:
        desk.close()


def test_moves_of_the_owner_and_read_mail_teach_once(tmp_path: Path) -> None:
    root, settings = maildir(tmp_path / "Maildir"), guards.settled(tmp_path / "g")
    for number in range(25):
        put(root, f"{number}.j", guards.mail(PILLS % number, "x@pills.example"), "Junk", "S")
        put(root, f"{number}.g", PLAIN.replace(b"lunch on", b"lunch %d on" % number), flags="S")
    desk = sorter(settings, root)
    try:
        first = desk.run(move=True)
        assert (first.learned_junk, first.learned_good, first.moved) == (25, 25, 0)
        second = desk.run(move=True)
        assert (second.learned_junk, second.learned_good) == (0, 0)
    finally:
        desk.close()
    desk = sorter(settings, root)  # what was learned is still there
    try:
        assert (desk.personal.junk, desk.personal.good) == (25, 25)
        way = {"source": "198.51.100.77", "name": "h.example", "link": "http://other.example/"}
        put(root, "new.j", guards.mail(PILLS % 99, "x@pills.example", **way))
        assert [one.reason for one in desk.run(move=True).junk] == ["it is like mail that you moved to Junk"]
    finally:
        desk.close()


def test_two_guards_on_one_mailbox_lose_nothing(tmp_path: Path) -> None:
    root, settings = maildir(tmp_path / "Maildir"), guards.settled(tmp_path / "g")
    for number in range(60):
        put(root, f"{number}.a", guards.mail().replace(b"your order", b"your order %d" % number))
    before = everything(root)
    command = [
        Path(sys.executable).parent / "junkhound",
        "--config",
        settings,
        "guard",
        "inbox",
        root,
        "--move",
        "--json",
    ]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(tmp_path)) for _ in range(2)]
    moved = 0
    for one in both:
        out, _ = one.communicate(timeout=120)
        assert one.returncode == 0
        moved += json.loads(out)[str(root)]["moved"]
    assert moved == 60
    assert everything(root) == before
    assert len(list((root / ".Junk/cur").iterdir())) == 60


def test_a_full_folder_leaves_the_mail_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = maildir(tmp_path / "Maildir")
    put(root, "1.a", guards.mail())

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    with pytest.raises(Temporary, match="No space left"):
        Maildir(root).move([Letter("", "new/1.a", "1.a", False)], "Junk")
    assert (root / "new/1.a").exists()


def test_junk_that_could_not_be_moved_is_moved_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, settings = maildir(tmp_path / "Maildir"), guards.settled(tmp_path / "g")
    put(root, "1.a", guards.mail())
    put(root, "2.a", guards.mail().replace(b"your order", b"your orders"))
    desk = sorter(settings, root)
    rename = os.rename

    def full(old: Any, new: Any) -> None:
        if "1.a" not in str(old) and ".Junk" in str(new):
            raise OSError(28, "No space left on device")
        rename(old, new)

    try:
        with monkeypatch.context() as broken:
            broken.setattr(os, "rename", full)
            with pytest.raises(Temporary, match="No space left"):
                desk.run(move=True)
        assert (root / "new/2.a").exists()
        after = desk.run(move=True)
        assert (after.moved, after.learned_good, after.learned_junk) == (1, 0, 0)  # its staying taught nothing
        assert not list((root / "new").iterdir())
    finally:
        desk.close()


def test_what_is_no_mailbox_is_told(tmp_path: Path) -> None:
    office = Office(config.load(guards.settled(tmp_path / "g")))
    with pytest.raises(NotFound, match="no account and no Maildir 'nobody'"):
        inbox.opened(office, "nobody")
    with pytest.raises(NotFound, match="is no Maildir"):
        inbox.opened(office, str(tmp_path))


def test_the_page_shows_mail_as_text(tmp_path: Path) -> None:
    root, settings = maildir(tmp_path / "Maildir"), guards.settled(tmp_path / "g")
    put(root, "1.a", guards.mail(subject="<script>alert(1)</script>"))
    page = tmp_path / "would.html"
    done = subprocess.run(
        [Path(sys.executable).parent / "junkhound", "--config", settings, "guard", "inbox", root, "--page", page],
        env=environment(tmp_path), capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert "1 would be moved to Junk" in done.stdout
    assert "nothing was changed" in done.stdout
    text = page.read_text("utf-8")
    assert "&lt;script&gt;alert(1)" in text
    assert "<script" not in text


def given(tmp_path: Path, root: Path, consent: bool) -> tuple[inbox.Sorter, Office]:
    more = f'\n[accounts.me]\nmaildir = "{root}"\nrelays = ["mx.example.net"]\ngive_back = {str(consent).lower()}\n'
    more += 'country = "DE"\n[engine]\nname = "inline"\nisolate = false\n'
    office = Office(config.load(guards.settled(tmp_path / "g", more)))
    name, store, relays = inbox.opened(office, "me")
    return inbox.Sorter(office, store, name, relays), office


def test_with_consent_moves_become_sightings_of_their_standing_once(tmp_path: Path) -> None:
    root = maildir(tmp_path / "Maildir")
    put(root, "1.j", guards.mail(PILLS % 1, "x@pills.example", source="192.0.2.77"), "Junk", "S")
    put(root, "2.g", PLAIN, flags="S")
    sorter, office = given(tmp_path, root, consent=True)
    try:
        assert sorter.run(move=True).given == 2
        (sorter.office.home / "guard/people/me").unlink()  # a run that was cut off before it noted what it learned
        sorter.personal = type(sorter.personal)(sorter.personal.key)
        assert sorter.run(move=True).given == 0
    finally:
        sorter.close()
    found = {(row["kind"], row["standing"], row["vantage"] != 0): str(Address(row["addr_hi"], row["addr_lo"]))
             for row in desks.rows(office)}  # fmt: skip
    assert found == {
        (int(Kind.JUNK), int(Standing.COMPLAINT), False): "192.0.2.77",  # no witness: it lists nobody by itself
        (int(Kind.GOOD), int(Standing.MAILBOX), True): "198.51.100.9",
    }


def test_without_consent_nothing_of_a_mailbox_is_told_to_the_home(tmp_path: Path) -> None:
    root = maildir(tmp_path / "Maildir")
    put(root, "1.j", guards.mail(PILLS % 1, "x@pills.example"), "Junk", "S")
    put(root, "2.g", PLAIN, flags="S")
    sorter, office = given(tmp_path, root, consent=False)
    try:
        report = sorter.run(move=True)
    finally:
        sorter.close()
    assert (report.learned_junk, report.learned_good, report.given) == (1, 1, 0)
    assert desks.rows(office) == []
    for path in office.home.rglob("*"):
        if path.is_file():
            assert b"pills" not in path.read_bytes(), path


@pytest.mark.parametrize("count", [400, pytest.param(10_000, marks=pytest.mark.slow)])
def test_an_owner_who_moves_thousands_at_once_is_learned_from_once(tmp_path: Path, count: int) -> None:
    root, settings = maildir(tmp_path / "Maildir"), guards.settled(tmp_path / "g")
    (root / ".Junk/cur").mkdir(parents=True)
    for number in range(count):
        mail = guards.mail(PILLS % number, "x@pills.example", source="198.51.100.9", link="http://other.example/")
        put(root, f"{number}.m", mail)
    before = everything(root)
    desk = sorter(settings, root)
    try:
        assert desk.run(move=True).looked == count
        for path in (root / "new").iterdir():
            path.rename(root / ".Junk/cur" / f"{path.name}:2,")
        desk._keep = Cut(desk._keep, 2)  # type: ignore[method-assign]
        with pytest.raises(KeyboardInterrupt):
            desk.run(move=True)  # cut off in the middle of it
    finally:
        desk.close()
    again = sorter(settings, root)
    try:
        rest = again.run(move=True)
        assert (again.personal.junk, rest.moved, again.run(move=True).learned_junk) == (count, 0, 0)
        assert 0 < rest.learned_junk < count
    finally:
        again.close()
    assert everything(root) == before
    assert len(list((root / ".Junk/cur").iterdir())) == count


class Cut:
    """Lets a call through so many times, then ends the program as Ctrl-C would."""

    def __init__(self, call: Any, times: int) -> None:
        self.call, self.times = call, times

    def __call__(self) -> None:
        self.times -= 1
        if self.times < 0:
            raise KeyboardInterrupt
        self.call()


def test_every_account_of_the_settings_is_sorted_by_itself(tmp_path: Path) -> None:
    more = ""
    for name in ("work", "home"):
        root = maildir(tmp_path / name)
        put(root, "1.a", guards.mail(subject=f"to {name}"))
        put(root, "2.b", PLAIN)
        more += f'\n[accounts.{name}]\nmaildir = "{root}"\nrelays = ["mx.example.net"]\n'
    settings = guards.settled(tmp_path / "g", more)
    program = [Path(sys.executable).parent / "junkhound", "--config", settings, "guard", "inbox"]
    page = tmp_path / "page.html"

    def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, *words], env=environment(tmp_path), capture_output=True, text=True, timeout=120
        )

    shown = run("--page", page)  # the first run: a table, a page, and nothing else
    assert shown.stdout.count("1 would be moved to Junk") == 2
    assert {"to work", "to home"} <= set(page.read_text("utf-8").replace("<b>", "\n").replace("</b>", "\n").split("\n"))
    assert not list(tmp_path.glob("*/.Junk"))
    moved = json.loads(run("--move", "--json").stdout)
    assert {name: one["moved"] for name, one in moved.items()} == {"work": 1, "home": 1}
    assert {path.name for path in (tmp_path / "g/home/guard/people").iterdir() if path.name[0] != "."} == {
        "work",
        "home",
    }
    watched = run("--move", "--watch")
    assert (watched.returncode, "one mailbox at a time" in watched.stderr) == (64, True)


def test_a_password_comes_from_the_file_the_keyring_or_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {("imap.example.org", "me"): "from the keyring"}
    ring = types.SimpleNamespace(get_password=lambda host, user: kept.get((host, user)))
    monkeypatch.setitem(sys.modules, "keyring", ring)
    secret = tmp_path / "password"
    secret.write_text("from the file\n")
    secret.chmod(0o600)
    url = "imaps://imap.example.org"
    assert imap.password("me", url, str(secret)) == "from the file"
    assert imap.password("me", url, "") == "from the keyring"
    assert imap.password("you", url, "", lambda words: "typed") == "typed"
    with pytest.raises(ConfigError, match="no password for 'you'"):
        imap.password("you", url, "")
    monkeypatch.setitem(sys.modules, "keyring", None)  # not installed: as if it were empty
    assert imap.password("me", url, "", lambda words: "typed") == "typed"
