"""Who a sighting is: the same delivery has the same id wherever and however often it is read."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b, sha256

from junkhound.wire.facts import Facts

_VERSION = b"\x01"


def arrival_key(facts: Facts, segment: int, ordinal: int) -> str:
    """What tells two deliveries of equal bytes apart (RUNTIME, observation 4).

    The key its source gave (a queue id). Without one, our own sessions have segment and ordinal, imports nothing,
    so that two byte-identical mails in one mailbox are one delivery.
    """
    if facts.origin.imported or facts.origin.arrival:
        return facts.origin.arrival
    return f"{segment:016x}.{ordinal}"


def sighting_id(mail_sha256: bytes, intake: str, arrival: str) -> bytes:
    """First 16 bytes of sha256(version, mail sha256, intake, arrival key); each text is preceded by its length.

    A text over 65,535 bytes is cut there.
    """
    return sha256(_VERSION + mail_sha256 + (_arrived(intake) if not arrival else _told(intake, arrival))).digest()[:16]


def _told(intake: str, arrival: str) -> bytes:
    """Intake and arrival key, each behind its length."""
    name = intake.encode("utf-8", "replace")[:65535]
    key = arrival.encode("utf-8", "replace")[:65535]
    return b"".join((len(name).to_bytes(2, "big"), name, len(key).to_bytes(2, "big"), key))


@lru_cache(1024)
def _arrived(intake: str) -> bytes:
    """The same of what is imported: files give no arrival key."""
    return _told(intake, "")


def repeat_key(hub_key: bytes, facts: Facts, mail_sha256: bytes) -> int:
    """Keyed hash of (client, mail, accepted recipients), by which a resend meets its first copy; 0 for imports."""
    origin = facts.origin
    if origin.client is None or (origin.imported and not origin.arrival):
        return 0
    digest = blake2b(digest_size=8, key=hub_key)
    digest.update(origin.client)
    digest.update(mail_sha256)
    for recipient in facts.envelope.recipients:
        if recipient.code < 400:
            digest.update(b"\0" + recipient.address.lower())
    return int.from_bytes(digest.digest(), "big") or 1
