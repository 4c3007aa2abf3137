"""The public pages: published records and files, nothing else, and no route of the operator's."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import clock, config
from junkhound.publish import sign, write
from junkhound.verbs import lists, publish
from junkhound.verbs.office import Office
from junkhound.web import operator_app, public_app
from junkhound.web.guard import POLICY
from junkhound.web.out import Out
from junkhound.web.public import may_be_asked
from junkhound.wire import minisign
from support.editions import entry, make
from support.web import Browser

from .conftest import AT, TRAP

LATER = AT + clock.HOUR


def number_on(settings: config.Config, name: str) -> str:
    content = json.loads((settings.home / f"out/{name}.json").read_bytes())
    return str(content["entries"][0]["number"])


def test_no_route_of_one_listener_is_in_the_other(settings: config.Config) -> None:
    private = {route.path for route in operator_app(settings).routes}  # type: ignore[attr-defined]
    open_ = {route.path for route in public_app(settings).routes}  # type: ignore[attr-defined]
    assert private & open_ == {"/", "/static"}


@pytest.mark.parametrize(
    "path",
    ["/lists", "/address/203.0.113.7", "/metrics", "/trace", "/enter", "/overview.json", "/sighting/" + "0" * 32],
)
def test_the_operators_pages_are_not_here(public: Browser, path: str) -> None:
    assert public.get(path).status == 404
    assert public.post(path).status in (404, 405)


def test_a_record_says_what_was_seen_in_ranges_and_days(public: Browser, settings: config.Config) -> None:
    number = number_on(settings, "main")
    answer = public.get(f"/r/{number}")
    assert answer.status == 200
    assert answer.headers["content-security-policy"] == POLICY
    for words in (number, "203.0.113.7", "10 to 50 messages", "direct spam source", "2006-06-10", "What to mend"):
        assert words in answer.text
    assert "T12:00" not in answer.text
    for secret in ("trap.example", "bait.test", "vantage", "42"):
        assert secret not in answer.text.replace("style.css", "")
    assert public.get(f"/r/{number}.json").json["record"]["messages"] == "10 to 50"
    assert public.get(f"/r?q={number.lower()}").headers["location"] == f"/r/{number}"


def test_a_record_shows_what_two_places_saw_in_its_mail(public: Browser, settings: config.Config) -> None:
    number = number_on(settings, "main")
    found = public.get(f"/r/{number}.json").json["record"]
    texts = {sample["text"] for sample in found["samples"]}
    assert "pills.example" in texts
    page = public.get(f"/r/{number}").text
    assert "What its mail had in it" in page
    assert "pills.example" in page
    held = (settings.home / "out/main.records").read_text("utf-8")
    for secret in (TRAP, "lure.one", "trap.example", "bait-two", "bait.test", "@pills"):
        assert secret not in held
    assert not (settings.home / "out/house.records").exists()
    assert public.get("/files/main.records").status == 404
    assert "main.records" not in public.get("/").text


def test_a_listing_that_ended_keeps_its_page(settings: config.Config, tmp_path: Path) -> None:
    number = number_on(settings, "main")
    home = tmp_path / "home"
    shutil.copytree(settings.home, home)
    own = dataclasses.replace(settings, store=dataclasses.replace(settings.store, home=str(home)))
    later = Office(own, AT + 40 * clock.DAY)
    lists.decide(later, "main")
    publish.publish(later, "main", accept_growth=True)
    later.ledger.close()
    browser = Browser(public_app(own, AT + 40 * clock.DAY + clock.HOUR))
    found = browser.get(f"/r/{number}.json").json
    assert found["record"]["why_ended"] == "nothing more was seen"
    assert found["record"]["ended"] > found["record"]["since"]
    assert found["record"]["samples"]  # kept from the edition before
    assert found["asking"] is False
    page = browser.get(f"/r/{number}").text
    assert "not listed any more" in page
    assert "Take it off" not in page
    # A file that was cut short, or is none, costs the page and nothing else.
    for damaged in (b"", b'{"format": "junkhound-re', b"[]\n", b"\xff" * 40):
        (home / "out/main.records").write_bytes(damaged)
        assert browser.get(f"/r/{number}").status == 404
        assert browser.get("/").status == 200


def test_the_owner_of_a_listed_address_can_ask_for_its_removal(public: Browser, settings: config.Config) -> None:
    number = number_on(settings, "main")
    assert f'action="/r/{number}/remove"' in public.get(f"/r/{number}").text
    answer = public.post(f"/r/{number}/remove")
    assert answer.status == 202
    assert "looked at within a minute" in answer.text
    (left,) = (settings.home / "requests").iterdir()
    assert (left.name, left.read_bytes()) == (number, b"")
    assert public.get(f"/r/{number}/remove").status == 405
    assert public.post("/r/JH-2006-999999/remove").status == 404
    assert public.post("/r/..%2Fstate.db/remove").status in (400, 404)
    assert len(list((settings.home / "requests").iterdir())) == 1


def test_only_single_addresses_come_off_by_asking() -> None:
    for words, asked in (
        ("203.0.113.7/32", True), ("2001:db8:1:2::/64", True), ("2001:db8::5/128", True), ("203.0.113.0/24", False),
        ("2001:db8::/48", False), ("", False),
    ):  # fmt: skip
        assert may_be_asked({"network": words}) is asked


def test_an_own_list_is_nobodys_business(public: Browser, settings: config.Config) -> None:
    assert public.get(f"/r/{number_on(settings, 'house')}").status == 404
    assert public.get("/files/house.json").status == 404
    assert "house" not in public.get("/").text


def test_a_list_that_was_own_when_written_stays_in(settings: config.Config, tmp_path: Path) -> None:
    shutil.copytree(settings.home / "out", tmp_path / "home/out")
    opened = dataclasses.replace(
        settings, store=config.Store(home=str(tmp_path / "home")), lists={"house": config.List(scope="public")}
    )
    visitor = Browser(public_app(opened, LATER))
    assert visitor.get("/files/house.json").status == 404
    assert visitor.get("/files/house.txt").status == 404
    assert visitor.get(f"/r/{number_on(opened, 'house')}").status == 404


def test_files_are_given_whole_and_once(public: Browser, settings: config.Config) -> None:
    names = [file["name"] for file in public.get("/index.json").json["files"]]
    assert names == [f"main.{form}" for form in ("cidr", "csv", "index", "ip4set", "ip6trie", "json", "txt")]
    for name in names:
        first = public.get(f"/files/{name}")
        assert first.body == (settings.home / "out" / name).read_bytes()
        assert first.headers["content-type"].startswith(("text/plain", "text/csv", "application/json"))
        again = public.get(f"/files/{name}", {"if-none-match": first.headers["etag"]})
        assert (again.status, again.body) == (304, b"")
        assert public.get(f"/files/{name}", {"if-none-match": '"other"'}).status == 200


def test_a_part_of_a_file_is_given_as_long_as_it_is_the_same_file(public: Browser, settings: config.Config) -> None:
    whole = (settings.home / "out/main.txt").read_bytes()
    etag = public.get("/files/main.txt").headers["etag"]
    part = public.get("/files/main.txt", {"range": "bytes=10-19", "if-range": etag})
    assert (part.status, part.body) == (206, whole[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    assert public.get("/files/main.txt", {"range": "bytes=-5"}).body == whole[-5:]
    assert public.get("/files/main.txt", {"range": "bytes=10-19", "if-range": '"older"'}).body == whole
    assert public.get("/files/main.txt", {"range": f"bytes={len(whole) + 5}-"}).status == 416


def test_signatures_and_the_key_are_had_beside_the_files(public: Browser, settings: config.Config) -> None:
    key = minisign.read_public(public.get("/files/minisign.pub").text)
    for name in ("main.json", "main.index", "main.ip4set"):
        signature, content = public.get(f"/files/{name}.minisig"), public.get(f"/files/{name}").body
        assert f"file:{name}" in sign.verify(signature.body, content, key)
    assert public.get("/files/house.json.minisig").status == 404
    assert public.get("/files/main.served").status == 404
    assert public.get("/files/main.served.minisig").status == 404


def test_files_that_cannot_say_whom_they_are_for_are_given_by_the_index(tmp_path: Path) -> None:
    def put(path: Path, content: bytes) -> None:
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content)

    for name, scope in (("main", "public"), ("house", "own")):
        edition = make(entry("203.0.113.7"), name=name, scope=scope, at=LATER - clock.HOUR)
        write(edition, ("stix", "misp", "intelmq", "jsonl"), tmp_path / "out", put)
    opened = config.Config(
        store=config.Store(home=str(tmp_path)),
        lists={name: config.List(scope="public") for name in ("main", "house")},
    )
    visitor = Browser(public_app(opened, LATER))
    names = [file["name"] for file in visitor.get("/index.json").json["files"]]
    assert names[:4] == ["main.index", "main.intelmq", "main.jsonl", "main.stix"]
    assert [name.partition("/")[0] for name in names[4:]] == ["main.misp"] * 3
    for name in names:
        assert visitor.get(f"/files/{name}").body == (tmp_path / "out" / name).read_bytes()
    (tmp_path / "out/main.stix").write_bytes(b"{}")  # not what the index names
    assert visitor.get("/files/main.stix").status == 404
    assert Browser(public_app(opened, LATER + 3 * clock.DAY)).get("/files/main.intelmq").status == 503


def test_what_ran_out_is_not_given(settings: config.Config) -> None:
    late = Browser(public_app(settings, AT + 3 * clock.DAY))
    assert late.get("/files/main.json").status == 503
    assert late.get(f"/r/{number_on(settings, 'main')}").status == 404
    assert late.get("/index.json").json["files"] == []


@pytest.mark.parametrize(
    "name", ["../state.db", "..%2fstate.db", "state.db", "main", "main.json/x", "%2e%2e/lock", ".main.json"]
)
def test_nothing_else_is_a_file(public: Browser, name: str) -> None:
    assert public.get(f"/files/{name}").status == 404


def test_a_link_in_the_folder_leads_nowhere(settings: config.Config, tmp_path: Path) -> None:
    (tmp_path / "home/out").mkdir(parents=True)
    (tmp_path / "home/out/main.txt").symlink_to(settings.home / "out/main.txt")
    moved = dataclasses.replace(settings, store=config.Store(home=str(tmp_path / "home")))
    assert Out(moved).files(LATER) == []


def test_names_are_held_to_where_they_are_stated(settings: config.Config) -> None:
    named = dataclasses.replace(settings, web=config.Web(public_names=("lists.example.org",)))
    app = public_app(named, LATER)
    assert Browser(app, "lists.example.org").get("/").status == 200
    assert Browser(app, "other.example").get("/").status == 421


@given(rest=st.text(st.characters(exclude_characters="?#\x00"), max_size=40), query=st.text(max_size=20))
def test_no_question_breaks_a_page(public: Browser, rest: str, query: str) -> None:
    for path in (f"/{quote(rest)}", f"/r/{quote(rest)}", f"/files/{quote(rest)}", f"/r?q={quote(query)}"):
        assert public.get(path).status < 500
