"""From the trap to rows: mail, resends, and sessions that brought none."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from junkhound import content, tables
from junkhound.intake import trap
from junkhound.kernel import config, net
from junkhound.kernel.clock import HOUR, MINUTE
from junkhound.kernel.errors import NotFound, Temporary
from junkhound.ledger.packs import Packs
from junkhound.tables import Kind, Standing
from junkhound.tables import Path as Way
from junkhound.verbs import entities
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from junkhound.wire import smtp
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session

AT = 1_150_000_000_000_000
CLIENT, OTHER, INSIDE = (net.parse(words) for words in ("203.0.113.7", "2001:db8::7", "10.0.0.1"))
MAIL = (
    b"Received: from forged (forged [198.51.100.1]) by mx.trap.example; Sun, 11 Jun 2006 04:26:40 +0000\r\n\r\nbuy\r\n"
)


def office(home: Path) -> Office:
    settings = config.Config(
        store=config.Store(home=str(home)),
        engine=config.Engine(name="inline", isolate=False),
        network=config.NetworkSection(allow_documentation=True),
        traps={"lures": config.Trap(domains=("trap.example",)), "seeds": config.Trap(addresses=("x@seed.example",))},
    )
    return Office(settings, AT)


def facts(at: int, address: str = "x@trap.example") -> Facts:
    assert CLIENT is not None
    return Facts(
        Origin(CLIENT.packed, at, "lures", int(Kind.JUNK)),
        Envelope(b"", (Recipient(address.encode(), 250, True),)),
        Session(helo=b"bot", dialect=(b"HELO *", b"MAIL FROM:<>"), manners=int(smtp.Manner.EARLY)),
    )


def rows(desk: Office, *names: str) -> list[tuple[object, ...]]:
    desk.ledger._last = None
    engine, snapshot = desk.ledger.engine, desk.ledger.snapshot()
    source = engine.source(tables.SIGHTINGS, snapshot.of("sightings"))
    return engine.rows(f"SELECT {', '.join(names)} FROM {source} ORDER BY {', '.join(names)}")


def folded(desk: Office) -> trap.Trap:
    """A trap at whose door there were sessions without mail."""
    gate = trap.Gate("lures", smtp.Policy("mx", trap.doors(desk.config.traps)))
    moment = [AT]
    one = trap.Trap(gate, desk.ledger.spool.writer(), lambda: moment[0])
    for client, kind, intake in (
        (CLIENT, Kind.PROBE, ""), (CLIENT, Kind.AUTH_GUESS, ""), (OTHER, Kind.HARVEST, "seeds"),
        (INSIDE, Kind.PROBE, ""), (None, Kind.PROBE, ""),
    ):  # fmt: skip
        one.fold(client, kind, intake)
    moment[0] += MINUTE
    one.fold(CLIENT, Kind.PROBE)
    moment[0] += HOUR
    one.fold(CLIENT, Kind.PROBE)
    return one


def test_sessions_without_mail_are_rows_with_a_count(tmp_path: Path) -> None:
    desk = office(tmp_path)
    one = folded(desk)
    assert one.flush_sessions() == 5
    assert one.flush_sessions() == 0, "each is written once"
    writer = one.writer
    assert writer.seal()  # type: ignore[attr-defined]
    report = ingest(desk, Request())
    assert (report.added, report.counts["without_mail"], report.problems) == (5, 6, [])
    assert CLIENT is not None
    assert OTHER is not None
    lures, seeds = (_number(desk, name) for name in ("lures", "seeds"))
    assert sorted(rows(desk, "addr_hi", "addr_lo", "kind", "count", "seen_at", "intake"), key=str) == sorted([
        (*CLIENT, Kind.AUTH_GUESS, 1, AT, lures), (*CLIENT, Kind.PROBE, 2, AT + MINUTE, lures),
        (*CLIENT, Kind.PROBE, 1, AT + MINUTE + HOUR, lures), (*OTHER, Kind.HARVEST, 1, AT, seeds),
        (None, None, Kind.PROBE, 1, AT, lures),
    ], key=str)  # fmt: skip
    assert {row[1:] for row in rows(desk, "addr_hi", "standing", "path") if row[0] is not None} == {
        (Standing.TRAP, Way.DIRECT)
    }
    assert set(rows(desk, "segment", "repeat", "size", "template")) == {(0, 0, 0, 0)}
    assert not list(Packs(desk.ledger.store).store.list("packs/")), "there is nothing to keep"


def _number(desk: Office, name: str) -> int:
    return next(number for number, text in desk.ledger.names("intake").items() if text == name)


def test_probes_beside_mail_are_not_packed_and_not_counted_as_repeats(tmp_path: Path) -> None:
    desk = office(tmp_path)
    one = folded(desk)
    one.writer.append(facts(AT), MAIL)
    one.writer.append(facts(AT + HOUR), MAIL)  # the client did not wait for its answer
    one.writer.append(facts(AT + 2 * HOUR, "y@trap.example"), MAIL)  # to somebody else: no repeat
    one.writer.append(facts(AT + 30 * HOUR), MAIL)  # the next day
    one.flush_sessions()
    one.writer.seal()  # type: ignore[attr-defined]
    assert ingest(desk, Request()).added == 9
    desk.ledger.compact(AT, full=True)
    junk = [row[1:] for row in rows(desk, "kind", "seen_at", "resend") if row[0] == Kind.JUNK]
    assert junk == [(AT, 0), (AT + HOUR, 1), (AT + 2 * HOUR, 0), (AT + 30 * HOUR, 0)]
    assert {row[1] for row in rows(desk, "kind", "resend") if row[0] != Kind.JUNK} == {0}
    (row,) = [row for row in rows(desk, "seen_at", "kind", "segment", "ordinal") if row[:2] == (AT, Kind.JUNK)]
    assert desk.ledger.packs.read(int(str(row[2])), int(str(row[3]))).mail == MAIL


def test_what_cannot_be_written_now_is_written_later(tmp_path: Path) -> None:
    desk = office(tmp_path)
    one = folded(desk)

    class Full:
        def append(self, *_: object) -> tuple[int, int]:
            raise Temporary("disk full")

        def sync(self) -> None: ...

    one._committing = True  # no loop runs here
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(one, "_soon", lambda: None)
        assert one.flush_sessions(Full()) == 0
    assert one.flush_sessions() == 5


def test_many_clients_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trap, "FOLDED", 10)
    one = trap.Trap(
        trap.Gate("lures", smtp.Policy("mx", trap.catch_all([]))), office(tmp_path).ledger.spool.writer(), lambda: AT
    )
    for number in range(1000):
        one.fold(net.v4(0xCB007100 + number), Kind.PROBE)
    assert (len(one.idle_sessions), one.counts.without_mail) == (10, 1000)


def test_how_machines_speak_can_be_asked_and_their_common_greeting_has_its_text(tmp_path: Path) -> None:
    desk = office(tmp_path)
    one = folded(desk)
    words = b"the bank holds ten million dollars for a trusted foreign partner of the late minister"
    for number, last in enumerate((7, 8, 9)):
        client = net.parse(f"203.0.113.{last}")
        assert client is not None
        told = facts(AT + number * HOUR)
        told = msgspec.structs.replace(
            told, origin=msgspec.structs.replace(told.origin, client=client.packed),
            session=msgspec.structs.replace(told.session, client_hello="t13d1516h2_8daaf6152771_b186095e22b6"),
        )  # fmt: skip
        one.writer.append(told, MAIL.replace(b"buy", words))
    one.writer.seal()  # type: ignore[attr-defined]
    ingest(desk, Request())
    for asked, kind in (("bot", "helo"), ("t13d1516h2_8daaf6152771_b186095e22b6", "ja4")):
        (found,) = entities.entity(desk, asked, kind)
        assert (found.kind, found.name, found.mails, len(found.sources)) == (kind, asked, 3, 3)
    (template,) = {row[1] for row in rows(desk, "kind", "template") if row[0] == Kind.JUNK}
    dialect = content.key("HELO *\nMAIL FROM:<>")
    for key, kind in ((int(str(template)), "template"), (dialect, "dialect")):
        (found,) = entities.entity(desk, f"{key:016x}")
        assert (found.kind, found.mails) == (kind, 3)
    with pytest.raises(NotFound, match="nothing has"):
        entities.entity(desk, "mail.example", "helo")
