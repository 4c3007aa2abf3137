"""Names as numbers: what rows hold in place of intakes, vantages and trap addresses.

A number is a keyed hash, so any worker makes the same one without asking anybody, and a table that leaks
says nothing about which address is a trap. The names stand in the state database alone (RUNTIME, stored forms).
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

_MASK = (1 << 63) - 1  # SQLite and PostgreSQL integers are signed


@lru_cache(maxsize=65536)
def number(key: bytes, kind: str, name: str) -> int:
    """The number of ``name`` among its ``kind`` (``intake``, ``vantage``, ``trap``) on the hub that owns ``key``."""
    digest = blake2b(f"{kind}\0{name}".encode("utf-8", "surrogateescape"), digest_size=8, key=key).digest()
    return (int.from_bytes(digest, "big") & _MASK) or 1
