"""Real reports and bounces of the development corpus, against labels of our own; the counts are printed."""

from __future__ import annotations

import csv
import json
from collections import Counter
from hashlib import sha256
from pathlib import Path

import pytest

from junkhound import complaint
from junkhound.complaint import Complaint
from junkhound.evidence.message import parse
from junkhound.kernel import net
from junkhound.trace import dates
from junkhound.wire import arf, xarf
from support import corpus

LABELS = Path(__file__).parents[2] / "labels/reports.tsv"


def source(found: Complaint) -> str:
    """The first address or the host of the first URL that it accuses; ``-`` for none."""
    for claim in found.claims:
        if claim.what == "address":
            return claim.value
        if claim.what == "url":
            return claim.value.split("/")[2]
    return "-"


def test_every_report_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    with LABELS.open(encoding="utf-8", newline="") as file:
        labels = {row["sha256"]: row for row in csv.DictReader(file, delimiter="\t")}
    counts: Counter[str] = Counter()
    wrong = []
    for path, _, raw in corpus.messages("reports.tar.gz"):
        if not corpus.is_mail(path):
            continue
        label = labels[sha256(raw).hexdigest()]
        found = complaint.read(raw)
        mails = [mail.completeness for mail in found.mails]
        got = (found.form, found.about, source(found), str(len(mails)), mails[0] if mails else "-")
        right = got == (label["form"], label["about"], label["source"], label["mails"], label["completeness"])
        counts["right" if right else "unknown" if found.form == "plain" else "partly"] += 1
        if not right:
            wrong.append((path, got))
        counts[found.form] += 1
    with capsys.disabled():
        print(f"\nreports: {dict(counts)}")
    assert counts["right"] == len(labels) == 57, wrong
    assert counts["unknown"] == 0


def test_every_bounce_is_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[tuple[str, str]] = Counter()
    accused = []
    for path, label, raw in corpus.messages("bounces-sisimai.tar.gz"):
        if label == "mbox" or "/fbl-" in path or "/arf" in path:  # four feedback reports lie among them
            continue
        found = complaint.read(raw)
        counts[label, found.form] += 1
        if label != "not-a-bounce" and (found.form not in ("bounce", "auto_reply") or found.mails or found.claims):
            accused.append(path)
    with capsys.disabled():
        print(f"\nbounces: { {' '.join(key): count for key, count in sorted(counts.items())} }")
    assert sum(counts.values()) == 389
    assert not accused
    assert counts["not-a-bounce", "bounce"] <= 1


def test_feedback_fields_are_those_of_another_parser() -> None:
    members = {path: raw for path, _, raw in corpus.messages("reports.tar.gz")}
    compared = 0
    for path, raw in members.items():
        expected = members.get(path.replace(".eml", ".json"))
        if not path.startswith("mail-auth/") or not path.endswith(".eml") or expected is None:
            continue
        said = json.loads(expected)
        part = next(part for part in parse(raw).parts() if part.type == "message/feedback-report")
        report = arf.read(part.payload())
        ip, uri = said["source_ip"], tuple(said["reported_uri"])
        assert (str(report.source_ip) if report.source_ip else None) == ip
        assert report.reported_domain == tuple(said["reported_domain"])
        assert report.reported_uri == uri
        assert report.user_agent == (said["user_agent"] or "")
        assert report.incidents == said["incidents"]
        assert report.original_mail_from == (said["original_mail_from"] or "").strip("<>")
        assert report.type.replace("-", "") == said["feedback_type"].lower()
        if said["arrival_date"]:
            at = dates.parse_text(report.arrival_date)
            assert at == said["arrival_date"] * 1_000_000
        compared += 1
    assert compared == 3


def test_every_xarf_sample_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    counts: Counter[str] = Counter()
    for path, _, raw in corpus.messages("xarf-samples.tar.gz"):
        if not path.endswith(".json"):
            continue
        found = xarf.read(raw)
        kind = "negative" if "/negative/" in path or "/invalid/" in path else "positive"
        counts[f"{kind} {'none' if found is None else 'lacking' if found.missing else 'whole'}"] += 1
        if kind == "positive":
            assert found is not None, path
            assert not found.missing, (path, found.missing)
            assert found.type, path
            read = complaint.read(raw)
            assert (read.form, read.found) == ("xarf", "all" if found.source else "nothing"), path
    with capsys.disabled():
        print(f"\nxarf: {dict(counts)}")
    assert counts["positive whole"] >= 84


SECOND = LABELS.with_name("reports-second.csv")
APART = {"malware-attack": "malware"}
"""Words of ours for words of theirs."""


def _same(words: str) -> str:
    """An address in one spelling, other words in lower case."""
    address = net.parse(words)
    return words.lower() if address is None else str(address)


def test_reports_are_read_as_a_second_way_reads_them(capsys: pytest.CaptureFixture[str]) -> None:
    """Labels of tools/label_reports.py, which knows nothing of the reader; committed before this comparison."""
    with SECOND.open(encoding="utf-8", newline="") as file:
        labels = {row["sha256"]: row for row in csv.DictReader(file)}
    same: Counter[str] = Counter()
    compared: Counter[str] = Counter()
    wrong = []
    for path, _, raw in corpus.messages("reports.tar.gz"):
        if not corpus.is_mail(path):
            continue
        label = labels[sha256(raw).hexdigest()]
        found = complaint.read(raw)
        named = {claim.value.lower() for claim in found.claims} | {source(found).lower()}
        hosts = {claim.value.split("/")[2] for claim in found.claims if claim.what == "url" and "://" in claim.value}
        answers = {
            "form": found.form == label["form"],
            "about": found.about in (label["about"], APART.get(label["about"], "")),
            "source": _same(label["source"]) in {_same(one) for one in named | hosts},
            "mails": str(len(found.mails)) == label["mails"],
        }
        for what, right in answers.items():
            if label[what]:
                compared[what] += 1
                same[what] += right
                if not right:
                    wrong.append((path, what, label[what]))
    with capsys.disabled():
        print(f"\nreports, a second way: { {what: f'{same[what]} of {compared[what]}' for what in compared} }", *wrong)
    assert len(labels) == 57
    assert compared == {"form": 57, "about": compared["about"], "source": compared["source"], "mails": 57}
    assert compared["about"] >= 50
    assert compared["source"] >= 40
    assert all(same[what] >= 0.95 * compared[what] for what in compared), wrong
