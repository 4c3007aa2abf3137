"""Drives a trap with the sessions of a world, over loopback SMTP: each as its engine speaks, at a bounded rate.

A session says of itself how its program writes commands (``manner`` of its row, all parts optional):

========  ============================================================================================
verb      EHLO or HELO
lower     commands in lower case
space     a blank behind ``MAIL FROM:``, as many bot engines write
bare      lines of the mail end in a lone LF (commands do not: no trap obeys those)
ahead     MAIL, RCPT and DATA are sent without waiting, where the server offers PIPELINING or not
size      MAIL carries SIZE= where the server offers it
quit      ``QUIT`` (the default), ``drop`` (hangs up without a word) or ``RSET``
========  ============================================================================================

Nothing but loopback is ever connected to.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import re
import socket
import ssl
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from spamworld.errors import NotFound, Refused, UsageError
from spamworld.out.files import lines

TIMEOUT_S = 30.0
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]+):[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n")
_BY = re.compile(rb"\sby\s+([^\s;()]+)")
_DELIVERY = frozenset((b"return-path", b"delivered-to", b"x-original-to", b"envelope-to", b"delivery-date"))
_SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


class Session(msgspec.Struct):
    """One line of a trap's file, as far as a client needs it."""

    mail: str
    client: str = ""
    client_port: int = 0
    client_name: str = ""
    helo: str = "localhost"
    mail_from: str = ""
    rcpt: list[Any] = []
    protocol: str = "ESMTP"
    tls_version: int = 0
    arrival: str = ""
    manner: dict[str, Any] = {}
    own: frozenset[str] = frozenset()  # names of the intake's own servers

    @property
    def recipients(self) -> list[str]:
        return [one if isinstance(one, str) else str(one["address"]) for one in self.rcpt]


@dataclass
class Said:
    """What came of a replay: sessions by outcome, and how long it took."""

    counts: Counter[str] = field(default_factory=Counter)
    replies: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


def target(text: str, any_port: bool = False) -> tuple[str, int]:
    """HOST:PORT on loopback; ``any_port`` takes 0 too. Errors: UsageError, Refused for any other machine."""
    host, _, port = text.rpartition(":")
    host = host.strip("[]").replace("localhost", "127.0.0.1")
    if not port.isdecimal() or not (0 if any_port else 1) <= int(port) < 65536:
        raise UsageError(f"not an address and port: {text!r}", "write 127.0.0.1:2525")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise Refused(f"{host!r} is not a loopback address", "write 127.0.0.1:2525; names are not looked up") from None
    if not address.is_loopback:
        raise Refused(f"{host} is not on loopback", "simulated junk is sent to no other machine")
    return str(address), int(port)


def sessions(folder: Path, traps: Iterable[str] = ()) -> Iterator[Session]:
    """The sessions of a world's traps, trap by trap. Errors: NotFound."""
    wanted = set(traps)
    files = sorted((folder / "mail/traps").glob("*.jsonl.zst"))
    known = {path.name.removesuffix(".jsonl.zst"): path for path in files}
    if not known or wanted - known.keys():
        missing = ", ".join(sorted(wanted - known.keys()))
        raise NotFound(
            f"no trap called {missing}" if missing else f"no traps in {str(folder)!r}",
            f"known: {', '.join(known)}" if known else "name a folder that 'spamworld gen' made",
        )
    own = {row["name"]: frozenset(one["name"].lower() for one in row["relays"]) for row in _intakes(folder)}
    decode = msgspec.json.Decoder(Session).decode
    for name, path in known.items():
        if not wanted or name in wanted:
            for line in lines(path):
                session = decode(line)
                session.own = own.get(name, frozenset())
                yield session


def _intakes(folder: Path) -> Iterator[dict[str, Any]]:
    path = folder / "world/intakes.jsonl"
    return map(msgspec.json.decode, lines(path)) if path.exists() else iter(())


def as_sent(mail: bytes, own: frozenset[str]) -> bytes:
    """A stored mail as its client had sent it: without what the intake's own servers put on top."""
    while field := _FIELD.match(mail):
        name = field[1].lower()
        writer = _BY.search(field[0]) if name == b"received" else None
        if name not in _DELIVERY and not (writer and writer[1].decode("latin-1").lower() in own):
            break
        mail = mail[field.end() :]
    return mail


async def replay(
    chosen: Iterable[Session],
    to: tuple[str, int],
    rate: float,
    count: int,
    proxy: str = "none",
    connections: int = 20,
    progress: Callable[[int], None] = lambda done: None,
) -> Said:
    """Send up to ``count`` sessions, ``rate`` a second, so many at once.

    Args:
        proxy: ``none``; ``v2`` begins with a PROXY header, ``xclient`` uses XCLIENT: both carry the world's client.
    """
    said = Said()
    began = time.monotonic()
    gate = asyncio.Semaphore(connections)
    running: set[asyncio.Task[None]] = set()

    async def one(session: Session) -> None:
        try:
            outcome = await asyncio.wait_for(_Client(session, to, proxy, said).run(), TIMEOUT_S)
        except (OSError, asyncio.IncompleteReadError, TimeoutError, ssl.SSLError, ValueError) as error:
            outcome = "broken"
            if len(said.problems) < 5:
                said.problems.append(f"{session.arrival or 'a session'}: {error or type(error).__name__}")
        finally:
            gate.release()
        said.counts[outcome] += 1
        progress(said.counts.total())

    for number, session in enumerate(chosen):
        if number >= count:
            break
        wait = began + number / rate - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        await gate.acquire()
        task = asyncio.create_task(one(session))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    said.seconds = time.monotonic() - began
    return said


class _Client:
    """One session from greeting to goodbye."""

    def __init__(self, session: Session, to: tuple[str, int], proxy: str, said: Said) -> None:
        self.session, self.to, self.proxy, self.said = session, to, proxy, said
        self.manner = session.manner
        self.offers: set[str] = set()

    async def run(self) -> str:
        self.reader, self.writer = await self._connect()
        try:
            return await self._talk()
        finally:
            self.writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await self.writer.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """From the session's own port where that is free, else from any."""
        host, port = self.to
        if self.session.client_port >= 1024:
            link = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
            link.setblocking(False)
            link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                link.bind((host, self.session.client_port))
                await asyncio.get_running_loop().sock_connect(link, (host, port))
            except OSError:
                link.close()
            else:
                return await asyncio.open_connection(sock=link)
        return await asyncio.open_connection(host, port)

    async def _talk(self) -> str:
        if self.proxy == "v2":
            self.writer.write(proxy_header(self.session.client, self.session.client_port, self.to))
        if await self._reply() != 220:
            return "refused"
        if self.proxy == "xclient" and not await self._xclient():
            return "no xclient"
        if not await self._hello() or not await self._tls():
            return "refused"
        return await self._mail()

    async def _hello(self) -> bool:
        verb = str(self.manner.get("verb") or ("HELO" if self.session.protocol == "SMTP" else "EHLO"))
        code = await self._ask(f"{verb} {self.session.helo or 'localhost'}")
        if code != 250 and verb == "EHLO":
            code = await self._ask(f"HELO {self.session.helo or 'localhost'}")
        return code == 250

    async def _tls(self) -> bool:
        if not self.session.tls_version or "STARTTLS" not in self.offers:
            return True
        if await self._ask("STARTTLS") != 220:
            return True
        await self.writer.start_tls(_context())
        self.said.counts["tls"] += 1
        return await self._hello()

    async def _xclient(self) -> bool:
        await self._ask(f"EHLO {self.session.helo or 'localhost'}")
        if "XCLIENT" not in self.offers:
            return False
        client = self.session.client
        words = [f"ADDR={'IPV6:' if ':' in client else ''}{client}", f"PORT={self.session.client_port or 25}"]
        if self.session.client_name:
            words.append(f"NAME={self.session.client_name}")
        return await self._ask("XCLIENT " + " ".join(words)) == 220

    async def _mail(self) -> str:
        blank = " " if self.manner.get("space") else ""
        mail = self._wire(as_sent(base64.b64decode(self.session.mail), self.session.own))
        size = f" SIZE={len(mail)}" if self.manner.get("size") and "SIZE" in self.offers else ""
        commands = [f"MAIL FROM:{blank}<{self.session.mail_from}>{size}"]
        commands += [f"RCPT TO:{blank}<{address}>" for address in self.session.recipients]
        codes = await self._batch([*commands, "DATA"]) if self.manner.get("ahead") else await self._turns(commands)
        if codes[-1] != 354:
            await self._end()
            return "refused"
        self.writer.write(mail)
        code = await self._reply()
        await self._end()
        return "accepted" if code == 250 else "refused"

    async def _turns(self, commands: list[str]) -> list[int]:
        """One command after the other, as far as they are obeyed."""
        codes = [await self._ask(command) for command in commands]
        if any(code == 250 for code in codes[1:]):
            codes.append(await self._ask("DATA"))
        return codes

    async def _batch(self, commands: list[str]) -> list[int]:
        self.writer.write(b"".join(map(self._line, commands)))
        return [await self._reply() for _ in commands]

    async def _end(self) -> None:
        how = str(self.manner.get("quit", "QUIT"))
        if how != "drop":
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                await self._ask(how)

    def _wire(self, mail: bytes) -> bytes:
        """The mail as it goes over the line: line ends as the engine has them, dots doubled, the end."""
        end = b"\n" if self.manner.get("bare") else b"\r\n"
        body = mail.replace(b"\r\n", b"\n").replace(b"\n", end)
        body = (b"." if body.startswith(b".") else b"") + body.replace(b"\r\n.", b"\r\n..")
        return body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n"

    def _line(self, command: str) -> bytes:
        verb, blank, rest = command.partition(" ")
        if self.manner.get("lower"):
            verb = verb.lower()
            rest = rest.replace("FROM:", "from:").replace("TO:", "to:")
        return (verb + blank + rest).encode("utf-8", "surrogateescape") + b"\r\n"

    async def _ask(self, command: str) -> int:
        self.writer.write(self._line(command))
        code = await self._reply()
        if command.startswith(("EHLO", "HELO")) and code != 250:
            self.offers = set()
        return code

    async def _reply(self) -> int:
        offers = set()
        while True:
            line = await self.reader.readuntil(b"\n")
            words = line[4:].decode("latin-1").split()
            if words:
                offers.add(words[0].upper())
            if line[3:4] != b"-":
                break
        code = int(line[:3])
        if len(offers) > 1:
            self.offers = offers
        self.said.replies[code] += 1
        return code


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # as every engine does: junk goes to any certificate
    return context


def proxy_header(client: str, port: int, to: tuple[str, int]) -> bytes:
    """A PROXY protocol header, version 2: the world's client as the source.

    Source: "The PROXY protocol, versions 1 & 2", HAProxy, 2020, section 2.2.
    """
    source, local = ipaddress.ip_address(client), ipaddress.ip_address(to[0])
    if source.version == 6 or local.version == 6:
        packed = [one.packed if one.version == 6 else b"\0" * 10 + b"\xff\xff" + one.packed for one in (source, local)]
        family = 0x21
    else:
        packed, family = [source.packed, local.packed], 0x11
    body = b"".join(packed) + struct.pack(">HH", port, to[1])
    return _SIGNATURE + struct.pack(">BBH", 0x21, family, len(body)) + body
