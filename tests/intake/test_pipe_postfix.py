"""A real Postfix hands its mail to the pipe: facts, retry after 75, nothing bounced, nothing twice."""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from junkhound.wire import segment
from support.peers import free_port, need

pytestmark = pytest.mark.peer
SOURCE = Path(__file__).parents[2] / "src/junkhound"
USER = "nobody"
MAIN = """
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
virtual_mailbox_domains = example.net
virtual_transport = junkhound
junkhound_destination_recipient_limit = 100
transport_maps = inline:{{ {{ killed@example.net = killed: }} }}
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
transport_retry_time = 1s
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
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
postlog unix-dgram n - n - 1 postlogd
killed unix - n n - 1 pipe
  user={user} argv=/bin/sh -c {{kill -9 $$$$}}
junkhound unix - n n - 4 pipe
  flags=q user={user} null_sender=
  argv=/usr/bin/env PYTHONPATH={root} {python} -m junkhound.intake.pipe --home={root}/home --trap=first
  --queue-id=${{queue_id}} --client-address=${{client_address}} --client-port=${{client_port}}
  --client-hostname=${{client_hostname}} --client-helo=${{client_helo}} --client-protocol=${{client_protocol}}
  --sender=${{sender}} --recipient=${{recipient}}
"""


def python_for(user: str) -> str:
    """An interpreter that the user may run; pipe(8) never runs anything as root."""
    for path in (sys.executable, "/usr/bin/python3"):
        command = [path, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        try:
            if (
                subprocess.run(command, user=user, group=pwd.getpwnam(user).pw_gid, check=False, cwd="/").returncode
                == 0
            ):
                return path
        except OSError:
            continue
    pytest.skip(f"no Python that {user} may run")


def until(found: Callable[[], bool], what: str, root: Path) -> None:
    """Wait for the mail server, half a minute at most."""
    end = time.monotonic() + 30
    while not found():
        if time.monotonic() > end:
            pytest.fail(f"{what} did not come about\n{(root / 'log').read_text()}")
        time.sleep(0.05)


@pytest.fixture
def root() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="junkhound-postfix-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def port(root: Path) -> Iterator[int]:
    """A Postfix of our own: private configuration, queue and port."""
    postfix = need("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    port = free_port()
    for name in ("etc", "queue", "data", "home"):
        (root / name).mkdir()
    shutil.copytree(SOURCE, root / "junkhound", ignore=shutil.ignore_patterns("data", "__pycache__"))
    shutil.chown(root / "data", "postfix")
    shutil.chown(root / "home", USER)
    (root / "etc/main.cf").write_text(MAIN.format(root=root))
    (root / "etc/master.cf").write_text(MASTER.format(root=root, port=port, user=USER, python=python_for(USER)))
    started = subprocess.run([postfix, "-c", root / "etc", "start"], capture_output=True, text=True, check=False)
    assert started.returncode == 0, started.stderr
    yield port
    subprocess.run([postfix, "-c", root / "etc", "stop"], capture_output=True, check=False)


def send(port: int, *recipients: str, body: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", port) as session:
        session.ehlo("client.example.org")
        session.docmd("XCLIENT", "ADDR=192.0.2.7 NAME=mail.example.org PORT=4711 HELO=friend PROTO=ESMTP")
        session.ehlo("friend")
        assert session.sendmail("", list(recipients), body) == {}


def sealed(root: Path) -> list[segment.Record]:
    return [next(segment.records(path.read_bytes())) for path in sorted((root / "home/spool").glob("*.seg"))]


def waiting(root: Path) -> list[Path]:
    return [
        path
        for name in ("incoming", "active", "deferred")
        for path in (root / "queue" / name).rglob("*")
        if path.is_file()
    ]


def test_postfix_delivers_retries_and_never_bounces(root: Path, port: int):
    body = b"Subject: one\r\n\r\n.dot\r\nFrom the start\r\n\xff\r\n"
    send(port, "one@example.net", "two@example.net", body=body)
    until(lambda: len(sealed(root)) == 1, "the first delivery", root)
    (record,) = sealed(root)
    facts = record.facts
    assert (facts.origin.client, facts.session.client_port) == (b"\xc0\x00\x02\x07", 4711)
    assert (facts.session.helo, facts.session.client_name) == (b"friend", "mail.example.org")
    assert facts.session.protocol == "ESMTP"
    assert facts.envelope.mail_from == b""
    assert {one.address for one in facts.envelope.recipients} == {b"one@example.net", b"two@example.net"}
    assert facts.origin.arrival.encode() in record.mail
    assert record.mail.startswith(b"Received: from friend")
    assert record.mail.endswith(b"\n\n.dot\nFrom the start\n\xff\n")

    (root / "home").rename(root / "away")  # as if a disk were not mounted
    send(port, "one@example.net", body=b"Subject: two\r\n\r\nx\r\n")
    until(lambda: "status=deferred" in (root / "log").read_text(), "the deferral", root)
    assert not (root / "home").exists()
    (root / "away").rename(root / "home")
    until(lambda: len(sealed(root)) == 2 and not waiting(root), "the retry", root)

    send(port, "killed@example.net", body=b"Subject: three\r\n\r\nx\r\n")
    until(lambda: "signal 9" in (root / "log").read_text(), "the kill", root)
    log = (root / "log").read_text()
    assert "status=bounced" not in log
    assert log.count("status=sent") == 3  # two recipients, then one
    assert len(sealed(root)) == 2
