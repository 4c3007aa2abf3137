"""A DNS server on loopback that answers for the whole world, by UDP and TCP; it recurses for nobody."""

from __future__ import annotations

import asyncio
import struct
from collections import Counter
from typing import cast

from spamworld.serve import names
from spamworld.serve.zones import Zones

_IDLE_S = 10.0


def reply(zones: Zones, packet: bytes, limit: int | None = None) -> bytes:
    """The answer to a packet; empty where silence is due. ``limit`` None means: what UDP allows."""
    try:
        question = names.read(packet)
    except names.Malformed:
        return names.refusal(packet, names.FORMERR)
    if question.flags & 0x7800:
        return names.refusal(packet, names.NOTIMP)
    code, answers, authority = zones.answer(question.name, question.kind)
    return names.write(question, code, answers, authority, question.room if limit is None else limit)


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, zones: Zones, counts: Counter[str]) -> None:
        self.zones, self.counts = zones, counts

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.counts["udp"] += 1
        if answer := reply(self.zones, data):
            self.transport.sendto(answer, addr)


class Server:
    """What was started: the port it has, how many questions came; ``close`` ends it."""

    def __init__(self, zones: Zones) -> None:
        self.zones = zones
        self.counts: Counter[str] = Counter()
        self.port = 0

    async def start(self, host: str, port: int) -> None:
        """Listen at the address by TCP and UDP; port 0 takes any free one."""
        self._tcp = await asyncio.start_server(self._stream, host, port)
        self.port = self._tcp.sockets[0].getsockname()[1]
        loop = asyncio.get_running_loop()
        self._udp, _ = await loop.create_datagram_endpoint(
            lambda: _Udp(self.zones, self.counts), local_addr=(host, self.port)
        )

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                async with asyncio.timeout(_IDLE_S):
                    (size,) = struct.unpack(">H", await reader.readexactly(2))
                    packet = await reader.readexactly(size)
                self.counts["tcp"] += 1
                answer = reply(self.zones, packet, 65535)
                if not answer:
                    break
                writer.write(struct.pack(">H", len(answer)) + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()

    async def close(self) -> None:
        self._udp.close()
        self._tcp.close()
        await self._tcp.wait_closed()
