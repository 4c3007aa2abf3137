"""One mail of a campaign as templates and kinds see it: its text without what is its own, and what it carries.

What stands in every copy is looked for later; so what must never be in a template goes here already: links, addresses,
and everything that names the recipients, who with a single trap would else look like part of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from junkhound import content
from junkhound.campaign import topics
from junkhound.campaign.kinds import Said
from junkhound.content import CUT, canon
from junkhound.evidence.message import Message
from junkhound.tables import KeyKind

__all__ = ["CUT", "Read", "canon", "hidden_of", "read"]

MOST_NAMED = 30  # recipients whose names are taken out
_TO = (b"to", b"cc", b"delivered-to", b"x-original-to", b"envelope-to")
_addresses = re.compile(rb"[\w.+~=-]{1,64}+@[\w.-]{1,255}+").findall
_FIELD = re.compile(rb"<input[^>]{0,400}type\s*=\s*[\"']?password", re.IGNORECASE)
_ARCHIVES = (".zip", ".rar", ".7z", ".iso", ".img", ".ace", ".gz", ".cab", ".arj", ".r00")
_DOCUMENTS = (".doc", ".docx", ".docm", ".xls", ".xlsx", ".xlsm", ".ppt", ".pptx", ".rtf", ".pdf", ".one")
_FORMS = ("Message-ID", "X-Mailer", "Date", "Content-Type")
_FINDS = {
    int(KeyKind.TICKER): "ticker", int(KeyKind.WALLET): "wallet", int(KeyKind.IBAN): "iban",
    int(KeyKind.PHONE): "phone", int(KeyKind.MAILBOX): "box",
}  # fmt: skip


class Read(msgspec.Struct, frozen=True, array_like=True):
    """One mail: its text for templates, its subject so too, the values of some header fields, and what it tells."""

    text: str
    subject: str
    fields: dict[str, str]
    said: Said


def read(message: Message, recipients: Iterable[str] = ()) -> Read:
    """Read one mail; ``recipients`` are those of its envelope, beside whom its header names."""
    view = content.view(message)
    text = view.text
    subject = message.text(b"subject")
    named = (address for field in _TO for value in message.every(field) for address in _addresses(value[:4000]))
    taken = _taker(hidden_of([*recipients, *(address.decode("utf-8", "replace") for address in named)][:MOST_NAMED]))
    found = {_FINDS[kind] for kind, _ in content.finds(view) if kind in _FINDS}
    carried = found | _carried(view) | ({"asks"} if _FIELD.search(message.raw[: 1 << 18]) else set())
    carried.add("link" if any(url.place != "src" for url in view.urls) else "unlinked")
    if view.words < 6:
        carried.add("mute")
    values = {name: message.text(name.lower().encode()) for name in _FORMS}
    fields = {name: (taken.sub(CUT, value) if taken else value)[:200] for name, value in values.items() if value}
    text, subject = canon(text, taken), canon(subject, taken)[:300]
    said = Said(topics.shipped().found(f"{subject}\n{text}"), tuple(sorted(carried)))
    return Read(text, subject, fields, said)


def hidden_of(addresses: Iterable[str]) -> tuple[str, ...]:
    """What in a text names these recipients: the addresses, local parts and their pieces, domains; small letters."""
    found: dict[str, None] = {}
    for address in addresses:
        local, _, domain = address.casefold().rpartition("@")
        pieces = [piece for piece in re.split(r"[._+\-\d]+", local) if len(piece) >= 3]
        for word in (f"{local}@{domain}", local, domain, *pieces):
            if len(word) >= 3:
                found[word] = None
    return tuple(found)


def _taker(hidden: Iterable[str]) -> re.Pattern[str] | None:
    words = sorted(set(hidden), key=lambda word: (-len(word), word))
    if not words:
        return None
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word) for word in words) + r")(?!\w)", re.IGNORECASE)


def _carried(view: content.View) -> set[str]:
    found = set()
    for one in view.attachments:
        name = one.name.lower()
        if one.type.startswith("image/"):
            found.add("picture")
        elif {"program", "program by name", "program inside", "macro", "disguised program"} & set(one.traits):
            found.add("program")
        elif name.endswith(_ARCHIVES) or {"zip", "rar", "7z", "cabinet", "disc image"} & set(one.traits):
            found.add("archive")
        elif name.endswith(_DOCUMENTS) or {"ole", "pdf", "rtf"} & set(one.traits):
            found.add("document")
        elif name.endswith((".html", ".htm", ".shtml", ".svg")) or one.type == "text/html":
            found.add("page")
    return found
