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
    return [f"Return-Path: <{delivery.envelope_from}>".encode(), f"Delivered-To: {first.address}".encode()]


def source_fields(delivery: Delivery, seed: int, chance: random.Random) -> list[bytes]:
    """The provider's word on who sent it (or a forger's), below the trace lines and above the author's fields."""
    found: list[bytes] = []
    software = grammars.named(delivery.path[0].receiver.software)
    if delivery.origin:
        form = _ORIGINS.get(software, b"X-Originating-IP: [%s]")
        found.append(form % delivery.origin.encode())
    if delivery.class_ == "bulk" or software in ("ses", "sendgrid", "mailgun"):
        found += _customer(delivery, seed, software, chance)
    elif delivery.engine in ("php", "phpmailer", "cms") and delivery.path[0].protocol == "local":
        found += _script(delivery, seed)
    elif delivery.class_ == "account" and delivery.account and number(seed, "sender", delivery.account) & 3 == 0:
        found.append(f"X-Authenticated-Sender: {delivery.account.rpartition('/')[2]}".encode())
    return found


def _customer(delivery: Delivery, seed: int, software: str, chance: random.Random) -> list[bytes]:
    """The id of a sending service's customer: stable for the account."""
    bits = number(seed, "customer", delivery.account or delivery.author)
    account = bits % 90_000_000 + 1_000_000
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


def _script(delivery: Delivery, seed: int) -> list[bytes]:
    """The script that a hacked site mails from: written by 40% of hosts, in one of three forms."""
    host = delivery.path[0].sender
    bits = number(seed, "script", host.id)
    if bits % 100 >= 40:
        return []
    page = ("post", "cache", "wp-info", "system32", "update", "mailer", "config.bak")[
        bits >> 8 & 7 if bits >> 8 & 7 < 7 else 0
    ]
    match bits >> 16 & 3:
        case 0:
            path = f"www.{host.name}/wp-content/uploads/{page}.php"
            return [f"X-PHP-Script: {path} for {delivery.origin or '127.0.0.1'}".encode()]
        case 1:
            return [f"X-PHP-Originating-Script: {1000 + (bits >> 20 & 127)}:{page}.php".encode()]
    return [f"X-PHP-Originating-Script: 0:{page}.php(14) : eval()'d code".encode()]
