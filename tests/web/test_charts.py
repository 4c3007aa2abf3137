"""Charts: well-formed, bounded, and they say their values."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.web import charts

DAY = st.dates(date(1995, 1, 1), date(2030, 12, 31))


def read(markup: str) -> ET.Element:
    drawing = ET.fromstring(markup)
    assert drawing.get("role") == "img"
    names = {part.get("id"): part.text for part in drawing if part.tag in ("title", "desc")}
    assert all(names[place] for place in (drawing.get("aria-labelledby") or "").split())
    return drawing


def inside(drawing: ET.Element) -> None:
    """Every mark lies in the picture."""
    _, _, width, height = (float(word) for word in (drawing.get("viewBox") or "").split())
    for mark in drawing.iter("rect"):
        x, y, w, h = (float(mark.get(name) or 0) for name in ("x", "y", "width", "height"))
        assert min(x, y, w, h) >= 0
        assert x + w <= width + 1
        assert y + h <= height + 1


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=60))
def test_bars_are_as_high_as_their_counts(counts: list[int]) -> None:
    labels = [(date(2000, 1, 1) + timedelta(days=n)).isoformat() for n in range(len(counts))]
    drawing = read(charts.volume(labels, [{"kind": "junk", "counts": counts}], "day", "<all> & 1"))
    inside(drawing)
    bars = {g[0].text: float(g[1].get("height") or 0) for g in drawing.iter("g")}
    assert len(bars) == sum(count > 0 for count in counts)
    most = max(counts)
    if most:
        tall = bars[f"{labels[counts.index(most)]}: {most:,} junk"]
        assert all(height <= tall for height in bars.values())
        assert tall > 100


@given(st.floats(0, 1e15, allow_nan=False))
def test_axes_are_round_and_hold_the_most(most: float) -> None:
    top, step = charts.nice(most)
    assert top >= most
    assert top % step == 0
    assert top // step <= 5


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["2004", "2005", "2006"], ["2004", "2005", "2006"]),
        ([f"{y}-{m:02}" for y in (2004, 2005, 2006) for m in range(1, 13)], ["2004", "2005", "2006"]),
        (["2006-11", "2006-12", "2007-01", "2007-02"], ["Nov 2006", "Dec", "Jan 2007", "Feb"]),
        (["2006-05-01", "2006-05-02"], ["2006-05-01", "2006-05-02"]),
        ([], []),
    ],
)
def test_an_axis_has_the_words_of_its_span(labels: list[str], words: list[str]) -> None:
    assert [word for _, word in charts.ticks(labels)] == words


@given(st.dictionaries(DAY.map(date.isoformat), st.integers(1, 10**6), min_size=1, max_size=40))
def test_every_week_with_a_sighting_is_filled(days: dict[str, int]) -> None:
    drawing = read(charts.years(days, min(days), max(days)))
    inside(drawing)
    cells = [mark for mark in drawing.iter("rect") if "h0" not in (mark.get("class") or "")]
    shown = sum(int((cell[0].text or "").split(": ")[1].split(" ")[0].replace(",", "")) for cell in cells)
    assert shown == sum(days.values())


def test_a_hiatus_is_a_line_and_a_short_pause_is_none() -> None:
    def lines(*days: str) -> int:
        marks = read(charts.years(dict.fromkeys(days, 1), "2006-01-01", "2006-12-31")).iter("line")
        return sum(mark.get("class") == "hiatus" for mark in marks)

    assert lines("2006-03-01", "2006-03-31") == 0
    assert lines("2006-03-01", "2006-05-01") > 5
    assert lines("2006-03-01") == 0


@given(
    st.lists(st.tuples(DAY.map(date.isoformat), st.sampled_from(["junk", "probe"]), st.integers(1, 10**6)), max_size=20)
)
def test_lanes_have_a_dot_for_every_day(days: list[tuple[str, str, int]]) -> None:
    spans = [{"since": "2005-01-01", "until": "2031-01-01", "words": "<JH>", "live": True}]
    drawing = read(charts.lanes(days, spans, "1995-01-01", "2030-12-31"))
    inside(drawing)
    assert len(list(drawing.iter("circle"))) == len(days)
    assert sum(mark.get("class") == "span live" for mark in drawing.iter("rect")) == 1


def test_a_strip_has_a_bar_for_every_block() -> None:
    drawing = read(charts.strip("▁·█", "month", "2006-01-01", "2006-03-31"))
    heights = [float(mark.get("height") or 0) for mark in drawing.iter("rect")]
    assert len(heights) == 2
    assert heights[0] < heights[1]
    assert "active in 2 of 3" in (drawing.findtext("desc") or "")


@given(st.floats(-1, 2))
def test_a_share_stays_in_its_track(part: float) -> None:
    inside(read(charts.share(part, "x")))
