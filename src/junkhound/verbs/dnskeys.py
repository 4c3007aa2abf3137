"""Keys by which another name server is known when it takes our zones (TSIG)."""

from __future__ import annotations

import base64
import os
import re
import secrets
from pathlib import Path

import msgspec

from junkhound.kernel.errors import Refused, UsageError
from junkhound.ledger import files, home
from junkhound.verbs.office import Office

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
