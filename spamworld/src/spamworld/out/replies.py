"""What providers answered to reports: mails in ``reports_inbox/``, as an abuse desk's address receives them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime

from spamworld.out import forms
from spamworld.out.files import Shelf
from spamworld.streams import quick
from spamworld.world.facts import EVER, Network, Notice

DESK = "abuse-reports@desk.example"
FILE = "reports_inbox/replies.mboxrd.zst"

_TEXTS = {
    "auto-ack": (
        "Thank you for your report. Your ticket number is {ticket}.\n\nWe read every report. Because of the number of "
        "reports we cannot answer each one, and you may hear nothing more from us.\n",
        "Dear Sir or Madam,\n\nthis is an automatic reply to confirm that we have received your message concerning "
        "{address}. It has been given the number {ticket}. Please do not answer this mail.\n",
        "We have received your complaint about {address} [{ticket}]. It will be handled by our security team under our "
        "acceptable use policy. For reasons of privacy we cannot tell you the outcome.\n",
    ),
    "human": (
        "Hello,\n\nthanks for letting us know. We have written to the customer who has {address} and asked for a scan "
        "of all computers behind the router. Could you send another sample with full headers?\n\nRegards,\nthe desk\n",
        "Hi,\n\n{address} is a dynamic address. We need the exact time with its zone to find the customer. Please send "
        "it.\n",
        "The customer says that his computer is clean. We see no further traffic to port 25 from {address} now.\n",
    ),
    "resolved": (
        "The issue you reported about {address} has been resolved. Ticket {ticket} is closed.\n",
        "We have taken the customer at {address} offline until the machine is cleaned. Closing {ticket}.\n",
        "Customer notified and problem fixed. Status of {ticket}: RESOLVED.\n",
    ),
}


def replies(shelf: Shelf, notices: Iterable[Notice], networks: Iterable[Network], seed: int) -> None:
    """One mail for every answer, and apart from them what is true of each."""
    named = {one.index: one for one in networks}
    for number, one in enumerate(notices):
        shelf.line(
            "truth/notices.jsonl.zst",
            {
                "host": one.host,
                "address": one.address,
                "asn": named[one.network].asn,
                "kind": one.kind,
                "sent": one.sent,
                "reply": one.reply,
                "replied": one.replied if one.reply else None,
                "true": one.true,
                "cleaned": None if one.cleaned >= EVER else one.cleaned,
            },
        )
        if one.reply:
            network = named[one.network]
            raw = _mail(one, network, number, seed)
            sender = "" if one.reply == "bounce" else network.abuse
            shelf.add(FILE, forms.mbox(raw, sender, one.replied))


def _mail(one: Notice, network: Network, number: int, seed: int) -> bytes:
    chance = quick(seed, "reply", number)
    sent, replied = (datetime.fromtimestamp(at // 1_000_000, UTC) for at in (one.sent, one.replied))
    ticket = f"{network.asn}-{chance.randrange(10**5, 10**6)}"
    subject = f"Abuse report {one.address}, {sent:%Y-%m-%d}"
    ident = f"<{chance.randrange(1 << 40):x}.{one.replied // 1_000_000}@mail.{network.domain}>"
    top = [
        f"Received: from mail.{network.domain} (mail.{network.domain} [192.0.2.25])",
        f"\tby desk.example (Postfix) with ESMTP id {chance.randrange(1 << 40):010X}",
        f"\tfor <{DESK}>; {format_datetime(replied)}",
        f"Date: {format_datetime(replied)}",
        f"Message-ID: {ident}",
        f"To: {DESK}",
        f"In-Reply-To: <report-{number}@desk.example>",
    ]
    if one.reply == "bounce":
        return _bounce(top, one, network, number)
    body = chance.choice(_TEXTS[one.reply]).format(address=one.address, ticket=ticket)
    top += [f"From: Abuse desk <{network.abuse}>", f"Subject: Re: {subject} [{ticket}]"]
    if one.reply == "auto-ack":
        top.append("Auto-Submitted: auto-replied")
    top += ["MIME-Version: 1.0", "Content-Type: text/plain; charset=us-ascii", "", body]
    return "\n".join(top).encode("utf-8", "replace")


def _bounce(top: list[str], one: Notice, network: Network, number: int) -> bytes:
    """A delivery report of RFC 3464: the abuse mailbox takes nothing."""
    mark = f"=_{number}.bounce"
    parts = [
        *top,
        f"From: Mail Delivery System <MAILER-DAEMON@mail.{network.domain}>",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="{mark}"',
        "",
        f"--{mark}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        f"<{network.abuse}>: mailbox is full",
        "",
        f"--{mark}",
        "Content-Type: message/delivery-status",
        "",
        f"Reporting-MTA: dns; mail.{network.domain}",
        "",
        f"Final-Recipient: rfc822; {network.abuse}",
        "Action: failed",
        "Status: 5.2.2",
        "Diagnostic-Code: smtp; 552 5.2.2 mailbox is full",
        "",
        f"--{mark}",
        "Content-Type: text/rfc822-headers",
        "",
        f"From: {DESK}",
        f"To: {network.abuse}",
        f"Subject: Abuse report {one.address}",
        f"Message-ID: <report-{number}@desk.example>",
        "",
        f"--{mark}--",
        "",
    ]
    return "\n".join(parts).encode("utf-8", "replace")
