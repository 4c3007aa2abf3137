"""What kind of source it was: class and reason, read off the path, the machine's names and a few fields.

It is a reading for people, not a verdict: nothing is listed or reported by it. What a sender can type (fields of bulk
mailers, a line about a browser) may only make a class milder, never name somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from junkhound.tables import Clue, Path, SourceClass
from junkhound.trace import pair
from junkhound.trace.below import Below
from junkhound.trace.hop import Hop
from junkhound.trace.names import generic, nameless, together
from junkhound.trace.pair import Machine
from junkhound.trace.reader import Hops
from junkhound.wire.facts import Facts

Found = tuple[SourceClass, str]
PASSED_ON = 0.5  # P of the likeliest machine; below it the mail was rather handed in by somebody whom no line names

(_UNANCHORED, _BOT, _PROXY, _RELAY, _ACCOUNT, _WEBMAIL, _BULK, _SERVER, _CONTROLLER, _FORWARD, _UNKNOWN) = SourceClass
_DRIVER, _HELO_OURS = int(Clue.DRIVER), int(Clue.HELO_OURS)
_BROWSER = frozenset(("HTTP", "HTTPS", "HTTPU", "HTTPREST", "MAPI"))

NOBODY: Found = (_UNANCHORED, "no line that is believed names anybody")
_LOGGED_IN: Found = (_ACCOUNT, "the client had logged in")
_IN_BROWSER: Found = (_WEBMAIL, "the client had logged in, with a browser")
_BY_PATH: dict[Path, Found] = {
    Path.UNANCHORED: NOBODY,
    Path.LOCAL: (_SERVER, "it was handed in on our own machine"),
    Path.UNKNOWN: (_UNKNOWN, "a relay of ours brought it, and the line that tells from whom is missing"),
    Path.WEBMAIL: (_WEBMAIL, "a provider of mailboxes handed it over"),
    Path.AUTHENTICATED: (_ACCOUNT, "a customer of the provider had logged in with a mail program"),
    Path.ESP: (_BULK, "a bulk mailer handed it over, for a customer of its"),
    Path.LIST: (_FORWARD, "a mailing list passed it on"),
    Path.FORWARDED: (_FORWARD, "a provider passed on what came from elsewhere"),
    Path.OPEN_PROXY: (_PROXY, "it is known as an open proxy"),
    Path.OPEN_RELAY: (_RELAY, "it is known as an open relay"),
}
_DRIVEN: Found = (_CONTROLLER, "the same machine stands behind several relays that have nothing to do with each other")
_RELAYED: Found = (_RELAY, "a mail server passed on what a machine of another network brought, which had not logged in")
_SHARED: Found = (_RELAY, "several mail servers that have nothing to do with each other pass on what one machine "
                  "brings, not in their own name, and it calls itself by no host's")  # fmt: skip
_WEB_PROGRAM: Found = (_WEBMAIL, "a web mail program wrote it, and its author is of the mail server's own domain")
_LISTED: Found = (_FORWARD, "a mailing list's fields, and the line of the machine that wrote to it")
_SENT_ON: Found = (_FORWARD, "it had reached a mailbox before, and was sent on from there")
_INNER: Found = (_SERVER, "a machine of the same site handed it to its mail server")
_PASSED: Found = (_UNKNOWN, "it seems to have passed the mail on, and no line says clearly for whom")
_SCRIPT: Found = (_ACCOUNT, "a page of a web site on that server handed it in")
_PROGRAM: Found = (_SERVER, "a program on that server handed it in")
_USER: Found = (_ACCOUNT, "a user of that server handed it in there, and it is not written in the server's own name")
_STATED: Found = (_ACCOUNT, "a field says which account of that server had logged in")
_ITS_PEOPLE: Found = (_ACCOUNT, "it is written in the name of the domain whose mail server passed it on")
_ITS_LINE: Found = (_BOT, "one line of many in the network whose mail server passed it on")
_SAYS_SERVER: Found = (_SERVER, "it calls itself a mail server, though no name leads to it")
_MAILER: Found = (_BULK, "it has the fields by which bulk mailers number their customers")
_HTTP: Found = (_PROXY, "the session began with words of HTTP: somebody spoke through it")
_BY_MACHINE: dict[int, Found] = {
    int(Machine.SERVER): (_SERVER, "its name is a mail server's"),
    int(Machine.NAMED): (_SERVER, "it has a name of its own, and says it"),
    int(Machine.GENERIC): (_BOT, "the network's own name for it says that it is one line of many"),
    int(Machine.GENERIC_DOMAIN): (_BOT, "the network's own name for it says that it is one line of many"),
    int(Machine.GENERIC_HELO_SITE): (_SERVER, "it calls itself by a proper name of the network that it is in"),
    int(Machine.NAMELESS_SERVER): _SAYS_SERVER,
    int(Machine.NAMELESS_OTHER): (_BOT, "it has no name that leads to it, and calls itself by some name"),
    int(Machine.NAMELESS_DOMAIN): (_BOT, "it has no name that leads to it, and calls itself by a whole domain's"),
    int(Machine.NAMELESS_BARE): (_BOT, "it has no name, and calls itself by a bare word"),
    int(Machine.NAMELESS_LITERAL): (_BOT, "it has no name, and calls itself by an address"),
    int(Machine.NAMELESS_MUTE): (_UNKNOWN, "nothing but its address is known"),
    int(Machine.SILENT): NOBODY,
    int(Machine.NAMELESS_GUEST): (_BOT, "it has no name, and calls itself by one of the server that it spoke to"),
    int(Machine.NAMELESS_LINE): (_BOT, "it calls itself by a name that is made for one line of many"),
    int(Machine.INSIDE): (_UNKNOWN, "its address is for inside use"),
}
_MACHINES = tuple(_BY_MACHINE.get(kind, (_UNKNOWN, "nothing but its address is known")) for kind in range(64))
_NOT_LOOKED_UP: dict[int, Found] = {
    int(Machine.NAMELESS_SERVER): (_SERVER, "it calls itself a mail server; nobody looked its name up"),
    int(Machine.NAMELESS_OTHER): (_UNKNOWN, "it calls itself by some name; nobody looked its name up"),
    int(Machine.NAMELESS_DOMAIN): (_UNKNOWN, "it calls itself by a whole domain's name; nobody looked its name up"),
    int(Machine.NAMELESS_BARE): (_BOT, "it calls itself by a bare word"),
    int(Machine.NAMELESS_LITERAL): (_BOT, "it calls itself by an address"),
}
"""Where the server that saw it looks no names up: that it has none is not known."""
_LIES: Found = (_BOT, "it called itself by the name of the server that it spoke to")
_OTHER_NAME: Found = (_BOT, "it calls itself by a bare word, though it has a name")
_TWO_NAMES: Found = (_SERVER, "it has a name of its own, and calls itself by one of another domain")
_BULK_FIELDS = (b"feedback-id", b"x-sg-eid", b"x-mailgun-sid", b"x-ses-outgoing", b"x-campaignid", b"x-campaign-id",
                b"x-csa-complaints", b"x-mc-user", b"x-job", b"x-mailer-recptid")  # fmt: skip
_SCRIPT_FIELDS = (b"x-php-originating-script", b"x-php-script", b"x-source-dir", b"x-php-filename")
_WEB_USER = re.compile(r"\b(?:www-data|apache|httpd|wwwrun|nginx)\b|\buid[ =](?:33|48|80)\b|\buserid (?:33|48|80)\b")
"""The users under whom web servers run; their numbers are those of Debian, Red Hat and FreeBSD."""
_SOME_USER = re.compile(r"\b(?:uid[ =]|userid )(?:[5-9]\d\d|[1-5]?\d{4})\b")
"""Users who are people or customers: their numbers begin at 500 or 1000; those of the system are lower."""
_ACCOUNT_FIELDS = (b"x-authenticated-sender", b"x-authenticated-user", b"x-auth-user", b"x-authuser",
                   b"x-get-message-sender-via")  # fmt: skip
_DOMAIN = re.compile(rb"@([\w-]{1,63}(?:\.[\w-]{1,63}){1,6})")
_WEB_PROGRAMS = re.compile(
    rb"(?:squirrelmail|roundcube|horde\b|internet messaging program|zimbra \S+ \(zimbraweb|rainloop|snappymail|sogomail"
    rb"|open-xchange|open ?webmail|worldclient|communigate pro web|yahoomail|aol webmail|uebimiau|ilohamail|neomail"
    rb"|usermin|sun java\S* system messenger express|iplanet messenger express|kerio \S+ webmail|mailbee|@mail |nocc\b"
    rb"|[a-z -]{0,20}web-?mail)",
    re.IGNORECASE,
)
_WEB_IDS = re.compile(rb"<(?:CA[\w+=-]{40,80}@|BAY\d{1,4}-[A-Z]|\d{4,10}\.\d{2,9}\.qm@web)")
"""As Gmail, Hotmail and Yahoo number what is written in a browser."""
_LIST_FIELDS = (b"list-id", b"list-post", b"x-beenthere", b"x-mailing-list")
_SENT_ON_FIELDS = (b"x-forwarded-for", b"x-forwarded-to", b"resent-from", b"arc-seal")


def told(path: Path, client: bool) -> Found:
    """The class where a known relay handed it over, or nobody is named."""
    if path is Path.WEBMAIL and client:
        return _WEBMAIL, "a customer of the provider had logged in with a browser"
    return _BY_PATH[path]


def logged_in(last: Hop) -> Found:
    """The class of a client that had logged in at one of our relays."""
    return _IN_BROWSER if last.protocol in _BROWSER else _LOGGED_IN


def of_stranger(hops: Sequence[Hop], last: Hop, under: Below, clues: int, facts: Facts | None) -> Found:
    """The class where a stranger's machine handed it over: it sent the mail itself, or passed it on."""
    if facts is not None and facts.session.dialect and _speaks_http(facts.session.dialect):
        return _HTTP
    first = under.candidates[0] if under.candidates else None
    names: Mapping[bytes, int] = hops.names if isinstance(hops, Hops) else {}
    if first is not None and first.index > last.index and first.address != last.ip:
        return _passed_on(hops, last, hops[first.index], under, names, facts)
    if first is not None and first.p < PASSED_ON:
        return _named(names) or _PASSED
    if under.first < len(hops) and under.typed != under.first and hops[under.first].pickup:
        return _handed_in(hops, under.first, names, last.rdns or last.helo)
    kind = pair.machine(last)
    found = _MACHINES[kind]
    if last.rdns is None and not last.no_rdns:
        found = _NOT_LOOKED_UP.get(kind, found)
    if clues & _HELO_OURS and not together(last.rdns, last.helo):
        return _LIES
    if found[0] is _SERVER:
        if last.rdns is not None and last.helo is not None and not together(last.helo, last.rdns):
            if "." not in last.helo:
                return _OTHER_NAME
            found = _TWO_NAMES
        if any(name in names for name in _BULK_FIELDS):
            return _MAILER
        if any(name in names for name in _ACCOUNT_FIELDS):
            return _STATED
        if _by_web_program(hops) and _author(hops, last.rdns or last.helo):
            return _WEB_PROGRAM
    return found


def _passed_on(
    hops: Sequence[Hop], last: Hop, line: Hop, under: Below, names: Mapping[bytes, int], facts: Facts | None
) -> Found:
    """The class where a line below the hand-over names who rather sent it."""
    if (passed := _named(names)) is not None:
        return passed
    if line.auth:
        return logged_in(line)
    site = last.rdns or last.helo or line.by
    clues = [under.clues[row] for row in range(min(len(under.clues), line.index - under.first + 1))]
    if any(found & _DRIVER for found in clues):
        proper = line.helo is not None and "." in line.helo and not nameless(line.helo)
        return _DRIVEN if proper or _in_its_name(hops, site, facts) else _SHARED
    if line.rdns is not None and generic(line.rdns, line.ip):
        if together(line.rdns, site):
            return _ITS_LINE
    elif together(line.rdns or line.helo, site):
        return _INNER
    return _ITS_PEOPLE if _author(hops, site) else _RELAYED


def _named(names: Mapping[bytes, int]) -> Found | None:
    """A list or a forwarding, by its fields."""
    if any(name in names for name in _LIST_FIELDS):
        return _LISTED
    return _SENT_ON if any(name in names for name in _SENT_ON_FIELDS) else None


def _author(hops: Sequence[Hop], site: str | None) -> bool:
    """Whether the topmost From is of the site."""
    said = hops.stated(b"from", 1) if isinstance(hops, Hops) else []
    domains = _DOMAIN.findall(said[0][1][-300:]) if said else []
    return bool(domains) and together(f"x.{domains[-1].decode('latin-1').lower()}", site)


def _in_its_name(hops: Sequence[Hop], site: str | None, facts: Facts | None) -> bool:
    """Whether the relay's own site gets the bounces: who rents one sends in its name, who finds one open does not."""
    if facts is not None and facts.envelope.mail_from is not None:
        sender = facts.envelope.mail_from
    else:
        said = hops.stated(b"return-path", 1) if isinstance(hops, Hops) else []
        sender = said[0][1] if said else b""
    domains = _DOMAIN.findall(sender[-300:])
    return not domains or together(f"x.{domains[-1].decode('latin-1').lower()}", site)


def _by_web_program(hops: Sequence[Hop]) -> bool:
    """Whether a web mail program says that it wrote the mail, by its name or by the form of its Message-ID."""
    if not isinstance(hops, Hops):
        return False
    for name in (b"user-agent", b"x-mailer"):
        if any(_WEB_PROGRAMS.match(value) for _, value in hops.stated(name, 2)):
            return True
    return any(_WEB_IDS.match(value) for _, value in hops.stated(b"message-id", 1))


def _handed_in(hops: Sequence[Hop], place: int, names: Mapping[bytes, int], site: str | None) -> Found:
    """The class of what a program handed in on the server itself."""
    if any(name in names for name in _SCRIPT_FIELDS):
        return _SCRIPT
    text = hops.line(place)[:200] if isinstance(hops, Hops) else ""
    if _WEB_USER.search(text):
        return _SCRIPT
    if any(name in names for name in _ACCOUNT_FIELDS):
        return _STATED
    return _USER if _SOME_USER.search(text) and not _author(hops, site) else _PROGRAM


def _speaks_http(dialect: Sequence[bytes]) -> bool:
    """Whether the first things said were a browser's request: what a proxy passes on before the mail."""
    return dialect[0][:8].upper().startswith((b"POST ", b"CONNECT ", b"GET ", b"PUT "))
