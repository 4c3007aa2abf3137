"""Counters of all processes, summed and exposed."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from junkhound.kernel import config
from junkhound.web import metrics
from support.web import Browser


def test_files_are_summed_and_nonsense_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "trap-1.json").write_text(json.dumps({"mails_total": 3, 'replies_total{code="250"}': 2, "note": "x"}))
    (tmp_path / "trap-2.json").write_text(
        json.dumps({"mails_total": 4, "junkhound_open": 1.5, "bad name": 1, "on": True})
    )
    (tmp_path / "torn.json").write_text('{"mails_total": ')
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "other.txt").write_text('{"mails_total": 100}')
    (tmp_path / "nan.json").write_text('{"mails_total": NaN, "more_total": Infinity}')
    assert metrics.exposed([tmp_path], {"web_total": 1}).splitlines() == [
        "# TYPE junkhound_mails_total counter",
        "junkhound_mails_total 7",
        "# TYPE junkhound_metrics_files_unread gauge",
        "junkhound_metrics_files_unread 2",
        "# TYPE junkhound_open gauge",
        "junkhound_open 1.5",
        "# TYPE junkhound_replies_total counter",
        'junkhound_replies_total{code="250"} 2',
        "# TYPE junkhound_web_total counter",
        "junkhound_web_total 1",
    ]


@given(st.dictionaries(st.text(max_size=20), st.one_of(st.floats(), st.integers(), st.text(max_size=3))))
def test_no_name_breaks_the_form(content: dict[str, object]) -> None:
    sums: dict[str, float] = {}
    metrics.add(sums, content)
    for line in metrics.text(sums).splitlines():
        assert line.startswith(("# TYPE junkhound_", "junkhound_"))
        assert len(line.rsplit(" ", 1)) == 2


def test_the_page_counts_its_own_answers(settings: config.Config, stranger: Browser) -> None:
    (settings.home / "run").mkdir(exist_ok=True)
    (settings.home / "run/trap.json").write_text('{"mails_total": 12}')
    stranger.get("/healthz")
    answer = stranger.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "junkhound_mails_total 12\n" in answer.text
    assert 'junkhound_web_answers_total{status="200"} 1\n' in answer.text


def test_ready_says_no_while_the_ledger_is_away(other_home: config.Config) -> None:
    from junkhound.web import operator_app

    Path(other_home.store.home).write_text("no folder")
    answer = Browser(operator_app(other_home)).get("/readyz")
    assert answer.status == 503
    assert answer.json["error"]["code"]
