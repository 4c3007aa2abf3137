"""What a list may hold, and the answer each kind gives in DNS: documented once, never changed (RFC 6471, RFC 5782)."""

from __future__ import annotations

from typing import NamedTuple


class Holds(NamedTuple):
    """One kind of list: its word in the settings, its answer as a value and as a bit, and what it means.

    ``bit`` is a bit of the last two octets of 127.0.0.0; bit 0 is never used, for the field takes 127.0.0.1 for
    "blocked". ``names`` says that it holds domains instead of addresses.
    """

    word: str
    code: str
    bit: int
    meaning: str
    names: bool = False


HOLDS = {
    one.word: one
    for one in (
        Holds("direct", "127.0.0.2", 1, "direct source of junk mail"),
        Holds("snowshoe", "127.0.0.3", 8, "range that spreads its junk over many addresses"),
        Holds("bots", "127.0.0.4", 2, "bot or open proxy"),
        Holds("accounts", "127.0.0.6", 3, "abused account, found behind a shared server"),
        Holds("dynamic", "127.0.0.7", 6, "range of dynamic addresses that should not send mail directly (policy)"),
        Holds("escalated", "127.0.0.8", 7, "network listed as a whole"),
        Holds("do-not-route", "127.0.0.9", 9, "network nobody should route"),
        Holds("auth", "127.0.0.10", 10, "password guessing"),
        Holds("malware", "127.0.0.11", 4, "sender of malware"),
        Holds("scanners", "127.0.0.12", 5, "scans, probes and harvests"),
        Holds("domains", "127.0.1.2", 11, "domain that junk mail advertises", names=True),
        Holds("hosts", "127.0.1.3", 12, "host that junk mail advertises", names=True),
    )
}
"""By the word that ``[lists.NAME] holds`` takes. A code keeps its meaning for ever; new kinds take new codes."""

COMBINED = "combined"
"""``holds`` of a list that is made of others."""


def bit_code(words: set[str]) -> str:
    """The one answer of a combined zone in bits: 127.0.H.L with the bit of each kind set."""
    bits = sum(1 << HOLDS[word].bit for word in words)
    return f"127.0.{bits >> 8}.{bits & 255}"
