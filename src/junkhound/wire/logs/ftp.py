"""FTP servers: vsftpd, ProFTPD, Pure-FTPd, wu-ftpd and the BSD ftpd."""

from __future__ import annotations

import re

from junkhound.wire.logs.event import GUESS, IP, Daemon, Event, Memory, event, first, logs, patterns
from junkhound.wire.logs.line import Line

_PROFTPD = patterns(
    (GUESS, r"\S{1,255} \(\S{0,255}\[{ip}\]\)(?: ?[:-]){0,3} ?USER .*: no such user found from "),
    (GUESS, r"\S{1,255} \(\S{0,255}\[{ip}\]\)(?: ?[:-]){0,3} ?USER .* \(Login failed\): "),
    (GUESS, r"\S{1,255} \(\S{0,255}\[{ip}\]\)(?: ?[:-]){0,3} ?SECURITY VIOLATION: .* login attempted"),
    (GUESS, r"\S{1,255} \(\S{0,255}\[{ip}\]\)(?: ?[:-]){0,3} ?Maximum login attempts \(\d{1,5}\) exceeded"),
)
_PUREFTPD = patterns((GUESS, r"\(\?@{ip}\) \[WARNING\] Authentication failed for user \["))
_WUFTPD = patterns(
    (GUESS, r"failed login from [^\[]{0,255}\[{ip}\]\s*\Z"),
    (GUESS, r"repeated login failures from [^\[]{0,255}\[{ip}\]"),
)
_vsftpd = re.compile(
    rf"[A-Z][a-z]{{2}} [A-Z][a-z]{{2}} {{1,2}}\d{{1,2}} \d\d:\d\d:\d\d \d{{4}} \[pid \d{{1,10}}\] \[.*\] FAIL LOGIN:"
    rf' Client "(?P<ip>{IP})"(?:, .*)?\Z'
)


def _read(line: Line, _: Memory) -> Event | None:
    program = line.program
    if program == "proftpd":
        return first(line, "proftpd", _PROFTPD)
    if program in ("pure-ftpd", "pure-ftpd-mysql"):
        return first(line, "pure-ftpd", _PUREFTPD)
    if program in ("ftpd", "wu-ftpd", "in.ftpd"):
        return first(line, "ftpd", _WUFTPD)
    if program == "vsftpd" or not program:
        found = _vsftpd.match(line.text if program else line.whole)
        return event(GUESS, found["ip"], line, "vsftpd") if found else None
    return None


logs.register("ftp")(Daemon(("ftpd", "FAIL LOGIN: "), _read))
