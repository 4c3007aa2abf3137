"""The guard by HTTP: a real rspamd and a real spamd ask it, with the snippets of the manual."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from support import guards
from support.peers import free_port, need
from support.postfix import folder
from support.rspamd import rspamd

MANUAL = (Path(__file__).parents[2] / "docs/guard.md").read_text("utf-8")
PLAIN = guards.mail("see you at lunch on thursday", "ann@friends.example", "lunch", "198.51.100.9",
                    "mail.friends.example", "http://menu.example/")  # fmt: skip


def snippet(title: str) -> str:
    """The code block of the manual that begins with a line naming this file."""
    found = re.search(rf"```\w*\n(?:#|--) {re.escape(title)}\n(.*?)```", MANUAL, re.DOTALL)
    assert found, title
    return found[1]


def asked(place: str, octets: bytes, **headers: str) -> dict[str, object]:
    request = urllib.request.Request(f"http://{place}/check", octets, headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        found: dict[str, object] = json.load(answer)
    return found


def test_it_answers_programs_of_this_machine(tmp_path: Path) -> None:
    with guards.running(guards.settled(tmp_path / "g"), "http", "--listen", "127.0.0.1:0") as place:
        said = asked(place, guards.mail())
        assert said["verdict"] == "junk"
        assert "the same letter reached 52 mails" in str(said["reason"])
        body = guards.mail()[guards.mail().index(b"From: ") :]
        assert asked(place, body, Client=guards.BOT, Helo="friend")["listed"] is True
        assert asked(place, body)["listed"] is False
        assert asked(place, b"")["verdict"] == "none"
        host, _, port = place.rpartition(":")
        with socket.create_connection((host, int(port)), 20) as link:  # two at once on one connection, then nonsense
            one = b"POST /check HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b"
            link.sendall(one % (len(guards.mail()), guards.mail()) + one % (len(PLAIN), PLAIN) + b"nonsense\r\n\r\n")
            said_all = b"".join(iter(lambda: link.recv(1 << 16), b""))
        assert re.findall(rb'"verdict":"(\w+)"', said_all) == [b"junk", b"none"]
        assert said_all.count(b"HTTP/1.1 ") == 3
        assert b"HTTP/1.1 400 " in said_all
        for target, method, status in (("/", "GET", 404), ("/check", "GET", 405), ("/healthz", "GET", 200)):
            with socket.create_connection((host, int(port)), 20) as link:
                link.sendall(f"{method} {target} HTTP/1.0\r\n\r\n".encode())
                assert link.recv(12) == f"HTTP/1.1 {status}".encode()
        with pytest.raises(urllib.error.HTTPError) as told:
            asked(place, PLAIN, Host="evil.example")
        assert told.value.code == 400


@pytest.mark.peer
def test_rspamd_counts_the_guards_opinion(tmp_path: Path) -> None:
    with guards.running(guards.settled(tmp_path / "g"), "http", "--listen", "127.0.0.1:0") as place:
        lua = snippet("rspamd.local.lua")
        assert "127.0.0.1:8893" in lua
        with rspamd(lua.replace("127.0.0.1:8893", place)) as symbols:
            assert "JUNKHOUND_JUNK" in symbols(guards.mail())
            assert not {name for name in symbols(PLAIN) if name.startswith("JUNKHOUND")}


def spamassassin_settings(place_of_files: Path, asked: str) -> None:
    """A folder of settings with the manual's plugin and nothing else."""
    (place_of_files / "v320.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n")
    (place_of_files / "Junkhound.pm").write_text(snippet("Junkhound.pm"))
    rules = snippet("junkhound.cf").replace("Junkhound.pm", str(place_of_files / "Junkhound.pm"))
    (place_of_files / "local.cf").write_text(
        "report_safe 0\nadd_header all Status _YESNO_ _TESTS_\n" + rules.replace("127.0.0.1:8893", asked)
    )


@pytest.mark.peer
def test_spamassassin_counts_the_guards_opinion(tmp_path: Path) -> None:
    program = need("spamassassin")
    with guards.running(guards.settled(tmp_path / "g"), "http", "--listen", "127.0.0.1:0") as place:
        spamassassin_settings(tmp_path, place)
        for octets, hit in ((guards.mail(), True), (PLAIN, False)):
            done = subprocess.run(
                [program, "-L", "-t", "-x", "--siteconfigpath", tmp_path, "--configpath", tmp_path],
                input=octets, capture_output=True, timeout=120, check=False,
                env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C"},
            )  # fmt: skip
            assert (b"JUNKHOUND_JUNK" in done.stdout) is hit, done.stdout + done.stderr
    shutil.rmtree(tmp_path / "g")


@pytest.mark.peer
def test_spamd_counts_the_guards_opinion(tmp_path: Path) -> None:
    program, port = need("spamd"), free_port()
    with folder() as root, guards.running(guards.settled(tmp_path / "g"), "http", "--listen", "127.0.0.1:0") as place:
        spamassassin_settings(root, place)
        for path in (root, *root.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o644)
        command = [program, "-L", "-x", "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-u", "nobody", "-H", root]
        command += ["-s", root / "log", f"--siteconfigpath={root}", f"--configpath={root}"]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        try:
            for octets, hit in ((guards.mail(), True), (PLAIN, False)):
                assert (b"JUNKHOUND_JUNK" in told_by_spamd(port, octets, root / "log")) is hit
        finally:
            child.terminate()
            child.wait(20)


def told_by_spamd(port: int, octets: bytes, log: Path) -> bytes:
    """The names of the rules that hit, as spamc asks for them."""
    end = time.monotonic() + 60
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 60) as link:
                link.sendall(b"SYMBOLS SPAMC/1.5\r\nContent-length: %d\r\n\r\n" % len(octets) + octets)
                link.shutdown(socket.SHUT_WR)
                said = b"".join(iter(lambda: link.recv(1 << 16), b""))
            assert b"EX_OK" in said, said
            return said
        except OSError:
            assert time.monotonic() < end, log.read_text() if log.exists() else ""
            time.sleep(0.2)
