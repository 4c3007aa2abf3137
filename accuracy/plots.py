"""Drawings of a world, for the manual: volume by botnet, sources by country, life of bots, money.

python -m accuracy.plots WORLD [--to docs/img]
"""

from __future__ import annotations

import argparse
import csv
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from accuracy.reading import truths
from junkhound.web.charts import nice, ticks
from spamworld.out.files import lines
from spamworld.out.forms import day, instant

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 960, 60, 16, 34, 30
DAY = 86_400_000_000
COLOURS = ("#8a5a2b", "#2f6f8f", "#8f9a3a", "#a8506b", "#5f5a9a", "#c08a3e", "#4d8a66", "#777777")
STYLE = (
    "<style>text{font:12px sans-serif;fill:#444}.t{font-size:14px;fill:#222}.e{text-anchor:end}.m{text-anchor:middle}"
    ".g{stroke:#ddd}.a{stroke:#888}.v{stroke:#b03030;stroke-dasharray:4 3}.l{fill:none;stroke-width:2}"
    "@media(prefers-color-scheme:dark){text{fill:#bbb}.t{fill:#eee}.g{stroke:#444}}</style>"
)


def drawing(title: str, desc: str, height: int, marks: Iterable[str]) -> str:
    """A whole SVG: its title, what it shows with period and base, its marks."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
        f"<title>{escape(title)}</title><desc>{escape(desc)}</desc>{STYLE}"
        f'<text class="t" x="{LEFT}" y="18">{escape(title)}</text>{"".join(marks)}</svg>\n'
    )


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{f" class={kind!r}" if kind else ""}>{escape(words)}</text>'.replace("'", '"')


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def _bar(x: float, y: float, width: float, height: float, colour: str, said: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.5, width):.1f}" height="{max(0.5, height):.1f}" fill="{colour}">'
        f"<title>{escape(said)}</title></rect>"
    )


def _scale(most: float, height: int) -> tuple[list[str], float]:
    """Lines and numbers of a vertical axis; pixels a unit."""
    top, step = nice(most)
    inner = height - TOP - BOTTOM
    marks = []
    for value in range(0, top + 1, step):
        y = height - BOTTOM - inner * value / top
        marks += [_line(LEFT, y, WIDTH - RIGHT, y, "g" if value else "a"), _text(LEFT - 6, y + 4, f"{value:,}", "e")]
    return marks, inner / top


def volume(folder: Path) -> str:
    """Junk a week by botnet, everything else on top, with the events that the papers told."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    start, end = instant(manifest["start"]), instant(manifest["end"])
    weeks = max(1, math.ceil((end - start) / (7 * DAY)))
    per = 7 * DAY if weeks > 12 else DAY
    count = max(1, math.ceil((end - start) / per))
    series: dict[str, list[int]] = defaultdict(lambda: [0] * count)
    for true in truths(folder):
        if true.kind == "junk":
            name = f"botnet {true.botnet}" if true.botnet else "other sources"
            series[name][min(count - 1, (true.at - start) // per)] += 1
    names = sorted(series, key=lambda name: (name == "other sources", name))
    height, unit = 300, "week" if per > DAY else "day"
    totals = [sum(series[name][n] for name in names) for n in range(count)]
    marks, scale = _scale(max(totals), height)
    each = (WIDTH - LEFT - RIGHT) / count
    for place in range(count):
        y = float(height - BOTTOM)
        for number, name in enumerate(names):
            size = series[name][place]
            if size:
                y -= size * scale
                said = f"{unit} of {day(start + place * per)}, {name}: {size:,}"
                colour = COLOURS[-1] if name == "other sources" else COLOURS[number % 7]
                marks.append(_bar(LEFT + place * each, y, each * 0.9, size * scale, colour, said))
    labels = [day(start + place * per) for place in range(count)]
    marks += [_text(LEFT + place * each, height - 10, words) for place, words in ticks(labels)]
    for event in map(json.loads, (folder / "events.jsonl").read_text("utf-8").splitlines()):
        if event["kind"] in ("E1", "E2", "E3", "E8"):
            x = LEFT + (instant(event["at"]) - start) / per * each
            marks += [_line(x, TOP, x, height - BOTTOM, "v"), _text(x + 4, TOP + 10, f"takedown {event['id']}")]
    for number, name in enumerate(names):
        colour = COLOURS[-1] if name == "other sources" else COLOURS[number % 7]
        marks += [_bar(LEFT + 330 + number * 110, 9, 10, 10, colour, name), _text(LEFT + 345 + number * 110, 18, name)]
    base = f"{sum(totals):,} junk mails, {labels[0]} to {day(end)}"
    return drawing(f"Junk mails a {unit} by botnet", base, height, marks)


def countries(folder: Path, shown: int = 15) -> str:
    """Distinct sources of junk by country."""
    sources = {(true.injector, true.country) for true in truths(folder) if true.kind == "junk"}
    counts = Counter(country for _, country in sources).most_common()
    rows = [*counts[:shown], ("others", sum(size for _, size in counts[shown:]))]
    row, most = 22, max(size for _, size in rows)
    marks = []
    for place, (name, size) in enumerate(rows):
        y = TOP + place * row
        marks.append(_text(LEFT - 6, y + 14, name, "e"))
        marks.append(_bar(LEFT, y + 2, (WIDTH - LEFT - 150) * size / most, row - 6, COLOURS[0], f"{name}: {size:,}"))
        marks.append(
            _text(LEFT + (WIDTH - LEFT - 150) * size / most + 6, y + 14, f"{size:,} ({size / len(sources):.1%})")
        )
    title = f"Addresses that sent junk, by country: {len(sources):,} in all"
    return drawing(title, f"{len(sources):,} addresses", TOP + len(rows) * row + 6, marks)


def lives(folder: Path, longest_d: int = 60) -> str:
    """What share of infections outlived so many days, with a detailed notice to the provider and without."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    end = instant(manifest["end"])
    spells: dict[str, list[tuple[float, bool]]] = {"no notice": [], "detailed notice": []}
    for host in map(json.loads, lines(folder / "truth/hosts.jsonl.zst")):
        if host["kind"] != "bot":
            continue
        for first, last in host["infected"]:
            noticed = host["notice"] == "detailed" and first <= host["noticed"] < last
            seen_to = min(last, end)
            spells["detailed notice" if noticed else "no notice"].append(((seen_to - first) / DAY, last < end))
    height = 280
    inner, wide = height - TOP - BOTTOM, WIDTH - LEFT - RIGHT
    marks = []
    for part in (0, 25, 50, 75, 100):
        y = height - BOTTOM - inner * part / 100
        marks += [_line(LEFT, y, WIDTH - RIGHT, y, "g" if part else "a"), _text(LEFT - 6, y + 4, f"{part}%", "e")]
    for days in range(0, longest_d + 1, 10):
        marks.append(_text(LEFT + wide * days / longest_d, height - 10, f"{days} d", "m"))
    for number, (name, found) in enumerate(spells.items()):
        points = [(d, part) for d, part in survival(found) if d <= longest_d] + [(longest_d, _last(found, longest_d))]
        path = " ".join(
            f"{'L' if n else 'M'}{LEFT + wide * d / longest_d:.1f} {height - BOTTOM - inner * part:.1f}"
            for n, (d, part) in enumerate(points)
        )
        marks.append(f'<path class="l" d="{path}" stroke="{COLOURS[number]}"/>')
        marks.append(_bar(LEFT + 330 + 260 * number, 9, 10, 10, COLOURS[number], name))
        marks.append(_text(LEFT + 345 + 260 * number, 18, f"{name}: {len(found):,} infections"))
    base = "Kaplan-Meier over the true infections; those that went on at the end are censored"
    return drawing("Bots still infected after so many days", base, height, marks)


def survival(spells: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Kaplan-Meier: (days, share that outlived them), thinned to steps of a quarter day."""
    living, part, points = len(spells), 1.0, [(0.0, 1.0)]
    for days, over in sorted(spells):
        if over:
            part *= 1 - 1 / living
            if days - points[-1][0] >= 0.25:
                points.append((days, part))
        living -= 1
    return points


def _last(spells: Sequence[tuple[float, bool]], days: float) -> float:
    return [part for at, part in survival(spells) if at <= days][-1]


def money(folder: Path) -> str:
    """Where the spammers' money came from, by what they sold, and where it went."""
    campaigns = {row["id"]: row["category"] for row in map(json.loads, lines(folder / "truth/campaigns.jsonl.zst"))}
    income: defaultdict[str, float] = defaultdict(float)
    spent: defaultdict[str, float] = defaultdict(float)
    for row in csv.DictReader(line.decode() for line in lines(folder / "truth/accounts.csv.zst")):
        dollars = float(row["dollars"])
        if row["kind"] == "income":
            income[campaigns.get(int(row["campaign"] or 0), "other")] += dollars
        else:
            spent[row["kind"]] += abs(dollars)
    total = sum(income.values())
    rent = spent.pop("rent", 0.0)
    for broker, part in _brokers(folder).items():
        spent[f"rent to broker {broker}"] += rent * part
    left = total - sum(spent.values())
    flows_in = _largest(income)[:8]
    flows_in.append(("other goods", total - sum(size for _, size in flows_in)))
    flows_out = _largest(spent) + ([("left to spammers", left)] if left > 0 else [])
    if left < 0:
        flows_in.append(("spammers' own money", -left))
    return drawing(
        f"Money through the spammers' hands: {max(total, total - left):,.0f} dollars",
        "income by what was sold, spending by what was bought", 420, _sankey(flows_in, flows_out, 420),
    )  # fmt: skip


def _largest(sums: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(sums.items(), key=lambda pair: -pair[1])


def _brokers(folder: Path) -> Mapping[str, float]:
    """Share of each broker in what is paid as rent."""
    shares: defaultdict[str, float] = defaultdict(float)
    for row in csv.DictReader((folder / "truth/rentals.csv").read_text("utf-8").splitlines()):
        days = (int(row["end"] or row["start"]) - int(row["start"])) / DAY
        shares[row["broker"]] += days * float(row["dollars_a_day"])
    whole = sum(shares.values()) or 1.0
    return {name: part / whole for name, part in sorted(shares.items())}


def _sankey(into: Sequence[tuple[str, float]], out: Sequence[tuple[str, float]], height: int) -> list[str]:
    """Bands from the left into one column, and from it to the right."""
    into, out = ([(name, size) for name, size in side if size > 0] for side in (into, out))
    whole = max(sum(size for _, size in into), sum(size for _, size in out), 1e-9)
    gap, middle = 8.0, WIDTH / 2
    marks = [_bar(middle - 8, TOP, 16, height - TOP - 20, COLOURS[-1], "spammers")]
    for side, x, edge in ((into, 250.0, middle - 8), (out, WIDTH - 250.0, middle + 8)):
        y, inner = float(TOP), float(TOP)
        heights = _heights([size for _, size in side], height - TOP - 20 - gap * (len(side) - 1))
        for number, ((name, size), high) in enumerate(zip(side, heights, strict=True)):
            held = size / whole * (height - TOP - 20)
            half = (x + edge) / 2
            path = (
                f"M{x} {y:.1f} C{half} {y:.1f} {half} {inner:.1f} {edge} {inner:.1f} L{edge} {inner + held:.1f} "
                f"C{half} {inner + held:.1f} {half} {y + high:.1f} {x} {y + high:.1f} Z"
            )
            said = f"{name}: {size:,.0f} dollars"
            colour = COLOURS[number % len(COLOURS)]
            marks.append(f'<path d="{path}" fill="{colour}" fill-opacity="0.6"><title>{escape(said)}</title></path>')
            at = x - 8 if x < middle else x + 8
            marks.append(_text(at, y + high / 2 + 4, f"{name} {size / whole:.1%}", "e" if x < middle else ""))
            y += high + gap
            inner += held
    return marks


def _heights(sizes: Sequence[float], room: float, least: float = 7.0) -> list[float]:
    """Heights that follow the sizes, none below ``least``, together as high as the room."""
    low, high = 0.0, room / max(max(sizes, default=1.0), 1e-9)
    for _ in range(50):
        middle = (low + high) / 2
        if sum(max(least, size * middle) for size in sizes) > room:
            high = middle
        else:
            low = middle
    return [max(least, size * low) for size in sizes]


PLOTS = {"volume": volume, "countries": countries, "lives": lives, "money": money}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m accuracy.plots", description=__doc__)
    parser.add_argument("world", type=Path, help="a folder that spamworld gen made")
    parser.add_argument("--to", type=Path, default=Path(__file__).parents[1] / "docs/img")
    asked: Any = parser.parse_args()
    for name, draw in PLOTS.items():
        path = asked.to / f"world-{name}.svg"
        path.write_text(draw(asked.world), "utf-8")
        print(path, f"{datetime.now(UTC):%H:%M:%S}")


if __name__ == "__main__":
    main()
