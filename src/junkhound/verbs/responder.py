"""Verbs of the responder: keys by which peers are known (TSIG), and what was asked."""

from __future__ import annotations

import base64
import os
import re
import secrets
from pathlib import Path

import msgspec

from junkhound.kernel import clock, net
from junkhound.kernel.errors import Refused, UsageError
from junkhound.ledger import files, home
from junkhound.ledger.asked import FEWEST, Asked, Asking
from junkhound.verbs.office import Office

__all__ = ["FEWEST", "Asking", "Made", "asked", "make"]
ALGORITHM = "hmac-sha256"
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){0,9}+\Z")


class Made(msgspec.Struct):
    """A new key: its name, where its secret was written, and the secret for the other side."""

    name: str
    algorithm: str
    path: str
    secret: str


def make(office: Office, name: str) -> Made:
    """A secret of 32 random bytes in the home's ``keys/``. Errors: UsageError for a name, Refused if it exists."""
    if not _NAME.match(name) or len(name) > 200:
        raise UsageError(f"not the name of a key: {name!r}", "write ns2 or ns2.example.org")
    home.prepare(office.home)
    path = Path(office.home) / "keys" / f"{name}.tsig"
    secret = base64.b64encode(secrets.token_bytes(32)).decode()
    before = os.umask(0o077)
    try:
        made = files.put_new(files.DISK, path, f"{secret}\n".encode())
    finally:
        os.umask(before)
    if not made:
        raise Refused(f"there is a key {name!r} already: {str(path)!r}", "remove the file first if nobody uses it")
    return Made(name, ALGORITHM, str(path), secret)


def asked(office: Office, words: str | None, days: int, top: int) -> list[Asking]:
    """What our lists were asked about in the last days: one address, or the most asked of each day.

    Only counts of ``FEWEST`` askers and more. Errors: UsageError.
    """
    address = None if words is None else net.parse(words)
    if words is not None and address is None:
        raise UsageError(f"not an address: {words!r}", "write 192.0.2.7 or 2001:db8::7")
    by_day: dict[int, list[Asking]] = {}
    for one in Asked(office.home).days(office.now - (days - 1) * clock.DAY, office.now + 1, address):
        by_day.setdefault(one.day, []).append(one)
    return [
        one
        for _, every in sorted(by_day.items(), reverse=True)
        for one in sorted(every, key=lambda one: (-one.askers, one.address))[:top]
    ]
