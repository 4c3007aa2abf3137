"""rspamd's line for every mail it judged: mail that it had nothing against was taken, what it rejects was turned away.

The line holds what strangers wrote (message id, sender) around the address, so two addresses in it count for nobody.
"""

from __future__ import annotations

import re

from junkhound.wire.logs.event import ACCEPTED, IP, REFUSED, Daemon, Event, Memory, event, logs
from junkhound.wire.logs.line import Line

_MARK = "rspamd_task_write_log: "
_head = re.compile(rf"(?:#\d{{1,10}}\(\w{{1,30}}\) )?<\w{{1,16}}>; \w{{1,20}}; {_MARK}")
_peer = re.compile(rf", ip: (?P<ip>{IP}), ")
_verdict = re.compile(r", \(default: ([FTS]) \(([a-z ]{1,20})\): \[-?\d")
_user = re.compile(r", user: [^,]")


def read(line: Line, _: Memory) -> Event | None:
    """What rspamd made of one mail; that of users who logged in is theirs."""
    if line.program != "rspamd" and not (line.program == "" and line.text.startswith("#")):
        return None
    if not _head.match(line.text):
        return None
    peer, verdicts = _peer.search(line.text), _verdict.findall(line.text)
    if peer is None or line.text.count(", ip: ") != 1 or len(verdicts) != 1 or _user.search(line.text):
        return None
    spam, action = verdicts[0]
    if action == "no action" and spam == "F":
        return event(ACCEPTED, peer["ip"], line, "rspamd")
    return event(REFUSED, peer["ip"], line, "rspamd") if action == "reject" else None


logs.register("rspamd")(Daemon((_MARK,), read))
