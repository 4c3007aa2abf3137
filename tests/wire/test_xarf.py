"""XARF of every version that anybody sends."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.wire import xarf

MAIL = b"From: a@example.net\r\n\r\nbuy\r\n"
FOUR = {
    "xarf_version": "4.2.0",
    "report_id": "02eb480f-8172-431a-9276-c28ba90f694a",
    "timestamp": "2025-01-11T10:59:45Z",
    "reporter": {"org": "Traps", "contact": "r@traps.example", "domain": "traps.example"},
    "sender": {"org": "Traps", "contact": "r@traps.example", "domain": "traps.example"},
    "source_identifier": "192.0.2.7",
    "source_port": 50123,
    "category": "messaging",
    "type": "spam",
    "protocol": "smtp",
    "evidence": [{"content_type": "message/rfc822", "payload": base64.b64encode(MAIL).decode()}],
    "_internal": {"ticket": "secret"},
}
THREE = {
    "Version": "3",
    "ReporterInfo": {"ReporterOrg": "Traps", "ReporterOrgDomain": "traps.example"},
    "Disclosure": True,
    "Report": {
        "ReportClass": "Activity",
        "ReportType": "LoginAttack",
        "Date": "2018-02-05T14:17:10Z",
        "SourceIp": "2001:db8::7",
        "SourcePort": 54321,
        "Samples": [{"ContentType": "text/plain", "Base64Encoded": False, "Payload": "failed for root"}],
    },
}
PLAIN = b"""\
---
Reported-From: abuse-team@reporter.example
Category: abuse
Report-Type: login-attack
Service: ssh
Version: 0.2
Date: 'Fri, 31 Jan 2014 07:19:02 +0100'
Source-Type: ip-address
Source: 192.0.2.7
Port: 22
Report-ID: 4711@reporter.example
"""


def test_version_4() -> None:
    report = xarf.read(json.dumps(FOUR).encode())
    assert report is not None
    assert (report.category, report.type, report.source, report.source_port) == (
        "messaging",
        "spam",
        "192.0.2.7",
        50123,
    )
    assert report.evidence[0].payload == MAIL
    assert not report.missing
    assert "secret" not in repr(report), "what is internal is not read"


def test_version_3() -> None:
    report = xarf.read(json.dumps(THREE).encode())
    assert report is not None
    assert (report.type, report.source, report.source_port) == ("login_attack", "2001:db8::7", 54321)
    assert report.evidence[0].payload == b"failed for root"
    assert not report.missing


def test_version_0_2() -> None:
    report = xarf.read_plain(PLAIN)
    assert report is not None
    assert (report.type, report.source, report.report_id) == ("login_attack", "192.0.2.7", "4711@reporter.example")
    assert report.at == "Fri, 31 Jan 2014 07:19:02 +0100"
    assert report.source_port is None, "the port is the one that was attacked"


@pytest.mark.parametrize("lack", ["report_id", "timestamp", "source_identifier", "sender"])
def test_what_is_required_and_lacks_is_named(lack: str) -> None:
    report = xarf.read(json.dumps({name: value for name, value in FOUR.items() if name != lack}).encode())
    assert report is not None
    assert report.missing == (lack,)


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"a": 1}', b'{"xarf_version"', b"{" * 100_000, b"\xff{"])
def test_other_json_is_none(text: bytes) -> None:
    assert xarf.read(text) is None


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from([*FOUR, *THREE, *THREE["Report"], "IP"]), x),
    )
)  # type: ignore[misc]
def test_any_json_is_read_or_none(value: object) -> None:
    for given_ in (
        value,
        {"xarf_version": value, "evidence": value, "reporter": value},
        {"Report": {"Samples": value}},
    ):
        found = xarf.read(json.dumps(given_).encode())
        assert found is None or isinstance(found, xarf.Xarf)
