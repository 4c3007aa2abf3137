"""Audit records of sshd, and Microsoft Exchange's protocol logs."""

from __future__ import annotations

import re

from junkhound.wire.logs.event import GUESS, IP, Daemon, Event, Memory, event, logs
from junkhound.wire.logs.line import Line

# acct is hexadecimal where it holds a blank or a quote, so nothing that was typed can look like the next field
_audit = re.compile(
    r"type=(?:USER_ERR|USER_AUTH) msg=audit\([\d.:]{1,40}\): (?:user )?pid=\d{1,10} uid=\d{1,10} auid=\d{1,10}"
    r" ses=\d{1,10} subj=\S{1,200} msg='op=(?:PAM:)?(?:bad_ident|authentication|password|pubkey|challenge-response)"
    r"(?: grantors=\S{1,200})? acct=(?:\"[^\"]{0,200}\"|[0-9A-F]{2,400}) exe=\"/usr/sbin/sshd\" hostname=\S{1,255}"
    rf" addr=(?P<ip>{IP}) terminal=ssh res=failed'"
)
_PEER = rf"\S{{3,60}}?,\[?(?P<ip>{IP})\]?:\d{{1,5}},"
_WHEN = r"\d{4}-\d\d-\d\dT[\d:.]{8,16}Z,"
# IMAP and POP: date, session, number, local, remote, user, duration, sizes, command, parameters, context
_exchange = re.compile(
    rf"{_WHEN}[0-9A-F]{{8,20}},\d{{1,9}},{_PEER}[^,\"]{{0,300}},\d{{0,9}},\d{{0,9}},\d{{0,9}},(?:authenticate|auth|login|pass),"
    r"[^,\"]{0,300},\"?R=\"{0,2}(?:\S{1,20} NO |-ERR )"
)
# SMTP: date, connector, session, number, local, remote, event, text
_smtp = re.compile(
    rf"{_WHEN}[^,\"]{{1,200}},[0-9A-F]{{8,20}},\d{{1,9}},{_PEER}"
    r"(?:\*,,Inbound authentication failed with error LogonDenied|>,535 5\.7\.3 Authentication unsuccessful)"
)


def _auditd(line: Line, _: Memory) -> Event | None:
    found = _audit.match(line.whole)
    return event(GUESS, found["ip"], line, "sshd") if found else None


def _ms(line: Line, _: Memory) -> Event | None:
    found = _exchange.match(line.whole) or _smtp.match(line.whole)
    return event(GUESS, found["ip"], line, "exchange") if found else None


logs.register("audit")(Daemon(("msg=audit(",), _auditd))
logs.register("exchange")(Daemon(("Z,",), _ms))
