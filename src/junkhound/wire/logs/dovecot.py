"""Dovecot. ``rip=`` stands behind what the client typed and before ``lip=``, so the last one counts."""

from __future__ import annotations

import re

from junkhound.wire.logs.event import GUESS, IP, PROBE, Daemon, Event, Memory, event, logs, only
from junkhound.wire.logs.line import Line

_NAME = "dovecot"
_PROGRAMS = (
    "dovecot",
    "imap-login",
    "pop3-login",
    "managesieve-login",
    "submission-login",
    "auth",
    "auth-worker",
    "imap",
    "pop3",
)
_login = re.compile(
    r"(?:(?:imap|pop3|managesieve|submission)-login: )?(?:Info: )?(?:Aborted login|Disconnected|Login aborted)\b"
)
_rip = re.compile(rf".*[ ,]rip=(?P<ip>{IP})(?=,|\Z)")
_guessed = re.compile(
    r"[^<]{0,300}\(auth failed, [1-9]\d{0,4} attempts?\b|[^<]{0,80}\(tried to use disallowed plaintext auth\)"
)
_looked = re.compile(
    r"[^<]{0,300}\((?:no auth attempts|disconnected before auth was ready|client didn't finish SASL auth"
    r"|disconnected during TLS handshake)"
)
_backend = re.compile(
    r"(?:auth(?:-worker)?(?:\(\d{1,10}\)|\([\w-]{1,40}\))?: )?(?:Info: |Error: )?"
    r"(?:pam|passwd-file|sql|ldap|passwd|shadow|static|dict|lua|policy|oauth2)\("
)
_peer = re.compile(rf",(?P<ip>{IP})(?:,<[^<>]{{0,100}}>)?\)(?:<[^<>]{{0,100}}>)?: ")
_refused = re.compile(
    r"(?i:unknown user|password mismatch|invalid credentials|pam_authenticate\(\) failed: (?:authentication failure|"
    r"permission denied|user not known))"
)
_newer = re.compile(rf",(?P<ip>{IP}),sasl:\w{{1,20}}\)<[^<>]{{0,100}}>: (?:Info: )?\w{{1,20}}: ")
_pam = re.compile(rf"pam_unix\(dovecot:auth\): authentication failure; .*\brhost=(?P<ip>{IP})(?:\s+user=.*)?\s*\Z")


def read(line: Line, _: Memory) -> Event | None:
    """A failed log-in, or a session that came to look."""
    program, text = line.program.partition("(")[0], line.text
    if program.startswith("dovecot-auth"):
        found = _pam.match(text)
        return event(GUESS, found["ip"], line, _NAME) if found else None
    if program not in _PROGRAMS:
        return _twenty_four(line) if not program else None
    if program in ("auth", "auth-worker") or program.endswith("-login"):
        text = f"{program}: {text}"
    if login := _login.match(text):
        rip = _rip.match(text)
        rest = text[login.end() :]
        what = GUESS if _guessed.match(rest) else PROBE if _looked.match(rest) else ""
        return event(what, rip["ip"], line, _NAME) if rip and what else None
    if backend := _backend.match(text):
        peer = only(_peer, text)
        if peer is not None and _refused.match(text, peer.end()):
            return event(GUESS, peer["ip"], line, _NAME, text[backend.end() : peer.start()])
        return None
    return _twenty_four(line)


def _twenty_four(line: Line) -> Event | None:
    """As version 2.4 writes it: ``auth(user,ip,sasl:login)<id>: Info: sql: Password mismatch``."""
    found = only(_newer, line.text) if line.text.startswith("auth(") else None
    if found is None or not _refused.match(line.text, found.end()):
        return None
    return event(GUESS, found["ip"], line, _NAME, line.text[5 : found.start()])


logs.register("dovecot")(Daemon(("dovecot", "-login: ", "auth", "pam("), read))
