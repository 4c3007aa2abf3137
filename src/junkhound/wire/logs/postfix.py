"""Postfix: SASL failures, commands turned away, postscreen, mail taken. It checks client names: letters, digits, dots.

Mail counts as taken when it was delivered: smtpd names the client of a queue id, and a delivery agent says that it was
sent. What our own users submit (they log in), what was turned away on the way and what a filter threw away is not.
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

_CLIENT = r"[\w.:-]{1,255}\[{ip}\](?::\d{1,5})?"
_ROWS = patterns(
    (GUESS, rf"warning: {_CLIENT}: SASL (?i:LOGIN|PLAIN|CRAM-MD5|DIGEST-MD5|NTLM|XOAUTH2|OAUTHBEARER|SCRAM-\S{{1,20}})"
            r" authentication (?:failed|aborted)"),
    (HARVEST, rf"\S{{1,30}}: reject: VRFY from {_CLIENT}: "),
    (HARVEST, rf"\S{{1,30}}: reject: RCPT from {_CLIENT}: 550 5\.1\.1 "),
    (PROBE, rf"\S{{1,30}}: reject: RCPT from {_CLIENT}: 454 4\.7\.1 .{{1,300}}: Relay access denied; "),
    (REFUSED, r"\S{1,30}: reject: [A-Z]{3,10} from (?:[\w.:-]{1,255})?\[{ip}\](?::\d{1,5})?: [45]\d\d "),
    (PROBE, rf"(?:warning: )?improper command pipelining after [A-Z]{{3,10}} from {_CLIENT}(?::|\Z)"),
    (PROBE, rf"(?:warning: )?non-SMTP command from {_CLIENT}: "),
    (PROBE, rf"(?:warning: )?Connection (?:rate|concurrency) limit exceeded: \d{{1,9}} from {_CLIENT} for service "),
    (PROBE, r"warning: hostname [\w.-]{1,255} does not resolve to address {ip}(?::|\Z)"),
    (GUESS, rf"disconnect from {_CLIENT}(?: [a-z]{{1,12}}=\d{{1,4}}(?:/\d{{1,4}})?){{0,12}}? auth=0/\d{{1,4}}"),
    (PROBE, rf"lost connection after (?:STARTTLS|EHLO|HELO|CONNECT|UNKNOWN) from {_CLIENT}\Z"),
    (PROBE, r"PREGREET \d{1,6} after \d[\d.]{0,9} from \[{ip}\]:\d{1,5}: "),
    (PROBE, r"HANGUP after \d[\d.]{0,9} from \[{ip}\]:\d{1,5} in tests after SMTP handshake"),
    (PROBE, r"COMMAND (?:TIME|COUNT|LENGTH) LIMIT from \[{ip}\]:\d{1,5} after "),
)  # fmt: skip
_QUEUED = r"(?P<id>[0-9A-Za-z]{6,20}): "
_client = re.compile(rf"{_QUEUED}client=[\w.:-]{{1,255}}\[(?P<ip>{IP})\](?P<more>,.*)?\Z")
_sent = re.compile(rf"{_QUEUED}to=<[^>]{{0,320}}>, .*\bstatus=sent \((?P<why>.*)\Z")
_gone = re.compile(rf"{_QUEUED}(?:removed|milter-(?:reject|discard|hold): |reject: |discard: |hold: )")
_DISCARDED = ("discarded", "spam", "quarantine")
_AGENTS = ("/local", "/virtual", "/lmtp", "/pipe", "/smtp")


def read(line: Line, memory: Memory) -> Event | None:
    """What a smtpd or postscreen process says of its client, and what became of the mail that it brought."""
    program = line.program
    if not program.startswith("postfix") and not program.endswith(("/smtpd", "/postscreen")):
        return None
    found = first(line, "postfix", _ROWS)
    return found if found is not None else _taken(line, memory)


def _taken(line: Line, memory: Memory) -> Event | None:
    """Mail of a stranger that was delivered; once for each queue id, when its first copy is."""
    text = line.text
    if line.program.endswith("/smtpd"):
        if (client := _client.match(text)) and not (client["more"] or "").startswith(", sasl_"):
            memory.of(line, client["id"])["ip"] = client["ip"]
    elif line.program.endswith(_AGENTS):
        if (sent := _sent.match(text)) and not any(word in sent["why"].lower() for word in _DISCARDED):
            return event(ACCEPTED, memory.forget(line, sent["id"]).get("ip"), line, "postfix")
    elif gone := _gone.match(text):
        memory.forget(line, gone["id"])
    return None


logs.register("postfix")(Daemon(("postfix", "/smtpd", "/postscreen"), read))
