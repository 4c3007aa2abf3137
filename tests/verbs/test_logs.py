"""Logs become sightings: folded, counted once, of standing log, beside the mail of the same address."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import pytest

from junkhound.kernel import config, net
from junkhound.kernel.errors import ConfigError, UsageError
from junkhound.ledger import histories
from junkhound.tables import Kind, Standing
from junkhound.verbs import logs, why
from junkhound.verbs.ingest import Request, ingest
from junkhound.verbs.office import Office
from support.desk import AT, answer, call, office, rows

LINE = "2006-06-10T{hour:02}:{minute:02}:00+00:00 mx sshd[{n}]: Failed password for root from {ip} port 5027 ssh2\n"


def written(*pairs: tuple[int, str]) -> str:
    return "".join(LINE.format(hour=hour, minute=n % 60, n=n, ip=ip) for n, (hour, ip) in enumerate(pairs))


def desk_of(home: Path, **said: object) -> Office:
    desk = office(home)
    log = config.Log(files=(str(home.parent / "auth.log"),), host="mx.example.org", timezone="UTC")
    log = dataclasses.replace(log, **said)  # type: ignore[arg-type]
    return Office(dataclasses.replace(desk.config, logs={"mx": log}), AT)


def judged(desk: Office) -> list[dict[str, object]]:
    ingest(desk, Request())
    return rows(desk)


def test_guesses_are_folded_by_address_kind_and_hour(tmp_path: Path) -> None:
    lines = written(*[(1, "192.0.2.7")] * 40, *[(2, "192.0.2.7")] * 2, (1, "192.0.2.8"))
    (tmp_path / "auth.log").write_text(lines + "2006-06-10T03:00:00+00:00 mx cron[1]: nothing\n")
    desk = desk_of(tmp_path / "home")
    taken = logs.take(desk, "mx", ())
    assert (taken.lines, dict(taken.events), taken.rows) == (44, {"guess": 43}, 3)
    found = judged(desk)
    assert sorted(row["count"] for row in found) == [1, 2, 40]
    for row in found:
        assert (row["kind"], row["standing"], row["size"]) == (Kind.AUTH_GUESS, Standing.LOG, 0)
        assert row["vantage"], "the log's host is a witness"
    assert {str(net.Address(row["addr_hi"], row["addr_lo"])) for row in found} == {"192.0.2.7", "192.0.2.8"}
    assert max(row["seen_at"] for row in found) == 1149907260_000000


def test_what_was_read_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "auth.log"
    path.write_text(written((1, "192.0.2.7"), (1, "192.0.2.7")))
    desk = desk_of(tmp_path / "home")
    assert logs.take(desk, "mx", ()).lines == 2
    assert logs.take(desk, "mx", ()).lines == 0
    with path.open("a") as file:
        file.write(written((1, "192.0.2.7")))
    path.rename(tmp_path / "auth.log.1")
    path.write_text(written((2, "192.0.2.9")))
    assert logs.take(desk, "mx", ()).lines == 2
    assert sum(row["count"] for row in judged(desk)) == 4


def test_a_chunk_whose_end_was_not_noted_is_known_by_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "auth.log"
    path.write_text(written(*[(1, "192.0.2.7")] * 5))
    desk = desk_of(tmp_path / "home")
    note, calls = logs.Places.note, []

    def dies(self: logs.Places, *words: object) -> None:
        calls.append(words)
        if len(calls) == 2:  # the records are on the disk, the place is not
            raise KeyboardInterrupt
        note(self, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(logs.Places, "note", dies)
    with pytest.raises(KeyboardInterrupt):
        logs.take(desk, "mx", ())
    monkeypatch.undo()
    assert [row["count"] for row in judged(desk)] == [5]
    with path.open("a") as file:
        file.write(written((1, "192.0.2.7")))
    assert logs.take(desk, "mx", ()).lines == 6
    assert sorted(row["count"] for row in judged(desk)) == [1, 5]


def test_our_own_and_inner_addresses_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text(written((1, "10.0.0.7"), (1, "192.0.2.7"), (1, "198.51.100.1")))
    desk = desk_of(tmp_path / "home")
    own = dataclasses.replace(desk.config.network, own=("198.51.100.0/24",))
    taken = logs.take(Office(dataclasses.replace(desk.config, network=own), AT), "mx", ())
    assert (taken.own, taken.rows) == (2, 1)


def test_two_logs_of_one_machine_are_one_witness(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text(written((1, "192.0.2.7")))
    (tmp_path / "mail.log").write_text(written((2, "192.0.2.7")))
    desk = desk_of(tmp_path / "home")
    log = desk.config.logs["mx"]
    both = {"mx": log, "mail": dataclasses.replace(log, files=(str(tmp_path / "mail.log"),))}
    desk = Office(dataclasses.replace(desk.config, logs=both), AT)
    logs.take(desk, "mx", ())
    logs.take(desk, "mail", ())
    found = judged(desk)
    assert len(found) == 2
    assert len({row["vantage"] for row in found}) == 1


def test_they_stand_beside_the_mail_of_the_address(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text(written((1, "192.0.2.7")))
    desk = desk_of(tmp_path / "home")
    logs.take(desk, "mx", ())
    judged(desk)
    assert [(one.kind, one.messages) for one in why.why(desk, "192.0.2.7").activity] == [("auth_guess", 1)]


TAKEN = "2006-06-{day:02} {hour:02}:00:00 +0000 1tUab{n}-0001Xy-2B <= a@b.example H=mx.b.example [{ip}]:33 P=smtp S=9\n"


def taken_mail(*rows: tuple[int, int, str]) -> str:
    return "".join(TAKEN.format(day=day, hour=hour, n=n, ip=ip) for n, (day, hour, ip) in enumerate(rows))


def test_mail_that_was_taken_is_a_row_of_good_mail_an_address_and_day(tmp_path: Path) -> None:
    mails = taken_mail((8, 1, "192.0.2.7"), (8, 2, "192.0.2.7"), (9, 1, "192.0.2.7"), (9, 1, "192.0.2.8"))
    (tmp_path / "auth.log").write_text(mails)
    desk = desk_of(tmp_path / "home", accepted=True)
    assert logs.take(desk, "mx", ()).rows == 3
    found = judged(desk)
    assert sorted((row["seen_at"] // 86_400_000_000, row["addr_lo"] & 0xFF) for row in found) == [
        (13307, 7), (13308, 7), (13308, 8),
    ]  # fmt: skip
    assert {(row["kind"], row["standing"], row["count"], row["seen_at"] % 86_400_000_000) for row in found} == {
        (Kind.GOOD, Standing.LOG, 1, 0)
    }
    with (tmp_path / "auth.log").open("a") as file:
        file.write(taken_mail((9, 5, "192.0.2.8"), (9, 6, "192.0.2.8"), (9, 7, "192.0.2.9")))
    logs.take(desk, "mx", ())  # another process: what it does not remember is known by its id
    assert len(judged(desk)) == 4
    assert histories.good_days(desk.ledger.query(), 0, AT + 1) == (4, 3), "the panel of good mail counts it"


def test_mail_that_was_taken_counts_only_where_the_settings_ask(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text(taken_mail((9, 1, "192.0.2.7")))
    taken = logs.take(desk_of(tmp_path / "home"), "mx", ())
    assert (dict(taken.events), taken.rows) == ({"accepted": 1}, 0)


@pytest.mark.parametrize(("accepted", "outcome"), [(False, "list"), (True, "clear")])
def test_good_mail_of_a_log_speaks_against_a_listing(tmp_path: Path, accepted: bool, outcome: str) -> None:
    good = taken_mail(*[(day, 1, "192.0.2.7") for day in range(1, 10)])
    (tmp_path / "auth.log").write_text(good + written(*[(hour, "192.0.2.7") for hour in range(1, 20, 3)]))
    desk = desk_of(tmp_path / "home", accepted=accepted)
    desk = Office(dataclasses.replace(desk.config, lists={"main": config.List(holds="auth")}), AT)
    logs.take(desk, "mx", ())
    judged(desk)
    (one,) = why.recompute(desk, "192.0.2.7")
    assert (one.outcome.value, one.inputs["good"][2] > 10) == (outcome, accepted)


def test_the_logs_clock_is_the_settings(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text(
        "Jun 10 10:00:00 mx sshd[1]: Failed password for root from 192.0.2.7 port 5 ssh2\n"
    )
    desk = desk_of(tmp_path / "home", timezone="Europe/Berlin")
    logs.take(desk, "mx", ())
    (row,) = judged(desk)
    assert row["seen_at"] == 1149926400_000000, "ten in Berlin is eight in summer"


def test_a_wrong_setting_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no time zone"):
        logs.take(desk_of(tmp_path / "a", timezone="Mars/Base"), "mx", ())
    with pytest.raises(UsageError, match="no logs called"):
        logs.take(desk_of(tmp_path / "b", daemons=("sshhd",)), "mx", ())
    with pytest.raises(UsageError, match="no log called"):
        logs.take(desk_of(tmp_path / "c"), "other", ())


def test_only_the_daemons_of_the_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text(written((1, "192.0.2.7")))
    assert logs.take(desk_of(tmp_path / "home", daemons=("postfix",)), "mx", ()).events == {}


def test_following_until_told_to_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "FOLD_S", 0.01)
    path = tmp_path / "auth.log"
    desk = desk_of(tmp_path / "home")
    path.write_text(written((1, "192.0.2.7")))
    stop = threading.Event()
    rounds = logs.follow(desk, stop, print)
    assert next(rounds).lines == 1
    path.rename(tmp_path / "auth.log.1")
    path.write_text(written((2, "192.0.2.8"), (2, "192.0.2.8")))
    assert next(rounds).lines == 2
    with path.open("a") as file:
        file.write(written((3, "192.0.2.9")))
    stop.set()  # what stands there by then is still read
    assert [taken.lines for taken in rounds] == [1]
    assert sum(row["count"] for row in judged(desk)) == 4


def test_what_is_typed(tmp_path: Path) -> None:
    (tmp_path / "auth.log").write_text(written((1, "192.0.2.7"), (1, "192.0.2.7")))
    (tmp_path / "junkhound.toml").write_text(
        '[engine]\nname = "inline"\nisolate = false\n[network]\nallow_documentation = true\n'
        '[logs.mx]\nfiles = ["auth.log"]\ntimezone = "UTC"\n'
    )
    said = call(tmp_path, "ingest", "--as", "log")
    assert "read 2 lines: guess 2, of 1 addresses; 1 new rows" in said.stdout, said.stderr
    again = answer(call(tmp_path, "ingest", "--as", "log", "--log", "mx", "auth.log", "--json"))
    assert (again["lines"], again["added"]) == (0, 0)
    assert call(tmp_path, "ingest", "--as", "log", "--log", "no").returncode == 64
    assert call(tmp_path, "ingest", "--log", "mx", "auth.log").returncode == 64
