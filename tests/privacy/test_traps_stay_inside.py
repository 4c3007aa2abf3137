"""No trap address leaves: planted in every field and dressed in every way, it is in nothing that others read."""

from __future__ import annotations

import base64
import json
import re
from hashlib import md5, sha1, sha256
from pathlib import Path

import pytest

from junkhound import tables
from junkhound.evidence.redact import Secrets
from support.desk import answer, call, face, office
from support.mail import RELAY

SETTINGS = f"""\
[store]
segment_mails = 20
[engine]
name = "inline"
isolate = false
[network]
allow_documentation = true
[traps.lures]
domains = ["trap-one.example", "deep.trap-two.example"]
[mailboxes.me]
relays = ["{RELAY}"]
[lists.main]
scope = "public"
text = "https://junkhound.example/why/%s"
[lists.near]
"""
TRAPS = ("alice.lure@trap-one.example", "bob.decoy@deep.trap-two.example", "carol.bait@Trap-One.example")
DOMAINS = ("trap-one.example", "deep.trap-two.example")
SOURCES = ("203.0.113.7", "203.0.113.8", "2001:db8:1:2::9")
AT = "2006-06-01"


def dressed(trap: str) -> str:
    """The address in the plain and in every disguise that a link may give it."""
    octets = trap.encode()
    forms = [
        trap, trap.upper(), trap.replace("@", "%40"), trap.replace("@", "="), octets.hex(),
        base64.b64encode(octets).decode(), base64.urlsafe_b64encode(b"u" + octets).decode(),
        *(make(octets.lower()).hexdigest() for make in (md5, sha1, sha256)),
    ]  # fmt: skip
    return " ".join(f"http://shop.test/u/{n}?e={form}" for n, form in enumerate(forms))


def planted(number: int, trap: str, source: str) -> bytes:
    """A mail that names its trap wherever a mail can name anything."""
    local, _, domain = trap.partition("@")
    when = f"Thu, 4 May 2006 {number % 24:02}:00:00 +0000"
    return (
        f"Return-Path: <bounce-{local}={domain}@spam.test>\r\n"
        f"Received: from {local}.{domain} (unknown [{source}])\r\n"
        f"\tby {RELAY} (Postfix) with SMTP id {number:08X} for <{trap}>; {when}\r\n"
        f"Received: from {domain} ([192.0.2.99]) by {local} with SMTP; {when}\r\n"
        f"From: {local} <{trap}>\r\nReply-To: {trap}\r\nTo: {trap}\r\nCc: <{trap}>, x@{domain}\r\n"
        f"Subject: {trap} {local}: you won no. {number}\r\nMessage-ID: <{number}.{local}@{domain}>\r\nDate: {when}\r\n"
        f"X-Mailer: Mailer for {trap}\r\nList-Unsubscribe: <mailto:{trap}>\r\n"
        f"DKIM-Signature: v=1; a=rsa-sha256; d={domain}; s=x; h=from; bh=AA==; b=AA==\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/html\r\n\r\n<p>Dear {local}, {trap}, http://{local}.{domain}/ "
        f"<a href='http://{domain}/{trap}'>x</a> mailto:{trap} {dressed(trap)}</p>\r\n"
        f'--b\r\nContent-Type: image/png; name="{trap}.png"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        f"{base64.b64encode(trap.encode() * 9).decode()}\r\n--b--\r\n"
    ).encode()


def deliveries() -> bytes:
    """Sessions of two trap domains, spread over days, as JSON lines."""
    lines = []
    for number in range(90):
        trap, source = TRAPS[number % len(TRAPS)], SOURCES[number % 7 % len(SOURCES)]
        lines.append(json.dumps({
            "mail": base64.b64encode(planted(number, trap, source)).decode(), "client": source,
            "received_at": f"2006-05-{10 + number % 20:02}T{number % 24:02}:00:00Z", "arrival": f"q-{number}",
            "helo": f"{trap.partition('@')[0]}.{DOMAINS[number % 2]}",
            "mail_from": f"x-{trap.replace('@', '=')}@spam.test",
            "rcpt": [{"address": trap, "trap": True}, {"address": TRAPS[0], "trap": True}],
        }))  # fmt: skip
    return "\n".join(lines).encode() + b"\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("privacy")
    (made / "junkhound.toml").write_text(SETTINGS)
    (made / "in.jsonl").write_bytes(deliveries())
    (made / "mail").mkdir()
    for number in range(12):
        mail = planted(100 + number, TRAPS[0], SOURCES[0])
        # nobody knows that a name alone is a trap's, where no envelope says so
        (made / f"mail/{number}.eml").write_bytes(mail.replace(b" alice.lure: you won", b" you won"))
    assert answer(face(made, "ingest", "--trap", "lures", "--json", "in.jsonl"))["added"] == 90
    assert face(made, "ingest", "--as", "junk", "--mailbox", "me", "mail").returncode == 0
    assert face(made, "lists", "decide", "--at", AT).returncode == 0
    return made


# Without the separators that a disguise may use, everything is looked for in lower case.
SECRETS = Secrets.of([trap.encode() for trap in TRAPS], DOMAINS)


def leaks(octets: bytes) -> list[str]:
    """What of the traps stands in these bytes: any form that redaction knows, and the local parts."""
    found = [trap for trap in (*TRAPS, *DOMAINS) if trap.lower().encode() in octets.lower()]
    found += [local for local in ("alice.lure", "bob.decoy", "carol.bait") if local.encode() in octets.lower()]
    return found + (["a disguise"] if SECRETS.named_in(octets) else [])


def test_the_search_finds_what_was_planted() -> None:
    for number, trap in enumerate(TRAPS):
        assert len(leaks(planted(number, trap, SOURCES[0]))) >= 3
        for word in dressed(trap).split():
            assert leaks(word.encode()), word
    assert not leaks(b"203.0.113.7 is on it because of 12 messages at 2 vantages")


def test_nothing_published_names_a_trap(folder: Path) -> None:
    from junkhound import publish

    forms = [word for form in publish.outputs.names() for word in ("--form", form)]
    done = face(folder, "publish", "--folder", "out", "--at", AT, "--json", *forms)
    assert done.returncode == 0, done.stdout
    assert not leaks(done.stdout.encode())
    written = [path for path in (folder / "out").rglob("*") if path.is_file()]
    assert len(written) >= 2 * len(publish.outputs.names())
    listed = b"".join(path.read_bytes() for path in written)
    assert b"203.0.113.7" in listed, "something is on the list, else this test says nothing"
    for path in written:
        assert not leaks(path.read_bytes()), path.name
        assert not leaks(path.name.encode())


READ = [
    ("sources",), ("sources", "--by", "persistence"), ("sources", "--by", "recent"),
    *(("why", source) for source in SOURCES), ("why", SOURCES[0], "--recompute"),
    ("lists", "show"), ("stats", "overview"), ("stats", "year-on-year"),
    *(("stats", "by", by) for by in ("country", "asn", "network", "block", "kind", "day", "month", "year")),
    ("data", "list"), ("check",), ("evidence", "verify"),
]  # fmt: skip


@pytest.mark.parametrize("words", READ, ids=" ".join)
def test_no_answer_names_a_trap(folder: Path, words: tuple[str, ...]) -> None:
    at = ("--at", AT) if words[0] == "why" else ()
    for form in ((), ("--json",)):
        done = face(folder, *words, *at, *form)
        assert done.returncode in (0, 1), done.stderr
        assert not leaks(done.stdout.encode()), done.stdout
        assert not leaks(done.stderr.encode()), done.stderr


def test_a_listing_and_its_evidence_name_no_trap(folder: Path) -> None:
    said = face(folder, "why", SOURCES[0], "--at", AT).stdout
    number = re.findall(r"JH-\d{4}-\d{6}", said)[0]
    ids = re.findall(r"([0-9a-f]{32})  junk ", said)
    for words in (("why", number), ("why", ids[0]), ("evidence", "export", ids[0]), ("evidence", "export", ids[-1])):
        done = call(folder, *words)
        assert done.returncode == 0, done.stderr
        assert not leaks(done.stdout.encode()), done.stdout
    assert call(folder, "evidence", "export", ids[0], "--raw").returncode == 77


def test_rows_and_their_names_hold_no_trap_address(folder: Path) -> None:
    """Trap addresses stand in the state database and in raw packs, nowhere else (RUNTIME, stored forms)."""
    desk = office(folder / "home")
    for table in tables.ALL:
        stored = desk.ledger.snapshot().of(table.name)
        if not stored:
            continue
        source = desk.ledger.engine.source(table, stored)
        for column in table.columns:
            if column.type in ("str", "bin"):
                for (value,) in desk.ledger.engine.rows(f"SELECT DISTINCT {column.name} FROM {source}"):
                    octets = value if isinstance(value, bytes) else str(value).encode()
                    assert not leaks(octets), f"{table.name}.{column.name}: {value!r}"
