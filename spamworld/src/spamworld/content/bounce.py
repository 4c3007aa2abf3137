"""Mail that machines write: delivery reports (RFC 3464), older bounces, and calendar invitations (RFC 5546).

Backscatter is a report about junk that somebody sent under the recipient's name; it carries that junk back.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import msgspec

from spamworld.content import junk, mime
from spamworld.content.brief import Brief, Options
from spamworld.content.urls import token
from spamworld.plan import Composed, Delivery, Recipient
from spamworld.streams import quick

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNKNOWN = 40  # campaigns outside the world whose bounces arrive in it
SUBJECTS = ("Undelivered Mail Returned to Sender", "Mail delivery failed: returning message to sender",
            "Delivery Status Notification (Failure)", "Undeliverable: your message", "failure notice",
            "Returned mail: see transcript for details")  # fmt: skip
REASONS = (
    ("5.1.1", "550 5.1.1 no such user here", "no mailbox of that name exists"),
    ("5.2.2", "552 5.2.2 mailbox full", "the mailbox is full"),
    ("5.7.1", "554 5.7.1 message refused as spam", "the message was refused as spam"),
    ("4.4.7", "451 4.4.7 queue time expired", "it could not be handed over in five days"),
)


def write(delivery: Delivery, brief: Brief | None, seed: int, rng: Random, options: Options) -> Composed:
    """A report that a mail could not be delivered, with the mail or its header."""
    host = delivery.author.partition("@")[2] or delivery.handover.name or "mx.example"
    owner = delivery.recipients[0].address if delivery.recipients else "nobody@mail.example"
    lost = f"{token(rng, 7)}@{host}"
    form = quick(seed, "bounce", host).choice(("report", "report", "report", "text"))
    status, answer, why = rng.choice(REASONS)
    original, back = returned(delivery, brief, seed, rng, options, owner, lost)
    said = (
        f"This is the mail system at {host}.\n\nYour message to <{lost}> was not delivered: {why}.\n"
        f"The server answered:\n    {answer}\n"
    )
    if form == "text":
        body = said + "\n--- Below this line is a copy of the message.\n\n"
        part = mime.Part("text/plain; charset=us-ascii", mime.crlf(body).encode() + original, "8bit")
    else:
        stamp = (EPOCH + timedelta(microseconds=delivery.at)).strftime("%a, %d %b %Y %H:%M:%S +0000")
        facts = (
            f"Reporting-MTA: dns; {host}\nArrival-Date: {stamp}\n\n"
            f"Final-Recipient: rfc822; {lost}\nAction: failed\nStatus: {status}\nDiagnostic-Code: smtp; {answer}\n"
        )
        whole = rng.random() < 0.7
        last = original if whole else original.partition(b"\r\n\r\n")[0] + b"\r\n"
        parts = [
            mime.text_part(said, "plain", "us-ascii", "7bit"),
            mime.Part("message/delivery-status", mime.crlf(facts).encode()),
            mime.Part("message/rfc822" if whole else "text/rfc822-headers", last, "8bit"),
        ]
        part = mime.join(parts, "report; report-type=delivery-status", mime.boundary(rng, delivery))
    fields = [
        ("From", f"Mail Delivery System <{delivery.author or 'MAILER-DAEMON@' + host}>".encode()),
        ("To", owner.encode()),
        ("Subject", quick(seed, "bounce subject", host).choice(SUBJECTS).encode()),
        ("Auto-Submitted", b"auto-replied"),
        ("MIME-Version", b"1.0"),
        *part.fields(),
    ]
    truth: dict[str, object] = {"template": f"bounce/{form}", "language": "en", "status": status, **back}
    return Composed(tuple(fields), part.encoded(), truth)


def returned(
    delivery: Delivery, brief: Brief | None, seed: int, rng: Random, options: Options, owner: str, lost: str
) -> tuple[bytes, dict[str, object]]:
    """(the mail that comes back, what is true of it): the campaign's junk under the owner's name, or a plain letter."""
    truth: dict[str, object] = {}
    if brief is None and delivery.kind == "backscatter":  # junk of campaigns that the world does not follow
        which = rng.randrange(UNKNOWN)
        brief = Brief(-1 - which, quick(seed, "unknown", which).choice(("pharma", "replica", "dating")), url="none")
    if brief is not None:
        forged = msgspec.structs.replace(
            delivery, kind="junk", author=owner, author_name="", recipients=(Recipient(lost),)
        )
        inner = junk.write(forged, brief, seed, msgspec.structs.replace(options, pictures=False))
        fields, body = inner.fields, inner.body
        truth = {"returned": inner.truth}
    else:
        part = mime.text_part("Hello,\n\nplease find the figures below.\n", "plain", "us-ascii", "7bit")
        head = [("From", owner.encode()), ("To", lost.encode()), ("Subject", b"Figures")]
        fields, body = (*head, ("MIME-Version", b"1.0"), *part.fields()), part.encoded()
    number = f"<{token(rng, 16)}@{owner.partition('@')[2]}>".encode()
    lines = [b"Message-ID: " + number, *(name.encode() + b": " + value for name, value in fields)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body, truth


def invitation(delivery: Delivery, part: mime.Part, subject: str, rng: Random) -> mime.Part:
    """The letter with an invitation to a meeting beside it."""
    start = EPOCH + timedelta(microseconds=delivery.at, days=rng.randrange(1, 20))
    start = start.replace(hour=rng.randrange(8, 18), minute=0, second=0, microsecond=0)
    title = subject.replace(",", "\\,").replace(";", "\\;")
    guests = "".join(f"ATTENDEE;RSVP=TRUE:mailto:{recipient.address}\n" for recipient in delivery.recipients)
    text = (
        "BEGIN:VCALENDAR\nPRODID:-//Example//Calendar//EN\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\n"
        f"UID:{token(rng, 24)}@{delivery.author.partition('@')[2] or 'mail.example'}\n"
        f"DTSTAMP:{EPOCH + timedelta(microseconds=delivery.at):%Y%m%dT%H%M%SZ}\n"
        f"DTSTART:{start:%Y%m%dT%H%M%SZ}\nDTEND:{start + timedelta(hours=1):%Y%m%dT%H%M%SZ}\n"
        f"SUMMARY:{title}\nORGANIZER:mailto:{delivery.author}\n{guests}END:VEVENT\nEND:VCALENDAR\n"
    )
    event = mime.Part("text/calendar; charset=utf-8; method=REQUEST", mime.crlf(text).encode(), "base64")
    return mime.join([part, event], "alternative", mime.boundary(rng, delivery))
