"""One list as it leaves at one moment: entries in the words others may read, and what the zone says of itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import msgspec

from junkhound.kernel import clock, net
from junkhound.kernel.errors import ConfigError
from junkhound.kernel.net import Network
from junkhound.listing import CLASSES, domain_name

ADDRESSES, NAMES = "addresses", "names"
TXT_LIMIT = 255  # one character-string of a TXT record (RFC 1035 section 3.3)
_LONGEST_ADDRESS = 39
RPZ_ACTIONS = ("nxdomain", "nodata", "drop", "passthru", "tcp-only")
"""What a response policy zone can do by a word; a host name instead sends the reader to that host."""

_NUMBER = re.compile(r"JH-\d{4}-\d{6,}\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_RANGE = re.compile(r"(under|over) [\d,]+\Z|[\d,]+ to [\d,]+\Z")


class Entry(msgspec.Struct, frozen=True, order=True):
    """One listed address or network, with nothing in it that tells a sender which of its mails met a trap.

    ``messages`` is a range, ``since``, ``last_seen`` and ``expires`` are UTC days. ``codes`` are the answers for this
    entry, one A record each (RFC 5782 section 2.3); empty means the edition's ``code``. Whatever else is known of
    the listing stays at home, because there is no field for it.
    """

    network: Network
    number: str
    listing_class: str
    messages: str
    since: str
    last_seen: str
    expires: str
    codes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _in_words(self)

    @property
    def about(self) -> str:
        """What the first words of its sentence call it."""
        return "IP"


class NameEntry(msgspec.Struct, frozen=True, order=True):
    """One listed domain or host: as ``Entry``, with a name in small letters without a last dot (A-labels).

    ``below`` says whether every name under it is listed with it: a registrable domain is, a single host is not.
    """

    name: str
    number: str
    listing_class: str
    messages: str
    since: str
    last_seen: str
    expires: str
    codes: tuple[str, ...] = ()
    below: bool = True

    def __post_init__(self) -> None:
        _in_words(self)
        if domain_name(self.name) != self.name:
            raise ValueError(f"not a domain as it is published: {self.name!r}")

    @property
    def about(self) -> str:
        """What the first words of its sentence call it."""
        return "Domain" if self.below else "Host"


def _in_words(entry: Entry | NameEntry) -> None:
    days = (entry.since, entry.last_seen, entry.expires)
    if (
        entry.listing_class not in CLASSES
        or not _RANGE.match(entry.messages)
        or not _NUMBER.match(entry.number)
        or not all(_DAY.match(day) for day in days)
        or not all(map(is_code, entry.codes))
    ):
        raise ValueError(f"not the words of a published entry: {entry!r}")


def is_code(text: str) -> bool:
    """Whether this can be the answer for something listed.

    Outside 127/8 is tampering, 127.255.255/24 is a refusal (RFC 5782 section 2.3 and the field's habit).
    """
    answer = net.parse(text)
    return (
        answer is not None
        and answer.is_v4
        and answer.v4 >> 24 == 127
        and text != "127.0.0.1"
        and not text.startswith("127.255.255.")
    )


class Edition(msgspec.Struct, frozen=True):
    """One list at the moment ``at``; entries sorted, so that equal rows give equal files.

    A list holds addresses and networks (``entries``, which never overlap) or domains and hosts (``names``).
    ``exclusions`` are networks that no entry may cover: what the operator protects, and what an escalated network
    leaves out; ``name_exclusions`` are domains that are never listed, with all below them. ``url`` has ``%s`` where
    the listing's number goes. ``meanings`` are the codes that may be answered, each with what it says, for the zone's
    documentation. ``of`` is what the list holds, ``addresses`` or ``names``: an empty list of names, too, has the test
    entry of one (RFC 5782 section 5). ``tlp`` and ``rpz_action`` are the operator's settings of those names.
    """

    name: str
    scope: str
    at: int
    expires_at: int
    entries: tuple[Entry, ...]
    exclusions: tuple[Network, ...] = ()
    zone: str = "bl.example.org"
    name_servers: tuple[str, ...] = ()
    contact: str = ""
    ttl_s: int = 900
    code: str = "127.0.0.2"
    url: str = ""
    max_network: int = 24
    names: tuple[NameEntry, ...] = ()
    meanings: tuple[tuple[str, str], ...] = ()
    of: str = ADDRESSES
    name_exclusions: tuple[str, ...] = ()
    tlp: str = ""
    rpz_action: str = "nxdomain"

    @property
    def of_addresses(self) -> bool:
        """Whether forms for addresses are written: an empty list of domains has none of them."""
        return self.of == ADDRESSES or bool(self.entries)

    @property
    def of_names(self) -> bool:
        """Whether forms for domains and hosts are written."""
        return self.of == NAMES or bool(self.names)

    @property
    def marking(self) -> str:
        """The TLP marking (FIRST, version 2.0): CLEAR for a public list, GREEN for one's own, unless it is stated."""
        return self.tlp or ("CLEAR" if self.scope == "public" else "GREEN")

    @property
    def size(self) -> int:
        """How many entries of both kinds."""
        return len(self.entries) + len(self.names)

    def codes(self, entry: Entry | NameEntry) -> tuple[str, ...]:
        """The answers for an entry, one A record each."""
        return entry.codes or (self.code,)

    @property
    def origin(self) -> str:
        """The zone of this list: its name below the operator's zone."""
        return f"{self.name}.{self.zone}"

    def sentence(self, entry: Entry | NameEntry, address: str) -> str:
        """The TXT record of an entry, as the one who asked for ``address`` (or a name) reads it.

        One sentence under 255 bytes (RFC 5782 section 2.1); the page's address is left out where it would not fit.
        """
        return self.words(entry.about, address, entry.number, facts(entry))

    def words(self, about: str, subject: str, number: str, facts: str) -> str:
        """The sentence from its parts: what the subject is called, the listing's number and ``facts`` of its entry."""
        text = f"{about} {subject} is listed ({number}, {facts})."
        page = f" {self.url.replace('%s', number)}" if self.url else ""
        if about != "IP":
            text = text if len(text) <= TXT_LIMIT else f"{about} is listed ({number}, {facts})."
            return text + page if len(text) + len(page) <= TXT_LIMIT else text
        room = TXT_LIMIT - _LONGEST_ADDRESS + len(subject)
        return text + page if len(text) + len(page) <= room else text


def facts(entry: Entry | NameEntry) -> str:
    """What the sentence about an entry says in parentheses, behind its number."""
    return f"{entry.listing_class}, {entry.messages} messages, last seen {entry.last_seen}, expires {entry.expires}"


def edition(entries: Iterable[Entry | NameEntry], **about: object) -> Edition:
    """An edition with its entries in order. Errors: ConfigError for a page or zone that no file can carry."""
    every = list(entries)
    made = Edition(
        entries=tuple(sorted(entry for entry in every if isinstance(entry, Entry))),
        names=tuple(sorted(entry for entry in every if isinstance(entry, NameEntry))),
        **about,  # type: ignore[arg-type]
    )
    if not is_code(made.code):
        raise ConfigError(
            f"[lists.{made.name}] code: {made.code!r} is no answer for a listed address", "write 127.0.0.2 or higher"
        )
    if made.rpz_action not in RPZ_ACTIONS and domain_name(made.rpz_action) is None:
        raise ConfigError(
            f"[publish] rpz_action: {made.rpz_action!r} is neither a word nor a host name",
            f"write {', '.join(RPZ_ACTIONS)} or a host name such as blocked.example.org",
        )
    for label, words in (("text", made.url), ("zone", made.zone), ("contact", made.contact), *_servers(made)):
        if not words.isascii() or any(ord(letter) < 33 or letter in '"\\' for letter in words):
            raise ConfigError(f"[publish] {label}: {words!r} cannot stand in a zone file", "plain ASCII, no spaces")
    return made


def _servers(made: Edition) -> list[tuple[str, str]]:
    return [("name_servers", name) for name in made.name_servers]


def header(made: Edition, about: str, lines: Iterable[str]) -> list[str]:
    """The comment lines on top of a text form; sha256 covers every line that is no comment, with its line end."""
    digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()
    who = "for this operator's own servers, not for the public" if made.scope == "own" else "for anyone"
    return [
        f"# {made.name}: {about}",
        f"# scope {made.scope}: {who}",
        f"# generated {clock.text(made.at)}",
        f"# expires {clock.text(made.expires_at)}",
        f"# count {made.size}",
        f"# sha256 {digest}",
    ]
