"""The words of an SMTP session: where it stands, what its host offers and decides, what it tells its host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum


class Phase(Enum):
    """Where a session stands."""

    COMMAND = 0
    DATA = 1
    CHUNK = 2
    WAITING = 3  # for the host's answer to a delivery
    AUTH = 4
    TLS = 5
    CLOSED = 6


@dataclass(frozen=True, slots=True)
class Rcpt:
    """The host's word on one recipient."""

    code: int
    text: str
    trap: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """What a listener offers and allows; ``recipient`` decides each RCPT, ``protocol`` is ``smtp`` or ``lmtp``."""

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
    """One mail from MAIL to its answer."""

    mail_from: bytes
    params: bytes = b""
    recipients: list[tuple[bytes, int, bool]] = field(default_factory=list)
    body: list[bytes] = field(default_factory=list)
    size: int = 0
    too_big: bool = False
    chunked: bool = False

    @property
    def accepted(self) -> int:
        return sum(1 for _, code, _ in self.recipients if code < 400)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A whole mail: dot-stuffing removed, line ends as they came."""

    transaction: Transaction
    mail: bytes


@dataclass(frozen=True, slots=True)
class StartTls:
    """The 220 has been written: start the handshake, then call ``secured``."""


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
