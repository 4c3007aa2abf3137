"""Rows from deliveries: the same in any order and any batch, and nobody is blamed on a forged line."""

from __future__ import annotations

import random
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound import sighting, tables, trace
from junkhound.kernel import net
from junkhound.sighting import headers
from junkhound.tables import Kind, Path, Standing
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session
from support.mail import RELAY, junk

KEY = b"k" * 32
NOW = 1_150_000_000_000_000
BOUNDARY = trace.boundary([RELAY], allow_documentation=True)


def rules(**changes: Any) -> sighting.Rules:
    intakes = {
        "me": sighting.IntakeRules("me", Standing.MAILBOX, BOUNDARY, 1),
        "lures": sighting.IntakeRules("lures", Standing.TRAP, BOUNDARY, 2, ("trap.example",)),
        "blind": sighting.IntakeRules("blind", Standing.MAILBOX, None, 3),
    }
    return sighting.Rules(KEY, intakes, **changes)


def delivery(ordinal: int, mail: bytes, intake: str = "me", kind: Kind = Kind.JUNK, **facts: Any) -> sighting.Delivery:
    origin = Origin(facts.pop("client", None), NOW, intake, int(kind), facts.pop("imported", True))
    return sighting.Delivery(7, ordinal, sha256(mail).digest(), mail, Facts(origin, **facts))


def rows(batch: sighting.Batch, table: str = "sightings") -> list[dict[str, Any]]:
    columns = batch.columns[table]
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def test_columns_are_those_of_the_schemas() -> None:
    batch = sighting.judge([delivery(0, junk(0))], rules())
    for table in tables.ALL[:5]:
        assert tuple(batch.columns[table.name]) == table.names


def test_who_is_read_is_told_before_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a mail which kills its parser is known, whatever other mails go through the same step."""
    deliveries = [delivery(n, junk(n)) for n in range(7)]
    for room, step in (("trace", "read"), ("content", "read"), ("content", "seen"), ("things", "of")):
        marks: list[int] = []
        module = getattr(sighting.batch, room)
        real, count = getattr(module, step), iter(range(7))

        def dies(*given: Any, real: Any = real, count: Any = count) -> Any:
            if next(count) == 4:
                raise MemoryError
            return real(*given)

        with monkeypatch.context() as patch:
            patch.setattr(module, step, dies)
            with pytest.raises(MemoryError):
                sighting.judge(deliveries, rules(), mark=marks.append)
        assert marks[-1] == 4, (room, step)


MAILS = [junk(n, words="w" * (n % 4)) for n in range(12)]


@given(st.permutations(range(len(MAILS))), st.integers(1, 12))
def test_order_and_size_of_batches_change_nothing(order: list[int], size: int) -> None:
    deliveries = [delivery(n, mail) for n, mail in enumerate(MAILS)]
    whole = sorted(map(repr, rows(sighting.judge(deliveries, rules()))))
    parts = []
    for start in range(0, len(order), size):
        batch = sighting.judge([deliveries[n] for n in order[start : start + size]], rules())
        parts += [repr(row) for row in rows(batch)]
    assert sorted(parts) == whole


def test_the_blamed_address_is_what_our_relay_saw_and_nothing_that_was_typed() -> None:
    (row,) = rows(sighting.judge([delivery(0, junk(0, source="203.0.113.9"))], rules()))
    assert (row["addr_hi"], row["addr_lo"]) == net.parse("203.0.113.9")
    assert row["path"] == Path.DIRECT
    (row,) = rows(sighting.judge([delivery(0, junk(0), intake="blind")], rules()))
    assert (row["addr_lo"], row["path"], row["vantage"]) == (None, Path.UNANCHORED, 0)
    assert row["confidence"] <= 5000


def test_a_trap_witnesses_by_its_registrable_domain_and_keeps_its_address_out_of_the_row() -> None:
    client = net.parse("203.0.113.5")
    assert client is not None
    said = Envelope(b"a@b.example", (
        Recipient(b"no@other.example", 550, False), Recipient(b"Lure@Trap.example", 250, True),
    ))  # fmt: skip
    batch = sighting.judge(
        [delivery(0, b"Subject: x\r\n\r\nx\r\n", "lures", client=client.packed, envelope=said, imported=False)], rules()
    )
    (row,) = rows(batch)
    assert (row["addr_hi"], row["addr_lo"]) == client
    assert row["vantage"] == sighting.number(KEY, "vantage", "trap trap.example")
    assert row["trap"] == sighting.number(KEY, "trap", "lure@trap.example")
    assert row["recipients"] == 1
    assert row["seen_at"] == NOW
    assert row["repeat"] != 0
    assert (row["trap"], "trap", "lure@trap.example") in batch.names
    assert "lure" not in repr(batch.columns).lower()


@pytest.mark.parametrize("kind", [Kind.GOOD, Kind.UNSORTED])
def test_good_and_unsorted_mail_leaves_its_day_and_nothing_to_read(kind: Kind) -> None:
    mail = b"DKIM-Signature: v=1; d=News.example.org; s=x\r\n" + junk(3)
    batch = sighting.judge([delivery(0, mail, kind=kind)], rules())
    (row,) = rows(batch)
    assert row["kind"] == kind
    assert row["seen_at"] % 86_400_000_000 == 0
    assert row["auth_domain"] != 0
    assert (row["segment"], row["template"]) == (0, 0)
    assert not any(rows(batch, name) for name in ("keys", "names", "templates", "sessions"))


def test_a_status_report_in_junk_is_backscatter() -> None:
    bounce = b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n--x--\r\n"
    (row,) = rows(sighting.judge([delivery(0, bounce)], rules()))
    assert row["kind"] == Kind.BACKSCATTER


def test_a_killed_parser_leaves_a_row_that_blames_nobody() -> None:
    batch = sighting.judge([delivery(0, junk(0)), delivery(1, junk(1))], rules(), frozenset([1]))
    read, killed = rows(batch)
    assert read["addr_lo"] is not None
    assert killed["addr_lo"] is None
    assert killed["defects"] & tables.Defect.KILLED_PARSER
    assert batch.counts["defect:killed_parser"] == 1


def test_a_relay_whose_clock_runs_a_day_ahead_gives_no_time() -> None:
    mail = junk(0).replace(b"May 2006", b"May 2030")
    (row,) = rows(sighting.judge([delivery(0, mail)], rules()))
    assert row["seen_at"] is None
    assert row["defects"] & tables.Defect.BAD_DATE


def test_what_is_shared_becomes_keys_with_their_names() -> None:
    mail = junk(0).replace(b"Subject:", b"X-Mailer: The Bat\r\nReply-To: box@drop.example\r\nSubject:")
    batch = sighting.judge([delivery(0, mail)], rules())
    names = {(row["kind"], row["name"]) for row in rows(batch, "names")}
    assert (tables.KeyKind.REPLY_TO, "drop.example") in names
    assert (tables.KeyKind.MAILER, "The Bat") in names
    assert any(kind in (tables.KeyKind.DOMAIN, tables.KeyKind.URL_HOST) for kind, _ in names)
    known = {(row["kind"], row["key"]) for row in rows(batch, "names")}
    keys = {(row["kind"], row["key"]) for row in rows(batch, "keys")}
    assert {one for one in keys if one[0] not in tables.ABOUT_LINES} == known


def test_session_facts_become_a_session_row() -> None:
    session = Session(client_port=4000, helo=b"win-7", dialect=(b"HELO x",), command_us=(5000, 9000, 7000))
    batch = sighting.judge([delivery(0, junk(0), session=session)], rules())
    (row,) = rows(batch, "sessions")
    assert row["client_port"] == 4000
    assert row["helo"] != 0
    assert row["timing"] == 4, "1 + log2 of 7 ms"


def test_ids_tell_deliveries_apart_as_their_source_does() -> None:
    ours = Facts(Origin(None, NOW, "lures", imported=False))
    theirs = Facts(Origin(None, NOW, "me", imported=True, arrival="Q1"))
    assert sighting.arrival_key(ours, 7, 1) != sighting.arrival_key(ours, 7, 2)
    assert sighting.arrival_key(theirs, 7, 1) == sighting.arrival_key(theirs, 8, 2) == "Q1"
    digest = sha256(b"x").digest()
    assert len(sighting.sighting_id(digest, "me", "")) == 16
    assert len({sighting.sighting_id(digest, *pair) for pair in (("ab", "c"), ("a", "bc"), ("abc", ""))}) == 3


def test_the_id_of_a_known_delivery_never_changes() -> None:
    found = sighting.sighting_id(sha256(b"a mail").digest(), "me", "").hex()
    assert found == "ad4bbd2ff1d5d7462dfc9f0e424da91b"


def test_resends_meet_and_imports_do_not() -> None:
    dice = random.Random(1)
    client = bytes([203, 0, 113, 7])
    digest = dice.randbytes(32)
    said = Envelope(b"", (Recipient(b"a@trap.example", 250, True), Recipient(b"b@trap.example", 550, True)))
    again = Envelope(b"", (Recipient(b"A@trap.example", 250, True),))
    ours = Origin(client, NOW, "lures", imported=False)
    assert (
        sighting.repeat_key(KEY, Facts(ours, said), digest) == sighting.repeat_key(KEY, Facts(ours, again), digest) != 0
    )
    assert sighting.repeat_key(KEY, Facts(Origin(client, NOW, "me", imported=True), said), digest) == 0


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ('"PayPal <support@paypal.example>" <x@evil.example>', "evil.example"),
        ("Bob <bob@mail.example.org>", "example.org"), ("bob@example.com", "example.com"), ("nobody", ""), ("", ""),
        ("<@>", ""),
    ],
)  # fmt: skip
def test_the_author_is_the_address_and_not_what_the_name_pretends(text: str, domain: str) -> None:
    assert headers.address_domain(text) == domain


def test_the_signer_is_the_d_tag() -> None:
    assert headers.dkim_domain(b" v=1; a=rsa-sha256;\r\n\td=Example.ORG; s=x; bh=d=no") == "example.org"
    assert headers.dkim_domain(b"v=1; bd=x.example") == ""
