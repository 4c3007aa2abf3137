"""The benchmarks start and say what they should; nothing here looks at how long anything took."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench import __main__ as runner
from bench import report

ROOT = Path(__file__).parents[2]


def said(module: str, *options: str, corpus: Path) -> Any:
    """The JSON of a benchmark, without the development corpus."""
    env = {**os.environ, "JUNKHOUND_CORPUS": str(corpus)}
    command = [sys.executable, "-m", f"bench.{module}", *options]
    return json.loads(subprocess.run(command, cwd=ROOT, env=env, capture_output=True, check=True).stdout)


def test_analysis_is_measured_without_the_corpus_and_the_table_says_so(tmp_path: Path) -> None:
    found = said("analyse", "--json", "--mails", "6", "--passes", "1", corpus=tmp_path)
    ((name, here),) = found.items()
    assert name.startswith("made up")
    assert here["mails"] == 6
    assert here["cpu_us"]["analyse: the whole row"] > here["cpu_us"]["sha256 of the mail"] > 0
    assert here["cpu_us"]["analyse: the row of the spine"] > 0
    rows = list(report.analyse(found))
    assert {row.met for row in rows} == {None}
    assert all("not measured" in row.measured for row in rows)


def test_files_to_rows_gives_rates_and_memory(tmp_path: Path) -> None:
    found = said("ingest", "--mails", "12", corpus=tmp_path)
    assert (found["first"]["added"], found["again"]["known"]) == (12, 12)
    assert len(list(report.ingest(found))) == 4


@pytest.mark.slow
def test_the_service_under_load_loses_nothing_and_says_how_long_rows_took(tmp_path: Path) -> None:
    found = said("serve", "--rate", "20", "--seconds", "5", corpus=tmp_path)
    assert found["acknowledged"] == found["rows"] > 50
    assert found["row_s"]["count"] == found["listing_s"]["count"] > 0
    assert len(list(report.serve(found))) == 5


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("rspamd") is None, reason="rspamd is not installed (make bench-peers)")
def test_rspamd_answers_beside_us(tmp_path: Path) -> None:
    found = said("rspamd", "--mails", "4", "--rounds", "1", corpus=tmp_path)
    (here,) = (value for name, value in found.items() if name.startswith("made up"))
    assert here["symbols"] > 3
    assert here["rspamd_us"] >= 0
    assert here["analyse_us"] > 0


ROWS = ("analyse: the row of the spine", "analyse: the whole row")
ANALYSED = {
    "spam 2002": {
        "mails": 5,
        "mean_bytes": 6300,
        "build": "compiled",
        "cpu_us": {ROWS[0]: 250.0, ROWS[1]: 440.0},
        "plain_us": {ROWS[0]: 450.0, ROWS[1]: 640.0},
        "ratios": {ROWS[0]: {"mail-parser, bare parse": 6.5}, ROWS[1]: {"mail-parser, bare parse": 4.5}},
    },
    "phish 2022-26": {"mails": 5, "mean_bytes": 38000, "cpu_us": {ROWS[0]: 900.0, ROWS[1]: 1000.0}},
}


def test_a_bar_is_met_or_it_is_not() -> None:
    rows = list(report.analyse(ANALYSED))
    assert [row.met for row in rows] == [True, False, None, False, None, False]
    table = report.table({"analyse": {"found": ANALYSED, "seconds": 1.0}})
    assert table.count("| yes |") == 1
    assert table.count("| **no** |") == 3
    assert "450 us; 640 us" in table


def test_what_failed_stands_in_the_table() -> None:
    measured: dict[str, Any] = {
        "rspamd": {"found": {"absent": "rspamd is not installed (make bench-peers)"}, "seconds": 0.1},
        "dns": {"failed": "dnsperf is not installed (make peers)", "seconds": 0.0},
        "ingest": {"found": {"another": "form"}, "seconds": 2.0},
    }
    words = [row.measured for row in report.rows(measured)]
    assert words[0] == "not measured: rspamd is not installed (make bench-peers)"
    assert words[1] == "not measured: dnsperf is not installed (make peers)"
    assert words[2].startswith("not read: KeyError 'first'")


def test_only_what_stands_between_the_marks_is_rewritten() -> None:
    page = f"# Figures\n\nprose\n\n{report.BEGIN}\n\nold\n\n{report.END}\n\nmore prose\n"
    once = report.rewrite(page, "new")
    assert once == page.replace("old", "new")
    assert report.rewrite(once, "new") == once
    assert page.count(report.BEGIN) == report.PAGE.read_text("utf-8").count(report.BEGIN) == 1
    assert report.PAGE.read_text("utf-8").count(report.END) == 1


def test_every_section_has_a_reader_and_a_failure_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert runner.SECTIONS.keys() == report.READERS.keys()
    assert runner.run(runner.Section("nothing", "", ""), quick=True)["failed"] == "there is no bench/nothing.py"
    absent = runner.Section("analyse", "", "", needs="no-such-program")
    assert "not installed" in runner.run(absent, quick=True)["failed"]
    broken = runner.Section("analyse", "--no-such-option", "")
    assert runner.run(broken, quick=False)["failed"].startswith("exit status 2: ")


def test_a_run_goes_on_where_it_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page, taken = tmp_path / "figures.md", list[str]()
    page.write_text(f"# Figures\n\n{report.BEGIN}\n\nold\n\n{report.END}\n")
    monkeypatch.setattr(report, "PAGE", page)
    monkeypatch.setattr(runner, "OUT", tmp_path / "out")

    def run(section: runner.Section, quick: bool) -> dict[str, Any]:
        taken.append(section.module)
        if section.module == "smtp" and taken.count("smtp") == 1:
            raise KeyboardInterrupt
        return {"found": {}, "seconds": 1.0} if section.module != "dns" else {"failed": "too slow", "seconds": 1.0}

    monkeypatch.setattr(runner, "run", run)
    monkeypatch.setattr(sys, "argv", ["bench"])
    with pytest.raises(KeyboardInterrupt):
        runner.main()
    assert "smtp |" not in page.read_text().partition("time taken")[2]
    assert "| analyse | " in page.read_text()
    before = len(taken)
    assert runner.main() == 0
    assert taken[before:] == ["dns", "dns", "smtp", "guard", "serve"]  # what failed is tried again
    assert "| serve | " in page.read_text()
    assert "not measured: too slow" in page.read_text()


def test_deciding_is_measured_full_and_after_new_rows(tmp_path: Path) -> None:
    found = said("decide", "--rows", "20000", "--turns", "2", "--home", str(tmp_path / "home"), corpus=tmp_path)
    full, (first, second) = found["full"], found["after_new_rows"]
    assert full["decisions"] >= full["entries"] == full["listed"] > 0
    assert first["entries"] == full["entries"] + first["listed"]
    assert second["entries"] >= first["entries"] > 0
    rows = list(report.decide(found))
    assert [row.bar for row in rows] == ["under 30 s", "under 2 s"]
    assert list(report.decide(found | {"median_cpu_s": 2.5}))[1].met is False
