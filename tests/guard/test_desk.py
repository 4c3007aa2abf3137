"""Who waits for an opinion is never kept waiting, and whatever goes wrong, the mail goes on, once and as it was."""

from __future__ import annotations

import asyncio
import os
import signal
import smtplib
import socket
import struct
import subprocess
import time
from pathlib import Path

import pytest

from junkhound import guard
from junkhound.guard import Word
from junkhound.kernel import config
from junkhound.service.guard import Desk
from junkhound.service.guard import desk as desks
from junkhound.verbs.office import Office
from support import guards

NESTED = b"--b\r\nContent-Type: multipart/x; boundary=b\r\n\r\n"
BROKEN = {
    "no end of a part": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p",
    "a part in itself": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + NESTED * 300,
    "no base64": b"Content-Transfer-Encoding: base64\r\n\r\n===%%%===\r\n",
    "no charset": b"Content-Type: text/plain; charset=no-such\r\nSubject: =?no-such?b?////?=\r\n\r\n\xff\xfe\xfd\r\n",
    "no header": b"\r\n\r\nhello\r\n",
    "nothing but a header": b"From: a@example.org",
    "nul and bare ends": b"From: a@example.org\r\nSubject: \x00\x01\r\n\r\na\x00b\r\n",
    "a field without end": b"X-Long: " + b"a" * 900 + b"\r\n " * 200 + b"\r\n\r\nhello\r\n",
}  # fmt: skip


def opened(tmp_path: Path, more: str = "deadline_ms = 300\n") -> Desk:
    desk = Desk(Office(config.load(guards.settled(tmp_path / "g", more))))
    desk.open()
    return desk


def reader_of(desk: Desk) -> int:
    """The process that judges, while it is free."""
    assert desk._free is not None
    worker = desk._free.get_nowait()
    desk._free.put_nowait(worker)
    child = worker.jail._child
    assert isinstance(child, subprocess.Popen)
    return child.pid


def test_nobody_waits_beyond_the_deadline(tmp_path: Path) -> None:
    desk = opened(tmp_path)
    pid = reader_of(desk)

    async def one() -> tuple[guard.Opinion, float]:
        began = time.monotonic()
        return await desk.opinion(guards.mail(), None), time.monotonic() - began

    async def several() -> None:
        os.kill(pid, signal.SIGSTOP)  # it hangs
        for found, seconds in await asyncio.gather(*(one() for _ in range(3))):
            assert (found.word, found.reason) == (Word.NONE, "there was no time to look at it")
            assert seconds < 0.9
        os.kill(pid, signal.SIGCONT)
        async with asyncio.timeout(30):  # what it was at is finished, and it judges again
            while (await one())[0].word is not Word.JUNK:
                pass
        assert reader_of(desk) == pid

    try:
        asyncio.run(several())
        assert desk.counts.late >= 3
    finally:
        desk.close()


def test_a_mail_that_kills_its_reader_goes_on_and_the_next_is_judged(tmp_path: Path) -> None:
    desk = opened(tmp_path, "deadline_ms = 20000\n")
    pid = reader_of(desk)

    async def both() -> tuple[guard.Opinion, guard.Opinion]:
        os.kill(pid, signal.SIGSTOP)
        asyncio.get_running_loop().call_later(0.2, os.kill, pid, signal.SIGKILL)
        first = await desk.opinion(guards.mail(), None)
        return first, await desk.opinion(guards.mail(), None)

    try:
        first, second = asyncio.run(both())
        assert (first.word, first.reason) == (Word.NONE, "it could not be looked at")
        assert second.word is Word.JUNK
        assert desk.counts.failed == 1
    finally:
        desk.close()


def test_a_reader_that_talks_nonsense_is_ended(tmp_path: Path) -> None:
    desk = opened(tmp_path, "deadline_ms = 20000\n")
    pid = reader_of(desk)
    assert desk._free is not None
    worker = desk._free.get_nowait()
    desk._free.put_nowait(worker)

    async def both() -> tuple[guard.Opinion, guard.Opinion]:
        def end() -> None:
            raise EOFError("a frame of 999999999 bytes")

        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(desks.Frames, "take", lambda *_: end())
            first = await desk.opinion(guards.mail(), None)
        return first, await desk.opinion(guards.mail(), None)

    try:
        first, second = asyncio.run(both())
        assert (first.word, second.word) == (Word.NONE, Word.JUNK)
        assert reader_of(desk) != pid
    finally:
        desk.close()


def test_more_mail_than_can_wait_has_no_opinion_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = opened(tmp_path)
    monkeypatch.setattr(desks, "QUEUE", 0)
    try:
        assert asyncio.run(desk.opinion(guards.mail(), None)).reason == "too much mail at once"
    finally:
        desk.close()


def test_a_tampered_or_stale_pack_that_is_put_in_changes_nothing_for_the_better(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "LOOK_S", 0.0)
    desk = opened(tmp_path, "deadline_ms = 5000\n")
    pack = tmp_path / "g" / "guard.pack"

    async def word() -> str:
        await asyncio.sleep(0.2)
        return str((await desk.opinion(guards.mail(), None)).word)

    async def exchanged() -> None:
        octets = pack.read_bytes()
        pack.write_bytes(octets[:-20] + bytes(20))  # a pack that was cut or changed
        for _ in range(4):
            assert await word() == "junk"  # the old one is at work
        pack.write_bytes(guard.pack.write(guards.book(made_at=0)))  # a pack of 1970
        async with asyncio.timeout(60):
            while await word() != "none":
                pass

    try:
        asyncio.run(exchanged())
    finally:
        desk.close()


def test_broken_mail_goes_through_once_and_as_it_was(tmp_path: Path) -> None:
    with (
        guards.sink(tmp_path) as taken,
        guards.running(
            guards.settled(tmp_path / "g"), "lmtp", "--listen", "127.0.0.1:0", "--next", f"127.0.0.1:{taken.port}"
        ) as where,
    ):
        host, _, port = where.rpartition(":")
        with smtplib.LMTP(host, int(port), timeout=30) as client:
            for octets in BROKEN.values():
                assert client.sendmail("a@example.org", ["me@example.net"], octets) == {}
    assert len(taken.mails) == len(BROKEN)
    for (name, octets), mail in zip(BROKEN.items(), taken.mails, strict=True):
        fields, rest = mail.split(b"X-Junkhound-Reason: ", 1)
        assert fields.startswith(b"X-Junkhound-Verdict: none\r\n"), name
        assert rest.partition(b"\r\n")[2].rstrip() == octets.rstrip(), name


def test_a_server_that_leaves_a_milter_in_the_middle_harms_nobody(tmp_path: Path) -> None:
    def packet(letter: bytes, data: bytes = b"") -> bytes:
        return struct.pack(">I", 1 + len(data)) + letter + data

    start = packet(b"O", struct.pack(">III", 6, 0x1FF, 0x1FFFFF)) + packet(b"M", b"<a@example.org>\0")
    header = packet(b"L", b"From\0 a@example.org\0") + packet(b"N")
    with guards.running(guards.settled(tmp_path / "g"), "milter", "--listen", "127.0.0.1:0") as where:
        host, _, port = where.rpartition(":")
        for half in (start[:3], start, start + header, start + header + packet(b"B", b"half a")[:-3]):
            with socket.create_connection((host, int(port)), 20) as link:
                link.sendall(half)
        with socket.create_connection((host, int(port)), 20) as link:
            link.sendall(start + header + packet(b"B", b"hello\r\n") + packet(b"E"))
            said = b""
            while b"X-Junkhound-Verdict\0" not in said:
                piece = link.recv(4096)
                assert piece, said
                said += piece
