"""The guard as a filter of one mail: marked, or on any doubt exactly as it came."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from guard.test_desk import BROKEN
from support import guards
from support.transcript import environment

PROGRAM = Path(sys.executable).parent / "junkhound"


def filtered(settings: Path, octets: bytes) -> tuple[bytes, str]:
    done = subprocess.run([PROGRAM, "--config", settings, "guard", "stdin"], input=octets, capture_output=True,
                          env=environment(settings.parent), timeout=60, check=True)  # fmt: skip
    return done.stdout, done.stderr.decode()


def test_a_mail_is_marked_and_else_as_it_was(tmp_path: Path) -> None:
    settings = guards.settled(tmp_path / "g")
    said, _ = filtered(settings, b"From a@b Thu Jan  1 00:00:00 2026\n" + guards.mail().replace(b"\r\n", b"\n"))
    first, verdict, rest = said.split(b"\n", 2)
    assert (first, verdict) == (b"From a@b Thu Jan  1 00:00:00 2026", b"X-Junkhound-Verdict: junk")
    assert rest.endswith(guards.mail().replace(b"\r\n", b"\n"))
    for octets in (BROKEN["a part in itself"], BROKEN["nul and bare ends"]):
        said, _ = filtered(settings, octets)
        assert said.startswith(b"X-Junkhound-Verdict: none\r\n")
        assert said.endswith(octets)


def test_on_any_doubt_the_mail_goes_on_as_it_came(tmp_path: Path) -> None:
    settings = guards.settled(tmp_path / "g")
    pack = settings.parent / "guard.pack"
    pack.write_bytes(pack.read_bytes()[:-9])
    said, words = filtered(settings, guards.mail())
    assert said == guards.mail()
    assert "the mail goes on unseen" in words
    settings.write_text("nonsense = [")
    assert filtered(settings, guards.mail())[0] == guards.mail()


def test_it_does_not_wait_for_a_reader_that_hangs(tmp_path: Path) -> None:
    settings = guards.settled(tmp_path / "g", "deadline_ms = 300\n")
    began = time.monotonic()
    stopped: list[int] = []

    def stop() -> None:  # its reader hangs from its birth on; it is let go when it has started
        end = time.monotonic() + 30
        while time.monotonic() < end and not stopped:
            stopped.extend(guards.readers(settings))
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)

    with subprocess.Popen([PROGRAM, "--config", settings, "guard", "stdin"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, env=environment(tmp_path)) as child:  # fmt: skip
        watcher = threading.Thread(target=stop)
        watcher.start()
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(guards.mail())
        child.stdin.close()
        watcher.join(40)
        assert stopped
        assert child.stdout.read() == guards.mail()
        assert child.wait(10) == 0
        assert time.monotonic() - began < 50
