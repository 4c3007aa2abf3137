"""Partners fetch lists by TAXII 2.1: the library others use, and the rules of the standard one by one."""

from __future__ import annotations

import base64
import dataclasses
import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest
from taxii2client.v21 import ApiRoot, Server, as_pages

from junkhound.kernel import clock, config
from junkhound.kernel.config_partners import Partners
from junkhound.publish import outputs
from junkhound.publish.edition import Entry, NameEntry
from junkhound.verbs import partners, sharing
from junkhound.verbs.office import Office
from junkhound.web import partners_app
from support.editions import AT, entry, make, name_entry
from support.listener import listening
from support.web import Answer, Browser

MEDIA = "application/taxii+json;version=2.1"
ENTRIES = [entry(f"203.0.113.{n}", n) for n in range(1, 26)]


@pytest.fixture
def hub(tmp_path: Path) -> Office:
    settings = config.Config(
        store=config.Store(home=str(tmp_path)),
        lists={"main": config.List(scope="public"), "mine": config.List(), "shown": config.List()},
        partners=Partners(lists=("shown",)),
    )
    return Office(settings)


def publish(hub: Office, *entries: Entry | NameEntry, name: str = "main", at: int = AT) -> None:
    folder = hub.home / "out"
    folder.mkdir(exist_ok=True)
    made = outputs.get("json")(make(*entries, name=name, scope="public", at=at))["json"]
    (folder / "aside").write_bytes(made)
    (folder / "aside").replace(folder / f"{name}.json")


class Partner:
    """Somebody with a token at the listener."""

    def __init__(self, hub: Office, name: str = "north", may: tuple[str, ...] = ("taxii",)) -> None:
        self.token = partners.enroll(hub, name, may, "amber").token
        self.browser = Browser(partners_app(hub), "127.0.0.1:8443")

    def get(self, path: str, accept: str = MEDIA, method: str = "GET") -> Answer:
        return self.browser.get(path, {"authorization": f"Bearer {self.token}", "accept": accept}, method)

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status == 200, answer.text
        assert answer.headers["content-type"] == MEDIA
        return answer.json


@pytest.fixture
def main(hub: Office) -> str:
    publish(hub, *ENTRIES)
    return f"/taxii2/lists/collections/{sharing.collections(hub.config)[0].id}"


def test_the_library_finds_everything(hub: Office, main: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # would win over what the client is told
        monkeypatch.delenv(name, raising=False)
    token = partners.enroll(hub, "north", ["taxii"], "amber").token
    with listening(hub) as (url, ca):
        server = Server(f"{url}/taxii2/", user="north", password=token, verify=ca)
        assert server.title == "Junkhound"
        root = server.default
        assert isinstance(root, ApiRoot)
        assert root.versions == [MEDIA]
        titles = [one.title for one in root.collections]
        assert titles == ["main.bl.example.org", "shown.bl.example.org"]
        collection = root.collections[0]
        assert (collection.can_read, collection.can_write) == (True, False)
        pages = list(as_pages(collection.get_objects, per_request=10, type="indicator"))
        assert [len(page["objects"]) for page in pages] == [10, 10, 5]
        objects = [one for page in pages for one in page["objects"]]
        assert len({one["id"] for one in objects}) == 25
        assert objects[0]["pattern"] == "[ipv4-addr:value = '203.0.113.1']"
        assert {one["type"] for one in collection.get_objects()["objects"]} >= {
            "identity",
            "marking-definition",
            "indicator",
        }
        (again,) = collection.get_object(objects[3]["id"])["objects"]
        assert again == objects[3]
        assert len(collection.get_manifest(limit=7)["objects"]) == 7
        assert next(iter(server.api_roots)).url.endswith("/taxii2/lists/")


def test_objects_are_indicators_with_the_same_id_for_ever(hub: Office, main: str) -> None:
    north = Partner(hub)
    (first, *_) = north.json(f"{main}/objects/?match[type]=indicator")["objects"]
    assert first["type"] == "indicator"
    assert uuid.UUID(first["id"].partition("--")[2]).version == 5
    assert first["object_marking_refs"] == ["marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"]
    assert first["valid_until"] > first["valid_from"]
    assert first["modified"] >= first["created"]
    publish(hub, *(msgspec.structs.replace(one, last_seen="2026-01-03") for one in ENTRIES), at=AT + clock.HOUR)
    newest = north.json(f"{main}/objects/?match[type]=indicator")["objects"]
    assert {one["id"] for one in newest} >= {first["id"]}
    assert len(newest) == 25
    versions = north.json(f"{main}/objects/{first['id']}/versions/")["versions"]
    assert len(versions) == 2
    assert versions == sorted(versions)
    every = north.json(f"{main}/objects/?match[version]=all&limit=100&match[type]=indicator")["objects"]
    assert len(every) == 50
    old = north.json(f"{main}/objects/?match[version]=first")["objects"]
    assert {one["modified"] for one in old if one["id"] == first["id"]} == {versions[0]}


def test_who_comes_with_added_after_misses_and_doubles_nothing(hub: Office, main: str) -> None:
    """Pages stay whole though the list changes between them."""
    north = Partner(hub)
    answer = north.get(f"{main}/objects/?limit=10")
    got = [one["id"] for one in answer.json["objects"]]
    assert answer.json["more"] is True
    publish(hub, *ENTRIES[:20], *(entry(f"198.51.100.{n}", 100 + n) for n in range(1, 6)), at=AT + clock.HOUR)
    token = answer.json["next"]
    while token:
        answer = north.get(f"{main}/objects/?limit=10&next={token}")
        got += [one["id"] for one in answer.json["objects"]]
        token = answer.json.get("next", "")
    last = answer.headers["x-taxii-date-added-last"]
    newest = north.json(f"{main}/objects/?limit=1000")["objects"]
    assert {one["id"] for one in newest} <= set(got)
    revoked = [one for one in newest if one.get("revoked") and one["type"] == "indicator"]
    assert len(revoked) == 5, "what was taken off the list is revoked, not silently gone"
    assert north.json(f"{main}/objects/?added_after={last}") == {}
    publish(hub, entry("192.0.2.99", 999), *ENTRIES[:20], at=AT + 2 * clock.HOUR)
    after = north.json(f"{main}/objects/?added_after={last}")["objects"]
    assert [one["pattern"] for one in after if one["type"] == "indicator" and not one.get("revoked")] == [
        "[ipv4-addr:value = '192.0.2.99']"
    ]


def test_headers_name_the_span_of_a_page(hub: Office, main: str) -> None:
    north = Partner(hub)
    answer = north.get(f"{main}/manifest/?limit=5")
    dates = [one["date_added"] for one in answer.json["objects"]]
    assert dates == sorted(set(dates))
    assert answer.headers["x-taxii-date-added-first"] == dates[0]
    assert answer.headers["x-taxii-date-added-last"] == dates[-1]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (MEDIA, 200),
        ("application/taxii+json", 200),
        ("application/taxii+json; version=2.1", 200),
        ("text/html, application/taxii+json;version=2.1;q=0.9", 200),
        ("*/*", 200),
        ("application/taxii+json;version=2.0", 406),
        ("application/json", 406),
        ("text/html", 406),
    ],
)
def test_media_types(hub: Office, main: str, accept: str, status: int) -> None:
    north = Partner(hub)
    for path in ("/taxii2/", "/taxii2/lists/", f"{main}/", f"{main}/objects/"):
        assert north.get(path, accept).status == status, path


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/objects/?limit=0", 400),
        ("/objects/?limit=x", 400),
        ("/objects/?next=x", 400),
        ("/objects/?added_after=yesterday", 400),
        ("/objects/?order=up", 400),
        ("/objects/indicator--00000000-0000-4000-8000-000000000000/", 404),
        ("/objects/?match[type]=malware", 200),
        ("/objects/?match[spec_version]=2.0", 200),
        ("/objects/?limit=99999999", 200),
    ],
)
def test_filters(hub: Office, main: str, path: str, status: int) -> None:
    answer = Partner(hub).get(f"{main}{path}")
    assert answer.status == status
    if status != 200:
        assert answer.json["http_status"] == str(status)
    elif "match" in path:
        assert answer.json == {}


def test_what_is_not_shared_is_not_there(hub: Office, main: str) -> None:
    north = Partner(hub)
    publish(hub, *ENTRIES, name="mine")
    shown = {one.list: one for one in sharing.collections(hub.config)}
    assert set(shown) == {"main", "shown"}
    all_own = dataclasses.replace(hub.config, partners=Partners(lists=("mine",)))
    mine = next(one.id for one in sharing.collections(all_own) if one.list == "mine")
    assert north.get(f"/taxii2/lists/collections/{mine}/objects/").status == 404
    assert north.json(f"/taxii2/lists/collections/{shown['shown'].id}/objects/") == {}  # nothing published yet
    assert north.get("/taxii2/lists/status/1/").status == 404
    assert north.get("/taxii2/other/").status == 404


def test_a_partner_sees_what_its_marking_allows(hub: Office, main: str) -> None:
    low = Partner(hub, "low")
    low.token = partners.enroll(hub, "lower", ("taxii",), "clear").token
    assert [one["title"] for one in low.json("/taxii2/lists/collections/")["collections"]] == ["main.bl.example.org"]
    shown = next(one.id for one in sharing.collections(hub.config) if one.list == "shown")  # TLP:GREEN
    assert low.get(f"/taxii2/lists/collections/{shown}/objects/").status == 404


def test_names_are_shared_too(hub: Office, main: str) -> None:
    publish(hub, name_entry("pills.example", 7), name="shown")
    shown = next(one.id for one in sharing.collections(hub.config) if one.list == "shown")
    found = Partner(hub).json(f"/taxii2/lists/collections/{shown}/objects/?match[type]=indicator")["objects"]
    assert [one["pattern"] for one in found] == [
        "[domain-name:value = 'pills.example' OR domain-name:value LIKE '%.pills.example']"]  # fmt: skip


def test_nothing_can_be_written(hub: Office, main: str) -> None:
    north = Partner(hub)
    answer = north.browser.post(f"{main}/objects/", b"{}", {"authorization": f"Bearer {north.token}"})
    assert answer.status == 403
    assert north.get(f"{main}/objects/indicator--1/", method="DELETE").status == 403


def test_a_token_by_either_way_and_none_without(hub: Office, main: str) -> None:
    north = Partner(hub)
    basic = base64.b64encode(f"anybody:{north.token}".encode()).decode()
    for header, status in ((f"Bearer {north.token}", 200), (f"Basic {basic}", 200), ("Basic !", 401), ("", 401),
                           (f"Bearer {north.token}x", 401), (f"Token {north.token}", 401)):  # fmt: skip
        answer = north.browser.get("/taxii2/", {"authorization": header, "accept": MEDIA})
        assert answer.status == status, header
    assert "Basic" in answer.headers["www-authenticate"]
    partners.revoke(hub, "north")
    assert north.get("/taxii2/").status == 401
