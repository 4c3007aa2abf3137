"""PAM's own lines, for daemons that write none themselves; sshd and Dovecot tell of the same in words of their own."""

from __future__ import annotations

import re

from junkhound.wire.logs.event import GUESS, IP, Daemon, Event, Memory, event, logs
from junkhound.wire.logs.line import Line

# rhost comes from the daemon; ruser before it and user behind it are typed by the client, so nothing else may follow
_pam = re.compile(
    r"(?:pam_\w{1,20}\((?P<service>[\w-]{1,30})(?::auth)?\):? |\(pam_\w{1,20}\) )?authentication failure; logname=\S*"
    rf" uid=\d* euid=\d* tty=\S* ruser=.*\brhost=(?P<ip>{IP})(?:\s+user=(?P<user>.*))?\s*\Z"
)
_OLD = ("sshd", "ftpd", "vsftpd", "proftpd", "rlogin", "rsh", "xinetd")
"""``program(pam_unix)``, as it was written until 2006."""
_OTHERS = ("dovecot", "dovecot-auth", "login", "su", "sudo", "cron", "crond")


def read(line: Line, _: Memory) -> Event | None:
    """A wrong password at a daemon that leaves it to PAM."""
    program = line.program.partition("(")[0]
    if program in _OTHERS or (program != line.program and program not in _OLD):
        return None
    found = _pam.match(line.text)
    if found is None or (found["service"] == "sshd" and program.startswith("sshd")):
        return None
    if "rhost=" in line.text[: found.start("ip") - 6] or (found["user"] and "rhost=" in found["user"]):
        return None  # somebody typed a second one
    return event(GUESS, found["ip"], line, "pam", found["user"] or "")


logs.register("pam")(Daemon(("authentication failure; ",), read))
