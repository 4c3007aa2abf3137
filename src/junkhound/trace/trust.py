"""What an operator believes beside his relays: further relays of others, whose seals count, keys to check them by."""

from __future__ import annotations

import msgspec


class Trust(msgspec.Struct, frozen=True, array_like=True):
    """Plain values, so that they travel to any process.

    ``known`` is TOML in the form of ``data/known.toml``; ``sealers`` are domains whose ARC seals are believed (RFC
    8617); ``keys`` are (name, TXT record) of ``selector._domainkey.domain``, lower case, without a final dot.
    """

    known: str = ""
    sealers: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()


NO_MORE = Trust()
