"""An IMAP account on a real Dovecot, with an IMAP client library as its owner."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from imapclient import IMAPClient

from junkhound.inbox import imap
from junkhound.inbox.store import Letter
from junkhound.kernel import config
from junkhound.kernel.errors import ConfigError, NotFound, Temporary
from junkhound.verbs import inbox
from junkhound.verbs.office import Office
from support import guards
from support.dovecot import PASSWORD, USER, deliver, dovecot
from support.postfix import folder
from support.transcript import environment

pytestmark = pytest.mark.peer

PLAIN = guards.mail("see you at lunch on thursday", "ann@friends.example", "lunch", "198.51.100.9",
                    "mail.friends.example", "http://menu.example/")  # fmt: skip


def account(tmp_path: Path, port: int) -> Path:
    tmp_path.mkdir(exist_ok=True)
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    secret.chmod(0o600)
    return guards.settled(
        tmp_path / "g",
        f'\n[accounts.me]\nimap = "imap://127.0.0.1:{port}"\nuser = "{USER}"\npassword_file = "{secret}"\n'
        'relays = ["mx.example.net"]\n',
    )


@contextmanager
def owner(port: int) -> Iterator[IMAPClient]:
    with IMAPClient("127.0.0.1", port, ssl=False, timeout=20) as client:
        client.login(USER, PASSWORD)
        yield client


def subjects(port: int, name: str) -> list[bytes]:
    with owner(port) as client:
        client.select_folder(name, readonly=True)
        found = client.fetch(client.search(), ["ENVELOPE"])
        return sorted(parts[b"ENVELOPE"].subject for parts in found.values())


def eventually(port: int, name: str, wanted: list[bytes]) -> None:
    end = time.monotonic() + 30
    while (found := subjects(port, name)) != wanted:
        assert time.monotonic() < end, found
        time.sleep(0.2)


def test_an_account_is_sorted_and_its_owner_teaches(tmp_path: Path) -> None:
    with folder() as root, dovecot(root) as port:
        settings = account(tmp_path, port)
        deliver(root, "1.a", guards.mail())
        deliver(root, "2.b", PLAIN)
        office = Office(config.load(settings))
        name, store, relays = inbox.opened(office, "me")
        sorter = inbox.Sorter(office, store, name, relays)
        try:
            shown = sorter.run(move=False)
            assert [one.subject for one in shown.junk] == ["your order"]
            assert subjects(port, "INBOX") == [b"lunch", b"your order"]
            with owner(port) as client:  # looking left everything unread
                client.select_folder("INBOX", readonly=True)
                assert client.search("SEEN") == []
            assert sorter.run(move=True).moved == 1
            assert (subjects(port, "INBOX"), subjects(port, "Junk")) == ([b"lunch"], [b"your order"])
            with owner(port) as client:  # its owner moves it back
                client.select_folder("Junk")
                client.move(client.search(), "INBOX")
            back = sorter.run(move=True)
            assert (back.moved, back.learned_good) == (0, 1)
            assert subjects(port, "INBOX") == [b"lunch", b"your order"]
        finally:
            sorter.close()


def test_it_watches_by_idle(tmp_path: Path) -> None:
    with folder() as root, dovecot(root) as port:
        settings = account(tmp_path, port)
        command = [Path(sys.executable).parent / "junkhound", "--config", settings, "guard", "inbox", "me"]
        with subprocess.Popen(
            [*command, "--move", "--watch"], stdout=subprocess.PIPE, text=True, env=environment(tmp_path)
        ) as child:
            try:
                assert child.stdout is not None
                while "watching" not in (line := child.stdout.readline()):
                    assert line
                deliver(root, "1.a", guards.mail())
                eventually(port, "Junk", [b"your order"])
                deliver(root, "2.b", PLAIN)
                with owner(port) as client:  # many at once
                    for number in range(200):
                        client.append("INBOX", guards.mail().replace(b"your order", b"order %d" % number))
                end = time.monotonic() + 60
                while len(subjects(port, "Junk")) < 201:
                    assert time.monotonic() < end
                    time.sleep(0.5)
                assert subjects(port, "INBOX") == [b"lunch"]
            finally:
                child.terminate()
            assert child.wait(30) == 0


def test_what_goes_wrong_is_told_and_mail_stays(tmp_path: Path) -> None:
    with folder() as root:
        with dovecot(root) as port:
            settings = account(tmp_path, port)
            deliver(root, "1.a", guards.mail())
            with pytest.raises(NotFound, match="does not let 'other' in"):
                imap.Imap(f"imap://127.0.0.1:{port}", "other", "wrong")
            office = Office(config.load(settings))
            name, store, relays = inbox.opened(office, "me")
            assert isinstance(store, imap.Imap)
            sorter = inbox.Sorter(office, store, name, relays)
            assert sorter.run(move=False).looked == 1
            store._client.shutdown()  # the line is cut
            with pytest.raises(Temporary, match="IMAP"):
                sorter.run(move=True)
            sorter.close()
        assert len(list((root / "mail/new").iterdir()) + list((root / "mail/cur").iterdir())) == 1
    (tmp_path / "password").chmod(0o644)
    with pytest.raises(ConfigError, match="others may read this password"):
        inbox.opened(office, "me")
    for url in ("http://x.example", "imap://", "imap://x:port"):
        with pytest.raises(ConfigError, match="is no IMAP server"):
            imap.place_of(url)


def test_a_letter_is_moved_by_one_of_two(tmp_path: Path) -> None:
    """Round after round at the same instant; without claims a server leaves two copies of many."""
    with folder() as root, dovecot(root) as port:
        both = [imap.Imap(f"imap://127.0.0.1:{port}", USER, PASSWORD) for _ in range(2)]
        for number in range(12):
            for each in range(10):
                deliver(root, f"{number}.{each}", guards.mail().replace(b"your order", b"order %d.%d" % (number, each)))
            letters = [one.letters("INBOX") for one in both]
            assert [len(some) for some in letters] == [10, 10]
            start = threading.Barrier(2)
            moved: list[int] = []

            def move(one: imap.Imap, some: list[Letter], start: threading.Barrier = start) -> None:
                start.wait(10)
                moved.append(one.move(some, "Junk"))  # noqa: B023

            at_once = [threading.Thread(target=move, args=pair) for pair in zip(both, letters, strict=True)]
            for each_thread in at_once:
                each_thread.start()
            for each_thread in at_once:
                each_thread.join(60)
            assert sum(moved) == 10
        assert len(subjects(port, "Junk")) == len(set(subjects(port, "Junk"))) == 120
        assert subjects(port, "INBOX") == []


def test_what_a_killed_guard_claimed_is_moved_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "STALE_S", 0.5)
    with folder() as root, dovecot(root) as port:
        killed, other = (imap.Imap(f"imap://127.0.0.1:{port}", USER, PASSWORD) for _ in range(2))
        for number in range(3):
            deliver(root, f"{number}", guards.mail().replace(b"your order", b"order %d" % number))
        letters = other.letters("INBOX")
        uids = [int(one.id) for one in killed.letters("INBOX")]
        assert killed._claim(uids[:2]) == (uids[:2], [])
        assert other._claim(uids) == (uids[2:], uids[:2])
        assert other.move(letters, "Junk") == 3
        assert killed.move(letters, "Junk") == 0
        assert subjects(port, "Junk") == [b"order 0", b"order 1", b"order 2"]


def test_two_guards_on_one_account_move_each_mail_once(tmp_path: Path) -> None:
    with folder() as root, dovecot(root) as port:
        homes = [account(place, port) for place in (tmp_path / "one", tmp_path / "two")]
        for number in range(30):
            deliver(root, f"{number}.a", guards.mail().replace(b"your order", b"order %d" % number))
        deliver(root, "plain", PLAIN)
        program = Path(sys.executable).parent / "junkhound"
        both = [
            subprocess.Popen(
                [program, "--config", settings, "guard", "inbox", "me", "--move"],
                stdout=subprocess.DEVNULL, env=environment(settings.parent),
            )
            for settings in homes
        ]  # fmt: skip
        assert [one.wait(120) for one in both] == [0, 0]
        assert subjects(port, "Junk") == sorted(b"order %d" % number for number in range(30))
        assert subjects(port, "INBOX") == [b"lunch"]
