"""Books of invented knowledge, mail that they know, and a guard server beside a test."""

from __future__ import annotations

import contextlib
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from junkhound import content, guard
from junkhound.evidence.message import parse
from junkhound.guard import FORMS, Book, Head, Keying, low_bytes, sorted_rows
from junkhound.kernel import clock, net
from junkhound.tables import KeyKind
from support.transcript import environment

KEY = b"a key of tests.."
BOT = "192.0.2.66"
LETTER = (
    "dear friend the watches that you admired are ready and waiting in our store they are of the finest make and every"
    " one of them comes with a box and papers order before friday and save on shipping to your door"
)


def mail(text: str = LETTER, sender: str = "shop@watches.example", subject: str = "your order", source: str = BOT,
         name: str = "dsl-66.dynamic.isp.example", link: str = "http://fine-watches.example/a") -> bytes:  # fmt: skip
    """A mail as the guarded server would hand it on, its own line on top."""
    return (
        f"Received: from {name} ({name} [{source}])\r\n\tby mx.example.net (Postfix) with SMTP id 4XyZab1Cd2z1234\r\n"
        f"\tfor <me@example.net>; Thu, 01 Jan 2026 10:00:00 +0000 (UTC)\r\nFrom: {sender}\r\nTo: me@example.net\r\n"
        f"Subject: {subject}\r\nDate: Thu, 01 Jan 2026 09:59:58 +0000\r\nMessage-ID: <{len(text)}@x.example>\r\n\r\n"
        f"{text}\r\n{link}\r\n"
    ).encode()


def book(letter: bytes | None = None, made_at: int | None = None, sequence: int = 1, listed: bool = True) -> Book:
    """A book that knows one letter, its link, the machine that sends it and that machine's neighbours."""
    now = clock.SystemClock().now() if made_at is None else made_at
    day = now // clock.DAY
    view = content.view(parse(mail() if letter is None else letter))
    keying, bot = Keying(KEY), net.parse(BOT)
    assert bot is not None
    text = np.zeros(1, FORMS["texts"])
    text["id"], text["mails"], text["vantages"], text["day"] = view.template, 52, 8, day
    text["sketch"][0] = low_bytes(content.sketch(view))
    things = np.zeros(1, FORMS["things"])
    things["id"] = keying.thing(int(KeyKind.DOMAIN), content.key("fine-watches.example"))
    things["mails"], things["texts"], things["day"], things["kind"] = 54, 2, day, int(KeyKind.DOMAIN)
    sources = np.zeros(1, FORMS["sources"])
    sources["id"], sources["mails"], sources["days"], sources["day"] = keying.source(bot), 20, 4, day
    sources["listed"] = listed
    networks = np.zeros(1, FORMS["networks"])
    networks["id"], networks["machines"], networks["mails"] = keying.network(bot), 9, 60
    tables = {"texts": text, "campaigns": np.zeros(0, FORMS["campaigns"]), "things": things,
              "sources": sources, "networks": networks, "systems": np.zeros(0, FORMS["systems"])}  # fmt: skip
    head = Head("bl.example.org", sequence, now, KEY)
    return Book(head, {name: sorted_rows(name, rows) for name, rows in tables.items()})


def settled(folder: Path, more: str = "", known: Book | None = None) -> Path:
    """A settings file with a pack beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "guard.pack").write_bytes(guard.pack.write(book() if known is None else known))
    settings = folder / "junkhound.toml"
    settings.write_text(
        f'[store]\nhome = "{folder / "home"}"\n\n[network]\nallow_documentation = true\n\n[guard]\nworkers = 1\n'
        f'pack = "{folder / "guard.pack"}"\nrelays = ["mx.example.net"]\n{more}'
    )
    return settings


@contextmanager
def running(settings: Path, *words: str) -> Iterator[str]:
    """``junkhound guard`` with these words; gives where it listens."""
    command = [Path(sys.executable).parent / "junkhound", "--config", settings, "guard", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(settings.parent)) as child:
        try:
            assert child.stdout is not None
            said = child.stdout.readline()
            assert " at " in said, said
            yield said.rsplit(" at ", 1)[1].strip()
        finally:
            child.terminate()
            assert child.wait(20) == 0


def readers(settings: Path) -> list[int]:
    """The judging processes of the guard that runs with these settings."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (place / "cmdline").read_bytes().split(b"\0")
            if str(settings).encode() in words and b"guard" in words:
                for task in (place / "task").iterdir():
                    found += map(int, (task / "children").read_text().split())
    return found


@dataclass
class Sink:
    """An LMTP server that takes everything, or refuses the recipients named ``no@``."""

    port: int
    mails: list[bytes]
    breaks: int = 0
    """How many mails more are cut: the line ends in the middle of each, with half of it taken."""


@contextmanager
def sink(folder: Path) -> Iterator[Sink]:
    """It runs in a thread, on the loopback."""
    taken: list[bytes] = []
    here: list[Sink] = []

    class Client(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 sink LMTP\r\n")
            recipients = 0
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb in (b"LHLO", b"EHLO"):
                    self.wfile.write(b"250-sink\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 XFORWARD ADDR HELO\r\n")
                elif verb == b"RCPT" and b"<no@" in line:
                    self.wfile.write(b"550 5.1.1 nobody\r\n")
                elif verb == b"RCPT":
                    recipients += 1
                    self.wfile.write(b"250 2.1.5 fine\r\n")
                elif verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    if here[0].breaks > 0:
                        here[0].breaks -= 1
                        self.rfile.readline()
                        return
                    taken.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                    self.wfile.write(b"250 2.0.0 taken\r\n" * recipients)
                    recipients = 0
                elif verb == b"QUIT":
                    self.wfile.write(b"221 2.0.0 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 2.0.0 fine\r\n")

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Client) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            here.append(Sink(server.server_address[1], taken))
            yield here[0]
        finally:
            server.shutdown()
