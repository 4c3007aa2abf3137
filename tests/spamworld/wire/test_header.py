"""Final headers: the order and habits of the program that wrote them, trace lines where they belong."""

from __future__ import annotations

import base64
import re
from hashlib import sha256

import msgspec
import pytest

from junkhound import trace
from junkhound.evidence import message
from junkhound.trace import dates
from spamworld.plan import Composed, Recipient
from spamworld.streams import quick
from spamworld.wire import boundary, engines, header_fields, helo, ids, pens, write
from support.deliveries import BOT, COMPOSED, CORP, MX, NEW, OLD, delivery, machine

PROGRAMS = [*engines.ALL, *pens.PENS, "", "frobnicator"]


def names_of(raw: bytes) -> list[str]:
    return [name.decode() for name, _, _, _ in message.parse(raw).fields]


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_writes_a_mail(program: str) -> None:
    """Unfolded values are what was composed; Date is within a day; the body is untouched."""
    raw = write(delivery(engine=program), COMPOSED, 0)
    parsed = message.parse(raw)
    assert parsed.text(b"subject") == "cheap pills " * 9 + "today"
    assert parsed.first(b"from") is not None
    assert raw.endswith(b"\r\n\r\nhello\r\n")
    date = parsed.first(b"date")
    assert date is not None
    said = dates.parse(date)
    assert said is not None
    assert abs(said - OLD) < 25 * 3_600_000_000
    assert len(names_of(raw)) == len(set(names_of(raw)))
    assert names_of(raw)[0] == "received"


@pytest.mark.parametrize("program", PROGRAMS)
def test_fields_stand_in_the_programs_order(program: str) -> None:
    order = [name for name in pens.of(program).order if name not in ("*", "received")]
    names = names_of(write(delivery(engine=program), COMPOSED, 0))
    found = [name for name in names if name in order]
    assert found == sorted(found, key=order.index)


def test_one_seed_one_mail() -> None:
    one = delivery("F8")
    assert write(one, COMPOSED, 3) == write(one, COMPOSED, 3)
    assert write(one, COMPOSED, 3) != write(one, COMPOSED, 4)


def test_some_engines_write_their_lines_below_from_and_subject() -> None:
    """T10: as often as the engine does it; honest mail never."""
    below = 0
    for number in range(100):
        raw = write(delivery("F1", number, sender=machine(9, "198.51.100.7", "pc", "engine-7")), COMPOSED, 0)
        below += any(hop.below_originator for hop in trace.read(message.parse(raw)))
    assert 65 <= below <= 92
    for number in range(50):
        raw = write(
            delivery("F0", number, over=(CORP,), sender=machine(9, "198.51.100.7", "pc", "engine-7")), COMPOSED, 0
        )
        assert not any(hop.below_originator for hop in trace.read(message.parse(raw)))


def test_what_was_composed_is_kept() -> None:
    own = (
        ("Message-ID", b"<own@sender.example>"),
        ("Date", b"Sat, 1 Jan 2005 00:00:00 +0000"),
        ("X-Odd", b"1"),
        ("X-Odd", b"2"),
    )
    composed = Composed((*COMPOSED.fields, *own), b"", {})
    parsed = message.parse(write(delivery(), composed, 0))
    assert len(parsed.every(b"message-id")) == 1
    assert parsed.text(b"message-id") == "<own@sender.example>"
    assert parsed.text(b"date").startswith("Sat, 1 Jan 2005")
    assert len(parsed.every(b"x-odd")) == 2


def test_a_campaign_keeps_its_mailer() -> None:
    def mailers(campaign: int) -> set[str]:
        return {
            message.parse(write(delivery(number=n, campaign=campaign), COMPOSED, 0)).text(b"x-mailer")
            for n in range(20)
        }

    assert all(len(mailers(campaign)) == 1 for campaign in range(1, 6))
    assert len({mailers(campaign).pop() for campaign in range(1, 12)}) > 1


def test_ids_of_outlook_hold_the_clock_of_windows() -> None:
    """The id of Outlook Express opens with the time; the imitation of ``engine-3`` does not."""
    made = ids.message_id("outlook-express", OLD, quick(0, "x"), "pc", "198.51.100.7")
    found = re.fullmatch(r"<[0-9a-f]{4}([0-9a-f]{8})\$([0-9a-f]{8})\$076433c6@pc>", made)
    assert found
    assert int(found[1] + found[2], 16) == OLD * 10 + 116_444_736_000_000_000
    false = ids.message_id("engine-3", OLD, quick(0, "x"), "pc")
    assert re.fullmatch(r"<[0-9a-f]{12}\$[0-9a-f]{8}\$[0-9a-f]{8}@pc>", false)


@pytest.mark.parametrize("program", PROGRAMS)
def test_boundaries_fit_a_header(program: str) -> None:
    """RFC 2046 section 5.1.1: at most 70 characters of its alphabet, none of them a blank at the end."""
    for number in range(20):
        made = boundary(program, OLD, quick(number, program))
        assert re.fullmatch(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]", made)


def test_greetings() -> None:
    bot = machine(9, "198.51.100.7", "pc-77", "engine-2", "h.isp.example")
    assert helo(bot, quick(0, 1)) == "[198.51.100.7]"
    assert helo(msgspec.structs.replace(bot, software="engine-1"), quick(0, 1)) == "h.isp.example"
    assert (
        helo(msgspec.structs.replace(bot, software="engine-5"), quick(0, 1), recipient="trap.example") == "trap.example"
    )
    assert helo(CORP, quick(0, 1)) == CORP.name


def test_originating_address() -> None:
    web = machine(6, "203.0.113.60", "web.mail.example", "hotmail")
    one = delivery(over=(web,), protocol="HTTP", origin="198.51.100.7", user="ann", engine="hotmail")
    parsed = message.parse(write(one, COMPOSED, 0))
    assert parsed.text(b"x-originating-ip") == "[198.51.100.7]"


def test_a_customer_of_a_sending_service_has_one_id() -> None:
    service = machine(6, "203.0.113.60", "out.sender1.example", "esp-1")

    def shown(account: str, number: int) -> str:
        one = delivery(number=number, at=NEW, sender=service, class_="bulk", account=account, engine="esp-1")
        return message.parse(write(one, COMPOSED, 0)).text(b"feedback-id").partition(":")[0]

    assert shown("sender1.example/joe", 1) == shown("sender1.example/joe", 2) != shown("sender1.example/ann", 1)


def test_the_script_of_a_hacked_site() -> None:
    site = machine(6, "203.0.113.60", "web1.host.example", "exim")
    one = delivery(sender=site, over=(site,), protocol="local", engine="php", script="shop.example/images/a.php")
    raw = write(one, COMPOSED, 0)
    assert b"X-PHP-" in raw
    assert b"a.php" in raw
    assert b"X-PHP-" not in write(msgspec.structs.replace(one, script=""), COMPOSED, 0)


def test_signatures_stand_above_the_lines_of_their_servers() -> None:
    forwarder = machine(6, "203.0.113.60", "fw.forward.example", "postfix")
    one = delivery(
        over=(CORP, forwarder), at=NEW, signed=(("corp.example", "s1", 8),), arc=10, forwarder="forward.example",
        spf="pass", recipients=(Recipient("joe@people.example"),), engine="thunderbird",
    )  # fmt: skip
    raw = write(one, COMPOSED, 0)
    names = names_of(raw)
    assert names[:10] == [
        "return-path", "delivered-to", "authentication-results", "received", "arc-seal", "arc-message-signature",
        "arc-authentication-results", "received", "dkim-signature", "received",
    ]  # fmt: skip
    hashed = base64.b64encode(sha256(COMPOSED.body).digest())
    assert b"bh=" + hashed in raw
    assert b"bh=" + hashed not in write(msgspec.structs.replace(one, broken=True, arc=0), COMPOSED, 0)
    assert b"for joe@forward.example" in raw


def test_a_trap_keeps_the_mail_as_it_came() -> None:
    fields = header_fields(delivery(), COMPOSED, 0)
    assert fields[0].startswith(b"Received: from pc-77 (unknown [198.51.100.7])")
    assert MX.name.encode() in fields[0]
    assert BOT.address.encode() in fields[0]


def test_lists_say_what_they_are() -> None:
    host = machine(6, "203.0.113.60", "lists.forum.example", "postfix")
    raw = write(delivery(over=(CORP, host), list="discuss@forum.example", engine="mutt"), COMPOSED, 0)
    parsed = message.parse(raw)
    assert parsed.text(b"list-id") == "<discuss.forum.example>"
    assert b"for discuss@forum.example" in raw or b"for <discuss@forum.example>" in raw


def test_before_dkim_there_were_domainkeys() -> None:
    raw = write(delivery(at=OLD, over=(CORP,), signed=(("corp.example", "s1", 8),)), COMPOSED, 0)
    assert names_of(raw)[:3] == ["received", "domainkey-signature", "received"]


def test_forgers_of_today_write_where_servers_do() -> None:
    """T10 is a habit of the years before 2012."""
    bot = machine(9, "198.51.100.7", "pc", "engine-7")
    late = [write(delivery("F1", n, at=NEW, sender=bot), COMPOSED, 0) for n in range(200)]
    assert sum(trace.read(message.parse(raw))[-1].below_originator for raw in late) <= 14
