"""SMTP and LMTP from the server's side, with no I/O in it: bytes and times in, replies and deliveries out.

The host of a session feeds ``receive`` with what the socket gave, sends ``take_output``, and acts on what
``events`` holds. After a ``Delivery`` the session stands still until ``answer`` says what became of it, so that
a 250 is never sent before the mail is on the disk. After DATA all accepted recipients get the same reply.

The end of mail is CRLF.CRLF and nothing else (RFC 5321 section 4.1.1.4): a lone LF or CR never ends a line here,
so no second mail can be smuggled through us, and what was odd is kept and counted.

Sources: RFC 5321, 2033 (LMTP), 1870 (SIZE), 2920 (PIPELINING), 3030 (CHUNKING), 3207 (STARTTLS), 4954 (AUTH),
6531 (SMTPUTF8), Postfix XCLIENT and XFORWARD.
"""

from junkhound.wire.smtp.session import BAD_COMMANDS, IDLE_COMMANDS, LINE_LIMIT, REFUSED_RECIPIENTS, Session
from junkhound.wire.smtp.terms import (
    Delivery,
    Event,
    Guess,
    Manner,
    Phase,
    Policy,
    Rcpt,
    StartTls,
    Transaction,
    XClient,
)

__all__ = [
    "BAD_COMMANDS", "IDLE_COMMANDS", "LINE_LIMIT", "REFUSED_RECIPIENTS", "Delivery", "Event", "Guess", "Manner",
    "Phase", "Policy", "Rcpt", "Session", "StartTls", "Transaction", "XClient",
]  # fmt: skip
