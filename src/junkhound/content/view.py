"""What a message says and carries, in the form that every room above reads."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from junkhound.content import boilerplate, html, lures, obfuscated, template, tricks, urls
from junkhound.content.urls import MAX_URLS, Url
from junkhound.evidence.message import Message, Part
from junkhound.tables import Defect

MAX_TEXT = 256 * 1024  # bytes of visible text, and of all text parts read
MAX_ATTACHMENTS = 200
MAX_TEXTS = 50  # text parts read
MAX_KNOWN = 8192  # files whose traits are remembered
MAX_TITLE = 120  # characters of a subject that count as text
SHORT = 600  # bytes of folded text below which words are counted
FEW = 8  # different words of its own below which a text is read with its subject
LEAST_OWN = 3  # of them both, without which they say nothing

_TEXT_CAPPED = int(Defect.TEXT_CAPPED)
_URLS_CAPPED = int(Defect.URLS_CAPPED)
_TOO_MANY_PARTS = int(Defect.TOO_MANY_PARTS)


class Attachment(msgspec.Struct, frozen=True, gc=False):
    """One part that is not text to read: a file, a picture, a message inside."""

    name: str
    type: str
    size: int
    sha256: bytes
    traits: tuple[str, ...] = ()  # what gives it away, see ``lures``

    @property
    def key(self) -> int:
        """The first 64 bits of the hash: ``KeyKind.ATTACHMENT``."""
        return int.from_bytes(self.sha256[:8], "big")


class View(msgspec.Struct, frozen=True):
    """What the reader of a message sees, and what it links to and carries.

    ``text`` (kept as ``utf8``) is the visible text; of a multipart/alternative the best version that says anything.
    ``urls`` come from all versions, each once, with those that redirectors carry inside. ``addresses`` are
    registrable domains of mail addresses in text and mailto links.
    ``template`` is the exact hash of the normalised text, 0 for no text; ``folded`` is what it and the sketch are made
    of. ``defects`` are those of the message and of this reading. ``titled`` is the same with the subject before it,
    of a text with so few words of its own that it could be any: template and sketch are made of that then.
    """

    utf8: bytes
    urls: tuple[Url, ...]
    attachments: tuple[Attachment, ...]
    addresses: tuple[str, ...]
    template: int
    defects: int
    folded: bytes = b""
    titled: bytes = b""

    @property
    def text(self) -> str:
        """The visible text."""
        return self.utf8.decode("utf-8", "replace")

    @property
    def words(self) -> int:
        """How many words the sketch was made of; counted when asked, for only new templates need it."""
        return template.sketched(self.titled or self.folded)[1]


def view(message: Message) -> View:
    """Read every part once. Never raises; work and result are bounded for any input."""
    return seen(read(message))


def read(message: Message) -> Reading:
    """The first half of ``view``: every part read. The halves of many messages cost less one after the other."""
    reader = Reading(message)
    for part in message.parts():
        reader.part(part)
    return reader


def seen(reader: Reading) -> View:
    """The second half of ``view``: what of the parts the reader gets to see, and where it leads."""
    text = tricks.readable(reader.visible())
    for hidden in obfuscated.hosts(text):
        reader.links.setdefault(hidden, "spelled")
    found = reader.found()
    folded, letters = template.fold(text)
    titled = b""
    if letters and len(folded) < SHORT and boilerplate.own(folded) < FEW:
        titled, letters = template.fold(reader.message.text(b"subject", MAX_TITLE).encode() + b"\n" + text)
    return View(
        text,
        found,
        tuple(reader.attachments),
        tuple(sorted(reader.domains)),
        template.number(letters),
        reader.message.defects | reader.defects,
        folded,
        titled,
    )


def sketch(view: View) -> bytes:
    """128 min-hashes of the word set (u32, little endian), wanted once per new template; b"" for no words."""
    return sketched(view)[0]


def sketched(view: View) -> tuple[bytes, int]:
    """The sketch, and ``view.words``; of what says next to nothing even with its subject, only its own words."""
    found, count = template.sketched(view.titled or view.folded)
    own = boilerplate.own(view.titled) if view.titled else LEAST_OWN
    return found, count if own >= LEAST_OWN else own


class Reading:
    """One reading: texts by alternative, links in order of appearance."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.texts: list[tuple[int, bytes]] = []
        self.links: dict[str, str] = {}
        self.attachments: list[Attachment] = []
        self.domains: set[str] = set()
        self.defects = 0
        self.room = MAX_TEXT

    def part(self, part: Part) -> None:
        kind = part.type
        if part.disposition != "attachment":
            if kind == "text/html":
                self.html(part)
                return
            if kind == "text/plain" and (part.disposition or not part.name):
                self.plain(part.choice, self.source(part))
                return
        self.attach(part)

    def source(self, part: Part) -> bytes:
        """The part's text as far as there is room: many parts together get no more than one."""
        if len(self.texts) >= MAX_TEXTS or self.room <= 0:
            self.defects |= _TEXT_CAPPED
            return b""
        text = part.utf8(self.room)
        self.room = max(0, self.room - len(text))
        return text

    def plain(self, choice: int, text: bytes) -> None:
        self.texts.append((choice, text))
        for url in urls.in_text(text, MAX_URLS + 1):
            self.links.setdefault(url, "text")
        if text.find(b"@") >= 0:
            self.domains |= urls.mail_domains(text)

    def html(self, part: Part) -> None:
        source = self.source(part)
        if not source:
            return
        text, links, defects = html.read(tricks.undone(source))
        self.defects |= defects
        if len(links) >= html.MAX_LINKS:
            self.defects |= _URLS_CAPPED
        for value in urls.gather(links, self.links):
            self.domains |= urls.mail_domains(value[7:500].encode())
        self.plain(part.choice, text)

    def attach(self, part: Part) -> None:
        if len(self.attachments) >= MAX_ATTACHMENTS:
            self.defects |= _TOO_MANY_PARTS
            return
        octets = part.payload()
        digest, name, kind = sha256(octets).digest(), part.name, part.type
        known = () if kind.startswith("image/") else _traits(digest, octets, name)
        self.attachments.append(Attachment(name, kind, len(octets), digest, known))
        if kind == "text/html" or name[-5:].lower() in (".html", ".htm", "shtml") or name[-4:].lower() == ".htm":
            for place, value in html.read(tricks.undone(octets[: self.room]))[1]:
                if place != "src":
                    self.links.setdefault(value, "attached")

    def found(self) -> tuple[Url, ...]:
        """Each link once, read; links are read until enough of them lead somewhere."""
        found, more = urls.read_all(self.links)
        if more:
            self.defects |= _URLS_CAPPED
        return found

    def visible(self) -> bytes:
        """The texts a reader gets to see: of an alternative the last that is not blank (RFC 2046 section 5.1.4)."""
        shown: list[bytes] = []
        best: dict[int, int] = {}
        for choice, text in self.texts:
            if choice and choice in best:
                if not _blank(text):
                    shown[best[choice]] = text
            else:
                if choice:
                    best[choice] = len(shown)
                shown.append(text)
        text = shown[0] if len(shown) == 1 else b"\n".join(shown)
        if len(text) > MAX_TEXT:
            self.defects |= _TEXT_CAPPED
            text = text[:MAX_TEXT]
        return text


_known: dict[tuple[bytes, str], tuple[str, ...]] = {}


def _traits(digest: bytes, octets: bytes, name: str) -> tuple[str, ...]:
    """The traits of a file, looked for once: junk sends the same one often."""
    found = _known.get((digest, name))
    if found is None:
        found = lures.traits(octets, name)
        if len(_known) >= MAX_KNOWN:
            _known.clear()
        _known[digest, name] = found
    return found


def _blank(text: bytes) -> bool:
    stripped = text.strip()
    return not stripped or (stripped[0] >= 0x80 and not stripped.decode("utf-8", "ignore").strip())
