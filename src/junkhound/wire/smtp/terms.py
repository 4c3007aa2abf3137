"""The words of an SMTP session: where it stands, what its host offers and decides, what it tells its host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntFlag


class Phase(Enum):
    """Where a session stands."""

    COMMAND = 0
    DATA = 1
    CHUNK = 2
    WAITING = 3  # for the host's answer to a delivery
    AUTH = 4
    TLS = 5
    CLOSED = 6


class Manner(IntFlag):
    """What no well-behaved client does, one bit each (``Session.manners`` of ``wire.facts``)."""

    EARLY = 1 << 0  # spoke before the greeting
    AHEAD = 1 << 1  # sent on where it has to wait (RFC 2920 section 3.1), or pipelined after HELO
    BARE_LINE_END = 1 << 2  # a lone CR or LF in a command
    CLEAR_BEHIND_STARTTLS = 1 << 3  # bytes in clear text behind STARTTLS (CVE-2011-0411)
    FOREIGN = 1 << 4  # another protocol: HTTP, TLS on a plain port, and the like


@dataclass(frozen=True, slots=True)
class Rcpt:
    """The host's word on one recipient; ``intake`` is where its mail belongs, empty for the listener's own."""

    code: int
    text: str
    trap: bool = False
    intake: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a listener offers and allows; ``recipient`` decides each RCPT, ``protocol`` is ``smtp`` or ``lmtp``.

    ``xclient`` offers XCLIENT and XFORWARD, by which a proxy says who the client is.
    """

    hostname: str
    recipient: Callable[[bytes], Rcpt]
    protocol: str = "smtp"
    size_limit: int = 64 << 20
    recipient_limit: int = 1000
    starttls: bool = False
    auth: bool = False
    xclient: bool = False
    vrfy: Callable[[bytes], None] | None = None


@dataclass(slots=True)
class Transaction:
    """One mail from MAIL to its answer.

    ``refusal`` is the reply it will get whatever still comes. ``size`` counts bytes that were read and are no longer
    in the buffer; ``stuffed``: a line of the mail begins with a dot.
    """

    mail_from: bytes
    params: bytes = b""
    recipients: list[tuple[bytes, int, bool]] = field(default_factory=list)
    accepted: int = 0
    intake: str = ""
    trapped: bool = False
    body: bytearray = field(default_factory=bytearray)
    size: int = 0
    chunked: bool = False
    stuffed: bool = False
    refusal: tuple[int, str] | None = None
    envelope_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Delivery:
    """A whole mail: dot-stuffing removed, line ends as they came."""

    transaction: Transaction
    mail: bytes


@dataclass(frozen=True, slots=True)
class StartTls:
    """The 220 has been written: start the handshake with ``take_rest``, then call ``secured``."""


@dataclass(frozen=True, slots=True)
class Guess:
    """Somebody tried to log in; the secret goes into a keyed hash and nowhere else."""

    mechanism: str
    user: bytes
    secret: bytes


@dataclass(frozen=True, slots=True)
class XClient:
    """A named proxy says who the client really is."""

    attributes: tuple[tuple[str, str], ...]


Event = Delivery | StartTls | Guess | XClient
