"""Sendmail. Client names come from the DNS, with blanks and brackets taken out by Sendmail."""

from __future__ import annotations

import re

from junkhound.wire.logs.event import (
    GUESS,
    HARVEST,
    PROBE,
    REFUSED,
    Daemon,
    Event,
    Memory,
    event,
    first,
    logs,
    patterns,
)
from junkhound.wire.logs.line import Line

_CLIENT = r"(?:[\w.-]{1,255} ?)?\[(?:IPv6:)?{ip}\](?: \(may be forged\))?"
_RULE = rf"(?:\w{{1,20}}: )?ruleset=check_\w{{1,20}}, arg1=[^,]{{0,320}},(?: arg2=[^,]{{0,320}},)? relay={_CLIENT}"
_ROWS = patterns(
    (GUESS, rf"\w{{1,20}}: {_CLIENT}: possible SMTP attack: command=AUTH, count=\d{{1,9}}"),
    (GUESS, rf"\w{{1,20}}: AUTH failure \([\w-]{{1,30}}\): .*, user=.*, relay={_CLIENT}\Z"),
    (HARVEST, rf"\w{{1,20}}: {_CLIENT}: (?i:EXPN|VRFY) .* \[rejected\]\Z"),
    (HARVEST, rf"\w{{1,20}}: {_CLIENT}: possible SMTP attack: command="),
    (PROBE, _RULE + r", reject=550 5\.7\.1 .{0,320}\.\.\. Relaying denied"),
    (REFUSED, _RULE + r", reject=[45]\d\d "),
    (PROBE, rf"\w{{1,20}}: rejecting commands from\s{{1,3}}{_CLIENT} due to pre-greeting traffic"),
    (PROBE, rf"\w{{1,20}}: {_CLIENT} did not issue MAIL/EXPN/VRFY/ETRN during connection to "),
    (PROBE, rf"\w{{1,20}}: lost input channel from {_CLIENT} to \S{{1,40}} after (?:rcpt|mail|auth)"),
)  # fmt: skip
_none = patterns(
    (HARVEST, rf"\w{{1,20}}: from=[^,]{{0,320}}, size=\d{{1,12}}, class=\S{{1,9}}, nrcpts=0, .*\brelay={_CLIENT}\Z")
)
_unknown = re.compile(r"(\w{1,20}): <[^<>]{0,320}>\.\.\. (?:No such user here|User unknown)\s*\Z")
_PROGRAMS = ("sendmail", "sm-mta", "sm-msp", "sm-acceptingconnections")


def read(line: Line, memory: Memory) -> Event | None:
    """What the daemon says of its client; unknown users are counted by the queue id, whose last line names him."""
    if not line.program.startswith(_PROGRAMS):
        return None
    if found := _unknown.match(line.text):
        memory.of(line)[found[1]] = "1"
        return None
    if found := _none[0][1].match(line.text):
        queued = line.text.partition(":")[0]
        notes = memory.of(line)
        single = not notes  # the sessions before it were of other ids, if any
        if notes.pop(queued, None):
            return event(HARVEST, found["ip"], line, "sendmail")
        return event(PROBE, found["ip"], line, "sendmail") if single else None
    return first(line, "sendmail", _ROWS)


logs.register("sendmail")(Daemon(("sendmail", "sm-mta", "sm-acceptingconnections", "sm-msp"), read))
