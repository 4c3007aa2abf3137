"""What goes wrong between real servers: mail is never lost, never doubled, never kept beyond the deadline."""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from guard.test_desk import BROKEN
from guard.test_imap import PLAIN, account, owner, subjects
from guard.test_milter import MAIN, body_of, sent
from guard.test_proxy import filtered
from junkhound import guard
from junkhound.inbox import imap
from junkhound.kernel import config
from junkhound.kernel.errors import Temporary
from junkhound.verbs import inbox
from junkhound.verbs.office import Office
from support import guards
from support.dovecot import deliver, dovecot
from support.postfix import folder, log, postfix, send, until

pytestmark = pytest.mark.peer


AS_IT_IS = "disable_mime_output_conversion = yes\n"  # else Postfix itself gives up on some of it


def half_a_mail(port: int) -> None:
    """A client that leaves in the middle of DATA."""
    with socket.create_connection(("127.0.0.1", port), 20) as link:
        file = link.makefile("rwb")
        file.readline()
        for line in (b"HELO x", b"MAIL FROM:<a@example.org>", b"RCPT TO:<me@example.net>", b"DATA"):
            file.write(line + b"\r\n")
            file.flush()
            file.readline()
        file.write(b"From: a@example.org\r\nSubject: half\r\n\r\n" + b"half a mail\r\n" * 3000)
        file.flush()


def test_postfix_and_a_milter_in_trouble(tmp_path: Path) -> None:
    settings = guards.settled(tmp_path / "g", "deadline_ms = 1500\n")
    with (
        guards.sink(tmp_path) as taken, folder() as root,
        guards.running(settings, "milter", "--listen", "127.0.0.1:0") as place,
        postfix(root, MAIN.format(sink=taken.port, milter=place) + AS_IT_IS) as port,
    ):  # fmt: skip
        half_a_mail(port)
        for octets in BROKEN.values():
            with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
                assert client.sendmail("a@example.org", ["me@example.net"], octets) == {}
        until(lambda: len(taken.mails) == len(BROKEN), "broken mail", root)
        assert all(mail.count(b"X-Junkhound-Verdict: none\r\n") == 1 for mail in taken.mails)
        assert not any(b"half" in mail for mail in taken.mails)
        pack = settings.parent / "guard.pack"
        whole = pack.read_bytes()
        pack.write_bytes(whole[:-9] + bytes(9))  # changed while it runs: the one that was loaded stays
        time.sleep(5.5)
        assert sent(port, body_of(guards.mail()), guards.BOT) == ""
        until(lambda: b"Verdict: junk" in taken.mails[-1], "a verdict", root)
        pack.write_bytes(guard.pack.write(guards.book(made_at=0)))  # a pack of 1970: nothing is said by it
        end, said = time.monotonic() + 40, b"junk"
        while said == b"junk" and time.monotonic() < end:
            count = len(taken.mails)
            assert sent(port, body_of(guards.mail()), guards.BOT) == ""
            until(lambda: len(taken.mails) > count, "the delivery", root)  # noqa: B023
            said = taken.mails[-1].partition(b"Verdict: ")[2][:4]
            time.sleep(1)
        assert said == b"none"
        for pid in guards.readers(settings):
            os.kill(pid, signal.SIGSTOP)  # it hangs
        began, count = time.monotonic(), len(taken.mails)
        try:
            assert sent(port, body_of(guards.mail()), guards.BOT) == ""
            assert time.monotonic() - began < 4
        finally:
            for pid in guards.readers(settings):
                os.kill(pid, signal.SIGCONT)
        until(lambda: len(taken.mails) == count + 1, "the delivery", root)
        assert b"X-Junkhound-Reason: there was no time to look at it" in taken.mails[-1]
        assert len({mail.partition(b"by mx.example.net")[2][:60] for mail in taken.mails}) == len(taken.mails)


def test_postfix_delivers_once_though_the_next_server_breaks_in_the_middle(tmp_path: Path) -> None:
    with filtered(tmp_path) as (taken, root, port):
        taken.breaks = 2
        send(port, "me@example.net", body=body_of(guards.mail()))
        until(lambda: log(root).count("status=sent") == 1, "the delivery", root)
        assert log(root).count("status=deferred") == 2
        assert len(taken.mails) == 1
        assert taken.mails[0].startswith(b"X-Junkhound-Verdict: junk\r\n")


# --- IMAP ----------------------------------------------------------------------------------------------------------

QUOTA = """
mail_plugins = quota
protocol imap {{
  mail_plugins = quota
  {without}
}}
plugin {{
  quota = maildir:everything
  quota_rule = *:messages={most}
  quota_grace = 0
}}
"""
WITHOUT_MOVE = "imap_capability = IMAP4rev1 LITERAL+ UIDPLUS IDLE SPECIAL-USE"


@pytest.mark.parametrize("without", ["", WITHOUT_MOVE])
def test_over_quota_mail_stays_and_is_moved_when_there_is_room(tmp_path: Path, without: str) -> None:
    with folder() as root:
        first = tmp_path / "first"
        with dovecot(root, QUOTA.format(without=without, most=3)) as port:
            for number in range(3):
                deliver(root, f"{number}.a", guards.mail().replace(b"your order", b"order %d" % number))
            settings = account(tmp_path, port)
            everything = [b"order 0", b"order 1", b"order 2"]
            office = Office(config.load(settings))
            sorter = inbox.Sorter(office, inbox.opened(office, "me")[1], "me", ("mx.example.net",))
            try:
                if without:  # a copy needs room for a fourth
                    with pytest.raises(Temporary, match=r"(?i)quota"):
                        sorter.run(move=True)
                    assert (subjects(port, "INBOX"), subjects(port, "Junk")) == (everything, [])
                else:  # a move needs none
                    assert sorter.run(move=True).moved == 3
                    assert (subjects(port, "INBOX"), subjects(port, "Junk")) == ([], everything)
            finally:
                sorter.close()
        shutil.copy(root / "dovecot.conf", first)
        if without:
            conf = (root / "dovecot.conf").read_text()
            more = conf[conf.index("\nmail_plugins") :].replace("messages=3", "messages=9")
            with again(root, more) as port:
                office = Office(config.load(account(tmp_path, port)))
                sorter = inbox.Sorter(office, inbox.opened(office, "me")[1], "me", ("mx.example.net",))
                try:
                    report = sorter.run(move=True)
                    assert (report.moved, report.learned_good, report.learned_junk) == (3, 0, 0)
                    assert (subjects(port, "INBOX"), subjects(port, "Junk")) == ([], everything)
                finally:
                    sorter.close()


@contextmanager
def again(root: Path, more: str) -> Iterator[int]:
    """The same mailbox under a Dovecot with other settings."""
    kept = root / "kept"
    (root / "mail").rename(kept)
    for part in ("run", "state"):
        shutil.rmtree(root / part, ignore_errors=True)
    with dovecot(root, more) as port:
        (root / "mail").rmdir()
        kept.rename(root / "mail")
        yield port


class Cutting:
    """A line to a server that ends after so many bytes of its answers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.left = 1 << 40
        self._server = socket.create_server(("127.0.0.1", 0))
        self.own = self._server.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._server.accept()
            except OSError:
                return
            onward = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self._pass, args=(link, onward, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(onward, link, True), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, counted: bool) -> None:
        try:
            while data := one.recv(1 << 14):
                if counted:
                    data = data[: max(0, self.left)]
                    self.left -= len(data)
                other.sendall(data)
                if counted and self.left <= 0:
                    break
        except OSError:
            pass
        for link in (one, other):
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._server.close()


def test_a_line_that_breaks_anywhere_loses_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imap, "STALE_S", 0.3)
    with folder() as root, dovecot(root) as port:
        line = Cutting(port)
        settings = account(tmp_path, line.own)
        every = [b"order %02d" % number for number in range(8)]
        try:
            for number, name in enumerate(every):
                deliver(root, f"{number}.a", guards.mail().replace(b"your order", name))
            deliver(root, "plain", PLAIN)
            office = Office(config.load(settings))
            spent = _one(office, line, 1 << 40, move=False)  # what a look alone costs in answers
            broken = 0
            for cut in (300, spent - 50, spent + 150, spent + 330, spent + 450):
                try:
                    _one(office, line, cut, move=True)
                except Temporary:
                    broken += 1
                here = sorted(subjects(port, "INBOX") + subjects(port, "Junk"))
                assert here == sorted([*every, b"lunch"]), cut
            assert broken >= 3
            _one(office, line, 1 << 40, move=True)
            assert (subjects(port, "INBOX"), subjects(port, "Junk")) == ([b"lunch"], every)
        finally:
            line.close()


def _one(office: Office, line: Cutting, cut: int, move: bool) -> int:
    """One run over a line that ends after ``cut`` bytes; how many there were."""
    line.left = cut
    sorter = inbox.Sorter(office, inbox.opened(office, "me")[1], "me", ("mx.example.net",))
    try:
        report = sorter.run(move=move)
        assert (report.learned_good, report.learned_junk) == (0, 0)
        return cut - line.left
    finally:
        sorter.close()


PILLS = "pills number %d are cheap and ship at once to your door without any questions asked, so order today"


@pytest.mark.parametrize("count", [150, pytest.param(10_000, marks=pytest.mark.slow)])
def test_an_owner_moves_thousands_at_once_by_imap_and_back(tmp_path: Path, count: int) -> None:
    with folder() as root, dovecot(root) as port:
        way = {"source": "198.51.100.9", "name": "h.example", "link": "http://other.example/"}
        for number in range(count):
            deliver(root, f"{number}.a", guards.mail(PILLS % number, "x@pills.example", f"pills {number}", **way))
        office = Office(config.load(account(tmp_path, port)))
        sorter = inbox.Sorter(office, inbox.opened(office, "me")[1], "me", ("mx.example.net",))
        try:
            first = sorter.run(move=True)
            assert (first.looked, first.moved, first.failed) == (count, 0, 0)
            all_at_once(port, "INBOX", "Junk")
            there = sorter.run(move=True)
            assert (there.learned_junk, there.learned_good, there.moved) == (count, 0, 0)
            all_at_once(port, "Junk", "INBOX")
            back = sorter.run(move=True)
            assert (back.moved, sorter.personal.junk + sorter.personal.good) == (0, count)
            again_ = sorter.run(move=True)
            assert (again_.looked, again_.moved, again_.learned_good, again_.learned_junk) == (0, 0, 0, 0)
        finally:
            sorter.close()
        assert subjects(port, "INBOX") == sorted(f"pills {number}".encode() for number in range(count))
        assert subjects(port, "Junk") == []


def all_at_once(port: int, source: str, to: str) -> None:
    """Everything of one folder into another, by one command of their owner."""
    with owner(port) as client:
        client.select_folder(source)
        client.move(client.search(), to)
