"""A browser of a few lines: calls an ASGI application in this process and keeps its cookies."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

HOST = "127.0.0.1:8025"


class Answer(NamedTuple):
    """Status, headers (lower case, the last of each name) and body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """One visitor of one application."""

    def __init__(self, app: Any, host: str = HOST) -> None:
        self.app, self.host = app, host
        self.cookies: dict[str, str] = {}

    def get(self, url: str, headers: dict[str, str] | None = None, method: str = "GET") -> Answer:
        return self.ask(method, url, headers or {})

    def post(self, url: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """A POST as our own page would send it, but for the headers given (None leaves one out)."""
        given = {"origin": f"http://{self.host}", "content-type": "message/rfc822", **(headers or {})}
        return self.ask("POST", url, {name: value for name, value in given.items() if value is not None}, body)

    def form(self, url: str, **fields: str) -> Answer:
        return self.post(url, urlencode(fields).encode(), {"content-type": "application/x-www-form-urlencoded"})

    def ask(self, method: str, url: str, headers: dict[str, str], body: bytes = b"", chunk: int = 65536) -> Answer:
        parts = urlsplit(url)
        sent = {"host": self.host, **headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope = {
            "type": "http", "http_version": "1.1", "asgi": {"version": "3.0"}, "method": method, "scheme": "http",
            "path": parts.path, "raw_path": parts.path.encode("utf-8", "replace"),
            "query_string": parts.query.encode("utf-8", "surrogateescape"),
            "root_path": "", "headers": [(k.encode(), v.encode("latin-1", "replace")) for k, v in sent.items()],
            "client": ("127.0.0.1", 40000), "server": ("127.0.0.1", 8025), "state": {},
        }  # fmt: skip
        return asyncio.run(self._ask(scope, body, chunk))

    async def _ask(self, scope: dict[str, Any], body: bytes, chunk: int) -> Answer:
        pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)] or [b""]
        place, status, got = 0, 0, bytearray()
        headers: dict[str, str] = {}

        async def receive() -> dict[str, Any]:
            nonlocal place
            place += 1
            if place > len(pieces):
                await asyncio.Event().wait()  # a client that waits for its answer
            return {"type": "http.request", "body": pieces[place - 1], "more_body": place < len(pieces)}

        async def send(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                for name, value in message["headers"]:
                    if name == b"set-cookie":
                        self._keep(value.decode())
                    headers[name.decode()] = value.decode()
            elif message["type"] == "http.response.body":
                got.extend(message.get("body", b""))

        await self.app(scope, receive, send)
        return Answer(status, headers, bytes(got))

    def _keep(self, words: str) -> None:
        name, _, value = words.partition(";")[0].partition("=")
        if "max-age=0" in words.lower() or value in ("", '""'):
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
