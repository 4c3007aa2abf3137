"""A real rspamd on a loopback port that knows one Lua file of ours and nothing else."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from support.peers import free_port, need
from support.postfix import folder

Symbols = Callable[[bytes], dict[str, Any]]
"""What it says of a mail."""


@contextmanager
def rspamd(lua: str, filters: str = "") -> Iterator[Symbols]:
    """It answers already; what it logged is in the error of whoever waits in vain."""
    program, port = need("rspamd"), free_port()
    with folder() as root:
        for name in ("run", "lib"):
            (root / name).mkdir()
        (root / "junkhound.lua").write_text(lua)
        (root / "rspamd.conf").write_text(f"""
            options {{ pidfile = "{root}/pid"; filters = "{filters}";
                dns {{ nameserver = ["127.0.0.1:1"]; timeout = 0.1s; }} }}
            logging {{ type = "file"; filename = "{root}/log"; }}
            worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}
            lua = "{root}/junkhound.lua";
        """)
        for path in (root, *root.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o644)
        child = subprocess.Popen(
            [program, "-f", "-i", "-c", root / "rspamd.conf", f"--var=DBDIR={root}/lib", f"--var=RUNDIR={root}/run"],
            stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT,
        )  # fmt: skip

        def symbols(octets: bytes) -> dict[str, Any]:
            request = urllib.request.Request(f"http://127.0.0.1:{port}/checkv2", octets)
            with urllib.request.urlopen(request, timeout=30) as said:
                found: dict[str, Any] = json.load(said)["symbols"]
            return found

        try:
            end = time.monotonic() + 60
            while True:
                try:
                    symbols(b"Subject: there?\r\n\r\n")
                    break
                except OSError:
                    assert time.monotonic() < end, (root / "log").read_text() if (root / "log").exists() else ""
                    time.sleep(0.2)
            yield symbols
        finally:
            child.terminate()
            child.wait(20)
