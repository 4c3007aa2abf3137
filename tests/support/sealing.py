"""Mails sealed (ARC) and signed (DKIM) with keys made for the test, and the zone file that holds these keys."""

from __future__ import annotations

import base64
import time
from functools import cache

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

SELECTOR = "s1"


@cache
def rsa_key(domain: str) -> rsa.RSAPrivateKey:
    """A key for a domain, the same for the whole run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ed_key(domain: str) -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def zone(*domains: str) -> str:
    """The zone file: an RSA key ``s1`` and an Ed25519 key ``ed`` of each domain."""
    raw, der = serialization.Encoding.Raw, serialization.Encoding.DER
    lines = ["$TTL 300"]
    for domain in domains:
        public = base64.b64encode(
            rsa_key(domain).public_key().public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)
        ).decode()
        small = base64.b64encode(ed_key(domain).public_key().public_bytes(raw, serialization.PublicFormat.Raw)).decode()
        record = f"v=DKIM1; k=rsa; p={public}"
        parts = " ".join(f'"{record[at : at + 200]}"' for at in range(0, len(record), 200))
        lines.append(f"{SELECTOR}._domainkey.{domain}. IN TXT ( {parts} )")
        lines.append(f'ed._domainkey.{domain}. 300 IN TXT "v=DKIM1; k=ed25519; p={small}"')
        lines.append(f'{domain}. IN TXT "v=spf1 -all"')
    return "\n".join(lines) + "\n"


def _pem(domain: str) -> bytes:
    return rsa_key(domain).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def signed(mail: bytes, domain: str, small: bool = False) -> bytes:
    """The mail with a DKIM signature on top: RSA, or Ed25519 (RFC 8463)."""
    if small:
        raw = serialization.Encoding.Raw
        seed = ed_key(domain).private_bytes(raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
        field = dkim.sign(
            mail, b"ed", domain.encode(), base64.b64encode(seed), signature_algorithm=b"ed25519-sha256", linesep=b"\n"
        )
    else:
        field = dkim.sign(mail, SELECTOR.encode(), domain.encode(), _pem(domain), linesep=b"\n")
    return bytes(field) + mail


def sealed(mail: bytes, domain: str, said: str, at: int | None = None, before: str = "none") -> bytes:
    """The mail with the next ARC set of ``domain`` on top.

    ``said`` are its results, ``before`` what it found of the chain so far; ``at`` are seconds since 1970.
    """
    results = f"Authentication-Results: {domain}; arc={before}; {said}\n".encode()
    made = dkim.arc_sign(
        results + mail, SELECTOR.encode(), domain.encode(), _pem(domain), domain.encode(),
        timestamp=int(time.time()) if at is None else at, linesep=b"\n",
    )  # fmt: skip
    return b"".join(bytes(field).replace(b"\r\n", b"\n") for field in made) + mail
