"""What stands before every page: who may ask, under which name, from where, how much and how slowly.

Plain ASGI, so that no route can be added around it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from junkhound.kernel.errors import JunkhoundError, Refused, Temporary, UsageError
from junkhound.verbs.access import Doors

Say = Callable[[JunkhoundError, str, int], Response]
"""An error, the path that was asked for and the status, as a page or as JSON."""

LOOPBACK_NAMES = frozenset(("127.0.0.1", "localhost", "[::1]"))

# Nothing is loaded but our own style sheet and pictures; nothing is run, framed or sent elsewhere.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


class SafeHeaders:
    """Sets the headers that every answer has, unless the page set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)


class Patience:
    """Refuses a body beyond ``limit`` bytes (413) or one that takes too long to arrive (408)."""

    def __init__(self, app: ASGIApp, limit: int, seconds: float, say: Say) -> None:
        self.app, self.limit, self.seconds, self.say = app, limit, seconds, say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self.seconds):
                body = await self._body(scope, receive)
        except TimeoutError:
            error = UsageError("the request took too long to arrive", f"{self.seconds:g} seconds are given")
            await self.say(error, scope["path"], 408)(scope, receive, send)
            return
        if body is None:
            error = UsageError(
                f"more than {self.limit >> 20} MB were sent", "paste the header and the first part alone"
            )
            response = self.say(error, scope["path"], 413)
            response.headers["connection"] = "close"
            await response(scope, receive, send)
            return
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, again, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        stated = Headers(scope=scope).get("content-length", "0")
        if stated.isdigit() and int(stated[:15]) > self.limit:
            return None
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b"".join(parts)
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self.limit:
                return None
            if not message.get("more_body"):
                return b"".join(parts)


class OwnName:
    """Answers only under its own names, so that a stranger's name made to point here (DNS rebinding) gets nothing."""

    def __init__(self, app: ASGIApp, names: Collection[str], say: Say) -> None:
        self.app, self.names, self.say = app, frozenset(names), say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            hosts = Headers(scope=scope).getlist("host")
            if len(hosts) != 1 or name_in(hosts[0]) not in self.names:
                shown = ", ".join(hosts)[:200]
                error = Refused(f"this is not {shown!r}", "open the address that was printed at the start")
                await self.say(error, scope["path"], 421)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def name_in(host: str) -> str:
    """The name of a Host field without its port, lower case."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


class SameOrigin:
    """Lets a form be sent only from our own pages: checks Origin and Sec-Fetch-Site of everything that is no GET.

    Browsers write both themselves; a program that writes neither has to say ``Origin`` to show that it knows.
    """

    def __init__(self, app: ASGIApp, say: Say) -> None:
        self.app, self.say = app, say

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD") and not _ours(scope):
            error = Refused("the form was sent from another site", "open the page here and send it again")
            await self.say(error, scope["path"], 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _ours(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    origin, site = headers.get("origin"), headers.get("sec-fetch-site")
    here = f"{scope['scheme']}://{headers.get('host', '')}".lower()
    if site is not None and site != "same-origin":
        return False
    if origin is None or origin == "null":  # a page without a referrer sends null; then the other field must speak
        return site == "same-origin"
    return origin.lower() == here


class MembersOnly:
    """Lets nobody in without a session, but to the ``open`` paths and to what stands below ``folders``."""

    def __init__(
        self, app: ASGIApp, doors: Doors, cookie: str, say: Say, open_paths: Iterable[str], folders: tuple[str, ...]
    ) -> None:
        self.app, self.doors, self.cookie, self.say = app, doors, cookie, say
        self.open_paths, self.folders = frozenset(open_paths), folders

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        free = path in self.open_paths or (path.startswith(self.folders) and ".." not in path)
        if scope["type"] == "http" and not free and not self.doors.known(session_of(scope, self.cookie)):
            error = Refused(
                "these pages are for the operator of this machine",
                "junkhound web --link prints a link that lets one browser in",
            )
            await self.say(error, path, 403)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def session_of(scope: Scope, cookie: str) -> str:
    """The secret of the session that the browser carries; empty without one."""
    words = Headers(scope=scope).get("cookie", "")
    return cookie_parser(words[:8000]).get(cookie, "")


class Lean:
    """Turns what a verb refused into its page, and everything unforeseen into a plain 500 that tells nothing."""

    def __init__(self, app: ASGIApp, say: Say, note: Callable[[BaseException, str], Any]) -> None:
        self.app, self.say, self.note = app, say, note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except JunkhoundError as error:
            if begun:
                raise
            await self.say(error, scope["path"], error.http_status)(scope, receive, send)
        except Exception as error:
            self.note(error, scope.get("path", ""))
            if begun:
                raise
            failed = Temporary("this page could not be made", "the log says why")
            await self.say(failed, scope["path"], 500)(scope, receive, send)
