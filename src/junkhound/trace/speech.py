"""How the client of our own session spoke: as mail servers do, as one of their programs does, or as none of them.

What a machine types into a header it may type well; how it speaks SMTP it seldom thinks of ("dialects": Stringhini et
al., B@bel, USENIX Security 2012). So a line that says "Sendmail sent this" is weighed by whether our client spoke as
Sendmail. The commands are kept without names and addresses (``wire.smtp.dialect``).
"""

from __future__ import annotations

from enum import IntEnum

from junkhound.trace.memo import Memo
from junkhound.wire.facts import Session


class Speech(IntEnum):
    """What the commands of a session say of the program that sent them."""

    UNSEEN = 0  # no session of ours, or no mail in it
    SERVER = 1  # as most mail servers
    SENDMAIL = 2  # MAIL From:<>, which Sendmail writes
    PLAIN = 3  # HELO alone: qmail, and what is too simple for extensions
    NONE = 4  # small letters, a blank behind the colon, no brackets, haste: no mail server that we know


UNSEEN, SERVER, SENDMAIL, PLAIN, NONE = map(int, Speech)

_LOOKED_AT = 12  # commands; MAIL comes early
_EXTENDED = frozenset(("postfix", "exim", "sendmail", "exchange", "gmail", "communigate", "opensmtpd", "haraka"))
"""Programs that say EHLO first, and HELO only to a server that does not know it: ours does."""


def speech(session: Session) -> int:
    """How the client of a session spoke."""
    if not session.dialect:
        return UNSEEN
    return _SPEECH[session.dialect[:_LOOKED_AT], session.manners]


def _speech(seen: tuple[tuple[bytes, ...], int]) -> int:
    commands, manners = seen
    mail = next((one for one in commands if one[:4].upper() == b"MAIL"), None)
    if mail is None:
        return UNSEEN
    if manners or not all(one[:4].isupper() for one in commands if one[:4].isalpha()):
        return NONE
    if mail.startswith(b"MAIL From:<"):
        return SENDMAIL
    if not mail.startswith(b"MAIL FROM:<"):
        return NONE
    return SERVER if any(one.startswith(b"EHLO") for one in commands) else PLAIN


_SPEECH: Memo[tuple[tuple[bytes, ...], int], int] = Memo(_speech, 4096)


def contradicts(spoken: int, dialect: str) -> bool:
    """Whether the program that wrote a line speaks otherwise than our client did."""
    if spoken == SENDMAIL:
        return dialect in _EXTENDED and dialect != "sendmail"
    if spoken == SERVER:
        return dialect == "sendmail" or dialect == "qmail"
    return spoken == PLAIN and dialect in _EXTENDED
