"""Laws of tracing: nobody moves the verdict from below, nothing raises, nothing depends on company."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from junkhound import trace
from junkhound.evidence import message
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session

BORDER = trace.boundary(
    ["mx.example.org", ".relay.example.org", "192.0.2.0/26", "2001:db8:1::/48"], allow_documentation=True
)
TAIL = "; Mon, 6 Jan 2025 10:00:0{} +0000\n"

addresses = st.sampled_from(
    ["203.0.113.5", "198.51.100.9", "192.0.2.3", "10.0.0.1", "127.0.0.1", "300.1.1.1", "2001:db8:9::1"]
)
hosts = st.sampled_from(
    [
        "mx.example.org",
        "a.relay.example.org",
        "localhost",
        "victim.example.com",
        "[203.0.113.5]",
        "x",
        "unknown",
        "203.0.113.5",
    ]
)
junk = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60)


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A Received line that anybody might type: in some dialect, with any names and addresses in it."""
    helo, rdns, by, ip = draw(hosts), draw(hosts), draw(hosts), draw(addresses)
    form = draw(st.integers(0, 11))
    said = [
        f"from {helo} ({rdns} [{ip}])\n\tby {by} (Postfix) with ESMTP id 4YRV2q1R3Kz3w",
        f"from {helo} ({rdns} [{ip}] (may be forged))\n\tby {by} (8.14.4/8.14.4) with ESMTP id 506A03vW007847",
        f"from {rdns} ([{ip}] helo={helo})\n\tby {by} with esmtp (Exim 4.96) id 1tUk4T-000001-2B",
        f"from {rdns} (HELO {helo}) ({ip})\n  by {by} with SMTP",
        f"from {helo} ({ip}) by {by} ({draw(addresses)}) with Microsoft SMTP Server id 15.20.1.1",
        f"from {helo} [{ip}] by {by} with POP3 (fetchmail-6.4.2) for <me@localhost> (single-drop)",
        f"by {by} (Postfix, from userid 33) id 4YRV2q1R3Kz3w",
        "(qmail 17 invoked from network)",
        f"from {ip} by {by} with HTTP",
        f"from {helo} by {by} with LMTP id 7",
        f"from {helo} ({rdns}. [{ip}]) by mx.google.com with ESMTPS id 7 for <a@example.org>",
        draw(junk),
    ][form]
    return "Received: " + said + TAIL.format(draw(st.integers(0, 9)))


STRANGERS = (
    "Received: from pc.example.net (unknown [198.51.100.7])\n\tby mx.example.org (Postfix) with ESMTP id 4YRV6F1R3Kz3w"
    + TAIL,
    "Received: from pc.example.net (pc.example.net [198.51.100.7])\n\tby mx.example.org (8.14.4/8.14.4) with ESMTP id 7"
    + TAIL,
    "Received: from [198.51.100.7] (helo=mx.example.org)\n\tby mx.example.org with esmtp (Exim 4.9) id 1tUk4T-000001-2B"
    + TAIL,
    "Received: from unknown (HELO mx.example.org) (198.51.100.7)\n  by mx.example.org with SMTP" + TAIL,
    "Received: from mx.example.org (198.51.100.7) by mx.example.org (192.0.2.1) with Microsoft SMTP Server id 15.1.2.3"
    + TAIL,
    "Received: from mx.example.org ([198.51.100.7]) by mx.example.org (SomeMTA) with ESMTP id 7" + TAIL,
    "Received: from a (HELO b) ([198.51.100.7]) (note) by mx.example.org (SomeMTA) with ESMTP id 7" + TAIL,
)
ABOVE = (
    "",
    "Received: from mail [192.0.2.9]\n\tby localhost with IMAP (fetchmail-6.4) for <me@localhost> (single-drop)" + TAIL,
    "Received: from localhost (localhost [127.0.0.1])\n\tby mx.example.org (Postfix) with ESMTP id 4YRV6G1R3Kz3w"
    + TAIL,
    "Received: from mx (unknown [192.0.2.3])\n\tby a.relay.example.org (Postfix) with ESMTP id 4YRV6G1R3Kz3w" + TAIL,
)


def judged(text: str, facts: Facts | None = None) -> trace.Verdict:
    raw = (text + "From: a@example.net\n\nbody\n").encode("latin-1")
    return trace.judge(trace.read(message.parse(raw)), BORDER, facts)


def core(verdict: trace.Verdict) -> tuple[object, ...]:
    return verdict.handover, verdict.source, verdict.address, verdict.seen_at, verdict.anchored, verdict.path


@given(st.sampled_from(ABOVE), st.sampled_from(STRANGERS), st.lists(lines(), max_size=4))
def test_forged_lines_cannot_move_the_source(above: str, stranger: str, forged: list[str]) -> None:
    honest = above.format(6) + stranger.format(5)
    verdict = judged(honest)
    assert str(verdict.address) == "198.51.100.7"
    assert core(judged(honest + "".join(forged))) == core(verdict)


@given(st.lists(lines(), max_size=5), st.booleans())
def test_headers_cannot_move_what_our_session_saw(forged: list[str], imported: bool) -> None:
    facts = Facts(
        Origin(bytes([198, 51, 100, 7]), 1_736_157_609_000_000, "t", imported=imported),
        Envelope(b"a@example.net", (Recipient(b"trap@example.org", 250, True),)),
        Session(helo=b"mx.example.org"),
    )
    verdict = judged("".join(forged), facts)
    assert str(verdict.address) == str(verdict.handover) == "198.51.100.7"
    assert verdict.seen_at == (None if imported else 1_736_157_609_000_000)


@given(st.lists(lines(), max_size=6))
def test_nothing_private_ours_or_unanchored_is_ever_blamed(text: list[str]) -> None:
    raw = ("".join(text) + "\n").encode("latin-1")
    verdict = trace.judge(trace.read(message.parse(raw)), BORDER)
    if verdict.address is not None:
        assert verdict.anchored
        assert BORDER.is_public(verdict.address)
        assert not BORDER.knows(verdict.address)
    strict = trace.judge(trace.read(message.parse(raw)), trace.boundary(["mx.example.org"]))
    assert strict.address is None  # documentation space belongs to nobody unless the settings say so
    nowhere = trace.judge(trace.read(message.parse(raw)), None)
    assert nowhere.address is None
    assert nowhere.confidence <= 0.5


@given(st.binary(max_size=400), st.binary(max_size=200))
def test_any_bytes_are_traced(value: bytes, more: bytes) -> None:
    raw = b"Received: " + value + b"\nReceived: from " + more + b" by mx.example.org\n\n"
    hops = trace.read(message.parse(raw))
    verdict = trace.judge(hops, BORDER)
    assert verdict.hops == len(hops) == len(list(hops))
    assert len(verdict.reasons) <= len(hops)


@given(st.lists(st.lists(lines(), max_size=4), min_size=1, max_size=6))
def test_company_and_order_change_nothing(mails: list[list[str]]) -> None:
    texts = ["".join(mail) for mail in mails]
    alone = [judged(text) for text in texts]
    assert [judged(text) for text in reversed(texts)][::-1] == alone


@given(st.lists(lines(), max_size=5))
def test_reading_every_hop_first_changes_nothing(text: list[str]) -> None:
    message_ = message.parse(("".join(text) + "\n").encode("latin-1"))
    lazy, eager = trace.read(message_), trace.read(message_)
    list(eager)
    assert trace.judge(lazy, BORDER) == trace.judge(eager, BORDER)
    assert trace.judge(list(eager), BORDER) == trace.judge(eager, BORDER)


SHAPES = (
    "(", "(x [1.2.3.4]) ", "((((x", " by ", "<", "[", " id ;", " helo=", "(Postfix (", "; Mon, ", "\n\t", ".", ":", "x",
    " from a ([1.2.3.4]) by c ", "(qmail 1 invoked ", "\xff",
)  # fmt: skip
ENDLESS = "lines of ours without an end"  # whoever brought it stands below all that is read
BOUND_S = 0.05 * 10  # fifty milliseconds are the bar, and a machine that tests may be ten times as slow as it seems


def hostile() -> dict[str, bytes]:
    """Messages of a megabyte that cost most: long lines, many lines, many fields."""
    honest = "Received: " + STRANGERS[0].removeprefix("Received: ").format(5)
    relayed = "Received: from mx.example.org (mx.example.org [192.0.2.1])\n\tby mx.example.org (Postfix) with ESMTP"
    found = {
        "short lines": honest + "".join(f"Received: from h{n} (h [203.0.113.9]) by g id {n}\n" for n in range(15_000)),
        "empty lines": honest + "Received: a\n" * 80_000,
        ENDLESS: (relayed + TAIL.format(5)) * 6_500 + honest,
        "20,000 fields": honest + "".join(f"X-{n}: {'word ' * 8}\n" for n in range(20_000)),
        "tiny fields": honest + "a:\n" * 300_000,
    }
    for shape in SHAPES:
        begin = "Received: from x (y [192.0.2.1] "
        found[f"lines of 4 kB of {shape!r}"] = honest + (begin + shape * (4_000 // len(shape)) + " by z\n") * 250
        found[f"one line of {shape!r}"] = honest + begin + shape * (1_000_000 // len(shape)) + "\n"
    return {name: (text + "From: a\n\nbody\n").encode("latin-1") for name, text in found.items()}


def test_a_megabyte_costs_milliseconds() -> None:
    for name, raw in hostile().items():
        begun = time.process_time()
        hops = trace.read(message.parse(raw))
        shown = hops[:200]
        verdict = trace.judge(hops, BORDER)
        assert time.process_time() - begun < BOUND_S, name
        if name != ENDLESS:
            assert str(verdict.address) == "198.51.100.7", name
        assert len(shown) <= 200


def test_only_so_much_of_the_lines_is_read() -> None:
    """The bound is one of bytes, from the top, whatever is asked for first: a sender cannot type above our lines."""
    raw = hostile()["lines of 4 kB of '('"]
    hops, backwards = trace.read(message.parse(raw)), trace.read(message.parse(raw))
    read = [hop for hop in hops if hop.dialect]
    assert 2 <= len(read) <= 18
    assert [backwards[place] for place in reversed(range(len(backwards)))] == list(hops)[::-1]
