"""The query log: what is asked, by how many; never by whom, never for long, never a verdict."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from junkhound.kernel import clock, config, net
from junkhound.kernel.clock import DAY, HOUR
from junkhound.kernel.config_dns import Dns
from junkhound.kernel.errors import UsageError
from junkhound.ledger.asked import Asked
from junkhound.service.dns import Book, open_responder
from junkhound.service.dns.mmsg import LEAD, ROW
from junkhound.service.dns.querylog import QueryLog
from junkhound.service.dns.responder import Door
from junkhound.verbs import responder as verbs
from junkhound.verbs.office import Office
from junkhound.wire import dns
from support.dns import reversed_name
from support.editions import AT, entry
from support.zones import ZONE, question, zone

SIX = net.Address(0x2001_0DB8 << 32, 9)
FOUR = net.v4(0xCB007107)


def office(home: Path, at: int = AT) -> Office:
    return Office(config.Config(store=config.Store(home=str(home))), at)


def asking(book: Book, clients: int, at: int = AT) -> None:
    """So many clients ask about 203.0.113.7 twice; all but two of them about an IPv6 address."""
    for n in range(clients):
        client = bytes([192, 0, 2, n])
        for _ in range(2):
            book.answer(question(reversed_name(FOUR, ZONE)), client, at)
        if n > 1:
            book.answer(question(reversed_name(SIX, ZONE), dns.TXT), client, at)
        book.answer(question(f"113.0.203.{ZONE}"), client, at)
        book.answer(question(ZONE, dns.SOA), client, at)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    made = Book([zone(tmp_path, entry("203.0.113.7"), networks=("192.0.2.0/24",))])
    made.log = QueryLog(Asked(tmp_path))
    return made


def flush(book: Book) -> None:
    assert book.log is not None
    book.log.flush()


def test_askers_are_counted_once_a_day_and_only_from_five_on(tmp_path: Path, book: Book) -> None:
    asking(book, 6)
    asking(book, 6, AT + HOUR)
    flush(book)
    found = verbs.asked(office(tmp_path, AT + HOUR), None, 7, 20)
    assert [(str(one.address), one.askers, one.hours) for one in found] == [("203.0.113.7", 6, 2)]  # IPv6: only four
    asking(book, 7, AT + 2 * HOUR)
    flush(book)
    found = verbs.asked(office(tmp_path, AT + 2 * HOUR), None, 7, 20)
    assert [(str(one.address), one.askers, one.hours) for one in found] == [("203.0.113.7", 7, 3), (str(SIX), 5, 3)]
    assert verbs.asked(office(tmp_path, AT + 2 * HOUR), "203.0.113.8", 7, 20) == []
    with pytest.raises(UsageError):
        verbs.asked(office(tmp_path), "x", 7, 20)


def test_no_asker_can_be_told_from_the_files_once_the_key_is_gone(tmp_path: Path, book: Book) -> None:
    asking(book, 8)
    flush(book)
    folder = tmp_path / "queries"
    content = b"".join(path.read_bytes() for path in folder.glob("*.npy"))
    assert bytes([192, 0, 2, 1]) not in content
    (key,) = folder.glob("key.*")
    assert key.stat().st_mode & 0o777 == 0o600
    one, other = Asked(tmp_path), Asked(tmp_path)
    assert one.asker(b"\xc0\0\2\1", AT) == other.asker(b"\xc0\0\2\1", AT)  # several responders count alike
    later = AT + 7 * DAY
    assert one.asker(b"\xc0\0\2\1", later) != other.asker(b"\xc0\0\2\1", AT)
    one.sweep(later)
    assert not key.exists()
    assert len(list(folder.glob("key.*"))) == 1


def test_it_is_deleted_after_fourteen_days(tmp_path: Path, book: Book) -> None:
    asking(book, 6)
    flush(book)
    Asked(tmp_path).sweep(AT + 14 * DAY)
    assert len(list((tmp_path / "queries").glob("*.npy"))) == 1
    Asked(tmp_path).sweep(AT + 15 * DAY)
    assert list((tmp_path / "queries").glob("*.npy")) == []


def test_batches_are_counted_as_single_questions_are(tmp_path: Path, book: Book) -> None:
    server, client = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    with server, client:
        server.bind(("127.0.0.1", 0))
        door = Door(server, book, wild=False)
        client.connect(server.getsockname())
        for count in (3, 40):
            for n in range(count):
                client.send(question(reversed_name(net.v4(0xCB007100 + n % 8), ZONE)))
            assert door.serve(AT) == count
        assert ROW > LEAD
    flush(book)
    counts = {str(one) for one in _subjects(tmp_path)}
    assert counts == {f"203.0.113.{n}" for n in range(8)}


def _subjects(home: Path) -> set[net.Address]:
    import numpy as np

    rows = [np.load(path) for path in (home / "queries").glob("*.npy")]
    return {net.Address(int(row["hi"]), int(row["lo"])) for part in rows for row in part}


def test_a_flood_does_not_fill_the_memory(tmp_path: Path, book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    from junkhound.service.dns import querylog

    monkeypatch.setattr(querylog, "MOST", 100)
    asking(book, 200)
    assert book.log is not None
    assert book.log._size <= 101
    assert len(list((tmp_path / "queries").glob("*.npy"))) >= 5


def test_it_is_off_unless_it_was_switched_on(tmp_path: Path) -> None:
    for on in (False, True):
        settings = config.Config(store=config.Store(home=str(tmp_path)), dns=Dns(listen=("127.0.0.1:0",), query_log=on))
        made = open_responder(settings, now=clock.FixedClock(AT).now)
        assert (made.book.log is not None) == on
        made.close()
    assert not (tmp_path / "queries").exists()
