"""Other people's lists: read in every form, held when they grow, refused when broken; evidence, never a witness."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import listing
from junkhound.kernel import clock, config
from junkhound.kernel.errors import (
    ConfigError,
    DataError,
    JunkhoundError,
    NotFound,
    Refused,
    Temporary,
    UsageError,
)  # fmt: skip
from junkhound.ledger import histories
from junkhound.publish import outputs
from junkhound.tables import Kind, Standing
from junkhound.verbs import crosscheck, deciding, feeds, lists, why
from junkhound.verbs.office import Office
from junkhound.wire import feeds as reading
from support.editions import entry, make, name_entry

AT = clock.parse("2026-01-03T12:00:00Z")
EDITION = make(
    entry("203.0.113.7", 1), entry("198.51.100.0/28", 2), entry("2001:db8:1:2::/64", 3), name_entry("shop.example", 4),
)  # fmt: skip
ENTRIES = {"203.0.113.7", "198.51.100.0/28", "2001:db8:1:2::/64", "shop.example"}


def office(home: Path, at: int = AT, **about) -> Office:
    settings = config.Config(
        store=config.Store(home=str(home)),
        network=config.NetworkSection(allow_documentation=True, protect=("203.0.113.128/25",)),
        feeds={"partner": config.Feed(**about)},
    )
    return Office(settings, at)


@pytest.mark.parametrize("form", ["plain", "json", "jsonl", "csv", "stix", "intelmq", "misp"])
def test_what_we_publish_others_can_import(tmp_path: Path, form: str) -> None:
    made = outputs.get(form)(EDITION)
    contents = [content for ending, content in made.items() if "manifest" not in ending and "hashes" not in ending]
    done = feeds.import_(office(tmp_path), "partner", contents)
    assert set(feeds.show(office(tmp_path), "partner")) == ENTRIES
    assert (done.entries, done.networks, done.names, done.sightings) == (4, 2, 1, 2)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"203.0.113.7\n198.51.100.0/28 ; a comment\n\n# note\n2001:db8::1,x\n", 3),
        (b"\xef\xbb\xbf203.0.113.7\r\n203.0.113.9\r\n", 2),
        (b"198.51.100.4-198.51.100.9\n", 2),
        (b"0.0.0.0 shop.example\n127.0.0.1 pills.example # x\n", 2),
        (b'ip,country\n203.0.113.7,DE\n"203.0.113.9",FR\n', 2),
        (b'["203.0.113.7", "shop.example"]', 2),
        (b'{"data": [{"ip": "203.0.113.7", "last_seen": "2025-12-01T00:00:00Z"}], "other": []}', 1),
        (b'{"ip":"203.0.113.7"}\n{"ip":"203.0.113.9"}\n', 2),
        (b'{"more": false, "objects": [{"type":"indicator","spec_version":"2.1","pattern":"[ipv4-addr:value = '
         b"'203.0.113.7'] OR [domain-name:value = 'shop.example']\"},"
         b' {"type":"ipv4-addr","value":"203.0.113.9"}]}',
         2),
        (b'{"Event": {"Attribute": [], "Object": [{"Attribute": [{"type": "ip-dst", "value": "203.0.113.7"},'
         b' {"type": "md5", "value": "0"}]}]}}', 1),
    ],
)  # fmt: skip
def test_forms_are_told_by_their_looks(tmp_path: Path, content: bytes, found: int) -> None:
    assert feeds.import_(office(tmp_path), "partner", [content]).entries == found


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "nothing is listed"),
        (b"# only a comment\n", "nothing is listed"),
        (b"GIF89a\0\0\0", "it is binary"),
        (b"203.0.113.7\n\xff\xfe\n", "no UTF-8"),
        (b"<html><body>Sign in to download</body></html>\n", "neither addresses nor names"),
        (b'{"entries": [{"ip": "203.0.1', "half-written or not JSON"),
        (outputs.get("json")(EDITION)["json"].replace(b'"count": 4', b'"count": 9'), "half-written"),
        (outputs.get("jsonl")(EDITION)["jsonl"][:-20], "half-written"),
        (outputs.get("plain")(EDITION)["txt"][:-14], "half-written"),
        (b"192.168.1.1\n10.0.0.1\n", "nothing of it may be listed"),
        (b"0.0.0.0/0\n203.0.113.7\n", "no list of ours takes that for evidence"),
        (b"::/0\n", "no list of ours takes that for evidence"),
        (b"[" * 100_000, "half-written or not JSON"),
        (b"a" * 5_000_000, "neither addresses nor names"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else None,
)  # fmt: skip
def test_what_is_broken_is_refused_and_the_last_good_state_stays(tmp_path: Path, content: bytes, words: str) -> None:
    feeds.import_(office(tmp_path), "partner", [b"203.0.113.7\n"])
    with pytest.raises((DataError, Refused), match=words):
        feeds.import_(office(tmp_path, AT + clock.HOUR), "partner", [content])
    assert set(feeds.show(office(tmp_path), "partner")) == {"203.0.113.7"}
    assert feeds.overview(office(tmp_path))[0].imported_at == AT


def crowd(count: int) -> bytes:
    return "".join(f"45.{n >> 16}.{n >> 8 & 255}.{n & 255}\n" for n in range(count)).encode()


def test_a_feed_that_grows_threefold_in_a_day_is_held_until_it_is_released(tmp_path: Path) -> None:
    feeds.import_(office(tmp_path), "partner", [crowd(200)])
    with pytest.raises(Refused, match=r"grew from 200 to 601 entries within a day: held") as told:
        feeds.import_(office(tmp_path, AT + clock.HOUR), "partner", [crowd(601)])
    assert "feeds release partner" in str(told.value.hint)
    assert len(feeds.show(office(tmp_path), "partner")) == 200
    (shown,) = feeds.overview(office(tmp_path))
    assert (shown.entries, shown.held) == (200, 601)
    with pytest.raises(Refused):  # once held, nothing is taken until a person has looked
        feeds.import_(office(tmp_path, AT + 2 * clock.DAY), "partner", [crowd(210)])
    assert feeds.release(office(tmp_path, AT + 2 * clock.DAY), "partner").entries == 210
    assert feeds.overview(office(tmp_path))[0].held is None
    with pytest.raises(NotFound, match="is not held"):
        feeds.release(office(tmp_path), "partner")


def test_growth_is_judged_against_the_least_of_the_day(tmp_path: Path) -> None:
    for hour, count in enumerate((100, 250, 300)):
        feeds.import_(office(tmp_path, AT + hour * clock.HOUR), "partner", [crowd(count)])
    with pytest.raises(Refused, match="held"):
        feeds.import_(office(tmp_path, AT + 3 * clock.HOUR), "partner", [crowd(301)])


@pytest.mark.slow
def test_a_million_lines_are_taken(tmp_path: Path) -> None:
    done = feeds.import_(office(tmp_path), "partner", [crowd(1_000_000)])
    assert (done.entries, done.sightings) == (1_000_000, 1_000_000)


def test_a_feed_that_is_kept_for_looking_up_leaves_no_rows(tmp_path: Path) -> None:
    done = feeds.import_(office(tmp_path, counts=False), "partner", [crowd(2_000) * 3])
    assert (done.entries, done.sightings) == (2_000, 0)
    assert feeds.check(office(tmp_path), "45.0.1.7")


def test_a_feed_never_lists_by_itself_and_adds_no_message(tmp_path: Path) -> None:
    feeds.import_(office(tmp_path), "partner", [b"203.0.113.7\n203.0.113.200\n"])
    here = office(tmp_path, AT + clock.HOUR)
    assert [d.listed for done in lists.decide(here) for d in done.decisions if d.listed] == []
    rows = here.ledger.query()
    found = rows.units(AT - clock.DAY, AT + clock.DAY)
    assert set(found["standing"].tolist()) == {int(Standing.FEED)}
    assert here.ledger.names("vantage") == {}  # a public list still needs two vantages that saw something
    assert feeds.show(here, "partner").keys() == {"203.0.113.7"}  # the other is protected


def test_what_stays_on_a_feed_is_no_new_sighting_until_it_is_seen_again(tmp_path: Path) -> None:
    def import_(hours: int, day: str) -> int:
        row = f'[{{"ip": "203.0.113.7", "last_seen": "2026-01-{day}T00:00:00Z"}}]'.encode()
        return feeds.import_(office(tmp_path, AT + hours * clock.HOUR), "partner", [row]).sightings

    assert [import_(0, "01"), import_(1, "01"), import_(30, "01"), import_(31, "03"), import_(32, "03")] == [
        1,
        0,
        0,
        1,
        0,
    ]


def test_an_address_a_network_that_holds_it_and_a_name_are_found(tmp_path: Path) -> None:
    feeds.import_(
        office(tmp_path, tlp="RED"), "partner", [b"203.0.113.7\n203.0.113.0/28\n2001:db8:1::/48\nshop.example\n"]
    )
    here = office(tmp_path, tlp="RED")
    assert [hit.entry for hit in feeds.check(here, "203.0.113.7")] == ["203.0.113.7", "203.0.113.0/28"]
    assert [hit.entry for hit in feeds.check(here, "2001:db8:1:2::9")] == ["2001:db8:1::/48"]
    assert [(hit.entry, hit.tlp) for hit in feeds.check(here, "www.shop.example")] == [("shop.example", "RED")]
    assert feeds.check(here, "192.0.2.1") == []
    with pytest.raises(UsageError):
        feeds.check(here, "a b")
    with pytest.raises(NotFound) as told:
        feeds.import_(here, "partne", [b"203.0.113.7\n"])
    assert told.value.hint == "did you mean 'partner'?"


def test_since_when_an_entry_stands_and_when_it_left_are_kept(tmp_path: Path) -> None:
    for day, content in enumerate((b"203.0.113.7\n203.0.113.0/28\n", b"203.0.113.7\n", b"203.0.113.9\n",
                                   b"203.0.113.7\n203.0.113.9\n")):  # fmt: skip
        feeds.import_(office(tmp_path, AT + day * clock.DAY), "partner", [content])
    days = [AT + day * clock.DAY for day in range(4)]
    (one,) = crosscheck.known(office(tmp_path, tlp="RED"), ["203.0.113.7"])
    assert [(stay.entry, stay.since_at, stay.gone_at) for stay in one.feeds] == [
        ("203.0.113.7", days[3], None), ("203.0.113.7", days[0], days[2]), ("203.0.113.0/28", days[0], days[1]),
    ]  # fmt: skip
    assert {stay.tlp for stay in one.feeds} == {"RED"}
    assert one.witnesses == 0  # a feed is evidence and no witness
    (other,) = crosscheck.known(office(tmp_path), ["203.0.113.9"])
    assert other.feeds[0].since_at == days[2]


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode), st.sampled_from(reading.FORMATS))
def test_any_bytes_are_read_or_refused(content: bytes, form: str) -> None:
    try:
        for item in reading.read(content, form):
            reading.networks_of(item.text)
    except JunkhoundError:
        pass


def test_ranges_become_networks_and_nonsense_does_not() -> None:
    assert [str(n) for n in reading.networks_of("198.51.100.4-198.51.100.9")] == ["198.51.100.4/30", "198.51.100.8/31"]
    assert reading.networks_of("198.51.100.9-198.51.100.4") == []
    assert reading.networks_of("198.51.100.9-2001:db8::1") == []
    assert len(reading.networks_of("0.0.0.1-255.255.255.254")) <= 256


def test_a_feed_has_its_own_weight(tmp_path: Path) -> None:
    desk = office(tmp_path, weight=2.5)
    feeds.import_(desk, "partner", [b"203.0.113.7\n"])
    (policy,) = deciding.policies(desk)
    units = listing.Rows.of(desk.ledger.query().units(0, AT + 1))
    groups = listing.Groups(units, policy, AT)
    one = listing.decide(groups.history(0), policy, AT)
    assert one.inputs["junk"][0] == pytest.approx(2.5, abs=0.01)
    assert one.inputs["witnesses"] == 0
    assert deciding.policies(office(tmp_path))[0].hash != policy.hash, "a decision says by which weights it was made"


def test_an_allow_list_speaks_for_its_addresses_and_is_no_mail(tmp_path: Path) -> None:
    desk = office(tmp_path, kind="good")
    done = feeds.import_(desk, "partner", [b"203.0.113.7\n198.51.100.0/28\n"])
    assert done.sightings == 1
    units = desk.ledger.query().units(0, AT + 1)
    assert (units["kind"].tolist(), units["standing"].tolist()) == ([int(Kind.GOOD)], [int(Standing.FEED)])
    assert histories.good_days(desk.ledger.query(), 0, AT + 1) == (0, 0), "the panel is of mail"
    assert [str(network) for network, _ in feeds.allowed(desk)] == ["198.51.100.0/28", "203.0.113.7/32"]


class Server(BaseHTTPRequestHandler):
    """A list on loopback; what it answers is set by the test."""

    status, body, headers_out = 200, b"203.0.113.7\n", {"ETag": '"one"'}
    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, dict(self.headers)))
        same = self.headers.get("If-None-Match") == self.headers_out.get("ETag")
        self.send_response(304 if same else self.status)
        for name, value in {**self.headers_out, "Content-Length": str(0 if same else len(self.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if not same:
            self.wfile.write(self.body)

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def served() -> Iterator[type[Server]]:
    kind = type("Served", (Server,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    kind.url = f"http://127.0.0.1:{server.server_port}/list.txt?key=1"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield kind
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_feed_is_fetched_when_somebody_says_so_and_once_while_it_stays_the_same(tmp_path: Path, served) -> None:
    done = feeds.fetch(office(tmp_path, url=served.url), "partner")
    assert done is not None
    assert (done.entries, served.asked[0][0]) == (1, "/list.txt?key=1")
    assert "Authorization" not in served.asked[0][1]
    assert feeds.fetch(office(tmp_path, url=served.url), "partner") is None
    assert served.asked[1][1]["If-None-Match"] == '"one"'


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, b"", Temporary), (302, b"", Temporary), (404, b"", Temporary), (200, b"", DataError),
        (200, b"0.0.0.0/0\n", Refused), (200, b"<html>\0", DataError),
    ],
)  # fmt: skip
def test_what_a_server_does_not_give_leaves_the_last_good_state(
    tmp_path: Path, served, status: int, body: bytes, error: type[JunkhoundError]
) -> None:
    feeds.fetch(office(tmp_path, url=served.url), "partner")
    served.status, served.body, served.headers_out = status, body, {"Location": "http://192.0.2.1/", "ETag": '"two"'}
    with pytest.raises(error):
        feeds.fetch(office(tmp_path, url=served.url), "partner")
    assert set(feeds.show(office(tmp_path), "partner")) == {"203.0.113.7"}
    assert len(served.asked) == 2, "no redirect is followed"


def test_nothing_is_fetched_that_nobody_asked_for(tmp_path: Path, served) -> None:
    assert feeds.due(office(tmp_path, url=served.url)) == []
    with pytest.raises(UsageError, match="no address"):
        feeds.fetch(office(tmp_path), "partner")
    with pytest.raises(ConfigError, match="no https address"):
        feeds.fetch(office(tmp_path, url="http://lists.example/list.txt"), "partner")
    assert served.asked == []


def test_a_feed_is_due_when_its_hours_are_over(tmp_path: Path, served) -> None:
    about = {"url": served.url, "fetch_hours": 6.0}
    assert feeds.due(office(tmp_path, **about)) == ["partner"]
    feeds.fetch(office(tmp_path, **about), "partner")
    assert feeds.due(office(tmp_path, AT + 5 * clock.HOUR, **about)) == []
    assert feeds.due(office(tmp_path, AT + 6 * clock.HOUR, **about)) == ["partner"]


def test_why_says_which_feeds_name_an_address(tmp_path: Path) -> None:
    desk = office(tmp_path)
    feeds.import_(desk, "partner", [b"203.0.113.0/25\n198.51.100.7\n"])
    assert [(hit.name, hit.entry, hit.tlp) for hit in why.why(desk, "203.0.113.7").feeds] == [
        ("partner", "203.0.113.0/25", "AMBER")
    ]
    assert why.why(desk, "192.0.2.1").feeds == []
