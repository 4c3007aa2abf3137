"""The operator's pages: everything that is known, for whoever runs this machine and nobody else."""

from __future__ import annotations

import contextlib
import logging
import re
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import quote

import anyio.to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from junkhound.kernel.config import Config
from junkhound.kernel.errors import JunkhoundError, NotFound, Refused, UsageError
from junkhound.verbs.access import Doors
from junkhound.web import complaining, groups, guard, inboxes, metrics, pages
from junkhound.web.desk import Desk, Fields
from junkhound.web.guard import LOOPBACK_NAMES, Lean, MembersOnly, OwnName, Patience, SafeHeaders, SameOrigin
from junkhound.web.show import Pages, as_json, static_folder

_FORM_ROOM = 1 << 20  # what a form adds to the mail in it
_THREADS = 4  # questions to the ledger at a time
_NEXT = re.compile(r"/(?:[A-Za-z0-9._~:@%=&?+-]+/?)*\Z")
_log = logging.getLogger("junkhound.web")

Maker = Callable[..., Fields]


def operator_app(settings: Config, at: int | None = None, port: int = 0) -> Starlette:
    """The application; ``at`` pins its moment, ``port`` names its cookie, which browsers share between ports."""
    return _Operator(settings, at, port).app()


class _Operator:
    """The answers of the operator's listener, one method for each kind of route."""

    def __init__(self, settings: Config, at: int | None, port: int) -> None:
        self.settings = settings
        self.desk, self.front, self.doors = Desk(settings, at), Pages(), Doors(settings)
        self.cookie = f"junkhound-{port}"
        self.served: Counter[str] = Counter()
        self.say = self.front.sayer("base.html")
        self.mail_limit = settings.web.mail_limit_mb << 20

    def app(self) -> Starlette:
        """Routes behind the guards, outermost first."""
        return Starlette(
            routes=self.routes(), middleware=self.guards(), exception_handlers={HTTPException: self.unrouted},
            lifespan=self.life,
        )  # fmt: skip

    def routes(self) -> list[Route | Mount]:
        """Every path; each page of ``_PAGES`` also as JSON."""
        found: list[Route | Mount] = [
            Route("/enter", self.enter),
            Route("/leave", self.leave, methods=["POST"]),
            Route("/healthz", self.health),
            Route("/readyz", self.ready),
            Route("/metrics", self.counters),
            Route("/search", self.search),
            Route("/trace", self.paste, methods=["GET"]),
            Route("/trace", self.trace, methods=["POST"]),
            Route("/trace.json", self.trace, methods=["POST"]),
        ]
        for path, template, make in _PAGES:
            html, data = self.page(template, make)
            # the form with .json first: an address in the path would swallow its end
            found += [Route("/overview.json" if path == "/" else f"{path}.json", data), Route(path, html)]
        return [*found, Mount("/static", StaticFiles(directory=static_folder()))]

    def guards(self) -> list[Middleware]:
        """What a request passes before any route sees it."""
        names = {*LOOPBACK_NAMES, *(name.lower() for name in self.settings.web.names)}
        room, seconds = 3 * self.mail_limit + _FORM_ROOM, self.settings.web.request_s
        return [
            Middleware(_Counted, served=self.served),
            Middleware(SafeHeaders),
            Middleware(Lean, say=self.say, note=_note),
            Middleware(OwnName, names=names, say=self.say),
            Middleware(
                MembersOnly, doors=self.doors, cookie=self.cookie, say=self.say,
                open_paths=("/enter", "/healthz", "/readyz", "/metrics"), folders=("/static/",),
            ),
            Middleware(SameOrigin, say=self.say),
            Middleware(Patience, limit=room, seconds=seconds, say=self.say),
        ]  # fmt: skip

    def page(self, template: str, make: Maker) -> tuple[Callable[[Request], Response], Callable[[Request], Response]]:
        """One page as HTML and as JSON."""

        def fields(request: Request) -> Fields:
            ask = {name: value for name, value in request.query_params.items() if name in _ASKED}
            return make(self.desk, ask, **request.path_params)

        def html(request: Request) -> Response:
            return self.front.page(template, fields(request), path=request.url.path, asked=_carried(request))

        def data(request: Request) -> Response:
            return as_json(fields(request))

        return html, data

    def search(self, request: Request) -> Response:
        return RedirectResponse(pages.search(self.desk, request.query_params.get("q", "")), 303)

    def paste(self, request: Request) -> Response:
        return self._trace_page(None, "", "")

    async def trace(self, request: Request) -> Response:
        payload, relays, mailbox = await _handed_in(request, self.mail_limit)
        found = await run_in_threadpool(pages.trace, self.desk, payload, relays, mailbox)
        return as_json(found) if request.url.path.endswith(".json") else self._trace_page(found, relays, mailbox)

    def _trace_page(self, found: Fields | None, relays: str, mailbox: str) -> Response:
        fields = {
            "mailboxes": sorted(self.settings.mailboxes),
            "limit": self.settings.web.mail_limit_mb,
            "found": found,
        }
        asked = {"relays": relays, "mailbox": mailbox}
        return _own_referrer(self.front.page("trace.html", {**fields, **asked}, path="/trace"))

    def enter(self, request: Request) -> Response:
        purpose = request.headers.get("sec-purpose", request.headers.get("purpose", ""))
        if request.method != "GET" or "prefetch" in purpose:
            raise Refused("a link is not opened ahead of time", "open it yourself")
        session = self.doors.enter(request.query_params.get("token", ""))
        if session is None:
            raise Refused("this link was used or has ended", "junkhound web --link prints another")
        after = request.query_params.get("next", "/")
        response = RedirectResponse(after if _NEXT.match(after) else "/", 303)
        response.set_cookie(self.cookie, session, httponly=True, samesite="strict", path="/")
        return response

    def leave(self, request: Request) -> Response:
        self.doors.leave(guard.session_of(request.scope, self.cookie))
        response = self.front.page("left.html", {})
        response.delete_cookie(self.cookie, path="/", httponly=True, samesite="strict")
        return response

    def health(self, request: Request) -> Response:
        return Response("ok\n", media_type="text/plain")

    def ready(self, request: Request) -> Response:
        try:
            self.desk.ready()
        except JunkhoundError as error:
            return as_json({"error": {"code": error.code, "message": error.message, "hint": error.hint}}, 503)
        except Exception as error:
            _note(error, "/readyz")
            return as_json({"error": {"code": "temporary", "message": "the ledger does not answer", "hint": None}}, 503)
        return Response("ready\n", media_type="text/plain")

    def counters(self, request: Request) -> Response:
        own = {f'web_answers_total{{status="{status}"}}': float(count) for status, count in self.served.items()}
        text = metrics.exposed([self.settings.home / "run"], own)
        return Response(text, headers={"content-type": "text/plain; version=0.0.4; charset=utf-8"})

    @contextlib.asynccontextmanager
    async def life(self, app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        yield
        self.desk.close()

    def unrouted(self, request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 404
        return self.say(unmet(request, status), request.url.path, status)


_ASKED = frozenset(("at", "by", "country", "asn", "since", "until", "kind", "limit", "page", "status"))
_PAGES: tuple[tuple[str, str, Maker], ...] = (
    ("/", "overview.html", pages.overview),
    ("/sources", "sources.html", pages.ranking),
    ("/address/{text}", "address.html", pages.address),
    ("/sighting/{identity}", "sighting.html", pages.sighting),
    ("/record/{number}", "record.html", pages.record),
    ("/network/{asn}", "place.html", pages.network),
    ("/country/{code}", "place.html", pages.country),
    ("/touts", "touts.html", groups.all_touts),
    ("/tout/{name}", "tout.html", groups.tout),
    ("/campaigns", "campaigns.html", groups.all_campaigns),
    ("/campaign/{name}", "campaign.html", groups.campaign),
    ("/botnets", "botnets.html", groups.all_botnets),
    ("/botnet/{name}", "botnet.html", groups.botnet),
    ("/actors", "actors.html", groups.all_actors),
    ("/actor/{name}", "actor.html", groups.actor),
    ("/entity/{kind}/{key}", "entity.html", groups.entity),
    ("/complaints", "complaints.html", complaining.every),
    ("/complaint/{number}", "complaint.html", complaining.one),
    ("/inboxes", "inboxes.html", inboxes.counts),
    ("/lists", "lists.html", pages.all_lists),
    ("/lists/{name}", "list.html", pages.one_list),
)


def unmet(request: Request, status: int) -> JunkhoundError:
    """What the router or the form's reader refused, in our words."""
    if status == 405:
        return UsageError(f"{request.url.path!r} takes no {request.method}")
    if status == 404:
        return NotFound(f"no page {request.url.path!r}", "begin at /")
    return UsageError("the request cannot be read", "is the form complete, and the mail not too large?")


def _carried(request: Request) -> str:
    """The moment that was asked about, for the links of the page."""
    at = request.query_params.get("at")
    return f"?at={quote(at, safe='')}" if at else ""


def _own_referrer(response: Response) -> Response:
    """A form's page: without a referrer of its own, browsers send its answer with ``Origin: null``."""
    response.headers["referrer-policy"] = "same-origin"
    return response


async def _handed_in(request: Request, limit: int) -> tuple[bytes, str, str]:
    """(mail, relays, mailbox) of a form, or of a body that is the mail itself. Errors: UsageError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        async with request.form(max_files=1, max_fields=8, max_part_size=limit + 1) as form:
            file = form.get("file")
            payload = await file.read(limit + 1) if isinstance(file, UploadFile) else b""
            payload = payload or str(form.get("mail", "")).encode("utf-8", "replace")
            relays, mailbox = str(form.get("relays", ""))[:4000], str(form.get("mailbox", ""))[:200]
    else:
        payload = await request.body()
        relays = request.query_params.get("relay", "")[:4000]
        mailbox = request.query_params.get("mailbox", "")[:200]
    if not payload.strip():
        raise UsageError("no mail was handed in", "paste a mail with its headers, or choose its file")
    if len(payload) > limit:
        raise UsageError(f"the mail is larger than {limit >> 20} MB", "its header and first part are enough")
    return payload, relays, mailbox


def _note(error: BaseException, path: str) -> None:
    """What failed goes to the log; the path is a stranger's text."""
    _log.error("the page %r failed", path[:200], exc_info=error)


class _Counted:
    """Counts answers by status."""

    def __init__(self, app: ASGIApp, served: Counter[str]) -> None:
        self.app, self.served, self._lock = app, served, threading.Lock()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def counted(message: Any) -> None:
            if message["type"] == "http.response.start":
                with self._lock:
                    self.served[str(message["status"])] += 1
            await send(message)

        await self.app(scope, receive, counted)
