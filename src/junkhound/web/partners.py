"""The listener for enrolled partners: TAXII, guard packs, what sensors report. Every request carries a token."""

from __future__ import annotations

import base64
import binascii
import json
import logging
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from junkhound.kernel.errors import JunkhoundError, NotFound, Refused
from junkhound.ledger.partners import Partner
from junkhound.verbs import guard_pack, partners
from junkhound.verbs.office import Office
from junkhound.web.guard import Lean, Patience, SafeHeaders
from junkhound.web.taxii import MEDIA, Taxii

_log = logging.getLogger("junkhound.web")


def partners_app(office: Office) -> Starlette:
    """The application; no route of another listener is in it, and none of it in another."""
    settings = office.config.partners
    sensors = _Sensors(office)
    return Starlette(
        routes=[
            *Taxii(office).routes(),
            Route("/sensor/v1/segments/{segment}", sensors.segment, methods=["PUT"]),
            Route("/guard/v1/pack", _Guards(office).pack),
            Route("/sensor/v1/evidence/{sighting}", sensors.evidence, methods=["PUT"]),
        ],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(Lean, say=_say, note=_note),
            Middleware(Enrolled, office=office),
            Middleware(Patience, limit=settings.limit_mb << 20, seconds=settings.request_s, say=_say),
        ],
        exception_handlers={404: _nothing, 405: _nothing},
    )


class Enrolled:
    """Lets nobody in without a token that is known, before a byte of the body is read."""

    def __init__(self, app: ASGIApp, office: Office) -> None:
        self.app, self.office = app, office

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        token = token_of(Headers(scope=scope).get("authorization", ""))
        partner = partners.known(self.office, token) if token else None
        if partner is None:
            response = _say(Refused("no partner has this token", "ask for one"), scope["path"], 401)
            response.headers["www-authenticate"] = 'Basic realm="Junkhound partners", charset="UTF-8"'
            await response(scope, receive, send)
            return
        if scope["path"].startswith("/taxii2/") and "taxii" not in partner.may:
            await _say(Refused(f"{partner.name} may not fetch"), scope["path"], 403)(scope, receive, send)
            return
        scope.setdefault("state", {})["partner"] = partner
        await self.app(scope, receive, send)


def token_of(header: str) -> str:
    """The token of a request: as a bearer's, or as the password of any user, which TAXII clients can send."""
    scheme, _, words = header[:4096].partition(" ")
    if scheme.lower() == "bearer":
        return words.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(words.strip(), validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


class _Sensors:
    """What sensors send."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def segment(self, request: Request) -> Response:
        body = await request.body()
        taken = await _apart(partners.take, self._office, _partner(request), body, str(request.path_params["segment"]))
        answer = {"word": taken.word, "rows": taken.rows, "new": taken.new, "left_out": taken.left_out}
        return Response(json.dumps(answer), 201 if taken.word == "taken" else 200, media_type="application/json")

    async def evidence(self, request: Request) -> Response:
        body = await request.body()
        name = str(request.path_params["sighting"])
        new = await _apart(partners.take_evidence, self._office, _partner(request), body, name)
        return Response(json.dumps({"new": new}), 201 if new else 200, media_type="application/json")


class _Guards:
    """What enrolled guards fetch: the newest pack, or the difference from the one that they have."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def pack(self, request: Request) -> Response:
        if "guard" not in _partner(request).may:
            raise Refused(f"{_partner(request).name} may not fetch packs", "junkhound partners enroll --may guard")
        since = request.query_params.get("since", "")
        number = int(since) if since.isascii() and since.isdigit() and len(since) <= 10 else None
        found = await _apart(guard_pack.edition, self._office, number)
        headers = {"etag": found.tag, guard_pack.NAME: found.path.name, "cache-control": "private, no-cache"}
        if found.signature:
            headers[guard_pack.SIGNED] = found.signature
        if request.headers.get("if-none-match") == found.tag:
            return Response(status_code=304, headers=headers)
        return FileResponse(found.path, headers=headers, media_type="application/octet-stream")


async def _apart(work: Any, *arguments: Any) -> Any:
    """Work that takes its time, in a thread: others are answered meanwhile."""
    from starlette.concurrency import run_in_threadpool

    return await run_in_threadpool(work, *arguments)


def _partner(request: Request) -> Partner:
    partner = request.state.partner
    assert isinstance(partner, Partner)
    return partner


def _say(error: JunkhoundError, path: str, status: int) -> Response:
    """An error as TAXII tells it, or as all of our JSON does."""
    if path.startswith("/taxii2/"):
        body: dict[str, Any] = {"title": error.message, "http_status": str(status)}
        return Response(json.dumps(body), status, {"content-type": MEDIA})
    body = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
    return Response(json.dumps(body), status, media_type="application/json")


def _nothing(request: Request, error: Exception) -> Response:
    return _say(NotFound("there is no such thing here"), request.url.path, getattr(error, "status_code", 404))


def _note(error: BaseException, path: str) -> None:
    _log.error("the request %r failed", path[:200], exc_info=error)
