"""Mailbox servers: Courier, Cyrus, UW-IMAP, Solid POP3, Kerio; and qmail's block list wrappers."""

from __future__ import annotations

from junkhound.wire.logs.event import GUESS, HARVEST, PROBE, REFUSED, Daemon, Event, Memory, first, logs, patterns
from junkhound.wire.logs.line import Line

_COURIER = patterns(
    (GUESS, r"LOGIN FAILED, (?:user|method)=.*, ip=\[{ip}\](?:, port=\[\d{1,5}\])?\Z"),
    (HARVEST, r"error,relay={ip},(?:port=\d{1,5},)?(?:ident=[^,]{0,200},)?from=<.*>,to=<.*>: 550 User .{0,200}"
              r"unknown\.?\s*\Z"),
    (GUESS, r"error,relay={ip},(?:port=\d{1,5},)?msg=\"535 Authentication failed\.\",cmd: "),
)  # fmt: skip
_CYRUS = patterns((GUESS, r"badlogin: (?:[\w.-]{1,255} ?)?\[{ip}\] \S{1,30} (?:\S{1,200} )?\[?SASL"))
_UW = patterns(
    (GUESS, r"Login (?:failed|excessive login failures|disabled) user=.* auth=.* host=[^\[]{0,255}\[{ip}\]\s*\Z"),
    (GUESS, r"Failed .{1,100} override of user=.* host=[^\[]{0,255}\[{ip}\]\s*\Z"),
)
_SOLID = patterns((GUESS, r"authentication failed for (?:mapped )?user .* - {ip}\s*\Z"))
_KERIO = patterns(
    (PROBE, r"SMTP Spam attack detected from {ip}, "),
    (REFUSED, r"IP address {ip} found in DNS blacklist "),
    (PROBE, r"Relay attempt from IP address {ip}, mail from "),
    (HARVEST, r"Attempt to deliver to unknown recipient <.*>, from <.*>, IP address {ip}\s*\Z"),
    (GUESS, r"Failed (?:SMTP|IMAP|POP3|WebMail|HTTP\S{0,10}) login from {ip}[ ,.]"),
    (GUESS, r"(?:SMTP|IMAP|POP3|HTTP\S{0,10}): (?:User|Invalid password for user) .*\. ?Attempt from"
            r" IP address {ip}\.?\s*\Z"),
)  # fmt: skip
_QMAIL = patterns(
    (REFUSED, r"\d{6,12}\.\d{1,9} rblsmtpd: {ip} pid \d{1,10} "),
    (REFUSED, r"\d{6,12}\.\d{1,9} qmail-smtpd: 421 badiprbl: ip {ip} rbl: "),
    (GUESS, r"(?:\d{6,12}\.\d{1,9} )?vchkpw-\S{1,20}: (?:password fail|vpopmail user not found"
            r"|null password given).*:{ip}\s*\Z"),
)  # fmt: skip


def _courier(line: Line, _: Memory) -> Event | None:
    known = line.program.startswith(("imapd", "pop3d", "courier", "pop3login", "imaplogin"))
    return first(line, "courier", _COURIER) if known else None


def _cyrus(line: Line, _: Memory) -> Event | None:
    known = line.program.removeprefix("cyrus/") in (
        "imap",
        "imaps",
        "imapd",
        "pop3",
        "pop3s",
        "pop3d",
        "timsieved",
        "sieve",
        "master",
    )
    return first(line, "cyrus", _CYRUS) if known else None


def _uw(line: Line, _: Memory) -> Event | None:
    return first(line, "uw-imap", _UW) if line.program in ("imapd", "ipop3d", "ipop2d", "imapsd", "pop3sd") else None


def _solid(line: Line, _: Memory) -> Event | None:
    return first(line, "solid-pop3d", _SOLID) if line.program == "solid-pop3d" else None


def _kerio(line: Line, _: Memory) -> Event | None:
    return (
        first(line, "kerio", _KERIO) if not line.host and line.whole.startswith("[") and line.at is not None else None
    )


def _qmail(line: Line, _: Memory) -> Event | None:
    return first(line, "qmail", _QMAIL) if line.program in ("qmail", "smtpd", "vpopmail", "multilog") else None


logs.register("courier")(Daemon(("LOGIN FAILED", "error,relay="), _courier))
logs.register("cyrus")(Daemon(("badlogin: ",), _cyrus))
logs.register("uw-imap")(Daemon((" user=",), _uw))
logs.register("solid-pop3d")(Daemon(("solid-pop3d",), _solid))
logs.register("kerio")(Daemon(("IP address", "Spam attack detected", " login from "), _kerio))
logs.register("qmail")(Daemon(("qmail", "vchkpw"), _qmail))
