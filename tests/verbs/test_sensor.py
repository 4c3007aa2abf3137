"""Two homes on this machine: a sensor with a trap tells a hub what it saw, whatever happens on the way, once."""

from __future__ import annotations

import dataclasses
import http.client
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
import zstandard

from junkhound import tables
from junkhound.kernel import config, net
from junkhound.kernel.config_partners import Sensor
from junkhound.kernel.errors import ConfigError, NotFound, Refused, Temporary, UsageError
from junkhound.tables import Kind, Standing
from junkhound.verbs import partners, sensor
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from junkhound.wire import sensing
from junkhound.wire.facts import Envelope, Facts, Origin, Recipient, Session
from junkhound.wire.sensing import Report, Seen
from support.listener import Line, listening

AT = 1_150_000_000_000_000
MAIL = b"Subject: pills\r\nTo: x@trap.example\r\n\r\nbuy, dear x@trap.example\r\n"


def home(folder: Path, **about: object) -> Office:
    settings = config.Config(
        store=config.Store(home=str(folder)),
        engine=config.Engine(name="inline", isolate=False),
        network=config.NetworkSection(allow_documentation=True),
        traps={"lures": config.Trap(domains=("trap.example",))},
        sensor=Sensor(timeout_s=5.0),
    )
    return Office(dataclasses.replace(settings, **about), AT)  # type: ignore[arg-type]


def seen(desk: Office, *addresses: str, mail: bytes = MAIL, at: int = AT) -> None:
    """The trap takes a mail from each of these; all are judged."""
    writer = desk.ledger.spool.writer()
    for number, words in enumerate(addresses):
        address = net.parse(words)
        assert address is not None
        origin = Origin(address.packed, at + number, "lures", int(Kind.JUNK))
        envelope = Envelope(b"", (Recipient(b"x@trap.example", 250, True),))
        writer.append(Facts(origin, envelope, Session(helo=b"bot")), mail)
    writer.sync()
    assert writer.seal()
    assert ingest(desk, Request()).added == len(addresses)


def rows(desk: Office, *names: str) -> list[tuple[object, ...]]:
    desk.ledger._last = None
    engine, snapshot = desk.ledger.engine, desk.ledger.snapshot()
    objects = snapshot.of("sightings")
    if not objects:
        return []
    return engine.rows(f"SELECT {', '.join(names)} FROM {engine.source(tables.SIGHTINGS, objects)} ORDER BY ALL")


def addresses(desk: Office) -> list[str]:
    found = rows(desk, "addr_hi", "addr_lo")
    return [str(net.Address(int(hi), int(lo))) for hi, lo in found]  # type: ignore[call-overload]


@pytest.fixture
def hub(tmp_path: Path) -> Office:
    return home(tmp_path / "hub", traps={})


@pytest.fixture
def token(hub: Office) -> str:
    return partners.enroll(hub, "north", ["sensor"], "amber").token


def pointed(folder: Path, url: str, ca: str, token: str, **about: object) -> Office:
    """The sensor's home, told where its hub is."""
    file = folder.parent / "token"
    file.write_text(token)
    return home(folder, sensor=Sensor(hub=url, ca=ca, token_file=str(file), timeout_s=5.0, **about))  # type: ignore[arg-type]


@pytest.fixture
def line(hub: Office) -> Iterator[tuple[str, str]]:
    with listening(hub) as place:
        yield place


def test_what_the_trap_saw_stands_in_the_hub_once(
    tmp_path: Path, hub: Office, token: str, line: tuple[str, str]
) -> None:
    desk = pointed(tmp_path / "sensor", *line, token)
    seen(desk, "203.0.113.7", "2001:db8::7")
    seen(desk, "198.51.100.4")
    assert sensor.push(desk) == {"taken": 2}
    assert sensor.push(desk) == {}
    assert addresses(hub) == ["198.51.100.4", "203.0.113.7", "2001:db8::7"]
    assert set(rows(hub, "standing", "kind", "segment", "trap")) == {(int(Standing.PARTNER), int(Kind.JUNK), 0, 0)}
    vantages = {row[0] for row in rows(hub, "vantage")}
    assert len(vantages) == 1, "one partner is one vantage, however many traps it has"
    (one,) = partners.every(hub)
    assert (one.segments, one.rows) == (2, 3)
    assert {row[0] for row in rows(hub, "seen_at")} == {AT, AT + 1}
    hub.ledger.compact(AT, full=True)
    assert len(addresses(hub)) == 3


def test_nothing_that_leaves_names_a_trap_or_a_recipient(tmp_path: Path, hub: Office) -> None:
    desk = home(tmp_path / "sensor")
    seen(desk, "203.0.113.7")
    (report,) = sensor.plan(desk)
    words = msgspec.json.encode(report)
    assert b"trap" not in words
    for name in ("trap", "vantage", "intake", "repeat"):
        (value,) = rows(desk, name)[0]
        assert str(value).encode() not in words, name


def test_what_comes_again_changes_nothing(tmp_path: Path, hub: Office, token: str) -> None:
    desk = home(tmp_path / "sensor")
    seen(desk, "203.0.113.7")
    (planned,) = sensor.plan(desk)
    report = msgspec.convert(planned, Report)
    north = partners.known(hub, token)
    assert north is not None
    body = sensing.encode(report)
    assert partners.take(hub, north, body, report.segment).new == 1
    assert partners.take(hub, north, body, report.segment) == partners.Taken("known", 0, 0, {})
    # The hub was killed between the rows and its note: they come again, and are known.
    with hub.ledger.state.begin() as connection:
        connection.exec_driver_sql("DELETE FROM partner_segments")
    again = partners.take(hub, north, body, report.segment)
    assert (again.word, again.new) == ("taken", 0)
    # The same sightings in another segment: each counts once.
    other = msgspec.structs.replace(report, segment="00000000000000ff")
    assert partners.take(hub, north, sensing.encode(other), other.segment).new == 0
    # Another content under the same segment is refused.
    with pytest.raises(Refused, match="another content"):
        partners.take(hub, north, sensing.encode(msgspec.structs.replace(report, tlp="red")), report.segment)
    assert addresses(hub) == ["203.0.113.7"]


def test_a_partner_cannot_take_anothers_sightings_away(tmp_path: Path, hub: Office, token: str) -> None:
    south = partners.known(hub, partners.enroll(hub, "south", ["sensor"], "amber").token)
    north = partners.known(hub, token)
    assert south is not None
    assert north is not None
    one = Report("00000000000000aa", "green", (Seen("0" * 31 + "1", "203.0.113.7", AT, int(Kind.JUNK)),))
    other = Report("00000000000000aa", "green", (Seen("0" * 31 + "1", "203.0.113.8", AT, int(Kind.JUNK)),))
    assert partners.take(hub, south, sensing.encode(other), other.segment).new == 1
    assert partners.take(hub, north, sensing.encode(one), one.segment).new == 1
    assert addresses(hub) == ["203.0.113.7", "203.0.113.8"]


@pytest.mark.parametrize(("up", "down"), [(200, None), (2500, None), (None, 1), (None, 1800)])
def test_a_line_that_is_cut_in_the_middle_loses_and_doubles_nothing(
    tmp_path: Path, hub: Office, token: str, line: tuple[str, str], up: int | None, down: int | None
) -> None:
    place = urlsplit(line[0])
    assert place.port is not None
    broken = Line(place.port, up, down, times=2)
    desk = pointed(tmp_path / "sensor", f"https://127.0.0.1:{broken.port}", line[1], token)
    for part in range(2):
        seen(desk, *(f"203.0.113.{part * 100 + n}" for n in range(1, 80)))
    outcomes = []
    for _ in range(4):
        try:
            outcomes += sensor.push(desk).elements()
        except Temporary as error:
            outcomes.append(type(error).__name__)
    broken.close()
    assert outcomes.count("Temporary") == 2
    assert outcomes.count("taken") + outcomes.count("known") == 2
    assert sorted(addresses(hub)) == sorted(addresses(desk))
    assert len(addresses(hub)) == 158


def test_a_hub_that_is_away_is_told_later(tmp_path: Path, hub: Office, token: str) -> None:
    with listening(hub) as (url, ca):
        port = urlsplit(url).port or 0
    desk = pointed(tmp_path / "sensor", url, ca, token)
    seen(desk, "203.0.113.7")
    with pytest.raises(Temporary, match="cannot be reached"):
        sensor.push(desk)
    seen(desk, "203.0.113.8")
    desk.ledger.compact(AT, full=True)  # meanwhile rows are sorted and old objects go
    with listening(hub, port):
        assert sensor.push(desk) == {"taken": 2}
    assert addresses(hub) == ["203.0.113.7", "203.0.113.8"]


def test_a_token_that_is_wrong_or_revoked_gets_nowhere(
    tmp_path: Path, hub: Office, token: str, line: tuple[str, str]
) -> None:
    desk = pointed(tmp_path / "sensor", *line, "jhp_wrong")
    seen(desk, "203.0.113.7")
    with pytest.raises(Refused, match="does not know our token"):
        sensor.push(desk)
    partners.revoke(hub, "north")
    with pytest.raises(Refused, match="does not know our token"):
        sensor.push(pointed(tmp_path / "sensor", *line, token))
    assert addresses(hub) == []
    with pytest.raises(Refused, match="there is or was a partner"):
        partners.enroll(hub, "north", ["sensor"], "amber")
    with pytest.raises(NotFound):
        partners.revoke(hub, "north")
    again = partners.enroll(hub, "north2", ["sensor"], "amber").token
    assert sensor.push(pointed(tmp_path / "sensor", *line, again)) == {"taken": 1}


def test_the_certificate_is_checked(tmp_path: Path, hub: Office, token: str, line: tuple[str, str]) -> None:
    desk = pointed(tmp_path / "sensor", line[0], "", token)
    seen(desk, "203.0.113.7")
    with pytest.raises(Temporary, match="certificate"):
        sensor.push(desk)
    with pytest.raises(ConfigError, match="no https address"):
        sensor.push(pointed(tmp_path / "sensor", "http://hub.example:80", "", token))
    with pytest.raises(ConfigError, match="no hub"):
        sensor.push(home(tmp_path / "sensor"))


def test_evidence_goes_along_redacted_where_both_sides_allow_it(
    tmp_path: Path, hub: Office, token: str, line: tuple[str, str]
) -> None:
    both = partners.enroll(hub, "east", ["sensor", "evidence"], "amber").token
    desk = pointed(tmp_path / "sensor", *line, both, evidence=True)
    seen(desk, "203.0.113.7")
    (row,) = rows(desk, "id_hi", "id_lo")
    name = f"{row[0]:016x}{row[1]:016x}"
    assert sensor.push(desk) == {"taken": 1}
    mail = partners.evidence_of(hub, "east", name)
    assert b"Subject: pills" in mail
    assert b"trap.example" not in mail
    shy = pointed(tmp_path / "other", *line, token, evidence=True)  # the hub takes none of this one
    seen(shy, "203.0.113.9")
    assert sensor.push(shy) == {"taken": 1}
    assert len(addresses(hub)) == 2


def _taken(hub: Office, token: str, *some: Seen) -> partners.Taken:
    north = partners.known(hub, token)
    assert north is not None
    report = Report("00000000000000bb", "amber", some)
    return partners.take(hub, north, sensing.encode(report), report.segment)


def test_what_no_partner_may_say_is_left_out_and_counted(hub: Office, token: str) -> None:
    now = 4_000_000_000_000_000
    odd = [
        Seen("0" * 31 + "1", "203.0.113.7", AT, int(Kind.GOOD)),
        Seen("0" * 31 + "2", "10.0.0.1", AT, int(Kind.JUNK)),
        Seen("0" * 31 + "3", "not an address", AT, int(Kind.JUNK)),
        Seen("0" * 31 + "4", "203.0.113.8", now, int(Kind.JUNK)),
        Seen("0" * 31 + "5", None, AT, int(Kind.PROBE)),
        Seen("0" * 31 + "6", "203.0.113.9", AT, 250),
    ]
    taken = _taken(hub, token, *odd)
    assert taken.left_out == {"kind": 2, "not public": 1, "no address": 1, "in the future": 1}
    assert taken.new == 1


HOSTILE = (b"{}", b"[" * 100_000, bytes(200 << 20), b'{"segment": "x"}')


@pytest.mark.parametrize("body", [b"", b"GIF89a", *map(zstandard.compress, HOSTILE)])
def test_hostile_reports_are_refused_in_words(hub: Office, token: str, body: bytes) -> None:
    north = partners.known(hub, token)
    assert north is not None
    with pytest.raises(UsageError, match="not a report"):
        partners.take(hub, north, body, "00000000000000cc")


def test_the_listener_answers_nobody_without_a_token(hub: Office, token: str, line: tuple[str, str]) -> None:
    place = urlsplit(line[0])
    context = ssl.create_default_context(cafile=line[1])

    def status(method: str, path: str, header: str | None, body: bytes = b"") -> int:
        connection = http.client.HTTPSConnection("127.0.0.1", place.port, context=context, timeout=10)
        connection.request(method, path, body, {"Authorization": header} if header else {})
        found = connection.getresponse().status
        connection.close()
        return found

    good = f"Bearer {token}"
    assert status("GET", "/taxii2/", None) == 401
    assert status("PUT", "/sensor/v1/segments/00000000000000aa", "Bearer x") == 401
    assert status("PUT", "/sensor/v1/segments/00000000000000aa", "Basic !!!") == 401
    assert status("GET", "/taxii2/", good) == 403  # this partner may only report
    assert status("PUT", "/sensor/v1/segments/00000000000000aa", good, b"junk") == 400
    assert status("PUT", "/sensor/v1/evidence/" + "0" * 32, good, b"junk") == 403
    assert status("PUT", "/sensor/v1/segments/../../etc", good) == 404
    for path in ("/", "/files/main.txt", "/address/203.0.113.7", "/enter", "/metrics", "/r/JH-2026-000001"):
        assert status("GET", path, good) == 404, path  # no route of another listener
