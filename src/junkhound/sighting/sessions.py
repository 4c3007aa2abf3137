"""What the SMTP session showed, as rows: how the client greeted and spoke, its first packet, TLS hello and pace."""

from __future__ import annotations

from typing import Any

from junkhound import content
from junkhound.sighting import secrecy
from junkhound.tables import KeyKind
from junkhound.wire import syn
from junkhound.wire.facts import Facts

_HELO, _SYN, _JA4 = int(KeyKind.HELO), int(KeyKind.SYN), int(KeyKind.JA4)


class Sessions:
    """Rows of ``tables.SESSIONS`` as they grow, and the texts behind what machines of several addresses show."""

    def __init__(self, trap_domains: tuple[str, ...]) -> None:
        self.rows: list[tuple[Any, ...]] = []
        self.trap_domains = trap_domains
        self.greeted: dict[int, bytes | None] = {}  # by greeting who used it first

    def add(
        self, identity: tuple[int, int], day: int, facts: Facts, names: dict[tuple[int, int], tuple[str, int]]
    ) -> None:  # fmt: skip
        """The row of one session, if anything was seen of it; texts go to ``names``."""
        session = facts.session
        if session.helo is None and session.client_port is None and not session.dialect:
            return
        gaps = sorted(session.command_us)
        timing = 1 + min((gaps[len(gaps) // 2] // 1000).bit_length(), 30) if gaps else 0
        self.rows.append((
            *identity, day, self._greeting(facts, day, names),
            content.key(b"\n".join(dict.fromkeys(session.dialect)).decode("latin-1")) if session.dialect else 0,
            _named(_SYN, syn.signature(session.syn) if session.syn else None, day, names),
            _named(_JA4, session.client_hello, day, names),
            (session.client_port or 0) & 0xFFFF, (session.local_port or 0) & 0xFFFF,
            (session.tls_version or 0) & 0xFFFF, timing, int(session.auth_hash is not None),
        ))  # fmt: skip

    def _greeting(self, facts: Facts, day: int, names: dict[tuple[int, int], tuple[str, int]]) -> int:
        """The key of the HELO name; its text is kept where machines of several addresses greet by it."""
        if not facts.session.helo:
            return 0
        name = facts.session.helo.decode("utf-8", "replace").lower()
        key = content.key(name)
        client = facts.origin.client
        if self.greeted.setdefault(key, client) != client and not secrecy.names_any(name, self.trap_domains):
            names.setdefault((_HELO, key), (name[:255], day))
        return key


def _named(kind: int, text: str | None, day: int, names: dict[tuple[int, int], tuple[str, int]]) -> int:
    """The key of a fingerprint, whose text is kept; 0 for none."""
    if not text:
        return 0
    key = content.key(text)
    names.setdefault((kind, key), (text[:255], day))
    return key
