"""The guard by HTTP, for programs on this machine that look at mail themselves: rspamd, SpamAssassin.

``POST /check`` takes one mail as it is and answers ``{"verdict": "junk", "score": 0.998, "reason": "...", ...}`` within
the deadline. ``Client``, ``Helo`` and ``Recipient`` fields of the request tell of the session, where there
was one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from junkhound.kernel import net
from junkhound.kernel.clock import SystemClock
from junkhound.service.guard.desk import Desk
from junkhound.wire.facts import Envelope, Facts, Origin, Session


def guard_app(desk: Desk) -> Starlette:
    """The application. It answers only under names of this machine, so that no page of a browser can ask it."""

    async def check(request: Request) -> JSONResponse:
        mail = bytearray()
        most = desk.config.size_mb * 1_000_000
        async for piece in request.stream():
            mail += piece[: most - len(mail)]
        found = await desk.opinion(bytes(mail), facts_of(request))
        desk.became(found, [request.headers.get("recipient", "").encode("latin-1", "replace")], refused=False)
        return JSONResponse({
            "verdict": str(found.word), "score": round(found.score, 4), "reason": found.reason,
            "listed": found.listed, "campaign": found.campaign,
        })  # fmt: skip

    async def healthy(_: Request) -> JSONResponse:
        counts = desk.counts
        return JSONResponse({name: getattr(counts, name) for name in ("junk", "good", "none", "late", "failed")})

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        desk.open()
        try:
            yield
        finally:
            desk.close()

    return Starlette(
        routes=[Route("/check", check, methods=["POST"]), Route("/healthz", healthy)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])],
        lifespan=life,
    )


def facts_of(request: Request) -> Facts | None:
    """What the asking program knows of the session; None for a mail that was stored."""
    address = net.parse(request.headers.get("client", "").removeprefix("[").removesuffix("]"))
    if address is None:
        return None
    helo = request.headers.get("helo")
    return Facts(
        Origin(address.packed, SystemClock().now(), "guard"),
        Envelope(),
        Session(helo=helo.encode("latin-1", "replace")[:255] if helo else None),
    )
