"""TAXII 2.1 for partners: discovery, one API root, a collection for each shared list, stable pages.

A page ends behind a moment, not at a place: what is added later has a later moment, so that nobody who is paging misses
or doubles anything. Source: TAXII 2.1, OASIS Standard, 10 June 2021.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from junkhound.kernel import clock
from junkhound.kernel.config_partners import TLPS
from junkhound.kernel.errors import JunkhoundError
from junkhound.ledger.partners import Object
from junkhound.verbs import sharing
from junkhound.verbs.office import Office
from junkhound.verbs.sharing import Collection

MEDIA = "application/taxii+json;version=2.1"
STIX = "application/stix+json;version=2.1"
PAGE = 1_000
MOST = 10_000
ROOT = "lists"
_ACCEPTED = re.compile(
    r"(?:application/taxii\+json(?:\s*;\s*version=2\.1)?|application/\*|\*/\*)\s*(?:;\s*q=[\d.]+)?\Z"
)
_KNOWN = frozenset(
    ("added_after", "limit", "next", "match[id]", "match[type]", "match[version]", "match[spec_version]")
)


class Taxii:
    """The answers to partners that may fetch."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._seen: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def routes(self) -> list[Route]:
        """All paths, with the slash at the end that the standard asks for."""
        top = f"/taxii2/{ROOT}/collections/{{collection}}"
        return [
            Route("/taxii2/", self.discovery),
            Route(f"/taxii2/{ROOT}/", self.root),
            Route(f"/taxii2/{ROOT}/status/{{status}}/", self.status),
            Route(f"/taxii2/{ROOT}/collections/", self.collections),
            Route(f"{top}/", self.collection),
            Route(f"{top}/manifest/", self.manifest),
            Route(f"{top}/objects/", self.objects, methods=["GET", "POST"]),
            Route(f"{top}/objects/{{object}}/", self.object, methods=["GET", "DELETE"]),
            Route(f"{top}/objects/{{object}}/versions/", self.versions),
        ]

    # --- what there is ------------------------------------------------------------------------------------

    def discovery(self, request: Request) -> Response:
        here = f"/taxii2/{ROOT}/"
        about = {"title": "Junkhound", "description": "block lists of one operator", "default": here}
        contact = self._office.config.publish.contact
        return _answer(request, {**about, **({"contact": contact} if contact else {}), "api_roots": [here]})

    def root(self, request: Request) -> Response:
        return _answer(request, {"title": "lists", "versions": [MEDIA], "max_content_length": 1 << 20})

    def status(self, request: Request) -> Response:
        return _error(404, "there is no such status: nothing can be added here")

    def collections(self, request: Request) -> Response:
        every = [_about(one) for one in self._shown(request)]
        return _answer(request, {"collections": every} if every else {})

    def collection(self, request: Request) -> Response:
        found = self._find(request)
        return _error(404, "there is no such collection") if found is None else _answer(request, _about(found))

    def _find(self, request: Request) -> Collection | None:
        wanted = request.path_params["collection"]
        return next((one for one in self._shown(request) if one.id == wanted), None)

    def _shown(self, request: Request) -> list[Collection]:
        """The collections that this partner may see by their marking."""
        most = TLPS.index(request.state.partner.tlp)
        return [one for one in sharing.collections(self._office.config) if TLPS.index(one.tlp) <= most]

    # --- objects ------------------------------------------------------------------------------------------

    def objects(self, request: Request) -> Response:
        if request.method == "POST":
            return _error(403, "nothing can be added to this collection")
        return self._page(request, lambda page: {"objects": [one.content for one in page]}, "last")

    def manifest(self, request: Request) -> Response:
        return self._page(request, lambda page: {"objects": [_line(one) for one in page]}, "last")

    def object(self, request: Request) -> Response:
        if request.method == "DELETE":
            return _error(403, "nothing can be deleted here")
        return self._page(request, lambda page: {"objects": [one.content for one in page]}, "last", single=True)

    def versions(self, request: Request) -> Response:
        made = lambda page: {"versions": [one.version for one in page]}  # noqa: E731
        return self._page(request, made, "all", single=True)

    def _page(self, request: Request, make: Any, versions: str, single: bool = False) -> Response:
        collection = self._find(request)
        if collection is None:
            return _error(404, "there is no such collection")
        try:
            asked = _Asked(request, versions)
        except ValueError as error:
            return _error(400, str(error))
        with self._lock:
            sharing.refresh(self._office, collection, self._seen)
        ids = [request.path_params["object"]] if single else asked.ids
        found = sharing.shared(self._office, collection, 0, ids)
        if single and not found:
            return _error(404, "there is no such object in this collection")
        chosen = [one for one in asked.chosen(found) if one.added_at > asked.after]
        page, rest = chosen[: asked.limit], chosen[asked.limit :]
        answer: dict[str, Any] = make(page) if page else {}
        if rest:
            answer = {"more": True, "next": str(page[-1].added_at), **answer}
        headers = {}
        if page:
            headers = {"X-TAXII-Date-Added-First": _moment(page[0].added_at),
                       "X-TAXII-Date-Added-Last": _moment(page[-1].added_at)}  # fmt: skip
        return _answer(request, answer, headers)


class _Asked:
    """The filters of a request. Errors: ValueError in words for the asker."""

    def __init__(self, request: Request, versions: str) -> None:
        unknown = set(request.query_params.keys()) - _KNOWN
        if unknown:
            raise ValueError(f"unknown filter {min(unknown)!r}")
        ask = request.query_params
        self.limit = min(_number(ask.get("limit", str(PAGE)), "limit"), MOST)
        if self.limit < 1:
            raise ValueError("limit: at least 1")
        self.after = _number(ask["next"], "next") if "next" in ask else 0
        if "added_after" in ask:
            self.after = max(self.after, _instant(ask["added_after"]))
        self.ids, self.types, specs = (_words(ask.get(f"match[{name}]")) for name in ("id", "type", "spec_version"))
        self.versions = _words(ask.get("match[version]")) or [versions]
        self.nothing = bool(specs) and "2.1" not in specs

    def chosen(self, found: Sequence[Object]) -> list[Object]:
        """The versions that are wanted, in the order in which they were added."""
        if self.nothing:
            return []
        some = [one for one in found if not self.types or one.type in self.types]
        if "all" in self.versions:
            return some
        first, last = {one.id: one for one in reversed(some)}, {one.id: one for one in some}
        return [
            one
            for one in some
            if one.version in self.versions
            or ("last" in self.versions and last[one.id] is one)
            or ("first" in self.versions and first[one.id] is one)
        ]


def _words(text: str | None) -> list[str]:
    return [word for word in (text or "").split(",") if word][:100]


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise ValueError(f"{name}: not what this server gave: {text[:40]!r}")
    return int(text)


def _instant(text: str) -> int:
    try:
        return clock.parse(text)
    except JunkhoundError:
        raise ValueError(f"added_after: not a moment: {text[:40]!r}") from None


def _moment(at: int) -> str:
    return clock.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _about(one: Collection) -> dict[str, Any]:
    about = {"id": one.id, "title": one.title, "description": f"list {one.list}, TLP:{one.tlp.upper()}"}
    return {**about, "can_read": True, "can_write": False, "media_types": [STIX]}


def _line(one: Object) -> dict[str, str]:
    return {"id": one.id, "date_added": _moment(one.added_at), "version": one.version, "media_type": STIX}


def acceptable(accept: str | None) -> bool:
    """Whether somebody who accepts these media types can be answered (406 if not)."""
    return accept is None or any(_ACCEPTED.match(words.strip()) for words in accept.lower().split(","))


def _answer(request: Request, answer: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    if not acceptable(request.headers.get("accept")):
        return _error(406, f"answers are {MEDIA}")
    return Response(json.dumps(answer), headers={**(headers or {}), "content-type": MEDIA})


def _error(status: int, words: str) -> Response:
    body = {"title": words, "http_status": str(status)}
    return Response(json.dumps(body), status_code=status, headers={"content-type": MEDIA})
