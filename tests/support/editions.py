"""Editions and entries by a few words, for tests of publishing."""

from __future__ import annotations

from typing import Any

from junkhound.kernel import clock, net
from junkhound.publish import Edition, Entry, NameEntry, edition

AT = clock.parse("2026-01-03T12:00:00Z")


def entry(words: str, number: int = 1, **other: Any) -> Entry:
    """One entry; ``number`` is the last part of JH-2026-NNNNNN."""
    network = net.parse_network(words)
    assert network is not None, words
    about = {
        "listing_class": "direct spam source",
        "messages": "10 to 50",
        "since": "2026-01-01",
        "last_seen": "2026-01-02",
        "expires": "2026-01-09",
        **other,
    }
    return Entry(network=network, number=f"JH-2026-{number:06d}", **about)


def name_entry(name: str, number: int = 1, **other: Any) -> NameEntry:
    """One listed domain; ``number`` as in ``entry``."""
    about = {
        "listing_class": "advertised domain",
        "messages": "10 to 50",
        "since": "2026-01-01",
        "last_seen": "2026-01-02",
        "expires": "2026-01-09",
        **other,
    }
    return NameEntry(name=name, number=f"JH-2026-{number:06d}", **about)


def make(*entries: Entry | NameEntry, at: int = AT, **about: Any) -> Edition:
    """An edition of list main, scope own, for two days."""
    return edition(entries, **{"name": "main", "scope": "own", "at": at, "expires_at": at + 2 * clock.DAY, **about})
