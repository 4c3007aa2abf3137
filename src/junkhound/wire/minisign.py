"""minisign's texts: keys and signatures as its program writes and reads them (Ed25519 over BLAKE2b-512).

```
untrusted comment: signature by Junkhound key 1F2E3D4C5B6A7988
RUR...base64 of "ED", the key's number and the signature of the file's BLAKE2b-512
trusted comment: timestamp:1767441600	file:main.txt	hashed
base64 of the signature of that signature and the trusted comment
```

Pure: what makes and checks an Ed25519 signature is passed in. A secret key is kept without a password, for the service
signs by itself; its file is the operator's alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import NamedTuple

from junkhound.kernel.errors import DataError, TamperError

Sign = Callable[[bytes], bytes]
Check = Callable[[bytes, bytes], bool]
"""Whether the first is the signature of the second."""

_HASHED, _LEGACY, _CHECKSUM = b"ED", b"Ed", b"B2"
_NO_PASSWORD = bytes(2)
_SECRET_SIZE = 158


class Public(NamedTuple):
    """A public key: its number, which tells keys apart and proves nothing, and its 32 bytes."""

    number: bytes
    key: bytes

    @property
    def name(self) -> str:
        """The number as minisign shows it."""
        return f"{int.from_bytes(self.number, 'little'):016X}"


class Secret(NamedTuple):
    """A secret key: its seed, and the public key that belongs to it."""

    seed: bytes
    public: Public


def public_text(public: Public) -> str:
    """A file for readers."""
    body = base64.b64encode(_LEGACY + public.number + public.key).decode()
    return f"untrusted comment: minisign public key {public.name}\n{body}\n"


def read_public(text: str) -> Public:
    """A public key from its file or its one line of base64. Errors: DataError."""
    line = next((line for line in reversed(text.splitlines()) if line.strip()), "")
    body = _decoded(line, "public key")
    if len(body) != 42 or body[:2] != _LEGACY:
        raise DataError("not a minisign public key", "it is one line of 56 letters that begins with RW")
    return Public(body[2:10], body[10:])


def secret_text(secret: Secret) -> str:
    """A file that minisign reads too, without a password."""
    key = secret.seed + secret.public.key
    checksum = hashlib.blake2b(_LEGACY + secret.public.number + key, digest_size=32).digest()
    body = _LEGACY + _NO_PASSWORD + _CHECKSUM + bytes(48) + secret.public.number + key + checksum
    return f"untrusted comment: minisign secret key {secret.public.name}\n{base64.b64encode(body).decode()}\n"


def read_secret(text: str) -> Secret:
    """A secret key from its file. Errors: DataError, also for one that is locked by a password."""
    lines = text.splitlines()
    body = _decoded(lines[1] if len(lines) > 1 else "", "secret key")
    if len(body) != _SECRET_SIZE or body[:2] != _LEGACY or body[4:6] != _CHECKSUM:
        raise DataError("not a minisign secret key")
    if body[2:4] != _NO_PASSWORD:
        raise DataError("the secret key is locked by a password", "make one without: minisign -G -W")
    number, key, checksum = body[54:62], body[62:126], body[126:]
    # minisign -W leaves the checksum empty: there the two halves of the key speak for each other.
    if any(checksum) and hashlib.blake2b(_LEGACY + number + key, digest_size=32).digest() != checksum:
        raise DataError("the secret key is damaged: its checksum differs")
    return Secret(key[:32], Public(number, key[32:]))


def signature(content: bytes, public: Public, sign: Sign, about: str) -> str:
    """The text of a signature; ``about`` is one line, and signed with it."""
    made = sign(hashlib.blake2b(content).digest())
    line = base64.b64encode(_HASHED + public.number + made).decode()
    whole = base64.b64encode(sign(made + about.encode())).decode()
    return f"untrusted comment: signature by key {public.name}\n{line}\ntrusted comment: {about}\n{whole}\n"


def verify(text: str, content: bytes, public: Public, check: Check) -> str:
    """The trusted comment of a signature that holds. Errors: DataError for no signature, TamperError for a wrong."""
    lines = text.splitlines()
    if len(lines) < 4 or not lines[2].startswith("trusted comment: "):
        raise DataError("not a minisign signature")
    body, whole = _decoded(lines[1], "signature"), _decoded(lines[3], "signature")
    if len(body) != 74 or len(whole) != 64 or body[:2] not in (_HASHED, _LEGACY):
        raise DataError("not a minisign signature")
    if body[2:10] != public.number:
        raise TamperError(f"signed by another key than {public.name}", "see the key that its keeper publishes")
    made, about = body[10:], lines[2].removeprefix("trusted comment: ")
    signed = hashlib.blake2b(content).digest() if body[:2] == _HASHED else content
    if not check(made, signed):
        raise TamperError("the signature does not belong to this content")
    if not check(whole, made + about.encode()):
        raise TamperError("the signature's trusted comment was changed")
    return about


def _decoded(line: str, what: str) -> bytes:
    try:
        return base64.b64decode(line.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise DataError(f"not a minisign {what}") from None
