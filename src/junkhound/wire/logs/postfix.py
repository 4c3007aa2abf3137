"""Postfix: SASL failures, commands turned away, postscreen. Postfix checks client names: letters, digits, dots."""

from __future__ import annotations

from junkhound.wire.logs.event import GUESS, HARVEST, PROBE, REFUSED, Daemon, Event, Memory, first, logs, patterns
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


def read(line: Line, _: Memory) -> Event | None:
    """What a smtpd or postscreen process says of its client."""
    program = line.program
    if not program.startswith("postfix") and not program.endswith(("/smtpd", "/postscreen")):
        return None
    return first(line, "postfix", _ROWS)


logs.register("postfix")(Daemon(("postfix", "/smtpd", "/postscreen"), read))
