"""A Postfix of our own: private configuration, queue, log and port; nothing of the machine's is touched."""

from __future__ import annotations

import os
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.peers import free_port, need

_MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/log
maillog_file_prefixes = {root}
myhostname = mx.example.net
mydestination =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_authorized_xclient_hosts = 127.0.0.1
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
transport_retry_time = 1s
"""
_MASTER = """
127.0.0.1:{port} inet n - {jail} - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
postlog unix-dgram n - n - 1 postlogd
"""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that every user of the machine may enter, as Postfix's own users must."""
    made = Path(tempfile.mkdtemp(prefix="junkhound-postfix-"))
    made.chmod(0o755)
    try:
        yield made
    finally:
        shutil.rmtree(made)


@contextmanager
def postfix(root: Path, main: str, services: str = "", nameserver: str = "") -> Iterator[int]:
    """Its SMTP port, with these lines added to main.cf and master.cf; skips where there is none or we are not root.

    ``nameserver`` is whom its SMTP server asks by DNS, always at port 53: the server is confined to its queue
    directory, and resolv.conf there is its own.
    """
    program = need("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    port = free_port()
    for name in ("etc", "queue/etc", "data"):
        (root / name).mkdir(parents=True)
    shutil.chown(root / "data", "postfix")
    if nameserver:
        (root / "queue/etc/resolv.conf").write_text(f"nameserver {nameserver}\noptions timeout:5 attempts:2\n")
    (root / "etc/main.cf").write_text(_MAIN.format(root=root) + main)
    (root / "etc/master.cf").write_text(_MASTER.format(port=port, jail="y" if nameserver else "n") + services)
    command = (program, "-c", str(root / "etc"))
    started = subprocess.run([*command, "start"], capture_output=True, text=True, check=False)
    try:
        assert started.returncode == 0, started.stderr
        yield port
    finally:
        subprocess.run([*command, "stop"], capture_output=True, check=False)


def log(root: Path) -> str:
    """What it has written to its log so far."""
    path = root / "log"
    return path.read_text() if path.exists() else ""


def until(found: Callable[[], bool], what: str, root: Path) -> None:
    """Wait for it, half a minute at most."""
    end = time.monotonic() + 30
    while not found():
        if time.monotonic() > end:
            pytest.fail(f"{what} did not come about\n{log(root)}")
        time.sleep(0.05)


def send(port: int, *recipients: str, body: bytes) -> None:
    """One mail from a stranger, whose facts Postfix learns by XCLIENT."""
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as session:
        session.ehlo("client.example.org")
        session.docmd("XCLIENT", "ADDR=192.0.2.7 NAME=mail.example.org PORT=4711 HELO=friend PROTO=ESMTP")
        session.ehlo("friend")
        assert session.sendmail("", list(recipients), body) == {}
