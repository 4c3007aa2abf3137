# ruff: noqa: E501  lines as programs write them
"""Seals of forwarders (ARC, RFC 8617): where they move the boundary, and every way in which they must not."""

from __future__ import annotations

import calendar
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from junkhound import trace
from junkhound.evidence import message
from junkhound.tables import Path
from junkhound.trace import results
from junkhound.trace.trust import Trust
from support import sealing

AT = calendar.timegm((2025, 1, 6, 10, 0, 0))
KEYS = tuple(trace.keys_of(sealing.zone("fwd.example", "lists.example", "evil.example")))
TRUST = Trust(sealers=("fwd.example", "lists.example"), keys=KEYS)
BORDER = trace.boundary(["mx.example.org"], allow_documentation=True, trust=TRUST)
BOT, FORWARDER, LIST, VICTIM = "198.51.100.7", "203.0.113.5", "203.0.113.9", "192.0.2.99"


def line(by: str, name: str, ip: str, seconds: int = 0, with_: str = "ESMTP", rdns: str | None = None) -> bytes:
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(AT + seconds))
    shown = name if rdns is None else rdns
    return (
        f"Received: from {name} ({shown} [{ip}])\n\tby {by} (Postfix) with {with_} id 4YRV6C1R3Kz3w; {date}\n".encode()
    )


MAIL = b"From: Ann <ann@example.net>\nTo: bob@fwd.example\nSubject: You have won\nMessage-ID: <1@example.net>\n\nSend money.\n"
SAID = "spf=pass smtp.mailfrom=example.net smtp.remote-ip={}"
OURS = line("mx.example.org", "mail.fwd.example", FORWARDER, 3)
THEIRS = line("mail.fwd.example", "pc", BOT, 0, rdns="unknown")


def forwarded(
    said: str = SAID.format(BOT), at: int = AT + 1, lower: bytes = THEIRS, domain: str = "fwd.example"
) -> bytes:
    return sealing.sealed(lower + MAIL, domain, said, at)


def judged(octets: bytes, border: trace.Boundary = BORDER) -> trace.Verdict:
    return trace.judge(trace.read(message.parse(octets)), border)


def test_a_seal_that_holds_moves_the_boundary() -> None:
    found = judged(OURS + forwarded())
    assert (str(found.handover), str(found.source), str(found.address)) == (BOT, BOT, BOT)
    assert found.reasons[0].status == "trusted"
    assert "ARC seal" in found.reasons[1].text
    assert found.path is Path.DIRECT


def test_without_a_sealer_in_the_settings_nothing_moves() -> None:
    border = trace.boundary(["mx.example.org"], allow_documentation=True)
    assert str(judged(OURS + forwarded(), border).address) == FORWARDER


def test_a_list_behind_a_forwarder_is_two_seals_deep() -> None:
    first = sealing.sealed(
        line("lists.example", "pc", BOT, -9, rdns="unknown") + MAIL, "lists.example", SAID.format(BOT), AT - 8
    )
    second = sealing.sealed(
        line("mail.fwd.example", "out.lists.example", LIST) + first, "fwd.example", SAID.format(LIST), AT + 1, "pass"
    )
    found = judged(OURS + second)
    assert str(found.address) == BOT
    assert [reason.status for reason in found.reasons[:3]] == ["trusted", "trusted", "handover"]
    only = trace.boundary(
        ["mx.example.org"], allow_documentation=True, trust=Trust(sealers=("fwd.example",), keys=KEYS)
    )
    assert str(judged(OURS + second, only).address) == LIST, "as far as sealers are believed, and no further"


NAMES = {
    "body changed": (lambda mail: mail.replace(b"Send money.", b"Send more money."), "does not hold"),
    "subject changed": (lambda mail: mail.replace(b"won\n", b"lost\n"), "does not hold"),
    "results changed": (lambda mail: mail.replace(f"remote-ip={BOT}".encode(), f"remote-ip={VICTIM}".encode()), "does not hold"),
    "seal changed": (lambda mail: re.sub(rb"(?<= b=)(.)", lambda m: b"B" if m[0] == b"A" else b"A", mail, count=1), "does not hold"),
    "set taken out": (lambda mail: re.sub(rb"ARC-Authentication-Results:[^\n]*\n(?:[ \t][^\n]*\n)*", b"", mail), "gap"),
    "set doubled": (lambda mail: re.search(rb"ARC-Seal:[^\n]*\n(?:[ \t][^\n]*\n)*", mail)[0] + mail, "twice"),
    "numbered 51": (lambda mail: mail.replace(b"i=1;", b"i=51;"), "not 1 to 50"),
    "numbered 0": (lambda mail: mail.replace(b"i=1;", b"i=0;"), "not 1 to 50"),
    "gap": (lambda mail: mail.replace(b"i=1;", b"i=2;"), "gap"),
    "chain ended": (lambda mail: mail.replace(b"cv=none", b"cv=fail"), "cv=fail"),
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_seal_that_does_not_hold_moves_nothing(name: str) -> None:
    change, why = NAMES[name]
    found = judged(OURS + change(forwarded()))
    assert str(found.address) == FORWARDER
    assert str(found.source) == FORWARDER
    assert why in found.reasons[0].text


def test_played_again_from_elsewhere_it_moves_nothing() -> None:
    """A sealed mail that a bot sends again: the seal holds, and says nothing of the bot."""
    bot = line("mx.example.org", "mail.fwd.example", "198.51.100.66", 4000, rdns="unknown")
    found = judged(bot + forwarded())
    assert str(found.address) == "198.51.100.66"
    assert "sent again" in found.reasons[0].text


def test_played_again_through_the_sealer_by_a_customer() -> None:
    old = forwarded(SAID.format(VICTIM), lower=line("mail.fwd.example", "x", VICTIM))
    again = line("mail.fwd.example", "pc", BOT, 100, "ESMTPSA", rdns="unknown") + old
    found = judged(line("mx.example.org", "mail.fwd.example", FORWARDER, 103) + again)
    assert str(found.address) == FORWARDER
    assert "customer" in found.reasons[0].text


@pytest.mark.parametrize(
    ("said", "at", "lower", "why"),
    [
        (SAID.format(VICTIM), AT + 1, THEIRS, "line says 198.51.100.7"),
        ("spf=none", AT + 1, THEIRS, "name no address"),
        ("spf=pass (remote-ip=192.0.2.99) smtp.mailfrom=a.example", AT + 1, THEIRS, "name no address"),
        (SAID.format("10.1.2.3"), AT + 1, THEIRS, "nobody out there"),
        (SAID.format(BOT), AT - 90_000, THEIRS, "not made when"),
        (SAID.format(BOT), AT + 9_000, THEIRS, "not made when"),
        (SAID.format(BOT), AT + 1, b"", "no line of fwd.example"),
        (SAID.format(BOT), AT + 1, line("mail.evil.example", "pc", BOT), "no line of fwd.example"),
    ],
)
def test_sealed_words_count_only_with_the_sealers_own_line(said: str, at: int, lower: bytes, why: str) -> None:
    found = judged(OURS + forwarded(said, at, lower))
    assert str(found.address) == FORWARDER
    assert why in found.reasons[0].text
    assert VICTIM not in (str(found.source), str(found.handover))


def test_a_seal_of_somebody_else_is_no_seal() -> None:
    evil = sealing.sealed(THEIRS + MAIL, "evil.example", SAID.format(VICTIM), AT + 1)
    assert str(judged(OURS + evil).address) == FORWARDER


def test_a_seal_below_the_line_that_it_speaks_of() -> None:
    typed = sealing.sealed(MAIL, "fwd.example", SAID.format(BOT), AT + 1)
    found = judged(OURS + THEIRS + typed)
    assert str(found.address) == FORWARDER
    assert "below the line" in found.reasons[0].text


def test_no_key_no_seal() -> None:
    border = trace.boundary(["mx.example.org"], allow_documentation=True, trust=Trust(sealers=("fwd.example",)))
    found = judged(OURS + forwarded(), border)
    assert str(found.address) == FORWARDER
    assert "no key for s1._domainkey.fwd.example" in found.reasons[0].text


def test_a_known_relay_behind_a_seal_is_not_blamed() -> None:
    webmail = {
        "name": "Webmail",
        "kind": "webmail",
        "networks": ["198.51.100.0/28"],
        "writes": [".webmail.example"],
        "stamps": True,
    }
    known = trace.Known([trace.known.provider(webmail)])  # type: ignore[attr-defined]
    border = trace.boundary(["mx.example.org"], allow_documentation=True, known=known, trust=TRUST)
    found = judged(OURS + forwarded(), border)
    assert found.provider == "Webmail"
    assert found.address is None


@pytest.mark.parametrize("small", [False, True], ids=["rsa", "ed25519"])
def test_signatures(small: bool) -> None:
    mail = sealing.signed(MAIL, "fwd.example", small)
    selector = "ed" if small else "s1"
    assert trace.signatures(mail, KEYS) == [trace.Signature("fwd.example", selector, "pass")]
    assert trace.signatures(mail.replace(b"money", b"gold"), KEYS)[0].result.startswith("fail")
    assert trace.signatures(mail, ())[0].result == "no key"
    assert trace.signatures(MAIL, KEYS) == []


def test_only_keys_are_taken_from_a_zone_file() -> None:
    names = [name for name, _ in KEYS]
    assert names == sorted(names) or len(names) == 6
    assert all("._domainkey." in name for name in names)
    with pytest.raises(ValueError, match="not a zone file"):
        list(trace.keys_of("this is no zone ( file"))


@pytest.mark.parametrize(
    "body",
    [b" " * 100_000 + b"x", b"\n" * 200_000, b"a \t" * 100_000, b"x" * 1_000_000],
    ids=["blanks", "lines", "pairs", "long"],
)
def test_hostile_bodies_take_bounded_time(body: bytes) -> None:
    octets = OURS + forwarded().replace(b"Send money.", body)
    before = time.process_time()
    judged(octets)
    trace.signatures(octets, KEYS)
    assert time.process_time() - before < 2.0


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            [
                b"ARC-Seal: ",
                b"ARC-Message-Signature: ",
                b"ARC-Authentication-Results: ",
                b"i=1; ",
                b"i=2;",
                b"a=rsa-sha256; ",
                b"d=fwd.example; ",
                b"s=s1;",
                b"b=AAAA",
                b"cv=none;",
                b"\n",
                b"h=from;",
                b"bh=",
                b" ",
                b"(",
                b"\xff",
            ]
        ),
        max_size=40,
    )
)
def test_any_bytes_in_a_chain_give_an_answer(pieces: list[bytes]) -> None:
    found = judged(OURS + b"".join(pieces) + b"\n" + THEIRS + MAIL)
    assert str(found.handover) in (FORWARDER, "None")


@pytest.mark.parametrize(
    ("value", "server", "ip"),
    [
        (b"mx.example.org; iprev=pass policy.iprev=192.0.2.7", "mx.example.org", "192.0.2.7"),
        (b"mx.example.org 1; spf=pass smtp.remote-ip=\"2001:db8::7\"", "mx.example.org", "2001:db8::7"),
        (b"i=2; mx.example.org; arc=pass smtp.remote-ip=192.0.2.7", "mx.example.org", "192.0.2.7"),
        (b"mx.example.org; none", "mx.example.org", None),
        (b"mx.example.org; spf=pass (policy.iprev=192.0.2.8 (x)) smtp.mailfrom=a", "mx.example.org", None),
        (b"mx.example.org; iprev=pass policy.iprev=192.0.2.7; spf=pass smtp.remote-ip=192.0.2.8", "mx.example.org", None),
        (b"spf=pass", None, None),
        (b"", None, None),
        (b"(((((((" , None, None),
    ],
)  # fmt: skip
def test_results_are_read(value: bytes, server: str | None, ip: str | None) -> None:
    found = results.read(value)
    assert (found and found.server) == server
    assert (str(found.ip) if found and found.ip else None) == ip


UNREAD = (
    "Received: from strange [198.51.100.7] via 198.51.100.8 thing by mx.example.org; Mon, 6 Jan 2025 10:00:03 +0000\n"
)


def test_our_own_results_complete_a_line() -> None:
    said = b"Authentication-Results: mx.example.org; iprev=pass policy.iprev=198.51.100.7\n"
    unchecked = b"Received: from o.webmail.example (o.webmail.example [203.0.113.66]) by mx.example.org with ESMTP; Mon, 6 Jan 2025 10:00:03 +0000\n"
    webmail = {
        "name": "Webmail",
        "kind": "webmail",
        "names": [".webmail.example"],
        "writes": [".webmail.example"],
        "stamps": True,
    }
    known = trace.Known([trace.known.provider(webmail)])  # type: ignore[attr-defined]
    border = trace.boundary(["mx.example.org"], allow_documentation=True, known=known)
    good = b"Authentication-Results: mx.example.org; iprev=pass policy.iprev=203.0.113.66\n"
    assert judged(unchecked + MAIL, border).provider is None
    assert judged(good + unchecked + MAIL, border).provider == "Webmail"
    assert judged(unchecked + good + MAIL, border).provider is None, "below our line anybody may have typed it"
    assert judged(good.replace(b"mx.ex", b"my.ex") + unchecked + MAIL, border).provider is None
    assert judged(said + unchecked + MAIL, border).provider is None, "about another address"
