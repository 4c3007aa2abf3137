"""Packs and tables in an object store: the whole way, in memory always and on a real server where there is one."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from junkhound.ledger import ledger, store
from junkhound.verbs import unit
from support.desk import AT, JUNK, answer, call, ids, office, rows, take
from support.mail import RELAY, junk, mbox


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> store.BucketStore:
    """One store in memory for everybody in this process."""
    made = store.BucketStore("memory:///", MemoryStore())

    def open_store(*_: object) -> store.Store:
        return made

    monkeypatch.setattr(ledger, "open_store", open_store)
    monkeypatch.setattr(unit, "open_store", open_store)
    return made


def no_objects_in(home: Path) -> bool:
    """Whether the home keeps nothing but its state, keys, spool and copies."""
    return not [path for part in ("packs", "fresh", "sightings", "templates") for path in (home / part).rglob("*.*")]


def test_the_whole_way_in_memory(tmp_path: Path, shared: store.BucketStore) -> None:
    home = tmp_path / "home"
    source = mbox(tmp_path / "in.mbox", [junk(n, source=f"203.0.113.{n % 9}") for n in range(90)])
    blind = dataclasses.replace(JUNK, relays=())
    assert take(office(home), source, request=blind).added == 90
    report = take(office(home), source)
    assert (report.added, report.rejudged, report.known) == (0, 90, 90)
    assert take(office(home), source).added == 0
    desk = office(home)
    assert len(ids(desk)) == len(set(ids(desk))) == 90
    assert all(row["addr_lo"] is not None for row in rows(desk))
    before = ids(desk)
    desk.ledger.compact(AT, full=True)
    assert ids(desk) == before
    assert sum(source.messages for source in desk.ledger.query().top(limit=99)) == 90
    assert all(desk.ledger.packs.read(row["segment"], row["ordinal"]).mail for row in rows(desk)[:5])
    assert no_objects_in(home)
    assert {path.partition("/")[0] for path, _ in shared.list()} >= {"packs", "sightings"}


def test_an_object_store_that_fails_loses_nothing(
    tmp_path: Path, shared: store.BucketStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    from junkhound.kernel.errors import Temporary

    source = mbox(tmp_path / "in.mbox", [junk(n) for n in range(70)])
    really, dice = store.BucketStore.put_new, random.Random(1)

    def flaky(self: store.BucketStore, path: str, content: bytes) -> bool:
        if dice.random() < 0.1:
            raise Temporary(f"{self.url} failed on {path!r}")
        return really(self, path, content)

    monkeypatch.setattr(store.BucketStore, "put_new", flaky)
    failures = 0
    for _ in range(40):
        try:
            take(office(tmp_path / "home"), source)
            break
        except Temporary:
            failures += 1
    assert failures, "it never failed: this test would say nothing"
    assert len(ids(office(tmp_path / "home"))) == len(set(ids(office(tmp_path / "home")))) == 70


@pytest.mark.slow
def test_the_whole_way_on_a_server_with_a_pool_of_workers(tmp_path: Path, s3: Callable[[], str]) -> None:
    (tmp_path / "junkhound.toml").write_text(
        f'[store]\nobjects = "{s3()}"\nsegment_mails = 20\n[engine]\nname = "pool"\nworkers = 2\n'
        f'[network]\nallow_documentation = true\n[mailboxes.me]\nrelays = ["{RELAY}"]\n'
    )
    source = mbox(tmp_path / "in.mbox", [junk(n, source=f"203.0.113.{n % 9}", day=1 + n % 28) for n in range(120)])
    said = ("ingest", "--as", "junk", "--mailbox", "me", "--json", str(source))
    done = call(tmp_path, *said)
    assert done.returncode == 0, done.stderr
    assert answer(done)["added"] == 120
    assert answer(call(tmp_path, *said))["known"] == 120
    ranked = answer(call(tmp_path, "sources", "--json"))
    assert sum(row["messages"] for row in ranked["rows"]) == 120
    for words in (
        ("why", "203.0.113.4", "--json"),
        ("lists", "decide", "--at", "2006-06-01", "--json"),
        ("publish", "--at", "2006-06-01", "--json"),
        ("evidence", "verify", "--json"),
        ("stats", "overview", "--json"),
    ):
        done = call(tmp_path, *words)
        assert done.returncode == 0, (words, done.stderr)
        answer(done)
    assert no_objects_in(tmp_path / "home")


@pytest.mark.slow
def test_a_server_that_is_not_there_is_75(tmp_path: Path, s3: Callable[[], str]) -> None:
    bucket = s3().replace("junkhound-", "nobodys-")
    (tmp_path / "junkhound.toml").write_text(f'[store]\nobjects = "{bucket}"\n[engine]\nname = "inline"\n')
    (tmp_path / "in.eml").write_bytes(junk(1))
    done = call(tmp_path, "ingest", "in.eml")
    assert done.returncode in (66, 75, 77), done.stderr
    assert "s3://nobodys-" in done.stderr
