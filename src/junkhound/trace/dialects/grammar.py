"""Pieces that dialects share: patterns over negated classes, and the step from matched text to a hop.

Every repeat is possessive or runs over a class that excludes what follows, so that no line takes more than
linear time. No comment may hold a square bracket: the comment in which the server wrote the peer's address can
then never be swallowed by a pattern, whatever the client put into HELO before it or into the recipient behind it.
"""

from __future__ import annotations

import re

from junkhound.kernel import net
from junkhound.kernel.net import Address
from junkhound.trace.dates import parse_text
from junkhound.trace.hop import Hop
from junkhound.trace.memo import Memo

# A name somebody typed: no space, no bracket, so that it cannot bring a second "(name [address])" along.
WORD = r"[^\s()\[\]<>;]++"
HELO = rf"(?P<helo>{WORD}|\[[^\s()\[\];]*+\])"
IP = r"\[(?:IPv6:)?(?P<ip>[0-9A-Fa-f:.]++)(?:%\w++)?\]"
IP2 = IP.replace("<ip>", "<ip2>")
# The form that most share: the name claimed, then the name looked up and the address.
PEER = rf"from\s++{HELO}\s++\((?:(?P<rdns>[^\s()\[\]@]++)\s++)?{IP}(?::\d++)?\)"
BY = r"(?P<by>[^\s()\[\];]++)"
ID = r"(?:\s++id\s++(?P<id>[^\s;()]++))?"
FOR = r"(?:\s++for\s++<?(?P<recipient>[^\s<>();]++)>?)?"
# A comment that names no address: TLS, client certificate, who logged in. One level of nesting.
NOTE = r"\((?:using|[Nn]o|Client|[Aa]uthenticated|not|version=)[\s\w][^()\[\]]*+(?:\([^()\[\]]*+\)[^()\[\]]*+)*+\)"
# The date: letters only before the first comment, so that no clause can hide behind it.
DATE = r"\s*+;\s*+(?P<date>[A-Za-z0-9,:.+\s-]*+(?:\([^()\[\]]*+\)\s*+)*+)\Z"


def _members(escape: str) -> str:
    """The characters of one byte that ``\\s`` or its like stands for, as ranges of a class."""
    found = "".join(chr(number) for number in range(256) if re.match("\\" + escape, chr(number)))
    return "".join(f"\\x{ord(run[0]):02x}-\\x{ord(run[-1]):02x}" for run in _runs(found))


def _runs(letters: str) -> list[str]:
    runs: list[str] = []
    for letter in letters:
        if runs and ord(runs[-1][-1]) + 1 == ord(letter):
            runs[-1] += letter
        else:
            runs.append(letter)
    return runs


_BITMAPS = {escape: _members(escape) for escape in "swdSWD"}
_PIECE = re.compile(r"\\.|.", re.DOTALL)


def pattern(words: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a pattern for text of one character a byte.

    ``\\s``, ``\\w``, ``\\d`` and their opposites are spelled out, so that each class is one bitmap to ``re``: a fifth
    faster than a class that asks the Unicode tables, with the same matches.
    """
    pieces: list[str] = []
    inside = False
    for piece in _PIECE.findall(words):
        members = _BITMAPS.get(piece[1:]) if piece[0] == "\\" else None
        if members is not None:
            piece = members if inside else f"[{members}]"
        elif piece == "[" and not inside:
            inside = True
        elif piece == "]":
            inside = False
        pieces.append(piece)
    return re.compile("".join(pieces), flags)


# Without LMTPA: there a mail server logs in at a store of the same site, and says nothing of who wrote the mail.
_AUTH = frozenset(("ESMTPA", "ESMTPSA", "UTF8SMTPA", "UTF8SMTPSA", "SMTPSA", "ASMTP", "HTTP", "HTTPS", "HTTPU"))
_QUAD = re.compile(r"\d++(?:\.\d++){3}\Z")
_SENDER = pattern(r"\(envelope-from\s++<?([^<>()\s]++)")
_NOBODY = frozenset(("unknown", "softdnserr", "unresolved", "unavailable", "localhost.unknown"))


def address(words: str) -> Address | None:
    """An address as mail servers write it: ``IPv6:`` before, zone or port (``:25``, ``.25``) behind, or one number."""
    found = net.parse(words)
    if found is not None:
        return found
    if 7 < len(words) < 11 and words.isascii() and words.isdigit():  # [3405803781], as inet_aton reads it
        number = int(words)
        return net.v4(number) if 1 << 24 <= number < 1 << 32 else None
    if words[:5].lower() == "ipv6:":
        return net.parse(words[5:])
    if words.count(".") == 4:  # [192.0.2.1.25]
        words = words.rpartition(".")[0]
    elif words.count(":") == 1:
        words = words.partition(":")[0]
    return net.parse(words.partition("%")[0])


def impossible(words: str) -> bool:
    """Whether it is written like an IPv4 address and cannot be one."""
    return _QUAD.match(words) is not None and net.parse(words) is None


def name(words: str | None) -> str | None:
    """A host name as we keep it: lower case, no final dot, None for nothing."""
    return words.lower().rstrip(".") or None if words else None


def looked_up(words: str) -> str | None:
    """The name that a server looked up; None where it wrote that there is none, or repeated the address."""
    found = words.lower().rstrip(".")
    if found in _NOBODY or not found or (found[0] in "0123456789" and net.parse(found) is not None):
        return None
    return found


def logged_in(protocol: str | None) -> bool:
    """Whether the `with` keyword says that the client had logged in (RFC 3848, and older habits)."""
    return protocol is not None and protocol in _AUTH


def _spoken(protocol: str) -> tuple[str, bool]:
    """The `with` keyword in upper case, and whether it says that the client had logged in."""
    words = protocol.upper()
    return words, words in _AUTH


_SPOKEN = Memo(_spoken, 512)
_ADDRESSES = Memo(address)
_NAMES = Memo(name)
_LOOKED_UP = Memo(looked_up)


def make(
    dialect: str,
    index: int,
    below: bool,
    ip: str | None = None,
    rdns: str | None = None,
    helo: str | None = None,
    by: str | None = None,
    protocol: str | None = None,
    id: str | None = None,
    recipient: str | None = None,
    date: str | None = None,
    by_ip: str | None = None,
    ident: str | None = None,
    envelope_from: str | None = None,
    auth: bool = False,
    tls: str | None = None,
    local: bool = False,
    verified: bool = False,
    pickup: bool = False,
    account: str | None = None,
) -> Hop | None:
    """The hop of matched text; None if what stands for an address is none (then the scanner looks)."""
    peer = None
    if ip is not None and (peer := _ADDRESSES[ip]) is None:
        return None
    if protocol is not None:
        protocol, said = _SPOKEN[protocol]
        auth = auth or said
    if id is not None and id[0] == "<":
        id = id.strip("<>")
    at = None
    if date is not None:
        at = parse_text(date)
        if envelope_from is None and "(envelope-from" in date:
            sender = _SENDER.search(date)
            envelope_from = sender and sender[1]
    seen = _LOOKED_UP[rdns] if rdns is not None else None
    return Hop(
        peer, seen, _NAMES[helo], _NAMES[by], None if by_ip is None else _ADDRESSES[by_ip], protocol, id, recipient,
        ident, envelope_from, auth, tls, at, dialect, local, index, below, rdns is not None and seen is None,
        verified and seen is not None, False, False, pickup, account,
    )  # fmt: skip
