"""What the operator's RDAP answers say of domains, and what that ties together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from junkhound import content
from junkhound.campaign import registered
from junkhound.kernel.errors import DataError
from junkhound.tables import KeyKind


def answer(domain: str, registrant: str = "", when: str = "2026-01-02T03:04:05Z", **more: Any) -> dict[str, Any]:
    """An RDAP answer about a domain (RFC 9083 section 5.3)."""
    entities = [{"roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "Registrar One"]]]}]
    if registrant:
        entities.append({"roles": ["registrant"], "vcardArray": ["vcard", [["fn", {}, "text", registrant]]]})
    return {"objectClassName": "domain", "ldhName": domain, "entities": entities,
            "events": [{"eventAction": "registration", "eventDate": when}],
            "nameservers": [{"ldhName": "NS1.hosting.example"}, {"ldhName": f"ns.{domain}"}], **more}  # fmt: skip


def lines(*answers: object) -> list[bytes]:
    return [json.dumps(one).encode() for one in answers]


def test_registrant_name_servers_and_the_hour_of_buying_are_keys() -> None:
    found = registered.read(lines(answer("pills.example", "J. Doe"), {"object": answer("watch.example")}))
    one = found[content.key("pills.example")]
    assert one.ties() == [
        (KeyKind.NAME_SERVER, "hosting.example"), (KeyKind.REGISTRANT, "j. doe"),
        (KeyKind.REGISTERED, "registrar one, 2026-01-02T03:00:00Z"),
    ]  # fmt: skip
    assert found[content.key("watch.example")].registrant == ""


@pytest.mark.parametrize("hidden", ["REDACTED FOR PRIVACY", "Whois Guard Inc", "Domains By Proxy", "Data Protected"])
def test_a_registrant_that_a_service_hides_is_none(hidden: str) -> None:
    assert registered.read(lines(answer("pills.example", hidden)))[content.key("pills.example")].registrant == ""


def test_the_newest_answer_of_a_domain_counts_and_other_objects_are_passed_over() -> None:
    old, new = answer("pills.example", "Old", "2020-01-01T00:00:00Z"), answer("pills.example", "New")
    network = {"objectClassName": "ip network", "handle": "NET-1"}
    assert [one.registrant for one in registered.read(lines(new, network, 7, old)).values()] == ["new"]


@pytest.mark.parametrize(
    "broken",
    [
        {"entities": 7}, {"entities": [7, {"roles": ["registrant"], "vcardArray": "no"}]}, {"nameservers": [None]},
        {"events": [{"eventAction": "registration", "eventDate": "yesterday"}]}, {"events": {}},
        {"entities": [{"roles": "registrant", "vcardArray": ["vcard", [[], ["fn"], ["fn", {}, "text", ["x"]]]]}]},
    ],
)  # fmt: skip
def test_answers_of_any_shape_are_read(broken: dict[str, Any]) -> None:
    found = registered.read(lines({**answer("pills.example"), **broken}))
    assert found[content.key("pills.example")].domain == "pills.example"


def test_what_is_no_json_says_in_which_line() -> None:
    with pytest.raises(DataError, match="line 2"):
        registered.read([*lines(answer("pills.example")), b"{"])
    with pytest.raises(DataError, match="too long"):
        registered.read([b" " * 5 + b"x" * (registered.MAX_LINE + 1)])
