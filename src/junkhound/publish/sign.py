"""Signatures of published files with the list keeper's Ed25519 key (extra ``sign``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from junkhound.kernel import clock
from junkhound.kernel.errors import ConfigError, DataError
from junkhound.wire import minisign
from junkhound.wire.minisign import Public, Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ed25519 as _Ed25519


def available() -> bool:
    """Whether the library for signatures is installed."""
    from importlib.util import find_spec

    return find_spec("cryptography") is not None


def _library() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise ConfigError("signatures need a library that is not installed", "pip install 'junkhound[sign]'") from None
    return ed25519


def secret_of(seed: bytes, number: bytes) -> Secret:
    """The key with this seed of 32 random bytes and number of 8. Errors: ConfigError without the library."""
    key: _Ed25519.Ed25519PrivateKey = _library().Ed25519PrivateKey.from_private_bytes(seed)
    return Secret(seed, Public(number, key.public_key().public_bytes_raw()))


class Signer:
    """Signs files; equal content, name and moment give equal signatures.

    Errors: ConfigError without the library, DataError for halves of a key that do not belong together.
    """

    def __init__(self, secret: Secret) -> None:
        self.public = secret.public
        self._key: _Ed25519.Ed25519PrivateKey = _library().Ed25519PrivateKey.from_private_bytes(secret.seed)
        if self._key.public_key().public_bytes_raw() != secret.public.key:
            raise DataError("the secret key is damaged: its halves do not belong together")

    def sign(self, content: bytes, name: str, at: int) -> bytes:
        """The signature file of ``name``."""
        about = f"timestamp:{at // clock.SECOND}\tfile:{name}\thashed"
        return minisign.signature(content, self.public, self._key.sign, about).encode()


def verify(signature: bytes, content: bytes, public: Public) -> str:
    """What a good signature says of its file. Errors: DataError, TamperError, ConfigError without the library."""
    key = _library().Ed25519PublicKey.from_public_bytes(public.key)

    def check(made: bytes, signed: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature

        try:
            key.verify(made, signed)
        except InvalidSignature:
            return False
        return True

    return minisign.verify(signature.decode("utf-8", "replace"), content, public, check)
