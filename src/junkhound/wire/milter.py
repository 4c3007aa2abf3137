"""The milter protocol, version 6, the filter's side: packets of a mail server in, one mail's facts and our answers out.

A packet is its length (u32, big endian), one letter and the data. Every text ends in a NUL byte. Headers come with the
blanks that stood behind their colon (SMFIP_HDR_LEADSPC), so that the mail can be put together as it was.

Source: libmilter/mfdef.h of Sendmail 8.17 (the constants); the protocol is described nowhere else.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from junkhound.kernel import net
from junkhound.kernel.errors import DataError
from junkhound.kernel.net import Address

MOST = 1 << 20  # bytes of one packet; a server sends bodies in pieces of 64 kB
VERSION = 6
ADD_HEADERS, CHANGE_HEADERS = 0x01, 0x10
# What the server need not wait for an answer to: connect to body are only noted (SMFIP_NR_*), and headers as they are.
NO_REPLY = 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000 | 0x40000 | 0x80000 | 0x80
LEADING_SPACE = 0x100000

_LENGTH = struct.Struct(">I")
_OPTIONS = struct.Struct(">III")
CONTINUE = b"c"


@dataclass
class Mail:
    """One mail as the server told it, its header and body with CRLF."""

    client: Address | None = None
    client_port: int | None = None
    client_name: str | None = None
    helo: bytes | None = None
    mail_from: bytes | None = None
    recipients: list[bytes] = field(default_factory=list)
    macros: dict[bytes, bytes] = field(default_factory=dict)
    names: list[bytes] = field(default_factory=list)
    size: int = 0
    truncated: bool = False
    parts: list[bytes] = field(default_factory=list)

    @property
    def octets(self) -> bytes:
        return b"".join(self.parts)


@dataclass(frozen=True)
class Answer:
    """What to do with a mail: headers to put on top, and a refusal (code, text) or none."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    refuse: tuple[int, bytes] | None = None


class Session:
    """One connection of a server: bytes in, packets out; ``mails`` to judge come from ``receive``.

    ``drops`` are lower-case names of header fields that nobody but us may write: they are taken out.
    """

    def __init__(self, size: int, drops: frozenset[bytes]) -> None:
        self.size = size
        self.drops = drops
        self.closed = False
        self.mail = Mail()
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._adds = self._changes = False
        self._quiet = 0
        self._space = b""

    def take_output(self) -> bytes:
        """What to send now."""
        out = b"".join(self._out)
        self._out.clear()
        return out

    def receive(self, data: bytes) -> Iterator[Mail]:
        """Take bytes; yields each mail at its end, for which ``answer`` must be called before going on.

        Errors: DataError for what is no milter protocol; nothing can be said to such a client.
        """
        self._buffer += data
        while len(self._buffer) >= 4 and not self.closed:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if not 0 < length <= MOST:
                raise DataError(f"a milter packet of {length} bytes")
            if len(self._buffer) < 4 + length:
                return
            packet = bytes(self._buffer[4 : 4 + length])
            del self._buffer[: 4 + length]
            if self._packet(packet[:1], packet[1:]):
                yield self.mail

    def answer(self, answer: Answer) -> None:
        """Say what becomes of the mail that ended."""
        mail = self.mail
        if answer.refuse is not None:
            code, text = answer.refuse
            self._send(b"y", b"%d %b\0" % (code, text.replace(b"%", b"%%").replace(b"\0", b"")[:400]))
        else:
            if self._changes:
                seen: dict[bytes, int] = {}
                doomed = []
                for name in mail.names:
                    low = name.lower()
                    if low in self.drops:
                        seen[low] = seen.get(low, 0) + 1
                        doomed.append((seen[low], name))
                for index, name in reversed(doomed):
                    self._send(b"m", _LENGTH.pack(index) + name + b"\0\0")
            if self._adds:
                for name, value in reversed(answer.headers):
                    self._send(b"i", _LENGTH.pack(0) + name + b"\0" + self._space + value + b"\0")
            self._send(CONTINUE)
        self._next()

    def _next(self) -> None:
        """Ready for the next mail of the same connection."""
        before = self.mail
        self.mail = Mail(before.client, before.client_port, before.client_name, before.helo)

    def _send(self, letter: bytes, data: bytes = b"") -> None:
        self._out.append(_LENGTH.pack(1 + len(data)) + letter + data)

    def _packet(self, letter: bytes, data: bytes) -> bool:
        """Take one packet; True at the end of a mail."""
        mail = self.mail
        if letter == b"O":
            self._options(data)
        elif letter == b"C":
            self.mail = Mail()
            self.mail.client, self.mail.client_port, self.mail.client_name = _client(data)
        elif letter == b"H":
            mail.helo = data.rstrip(b"\0")[:1000]
        elif letter == b"M":
            self._next()
            self.mail.mail_from = _path(data)
        elif letter == b"R":
            if len(mail.recipients) < 10_000:
                mail.recipients.append(_path(data))
        elif letter == b"D":
            words = data[1:].split(b"\0")
            mail.macros.update(zip(words[0::2], words[1::2], strict=False))
        elif letter == b"L":
            name, _, value = data.partition(b"\0")
            mail.names.append(name)
            blank = b"" if self._space else b" "
            self._add(
                mail,
                name + b":" + blank + value.rstrip(b"\0").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\r\n",
            )
        elif letter == b"N":
            self._add(mail, b"\r\n")
        elif letter == b"B":
            self._add(mail, data)
        elif letter == b"E":
            self._add(mail, data)
            return True
        elif letter == b"A":
            self._next()
        elif letter == b"K":
            self.mail = Mail()
        elif letter == b"Q":
            self.closed = True
        elif letter not in (b"T", b"U"):
            raise DataError(f"an unknown milter command {letter!r}")
        if letter in _ANSWERED:
            self._wait(letter)
        return False

    def _wait(self, letter: bytes) -> None:
        """Say go on, where the server waits for it."""
        if not self._quiet & _ANSWERED.get(letter, 0):
            self._send(CONTINUE)

    def _add(self, mail: Mail, octets: bytes) -> None:
        if mail.size + len(octets) > self.size:
            mail.truncated = True
            return
        mail.size += len(octets)
        mail.parts.append(octets)

    def _options(self, data: bytes) -> None:
        if len(data) < _OPTIONS.size:
            raise DataError("a short milter negotiation")
        version, actions, protocol = _OPTIONS.unpack_from(data)
        self._adds, self._changes = bool(actions & ADD_HEADERS), bool(actions & CHANGE_HEADERS)
        self._quiet = protocol & NO_REPLY
        self._space = b" " if protocol & LEADING_SPACE else b""
        wanted = protocol & (NO_REPLY | LEADING_SPACE)
        self._send(b"O", _OPTIONS.pack(min(version, VERSION), actions & (ADD_HEADERS | CHANGE_HEADERS), wanted))


# By command: the bit of the negotiation that spares its answer.
_ANSWERED = {
    b"C": 0x1000, b"H": 0x2000, b"M": 0x4000, b"R": 0x8000, b"T": 0x10000, b"U": 0x20000, b"N": 0x40000,
    b"B": 0x80000, b"L": 0x80,
}  # fmt: skip


def _path(data: bytes) -> bytes:
    """The address of MAIL or RCPT without its angle brackets and parameters."""
    return data.partition(b"\0")[0].strip().removeprefix(b"<").removesuffix(b">")[:1000]


def _client(data: bytes) -> tuple[Address | None, int | None, str | None]:
    """Address, port and looked-up name of SMFIC_CONNECT: host name, family letter, port, address text."""
    host, _, rest = data.partition(b"\0")
    if len(rest) < 3 or rest[:1] not in (b"4", b"6"):
        return None, None, None
    (port,) = struct.unpack(">H", rest[1:3])
    text = rest[3:].rstrip(b"\0").decode("ascii", "replace")
    name = host.decode("ascii", "replace").lower()
    known = None if not name or name[0] == "[" or name == "unknown" else name[:255]
    return net.parse(text.removeprefix("IPv6:")), port or None, known
