"""Exim's main and reject logs, with and without syslog before them: who guessed and tried, and whose mail was taken.

The peer stands as ``name (HELO) [address]:port``. Where the client's own words come first (a quoted command), the last
such group before Exim's closing words is Exim's own.
"""

from __future__ import annotations

import re

from junkhound.wire.logs.event import (
    ACCEPTED,
    GUESS,
    HARVEST,
    IP,
    PROBE,
    REFUSED,
    Daemon,
    Event,
    Memory,
    event,
    first,
    logs,
    patterns,
)  # fmt: skip
from junkhound.wire.logs.line import Line

_lead = re.compile(
    r"(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: [+-]\d{4})? )?(?:info exim\[\d{1,10}\]: )?(?:\[\d{1,10}\] )?"
)
_dated = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_PEER = r"(?:[\w.-]{1,255} )?(?:\([^()]{0,300}\) )?\[{ip}\](?::\d{1,5})?"
_OURS = r"(?: I=\[[\w:.]{1,45}\]:\d{1,5})?(?: Ci=\d{1,10})?(?: X=[\w.:-]{1,80})?(?: CV=\w{1,10})?"
_ID = r"(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{6,11}-[0-9A-Za-z]{2,4} )?"
_TO = rf"{_ID}H={_PEER}{_OURS} (?:F=\S{{0,300}} )?(?:temporarily )?rejected RCPT [^:]{{1,300}}: "
_ROWS = patterns(
    (GUESS, rf"[\w-]{{1,60}} authenticator failed for {_PEER}{_OURS}: 535 Incorrect authentication data"),
    (PROBE, _TO + "relay not permitted"),
    (HARVEST, _TO + r"(?:Unrouteable address|Unknown user"
              r"|User unknown|(?i:no such (?:user|person))|[Rr]ecipient (?:unknown|verify))"),
    (HARVEST, rf"{_ID}H={_PEER}{_OURS} (?:rejected )?(?:VRFY|EXPN) "),
    (PROBE, rf"{_ID}H={_PEER}{_OURS} sender verify fail for "),
    (REFUSED, rf"{_ID}H={_PEER}{_OURS} (?:F=\S{{0,300}} )?(?:temporarily )?rejected "),
    (REFUSED, rf"{_ID}F=\S{{0,300}} H={_PEER}{_OURS} P=\w{{1,20}} (?:temporarily )?rejected "),
    (PROBE, rf"SMTP call from {_PEER}{_OURS} dropped: too many (?:nonmail|unrecognized|syntax)"),
    (PROBE, rf"SMTP protocol error in \".*\" H={_PEER}{_OURS} (?:AUTH command used when not advertised"
            r"|(?:[A-Z0-9-]{1,20} )?authentication mechanism not supported)\Z"),
    (PROBE, rf"{_ID}no MAIL in SMTP connection from {_PEER}{_OURS}(?: D=\S{{1,12}})?"),
    (PROBE, rf"{_ID}SMTP connection from {_PEER}{_OURS} closed by DROP in ACL"),
    (PROBE, r"no (?:IP address|host name) found for (?:host|IP address) \S{1,255} \(during SMTP connection from"
            r" (?:\([^()]{0,200}\) )?\[{ip}\](?::\d{1,5})?"),
    (REFUSED, rf"{_ID}SA: Action: (?:flagged as Spam|permanently rejected|silently tossed|temporarily rejected)"
              r"[^<>]{0,400} From <[^<>]{0,320}> \(host=\S{0,255} \[{ip}\]\) for "),
)  # fmt: skip
# ``<=`` begins the line of a mail that was taken; the sender's own words (a quoted local part, a subject) may look like
# the peer's field, so a line with two of them counts for nobody.
_taken = re.compile(rf"{_ID.removesuffix('?')}<= ")
_from = re.compile(rf" H={_PEER.replace('{ip}', f'(?P<ip>{IP})')}{_OURS} P=e?smtps?(?= |\Z)")


def read(line: Line, _: Memory) -> Event | None:
    """What Exim says of its peer; lines of other programs are not Exim's."""
    if line.program.startswith("exim"):
        text = line.text
    elif _dated.match(line.whole):
        text = line.whole
    else:
        return None
    lead = _lead.match(text)
    words = text[lead.end() :] if lead else text
    if _taken.match(words):  # P=esmtpa and esmtpsa are our own users, who logged in
        peer = _from.search(words) if words.count(" H=") == 1 else None
        return event(ACCEPTED, peer["ip"], line, "exim") if peer else None
    return first(line, "exim", _ROWS, words)


logs.register("exim")(
    Daemon(
        ("authenticator failed for", " rejected ", "SMTP call from", "SMTP protocol error", "no MAIL in SMTP",
         "sender verify fail", "closed by DROP in ACL", "(during SMTP connection from", " SA: Action: ", " <= "), read,
    )
)  # fmt: skip
