"""What the desks of others are given is valid for their own programs, and says no more than the list does."""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
import uuid
from importlib.resources import files
from types import ModuleType

import pytest
import stix2
import stix2validator
from pymisp import MISPEvent

from junkhound.kernel import net
from junkhound.publish import Edition, outputs
from junkhound.wire import stix
from support.editions import entry, make, name_entry

EDITION = make(
    entry("203.0.113.7", 1, messages="over 100,000"),
    entry("198.51.100.0/28", 2, listing_class="open proxy", messages="under 10"),
    entry("2001:db8:1:2::/64", 3, listing_class="password guessing", last_seen="2026-01-03"),
    name_entry("shop.example", 4, messages="1,000 to 5,000"),
    name_entry("o-brien.pills.example", 5, below=False, listing_class="advertised host", since="2026-01-02"),
    exclusions=tuple(n for w in ("198.51.100.9",) if (n := net.parse_network(w))),
    url="https://bl.example.org/r/%s",
    tlp="GREEN",
)
MARKINGS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")


def bundle(edition: Edition = EDITION) -> dict:
    return json.loads(outputs.get("stix")(edition)["stix"])


@pytest.mark.parametrize("tlp", MARKINGS)
def test_the_validator_of_oasis_finds_nothing_wrong(tlp: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket.connect", _never)
    options = stix2validator.ValidationOptions(version="2.1", strict=False, enforce_refs=True)
    made = bundle(make(*EDITION.entries, *EDITION.names, exclusions=EDITION.exclusions, tlp=tlp))
    found = stix2validator.validate_parsed_json(made, options)
    results = found if isinstance(found, list) else [found]
    assert all(one.is_valid for one in results), [error.message for one in results for error in one.errors]
    warnings = [str(warning) for one in results for warning in one.warnings]
    assert not [words for words in warnings if "{103}" not in words and "{401}" not in words], warnings


def _never(*_: object) -> None:
    raise AssertionError("the validator must do without the network")


def test_the_library_of_oasis_parses_it_and_makes_the_same_identifiers() -> None:
    parsed = stix2.parse(bundle(), allow_custom=False, version="2.1")
    kinds = [one["type"] for one in bundle()["objects"]]
    assert len(parsed.objects) == len(kinds)
    assert (kinds.count("indicator"), kinds.count("sighting"), kinds.count("observed-data")) == (5, 5, 5)
    ours = {one["id"] for one in bundle()["objects"]}
    for made in (
        stix2.v21.IPv4Address(value="203.0.113.7"), stix2.v21.DomainName(value="shop.example"),
        stix2.v21.IPv6Address(value="2001:db8:1:2::/64"), stix2.v21.IPv4Address(value="198.51.100.8"),
    ):  # fmt: skip
        assert made.id in ours
    assert stix2.TLP_WHITE.id not in ours  # the markings of TLP 1 have other identifiers


def test_an_indicator_ends_with_its_listing_and_leads_to_its_record() -> None:
    indicators = [one for one in bundle()["objects"] if one["type"] == "indicator"]
    by_number = {one["external_references"][0]["external_id"]: one for one in indicators}
    one = by_number["JH-2026-000001"]
    assert one["pattern"] == "[ipv4-addr:value = '203.0.113.7']"
    assert (one["valid_from"], one["valid_until"]) == ("2026-01-01T00:00:00.000Z", "2026-01-09T00:00:00.000Z")
    assert one["external_references"][0]["url"] == "https://bl.example.org/r/JH-2026-000001"
    assert one["object_marking_refs"] == [stix.TLP["GREEN"]]
    assert by_number["JH-2026-000004"]["pattern"] == (
        "[domain-name:value = 'shop.example' OR domain-name:value LIKE '%.shop.example']"
    )
    assert by_number["JH-2026-000005"]["pattern"] == "[domain-name:value = 'o-brien.pills.example']"
    holes = by_number["JH-2026-000002"]["pattern"]
    assert "198.51.100.8'" in holes
    assert "198.51.100.9'" not in holes
    counts = sorted(one["count"] for one in bundle()["objects"] if one["type"] == "sighting")
    assert counts == [1, 10, 10, 1000, 100000]  # the least that each range says, never the count


def test_equal_facts_give_equal_objects_whenever_they_are_published() -> None:
    later = make(*EDITION.entries, *EDITION.names, exclusions=EDITION.exclusions, url=EDITION.url, tlp="GREEN",
                 at=EDITION.at + 3_600_000_000)  # fmt: skip
    assert bundle()["objects"] == bundle(later)["objects"]
    assert bundle()["id"] != bundle(later)["id"]


def test_misp_reads_the_feed() -> None:
    made = outputs.get("misp")(EDITION)
    manifest = json.loads(made["misp/manifest.json"])
    ((number, about),) = manifest.items()
    event = MISPEvent()
    event.load(json.loads(made[f"misp/{number}.json"]))
    assert str(event.uuid) == number
    assert [tag.name for tag in event.tags] == ["tlp:green"]
    values = {(one.type, one.value) for one in event.attributes}
    assert {("ip-src", "203.0.113.7"), ("ip-src", "2001:db8:1:2::/64"), ("domain", "shop.example"),
            ("hostname", "o-brien.pills.example"), ("ip-src", "198.51.100.8")} <= values  # fmt: skip
    assert not [value for _, value in values if value.startswith("198.51.100.9")]
    assert all(one.to_ids and one.first_seen <= one.last_seen for one in event.attributes)
    assert len({str(one.uuid) for one in event.attributes}) == len(event.attributes)
    hashes = {line.split(",")[0] for line in made["misp/hashes.csv"].decode().splitlines()}
    assert hashes == {hashlib.md5(value.encode()).hexdigest() for _, value in values}
    assert set(about) == {"info", "date", "threat_level_id", "analysis", "timestamp", "Orgc", "Tag"}
    assert uuid.UUID(about["Orgc"]["uuid"]).version == 5
    again = json.loads(outputs.get("misp")(make(entry("203.0.113.9")))["misp/manifest.json"])
    assert list(again) == [number]  # one event of the list, replaced with each edition


@pytest.mark.parametrize("tlp", MARKINGS)
def test_intelmq_takes_every_event_as_it_is(tlp: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # IntelMQ asks pkg_resources where its files are; setuptools ships that no longer.
    found = ModuleType("pkg_resources")
    found.resource_filename = lambda package, path: str(files(package).joinpath(path))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pkg_resources", found)
    intelmq = importlib.import_module("intelmq.lib.message")
    rules = json.loads(files("intelmq").joinpath("etc/harmonization.conf").read_text("utf-8"))
    edition = make(*EDITION.entries, *EDITION.names, exclusions=EDITION.exclusions, url=EDITION.url, tlp=tlp)
    rows = [json.loads(line) for line in outputs.get("intelmq")(edition)["intelmq"].decode().splitlines()]
    assert len(rows) == 8  # a network with a hole is four
    for row in rows:
        event = intelmq.Event(harmonization=rules)
        for field, value in row.items():
            event.add(field, value, sanitize=False)
        assert event["classification.type"] in ("spam", "proxy", "brute-force")
        assert event["tlp"] == {"CLEAR": "WHITE", "AMBER+STRICT": "RED"}.get(tlp, tlp)
        assert event["extra.tlp"] == tlp
    assert {row.get("source.ip") for row in rows} >= {"203.0.113.7", "198.51.100.8"}
    assert {row.get("source.fqdn") for row in rows} >= {"shop.example"}
