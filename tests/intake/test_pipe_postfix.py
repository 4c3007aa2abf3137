"""A real Postfix hands its mail to the pipe: facts, retry after 75, nothing bounced, nothing twice."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from junkhound.wire import segment
from support.peers import need
from support.postfix import folder, log, postfix, send, until

pytestmark = pytest.mark.peer
SOURCE = Path(__file__).parents[2] / "src/junkhound"
USER = "nobody"
MAIN = """
virtual_mailbox_domains = example.net
virtual_transport = junkhound
junkhound_destination_recipient_limit = 100
transport_maps = inline:{ { killed@example.net = killed: } }
"""
SERVICES = """
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


@pytest.fixture
def root() -> Iterator[Path]:
    with folder() as made:
        yield made


@pytest.fixture
def port(root: Path) -> Iterator[int]:
    need("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    (root / "home").mkdir()
    shutil.copytree(SOURCE, root / "junkhound", ignore=shutil.ignore_patterns("data", "__pycache__"))
    shutil.chown(root / "home", USER)
    with postfix(root, MAIN, SERVICES.format(root=root, user=USER, python=python_for(USER))) as port:
        yield port


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
    until(lambda: "status=deferred" in log(root), "the deferral", root)
    assert not (root / "home").exists()
    (root / "away").rename(root / "home")
    until(lambda: len(sealed(root)) == 2 and not waiting(root), "the retry", root)

    send(port, "killed@example.net", body=b"Subject: three\r\n\r\nx\r\n")
    until(lambda: "signal 9" in log(root), "the kill", root)
    said = log(root)
    assert "status=bounced" not in said
    assert said.count("status=sent") == 3  # two recipients, then one
    assert len(sealed(root)) == 2
