"""Charts as SVG, drawn here: no script, no foreign code; every mark says its value, every chart its period and base.

Sizes are in the units of the ``viewBox``. Colours are classes that the style sheet gives their light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import count, pairwise
from typing import Any

from markupsafe import Markup, escape

from junkhound.stats import HIATUS_DAYS
from junkhound.stats.strip import BLOCKS

_ids = count(1)
_WIDTH = 960
_LEFT, _RIGHT = 52, 12
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _mark(name: str, inside: str = "", **attributes: object) -> str:
    words = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{words}>{inside}</{name}>" if inside else f"<{name}{words}/>"


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _titled(words: str) -> str:
    return f"<title>{escape(words)}</title>"


def _drawing(marks: Iterable[str], width: float, height: float, title: str, desc: str, kind: str) -> Markup:
    number = next(_ids)
    fit = ' preserveAspectRatio="none"' if kind in ("strip", "share") else ""  # bars alone: they may be stretched
    head = (
        f'<svg class="chart {kind}" viewBox="0 0 {_n(width)} {_n(height)}"{fit} role="img" '
        f'aria-labelledby="c{number}t c{number}d">'
        f'<title id="c{number}t">{escape(title)}</title><desc id="c{number}d">{escape(desc)}</desc>'
    )
    return Markup(head + "".join(marks) + "</svg>")  # noqa: S704 - every text in it was escaped


def nice(most: float) -> tuple[int, int]:
    """(top of the axis, step) of three to five round steps for values up to ``most``."""
    if most <= 4:
        return max(1, math.ceil(most)), 1
    rough = most / 4
    power = 10 ** math.floor(math.log10(rough))
    step = next(int(power * f) for f in (1, 2, 2.5, 5, 10) if power * f >= rough and float(power * f).is_integer())
    return math.ceil(most / step) * step, step


def ticks(labels: Sequence[str], room: int = 12) -> list[tuple[int, str]]:
    """Places on an axis of days (``2006-05-04``), months or years that get words: years first, else months."""
    years = [n for n, label in enumerate(labels) if n == 0 or label[:4] != labels[n - 1][:4]]
    if len(years) > 2 or (labels and len(labels[0]) == 4):
        every = math.ceil(len(years) / room)
        return [(n, labels[n][:4]) for n in years[::every]]
    months = [n for n, label in enumerate(labels) if n == 0 or label[:7] != labels[n - 1][:7]]
    if len(months) > 2:
        every = math.ceil(len(months) / room)
        return [(n, _month(labels[n], n in years)) for n in months[::every]]
    every = math.ceil(len(labels) / room) if labels else 1
    return [(n, labels[n]) for n in range(0, len(labels), every)]


def _month(label: str, with_year: bool) -> str:
    month = _MONTHS[int(label[5:7]) - 1]
    return f"{month} {label[:4]}" if with_year else month


def volume(labels: Sequence[str], series: Sequence[Mapping[str, Any]], unit: str, base: str) -> Markup:
    """Stacked bars over time: ``series`` are {kind, counts}, each as long as ``labels``; ``base`` ends the title."""
    height, top, bottom = 250, 14, 26
    totals = [sum(values) for values in zip(*(one["counts"] for one in series), strict=True)] or [0]
    most, step = nice(max(totals))
    inner = height - top - bottom
    each = (_WIDTH - _LEFT - _RIGHT) / max(1, len(labels))
    marks = []
    for value in range(0, most + 1, step):
        y = top + inner * (1 - value / most)
        marks.append(
            _mark("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=_n(y), y2=_n(y), class_="grid" if value else "axis")
        )
        marks.append(_mark("text", f"{value:,}", x=_LEFT - 8, y=_n(y + 4), class_="label end"))
    for place, label in enumerate(labels):
        bars, low = "", 0
        for one in series:
            size = one["counts"][place]
            if not size:
                continue
            y = top + inner * (1 - (low + size) / most)
            bars += _mark(
                "rect", x=_n(_LEFT + place * each + each * 0.09), y=_n(y), width=_n(each * 0.82),
                height=_n(max(0.7, inner * size / most)), class_=f"k-{one['kind']}",
            )  # fmt: skip
            low += size
        if bars:
            said = ", ".join(f"{one['counts'][place]:,} {words(one['kind'])}" for one in series if one["counts"][place])
            marks.append(_mark("g", _titled(f"{label}: {said}") + bars))
    for place, words_ in ticks(labels):
        x = _LEFT + place * each
        marks.append(_mark("line", x1=_n(x), x2=_n(x), y1=height - bottom, y2=height - bottom + 5, class_="axis"))
        marks.append(_mark("text", str(escape(words_)), x=_n(x + 3), y=height - 8, class_="label"))
    busiest = max(range(len(totals)), key=totals.__getitem__)
    desc = f"{base}. The busiest {unit} is {labels[busiest]} with {totals[busiest]:,}." if labels else base
    return _drawing(marks, _WIDTH, height, f"Sightings by {unit}", desc, "volume")


def words(kind: str) -> str:
    """``auth_guess`` as ``auth guess``."""
    return kind.replace("_", " ")


def strip(text: str, each: str, since: str, until: str) -> Markup:
    """The strip of ``stats.strip`` as bars with its silences left empty."""
    wide, high = 6, 26
    marks = [_mark("line", x1=0, x2=len(text) * wide, y1=high - 0.5, y2=high - 0.5, class_="grid")]
    for place, letter in enumerate(text):
        level = BLOCKS.find(letter) + 1
        if level:
            size = level / len(BLOCKS) * (high - 2)
            marks.append(
                _mark(
                    "rect",
                    x=place * wide + 0.5,
                    y=_n(high - 1 - size),
                    width=wide - 1,
                    height=_n(size),
                    class_="k-junk",
                )
            )
    active = sum(letter in BLOCKS for letter in text)
    desc = f"One bar a {each}, {since} to {until}; active in {active} of {len(text)}, heights are logarithmic"
    return _drawing(marks, max(1, len(text)) * wide, high, "Activity", desc, "strip")


def share(part: float, words_: str) -> Markup:
    """A horizontal bar: ``part`` of one."""
    part = min(1.0, max(0.0, part))
    marks = [
        _mark("rect", x=0, y=0, width=100, height=6, rx=3, class_="track"),
        _mark("rect", x=0, y=0, width=_n(max(1.0, 100 * part)), height=6, rx=3, class_="k-junk"),
    ]
    return _drawing(marks, 100, 6, "Share", words_, "share")


def years(days: Mapping[str, int], since: str, until: str) -> Markup:
    """One row a year, one cell a week: dark is busy, hollow is silent, a line runs through every hiatus.

    ``days`` are day to count. Weeks outside the watched period are not drawn.
    """
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    cell, left, row = 17, 46, 24
    weeks: dict[tuple[int, int], int] = {}
    for day, messages in days.items():
        place = _week(date.fromisoformat(day))
        weeks[place] = weeks.get(place, 0) + messages
    most = max(weeks.values(), default=1)
    shown = range(first.year, last.year + 1)
    top = 20
    marks = [
        _mark(
            "text", name, x=_n(left + (date(2023, month, 1).timetuple().tm_yday - 1) / 7 * cell), y=12, class_="label"
        )
        for month, name in enumerate(_MONTHS, 1)
    ]
    hiatus = _hiatus_weeks(days)
    for line, year in enumerate(shown):
        y = top + line * row
        marks.append(_mark("text", str(year), x=left - 8, y=y + 13, class_="label end"))
        for week in range(53):
            begins = date(year, 1, 1) + timedelta(days=7 * week)
            ends = min(begins + timedelta(days=6), date(year, 12, 31))
            if ends < first or begins > last:
                continue
            messages = weeks.get((year, week), 0)
            level = 0 if not messages else 1 + min(3, int(4 * math.log(messages) / math.log(most + 1)))
            said = f"{begins} to {ends}: {messages:,} {'sighting' if messages == 1 else 'sightings'}"
            x = left + week * cell
            marks.append(
                _mark("rect", _titled(said), x=x, y=y, width=cell - 3, height=cell - 3, rx=3, class_=f"cell h{level}")
            )
            if (year, week) in hiatus:
                mid = y + (cell - 3) / 2
                marks.append(_mark("line", x1=x - 1.5, x2=x + cell - 1.5, y1=_n(mid), y2=_n(mid), class_="hiatus"))
    desc = f"{since} to {until}, a cell a week; seen in {len(weeks)} weeks, {most:,} sightings in the busiest"
    return _drawing(marks, left + 53 * cell, top + len(shown) * row, "Activity by week", desc, "years")


def daily(days: Iterable[Sequence[Any]], kinds: Iterable[str]) -> dict[str, int]:
    """Messages of these kinds by day."""
    wanted, found = frozenset(kinds), dict[str, int]()
    for day, kind, messages in days:
        if kind in wanted:
            found[str(day)] = found.get(str(day), 0) + int(messages)
    return found


def spans(listings: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """When an address was listed, for ``lanes``."""
    found = []
    for one in listings:
        until = one["ended_on"] or one["expires_on"]
        said = f"{one['number']} on {one['list']}: {one['listed_on']} to {until}"
        found.append({"since": one["listed_on"], "until": until, "words": said, "live": one["live"]})
    return found


def _week(day: date) -> tuple[int, int]:
    return day.year, (day.timetuple().tm_yday - 1) // 7


def _hiatus_weeks(days: Mapping[str, int]) -> set[tuple[int, int]]:
    """Weeks that lie whole inside a silence of HIATUS_DAYS and more."""
    seen = sorted(date.fromisoformat(day) for day in days)
    found: set[tuple[int, int]] = set()
    for before, after in pairwise(seen):
        if (after - before).days > HIATUS_DAYS:
            inside = {_week(before + timedelta(days=n)) for n in range(1, (after - before).days)}
            found |= inside - {_week(before), _week(after)}
    return found


def lanes(days: Iterable[Sequence[Any]], spans: Sequence[Mapping[str, Any]], since: str, until: str) -> Markup:
    """A lane for every kind with its sightings by day, and below them when the address was listed.

    Args:
        days: (day, kind, count). spans: {since, until, words, live} of each listing.
    """
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    left, high = 96, 30
    width = _WIDTH - left - _RIGHT
    length = max(1, (last - first).days + 1)

    def at(day: str) -> float:
        return left + width * min(1.0, max(0.0, (date.fromisoformat(day) - first).days / length))

    by_kind: dict[str, list[tuple[str, int]]] = {}
    for day, kind, messages in days:
        by_kind.setdefault(str(kind), []).append((str(day), int(messages)))
    names = [*by_kind, *(["listed"] if spans else [])]
    height = len(names) * high + 30
    marks = _lane_grid(first, last, at, height)
    for line, name in enumerate(names):
        y = line * high + high / 2 + 2
        marks.append(_mark("text", words(name), x=left - 12, y=_n(y + 4), class_="label end"))
        marks.append(_mark("line", x1=left, x2=_WIDTH - _RIGHT, y1=_n(y), y2=_n(y), class_="grid"))
        if name == "listed":
            marks += [_span(one, at, y) for one in spans]
            continue
        for day, messages in by_kind[name]:
            said = f"{day}: {messages:,} {words(name)}"
            size = min(11.0, 2.5 + 1.8 * math.log2(messages))
            marks.append(_mark("circle", _titled(said), cx=_n(at(day)), cy=_n(y), r=_n(size), class_=f"dot k-{name}"))
    told = ", ".join(f"{sum(n for _, n in held):,} {words(kind)}" for kind, held in by_kind.items())
    desc = f"{since} to {until}: {told or 'nothing seen'}; {len(spans)} listings"
    return _drawing(marks, _WIDTH, height, "Sightings of every kind", desc, "lanes")


def _lane_grid(first: date, last: date, at: Any, height: int) -> list[str]:
    marks = []
    long = (last - first).days > 800
    starts = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13)]
    starts = [day for day in starts if first <= day <= last and (not long or day.month == 1)]
    every = math.ceil(len(starts) / 12) if starts else 1
    for day in starts[::every]:
        x = at(day.isoformat())
        marks.append(_mark("line", x1=_n(x), x2=_n(x), y1=0, y2=height - 22, class_="grid"))
        label = str(day.year) if long else _month(day.isoformat(), day.month == 1)
        marks.append(_mark("text", label, x=_n(x + 3), y=height - 8, class_="label"))
    return marks


def _span(one: Mapping[str, Any], at: Any, y: float) -> str:
    x, end = at(one["since"]), at(one["until"])
    kind = "span live" if one["live"] else "span"
    return _mark(
        "rect", _titled(one["words"]), x=_n(x), y=_n(y - 6), width=_n(max(3.0, end - x)), height=12, rx=3, class_=kind
    )
