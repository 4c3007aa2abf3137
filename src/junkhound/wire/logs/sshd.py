"""OpenSSH. Where one session is told in several lines, each wrong password is one guess."""

from __future__ import annotations

import re

from junkhound.wire.logs.event import GUESS, IP, PROBE, Daemon, Event, Memory, event, first, logs, only, patterns
from junkhound.wire.logs.line import Line

_NAME = "sshd"
_kernel = re.compile(r"kernel: ?\[ *\d{1,10}\.\d{1,9}\]:? ")
# Behind it OpenSSH writes a key or, for hostbased, names that the client chose; older versions wrote no port.
_peer = re.compile(rf" from (?P<ip>{IP}) port \d{{1,5}}(?: ssh\d)?(?=: |\Z| \[preauth\]\Z)")
_bare = re.compile(rf" from (?P<ip>{IP})(?: ssh\d)?(?: \[preauth\])?\Z")
_failed = re.compile(r"(?:error: )?Failed ([\w/-]{1,40}) for (invalid user |illegal user )?(.*)\Z")
# Whatever was typed stands before the address, and nothing but the daemon's own words behind it.
_ENDS = patterns(
    (GUESS, r"(?:Invalid|Illegal) user (?P<user>.*) from {ip}(?: port \d{1,5})?\s*\Z"),
    (GUESS, r"error: PAM: (?i:authentication (?:failure|error)|user not known to the underlying authentication module)"
            r" for (?:illegal user |invalid user )?(?P<user>.*) from {ip}(?: via \S{2,45})?\s*\Z"),
    (GUESS, r"ROOT LOGIN REFUSED FROM {ip}(?: port \d{1,5})?(?: \[preauth\])?\Z"),
    (GUESS, r"User (?P<user>.*) from {ip} not allowed because (?:not listed in AllowUsers|listed in DenyUsers"
            r"|not in any group|a group is listed in DenyGroups|none of user's groups are listed in AllowGroups)\Z"),
    (GUESS, r"error: maximum authentication attempts exceeded for (?:invalid user )?(?P<user>.*) from {ip}"
            r" port \d{1,5} ssh\d(?: \[preauth\])?\Z"),
    (PROBE, r"Bad protocol version identification .* from {ip}(?: port \d{1,5})?\Z"),
    (GUESS, r"Connection (?:closed|reset) by (?:authenticating|invalid) user (?P<user>.*) {ip} port \d{1,5}"
            r" \[preauth\]\Z"),
    (PROBE, r"Disconnected from (?:authenticating|invalid) user (?P<user>.*) {ip} port \d{1,5} \[preauth\]\Z"),
    (PROBE, r"Disconnected from {ip} port \d{1,5} \[preauth\]\Z"),
    (PROBE, r"Connection reset by {ip} port \d{1,5} \[preauth\]\Z"),
    (PROBE, r"(?:fatal: )?Unable to negotiate with {ip} port \d{1,5}: no matching "),
    (PROBE, r"(?:fatal: )?Timeout before authentication for {ip}(?: port \d{1,5})?\Z"),
    (PROBE, r"(?:fatal: )?ssh_dispatch_run_fatal: Connection from {ip} port \d{1,5}: "),
    (PROBE, r"Did not receive identification string from {ip}(?: port \d{1,5})?\Z"),
    (PROBE, r"(?:error: )?Received disconnect from {ip}(?: port \d{1,5})?: ?14: ?No (?:supported )?authentication"
            r" methods available(?: \[preauth\])?\Z"),
    (GUESS, r"(?:error: )?Received disconnect from {ip}(?: port \d{1,5})?: ?\d{1,3}: [^\[]{0,80}"
            r"Auth(?:entication)? fail\w*[^\[]{0,40}(?: \[preauth\])?\Z"),
    (PROBE, r"refused connect from \S{1,255} \({ip}\)\Z"),
)  # fmt: skip
# Names stand before and behind the address here.
_changed = re.compile(rf" (?P<ip>{IP}) port \d{{1,5}}: Change of username or service not allowed: ")
_from = patterns(
    ("", r"Connection from {ip} port \d{1,5} on "),
    ("", r"Postponed \S{1,40} for .* from {ip} port \d{1,5} ssh\d"),
)
_closed = re.compile(
    rf"(?:error: )?(?:Connection closed by|Received disconnect from|Disconnected from) (?P<ip>{IP})(?=[ :]|\Z)"
)
_pam = re.compile(r"pam_\w{1,20}\(sshd:auth\): authentication failure; .*?\brhost=(\S{1,255})(?:\s+user=(.*))?\Z")
_hpn = re.compile(rf"SSH: Server;Ltype: \w{{1,20}};Remote: (?P<ip>{IP})-\d{{1,5}};")
_accepted = re.compile(rf"Accepted \S{{1,40}} for (?P<user>.*) from (?P<ip>{IP}) port \d{{1,5}} ssh\d")


def read(line: Line, memory: Memory) -> Event | None:
    """A failed log-in, a look around, or the end of a session that showed one."""
    if not line.program.startswith(("sshd", "[sshd]")) and line.program != "ssh":
        return None
    if line.program.startswith("sshd("):
        return None  # sshd(pam_unix): see pam
    text = line.text[skip.end() :] if (skip := _kernel.match(line.text)) else line.text
    if failed := _failed.match(text):
        return _wrong(line, memory, failed)
    found = first(line, _NAME, _ENDS, text)
    if found is None and text.startswith(("Disconnecting invalid user ", "Disconnecting authenticating user ")):
        changed = only(_changed, text)
        found = event(GUESS, changed["ip"], line, _NAME) if changed else None
    if found is not None:
        memory.of(line)["counted"] = "1"
        if text.startswith("Invalid user ") and line.pid:
            memory.of(line)["invalid"] = "1"
        return found
    return _told_in_parts(line, memory, text)


def _wrong(line: Line, memory: Memory, failed: re.Match[str]) -> Event | None:
    typed = failed[3]
    peer = only(_peer, typed) or (None if _peer.search(typed) else _bare.search(typed))
    if peer is None:
        return None
    user = typed[: peer.start()]
    if failed[2] and memory.of(line).pop("invalid", None):
        return None  # ``Invalid user`` has told of the same try
    if failed[1] == "publickey" and not failed[2]:  # a client offers all its keys, and one of them may fit
        memory.of(line).update(ip=peer["ip"], keys="1")
        return None
    memory.of(line).update(counted="1", user=user)
    return event(GUESS, peer["ip"], line, _NAME, user)


def _told_in_parts(line: Line, memory: Memory, text: str) -> Event | None:
    """Lines that only count together with others of the same process."""
    if not line.pid:
        return None
    notes = memory.of(line)
    if pam := _pam.match(text):
        if pam[2] and notes.get("pam") not in (None, pam[2]):
            notes["others"] = "1"
        notes.update(rhost=pam[1], pam=pam[2] or "")
        return None
    if accepted := _accepted.match(text):
        tried = notes.get("pam", "")
        memory.forget(line)
        if tried and tried != accepted["user"] and notes.get("rhost") == accepted["ip"]:
            return event(GUESS, accepted["ip"], line, _NAME, tried)  # he tried another's name before his own
        return None
    for _, pattern in _from:
        if found := pattern.match(text):
            notes["ip"] = found["ip"]
            return None
    if (text.startswith("User ") and "account is locked" in text) or text.startswith("input_userauth_request: invalid"):
        notes["locked"] = "1"
        return None
    if text.startswith("Disconnecting: Too many authentication failures"):
        notes["many"] = "1"
        told = None if "counted" in notes else event(GUESS, notes.get("ip"), line, _NAME)
        if told is not None:
            notes["counted"] = "1"
        return told
    if hpn := _hpn.match(text):
        notes["ip"] = hpn["ip"]
        return None
    if text.startswith("fatal: Read from socket failed: "):
        return event(PROBE, notes.get("ip"), line, _NAME)
    if text.startswith(("fatal: Unable to negotiate a key exchange method", "fatal: no matching ")):
        return event(PROBE, notes.get("ip"), line, _NAME)
    if closed := _closed.match(text):
        early = text.endswith("[preauth]")
        wrong = notes.keys() & ({"many", "locked", "keys", "pam"} if early else {"many", "locked"})
        counted = "counted" in notes
        memory.forget(line)
        if wrong and not counted:
            return event(GUESS, closed["ip"], line, _NAME)
        return event(PROBE, closed["ip"], line, _NAME) if early and not counted else None
    return None


logs.register("sshd")(Daemon(("sshd",), read))
