"""Fields that servers and providers add: who was delivered to, whose account it was, which script sent it."""

from __future__ import annotations

import base64
import random

from spamworld.plan import Delivery
from spamworld.streams import number
from spamworld.wire import grammars, ids

# How a webmail provider names the browser's address (A1 step 6).
_ORIGINS = {
    "hotmail": b"X-Originating-IP: [%s]", "microsoft-365": b"x-originating-ip: [%s]",
    "exchange": b"x-originating-ip: [%s]", "yahoo": b"X-Yahoo-Client-IP: %s",
    "roundcube": b"X-Originating-IP: %s", "squirrelmail": b"X-Originating-IP: %s", "zimbra": b"X-Originating-IP: [%s]",
    "horde": b"X-Originating-IP: %s", "communigate": b"X-Originating-IP: [%s]",
    "domino": b"X-Sender-IP: %s", "iplanet": b"X-Originating-IP: [%s]",
}  # fmt: skip


def delivery_fields(delivery: Delivery) -> list[bytes]:
    """What the last server writes when it puts a mail into a person's mailbox; a trap keeps the mail as it came."""
    first = delivery.recipients[0] if delivery.recipients else None
    if first is None or first.trap:
        return []
    found = [f"Return-Path: <{delivery.envelope_from}>".encode(), f"Delivered-To: {first.address}".encode()]
    if delivery.spf:
        found.append(_results(delivery))
    return found


_RESULTS_SINCE = 1_262_304_000_000_000  # 2010: RFC 5451 is a year old; before that a server writes Received-SPF


def _results(delivery: Delivery) -> bytes:
    """The receiving server's word on SPF and DKIM (RFC 8601; RFC 7208 section 9.1 before)."""
    last = delivery.path[-1]
    domain = delivery.envelope_from.rpartition("@")[2] or last.helo.strip("[]")
    if delivery.at < _RESULTS_SINCE:
        details = f"client-ip={last.sender.address}; envelope-from={delivery.envelope_from or '<>'}; helo={last.helo};"
        return f"Received-SPF: {delivery.spf} (domain of {domain})\r\n\t{details}".encode()
    found = [f"Authentication-Results: {last.receiver.name}", f"spf={delivery.spf} smtp.mailfrom={domain}"]
    result = "fail" if delivery.broken else "pass"
    found += [f"dkim={result} header.d={name} header.s={selector}" for name, selector, _ in delivery.signed]
    if last.sender.confirmed:
        found.append(f"iprev=pass policy.iprev={last.sender.address}")
    return ";\r\n\t".join(found).encode()


def list_fields(delivery: Delivery) -> list[bytes]:
    """What mailing-list software adds (RFC 2369, RFC 2919), below the author's fields."""
    if not delivery.list:
        return []
    name, _, domain = delivery.list.partition("@")
    return [
        f"X-BeenThere: {delivery.list}".encode(),
        b"Precedence: list",
        f"List-Id: <{name}.{domain}>".encode(),
        f"List-Post: <mailto:{delivery.list}>".encode(),
        f"List-Unsubscribe: <mailto:{name}-request@{domain}?subject=unsubscribe>".encode(),
        f"Sender: {name}-bounces@{domain}".encode(),
        f"Errors-To: {name}-bounces@{domain}".encode(),
    ]


def source_fields(delivery: Delivery, seed: int, chance: random.Random) -> list[bytes]:
    """The provider's word on who sent it (or a forger's), below the trace lines and above the author's fields."""
    found: list[bytes] = []
    first = delivery.path[0]
    server = first.receiver if len(delivery.path) > 1 else first.sender  # of the provider: it took it, or only sent it
    software = grammars.named(server.software)
    if delivery.origin:
        form = _ORIGINS.get(software, b"X-Originating-IP: [%s]")
        found.append(form % delivery.origin.encode())
    if delivery.class_ == "bulk" or software in ("ses", "sendgrid", "mailgun"):
        found += _customer(delivery, seed, software, chance)
    elif delivery.script:
        found.append(_script(delivery, seed))
    elif delivery.class_ == "account" and delivery.account and number(seed, "sender", delivery.account) & 3 == 0:
        found.append(f"X-Authenticated-Sender: {delivery.account.rpartition('/')[2]}".encode())
    return found


def _customer(delivery: Delivery, seed: int, software: str, chance: random.Random) -> list[bytes]:
    """The id of a sending service's customer: stable for the account."""
    bits = number(seed, "customer", delivery.account or delivery.author)
    account = bits % 90_000_000 + 1_000_000
    if delivery.at < _RESULTS_SINCE:
        return [f"X-CampaignID: {account}.{delivery.campaign or chance.getrandbits(20)}".encode()]
    if software == "sendgrid":
        token = base64.b64encode(bits.to_bytes(16, "big") + chance.getrandbits(256).to_bytes(32, "big")).decode()
        return [f"X-SG-EID: {token}".encode(), f"X-Entity-ID: {ids.base(bits >> 60, ids.BASE62, 11)}==".encode()]
    if software == "mailgun":
        sid = (
            base64.b64encode(f"WyI{bits & 0xFFFFFF:06x}IiwgI{chance.getrandbits(24):06x}Il0".encode())
            .decode()
            .rstrip("=")
        )
        return [f"X-Mailgun-Sending-Ip: {delivery.path[-1].sender.address}".encode(), f"X-Mailgun-Sid: {sid}".encode()]
    found = [f"Feedback-ID: {delivery.campaign or chance.getrandbits(20)}:{account}:{software}".encode()]
    if software == "ses":
        at = delivery.path[0].at
        found = [
            f"Feedback-ID: 1.{ids.base(bits >> 40, ids.BASE62, 20)}=:{software}".encode(),
            f"X-SES-Outgoing: {at // 86_400_000_000 % 100_000:05}-{delivery.path[-1].sender.address}".encode(),
        ]
    return found


def _script(delivery: Delivery, seed: int) -> bytes:
    """The script that a hacked site mails from, in the form that its host's PHP was built with."""
    host = delivery.path[0].sender
    bits = number(seed, "script", host.id)
    page = delivery.script.rpartition("/")[2]
    match bits & 3:
        case 0:
            return f"X-PHP-Originating-Script: {1000 + (bits >> 20 & 127)}:{page}".encode()
        case 1:
            return f"X-PHP-Originating-Script: {1000 + (bits >> 20 & 127)}:{page}(14) : eval()'d code".encode()
    return f"X-PHP-Script: {delivery.script} for {delivery.behind or '127.0.0.1'}".encode()
