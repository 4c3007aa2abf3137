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
from junkhound.kernel import clock, net
from junkhound.kernel.config import Config
from junkhound.kernel.errors import NotFound, Refused, UsageError
from junkhound.listing import advice
from junkhound.verbs.delisting import put_request
from junkhound.web.guard import Lean, OwnName, Patience, SafeHeaders
from junkhound.web.out import Out
from junkhound.web.show import Pages, as_json, static_folder

_NUMBER = re.compile(r"JH-\d{4}-\d{6,12}\Z")
_FRESH = {"cache-control": "public, max-age=300"}
_TYPES = {
    "json": "application/json", "index": "application/json", "jsonl": "application/jsonl",
    "stix": "application/stix+json;version=2.1", "intelmq": "application/jsonl", "csv": "text/csv; charset=utf-8",
}  # fmt: skip
_log = logging.getLogger("junkhound.web")


def public_app(settings: Config, at: int | None = None) -> Starlette:
    """The application; it opens no ledger and knows nothing that was not published."""
    return _Public(settings, at).app()


class _Public:
    """The answers of the public listener, one method for each route."""

    def __init__(self, settings: Config, at: int | None) -> None:
        self.settings, self.at = settings, at
        self.out = Out(settings)
        self.front = Pages(contact=settings.publish.contact or f"hostmaster@{settings.publish.zone}")
        self.say = self.front.sayer("public.html")
        self.clock = clock.SystemClock()

    def app(self) -> Starlette:
        """Routes behind the guards, outermost first."""
        names = frozenset(name.lower() for name in self.settings.web.public_names)
        return Starlette(
            routes=[
                Route("/", self.home),
                Route("/index.json", self.home_data),
                Route("/r", self.look),
                Route("/r/{number}.json", self.record_data),
                Route("/r/{number}", self.record_page),
                Route("/r/{number}/remove", self.remove, methods=["POST"]),
                Route("/files/{name:path}", self.file),
                Route("/robots.txt", self.robots),
                Mount("/static", StaticFiles(directory=static_folder())),
            ],
            middleware=[
                Middleware(SafeHeaders),
                Middleware(Lean, say=self.say, note=_note),
                *([Middleware(OwnName, names=names, say=self.say)] if names else []),
                Middleware(Patience, limit=1024, seconds=self.settings.web.request_s, say=self.say),
            ],
            exception_handlers={HTTPException: self.unrouted},
        )

    def now(self) -> int:
        return self.clock.now() if self.at is None else self.at

    def start(self) -> dict[str, Any]:
        """Lists with their rules, and the files that can be had."""
        files = self.out.files(self.now())
        rules = {
            name: listing.explain(listing.policy_of(name, self.settings.lists[name]))
            for name in sorted(self.out.public)
            if any(file.list == name for file in files)
        }
        shown = [{"name": f.name, "list": f.list, "size": f.size, "expires": f.expires} for f in files]
        return {"lists": [{"name": name, "rules": said} for name, said in rules.items()], "files": shown}

    def record(self, request: Request) -> dict[str, Any]:
        """One listing and what to do about it."""
        found = self.out.record(_number(str(request.path_params["number"]).upper()), self.now())
        return {"record": found, "advice": list(advice(found["class"])), "asking": may_be_asked(found)}

    def home(self, request: Request) -> Response:
        return _fresh(self.front.page("public-start.html", self.start()))

    def home_data(self, request: Request) -> Response:
        return _fresh(as_json(self.start()))

    def record_page(self, request: Request) -> Response:
        return _fresh(self.front.page("public-record.html", self.record(request)))

    def record_data(self, request: Request) -> Response:
        return _fresh(as_json(self.record(request)))

    def remove(self, request: Request) -> Response:
        """Leave word that the owner of a listed address wants it off; the service answers within a minute."""
        found = self.record(request)["record"]
        if not may_be_asked(found):
            contact = self.settings.publish.contact or f"hostmaster@{self.settings.publish.zone}"
            raise Refused("this listing does not come off by asking here", f"its abuse contact writes to {contact}")
        put_request(self.settings.home, str(found["number"]))
        return self.front.page("public-asked.html", {"record": found}, status=202)

    def look(self, request: Request) -> Response:
        return RedirectResponse(f"/r/{_number(request.query_params.get('q', '').strip().upper()[:40])}", 303)

    def file(self, request: Request) -> Response:
        found = self.out.file(str(request.path_params["name"]), self.now())
        headers = {**_FRESH, "etag": found.etag, "cross-origin-resource-policy": "cross-origin"}
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
        if found.etag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        kind = _TYPES.get(found.name.rpartition(".")[2], "text/plain; charset=utf-8")
        return FileResponse(found.path, headers=headers, media_type=kind)

    def robots(self, request: Request) -> Response:
        return Response("User-agent: *\nDisallow: /r/\n", media_type="text/plain")

    def unrouted(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        said = UsageError("this page can only be read") if status == 405 else NotFound("no such page", "begin at /")
        return self.say(said, request.url.path, status)


def may_be_asked(found: dict[str, Any]) -> bool:
    """Whether a listing stands and is of one address (IPv6: one customer's network): it may end at its owner's word."""
    if found.get("ended"):
        return False
    network = net.parse_network(str(found.get("network", "")))
    return network is not None and (network.bits == 128 or (not network.is_v4 and network.bits == 64))


def _number(text: str) -> str:
    """The number of a listing. Errors: UsageError."""
    if not _NUMBER.match(text):
        raise UsageError(f"not the number of a listing: {text!r}", "it looks like JH-2026-000123")
    return text


def _note(error: BaseException, path: str) -> None:
    _log.error("the page %r failed", path[:200], exc_info=error)


def _fresh(response: Response) -> Response:
    response.headers.update(_FRESH)
    return response
