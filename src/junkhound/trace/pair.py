"""A line under the one that is believed: could the machine that the upper line saw have written it?

Five things are looked at: how the names of both agree, what kind of machine the upper line saw, the id, the time, and
what a line should not have. Each is one word; ``weights`` says what each word is worth. Whatever a forger can type he
may type well, so the answer is a probability and never moves the hand-over.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag

from junkhound.kernel.clock import DAY, HOUR, MINUTE
from junkhound.kernel.net import Address, Space, space
from junkhound.trace import queueid
from junkhound.trace.hop import Hop
from junkhound.trace.memo import Memo
from junkhound.trace.names import SERVER, generic, inside, nameless, together, whole


class Tie(IntEnum):
    """How the writer's name of the lower line agrees with what the upper line saw (test T2)."""

    RDNS = 0  # it is the name that was looked up
    RDNS_GENERIC = 1  # the same, and that name belongs to a dial-up line
    ADDRESS = 2  # it gives the address that was seen as its own
    SITE = 3  # another name of the same site
    SITE_GENERIC = 4
    HELO_SITE = 5  # the name said in HELO, of the site of the looked-up name
    HELO_ALONE = 6  # the name said in HELO, which has nothing to do with the looked-up name
    HELO_UNKNOWN = 7  # the name said in HELO; none could be looked up
    HELO_SITE_ONLY = 8  # another name of the site that HELO named
    HELO_BARE = 9  # HELO without a dot, or an address
    INSIDE_SAME = 10  # a name for inside use that begins as HELO does
    INSIDE_OTHER = 11
    STEP = 12  # no other machine: handed in by a program, passed on inside
    SILENT = 13  # the upper line names no machine, so there is nothing to agree with
    NOBODY = 14  # the lower line names no writer
    GAP = 15  # nothing agrees
    WRITER_SITE = 16  # deeper down: the writer is of the site that wrote the upper line too


class Machine(IntEnum):
    """What kind of machine the upper line saw (tests T3 and T4)."""

    SERVER = 0  # its looked-up name is a mail server's
    NAMED = 1  # it has a name of its own
    GENERIC = 2  # its name is made from its address, or says that it is a line
    GENERIC_HELO_SITE = 3  # the same, but it calls itself by a proper name of that site
    NAMELESS_SERVER = 4  # no name was looked up; HELO is a mail server's
    NAMELESS_OTHER = 5  # no name was looked up; HELO is some name
    NAMELESS_BARE = 6  # no name was looked up; HELO has no dot
    NAMELESS_LITERAL = 7  # no name was looked up; HELO is an address
    NAMELESS_MUTE = 8  # nothing but an address
    SILENT = 9  # the line names no machine
    NAMELESS_GUEST = 10  # no name was looked up; HELO is a name of the very site that took the mail
    NAMELESS_LINE = 11  # no name was looked up; HELO is made from the address, or says that it is a line
    INSIDE = 12  # its address is for inside use, so no name that anybody could look up is expected
    GENERIC_DOMAIN = 13  # GENERIC, and HELO is a whole domain with no host in it
    NAMELESS_DOMAIN = 14  # no name was looked up; HELO is a whole domain: that of the author, say, or of the recipient


class Id(IntEnum):
    """The lower line's id (tests T7 and T8)."""

    CLOCK_AGREES = 0
    FORM = 1  # the form its program gives, without a clock
    UNKNOWN = 2  # nothing is known of its program's ids
    NONE = 3
    ODD = 4  # a form its program never gives
    CLOCK_DISAGREES = 5


class Time(IntEnum):
    """The lower line's date against the upper line's (test T6)."""

    NEAR = 0  # within five minutes
    BACKWARDS = 1  # the lower line is more than five minutes later
    HOUR = 2
    DAY = 3
    LONG = 4
    NONE = 5
    AGES = 6  # longer than any server tries (RFC 5321 section 4.5.4.1: four to five days)


class Odd(IntFlag):
    """What a line has or lacks (tests T1, T5, T9, T10, T14)."""

    NOTHING = 0
    UNREAD = 1  # no grammar
    SCANNED = 2  # only the general reader understood it
    IMPOSSIBLE = 4
    BELOW_ORIGINATOR = 8
    OURS = 16  # it claims that we wrote it
    LOGGED_IN = 32
    NO_ADDRESS = 64
    WITH_KEYWORD = 128
    DEEPER = 256  # the upper line is not the hand-over itself but an honest one below it
    SPOKEN = 512  # our session: its client spoke as no mail server does
    OTHER_PROGRAM = 1024  # our session: its client spoke as the program that the line names never does


Looked = tuple[int, int, int, int, int]
"""The words of one pair: tie, machine, id, time, odd."""

_INNER = frozenset((Space.PRIVATE, Space.LOOPBACK, Space.LINK_LOCAL, Space.SHARED))
_CLOSE = 5 * MINUTE
_TRIED = 10 * DAY
# Plain numbers: an attribute of an Enum class costs a third of a microsecond each time.
(_RDNS, _RDNS_GENERIC, _ADDRESS, _SITE, _SITE_GENERIC, _HELO_SITE, _HELO_ALONE, _HELO_UNKNOWN, _HELO_SITE_ONLY,
 _HELO_BARE, _INSIDE_SAME, _INSIDE_OTHER, _STEP, _SILENT_TIE, _NOBODY, _GAP, _WRITER_SITE) = map(int, Tie)  # fmt: skip
(_SERVER, _NAMED, _GENERIC, _GENERIC_HELO_SITE, _NAMELESS_SERVER, _NAMELESS_OTHER, _NAMELESS_BARE, _NAMELESS_LITERAL,
 _NAMELESS_MUTE, _SILENT, _NAMELESS_GUEST, _NAMELESS_LINE,
 _INSIDE, _GENERIC_DOMAIN, _NAMELESS_DOMAIN) = map(int, Machine)  # fmt: skip
_LINES = frozenset((_GENERIC, _GENERIC_DOMAIN))
_IDS = {
    (None, False, False): int(Id.UNKNOWN), (True, False, False): int(Id.FORM), (False, False, False): int(Id.ODD),
    (True, False, True): int(Id.CLOCK_AGREES), (True, True, True): int(Id.CLOCK_DISAGREES),
}  # fmt: skip


def machine(above: Hop) -> int:
    """The kind of machine that a line saw."""
    return _MACHINES[above.rdns, above.helo, above.ip, above.by]


def _machine(seen: tuple[str | None, str | None, Address | None, str | None]) -> int:
    rdns, helo, ip, by = seen
    if ip is not None and space(ip) in _INNER:
        return _INSIDE
    if rdns is None:
        if helo is None:
            return _SILENT if ip is None else _NAMELESS_MUTE
        if nameless(helo):
            return _NAMELESS_LITERAL
        if "." not in helo:
            return _NAMELESS_BARE
        if generic(helo, ip):
            return _NAMELESS_LINE
        if whole(helo):
            return _NAMELESS_DOMAIN
        if together(helo, by) and ip is not None:
            return _NAMELESS_GUEST
        return _NAMELESS_SERVER if SERVER[helo] else _NAMELESS_OTHER
    if generic(rdns, ip):
        proper = helo is not None and helo != rdns and together(helo, rdns) and not generic(helo, ip)
        if proper:
            return _GENERIC_HELO_SITE
        return _GENERIC_DOMAIN if helo is not None and helo != rdns and "." in helo and whole(helo) else _GENERIC
    return _SERVER if SERVER[rdns] else _NAMED


_MACHINES: Memo[tuple[str | None, str | None, Address | None, str | None], int] = Memo(_machine, 8192)


def tie(above: Hop, below: Hop, kind: int, deeper: bool) -> int:
    """How the writer of the lower line agrees with the machine that the upper line saw."""
    by, rdns, helo, ip = below.by, above.rdns, above.helo, above.ip
    if below.by_ip is not None and below.by_ip == ip:
        return _ADDRESS
    if kind == _SILENT:
        return _STEP if below.local else _SILENT_TIE
    if by is None:
        return _STEP if below.local else _NOBODY
    if by == rdns:
        return _RDNS_GENERIC if kind in _LINES else _RDNS
    if by == helo:
        if "." not in helo or nameless(helo):
            return _HELO_BARE
        if rdns is None:
            return _HELO_UNKNOWN
        if not together(helo, rdns):
            return _HELO_ALONE
        return _SITE_GENERIC if kind in _LINES else _HELO_SITE
    if inside(by):
        same = helo is not None and by.partition(".")[0] == helo.partition(".")[0]
        return _INSIDE_SAME if same else _INSIDE_OTHER
    if together(by, rdns):
        return _SITE_GENERIC if kind in _LINES else _SITE
    if together(by, helo):
        return _HELO_SITE_ONLY
    return _WRITER_SITE if deeper and together(by, above.by) else _GAP


def look(above: Hop, below: Hop, at: int | None, odd: int) -> Looked:
    """The words of a pair of lines; ``at`` is the upper line's instant, ``odd`` what is known of the lower line."""
    kind = machine(above)
    if below.id is None:
        queued = 3
    else:
        queued = _IDS[queueid.examine(below)]
    said = below.at
    if at is None or said is None:
        time = 5
    else:
        gone = at - said
        time = (
            (1 if gone < -_CLOSE else 0)
            if gone <= _CLOSE
            else 2
            if gone <= HOUR + _CLOSE
            else 3
            if gone <= DAY
            else 4
            if gone <= _TRIED
            else 6
        )
    if below.dialect == "":
        odd |= 1
    elif below.dialect == "scan":
        odd |= 2
    if below.auth:
        odd |= 32
    if below.ip is None and not below.local:
        odd |= 64
    return tie(above, below, kind, odd & 256 != 0), kind, queued, time, odd
