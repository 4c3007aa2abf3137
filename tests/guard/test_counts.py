"""What became of mail, by country: counted where the operator wants it, days and countries alone."""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from junkhound import guard
from junkhound.guard import Opinion, Word
from junkhound.kernel import config
from junkhound.kernel.errors import ConfigError, Temporary, UsageError
from junkhound.ledger import guard_counts as stored
from junkhound.ledger.guard_counts import Fate
from junkhound.tables import country_number
from junkhound.verbs import guard_counts
from junkhound.verbs.access import Doors
from junkhound.verbs.office import Office
from junkhound.web import operator_app
from support import guards
from support.postfix import folder, postfix, until
from support.transcript import environment
from support.web import Browser

DE, FR, US = (country_number(code) for code in ("DE", "FR", "US"))


def office(tmp_path: Path, **about: object) -> Office:
    said = config.Guard(count=True, country="DE", countries=("example.fr=FR",), **about)  # type: ignore[arg-type]
    return Office(config.Config(store=config.Store(home=str(tmp_path / "home")), guard=said))


def opinion(word: Word, country: int) -> Opinion:
    return Opinion(word, 0.5, "", country=country)


def test_attempts_end_refused_as_junk_or_in_the_inbox(tmp_path: Path) -> None:
    home = office(tmp_path)
    fates = guard_counts.Fates(home)
    fates.add(opinion(Word.JUNK, US), [b"a@example.de", b"b@example.fr"], refused=True)
    fates.add(opinion(Word.JUNK, US), [b"a@mail.example.fr"], refused=False)
    fates.add(opinion(Word.NONE, FR), [b"a@example.de"], refused=False)
    fates.keep()
    fates.add(opinion(Word.GOOD, FR), [], refused=False)
    fates.keep()
    fates.keep()  # nothing is counted twice
    assert [(x.source, x.attempts, x.refused, x.junk, x.inbox) for x in guard_counts.read(home)] == [
        ("FR", 2, 0, 0, 2), ("US", 2, 1, 1, 0),
    ]  # fmt: skip
    both = {(x.source, x.recipient): x.attempts for x in guard_counts.read(home, by="both")}
    assert both == {("FR", "DE"): 2, ("US", "DE"): 1, ("US", "FR"): 1}
    assert {x.recipient: x.attempts for x in guard_counts.read(home, by="recipient")} == {"DE": 3, "FR": 1}
    assert guard_counts.total(guard_counts.read(home)) == Fate(4, 1, 1, 2)
    with pytest.raises(UsageError, match="no side 'x'"):
        guard_counts.read(home, by="x")


def test_guards_count_at_once(tmp_path: Path) -> None:
    home = office(tmp_path)
    home.ledger.state.connect().close()
    several = [guard_counts.Fates(home) for _ in range(4)]

    def work(one: guard_counts.Fates) -> None:
        for _ in range(10):
            one.add(opinion(Word.NONE, US), [], refused=False)
            one.keep()

    threads = [threading.Thread(target=work, args=(one,)) for one in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert guard_counts.read(home)[0].attempts == 40


def test_what_cannot_be_written_stays_for_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = office(tmp_path)
    fates = guard_counts.Fates(home)
    fates.add(opinion(Word.NONE, US), [], refused=False)
    with monkeypatch.context() as broken:

        def full(*_: object) -> None:
            raise Temporary("the disk is full")

        broken.setattr(stored, "add", full)
        fates.keep()
    fates.add(opinion(Word.NONE, US), [], refused=False)
    fates.keep()
    assert guard_counts.read(home)[0].attempts == 2


@pytest.mark.parametrize(("about", "words"), [({"country": "Germany"}, "is no country"),
                                              ({"countries": ("example.de",)}, "names no country")])  # fmt: skip
def test_a_country_that_is_none_is_told(tmp_path: Path, about: dict[str, object], words: str) -> None:
    said = config.Guard(count=True, **about)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=words):
        guard_counts.Fates(Office(config.Config(store=config.Store(home=str(tmp_path)), guard=said)))


@pytest.mark.parametrize("count", [True, False])
def test_a_running_guard_counts_only_with_consent(tmp_path: Path, count: bool) -> None:
    settings = guards.settled(tmp_path / "g", f'count = {str(count).lower()}\ncountry = "DE"\n')
    with guards.running(settings, "http", "--listen", "127.0.0.1:0") as place:
        for octets in (guards.mail(), b"From: a@example.org\r\n\r\nhello\r\n"):
            with urllib.request.urlopen(f"http://{place}/check", octets, timeout=20) as answer:
                assert answer.status == 200
    command = [
        Path(sys.executable).parent / "junkhound",
        "--config",
        settings,
        "guard",
        "counts",
        "--by",
        "both",
        "--json",
    ]
    done = subprocess.run(command, env=environment(tmp_path), capture_output=True, check=True, timeout=60)
    lines = json.loads(done.stdout)
    wanted = {"source": "", "recipient": "DE", "attempts": 2, "refused": 0, "junk": 1, "inbox": 1}
    assert lines == ([wanted] if count else [])


MAIN = """
virtual_mailbox_domains = example.net example.fr
virtual_transport = lmtp:inet:127.0.0.1:{sink}
smtpd_milters = inet:{milter}
milter_default_action = accept
milter_protocol = 6
"""


def sent(port: int, octets: bytes, client: str, recipient: str) -> int:
    """What a server says to a mail of this client."""
    with smtplib.SMTP("127.0.0.1", port, timeout=30) as session:
        session.ehlo("client.example.org")
        session.docmd("XCLIENT", f"ADDR={client} NAME=host.isp.example HELO=friend PROTO=SMTP")
        session.ehlo("friend")
        session.mail("a@example.org")
        session.rcpt(recipient)
        return session.data(octets)[0]


@pytest.mark.peer
def test_behind_postfix_every_attempt_is_counted_where_it_came_from_and_went_to(tmp_path: Path) -> None:
    more = 'count = true\ncountry = "DE"\ncountries = ["example.fr=FR"]\nreject = ["listed"]\n'
    settings = guards.settled(tmp_path / "g", more)
    routes = tmp_path / "routes.csv"
    routes.write_text("network,asn,org,country,type\n192.0.2.0/24,AS64500,bots,US,isp\n"
                      "198.51.100.0/24,AS64501,friends,CA,isp\n")  # fmt: skip
    command = [Path(sys.executable).parent / "junkhound", "--config", settings]
    environ = environment(tmp_path)
    subprocess.run([*command, "data", "import", routes, "--name", "r", "--date", "2020-01-01"], env=environ,
                   check=True, capture_output=True, timeout=60)  # fmt: skip
    body = guards.mail()[guards.mail().index(b"From: ") :]
    with guards.sink(tmp_path) as taken, folder() as root:
        for number, listed in enumerate((True, False)):
            (tmp_path / "g/guard.pack").write_bytes(guard.pack.write(guards.book(listed=listed)))
            with (
                guards.running(settings, "milter", "--listen", "127.0.0.1:0") as place,
                postfix(root / str(number), MAIN.format(sink=taken.port, milter=place)) as port,
            ):
                assert sent(port, body, guards.BOT, "me@example.net") == (550 if listed else 250)
                assert sent(port, b"Subject: lunch\r\n\r\nat one?\r\n", "198.51.100.9", "toi@example.fr") == 250
                until(lambda: len(taken.mails) == (1, 3)[number], "delivery", root / str(number))  # noqa: B023
    said = subprocess.run([*command, "guard", "counts", "--by", "both", "--json"], env=environ, check=True,
                          capture_output=True, timeout=60)  # fmt: skip
    assert json.loads(said.stdout) == [
        {"source": "CA", "recipient": "FR", "attempts": 2, "refused": 0, "junk": 0, "inbox": 2},
        {"source": "US", "recipient": "DE", "attempts": 2, "refused": 1, "junk": 1, "inbox": 0},
    ]


def test_the_page_shows_them_by_country(tmp_path: Path) -> None:
    home = office(tmp_path)
    fates = guard_counts.Fates(home)
    fates.add(opinion(Word.JUNK, US), [b"a@example.fr"], refused=False)
    fates.keep()
    visitor = Browser(operator_app(home.config))
    assert visitor.get(f"/enter?token={Doors(home.config).link()}").status == 303
    assert "1 mail came to guarded servers in 30 days: 0 refused, 1 called junk, 0" in visitor.get("/inboxes").text
    assert visitor.get("/inboxes.json?by=both").json["lines"] == [
        {"source": "US", "recipient": "FR", "attempts": 1, "refused": 0, "junk": 1, "inbox": 0}
    ]
    assert visitor.get("/inboxes?by=x").status == 400
