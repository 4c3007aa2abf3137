"""Cipher names as programs print them, by TLS version. Source: OpenSSL ``ciphers(1)``; IANA TLS cipher suites."""

from __future__ import annotations

# version: ((OpenSSL name, IANA name, bits), ...): what common pairs of programs agree on, likeliest first
CIPHERS: dict[str, tuple[tuple[str, str, int], ...]] = {
    "TLSv1": (
        ("DHE-RSA-AES256-SHA", "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", 256),
        ("AES256-SHA", "TLS_RSA_WITH_AES_256_CBC_SHA", 256),
        ("RC4-MD5", "TLS_RSA_WITH_RC4_128_MD5", 128),
        ("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA", 128),
    ),
    "TLSv1.2": (
        ("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", 256),
        ("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", 128),
        ("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", 256),
        ("DHE-RSA-AES256-GCM-SHA384", "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", 256),
    ),
    "TLSv1.3": (
        ("TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", 256),
        ("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", 128),
        ("TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", 256),
    ),
}
CIPHERS["TLSv1.1"] = CIPHERS["TLSv1"]
CIPHERS["SSLv3"] = CIPHERS["TLSv1"]
NUMBERS = {"SSLv3": 0x0300, "TLSv1": 0x0301, "TLSv1.0": 0x0301, "TLSv1.1": 0x0302, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}


def lower(one: str, other: str) -> str:
    """The lower of two versions."""
    return one if NUMBERS.get(one, 0x0303) <= NUMBERS.get(other, 0x0303) else other


def agreed(version: str, client: int) -> tuple[str, str, int]:
    """What this client (its id) and a server agree on: the same each time."""
    ciphers = CIPHERS.get(version) or CIPHERS["TLSv1.2"]
    return ciphers[min((client * 2654435761 >> 7 & 15) // 8, len(ciphers) - 1)]
