"""The public pages: why an address is listed and what to do about it, and the published files. Reads ``out/`` only."""

from __future__ import annotations

import logging
import re
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from junkhound import listing
from junkhound.kernel import clock
from junkhound.kernel.config import Config
from junkhound.kernel.errors import NotFound, UsageError
from junkhound.web.advice import advice
from junkhound.web.guard import Lean, OwnName, Patience, SafeHeaders
from junkhound.web.out import Out
from junkhound.web.show import Pages, as_json, static_folder

_NUMBER = re.compile(r"JH-\d{4}-\d{6,12}\Z")
_FRESH = {"cache-control": "public, max-age=300"}
_log = logging.getLogger("junkhound.web")


def public_app(settings: Config, at: int | None = None) -> Starlette:
    """The application; it opens no ledger and knows nothing that was not published."""
    out = Out(settings)
    front = Pages(contact=settings.publish.contact or f"hostmaster@{settings.publish.zone}")
    say = front.sayer("public.html")
    system = clock.SystemClock()

    def now() -> int:
        return system.now() if at is None else at

    def start() -> dict[str, Any]:
        files = out.files(now())
        rules = {
            name: listing.explain(listing.policy_of(name, settings.lists[name]))
            for name in sorted(out.public)
            if any(file.list == name for file in files)
        }
        shown = [{"name": f.name, "list": f.list, "size": f.size, "expires": f.expires} for f in files]
        return {"lists": [{"name": name, "rules": said} for name, said in rules.items()], "files": shown}

    def record(request: Request) -> dict[str, Any]:
        number = str(request.path_params["number"]).upper()
        if not _NUMBER.match(number):
            raise UsageError(f"not the number of a listing: {number!r}", "it looks like JH-2026-000123")
        found = out.record(number, now())
        return {"record": found, "advice": list(advice(found["class"]))}

    def home(request: Request) -> Response:
        return _fresh(front.page("public-start.html", start()))

    def home_data(request: Request) -> Response:
        return _fresh(as_json(start()))

    def record_page(request: Request) -> Response:
        return _fresh(front.page("public-record.html", record(request)))

    def record_data(request: Request) -> Response:
        return _fresh(as_json(record(request)))

    def look(request: Request) -> Response:
        number = request.query_params.get("q", "").strip().upper()[:40]
        if not _NUMBER.match(number):
            raise UsageError(f"not the number of a listing: {number!r}", "it looks like JH-2026-000123")
        return RedirectResponse(f"/r/{number}", 303)

    def file(request: Request) -> Response:
        found = out.file(str(request.path_params["name"]), now())
        headers = {**_FRESH, "etag": found.etag, "cross-origin-resource-policy": "cross-origin"}
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
        if found.etag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        kind = "application/json" if found.name.endswith(".json") else "text/plain; charset=utf-8"
        return FileResponse(found.path, headers=headers, media_type=kind)

    def robots(request: Request) -> Response:
        return Response("User-agent: *\nDisallow: /r/\n", media_type="text/plain")

    def unrouted(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        said = UsageError("this page can only be read") if status == 405 else NotFound("no such page", "begin at /")
        return say(said, request.url.path, status)

    names = frozenset(name.lower() for name in settings.web.public_names)
    return Starlette(
        routes=[
            Route("/", home),
            Route("/index.json", home_data),
            Route("/r", look),
            Route("/r/{number}.json", record_data),
            Route("/r/{number}", record_page),
            Route("/files/{name}", file),
            Route("/robots.txt", robots),
            Mount("/static", StaticFiles(directory=static_folder())),
        ],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(
                Lean, say=say, note=lambda error, path: _log.error("the page %r failed", path[:200], exc_info=error)
            ),
            *([Middleware(OwnName, names=names, say=say)] if names else []),
            Middleware(Patience, limit=1024, seconds=settings.web.request_s, say=say),
        ],
        exception_handlers={HTTPException: unrouted},
    )


def _fresh(response: Response) -> Response:
    response.headers.update(_FRESH)
    return response
