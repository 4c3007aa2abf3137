"""An RDAP server on loopback: HTTP/1.1 GET, answers of RFC 9083, 404 for what is not registered (RFC 7480)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any
from urllib.parse import unquote, urlsplit

from spamworld.serve.registry import CONFORMANCE, Registry

_IDLE_S = 10.0
_LONGEST = 8192
_PHRASES = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 429: "Too Many Requests"}


def respond(registry: Registry, target: str) -> tuple[int, dict[str, Any]]:
    """(status, JSON object) for the target of a GET."""
    path = unquote(urlsplit(target).path)
    if path.strip("/") == "help":
        text = "a simulated registry: nothing in it is real"
        return 200, {"rdapConformance": CONFORMANCE, "notices": [{"title": "About", "description": [text]}]}
    try:
        found = registry.find(path)
    except ValueError:
        return 400, _error(400, "not a path of RFC 9082")
    if found is None:
        return 404, _error(404, "nothing of that name is registered")
    return 200, {"rdapConformance": CONFORMANCE, **found}


def _error(code: int, title: str) -> dict[str, Any]:
    return {"rdapConformance": CONFORMANCE, "errorCode": code, "title": title}


class Server:
    """What was started; ``per_minute`` > 0 answers 429 to one who asks oftener (RFC 7480 section 5.5)."""

    def __init__(self, registry: Registry, per_minute: int = 0) -> None:
        self.registry, self.per_minute = registry, per_minute
        self.counts: Counter[str] = Counter()
        self.port = 0
        self._asked: list[float] = []

    async def start(self, host: str, port: int) -> None:
        """Listen at the address; port 0 takes any free one."""
        self._server = await asyncio.start_server(self._stream, host, port, limit=_LONGEST)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            again = True
            while again:
                async with asyncio.timeout(_IDLE_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                again = self._one(head, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ConnectionError):
            pass
        finally:
            writer.close()

    def _one(self, head: bytes, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; whether the connection goes on."""
        request, *fields = head.decode("latin-1").split("\r\n")
        words = request.split(" ")
        extra = ""
        if len(words) != 3:
            status, answer = 400, _error(400, "not a request")
        elif words[0] not in ("GET", "HEAD"):
            status, answer = 405, _error(405, "GET and HEAD are answered")
        elif self._too_often():
            status, answer, extra = 429, _error(429, "too many questions"), "Retry-After: 60\r\n"
        else:
            status, answer = respond(self.registry, words[1])
        self.counts[str(status)] += 1
        body = json.dumps(answer, ensure_ascii=False).encode()
        ends = status in (400, 405) or any(f.lower().replace(" ", "") == "connection:close" for f in fields)
        lines = f"HTTP/1.1 {status} {_PHRASES[status]}\r\nContent-Type: application/rdap+json\r\n{extra}"
        lines += f"Content-Length: {len(body)}\r\n{'Connection: close' if ends else 'Connection: keep-alive'}\r\n\r\n"
        writer.write(lines.encode() + (b"" if words[0] == "HEAD" else body))
        return not ends

    def _too_often(self) -> bool:
        if not self.per_minute:
            return False
        now = asyncio.get_running_loop().time()
        self._asked = [at for at in self._asked if now - at < 60]
        if len(self._asked) >= self.per_minute:
            return True
        self._asked.append(now)
        return False

    async def close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
