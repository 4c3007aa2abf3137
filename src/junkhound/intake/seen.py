"""What a client showed: the facts that are kept beside its mail, and what a session without mail was."""

from __future__ import annotations

import socket
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from junkhound.kernel import net
from junkhound.kernel.net import Address
from junkhound.tables import Kind
from junkhound.wire import smtp
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session

if TYPE_CHECKING:
    from junkhound.intake.connection import Connection

HARVEST_AFTER = 3
"""Refused recipients or VRFY questions after which a session without mail is a harvest."""

CLOCK_JUMP_US = 1_000_000
SAVED_SYN = 28  # TCP_SAVED_SYN of linux/tcp.h, which Python's socket does not name
UNKNOWN = ("", "[UNAVAILABLE]", "[TEMPUNAVAIL]")
"""What XCLIENT and XFORWARD say where they know nothing."""

_SYN_BYTES = 512
_JUNK = int(Kind.JUNK)


def facts_of(connection: Connection, event: smtp.Delivery, now: int, mono_us: int) -> Facts:
    """What is kept beside a mail; ``now`` and ``mono_us`` are the wall and the monotonic clock, in microseconds."""
    session, channel = connection.session, connection.channel
    assert session is not None
    transaction = event.transaction
    client, port, name, arrival, helo = connection.client, connection.client_port, connection.name, "", session.helo
    if session.forwarded:
        said = dict(session.forwarded)
        client, port, name = said_client(said, client, port, name)
        arrival = "" if said.get("IDENT", "") in UNKNOWN else said["IDENT"]
        helo = said["HELO"].encode() if said.get("HELO", "") not in UNKNOWN else None
    jump = now - mono_us - connection.clock
    return Facts(
        Origin(
            None if client is None else client.packed,
            now,
            transaction.intake or connection.trap.gate.intake,
            _JUNK,
            arrival=arrival,
        ),
        Envelope(transaction.mail_from, tuple(Recipient(*each) for each in transaction.recipients)),
        Session(
            client_port=port,
            local=connection.local.packed if connection.local else None,
            local_port=connection.local_port,
            helo=helo,
            protocol=_protocol(session, transaction.params),
            tls_version=channel.version if channel else None,
            tls_cipher=channel.cipher if channel else None,
            client_hello=channel.ja4 if channel else None,
            syn=connection.syn,
            dialect=tuple(session.trace),
            command_us=tuple(session.command_us),
            replies=tuple(session.replies),
            proxy=connection.proxied,
            xclient=(*connection.xclient, *session.forwarded),
            auth_hash=connection.auth_hash,
            clock_jump_us=jump if abs(jump) > CLOCK_JUMP_US else None,
            client_name=name,
            manners=int(session.manners),
        ),
    )


def saved_syn(link: Any) -> bytes | None:
    """The SYN that the kernel kept for this connection: IP and TCP header (Linux)."""
    if link is None:
        return None
    try:
        found = link.getsockopt(socket.IPPROTO_TCP, SAVED_SYN, _SYN_BYTES)
    except (OSError, AttributeError):
        return None
    return found or None


def said_client(
    said: dict[str, str], client: Address | None, port: int | None, name: str | None
) -> tuple[Address | None, int | None, str | None]:
    """Client, port and name as XCLIENT or XFORWARD gives them; what is not given stays."""
    address = said.get("ADDR")
    if address is not None:
        words = address[5:] if address[:5].upper() == "IPV6:" else address
        client, port, name = net.parse(words), None, None  # [UNAVAILABLE]: nobody we know of
    number = said.get("PORT", "")
    if number.isascii() and number.isdigit() and 0 < int(number[:6]) < 65536:
        port = int(number[:6])
    if "NAME" in said:
        name = None if said["NAME"] in UNKNOWN else said["NAME"]
    return client, port, name


def _protocol(session: smtp.Session, params: bytes) -> str:
    """The `with` keyword of RFC 3848, and of RFC 6531 section 4.3 for mail with SMTPUTF8."""
    lmtp = session.policy.protocol == "lmtp"
    if b"SMTPUTF8" in params.upper():
        base = "UTF8LMTP" if lmtp else "UTF8SMTP"
    else:
        base = "LMTP" if lmtp else "ESMTP" if session.esmtp else "SMTP"
    return base + "S" if session.tls else base


def kind_of(session: smtp.Session, guesses: int) -> Kind:
    if guesses:
        return Kind.AUTH_GUESS
    if session.vrfy >= HARVEST_AFTER or session.rejected >= HARVEST_AFTER:
        return Kind.HARVEST
    return Kind.PROBE


def intake_of(session: smtp.Session) -> str:
    return session.transaction.intake if session.transaction is not None else ""


def endpoint(name: Any) -> tuple[Address | None, int | None]:
    if isinstance(name, tuple) and len(name) >= 2:
        return _parsed(name[0]), name[1]
    return None, None  # a Unix socket


@lru_cache(4096)
def _parsed(words: str) -> Address | None:
    return net.parse(words.partition("%")[0])
