# ruff: noqa: E501  lines as programs write them
"""What kind of source it was, with its reason; nothing is acted on by it."""

from __future__ import annotations

import pytest

from junkhound import trace
from junkhound.evidence import message
from junkhound.kernel import net
from junkhound.tables import Operator, SourceClass
from junkhound.trace import classes
from junkhound.trace.known import provider
from junkhound.trace.pair import Machine
from junkhound.trace.seen import Numbers, number
from junkhound.verbs import kinds
from junkhound.wire.facts import Envelope, Facts, Origin, Session

DATE = "; Mon, 6 Jan 2025 10:00:0{} +0000\n"
KNOWN = trace.Known(
    provider(
        {"kind": kind, "networks": [network], "writes": [f".{kind}.example"], "stamps": kind != "bulk", "name": kind}
    )
    for kind, network in (("webmail", "203.0.113.0/28"), ("bulk", "203.0.113.16/28"), ("list", "203.0.113.32/28"))
)
BORDER = trace.boundary(["mx.example.org"], allow_documentation=True, known=KNOWN)
ID = "4YRV6C1R3Kz3w"


def ours(ip: str = "198.51.100.7", rdns: str = "unknown", helo: str | None = None, tail: str = "") -> str:
    return f"from {helo or rdns} ({rdns} [{ip}])\n\t{tail}by mx.example.org (Postfix) with ESMTP id {ID}"


SERVER = ours(rdns="mail.example.net")
BEHIND = "from {} ({} [192.0.2.9])\n\tby mail.example.net (Postfix) with {} id " + ID
SCRIPT = f"by mail.example.net (Postfix, from userid 33)\n\tid {ID}"
LOGGED = (
    "from pc (unknown [198.51.100.9])\n\t(Authenticated sender: me@webmail.example)\n\tby a1.webmail.example (Postfix) with ESMTPSA id "
    + ID
)
BROWSER = "from 198.51.100.9 by a1.webmail.example with HTTP"


def address(text: str) -> net.Address:
    found = net.parse(text)
    assert found is not None
    return found


def judged(
    *lines: str,
    fields: str = "",
    author: str = "a@shop.example",
    facts: Facts | None = None,
    seen: trace.Seen = trace.NOTHING,
) -> trace.Verdict:
    text = "".join(f"Received: {line}{DATE.format(9 - number)}" for number, line in enumerate(lines))
    return trace.judge(
        trace.read(message.parse(f"{text}{fields}From: {author}\n\nx\n".encode())), BORDER, facts, seen=seen
    )


@pytest.mark.parametrize(
    ("lines", "fields", "kind", "why"),
    [
        ((ours(rdns="dsl-7.pool.example.net"),), "", SourceClass.BOT, "one line of many"),
        ((ours(helo="friend"),), "", SourceClass.BOT, "bare word"),
        ((ours(helo="[198.51.100.7]"),), "", SourceClass.BOT, "by an address"),
        ((ours(helo="mx.example.org"),), "", SourceClass.BOT, "the server that it spoke to"),
        ((ours(rdns="www.example.net", helo="send1.example.com"),), "", SourceClass.SERVER, "another domain"),
        ((ours(rdns="www.example.net", helo="friend"),), "", SourceClass.BOT, "though it has a name"),
        ((SERVER,), "", SourceClass.SERVER, "mail server's"),
        ((SERVER,), "Feedback-ID: 1.2:mailer\n", SourceClass.BULK, "bulk mailers"),
        ((SERVER, SCRIPT), "", SourceClass.ACCOUNT, "web site"),
        ((SERVER, SCRIPT.replace("33", "0")), "", SourceClass.SERVER, "a program"),
        ((SERVER, SCRIPT.replace("33", "1012")), "", SourceClass.ACCOUNT, "a user of that server"),
        ((SERVER, SCRIPT.replace("33", "0")), "X-Authenticated-Sender: ann\n", SourceClass.ACCOUNT, "which account"),
        ((SERVER,), "X-Authenticated-Sender: ann\n", SourceClass.ACCOUNT, "which account"),
        ((SERVER, BEHIND.format("pc", "unknown", "ESMTPA")), "", SourceClass.ACCOUNT, "logged in"),
        ((SERVER, BEHIND.format("pc", "dsl-9.pool.example.com", "ESMTP")), "", SourceClass.OPEN_RELAY, "another network"),
        ((SERVER, BEHIND.format("pc", "dsl-9.pool.example.net", "ESMTP")), "", SourceClass.BOT, "whose mail server"),
        ((SERVER, BEHIND.format("app1.example.net", "app1.example.net", "ESMTP")), "", SourceClass.SERVER, "same site"),
        ((SERVER, BEHIND.format("pc", "dsl-9.pool.example.com", "ESMTP")), "List-Id: <a.example.net>\n", SourceClass.FORWARD, "list"),
        ((ours(tail="(Authenticated sender: ann)\n\t"),), "", SourceClass.ACCOUNT, "logged in"),
        ((ours("203.0.113.5"), LOGGED), "", SourceClass.ACCOUNT, "mail program"),
        ((ours("203.0.113.5"), BROWSER), "", SourceClass.WEBMAIL, "browser"),
        ((ours("203.0.113.20"),), "", SourceClass.BULK, "bulk mailer"),
        ((ours("203.0.113.40"),), "", SourceClass.FORWARD, "list"),
        (("from a by b.example with SMTP",), "", SourceClass.UNANCHORED, "anybody"),
        ((), "", SourceClass.UNANCHORED, "anybody"),
    ],
)  # fmt: skip
def test_classes(lines: tuple[str, ...], fields: str, kind: SourceClass, why: str) -> None:
    found = judged(*lines, fields=fields)
    assert found.source_class is kind
    assert why in found.class_reason


def test_a_relay_of_its_own_people_is_no_open_relay() -> None:
    found = judged(SERVER, BEHIND.format("pc", "dsl-9.pool.example.com", "ESMTP"), author="Ann <ann@example.net>")
    assert found.source_class is SourceClass.ACCOUNT


def test_a_user_who_writes_in_the_servers_own_name_is_its_own() -> None:
    found = judged(SERVER, SCRIPT.replace("33", "1012"), author="Ann <ann@example.net>")
    assert found.source_class is SourceClass.SERVER


def test_one_machine_behind_several_relays_is_a_controller() -> None:
    lines = SERVER, BEHIND.format("c.example.com", "c.example.com", "ESMTP")
    (address,) = (one.address for one in judged(*lines).candidates if str(one.address) == "192.0.2.9")
    found = judged(*lines, seen=trace.Seen(9, drivers=Numbers({number(address)})))
    assert found.source_class is SourceClass.CONTROLLER


@pytest.mark.parametrize(
    ("sender", "helo", "keyword", "kind"),
    [
        ("bounce@example.net", "pc", "ESMTP", SourceClass.CONTROLLER),
        ("ann@shop.example", "pc", "ESMTP", SourceClass.OPEN_RELAY),
        ("ann@shop.example", "mail.shop.example", "ESMTP", SourceClass.CONTROLLER),
        ("ann@shop.example", "pc", "ESMTPA", SourceClass.ACCOUNT),
        ("", "pc", "ESMTP", SourceClass.CONTROLLER),
    ],
)
def test_who_drives_relays_rents_them_in_their_name_or_finds_them_open(
    sender: str, helo: str, keyword: str, kind: SourceClass
) -> None:
    lines = SERVER, BEHIND.format(helo, "c.example.com", keyword)
    seen = trace.Seen(9, drivers=Numbers({number(address("192.0.2.9"))}))
    assert judged(*lines, fields=f"Return-Path: <{sender}>\n", seen=seen).source_class is kind
    session = Facts(Origin(address("198.51.100.7").packed, 0, "trap"), Envelope(sender.encode()),
                    Session(helo=b"mail.example.net", client_name="mail.example.net"))  # fmt: skip
    assert judged(*lines, facts=session, seen=seen).source_class is kind


@pytest.mark.parametrize(
    "written",
    [
        "User-Agent: SquirrelMail/1.4.5",
        "X-Mailer: Horde Application Framework 5",
        "X-Mailer: Zimbra 8.8.15_GA_3885 (ZimbraWebClient - GC99 (Win)/8.8.15_GA_3890)",
        "Message-ID: <CAnBat=np2XNVi9WOYgEJyZK6lXWwm25dHa2DuGH8zC0ntdT5P@example.net>",
        "Message-ID: <BAY51-F2FD00EAC0CDC7AAEA706639F42AA7F20B7@example.net>",
    ],
)
def test_a_web_mail_program_of_the_servers_own_domain(written: str) -> None:
    assert judged(SERVER, fields=f"{written}\n", author="ann@example.net").source_class is SourceClass.WEBMAIL
    assert judged(SERVER, fields=f"{written}\n").source_class is SourceClass.SERVER, "anybody may name that program"
    at_home = ours(rdns="dsl-7.pool.example.net")
    assert judged(at_home, fields=f"{written}\n", author="ann@example.net").source_class is SourceClass.BOT


def test_words_of_http_in_a_session_are_a_proxys() -> None:
    facts = Facts(
        Origin(bytes((198, 51, 100, 7)), 0, "trap"), session=Session(helo=b"x", dialect=(b"POST / HTTP/1.0", b"HELO x"))
    )
    found = trace.judge((), BORDER, facts)
    assert found.source_class is SourceClass.OPEN_PROXY


def test_every_kind_of_machine_has_a_class() -> None:
    assert set(map(int, Machine)) == set(classes._BY_MACHINE)
    assert max(Machine) < len(classes._MACHINES)


def test_what_it_is_never_changes_whom_it_names() -> None:
    plain = judged(SERVER)
    for fields in (
        "Feedback-ID: 1.2:mailer\n",
        "X-PHP-Script: a.example/x.php for 192.0.2.1\n",
        "List-Id: <x.example>\n",
    ):
        dressed = judged(SERVER, fields=fields)
        assert (dressed.address, dressed.confidence, dressed.path) == (plain.address, plain.confidence, plain.path)


@pytest.mark.parametrize("kind", [kind for kind in SourceClass if kind is not SourceClass.UNANCHORED])
@pytest.mark.parametrize("operator", Operator)
def test_no_owner_is_called_a_criminal(kind: SourceClass, operator: Operator) -> None:
    words = kinds.machine(kind, "", operator)
    assert words is not None
    assert not any(word in words.owner for word in ("criminal", "spammer", "attacker", "guilty"))
    if kind in (
        SourceClass.BOT,
        SourceClass.OPEN_PROXY,
        SourceClass.OPEN_RELAY,
        SourceClass.ACCOUNT,
        SourceClass.WEBMAIL,
    ):
        assert "victim" in words.owner or "nobody the sender" in words.owner
