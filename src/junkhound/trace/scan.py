"""The general scanner: any Received line as clauses, for the programs that no dialect knows.

It reads words, comments and literals, cuts them into clauses at ``from by via with id for``, and looks for the one
place where the writer put the peer's address. Two such places, two ``by``, or a HELO that is an address, give no
address: better an unread line than an innocent host.
"""

from __future__ import annotations

import re
from itertools import islice

from junkhound.trace.dates import parse_text
from junkhound.trace.dialects.grammar import address, impossible, logged_in, name, pattern
from junkhound.trace.hop import Hop

TOKENS = 120  # of a line; an honest one has about twenty

_TOKEN = pattern(
    r"\([^()]*+(?:\([^()]*+(?:\([^()]*+\)[^()]*+)*+\)[^()]*+)*+\)"  # comment, three levels
    r"|\[[^\[\]\s]*+\](?::\d++)?"
    r"|<[^<>]*+>|;|[^\s()\[\]<>;,]++|[()\[\]<>,]"
)
_CLAUSES = {
    form: word for word in ("from", "by", "via", "with", "id", "for") for form in (word, word.upper(), word.title())
}
_HELO = pattern(r"(?:^|\s)(?:helo|ehlo)(?:=|\s+)(\[?[^\s()\[\],;]*+\]?)", re.IGNORECASE)
_IDENT = pattern(r"(?:^|\s)ident=([^\s()]++)")
_PEER = pattern(
    r"\s*+(?:(?P<ident>[^\s@()\[\]]*+)@(?=[\[\d]))?"
    r"(?:(?P<name>[^\s()\[\]=]++)\s++)?\[(?:IPv6:)?(?P<ip>[0-9A-Fa-f:.]++)(?:%\w++)?(?::\d++)?\](?::\d++)?(?P<rest>.*)\Z",
    re.DOTALL | re.IGNORECASE,
)
_BARE = pattern(
    r"\s*+(?:(?P<ident>[^\s@()\[\]]++)@)?(?P<ip>\d++(?:\.\d++){3}|[0-9A-Fa-f]*+:[0-9A-Fa-f:.]++)(?:%\w++)?\s*+\Z"
)
_ADDRESS_LIKE = pattern(r"\d{1,3}(?:\.\d{1,3}){3}")
_GLUED = pattern(r"\sfrom\s++[^\s()]++\(|\Afrom\s++[^\s()]++\(", re.IGNORECASE)  # smtpd: NAME(ADDRESS), no HELO
_BY = pattern(r"\bby\s")
_SENDER = pattern(r"envelope-(?:from|sender)\s++<?([^<>()\s]++)")
_LATE_ID = pattern(r";[^;]*?\sid\s++(\S++)")  # after the date, as some write it
_LATE_SENDER = pattern(r"\sfor\s++<[^<>]*+>\s++from\s++<([^<>]*+)>")
_LOGGED_IN = pattern(r"\b(?:AUTH(?::|=)\s*\w|[Aa]uthenticated\b|account\s+\S+@|smtp-auth\b)")
_CLAIMS = frozenset(("helo", "ehlo", "lhlo"))
_BROWSER = frozenset(("HTTP", "HTTPS", "HTTPU"))
_NAMED_BY_ADDRESS = _BROWSER | {"TCP", "NNFMP"}


class _Line:
    """A line cut into clauses."""

    __slots__ = ("clauses", "comments", "date")

    def __init__(self, value: str) -> None:
        self.clauses: dict[str, list[str]] = {}
        self.comments: dict[str, list[str]] = {}
        self.date = ""
        words: list[str] = []
        comments: list[str] = self.comments.setdefault("", [])
        pieces = _TOKEN.findall(value)[:TOKENS]
        for piece in pieces:
            clause = _CLAUSES.get(piece)
            if clause is not None and clause not in self.clauses:
                words = self.clauses[clause] = []
                comments = self.comments[clause] = []
            elif piece[0] == "(":
                comments.append(piece[1:-1] if len(piece) > 1 else "")
            elif piece != ";":
                words.append(piece)
        if ";" in pieces:
            self.date = value.rpartition(";")[2] if value.count(";") == 1 else _after(value)

    def word(self, clause: str) -> str | None:
        words = self.clauses.get(clause)
        return words[0] if words else None


# A line without a from clause names no other machine: a step inside the one that wrote it.
_STEPS = frozenset((None, "SMTP", "ESMTP", "ESMTPS", "LMTP"))


class _Peer:
    """What the from clause says of the machine at the other end."""

    __slots__ = ("ambiguous", "helo", "ident", "impossible", "ip", "no_rdns", "rdns")

    def __init__(self) -> None:
        self.ip: str | None = None
        self.rdns: str | None = None
        self.helo: str | None = None
        self.ident: str | None = None
        self.no_rdns = self.ambiguous = self.impossible = False

    def saw(self, ip: str) -> None:
        """Take an address written where the writer puts the peer's; a second, different one spoils both."""
        if self.ip is not None and address(self.ip) != address(ip):
            self.ambiguous = True
        self.impossible = self.impossible or impossible(ip)
        self.ip = ip


def _after(value: str) -> str:
    """What follows the last semicolon that stands outside comments."""
    end = max(found.end() for found in islice(_TOKEN.finditer(value), TOKENS) if found[0] == ";")
    return value[end:]


def scan(value: str, index: int, below: bool) -> Hop:
    """The hop a line describes, as far as it can be told; ``dialect`` is "scan", or "" if it has no clause."""
    line = _Line(value)
    if "by" not in line.clauses and "from" not in line.clauses:
        return Hop(index=index, below_originator=below, at=parse_text(value.rpartition(";")[2]))
    protocol = _protocol(line, value)
    peer = _peer(line, protocol)
    if peer.helo and peer.helo == peer.rdns and _GLUED.search(value):
        peer.rdns, peer.helo = peer.helo, None
    ip = None
    lower = value.lower()
    if lower.count("by") > 1 and len(_BY.findall(lower)) > 1:
        peer.ambiguous = True  # a line within the line: HELO or the recipient may have brought one along
    if peer.ip is not None and not peer.ambiguous:
        ip = address(peer.ip)
    sender = _SENDER.search(value) if "envelope-" in value else None
    notes = line.comments.get("from")
    auth = (logged_in(protocol) and ip is not None) or (
        bool(notes) and _LOGGED_IN.search(" ".join(notes or ())) is not None
    )
    by = line.word("by")
    envelope_from = sender[1] if sender else None
    return Hop(
        ip=ip, rdns=name(peer.rdns), helo=name(peer.helo), by=name(by), by_ip=address(by.strip("[]")) if by else None,
        protocol=protocol, id=_id(line, value), local="from" not in line.clauses and protocol in _STEPS,
        recipient=_bare(line.word("for")), ident=peer.ident, envelope_from=envelope_from or _late_sender(value),
        auth=auth, at=parse_text(line.date), dialect="scan", index=index, below_originator=below,
        no_rdns=peer.no_rdns, impossible=peer.impossible, ambiguous=peer.ambiguous,
    )  # fmt: skip


def _protocol(line: _Line, value: str) -> str | None:
    words = line.clauses.get("with") or line.clauses.get("via")
    if words:
        protocol = words[-1] if words[0].startswith("[") else words[0]
        return protocol.upper()
    for comment in line.comments.get("by", ()):
        if comment.lower().startswith("via "):
            return comment[4:].strip().upper()
    return None


def _peer(line: _Line, protocol: str | None) -> _Peer:
    """Read the from clause: words first, then each comment for an address, a HELO or an ident."""
    peer = _Peer()
    words = line.clauses.get("from", [])
    front = words[0] if words else None
    notes = line.comments.get("from", [])
    plain: list[str] = []
    verified = False
    for literal in words[1:]:
        if literal.startswith("["):
            peer.saw(literal.strip("[]").partition("]")[0])
    for note in notes:
        if not _note(peer, note, front) and "." in note and " " not in note:
            plain.append(note)
        verified = verified or note.rstrip().endswith(" verified")
    helo_said = any("elo" in note.lower() or "ehl" in note.lower() for note in notes) and any(map(_HELO.search, notes))
    if front is not None and front.startswith("["):
        if peer.ip is None and (helo_said or protocol in _NAMED_BY_ADDRESS):
            peer.saw(front.strip("[]").partition("]")[0])
        elif peer.helo is None and protocol != "ECSTREAM":
            peer.helo = front
    elif front is not None and peer.ip is None:
        if protocol in _NAMED_BY_ADDRESS and address(front) is not None:
            peer.saw(front)
        else:
            peer.helo = peer.helo or front
    elif front is not None:
        _names(peer, front, plain, helo_said, verified, any(_BARE.match(note) for note in notes))
    return peer


def _note(peer: _Peer, note: str, front: str | None) -> bool:
    """Take what one comment says; False if it says nothing known."""
    lower = note.lower()
    helo = _HELO.search(note) if "elo" in lower or "ehl" in lower else None
    ident = _IDENT.search(note) if "ident=" in note else None
    if helo:
        peer.helo = helo[1].rstrip("]") + "]" if helo[1].startswith("[") else helo[1]
    if ident:
        peer.ident = ident[1]
    found = _PEER.match(note)
    if found is not None and (found["name"] or "").lower() in _CLAIMS:
        peer.helo = f"[{found['ip']}]"  # (HELO [192.0.2.9]): an address that was only said
        return True
    if found is not None:
        rest = found["rest"].strip()
        if _ADDRESS_LIKE.search(rest) and "helo=" not in rest.lower() and "ident=" not in rest.lower():
            peer.ambiguous = True
        peer.saw(found["ip"])
        looked_up = found["name"]
        if looked_up is not None:
            peer.no_rdns = looked_up.lower() in ("unknown", "softdnserr")
            peer.rdns = None if peer.no_rdns else looked_up
        peer.ident = peer.ident or found["ident"]
        return True
    if found := _BARE.match(note):
        peer.saw(found["ip"])
        peer.ident = peer.ident or found["ident"]
        return True
    return bool(helo or ident)


def _names(peer: _Peer, front: str, plain: list[str], helo_said: bool, verified: bool, bare: bool) -> None:
    """Say which of the names was looked up and which only claimed, once the address stands in a comment."""
    if helo_said:
        if peer.rdns is None and not peer.no_rdns:
            peer.no_rdns = front.lower() == "unknown"
            peer.rdns = None if peer.no_rdns or address(front) else front
        return
    if plain and peer.rdns is None:  # NAME (HELO) [ADDRESS]
        peer.rdns, peer.helo = front, plain[0]
        return
    peer.helo = front
    if peer.rdns is None and (verified or (bare and "." in front)):
        peer.rdns = front


def _id(line: _Line, value: str) -> str | None:
    words = line.clauses.get("id")
    if words:
        return _bare(words[0])
    late = _LATE_ID.search(value) if "id" in value.partition(";")[2] else None
    return late[1] if late else None


def _late_sender(value: str) -> str | None:
    late = _LATE_SENDER.search(value) if " from <" in value else None
    return late[1] if late else None


def _bare(word: str | None) -> str | None:
    return word.strip("<>,") or None if word else None
