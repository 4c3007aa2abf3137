"""A command as its client wrote it, without what it was about: the manner of a program, never an address or a secret.

Programs that send mail differ in case, blanks, order and parameters long before their mail differs ("dialects",
Stringhini et al., B@bel: Leveraging Email Delivery for Spam Mitigation, USENIX Security 2012).
"""

from __future__ import annotations

import re

LINE_BYTES = 120

_PATH = re.compile(rb'(\s*\w+\s+\w+\s*:\s*)(?:(<)(?:"(?:[^"\\]|\\.)*"?)?[^>]*>?|[^\s<>]+)?')
_VALUE = re.compile(rb"=[^\s=]*")
_KEPT = re.compile(rb"=(?:7BIT|8BITMIME|BINARYMIME|FULL|HDRS|NEVER|SUCCESS|FAILURE|DELAY|,)+(?=\s|\Z)", re.IGNORECASE)
_NAME = re.compile(rb"(\s*\w+\s+)(\[?)[^\]]*(\]?)")
_AUTH = re.compile(
    rb"\s*auth(?:\s+(?:plain|login|cram-md5|digest-md5|ntlm|gssapi|xoauth2?|oauthbearer|scram-[\w-]+)(?=\s|\Z))?",
    re.IGNORECASE,
)
_INSIDE = re.compile(rb"<[^>]*>?|[^\s<>@]*@\S*")
_DIGITS = re.compile(rb"\d+")


def shown(line: bytes, secret: bool = False) -> bytes:
    """The line as it is kept, at most ``LINE_BYTES``; ``secret`` where an unknown word may be half of a login."""
    verb = line[:16].split(None, 1)[0].upper() if line.strip() else b""
    if verb in (b"MAIL", b"RCPT") and (found := _PATH.match(line)) is not None:
        path = b"<>" if found[2] else b""
        return (found[1] + path + _params(line[found.end() :]))[:LINE_BYTES]
    if verb in (b"HELO", b"EHLO", b"LHLO"):
        return _NAME.sub(rb"\1\2*\3", line[:LINE_BYTES], count=1)
    if verb == b"AUTH":
        found = _AUTH.match(line)
        return found[0] if found is not None else b"AUTH"
    if verb in (b"VRFY", b"EXPN", b"XCLIENT", b"XFORWARD", b"MAIL", b"RCPT"):
        return line[: len(line) - len(line.lstrip()) + len(verb)] + b" *"
    if verb == b"BDAT":
        return _DIGITS.sub(b"#", line[:32])
    return b"?" if secret and verb not in PLAIN else _INSIDE.sub(b"<>", line)[:LINE_BYTES]


def _params(rest: bytes) -> bytes:
    """Parameters by name; a value only where it is a word of the protocol (an ORCPT is an address)."""
    return _VALUE.sub(lambda found: found[0] if _KEPT.match(found[0]) else b"=", rest[: 4 * LINE_BYTES])


PLAIN = frozenset((b"DATA", b"RSET", b"NOOP", b"QUIT", b"HELP", b"STARTTLS"))
"""Lines that are kept as they are."""
