"""Ingest: every mail counts once, whatever is run twice, killed or judged anew."""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from junkhound import tables
from junkhound.kernel import config, engine, net
from junkhound.kernel.clock import DAY
from junkhound.tables import Defect, Kind
from junkhound.verbs import ingest as taking
from junkhound.verbs import unit
from junkhound.verbs.ingest import Request, ingest, watch
from junkhound.verbs.office import Office
from junkhound.wire import jsonl
from support.mail import RELAY, junk, mbox

AT = 1_150_000_000_000_000


def office(home: Path, **engine: object) -> Office:
    settings = config.Config(
        store=config.Store(home=str(home), segment_mails=20),
        engine=dataclasses.replace(config.Engine(name="inline", isolate=False), **engine),  # type: ignore[arg-type]
        network=config.NetworkSection(allow_documentation=True),
    )
    return Office(settings, AT)


def rows(desk: Office) -> list[dict[str, object]]:
    """Every sighting of the home, without what differs from run to run, in order of id."""
    desk.ledger._last = None
    engine, snapshot = desk.ledger.engine, desk.ledger.snapshot()
    if not snapshot.of("sightings"):
        return []
    source = engine.source(tables.SIGHTINGS, snapshot.of("sightings"))
    names = [name for name in tables.SIGHTINGS.names if name not in ("segment", "ordinal", "intake", "vantage", "trap")]
    found = engine.rows(f"SELECT {', '.join(names)} FROM {source} ORDER BY id_hi, id_lo")
    return [dict(zip(names, row, strict=True)) for row in found]


JUNK = Request(kind=Kind.JUNK, mailbox="me", relays=(RELAY,))


def take(desk: Office, *paths: Path, request: Request = JUNK):
    return ingest(desk, dataclasses.replace(request, paths=tuple(map(str, paths))))


def test_mail_is_traced_to_the_machine_that_our_relay_saw(tmp_path: Path) -> None:
    desk = office(tmp_path / "home")
    report = take(desk, mbox(tmp_path / "in.mbox", [junk(n) for n in range(50)]))
    assert (report.read, report.added, report.known) == (50, 50, 0)
    found = rows(desk)
    assert len(found) == 50
    source = net.parse("203.0.113.7")
    assert {(row["addr_hi"], row["addr_lo"]) for row in found} == {source}
    assert {row["kind"] for row in found} == {Kind.JUNK}
    assert all(row["seen_at"] is not None and row["template"] for row in found)
    assert len({row["template"] for row in found}) < 50, "one campaign has one template, or few"


def test_a_second_ingest_adds_nothing_and_says_so(tmp_path: Path) -> None:
    desk = office(tmp_path / "home")
    source = mbox(tmp_path / "in.mbox", [junk(n) for n in range(45)])
    take(desk, source)
    before = rows(desk)
    report = take(office(tmp_path / "home"), source)
    assert (report.read, report.added, report.known) == (45, 0, 45)
    assert rows(office(tmp_path / "home")) == before


def test_equal_mails_of_one_mailbox_are_one_delivery(tmp_path: Path) -> None:
    report = take(office(tmp_path / "home"), mbox(tmp_path / "in.mbox", [junk(1), junk(2), junk(1)]))
    assert (report.added, report.known) == (2, 1)


def test_every_engine_gives_equal_rows(tmp_path: Path) -> None:
    source = mbox(tmp_path / "in.mbox", [junk(n, words="x" * (n % 5)) for n in range(70)])
    inline, pool = office(tmp_path / "a"), office(tmp_path / "b", name="pool", workers=2, isolate=True)
    take(inline, source)
    take(pool, source)
    assert rows(inline) == rows(pool)


def test_workers_have_ended_when_months_are_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Merging takes memory of its own, and the mail is judged by then."""
    merging: list[int] = []
    raised: list[engine.Pool] = []
    begin = engine.Pool.__init__

    def noted(self: engine.Pool, settings: config.Engine) -> None:
        begin(self, settings)
        raised.append(self)

    monkeypatch.setattr(engine.Pool, "__init__", noted)
    monkeypatch.setattr(taking, "tidy", lambda office: merging.append(sum(len(pool._here) for pool in raised)))
    desk = office(tmp_path / "home", name="pool", workers=2, isolate=True)
    assert take(desk, mbox(tmp_path / "in.mbox", [junk(n) for n in range(70)])).added == 70
    assert (len(raised), merging) == (1, [0])


def test_good_mail_leaves_a_row_and_nothing_else(tmp_path: Path) -> None:
    desk = office(tmp_path / "home")
    take(desk, mbox(tmp_path / "in.mbox", [junk(1)]), request=dataclasses.replace(JUNK, kind=Kind.GOOD))
    (row,) = rows(desk)
    assert row["template"] == 0
    assert int(row["seen_at"]) % 86_400_000_000 == 0, "the day is kept, not the moment"  # type: ignore[call-overload]
    snapshot = desk.ledger.snapshot()
    assert not any(snapshot.of(table) for table in ("keys", "templates", "sessions"))
    assert not list(desk.ledger.store.list("packs")), "good mail is not copied"


def test_a_mail_that_kills_its_parser_is_kept_with_its_defect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit, "PARSER", "support.killers:start")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    desk = office(tmp_path / "home", isolate=True)
    deadly = [junk(n).replace(b"From: Pills", b"X-Deadly: yes\r\nFrom: Pills") for n in (200, 201)]
    report = take(desk, mbox(tmp_path / "in.mbox", [junk(0), deadly[0], junk(1), deadly[1], junk(2)]))
    assert (report.added, report.counts["defect:killed_parser"]) == (5, 2)
    killed = [row for row in rows(desk) if int(row["defects"]) & Defect.KILLED_PARSER]  # type: ignore[call-overload]
    assert [row["addr_hi"] for row in killed] == [None, None], "nobody is blamed for what was not read"
    packs = [path.split("/")[-1].split(".")[0] for path, _ in desk.ledger.store.list("packs") if path.endswith(".pack")]
    packed = [record.mail for name in packs for record in desk.ledger.packs.records(name)]
    assert sum(b"X-Deadly" in mail for mail in packed) == 2, "the evidence is kept"


def test_mail_is_judged_anew_when_its_boundary_changes(tmp_path: Path) -> None:
    source = mbox(tmp_path / "in.mbox", [junk(n) for n in range(30)])
    good = mbox(tmp_path / "good.mbox", [junk(n) for n in range(100, 110)])
    blind = dataclasses.replace(JUNK, relays=())
    for desk_kind, path in ((Kind.JUNK, source), (Kind.GOOD, good)):
        take(office(tmp_path / "home"), path, request=dataclasses.replace(blind, kind=desk_kind))
    assert {row["addr_lo"] for row in rows(office(tmp_path / "home"))} == {None}
    report = take(office(tmp_path / "home"), source)
    assert (report.added, report.rejudged, report.known) == (0, 30, 30)
    report = take(office(tmp_path / "home"), good, request=dataclasses.replace(JUNK, kind=Kind.GOOD))
    assert (report.added, report.rejudged) == (0, 10)
    found = rows(office(tmp_path / "home"))
    assert len(found) == 40, "old rows are superseded, none is doubled"
    assert all(row["addr_lo"] is not None for row in found)
    report = take(office(tmp_path / "home"), source, good)
    assert (report.added, report.rejudged, report.known) == (0, 0, 40)


def test_what_was_judged_anew_is_not_looked_for_again(tmp_path: Path) -> None:
    """Mail that is in no pack is judged anew under another segment; the old one is then done with."""
    good = mbox(tmp_path / "good.mbox", [junk(n) for n in range(10)])
    for relays in ((), JUNK.relays):
        take(office(tmp_path / "home"), good, request=dataclasses.replace(JUNK, relays=relays, kind=Kind.GOOD))
    desk = office(tmp_path / "home")
    assert sum(desk.ledger.totals().values()) == 20, "the first segment still counts its ten"
    report = take(desk, good, request=dataclasses.replace(JUNK, kind=Kind.GOOD))
    assert (report.added, report.rejudged, report.known) == (0, 0, 10)
    assert sum(desk.ledger.totals().values()) == 10


def test_a_pack_of_which_nothing_is_left_is_not_judged_anew_for_ever(tmp_path: Path) -> None:
    source = mbox(tmp_path / "in.mbox", [junk(n) for n in range(5)])
    take(office(tmp_path / "home"), source, request=dataclasses.replace(JUNK, relays=()))
    desk = office(tmp_path / "home")
    ((name, _),) = [(path, size) for path, size in desk.ledger.store.list("packs") if path.endswith(".pack")]
    desk.ledger.packs.erase(name.removeprefix("packs/").removesuffix(".pack"), range(5))
    (intake,) = desk.ledger.names("intake")
    take(desk, source)
    assert desk.ledger.stale({intake: max(row["analysis"] for row in rows(desk)) + 1}) == []


def test_a_session_told_by_a_file_is_taken_in_by_our_clock(tmp_path: Path) -> None:
    """Its own time stays what it says: only ``ingested_at`` is ours."""
    told = {"client": net.parse("203.0.113.7").v4.to_bytes(4, "big"), "received_at": AT - 40 * DAY, "arrival": "q1"}
    path = tmp_path / "one.jsonl"
    path.write_bytes(jsonl.write(junk(1), told))
    desk = office(tmp_path / "home")
    take(desk, path)
    (row,) = rows(desk)
    assert (row["seen_at"], row["ingested_at"]) == (AT - 40 * DAY, AT)
    (name,) = [path[6:22] for path, _ in desk.ledger.store.list("packs") if path.endswith(".pack")]
    (record,) = desk.ledger.packs.records(name)
    assert (record.facts.origin.received_at, record.facts.origin.taken_at) == (AT - 40 * DAY, AT)


def _command(tmp_path: Path, source: Path) -> tuple[Path, list[str]]:
    """A home and the command line that fills it."""
    home, toml = tmp_path / "home", tmp_path / "junkhound.toml"
    toml.write_text(
        f'[store]\nhome = "{home}"\nsegment_mails = 20\n[engine]\nname = "inline"\nisolate = false\n'
        "[network]\nallow_documentation = true\n"
    )
    said = ["ingest", "--as", "junk", "--mailbox", "me", "--relay", RELAY, "--at", "2006-06-11", str(source)]
    return home, [sys.executable, "-m", "junkhound.cli", "--config", str(toml), *said]


@pytest.mark.parametrize("round_", range(int(os.environ.get("JUNKHOUND_KILLS", "5"))))
def test_killed_at_any_moment_nothing_is_lost_or_doubled(tmp_path: Path, round_: int) -> None:
    mails = [junk(n) for n in range(200)]
    source = mbox(tmp_path / "in.mbox", mails)
    home, command = _command(tmp_path, source)
    dice = random.Random(round_)
    for _ in range(3):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.35, 1.2))
        child.send_signal(signal.SIGKILL)
        child.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = rows(office(home))
    assert len(found) == len({(row["id_hi"], row["id_lo"]) for row in found}) == len(mails)


def test_two_runs_at_once_count_every_mail_once(tmp_path: Path) -> None:
    source = mbox(tmp_path / "in.mbox", [junk(n) for n in range(150)])
    home, command = _command(tmp_path, source)
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    for run in runs:
        _, said = run.communicate()
        assert run.returncode == 0, said
    found = rows(office(home))
    assert len(found) == len({(row["id_hi"], row["id_lo"]) for row in found}) == 150


def test_a_watched_maildir_is_taken_in_as_it_fills(tmp_path: Path) -> None:
    box = tmp_path / "Maildir"
    for part in ("new", "cur", "tmp"):
        (box / part).mkdir(parents=True)
    (box / "new/1").write_bytes(junk(1))
    stop = threading.Event()
    reports = watch(office(tmp_path / "home"), dataclasses.replace(JUNK, paths=(str(box),)), stop, poll_s=0.01)
    assert next(reports).added == 1
    (box / "tmp/2").write_bytes(junk(2))
    (box / "tmp/2").rename(box / "cur/2:2,S")
    assert next(reports).added == 1
    stop.set()
    assert next(reports, None) is None
    assert len(rows(office(tmp_path / "home"))) == 2
