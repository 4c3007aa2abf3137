"""The page "My inbox, in two minutes", to the letter: its settings and commands, on a real Dovecot."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guard.test_imap import PLAIN, eventually, subjects
from junkhound import guard
from junkhound.kernel import config
from junkhound.kernel.clock import SystemClock
from junkhound.verbs import signing
from junkhound.verbs.office import Office
from junkhound.wire import minisign
from support import guards
from support.dovecot import PASSWORD, USER, deliver, dovecot
from support.postfix import folder
from support.transcript import environment

pytestmark = pytest.mark.peer

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/guard.md").read_text("utf-8")
PART = PAGE[PAGE.index("## My inbox, in two minutes") : PAGE.index("**It learns from you.**")]


def hub(into: Path) -> None:
    """What somebody who runs a hub would have sent: a pack, its signature, the key."""
    office = Office(config.load(guards.settled(into.parent / "hub")))
    signer = signing.signer_of(office)
    assert signer is not None
    octets = guard.pack.write(guards.book())
    (into / "hub.pack").write_bytes(octets)
    (into / "hub.pack.minisig").write_bytes(signer.sign(octets, "hub.pack", SystemClock().now()))
    (into / "minisign.pub").write_text(minisign.public_text(signing.public_key(office)))


def test_the_page_holds_to_the_letter(tmp_path: Path) -> None:
    blocks = re.findall(r"```(\w+)\n(.*?)```", PART, re.DOTALL)
    lines = [line[2:] for kind, text in blocks if kind == "console" for line in text.splitlines()]
    assert [line for line in lines if not line.startswith("junkhound ")] == [
        "python3 -m venv ~/.junkhound", "~/.junkhound/bin/pip install -q '.[imap]'",
        "export PATH=~/.junkhound/bin:$PATH",
    ]  # fmt: skip
    assert re.search(r"(?m)^imap = \[", (ROOT / "pyproject.toml").read_text())
    (settings,) = [text for kind, text in blocks if kind == "toml"]
    home = tmp_path / "me"
    place = home / ".config/junkhound"
    place.mkdir(parents=True)
    (place / "password").write_text(PASSWORD + "\n")
    (place / "password").chmod(0o600)
    hub(home)
    environ = {**environment(home), "HOME": str(home), "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": ""}
    with folder() as root, dovecot(root) as port:
        settings = settings.replace("imaps://imap.example.org", f"imap://127.0.0.1:{port}")
        settings = settings.replace("me@example.org", USER).replace("mx.example.org", "mx.example.net")
        said, began = "", time.monotonic()
        for line in (line for line in lines if line.startswith("junkhound ")):
            if "inbox" in line and not (place / "junkhound.toml").exists():
                (place / "junkhound.toml").write_text(settings + "[network]\nallow_documentation = true\n")
                deliver(root, "1.a", guards.mail())
                deliver(root, "2.b", PLAIN)
            command = [sys.executable, "-m", *line.split()]
            if line.endswith("--watch"):
                deliver(root, "3.c", guards.mail().replace(b"your order", b"your orders"))
                with subprocess.Popen(command, cwd=home, env=environ, stdout=subprocess.DEVNULL) as child:
                    eventually(port, "Junk", [b"your order", b"your orders"])
                    child.terminate()
                    assert child.wait(20) == 0
                continue
            done = subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True, timeout=60)
            assert done.returncode == 0, done.stderr
            said += done.stdout
            if "--move" not in line:
                assert subjects(port, "Junk") == []
        assert time.monotonic() - began < 120
        assert "pack 1 of bl.example.org" in said
        assert said.count("1 would be moved to Junk") == 2
        assert (subjects(port, "INBOX"), subjects(port, "Junk")) == ([b"lunch"], [b"your order", b"your orders"])
        assert "the same letter reached 52 mails" in (home / "would-move.html").read_text()
