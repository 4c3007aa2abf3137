"""Two more laws: a further trusted relay on top moves nothing, and what our own trap writes reads back as written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from junkhound import trace
from junkhound.evidence import message
from junkhound.kernel import net
from junkhound.kernel.clock import SECOND
from junkhound.verbs import evidence
from junkhound.wire import segment
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session

BORDER = trace.boundary(
    ["mx.example.org", ".relay.example.org", "192.0.2.0/26", "2001:db8:1::/48"], allow_documentation=True
)
AT = 1_736_157_600 * SECOND  # Mon, 6 Jan 2025 10:00:00 +0000


def date(second: int) -> str:
    return f"; Mon, 6 Jan 2025 10:00:{second:02} +0000\n"


# -- one more relay on top -------------------------------------------------------------------------------------

MX = ("192.0.2.1", "IPv6:2001:db8:1::1")
STRANGERS = (
    "from pc.example.net (unknown [198.51.100.7])\n\tby mx.example.org (Postfix) with ESMTP id 4YRV6F1R3Kz3w",
    "from pc (pc.example.net [198.51.100.7])\n\tby mx.example.org (8.14.4/8.14.4) with ESMTP id 506A03vW007847",
    "from [198.51.100.7] (helo=mx.example.org)\n\tby mx.example.org with esmtp (Exim 4.9) id 1tUk4T-000001-2B",
    "from unknown (HELO a.relay.example.org) (198.51.100.7)\n  by mx.example.org with SMTP",
    "from pc.example.net (2001:db8:9::7) by mx.example.org (192.0.2.1) with Microsoft SMTP Server id 15.1.2.3",
    "from pc.example.net ([198.51.100.7]) by mx.example.org (SomeMTA) with ESMTPSA id 7",
)
FORGED = (
    "",
    "Received: from victim.example.com (victim.example.com [203.0.113.5])\n\tby pc.example.net (Postfix) with ESMTP"
    " id 4YRV6E1R3Kz3w" + date(4),
    "Received: from a.relay.example.org (a.relay.example.org [192.0.2.3])\n\tby mx.example.org (Postfix) with ESMTP"
    " id 4YRV6E1R3Kz3w" + date(4),
    "Received: from [127.0.0.1] by localhost with HTTP" + date(4),
)


@st.composite
def relays(draw: st.DrawFn) -> str:
    """The line of a relay that took the mail from mx.example.org; ``r`` of it is one of ours too."""
    ip, by = draw(st.sampled_from(MX)), draw(st.sampled_from(["r.relay.example.org", "mx.example.org"]))
    plain = ip.removeprefix("IPv6:")
    said = draw(
        st.sampled_from(
            [
                f"from mx.example.org (mx.example.org [{ip}])\n\tby {by} (Postfix) with ESMTPS id 4YRV6G1R3Kz3w",
                f"from mx.example.org (unknown [{ip}])\n\tby {by} (Postfix) with LMTP id 4YRV6G1R3Kz3w",
                f"from mx.example.org (mx.example.org [{ip}])\n\tby {by} (8.14.4/8.14.4) with ESMTP id 506A06vW007847",
                f"from mx.example.org ([{plain}])\n\tby {by} with esmtps (Exim 4.96) id 1tUk4W-000001-2B",
                f"from unknown (HELO mx.example.org) ({plain})\n  by {by} with SMTP",
                f"from mx.example.org ({plain}) by {by} (192.0.2.9) with Microsoft SMTP Server id 15.1.2.3",
                f"from mx.example.org [{plain}]\n\tby {by} with POP3 (fetchmail-6.4.2) for <me@localhost>"
                " (single-drop)",
                f"from localhost (localhost [127.0.0.1])\n\tby {by} (Postfix) with ESMTP id 4YRV6G1R3Kz3w",
            ]
        )
    )
    if "localhost (localhost" in said:  # what a machine hands to itself it writes under its own name
        said = said.replace("by r.relay.example.org", "by mx.example.org")
    return "Received: " + said + date(7)


def judged(text: str, facts: Facts | None = None) -> trace.Verdict:
    return trace.judge(trace.read(message.parse((text + "From: a@example.net\n\nbody\n").encode())), BORDER, facts)


def core(verdict: trace.Verdict) -> tuple[object, ...]:
    return verdict.handover, verdict.source, verdict.address, verdict.anchored, verdict.path


@given(st.lists(relays(), min_size=1, max_size=4), st.sampled_from(STRANGERS), st.sampled_from(FORGED))
def test_one_more_trusted_relay_on_top_cannot_move_the_source(tops: list[str], stranger: str, forged: str) -> None:
    honest = "Received: " + stranger + date(5) + forged
    verdict = judged(honest)
    assert verdict.anchored
    assert verdict.source is not None
    for count in range(1, len(tops) + 1):
        relayed = judged("".join(tops[:count]) + honest)
        assert core(relayed) == core(verdict)
        assert relayed.seen_at == verdict.seen_at, "the time is that of the line that saw the stranger"


@given(st.sampled_from(MX), st.sampled_from(STRANGERS), st.sampled_from(FORGED), st.booleans())
def test_a_session_with_our_own_relay_moves_nothing(ip: str, stranger: str, forged: str, named: bool) -> None:
    honest = "Received: " + stranger + date(5) + forged
    facts = Facts(
        Origin(address(ip.removeprefix("IPv6:")).packed, AT + 9 * SECOND, "t"),
        Envelope(b"a@example.net", (Recipient(b"trap@example.org", 250, True),)),
        Session(helo=b"mx.example.org", client_name="mx.example.org" if named else None),
    )
    assert core(judged(honest, facts)) == core(judged(honest))


# -- what our own trap wrote -----------------------------------------------------------------------------------

CLIENTS = ("203.0.113.7", "198.51.100.255", "2001:db8:9::7", "2001:db8:9:0:1::", "::ffff:203.0.113.9")
LOCALS = ("192.0.2.1", "192.0.2.63", "2001:db8:1::25")
EXTENDED = ("ESMTP", "LMTP", "UTF8SMTP", "UTF8LMTP")
PROTOCOLS = ("SMTP", *(base + tls + login for base in EXTENDED for tls in ("", "S") for login in ("", "A")))
DOMAINS = ("pc.example.net", "a", "x-1.example.com", "mail.example.org", "192.example.net", "by", "from.with.id")
OTHER = (b"[203.0.113.50]", b"[IPv6:2001:db8::50]", "größe.example".encode(), b"", b"x) by y ([192.0.2.9])", b"-a-")


def address(text: str) -> net.Address:
    found = net.parse(text)
    assert found is not None
    return found


@st.composite
def sessions(draw: st.DrawFn, client: str | None = None) -> Facts:
    """The facts of a session as a trap keeps them: in clear or in TLS, logged in, behind PROXY, XCLIENT, SMTPUTF8."""
    helo = draw(st.sampled_from([*(name.encode() for name in DOMAINS), *OTHER, None]))
    peer = address(client or draw(st.sampled_from(CLIENTS)))
    tls = draw(st.sampled_from([None, 0x0303, 0x0304]))
    recipients = draw(
        st.sampled_from(
            [
                (Recipient(b"trap@example.org", 250, True),),
                (Recipient(b"trap@example.org", 250, True), Recipient(b"x@example.org", 550, False)),
                (Recipient(b"a@example.org", 250, True), Recipient(b"b@example.org", 250, True)),
                (Recipient("größe@example.org".encode(), 250, True),),
                (),
            ]
        )
    )
    return Facts(
        Origin(peer.packed, AT + draw(st.integers(0, 86_399)) * SECOND + draw(st.integers(0, 999_999)), "lures"),
        Envelope(draw(st.sampled_from([None, b"", b"a@example.net", "ä@example.net".encode()])), recipients),
        Session(
            client_port=draw(st.sampled_from([None, 1, 65_535])),
            local=address(draw(st.sampled_from(LOCALS))).packed,
            helo=helo,
            protocol=draw(st.sampled_from(PROTOCOLS)),
            tls_version=tls,
            tls_cipher="TLS_AES_256_GCM_SHA384" if tls else None,
            auth_hash=draw(st.sampled_from([None, bytes(32)])),
            proxy=draw(st.sampled_from([None, "192.0.2.40"])),
            xclient=draw(st.sampled_from([(), (("ADDR", "203.0.113.7"), ("NAME", "pc.example.net"))])),
            client_name=draw(st.sampled_from([None, *DOMAINS, "unknown", "x\r\ny"])),
        ),
    )


class Row:
    id = bytes(range(16))


def written(facts: Facts, mail: bytes = b"From: a@example.net\r\n\r\nbody\r\n") -> bytes:
    """The mail with our lines on top, as ``evidence export --with-traps`` writes it."""
    kept = evidence.Kept(Row(), segment.record_at(segment.encode(bytes(16), facts, b"x")))  # type: ignore[arg-type]
    return b"".join(line + b"\r\n" for line in evidence.trace_lines(kept, with_traps=True)) + mail


@given(sessions())
def test_a_line_of_our_own_trap_reads_back_as_written(facts: Facts) -> None:
    hops = trace.read(message.parse(written(facts)))
    assert len(hops) == 1
    hop, session = hops[0], facts.session
    assert hop.ip == net.from_packed(facts.origin.client or b"")
    assert hop.by_ip == net.from_packed(session.local or b"")
    assert hop.at == facts.origin.received_at // SECOND * SECOND
    assert hop.protocol == session.protocol
    assert hop.auth == (session.protocol in ("ESMTPA", "ESMTPSA", "UTF8SMTPA", "UTF8SMTPSA"))
    assert hop.id == Row.id.hex()
    called = (session.helo or b"").decode("latin-1")
    assert hop.helo == (called if called in DOMAINS else f"[{_shown(hop.ip)}]".lower())
    assert hop.rdns == (session.client_name if session.client_name in DOMAINS else None)
    assert hop.no_rdns == (session.client_name == "unknown")
    taken = [one.address for one in facts.envelope.recipients if one.code < 400]
    assert hop.recipient == ("trap@example.org" if taken == [b"trap@example.org"] else None)
    assert not hop.ambiguous
    assert not hop.impossible


def _shown(ip: net.Address | None) -> str:
    assert ip is not None
    return str(ip) if ip.is_v4 else f"IPv6:{ip}"


@given(st.data(), st.sampled_from(FORGED))
def test_a_chain_of_our_own_traps_leads_to_the_first_client(data: st.DataObject, forged: str) -> None:
    """A trap hands its mail to a second one, which hands it to a third: the stranger is whom the first one saw."""
    first = data.draw(sessions())
    mail = written(first, forged.encode() + b"From: a@example.net\r\n\r\nbody\r\n")
    last = first
    for _ in range(data.draw(st.integers(0, 3))):
        last = data.draw(sessions(str(net.from_packed(last.session.local or b""))))
        mail = written(last, mail)
    verdict = trace.judge(trace.read(message.parse(mail)), BORDER)
    assert verdict.anchored
    assert verdict.handover == net.from_packed(first.origin.client or b"")
    assert verdict.seen_at == first.origin.received_at // SECOND * SECOND
    assert verdict.address == verdict.source == verdict.handover
