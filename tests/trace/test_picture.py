"""The trace as a person sees it: on a terminal, as a page, as JSON."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from junkhound.cli import main_group
from junkhound.kernel.errors import NotFound
from support.forwards import FORWARDS, WHOLE

MAIL = """Received: from store.example.org (store.example.org [192.0.2.3])
\tby box.example.org (Postfix) with ESMTP id 4YRV6G1R3Kz3w; Mon, 6 Jan 2025 10:00:09 +0000
Received: from friend (dsl-7.pool.example.net [198.51.100.7])
\tby store.example.org (Postfix) with ESMTP id 4YRV6F1R3Kz3w; Mon, 6 Jan 2025 10:00:05 +0000
Received: from mx.bank.example ([203.0.113.50]) by friend with SMTP; Mon, 6 Jan 2025 12:00:00 +0000
From: Ann <script>alert(1)</script> <a@example.net>
Subject: hello <b>you</b>

Hello.
"""
RELAYS = ("--relay", "box.example.org", "--relay", "192.0.2.3")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "a.eml").write_text(MAIL)
    (tmp_path / "contacts.csv").write_text("key,mail,name\n198.51.100.0/24,abuse@access.example,Access\n")
    (tmp_path / "junkhound.toml").write_text("[network]\nallow_documentation = true\n")
    return tmp_path


def run(home: Path, *words: str, colour: bool = False) -> Result:
    head = ["--config", str(home / "junkhound.toml"), "--home", str(home / "state"), "trace"]
    return CliRunner().invoke(main_group, [*head, *words], color=colour, catch_exceptions=False)


def pasted(home: Path, *words: str, given: str) -> str:
    """What is said of a mail on standard input."""
    head = ["--config", str(home / "junkhound.toml"), "--home", str(home / "state"), "trace"]
    command = [sys.executable, "-m", "junkhound", *head, *words]
    return subprocess.run(command, input=given.encode(), capture_output=True, check=True).stdout.decode()


def test_one_line_a_hop_says_who_saw_whom_and_how_late(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    said = run(home, *RELAYS, str(home / "a.eml")).output
    lines = [line.split() for line in said.splitlines() if "←" in line]
    assert [line[:3] for line in lines] == [["●", "1", "trusted"], ["◆", "2", "handover"], ["✗", "3", "forged"]]
    assert "store.example.org" in lines[1]
    assert "198.51.100.7" in lines[1]
    assert 'dsl-7.pool.example.net, says "friend"  -119 min' in said
    assert "+4 s" in said
    below = said.index("not believed: whoever sent the mail could have typed these lines")
    assert said.index("handover") < below < said.rindex("203.0.113.50")


def test_names_that_have_no_room_stand_below(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = run(home, *RELAYS, str(home / "a.eml")).output
    path = said[said.index("←") : said.index("noticed")].splitlines()
    assert max(map(len, path)) <= 80
    assert "which called itself friend (its name is" in " ".join(said.replace("│", " ").split())
    assert "-119 min" in next(line for line in path if "handover" in line)


def test_a_line_below_says_how_likely_its_writer_wrote_it(home: Path) -> None:
    page = home / "b.html"
    (home / "b.eml").write_text(HONEST.replace(".pool", ""))
    said = run(home, *RELAYS, str(home / "b.eml")).output
    assert "likely that mail.example.net did write it" in said
    assert said.count("could have typed") == 1
    run(home, *RELAYS, "--html", str(page), str(home / "b.eml"))
    assert "likely that" in page.read_text("utf-8")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (b"root:x:0:0:root:/root:/bin/sh\n", "it is no mail, or its headers were left out"),
        (bytes(range(256)) * 9, "it is no mail, or its headers were left out"),
        (b"From: a@example.net\nSubject: hello\n\nHello.\n", "no Received line: its headers are incomplete"),
    ],
)
def test_what_is_no_mail_is_told_so(home: Path, given: bytes, said: str) -> None:
    (home / "odd").write_bytes(given)
    assert said in " ".join(run(home, *RELAYS, str(home / "odd")).output.split())


def test_a_file_that_is_not_there_is_told_so(home: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        run(home, str(home / "nosuch.eml"))


def test_a_list_passed_it_on_and_is_no_account(home: Path) -> None:
    top = "Received: from vger.kernel.org (vger.kernel.org [209.132.180.67])\n\tby box.example.org (Postfix) with ESMTP"
    (home / "list.eml").write_text(
        f"{top} id 4YRV6G1R3Kz3w; Mon, 6 Jan 2025 10:00:09 +0000\nFrom: a@example.net\n\nHello.\n"
    )
    said = " ".join(run(home, *RELAYS, str(home / "list.eml")).output.split())
    assert "it passed on what somebody else wrote" in said
    assert "that junk came through it" in said
    assert "is known as a machine of Mailing lists of kernel.org, a host of mailing lists" in said


def test_the_owner_is_called_a_victim_and_never_a_criminal(home: Path) -> None:
    page = home / "a.html"
    said = run(home, *RELAYS, str(home / "a.eml")).output + str(
        run(home, *RELAYS, "--html", str(page), str(home / "a.eml"))
    )
    said += page.read_text("utf-8")
    assert "probably a victim too" in said
    assert not re.search(r"criminal|attacker|spammer|culprit|guilty", said, re.IGNORECASE)


HONEST = """Received: from store.example.org (store.example.org [192.0.2.3])
\tby box.example.org (Postfix) with ESMTP id 4YRV6G1R3Kz3w; Mon, 6 Jan 2025 10:00:09 +0000
Received: from mail.pool.example.net (mail.pool.example.net [198.51.100.7])
\tby store.example.org (Postfix) with ESMTP id 4YRV6F1R3Kz3w; Mon, 6 Jan 2025 10:00:05 +0000
Received: from pc.example.com (pc.example.com [203.0.113.50]) by mail.pool.example.net (Postfix)
\twith ESMTP id 4YRV6D1R3Kz3w; Mon, 6 Jan 2025 10:00:02 +0000
From: Ann <a@example.net>
Subject: hello

Hello.
"""


def test_machines_that_only_a_strangers_line_names_are_shown_and_never_blamed(home: Path) -> None:
    (home / "b.eml").write_text(HONEST)
    found = json.loads(run(home, "--json", *RELAYS, str(home / "b.eml")).output)
    assert found["address"] == "198.51.100.7"
    (named,) = (one for one in found["candidates"] if one["address"] == "203.0.113.50")
    assert (named["hop"], named["p"] >= 0.01) == (2, True)
    said = " ".join(run(home, *RELAYS, str(home / "b.eml")).output.split())
    assert f"or 203.0.113.50, {named['p']:.0%}: named by line 3 alone, so it is shown and never blamed" in said


def test_colours_are_for_terminals(home: Path) -> None:
    assert "\x1b[33m" in run(home, *RELAYS, str(home / "a.eml"), colour=True).output
    assert "\x1b" not in run(home, *RELAYS, str(home / "a.eml")).output


def test_contacts_are_the_tables_before_any_guess(home: Path) -> None:
    guessed = run(home, *RELAYS, str(home / "a.eml")).output
    assert "abuse@example.net - a guess (RFC 2142)" in " ".join(guessed.split())
    (home / "junkhound.toml").write_text('[network]\nallow_documentation = true\ncontacts = ["contacts.csv"]\n')
    said = run(home, *RELAYS, str(home / "a.eml")).output
    assert "abuse@access.example (Access) your table, for 198.51.100.0/24" in " ".join(said.split())
    assert "guess" not in said
    assert "write to abuse@access.example" in said
    (home / "contacts.csv").unlink()
    head = ["--config", str(home / "junkhound.toml"), "trace", str(home / "a.eml")]
    assert "cannot read 'contacts.csv'" in str(CliRunner().invoke(main_group, head).exception)


def test_json_has_the_same_and_the_tokens_of_spamassassin(home: Path) -> None:
    found = json.loads(run(home, "--json", *RELAYS, str(home / "a.eml")).output)
    assert (found["address"], found["path"]) == ("198.51.100.7", "direct")
    assert found["steps"][1]["delay_s"] == -7195
    assert found["machine"]["owner"].startswith("its owner is probably a victim")
    assert found["contacts"][0] == {
        "for": "example.net", "mail": "abuse@example.net", "url": None, "name": None, "sure": False,
        "why": found["contacts"][0]["why"],
    }  # fmt: skip
    assert found["next"]
    assert found["hops"][1]["relay"] == {
        "ip": "198.51.100.7", "rdns": "dsl-7.pool.example.net", "helo": "friend", "by": "store.example.org",
        "ident": "", "envfrom": "", "id": "4YRV6F1R3Kz3w", "auth": "", "msa": 0,
    }  # fmt: skip


def test_headers_alone_can_be_pasted(home: Path) -> None:
    said = pasted(home, *RELAYS, given=MAIL.partition("\n\n")[0] + "\n")
    assert "source    198.51.100.7" in said


def test_a_mail_that_was_forwarded_is_traced_itself(home: Path) -> None:
    outer = "From: ann@victim.example\nSubject: Fwd\nContent-Type: text/plain; charset=utf-8\n\n"
    said = pasted(home, "--relay", "mx.victim.example", "-", given=outer + WHOLE)
    assert "source    192.0.2.7" in said
    assert "inside the mail that was given (inline" in said
    short = " ".join(pasted(home, "--relay", "mx.victim.example", "-", given=outer + FORWARDS[0].text).split())
    assert "its headers are incomplete" in short
    assert "forward as attachment" in short


def test_without_a_relay_it_says_which_would_name_whom(home: Path) -> None:
    said = " ".join(run(home, str(home / "a.eml")).output.split())
    assert "if box.example.org is your mail server, it names 192.0.2.3" in said
    assert "junkhound trace --relay box.example.org" in said
    assert "nobody may be accused" in said


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name in ("src", "href") or name.startswith("on") for name, _ in attrs), (tag, attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_holds_all_it_needs_and_runs_nothing(home: Path) -> None:
    page = home / "a.html"
    run(home, *RELAYS, "--html", str(page), str(home / "a.eml"))
    read = _Page()
    read.feed(page.read_text("utf-8"))
    assert not {"script", "img", "link", "iframe", "form", "b"} & set(read.tags) - {"b"}
    assert read.tags.count("b") == 1, "the subject's own tags are text"
    assert "hello <b>you</b>" in read.text
    for words in ("198.51.100.7", "dsl-7.pool.example.net", "store.example.org", "What to do next"):
        assert words in read.text
    assert "url(" not in page.read_text("utf-8")


def test_what_this_home_knows_is_told_and_nothing_is_made(home: Path) -> None:
    run(home, *RELAYS, str(home / "a.eml"))
    assert not (home / "state").exists()
    head = ["--config", str(home / "junkhound.toml"), "--home", str(home / "state")]
    took = [*head, "ingest", "--as", "junk", "--mailbox", "me", *RELAYS, str(home / "a.eml")]
    assert CliRunner().invoke(main_group, took, catch_exceptions=False).exit_code == 0
    assert "known     junk: 1 on 1 day, 2025-01-06 to 2025-01-06" in run(home, *RELAYS, str(home / "a.eml")).output


@pytest.mark.skipif(shutil.which("chromium") is None, reason="no browser here")
@pytest.mark.slow
def test_a_browser_shows_the_page(home: Path) -> None:
    page = home / "a.html"
    run(home, *RELAYS, "--html", str(page), str(home / "a.eml"))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    done = subprocess.run(
        ["chromium", *flags, f"--user-data-dir={home / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert "198.51.100.7" in done.stdout
