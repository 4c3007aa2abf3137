"""Who gets in: links that work once, sessions, names, origins."""

from __future__ import annotations

import os
import re

import pytest

from junkhound.kernel import config
from junkhound.kernel.errors import ConfigError, Refused, Temporary
from junkhound.verbs.access import Doors
from junkhound.web import operator_app, place_of, serving
from support.web import Browser

OPEN = ("/enter", "/healthz", "/readyz", "/metrics", "/static")


def paths(app: object) -> list[str]:
    return [re.sub(r"\{[^}]*\}", "203.0.113.7", route.path) for route in app.routes]  # type: ignore[attr-defined]


def test_every_private_route_needs_a_session(stranger: Browser) -> None:
    private = [path for path in paths(stranger.app) if not path.startswith(OPEN)]
    assert len(private) > 15
    for path in private:
        for method in ("GET", "POST", "HEAD"):
            answer = stranger.ask(method, path, {"origin": f"http://{stranger.host}"})
            assert answer.status == 403, (method, path)
            assert b"203.0.113.7" not in answer.body


def test_open_routes_need_none(stranger: Browser) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/static/style.css", "/static/mark.svg"):
        assert stranger.get(path).status == 200, path


@pytest.mark.parametrize(
    "path", ["/static/../lists", "/static/..%2f..%2foperator.py", "//lists", "/static/%2e%2e/lists"]
)
def test_no_way_around_the_guard(stranger: Browser, path: str) -> None:
    assert stranger.get(path).status in (403, 404)


def test_a_link_works_once(settings: config.Config, stranger: Browser) -> None:
    link = f"/enter?token={Doors(settings).link()}&next=/lists"
    came = stranger.get(link)
    assert (came.status, came.headers["location"]) == (303, "/lists")
    said = came.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert "max-age" not in said
    assert "expires" not in said
    assert stranger.get("/lists").status == 200
    second = Browser(stranger.app)
    assert second.get(link).status == 403
    assert not second.cookies
    assert second.get("/lists").status == 403


def test_a_link_is_not_used_up_by_looking_ahead(settings: config.Config, stranger: Browser) -> None:
    link = f"/enter?token={Doors(settings).link()}"
    assert stranger.get(link, method="HEAD").status == 403
    assert stranger.get(link, {"sec-purpose": "prefetch;prerender"}).status == 403
    assert stranger.get(link).status == 303


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "../../x", "A" * 4000, "%00"])
def test_a_made_up_link_does_nothing(stranger: Browser, token: str) -> None:
    assert stranger.get(f"/enter?token={token}").status == 403
    assert not stranger.cookies


@pytest.mark.parametrize(
    "after", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/a\r\nb"]
)
def test_a_link_leads_nowhere_else(settings: config.Config, stranger: Browser, after: str) -> None:
    from urllib.parse import quote

    assert stranger.get(f"/enter?token={Doors(settings).link()}&next={quote(after)}").headers["location"] == "/"


def test_links_and_sessions_end(other_home: config.Config) -> None:
    doors = Doors(other_home)
    old = doors.link()
    for place in (other_home.home / "run/web/links").iterdir():
        os.utime(place, (1, 1))
    assert doors.enter(old) is None
    session = doors.enter(doors.link())
    assert session is not None
    assert doors.known(session)
    for place in (other_home.home / "run/web/sessions").iterdir():
        os.utime(place, (1, 1))
    assert not doors.known(session)


def test_the_home_keeps_no_secret(settings: config.Config) -> None:
    secret = Doors(settings).link()
    folder = settings.home / "run/web"
    assert not any(secret in path.name for path in folder.rglob("*"))
    assert all(
        path.stat().st_size == 0 and path.stat().st_mode & 0o77 == 0 for path in folder.rglob("*") if path.is_file()
    )


def test_leaving_ends_the_session(settings: config.Config, stranger: Browser) -> None:
    stranger.get(f"/enter?token={Doors(settings).link()}")
    cookie = dict(stranger.cookies)
    assert stranger.post("/leave").status == 200
    assert not stranger.cookies
    stranger.cookies = cookie
    assert stranger.get("/lists").status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8025", "127.0.0.1.evil.example", "", "localhost.", "[::1", "0"]
)
def test_another_name_gets_nothing(operator: Browser, host: str) -> None:
    for path in ("/", "/metrics", "/static/style.css"):
        assert operator.get(path, {"host": host}).status == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8025", "localhost:9000", "[::1]:8025", "LOCALHOST"])
def test_our_names_are_answered(operator: Browser, host: str) -> None:
    assert operator.get("/lists", {"host": host}).status == 200


def test_a_stated_name_is_answered(settings: config.Config) -> None:
    import dataclasses

    named = dataclasses.replace(settings, web=config.Web(names=("hound.example.org",)))
    assert Browser(operator_app(named), "hound.example.org").get("/healthz").status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, 200),
        ({"origin": None, "sec-fetch-site": "same-origin"}, 200),
        ({"origin": None}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "https://127.0.0.1:8025"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
    ],
)
def test_forms_come_from_our_own_pages(operator: Browser, headers: dict[str, str], status: int) -> None:
    mail = b"Received: from a by b; Thu, 4 May 2006 03:02:01 +0000\r\n\r\n"
    assert operator.post("/trace", mail, headers).status == status


@pytest.mark.parametrize("words", ["0.0.0.0:8025", "192.0.2.1:80", "[::]:8025"])
def test_the_operators_pages_stay_on_loopback(words: str) -> None:
    with pytest.raises(Refused, match="no accounts yet"):
        place_of(words, "[web] listen", loopback=True)
    assert place_of(words, "[web] public", loopback=False).port


@pytest.mark.parametrize(
    "words", ["", "8025", "example.org:80", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:-1", "a:b"]
)
def test_a_bad_place_is_said(words: str) -> None:
    with pytest.raises(ConfigError, match="no place to listen"):
        place_of(words, "[web] listen", loopback=True)


def test_a_busy_port_is_said() -> None:
    with serving.bound(place_of("127.0.0.1:0", "x", loopback=True)) as held:
        port = held.getsockname()[1]
        with pytest.raises(Temporary, match="cannot listen"):
            serving.bound(place_of(f"127.0.0.1:{port}", "x", loopback=True))
