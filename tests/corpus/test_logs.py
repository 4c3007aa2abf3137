"""Annotated lines of real daemons in the development corpus; counts by daemon are printed."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from junkhound.kernel import net
from junkhound.wire.logs import Reader
from support import corpus

NOW = 1_785_000_000_000_000
_NOTE = re.compile(r"#\s*failJSON:\s*(\{.*\})\s*\Z")

# Sessions whose other lines, which named the address, are not in this sample of the logs.
LOST = {("sshd-journal", "26713"), ("sshd-journal", "1559"), ("sshd", "1559"), ("sshd", "22477")}
# The name that was typed reads like the rest of the line, and two readings are one too many.
UNDECIDED = "invalid user test from 127.0.0.1 port 58946 ssh2: from 10.10.1.2 port 55555 ssh2"


def annotated(raw: bytes) -> list[tuple[dict[str, object] | None, str]]:
    """(annotation, line); lines without one give the reader its context."""
    found, note = [], None
    for text in raw.decode("utf-8", "replace").split("\n"):
        if match := _NOTE.match(text):
            note = json.loads(match[1])
        elif text and not text.startswith("#"):
            found.append((note, text))
            note = None
    return found


def right(note: dict[str, object], event: object, address: object) -> bool:
    """A failure must be told with its address; a line that is none may be a look around in a stricter mode."""
    if not note["match"]:
        return event is None or getattr(event, "what", "") != "guess"
    host = note.get("host") or note.get("ip4") or note.get("ip6")
    if host is None:
        return event is not None
    wanted = net.parse(str(host))
    return event is None if wanted is None else address == wanted  # a name would have to be looked up


def test_annotated_lines(capsys: pytest.CaptureFixture[str]) -> None:
    counts: dict[str, Counter[str]] = {}
    wrong = []
    for path, label, raw in corpus.messages("auth-logs.tar.gz"):
        if label != "fail2ban-annotated":
            continue
        daemon = path.rpartition("/")[2].removesuffix(".log")
        tally = counts.setdefault(daemon, Counter())
        reader, first_of = Reader(), set()
        for note, text in annotated(raw):
            event = reader.read(text, NOW)
            if note is None:
                continue
            pid = re.search(r"sshd\[(\d+)\]", text)
            key = (daemon, pid[1] if pid else "")
            if right(note, event, event.address if event else None):
                tally["right"] += 1
            elif key in LOST or (key == ("sshd-journal", "32686") and key not in first_of):
                first_of.add(key)
                tally["context not in the sample"] += 1
            elif UNDECIDED in text:
                assert event is None
                tally["undecided"] += 1
            else:
                wrong.append((daemon, note, text, event))
                tally["wrong"] += 1
    total = sum(counts.values(), Counter())
    with capsys.disabled():
        print()
        for daemon, tally in sorted(counts.items()):
            print(f"  {daemon:16} " + ", ".join(f"{count} {what}" for what, count in tally.items()))
        print(f"  {'all':16} " + ", ".join(f"{count} {what}" for what, count in total.items()))
    assert not wrong
    readable = total.total() - total["context not in the sample"]
    assert total["right"] / readable >= 0.99
    assert total.total() == 320


def test_a_real_dictionary_attack() -> None:
    members = {path: raw for path, _, raw in corpus.messages("auth-logs.tar.gz")}
    reader, guesses = Reader(), Counter()
    failed = 0
    for text in members["loghub/OpenSSH_2k.log"].decode("utf-8", "replace").split("\n"):
        failed += "Failed password for" in text
        if (event := reader.read(text, NOW)) is not None and event.what == "guess":
            guesses[event.address] += 1
    assert guesses.total() >= failed
    assert len(guesses) >= 9
