"""What a message shares with others: the things by which mails are joined, and by which a guard is asked.

One list for rows and guards alike. A further kind of thing is one line in ``of`` and one word in ``tables.KeyKind``.
"""

from __future__ import annotations

from junkhound import content
from junkhound.content import View
from junkhound.evidence.message import Message
from junkhound.sighting import headers
from junkhound.tables import KeyKind

Thing = tuple[int, str]
"""Its ``KeyKind`` and its text, whose key is ``content.key(text)``."""

_URL_HOST, _DOMAIN, _PLATFORM = int(KeyKind.URL_HOST), int(KeyKind.DOMAIN), int(KeyKind.PLATFORM)
_ATTACHMENT, _ATTACHMENT_NAME, _PICTURE = map(int, (KeyKind.ATTACHMENT, KeyKind.ATTACHMENT_NAME, KeyKind.PICTURE))
_MAIL_ADDRESS, _FROM_DOMAIN, _REPLY_TO = int(KeyKind.MAIL_ADDRESS), int(KeyKind.FROM_DOMAIN), int(KeyKind.REPLY_TO)
_DKIM_DOMAIN, _MAILER, _MAILBOX = int(KeyKind.DKIM_DOMAIN), int(KeyKind.MAILER), int(KeyKind.MAILBOX)
_ADDRESSED = (b"to", b"cc", b"delivered-to", b"x-original-to", b"envelope-to", b"x-envelope-to", b"apparently-to")


def of(message: Message, view: View) -> list[Thing]:
    """The things of a message, some perhaps twice; parts by their hash are ``parts``.

    Whoever keeps the pictures of a mail that leads elsewhere is a host, and no domain that the mail leads to: strangers
    keep their pictures at one place.
    """
    found: list[Thing] = []
    add = found.append
    leads = any(url.place != "src" for url in view.urls)
    for url in view.urls:
        shown = leads and url.place == "src"
        if url.domain and not shown:
            add((_DOMAIN, url.domain))
        if url.host and (shown or url.host != url.domain):
            add((_URL_HOST, url.host))
        if url.platform:
            add((_PLATFORM, url.platform))
    for attachment in view.attachments:
        if attachment.name:
            add((_ATTACHMENT_NAME, attachment.name))
    for domain in view.addresses:
        add((_MAIL_ADDRESS, domain))
    if author := headers.address_domain(message.text(b"from")):
        add((_FROM_DOMAIN, author))
    boxes: list[Thing] = []
    if (answers := message.text(b"reply-to")) and (reply := headers.address_domain(answers)):
        add((_REPLY_TO, reply))
        boxes = [(_MAILBOX, box) for box in content.mailboxes(message.first(b"reply-to") or b"")]
    if mailer := message.first(b"x-mailer"):
        add((_MAILER, mailer.strip()[:255].decode("utf-8", "replace")))
    for find in content.finds(view):
        (boxes if find[0] == _MAILBOX else found).append(find)
    if boxes:
        found += _foreign(message, boxes)
    return found


def _foreign(message: Message, boxes: list[Thing]) -> list[Thing]:
    """Those drop boxes that are not the address to which the mail was sent: letters repeat that one."""
    fields = b" ".join(value[:8000] for name in _ADDRESSED for value in message.every(name)).lower()
    return [box for box in boxes if fields.find(box[1].encode()) < 0]


LEAST_FILE = 4
"""Bytes of a file or picture below which it is empty or next to it, as many strangers' are."""


def parts(view: View) -> list[tuple[int, int, str]]:
    """Kind, key and text of what stands in the message as a file: the first 64 bits of its sha256."""
    return [
        (_PICTURE if one.type.startswith("image/") else _ATTACHMENT, one.key, one.sha256.hex())
        for one in view.attachments if one.size >= LEAST_FILE
    ]  # fmt: skip


def signer(message: Message) -> Thing | None:
    """The domain of its first DKIM signature, unverified."""
    dkim = message.first(b"dkim-signature")
    domain = headers.dkim_domain(dkim) if dkim else ""
    return (_DKIM_DOMAIN, domain) if domain else None
