"""What the files look like, and that every form keeps the same promises."""

from __future__ import annotations

import csv
import hashlib
import json
from itertools import pairwise
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import clock, net
from junkhound.kernel.errors import ConfigError, UsageError
from junkhound.listing import span
from junkhound.publish import Edition, Entry, feed, outputs, write
from support.editions import AT, entry, make, name_entry

CASES = Path(__file__).parent / "cases"
NO_HEADER = {"json", "jsonl", "stix", "intelmq"}
BUILT_IN = tuple(form for form in outputs.names() if form != "served")


def sample() -> Edition:
    """Neighbours, a network with a hole, IPv6, names, and a page with a dollar sign in its address."""
    return make(
        name_entry("shop.example", number=7),
        name_entry("cdn.pills.example", number=8, below=False, listing_class="advertised host", codes=("127.0.1.3",)),
        entry("203.0.113.6", number=5, messages="over 100,000"),
        entry("203.0.113.7", number=3),
        entry("198.51.100.0/28", number=4, listing_class="open proxy", messages="under 10"),
        entry("2001:db8:1:2::/64", number=6, last_seen="2026-01-03"),
        name_exclusions=("cdn.a.shop.example",),
        exclusions=tuple(sorted(map(_network, ("198.51.100.9", "192.0.2.0/24", "2001:db8:ffff::/48")))),
        url="https://bl.example.org/r/%s?$",
        contact="post.master@example.org",
        name_servers=("ns1.example.org", "ns2.example.net"),
    )


def _network(words: str) -> net.Network:
    network = net.parse_network(words)
    assert network is not None
    return network


def files(edition: Edition) -> dict[str, bytes]:
    return {ending: content for form in BUILT_IN for ending, content in outputs.get(form)(edition).items()}


@pytest.mark.parametrize("ending", sorted(files(sample())))
def test_golden_files(ending: str, update_golden: bool) -> None:
    made = files(sample())[ending]
    path = CASES / f"main.{ending}"
    if update_golden:
        path.parent.mkdir(exist_ok=True)
    if update_golden:
        path.write_bytes(made)
    assert made.decode() == path.read_text()


hosts = st.one_of(
    st.tuples(st.integers(0xCB007100, 0xCB00711F), st.integers(28, 32)).map(
        lambda pair: str(net.network_of(net.v4(pair[0]), 96 + pair[1]))
    ),
    st.integers(0, 15).map(lambda n: f"2001:db8:0:{n:x}::/64"),
)


@given(st.lists(hosts, max_size=12, unique=True), st.lists(hosts, max_size=3))
def test_networks_hold_exactly_what_is_listed_and_are_the_fewest(listed: list[str], excluded: list[str]) -> None:
    edition = make(*(entry(words, n) for n, words in enumerate(listed)), exclusions=tuple(map(_network, excluded)))
    content = outputs.get("cidr")(edition)["cidr"].decode().splitlines()
    lines = [_network(line) for line in content if not line.startswith("#")]
    holes = [span(_network(words)) for words in excluded]

    def inside(address: int, spans: list[tuple[int, int]]) -> bool:
        return any(first <= address <= last for first, last in spans)

    wanted = [span(_network(words)) for words in listed]
    found = [span(network) for network in lines]
    edges = {a for first, last in (*wanted, *holes, *found) for a in (first - 1, first, last, last + 1)}
    for address in edges:
        assert inside(address, found) == (inside(address, wanted) and not inside(address, holes))
    assert lines == sorted(lines)
    for before, after in pairwise(lines):
        joined = net.network_of(before.first, before.bits - 1)
        assert not (before.bits == after.bits and span(joined) == (span(before)[0], span(after)[1]))


@given(st.lists(hosts, max_size=12, unique=True), st.randoms(use_true_random=False))
def test_equal_rows_give_equal_files_in_any_order(listed: list[str], shuffler) -> None:
    entries = [entry(words, n) for n, words in enumerate(listed)]
    turned = list(entries)
    shuffler.shuffle(turned)
    assert files(make(*entries)) == files(make(*turned))


@given(st.lists(hosts, max_size=8, unique=True))
def test_every_zone_has_its_test_entry_and_never_the_other(listed: list[str]) -> None:
    made = files(make(*(entry(words, n) for n, words in enumerate(listed))))
    four, six = (made[ending].decode().splitlines() for ending in ("ip4set", "ip6trie"))
    assert [line.split()[0] for line in four if line.startswith("127.")] == ["127.0.0.2"]
    assert "!127.0.0.1" in four
    assert [line.split()[0] for line in six if line.startswith("::ffff")] == ["::ffff:7f00:2/128"]
    assert "!::ffff:7f00:1/128" in six
    assert four.index("$MAXRANGE4 /24") < min(n for n, line in enumerate(four) if line[0].isdigit())


@pytest.mark.parametrize(
    "ending", sorted(ending for ending in files(sample()) if ending not in NO_HEADER and "/" not in ending)
)
def test_the_header_says_when_how_many_and_which(ending: str) -> None:
    lines = files(sample())[ending].decode().splitlines(keepends=True)
    mark = lines[0][0]
    about = dict(line[2:].strip().split(" ", 1) for line in lines if line.startswith(f"{mark} "))
    body = "".join(line for line in lines if not line.startswith(mark))
    assert about["generated"] == clock.text(AT)
    assert about["expires"] == clock.text(AT + 2 * clock.DAY)
    assert about["count"] == "6"
    assert about["sha256"] == hashlib.sha256(body.encode()).hexdigest()


def test_the_feed_can_be_checked_by_its_reader() -> None:
    feed = json.loads(files(sample())["json"])
    lines = "".join(json.dumps(e, sort_keys=True, separators=(",", ":")) + "\n" for e in feed["entries"])
    assert feed["sha256"] == hashlib.sha256(lines.encode()).hexdigest()
    assert feed["count"] == len(feed["entries"]) == 6
    assert json.loads(files(make())["json"])["entries"] == []


def test_the_feed_keeps_to_its_schema() -> None:
    schema = json.loads(feed.schema())
    for edition in (sample(), make(), make(of="names"), make(name_entry("shop.example"), scope="public", tlp="RED")):
        jsonschema.validate(json.loads(files(edition)["json"]), schema)
        head, *rows = (json.loads(line) for line in files(edition)["jsonl"].decode().splitlines())
        jsonschema.validate(head, {**schema["$defs"]["head"], "$defs": schema["$defs"]})
        for row in rows:
            jsonschema.validate(row, {**schema["$defs"]["entry"], "$defs": schema["$defs"]})
    broken = json.loads(files(sample())["json"])
    broken["entries"][0]["messages"] = "17"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


def test_the_table_reads_back() -> None:
    lines = [line for line in files(sample())["csv"].decode().splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    assert [row["network"] for row in rows][:2] == ["198.51.100.0/28", "203.0.113.6/32"]
    assert rows[1]["messages"] == "over 100,000"


@pytest.mark.parametrize(
    "wrong",
    [{"messages": "12"}, {"since": "2026-01-01T03:00:00Z"}, {"number": "JH-1"}, {"listing_class": "seen at bait.test"}],
)
def test_an_entry_has_no_room_for_anything_exact(wrong: dict[str, str]) -> None:
    right = {
        "number": "JH-2026-000001",
        "listing_class": "open relay",
        "messages": "under 10",
        "since": "2026-01-01",
        "last_seen": "2026-01-01",
        "expires": "2026-01-02",
    }
    Entry(_network("203.0.113.7"), **right)
    with pytest.raises(ValueError, match="not the words"):
        Entry(_network("203.0.113.7"), **{**right, **wrong})


def test_a_text_is_never_longer_than_a_txt_record() -> None:
    long = make(entry("203.0.113.7"), url="https://bl.example.org/" + "r" * 130 + "/%s")
    text = long.sentence(long.entries[0], "2001:db8:1111:2222:3333:4444:5555:6666")
    assert len(text) <= 255
    assert "https://" not in text
    assert "https://" in make(entry("203.0.113.7"), url="https://bl.example.org/r/%s").sentence(long.entries[0], "x")


@pytest.mark.parametrize("url", ["https://bl.example.org/\n127.0.0.1", "https://bl.example.org/ü", 'say "so"'])
def test_no_setting_can_break_a_zone_file(url: str) -> None:
    with pytest.raises(ConfigError, match="cannot stand in a zone file"):
        make(url=url)


@pytest.mark.parametrize("code", ["127.0.0.1", "192.0.2.1", "127.255.255.254", "x"])
def test_no_answer_means_something_else(code: str) -> None:
    with pytest.raises(ConfigError, match="is no answer for a listed address"):
        make(code=code)


def test_all_forms_are_made_before_the_first_is_written(tmp_path: Path) -> None:
    written: list[Path] = []
    with pytest.raises(UsageError, match="no outputs called 'cdir'") as unknown:
        write(sample(), ["plain", "cdir"], tmp_path, lambda path, content: written.append(path))
    assert unknown.value.hint == "did you mean 'cidr'?"
    assert written == []
    done = write(sample(), BUILT_IN, tmp_path, lambda path, content: written.append(path))
    assert [file.path for file in done] == [str(path) for path in written]
    assert {str(path.relative_to(tmp_path)) for path in written} == {
        f"main.{ending}" for ending in (*files(sample()), "index")
    }
