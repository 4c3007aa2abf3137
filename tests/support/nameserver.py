"""A name server of one function, with faults: what a resolver or a forger on the way may do."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from junkhound.wire import dns

Reply = Callable[[str, int, bytes], list[bytes]]
"""From the name in lower case, the type and the packet to the datagrams that come back."""


def reply(packet: bytes, *addresses: str, code: int = 0, cut: bool = False) -> bytes:
    """An answer as a resolver gives it."""
    question = dns.question(packet)
    flags = 0x8180 | code | (0x0200 if cut else 0)
    head = packet[:2] + struct.pack(">5H", flags, 1, len(addresses), 0, 0)
    records = b"".join(
        b"\xc0\x0c" + struct.pack(">2HIH", dns.A, 1, 60, 4) + socket.inet_aton(words) for words in addresses
    )
    return head + question + records


def words_of(packet: bytes) -> tuple[str, int]:
    """The name, in lower case, and the type of a question."""
    at, labels = 12, []
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode("latin-1"))
        at += packet[at] + 1
    return ".".join(labels).lower(), packet[at + 1] << 8 | packet[at + 2]


class Named:
    """What is served: its port, how often each name was asked, by UDP and by TCP."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: dict[str, int] = {}
        self.tcp: list[str] = []
        self.ports: set[int] = set()
        self.cases: set[bytes] = set()


@contextlib.contextmanager
def serving(answer: Reply, over_tcp: Reply | None = None) -> Iterator[Named]:
    """The server in threads on a free port of 127.0.0.1."""
    with contextlib.ExitStack() as stack:
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        udp.bind(("127.0.0.1", 0))
        udp.settimeout(0.1)
        tcp = stack.enter_context(socket.socket())
        tcp.bind(udp.getsockname())
        tcp.listen()
        tcp.settimeout(0.1)
        named, stop = Named(udp.getsockname()[1]), threading.Event()
        threads = [
            threading.Thread(target=_udp, args=(udp, answer, named, stop)),
            threading.Thread(target=_tcp, args=(tcp, over_tcp or answer, named, stop)),
        ]
        for thread in threads:
            thread.start()
        try:
            yield named
        finally:
            stop.set()
            for thread in threads:
                thread.join(5)


def _udp(sock: socket.socket, answer: Reply, named: Named, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            packet, client = sock.recvfrom(4096)
        except TimeoutError:
            continue
        name, kind = words_of(packet)
        named.asked[name] = named.asked.get(name, 0) + 1
        named.ports.add(client[1])
        named.cases.add(dns.question(packet))
        for one in answer(name, kind, packet):
            sock.sendto(one, client)


def _tcp(listener: socket.socket, answer: Reply, named: Named, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            sock, _ = listener.accept()
        except TimeoutError:
            continue
        with sock:
            sock.settimeout(5)
            size = struct.unpack(">H", sock.recv(2))[0]
            packet = sock.recv(size)
            name, kind = words_of(packet)
            named.tcp.append(name)
            for one in answer(name, kind, packet):
                sock.sendall(struct.pack(">H", len(one)) + one)
