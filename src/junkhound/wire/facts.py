"""What we know of a delivery beside its bytes: who connected, the envelope, how the session went.

Null means unknown. Nothing can reconstruct these later, so a delivery that we did not see (an imported
file) leaves them null and they stay null (RUNTIME, observation 6). The three structs are the first three
parts of a leaf, so that each can be disclosed or withheld on its own.
"""

from __future__ import annotations

import msgspec


class Origin(msgspec.Struct, frozen=True, array_like=True):
    """Leaf part 1: who handed it over, when, to which intake, and as what.

    ``client`` has 4 or 16 bytes. ``received_at`` is our clock at the end of DATA in microseconds; for an import
    it is when we took it in, and says nothing of when it was sent; for a session that a file tells us of it is the
    session's time. Then ``taken_at`` is our clock, else None: it is the same. ``intake`` names the trap instance or
    mailbox.
    ``kind`` is a ``tables.Kind`` number as the operator stated it. ``imported`` mail was not received by a
    session of ours; ``arrival`` tells apart deliveries of equal bytes where their source does (RUNTIME, observation 4).
    ``truncated``: the mail went on beyond the bytes that are kept. ``count`` is 1 for a mail, else how many sessions
    without a message were folded into this record.
    """

    client: bytes | None
    received_at: int
    intake: str
    kind: int = 0
    imported: bool = False
    arrival: str = ""
    truncated: bool = False
    count: int = 1
    taken_at: int | None = None  # since segment version 2


class Recipient(msgspec.Struct, frozen=True, array_like=True):
    """One RCPT: the address as given, the reply code, whether it is one of our traps."""

    address: bytes
    code: int
    trap: bool


class Envelope(msgspec.Struct, frozen=True, array_like=True):
    """Leaf part 2: MAIL FROM (None unknown, b"" the null sender) and every RCPT, accepted or not."""

    mail_from: bytes | None = None
    recipients: tuple[Recipient, ...] = ()


class Session(msgspec.Struct, frozen=True, array_like=True):
    """Leaf part 3: the other facts of the session; all optional (docs/trap.md says what each means).

    ``manners`` are bits of ``wire.smtp.Manner``.
    """

    client_port: int | None = None
    local: bytes | None = None
    local_port: int | None = None
    helo: bytes | None = None
    protocol: str | None = None
    tls_version: int | None = None
    tls_cipher: str | None = None
    client_hello: str | None = None
    syn: bytes | None = None
    dialect: tuple[bytes, ...] = ()
    command_us: tuple[int, ...] = ()
    replies: tuple[int, ...] = ()
    proxy: str | None = None
    xclient: tuple[tuple[str, str], ...] = ()
    auth_hash: bytes | None = None
    clock_jump_us: int | None = None
    client_name: str | None = None
    manners: int = 0


class Facts(msgspec.Struct, frozen=True, array_like=True):
    """All three parts of one delivery."""

    origin: Origin
    envelope: Envelope = Envelope()
    session: Session = Session()
