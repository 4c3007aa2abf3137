"""One list as it leaves at one moment: entries in the words others may read, and what the zone says of itself."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import msgspec

from junkhound.kernel import clock, net
from junkhound.kernel.errors import ConfigError
from junkhound.kernel.net import Network
from junkhound.listing import CLASSES

TXT_LIMIT = 255  # one character-string of a TXT record (RFC 1035 section 3.3)
_LONGEST_ADDRESS = 39
_NUMBER = re.compile(r"JH-\d{4}-\d{6,}\Z")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_RANGE = re.compile(r"(under|over) [\d,]+\Z|[\d,]+ to [\d,]+\Z")


class Entry(msgspec.Struct, frozen=True, order=True):
    """One listed network, with nothing in it that tells a sender which of its mails met a trap.

    ``messages`` is a range, ``since``, ``last_seen`` and ``expires`` are UTC days. Whatever else is known of the
    listing stays at home, because there is no field for it.
    """

    network: Network
    number: str
    listing_class: str
    messages: str
    since: str
    last_seen: str
    expires: str

    def __post_init__(self) -> None:
        days = (self.since, self.last_seen, self.expires)
        if (
            self.listing_class not in CLASSES
            or not _RANGE.match(self.messages)
            or not _NUMBER.match(self.number)
            or not all(_DAY.match(day) for day in days)
        ):
            raise ValueError(f"not the words of a published entry: {self!r}")


class Edition(msgspec.Struct, frozen=True):
    """One list at the moment ``at``; entries sorted, so that equal rows give equal files.

    ``exclusions`` are networks that no entry may cover; ``url`` has ``%s`` where the listing's number goes.
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

    @property
    def origin(self) -> str:
        """The zone of this list: its name below the operator's zone."""
        return f"{self.name}.{self.zone}"

    def sentence(self, entry: Entry, address: str) -> str:
        """The TXT record of an entry, as the one who asked for ``address`` reads it.

        One sentence under 255 bytes (RFC 5782 section 2.1); the page's address is left out where it would not fit.
        """
        facts = (
            f"{entry.number}, {entry.listing_class}, {entry.messages} messages, last seen {entry.last_seen},"
            f" expires {entry.expires}"
        )
        text = f"IP {address} is listed ({facts})."
        page = f" {self.url.replace('%s', entry.number)}" if self.url else ""
        room = TXT_LIMIT - _LONGEST_ADDRESS + len(address)
        return text + page if len(text) + len(page) <= room else text


def edition(entries: Iterable[Entry], **about: object) -> Edition:
    """An edition with its entries in order. Errors: ConfigError for a page or zone that no file can carry."""
    made = Edition(entries=tuple(sorted(entries)), **about)  # type: ignore[arg-type]
    answer = net.parse(made.code)
    if answer is None or answer.v4 >> 24 != 127 or made.code == "127.0.0.1" or made.code.startswith("127.255.255."):
        # RFC 5782 section 2.3 and the field's habit: outside 127/8 is tampering, 127.255.255/24 is a refusal.
        raise ConfigError(
            f"[lists.{made.name}] code: {made.code!r} is no answer for a listed address", "write 127.0.0.2 or higher"
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
        f"# count {len(made.entries)}",
        f"# sha256 {digest}",
    ]
