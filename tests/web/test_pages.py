"""What the pages say: every one of them, as text, with periods and bases, and nothing of a stranger's as markup."""

from __future__ import annotations

import re
import string
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import content
from junkhound.kernel import clock, config
from junkhound.verbs.access import Doors
from junkhound.web import operator_app
from junkhound.web.guard import POLICY
from junkhound.web.show import linked, percent, plural, visible
from support.web import Answer, Browser

ADDRESS = "203.0.113.7"
PAGES = ("/", "/sources", "/campaigns", "/campaign/K-2006-000001", "/botnets", "/actors", f"/address/{ADDRESS}",
         "/lists", "/lists/main", "/record/JH-2006-000001", "/network/AS64500",
         "/country/GB", "/trace", "/complaints", "/inboxes")  # fmt: skip


def sighting_of(operator: Browser) -> str:
    return f"/sighting/{operator.get(f'/address/{ADDRESS}.json').json['newest'][0]['id']}"


WORDS = """
    html head meta title link body header div a img nav form input main footer span button section p h1 h2 h3 ul ol li
    table thead tbody tr th td svg g rect line circle text desc b br code dl dt dd details summary label select option
    textarea
"""
TAGS = frozenset(WORDS.split())


class Reader(HTMLParser):
    """Every tag and attribute as a browser would see them."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            assert name != "style"  # the policy would drop it
            if name in ("href", "src", "action"):
                assert value is not None
                assert re.match(r"/(?!/)|\?page=\d+\Z", value), value
            if tag == "img":
                assert name != "src" or value == "/static/mark.svg"


def safe(answer: Answer) -> None:
    """No text of the junk has become a tag, and no trap is named."""
    if answer.headers.get("content-type", "").startswith("text/html"):
        Reader().feed(answer.text)
    assert ">49<" not in answer.text
    for secret in ("lure.one", "bait-two", "trap.example", "bait.test"):
        assert secret not in answer.text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_there_and_is_text(operator: Browser, path: str) -> None:
    answer = operator.get(path)
    assert answer.status == 200
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    safe(answer)


def test_what_strangers_wrote_is_shown_as_text(operator: Browser) -> None:
    page = operator.get(sighting_of(operator))
    assert page.status == 200
    assert "&lt;script&gt;" in page.text
    assert "{{7*7}}" in page.text
    safe(page)
    assert "&lt;script&gt;" in operator.get(f"/address/{ADDRESS}").text


def test_json_names_no_trap_either(operator: Browser) -> None:
    for path in (f"/address/{ADDRESS}.json", f"{sighting_of(operator)}.json", "/overview.json"):
        answer = operator.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert "trap.example" not in answer.text
        assert "bait-two" not in answer.text


@pytest.mark.parametrize("path", [path for path in PAGES if path != "/trace"])
def test_every_page_has_its_json(operator: Browser, path: str) -> None:
    answer = operator.get("/overview.json" if path == "/" else f"{path}.json")
    assert answer.status == 200
    assert answer.json["at"] == "2006-06-10T12:00:00Z"


def test_the_overview_counts_what_was_taken_in(operator: Browser) -> None:
    found = operator.get("/overview.json").json
    assert found["totals"]["messages"] == 44
    assert found["volume"]["messages"] == 44
    assert sum(map(sum, (one["counts"] for one in found["volume"]["kinds"]))) == 44
    assert {(one["name"], one["entries"]) for one in found["lists"]} == {("main", 1), ("house", 1)}
    assert found["worst"]["rows"][0]["address"] == ADDRESS
    assert found["listings"][0]["reasons"]
    page = operator.get("/").text
    assert "44" in page
    assert "2005-01-03" in page


def test_an_address_shows_its_gap_its_listing_and_its_sightings(operator: Browser) -> None:
    found = operator.get(f"/address/{ADDRESS}.json").json
    assert found["listed"]
    assert [(gap["since"], gap["until"]) for gap in found["life"]["silences"]] == [("2005-01-05", "2006-06-04")]
    assert {one["list"] for one in found["listings"]} == {"main", "house"}
    assert len(found["newest"]) == 20
    page = operator.get(f"/address/{ADDRESS}").text
    assert "2005-01-05" in page
    assert 'class="hiatus"' in page
    assert found["listings"][0]["number"] in page


def test_an_address_never_seen_has_a_page(operator: Browser) -> None:
    answer = operator.get("/address/2001:db8::9")
    assert answer.status == 200
    assert "No list ever held it" in answer.text


def test_an_empty_home_has_pages(other_home: config.Config) -> None:
    browser = Browser(operator_app(other_home, 0, 1))
    browser.get(f"/enter?token={Doors(other_home).link()}")
    for path in ("/", "/sources", "/address/192.0.2.1", "/lists", "/lists/main", "/network/AS64500", "/country/GB"):
        assert browser.get(path).status == 200, path


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/address/nonsense", 400, "not an address"),
        ("/sighting/nonsense", 400, "not the id of a sighting"),
        (f"/sighting/{'0' * 32}", 404, "no sighting"),
        ("/record/JH-2006-999999", 404, "no listing"),
        ("/lists/mian", 404, "did you mean"),
        ("/lists/main?page=2", 404, "no page 2"),
        ("/lists/main?page=x", 400, "not a number"),
        ("/network/x", 400, "write AS64496"),
        ("/country/xyz", 400, "not a country"),
        ("/sources?by=x", 400, "known: "),
        ("/sources?limit=0", 400, "not a number"),
        ("/sources?kind=x", 400, "known: "),
        ("/sources?since=2007&until=2006", 400, "ends before it starts"),
        ("/?at=yesterday", 400, "not a date"),
        ("/search?q=", 400, "nothing to look for"),
        ("/search?q=%3Cscript%3E", 400, "cannot look for"),
        ("/nowhere", 404, "no page"),
    ],
)
def test_a_bad_question_is_answered_in_words(operator: Browser, path: str, status: int, words: str) -> None:
    answer = operator.get(path)
    assert (answer.status, words in answer.text) == (status, True), answer.text
    safe(answer)
    base, _, query = path.partition("?")
    if not base.startswith(("/search", "/nowhere")) and base != "/":
        said = operator.get(f"{base}.json?{query}").json["error"]
        assert words in f"{said['message']} {said['hint']}"


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (ADDRESS, f"/address/{ADDRESS}"),
        (" 203.0.113.0/24 ", "/address/203.0.113.0"),
        ("[2001:DB8::1]", "/address/2001:db8::1"),
        ("jh-2006-000001", "/record/JH-2006-000001"),
        ("as64500", "/network/AS64500"),
        ("gb", "/country/GB"),
        ("house", "/lists/house"),
        ("A" * 32, f"/sighting/{'a' * 32}"),
    ],
)
def test_whatever_is_typed_finds_its_page(operator: Browser, words: str, place: str) -> None:
    answer = operator.get(f"/search?q={quote(words)}")
    assert (answer.status, answer.headers["location"]) == (303, place)


NAMES = st.sampled_from(["at", "by", "country", "asn", "since", "until", "kind", "limit", "page", "q", "token", "x"])
VALUES = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["0", "-1", "9" * 30, "١", "2006-13-40", "0001-01-01", "9999-12-31", "99999999999y", "AS0",
                     "AS99999999999", "--", "recent", "all", "junk", "\0", "NaN"]),
)  # fmt: skip


@given(
    path=st.sampled_from([*PAGES, "/search", "/enter"]),
    query=st.lists(st.tuples(NAMES, VALUES), max_size=4),
    as_json=st.booleans(),
)
def test_no_query_string_breaks_a_page(
    operator: Browser, path: str, query: list[tuple[str, str]], as_json: bool
) -> None:
    words = "&".join(f"{name}={quote(value)}" for name, value in query)
    answer = operator.get(f"{path}{'.json' if as_json and path != '/' else ''}?{words}")
    assert answer.status < 500, answer.text
    safe(answer)


@given(
    path=st.sampled_from(["/address/", "/sighting/", "/record/", "/network/", "/country/", "/lists/", "/"]),
    rest=st.text(st.characters(exclude_characters="/?#\x00", exclude_categories=["Cs"]), max_size=40),
)
def test_no_path_breaks_a_page(operator: Browser, path: str, rest: str) -> None:
    answer = operator.get(path + quote(rest))
    assert answer.status < 500, answer.text
    safe(answer)


# --- tracing -----------------------------------------------------------------------------------------------------

MAIL = (
    b"Received: from evil (unknown [203.0.113.7])\r\n\tby mx.example.org (Postfix) with SMTP id 12345678\r\n"
    b"\tfor <me@example.org>; Thu, 4 May 2006 03:02:01 +0000\r\nSubject: <b>a</b>\r\n\r\nx\r\n"
)


def test_a_pasted_mail_is_traced(operator: Browser) -> None:
    answer = operator.form("/trace", mail=MAIL.decode(), relays="mx.example.org")
    assert answer.status == 200
    assert 'href="/address/203.0.113.7"' in answer.text
    assert "mx.example.org, which we believe, took it from" in answer.text
    assert "&lt;b&gt;a&lt;/b&gt;" in answer.text


def test_without_a_relay_the_likely_one_is_proposed(operator: Browser) -> None:
    found = operator.post("/trace.json", MAIL).json
    assert found["verdict"]["address"] is None
    assert (found["assumed_relay"], found["then"]) == ("mx.example.org", "203.0.113.7")


def test_a_file_is_traced_like_a_text(operator: Browser) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="relays"\r\n\r\nmx.example.org\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.eml"\r\nContent-Type: message/rfc822\r\n\r\n'
        + MAIL + b"\r\n--b--\r\n"
    )  # fmt: skip
    answer = operator.post("/trace.json", body, {"content-type": "multipart/form-data; boundary=b"})
    assert answer.json["verdict"]["address"] == "203.0.113.7"


def test_nothing_of_a_traced_mail_is_kept(operator: Browser, settings: config.Config) -> None:
    operator.post("/trace?relay=mx.example.org", MAIL.replace(b"evil", b"neverkept77"))
    for path in settings.home.rglob("*"):
        assert not path.is_file() or b"neverkept77" not in path.read_bytes()


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b" \r\n", {}, 400),
        (b"x" * (3 << 20), {}, 400),
        (b"x" * (8 << 20), {}, 413),
        (b"x", {"content-length": "99999999999"}, 413),
        (b"--b\r\nbroken", {"content-type": "multipart/form-data; boundary=b"}, 400),
        (b"x", {"content-type": "multipart/form-data"}, 400),
        (b"mail=x&relays=*bad*", {"content-type": "application/x-www-form-urlencoded"}, 500),
        (b"mail=x&mailbox=none", {"content-type": "application/x-www-form-urlencoded"}, 400),
    ],
)
def test_a_bad_paste_is_refused(operator: Browser, body: bytes, headers: dict[str, str], status: int) -> None:
    answer = operator.post("/trace", body, headers)
    assert answer.status == status
    assert "<h1>" in answer.text


@given(body=st.binary(max_size=2000))
def test_any_bytes_are_traced(operator: Browser, body: bytes) -> None:
    answer = operator.post("/trace?relay=mx.example.org", body)
    assert answer.status in (200, 400)


def test_the_parser_is_confined_and_its_death_is_told(settings: config.Config, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    from junkhound.kernel.errors import DataError
    from junkhound.kernel.jail import Jail
    from junkhound.verbs import apart
    from junkhound.verbs.office import Office

    office = Office(dataclasses.replace(settings, engine=config.Engine(isolate=True)), clock.parse("2006-06-10"))
    tracer = apart.Tracer(office)
    try:
        mail = tracer.trace(office, MAIL, ("mx.example.org",))
        assert str(mail.traced.verdict.address) == "203.0.113.7"
        assert mail.subject == "<b>a</b>"
    finally:
        tracer.close()
    tracer._jail = Jail("support.prisoners:none", None, apart.LIMITS)
    monkeypatch.setattr(Jail, "run", lambda *_: (_ for _ in ()).throw(apart.Died(0, "SIGSEGV")))
    with pytest.raises(DataError, match="SIGSEGV"):
        tracer.trace(office, MAIL)


# --- words -------------------------------------------------------------------------------------------------------


def test_tokens_become_links_and_nothing_else_does() -> None:
    text = linked("<b> 192.0.2.7, JH-2006-000001 of AS64500 and 2001:db8::1; 1.2.3.4.5 999.1.1.1 12:30:01 x192.0.2.8")
    assert re.findall(r'href="([^"]*)"', text) == [
        "/address/192.0.2.7", "/record/JH-2006-000001", "/network/AS64500", "/address/2001:db8::1",
    ]  # fmt: skip
    assert text.startswith("&lt;b&gt;")


@given(st.text(string.printable, max_size=300))
def test_links_change_no_word(words: str) -> None:
    assert linked(words).striptags() == linked(words).__class__.escape(words).striptags()
    assert linked(words).count("<") == 2 * linked(words).count("<a href=")


def test_small_words() -> None:
    assert [plural(n, w) for n, w in ((1, "entry"), (2, "entry"), (2, "day"), (1204, "source"))] == [
        "1 entry", "2 entries", "2 days", "1,204 sources",
    ]  # fmt: skip
    assert [percent(part) for part in (0.0, 0.0001, 0.5, 1.0)] == ["0.0%", "under 0.1%", "50.0%", "100.0%"]
    assert visible("a\u202eb\nc\x1b") == "a\ufffdb\ufffdc\ufffd"


@pytest.mark.parametrize("words", ["2010y", "9999999999999999999999y", "99999999d", "0000-01-01"])
def test_a_moment_before_all_calendars_is_no_date(operator: Browser, words: str) -> None:
    assert operator.get(f"/?at={words}").status == 400


def test_a_campaign_leads_to_what_its_mails_share_and_to_its_ties(operator: Browser) -> None:
    page = operator.get("/campaign/K-2006-000001").text
    told = operator.get("/campaign/K-2006-000001.json").json
    shared = {(one["kind"], one["name"]): one["key"] for one in told["found"]["things"]}
    key = shared["domain", "pills.example"]
    assert f'href="/entity/domain/{key}"' in page
    assert '<svg class="chart ties"' in page
    answer = operator.get(f"/entity/domain/{key}")
    safe(answer)
    assert "/campaign/K-2006-000001" in answer.text
    assert operator.get(f"/entity/trap/{key}").status == 404
    assert operator.get("/entity/domain/no-key").status == 400
    assert operator.get("/search?q=k-2006-000001").headers["location"] == "/campaign/K-2006-000001"
    assert "K-2006-000001" in operator.get(f"/address/{ADDRESS}").text


def test_a_campaign_shows_its_templates_and_a_domain_leads_to_who_registered_it(operator: Browser) -> None:
    answer = operator.get("/campaign/K-2006-000001")
    safe(answer)
    assert "<h2>Templates</h2>" in answer.text
    assert "cheap pills" in answer.text
    key = content.key("pills.example")
    found = operator.get(f"/entity/domain/{key:016x}.json").json["found"]
    (registrant,) = [one for one in found["beside"] if one["kind"] == "registrant"]
    assert f'href="/entity/registrant/{registrant["key"]}"' in operator.get(f"/entity/domain/{key:016x}").text
    person = operator.get(f"/entity/registrant/{registrant['key']}")
    safe(person)
    assert "/campaign/K-2006-000001" in person.text
    assert operator.get("/entity/registrant/0123456789abcdef").status == 404


def test_ties_are_laid_out_apart_and_the_same_each_time() -> None:
    from junkhound.web.ties import layout

    edges = [(0, n) for n in range(1, 20)]
    places = layout(20, edges)
    assert places == layout(20, edges)
    assert len({(round(x), round(y)) for x, y in places}) == 20
    assert layout(0, []) == []
