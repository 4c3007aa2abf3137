"""A Dovecot of our own on the loopback: one user with a Maildir, private configuration and folders."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.peers import free_port, need

USER, PASSWORD = "me", "a-password-of-tests"

_CONF = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = {owner}
default_login_user = {owner}
default_internal_group = {group}
mail_uid = {owner}
mail_gid = {group}
first_valid_uid = 1
mail_location = maildir:{root}/mail
passdb {{
  driver = static
  args = password={{PLAIN}}{password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={root}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
}}
"""


@contextmanager
def dovecot(root: Path, more: str = "") -> Iterator[int]:
    """Its IMAP port; the mail is in ``root / "mail"``. Skips where there is none or we are not root.

    ``more`` is configuration besides.
    """
    program = need("dovecot")
    if os.geteuid() != 0:
        pytest.skip("Dovecot starts as root only")
    owner = pwd.getpwnam("nobody")
    group = "nogroup"
    port = free_port()
    (root / "mail").mkdir()
    for path in (root, root / "mail"):
        shutil.chown(path, owner.pw_name, group)
    conf = root / "dovecot.conf"
    conf.write_text(_CONF.format(root=root, owner=owner.pw_name, group=group, password=PASSWORD, port=port) + more)
    child = subprocess.Popen([program, "-F", "-c", conf], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        until_it_answers(port, root)
        yield port
    finally:
        child.terminate()
        child.wait(20)


def until_it_answers(port: int, root: Path) -> None:
    """Half a minute at most."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as link:
                if link.recv(100).startswith(b"* OK"):
                    return
        except OSError:
            time.sleep(0.1)
    log = root / "log"
    pytest.fail(f"Dovecot does not answer\n{log.read_text() if log.exists() else ''}")


def deliver(root: Path, name: str, octets: bytes) -> None:
    """A mail into the inbox, as an MTA does it."""
    for part in ("tmp", "new", "cur"):
        (root / "mail" / part).mkdir(exist_ok=True)
        shutil.chown(root / "mail" / part, "nobody", "nogroup")
    beside = root / "mail/tmp" / name
    beside.write_bytes(octets)
    shutil.chown(beside, "nobody", "nogroup")
    os.rename(beside, root / "mail/new" / name)
