# ruff: noqa: E501  lines as programs write them
"""X-Originating-IP and its kin: a provider's word on its own customer, and nobody else's (strategy F6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import trace
from junkhound.evidence import message
from junkhound.tables import Path
from junkhound.trace.known import provider

WEBMAIL = {
    "name": "Webmail", "kind": "webmail", "networks": ["203.0.113.0/28"], "names": [".out.webmail.example"],
    "writes": [".webmail.example"], "inside": ["10.0.0.0/8"], "stamps": True,
    "client": ["X-Originating-IP", "X-Client-IP"],
}  # fmt: skip
SILENT = WEBMAIL | {"name": "Silent", "networks": ["203.0.113.16/28"], "writes": [".silent.example"], "client": []}
BULK = WEBMAIL | {"name": "Bulk", "kind": "bulk", "networks": ["203.0.113.32/28"], "writes": [], "stamps": False}
BORDER = trace.boundary(
    ["mx.example.org"], allow_documentation=True, known=trace.Known(map(provider, (WEBMAIL, SILENT, BULK)))
)
DATE = "; Mon, 6 Jan 2025 10:00:0{} +0000\n"
PERSON, VICTIM = "198.51.100.7", "192.0.2.99"


def ours(ip: str) -> str:
    return f"from x (unknown [{ip}])\n\tby mx.example.org (Postfix) with ESMTP id 4YRV6C1R3Kz3w"


STEP = "from a1.webmail.example (a1.webmail.example [10.1.2.3])\n\tby o7.webmail.example (Postfix) with ESMTP id 4YRV6B1R3Kz3w"
PICKUP = "from mail pickup service by a1.webmail.example with Microsoft SMTPSVC"
MAPI = "from a1.webmail.example (10.1.2.3) by a1.webmail.example (10.1.2.3) with mapi id 15.20.5746.1"
BROWSER = f"from {PERSON} by a1.webmail.example with HTTP"
INNER = "from 10.9.9.9 by a1.webmail.example with HTTP"
OUTSIDER = "from mail.example.net (mail.example.net [198.51.100.9])\n\tby a1.webmail.example (Postfix) with ESMTP id 4YRV681R3Kz3w"
TYPED = f"from {VICTIM} by a1.webmail.example with HTTP"
FIELD = f"X-Originating-IP: [{PERSON}]\n"
FORGED = f"X-Originating-IP: [{VICTIM}]\n"


def judged(*lines: str, fields: str = FIELD, above: str = "", step: int = 9) -> trace.Verdict:
    """The verdict on these Received lines, ``fields`` under them and ``above`` on top."""
    text = "".join(f"Received: {line}{DATE.format(step - number)}" for number, line in enumerate(lines))
    return trace.judge(trace.read(message.parse(f"{above}{text}{fields}From: a@example.net\n\nx\n".encode())), BORDER)


@pytest.mark.parametrize("hand_in", [PICKUP, MAPI, INNER], ids=["pickup", "mapi", "browser behind a proxy"])
@pytest.mark.parametrize(
    "fields",
    [FIELD, f"X-Originating-IP: {PERSON}\n", f"X-Client-IP: a@webmail.example/{PERSON}\n", FIELD + FIELD,
     f"X-ORIGINATING-IP: [::ffff:{PERSON}]\n"],
)  # fmt: skip
def test_the_providers_field_names_its_customers_machine(hand_in: str, fields: str) -> None:
    found = judged(ours("203.0.113.5"), STEP, hand_in, fields=fields)
    assert str(found.source) == PERSON
    assert found.provider == "Webmail"
    assert found.path is Path.WEBMAIL
    assert found.address is None, "the word of a provider lists nobody"
    assert found.confidence < 0.99
    assert PERSON in found.reasons[2].text


@pytest.mark.parametrize(
    ("lines", "fields", "source", "handover"),
    [
        pytest.param((ours("198.51.100.66"),), FORGED, "198.51.100.66", "198.51.100.66", id="typed by a bot"),
        pytest.param((ours("198.51.100.66"), TYPED), FORGED, "198.51.100.66", "198.51.100.66", id="with a typed line"),
        pytest.param((ours("198.51.100.66"), STEP, PICKUP), FORGED, "198.51.100.66", "198.51.100.66", id="with typed lines of the provider"),
        pytest.param((ours("203.0.113.20"), PICKUP.replace("webmail", "silent")), FORGED, None, "203.0.113.20", id="through a provider that writes none"),
        pytest.param((ours("203.0.113.40"),), FORGED, None, "203.0.113.40", id="through a bulk mailer"),
        pytest.param((ours("203.0.113.40"), PICKUP), FORGED, None, "203.0.113.40", id="through a bulk mailer, with a typed line"),
        pytest.param((ours("203.0.113.5"),), FORGED, None, "203.0.113.5", id="without a line of the provider"),
        pytest.param((ours("203.0.113.5"), STEP), FORGED, None, "203.0.113.5", id="no customer in its lines"),
        pytest.param((ours("203.0.113.5"), STEP, OUTSIDER), FORGED, "198.51.100.9", "203.0.113.5", id="passed on for an outsider"),
        pytest.param((ours("203.0.113.5"), STEP, OUTSIDER, TYPED), FORGED, "198.51.100.9", "203.0.113.5", id="passed on, with a typed line"),
        pytest.param((ours("203.0.113.5"), "from x by y with z", PICKUP), FORGED, None, "203.0.113.5", id="a gap in its lines"),
        pytest.param((ours("203.0.113.5"), STEP, BROWSER), FORGED, PERSON, "203.0.113.5", id="its own line says otherwise"),
        pytest.param((ours("203.0.113.5"), STEP, PICKUP), FIELD + FORGED, None, "203.0.113.5", id="twice and different"),
        pytest.param((ours("203.0.113.5"), STEP, PICKUP), FORGED + f"X-Client-IP: {PERSON}\n", None, "203.0.113.5", id="two fields that differ"),
        pytest.param((ours("203.0.113.5"), STEP, PICKUP), "X-Originating-IP: [10.1.1.1]\n", None, "203.0.113.5", id="a private address"),
        pytest.param((ours("203.0.113.5"), STEP, PICKUP), "X-Originating-IP: [203.0.113.6]\n", None, "203.0.113.5", id="the provider itself"),
        pytest.param((ours("203.0.113.5"), STEP, PICKUP), f"X-Originating-IP: {VICTIM}, {PERSON}\n", None, "203.0.113.5", id="a list"),
        pytest.param((ours("203.0.113.5"), STEP, PICKUP), f"X-Originating-IP: {VICTIM}.5\n", None, "203.0.113.5", id="no address"),
        pytest.param((ours("203.0.113.5"), STEP, PICKUP), f"X-Sender-IP: {VICTIM}\nX-AOL-IP: {VICTIM}\n", None, "203.0.113.5", id="fields of others"),
        pytest.param((ours("203.0.113.5"), STEP, PICKUP), "", None, "203.0.113.5", id="no field"),
    ],
)  # fmt: skip
def test_a_typed_field_accuses_nobody(lines: tuple[str, ...], fields: str, source: str | None, handover: str) -> None:
    found = judged(*lines, fields=fields)
    assert str(found.source) == str(source)
    assert str(found.handover) == handover
    assert VICTIM not in {str(one.address) for one in found.candidates if one.p >= 0.5}
    assert str(found.address) != VICTIM


def test_a_provider_whose_pages_leave_no_line_is_believed_to_the_last_line_alone() -> None:
    known = trace.Known([provider(WEBMAIL | {"silent": True})])
    border = trace.boundary(["mx.example.org"], allow_documentation=True, known=known)

    def source(*lines: str, fields: str = FIELD) -> str:
        text = "".join(f"Received: {line}{DATE.format(9 - number)}" for number, line in enumerate(lines))
        octets = f"{text}{fields}From: a@example.net\n\nx\n".encode()
        return str(trace.judge(trace.read(message.parse(octets)), border).source)

    assert source(ours("203.0.113.5"), STEP) == PERSON
    assert source(ours("203.0.113.5"), STEP, OUTSIDER) == "198.51.100.9"
    assert source(ours("203.0.113.5"), STEP, "from x by y with z") == "None"
    assert source(ours("203.0.113.5"), fields=FORGED) == "None", "no line of theirs at all"
    assert source(ours("198.51.100.66"), STEP, fields=FORGED) == "198.51.100.66"


def test_a_bulk_mailers_number_says_whose_mail_it_was() -> None:
    bulk = provider(BULK | {"ids": ["X-SG-EID", "Feedback-ID"]})
    border = trace.boundary(["mx.example.org"], allow_documentation=True, known=trace.Known([bulk]))

    def account(fields: str, ip: str = "203.0.113.40") -> str | None:
        text = f"Received: {ours(ip)}{DATE.format(9)}{fields}From: a@example.net\n\nx\n"
        return trace.judge(trace.read(message.parse(text.encode())), border).account

    assert account("X-SG-EID: abc\n def\n") == "X-Sg-Eid: abc def"
    assert account("Feedback-ID: 1.2:mailer\n") == "Feedback-Id: 1.2:mailer"
    assert account("X-SG-EID: a\nX-SG-EID: b\n") is None, "which is theirs nobody can tell"
    assert account("") is None
    assert account("X-SG-EID: abc\n", "198.51.100.66") is None, "another's machine: anybody may type the field"


def test_a_field_above_the_providers_lines_is_not_its_own() -> None:
    found = judged(ours("203.0.113.5"), STEP, PICKUP, fields="", above=FORGED)
    assert found.source is None
    assert "not believed" in found.reasons[2].text


def test_why_it_is_not_believed_is_said() -> None:
    found = judged(ours("203.0.113.5"), STEP, BROWSER, fields=FORGED)
    assert f"says {VICTIM}, which is not believed: Webmail's own line says {PERSON}" in found.reasons[2].text


@given(
    st.lists(st.sampled_from([TYPED, OUTSIDER, STEP, PICKUP, "nonsense"]), max_size=3),
    st.lists(
        st.sampled_from([FORGED, f"X-Client-IP: {VICTIM}\n", f"X-AOL-IP: {VICTIM}\n", "X-Originating-IP: ?\n"]),
        max_size=3,
    ),
)
def test_nothing_below_a_customers_line_with_an_address_moves_the_source(below: list[str], fields: list[str]) -> None:
    found = judged(ours("203.0.113.5"), STEP, BROWSER, *below, fields="".join(fields), step=9)
    assert str(found.source) == PERSON
