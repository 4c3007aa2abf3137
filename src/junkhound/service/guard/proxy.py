"""A filter between two mail servers: SMTP or LMTP in, the same to the next one, with our fields on top of every mail.

Nothing is kept here. Every command goes to the next server and its own reply comes back, so that whoever sent a mail
hears from the one who took it: none can be lost or doubled between them. Only DATA is held until its end, looked at,
and passed on.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass, field

from junkhound.kernel import net
from junkhound.kernel.clock import SystemClock
from junkhound.service.guard.desk import Desk
from junkhound.service.guard.milter import INTAKE, refusal
from junkhound.verbs.guard import headers, without_ours
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session

LINE = 4096
IDLE_S = 300.0
DATA_S = 600.0  # RFC 5321 section 4.5.3.2: the next server may take ten minutes to say yes
_PATH = re.compile(rb"(?:FROM|TO):\s*<([^>]{0,1000})>", re.IGNORECASE)
_HIDDEN = (b"STARTTLS", b"CHUNKING", b"BINARYMIME", b"AUTH")  # of the next server's offers


class _Over(Exception):
    """One of the two went away, or talks nonsense."""


@dataclass
class _Mail:
    client: bytes | None = None
    helo: bytes | None = None
    mail_from: bytes | None = None
    recipients: list[bytes] = field(default_factory=list)


class Link:
    """One client, and our connection to the next server for it."""

    def __init__(
        self, desk: Desk, client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        onward: tuple[asyncio.StreamReader, asyncio.StreamWriter], lmtp: bool,
    ) -> None:  # fmt: skip
        self.desk = desk
        self.reader, self.writer = client
        self.next_reader, self.next_writer = onward
        self.lmtp = lmtp
        self.mail = _Mail()

    async def run(self) -> None:
        """Greeting to QUIT."""
        with contextlib.suppress(_Over, ConnectionError, TimeoutError, asyncio.LimitOverrunError, ValueError):
            await self.say(await self.replies())
            while True:
                line = await self.line()
                if await self.command(line):
                    return

    async def command(self, line: bytes) -> bool:
        """Pass one command on; True at the end of the session."""
        verb = line[:4].upper()
        if verb in (b"STAR", b"BDAT", b"AUTH"):
            await self.say(b"502 5.5.1 not here\r\n")
            return False
        self.onward(line)
        reply = await self.replies()
        good = reply[:1] == b"2"
        if verb in (b"EHLO", b"LHLO"):
            reply = _offers(reply)
        if good and verb in (b"EHLO", b"LHLO", b"HELO"):
            self.mail = _Mail(self.mail.client, line[5:].strip()[:255])
        elif good and line[:8].upper() == b"XFORWARD":
            self._forwarded(line)
        elif good and verb == b"MAIL":
            self.mail.mail_from, self.mail.recipients = _path(line), []
        elif good and verb == b"RCPT":
            self.mail.recipients.append(_path(line) or b"")
        elif good and verb == b"RSET":
            self.mail.mail_from, self.mail.recipients = None, []
        elif verb == b"DATA" and reply[:3] == b"354":
            await self.say(reply)
            await self.data()
            return False
        await self.say(reply)
        return verb == b"QUIT"

    async def data(self) -> None:
        """One mail: held, looked at, passed on; the next server's replies go back."""
        lines, size = [], 0
        while (line := await self.line(1 << 20)) != b".\r\n":
            size += len(line)
            lines.append(line)
            if size > (self.desk.config.size_mb << 20) * 20:  # far over any limit: it is not held, the client is let go
                raise _Over
        sent = b"".join(lines)
        mail = b"".join(line[1:] if line[:1] == b"." else line for line in lines)  # RFC 5321 section 4.5.2
        found = await self.desk.opinion(mail, self.facts())
        refuse = refusal(self.desk, found)
        self.desk.became(found, self.mail.recipients, refuse is not None)
        count = max(1, len(self.mail.recipients)) if self.lmtp else 1
        if refuse is not None:
            self.next_writer.close()  # without the final dot the next server has taken nothing
            await self.say(b"%d %b\r\n" % refuse * count)
            raise _Over
        fields = b"".join(b"%b: %b\r\n" % pair for pair in headers(found))
        self.next_writer.write(fields + without_ours(sent) + b".\r\n")
        await self.next_writer.drain()
        for _ in range(count):
            await self.say(await self.replies(DATA_S))
        self.mail.mail_from, self.mail.recipients = None, []

    def facts(self) -> Facts:
        """What is known of the session: of the first server's client where it told us (XFORWARD)."""
        return Facts(
            Origin(self.mail.client, SystemClock().now(), INTAKE, imported=self.mail.client is None),
            Envelope(self.mail.mail_from, tuple(Recipient(one, 250, False) for one in self.mail.recipients)),
            Session(helo=self.mail.helo),
        )

    def _forwarded(self, line: bytes) -> None:
        for word in line.split()[1:]:
            name, _, value = word.partition(b"=")
            if name.upper() == b"ADDR":
                address = net.parse(value.decode("ascii", "replace").removeprefix("IPV6:"))
                self.mail.client = None if address is None else address.packed
            elif name.upper() == b"HELO" and value.upper() != b"[UNAVAILABLE]":
                self.mail.helo = value[:255]

    # --- both ends --------------------------------------------------------------------------------------------

    async def line(self, most: int = LINE) -> bytes:
        """A line of the client's, as strict as SMTP asks: CRLF, or it is no line (RFC 5321 section 2.3.8)."""
        line = await asyncio.wait_for(self.reader.readuntil(b"\n"), IDLE_S)
        if len(line) > most or not line.endswith(b"\r\n"):
            await self.say(b"500 5.5.2 lines end with CRLF, and are shorter\r\n")
            raise _Over
        return line

    async def replies(self, seconds: float = IDLE_S) -> bytes:
        """One whole reply of the next server."""
        said = b""
        while True:
            line = await asyncio.wait_for(self.next_reader.readuntil(b"\n"), seconds)
            said += line
            if len(line) < 4 or not line[:3].isdigit() or len(said) > 1 << 16:
                await self.say(b"421 4.3.0 the next server talks nonsense\r\n")
                raise _Over
            if line[3:4] != b"-":
                return said

    def onward(self, line: bytes) -> None:
        self.next_writer.write(line)

    async def say(self, words: bytes) -> None:
        self.writer.write(words)
        await self.writer.drain()


async def talk(desk: Desk, place: str, lmtp: bool, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One client; where the next server cannot be reached it is told to come again."""
    try:
        onward = await asyncio.wait_for(_reach(place), 30)
    except (OSError, TimeoutError):
        writer.write(b"421 4.4.1 the next server cannot be reached\r\n")
        writer.close()
        return
    try:
        await Link(desk, (reader, writer), onward, lmtp).run()
    except asyncio.IncompleteReadError:
        pass
    finally:
        for one in (onward[1], writer):
            one.close()


async def _reach(place: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if place.startswith("unix:"):
        return await asyncio.open_unix_connection(place.removeprefix("unix:"), limit=1 << 20)
    host, _, port = place.rpartition(":")
    return await asyncio.open_connection(host.strip("[]"), int(port), limit=1 << 20)


def _offers(reply: bytes) -> bytes:
    """The next server's answer to EHLO without what we do not pass on; the last line keeps its blank."""
    lines = [line for line in reply.split(b"\r\n") if line and line[4:].split(b" ")[0].upper() not in _HIDDEN]
    return b"".join(
        line[:3] + (b" " if place == len(lines) - 1 else b"-") + line[4:] + b"\r\n" for place, line in enumerate(lines)
    )


def _path(line: bytes) -> bytes | None:
    found = _PATH.search(line)
    return found[1] if found else None
