"""What was measured as tables: on the terminal, as JSON, and in docs/accuracy.md."""

from __future__ import annotations

import json
import math
import platform
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from accuracy import classes, race
from accuracy.corpus import Real
from accuracy.goals import ELSEWHERE, GOALS, NOT_YET, Figure, World, met
from accuracy.guarding import together
from accuracy.intervals import Estimate

PAGE = Path(__file__).parents[1] / "docs/accuracy.md"
BEGIN = "<!-- measured: made by `make accuracy`, do not edit below -->"
END = "<!-- end of what was measured -->"

Row = tuple[str, ...]


def shown(one: Estimate, unit: str = "%") -> str:
    """A figure with its interval and base."""
    if not one.base or math.isnan(one.value):
        return "no case"
    if unit == "%":
        value, low, high = (_percent(part) for part in one[:3])
        text = f"{value}%" if low == high == value else f"{value}% ({low} to {high})"
    else:
        value, low, high = (f"{part:.3g}" for part in one[:3])
        text = f"{value} {unit}".strip() + ("" if low == high == value else f" ({low} to {high})")
    return f"{text} of {one.base:,}"


def _percent(part: float) -> str:
    text = f"{100 * part:.3f}" if 0 < part < 0.001 or 0.999 < part < 1 else f"{100 * part:.1f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def goal_rows(worlds: Sequence[World]) -> Iterator[Row]:
    """One row a figure: goal, what, bar, ours on each world, the best reference, met."""
    for goal in GOALS:
        if not goal.figures:
            where = ELSEWHERE.get(goal.number, "")
            yield (
                goal.number,
                goal.about,
                "",
                *([where or NOT_YET] * len(worlds)),
                "",
                "elsewhere" if where else NOT_YET,
            )
        for place, figure in enumerate(goal.figures):
            name = f"{goal.about}: {figure.what}" if place == 0 else figure.what
            yield (
                goal.number if place == 0 else "", name, figure.bar,
                *(shown(figure.of(world), figure.unit) for world in worlds),
                _best(figure, worlds), _verdict(figure, worlds),
            )  # fmt: skip


def _best(figure: Figure, worlds: Sequence[World]) -> str:
    """The reference that comes closest, on each world."""
    found = []
    for world in worlds:
        known = {name: one for name, one in figure.references(world).items() if one.base}
        if known:
            pick = max if figure.more_is_better else min
            name = pick(known, key=lambda key: known[key].value)
            one = known[name]
            value = f"{_percent(one.value)}%" if figure.unit == "%" else f"{one.value:.3g} {figure.unit}"
            found.append(f"{name} {value}")
    return "; ".join(found)


def _verdict(figure: Figure, worlds: Sequence[World]) -> str:
    said = [met(figure, world) for world in worlds]
    if any(one is None for one in said):
        return "not measured"
    return "met" if all(said) else "not met"


def tables(
    worlds: Sequence[World], real: Sequence[Real], of_guard: Sequence[Real] = (), more: Sequence[World] = (),
    archives: Mapping[str, Sequence[race.Ran]] = MappingProxyType({}),
) -> Iterator[tuple[str, Row, list[Row]]]:  # fmt: skip
    """Every table as (title, head, rows); ``more`` worlds are of the guard alone, ``archives`` of its race."""
    names = [world.name for world in worlds]
    head = ("", "goal", "bar", *names, "best reference method", "")
    yield "Goals", head, list(goal_rows(worlds))
    if real:
        yield "On real mail", ("figure", "found", "note"), [
            (one.what, shown(one.estimate, one.unit), one.note) for one in real
        ]  # fmt: skip
    if of_guard or any(world.guarded for world in worlds):
        yield "The inbox guard, all worlds together and on real mail", _FOUND, list(_guard([*worlds, *more], of_guard))
    yield from _races([*worlds, *more], archives)
    for world in worlds:
        if world.strategies:
            yield f"By strategy of forgery, {world.name}", _TRACED, _traced(world.strategies)
            yield f"By class of source, {world.name}", _TRACED, _traced(world.classes)
            yield f"By network and country, {world.name}", _TRACED, _traced(world.networks)
        if world.classed:
            yield f"Class told, {world.name}", _CLASSED, _classed(world)
        if world.held:
            yield f"Lists on the other half of the traps, {world.name}", _HELD, _held(world)


_TRACED = ("", "mails", "injector found", "answered", "hand-over right", "forged lines found", "genuine lines flagged",
           "last-Received", "first-public", "trust walk")  # fmt: skip
_HELD = ("method", "known-good days listed", "later junk listed", "addresses", "median lead", "before first hit",
         "too long, median", "too long, 95%", "spans")  # fmt: skip


_FOUND = ("figure", "bar", "found", "note")
_RACE = ("filter", "junk caught, no wanted mail moved", "junk caught, 1 of 1,000 moved", "as shipped: junk",
         "as shipped: wanted mail")  # fmt: skip


def _guard(worlds: Sequence[World], real: Sequence[Real]) -> Iterator[Row]:
    scores = [world.guarded for world in worlds if world.guarded is not None]
    if scores:
        wanted, caught = together(scores)
        what = f"junk caught where none of {wanted:,} wanted mails may be moved, one bound for all worlds"
        yield what, ">= 95%, none of 50,000", shown(caught), ", ".join(world.name for world in worlds)
    for one in real:
        yield one.what, one.bar, shown(one.estimate) if one.estimate.base else "not measured", one.note


def _races(
    worlds: Sequence[World], archives: Mapping[str, Sequence[race.Ran]]
) -> Iterator[tuple[str, Row, list[Row]]]:  # fmt: skip
    """The guard's race on each world, on all of them with one bound, and on each archive."""
    ran = [world for world in worlds if world.raced]
    for world in ran:
        yield f"The guard's race, {world.name}", _RACE, _raced(world.raced)
    if len(ran) > 1:
        groups = [one._replace(group=(place << 40) + one.group) for place, world in enumerate(ran)
                  for one in world.raced]  # fmt: skip
        yield "The guard's race, all worlds together", _RACE, _raced(groups)
    for name, some in archives.items():
        yield f"The guard's race on real mail, {name}", _RACE, _raced(some)


def _raced(ran: Sequence[race.Ran]) -> list[Row]:
    return [
        (lane.name, shown(lane.none), _short(lane.thousandth), _short(lane.usual), shown(lane.usual_false))
        for lane in race.score(ran)
    ]


def _traced(scores: Mapping[str, Any]) -> list[Row]:
    return [
        (
            name, f"{one.covered.base:,}", _short(one.source), _short(one.covered), _short(one.handover),
            _short(one.forged), _short(one.flagged), *(_short(other) for other in one.others.values()),
        )
        for name, one in scores.items()
    ]  # fmt: skip


_CLASSED = ("true class", "mails", "told rightly", "of what is called so", "what else was said")


def _classed(world: World) -> list[Row]:
    return [
        (one.true, f"{one.mails:,}", _short(one.right), _short(one.precision), classes.confusions(one))
        for one in world.classed
    ]


def _held(world: World) -> list[Row]:
    return [
        (
            name, _short(one.false), _short(one.volume), _short(one.addresses), _hours(one.lead), _short(one.before),
            _hours(one.over), _hours(one.over_95), f"{one.entries:,}",
        )
        for name, one in world.held.items()
    ]  # fmt: skip


def _short(one: Estimate) -> str:
    return f"{_percent(one.value)}% ({_percent(one.low)} to {_percent(one.high)})" if one.base else "no case"


def _hours(one: Estimate) -> str:
    return f"{one.value:.1f} h" if one.base else "no case"


def markdown(title: str, head: Row, rows: Iterable[Row]) -> str:
    """One table of the page."""
    lines = [f"## {title}", "", _line(head), _line(["---"] * len(head)), *map(_line, rows), ""]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def plain(title: str, head: Row, rows: Sequence[Row]) -> str:
    """One table for a terminal."""
    every = [head, *rows]
    widths = [max(len(row[n]) for row in every) for n in range(len(head))]
    body = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in every]
    return "\n".join((title, *body, ""))


def base(old: str, manifests: Sequence[Mapping[str, Any]], measured: Sequence[str]) -> str:
    """What was measured on which world, as a list of the page; what else was measured before stays in it."""
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    held = {found[1]: dict(_DATED.findall(found[2])) for found in _WORLD.finditer(old)}
    for one in manifests:
        name = f"- tier {one['tier']}, variant {one['variant']}, seed {one['seed']}: "
        for line, parts in held.items():
            if line.startswith(name):
                held[line] = {part: day for part, day in parts.items() if part not in measured}
        line = f"{name}{one['mails']:,} mails, {one['start'][:10]} to {one['end'][:10]}, parameters `"
        line += f"{one['parameters'][:16]}`"
        held[line] = held.get(line, {}) | dict.fromkeys(measured, today)
    lines = [f"{line}; {', '.join(map(' '.join, parts.items()))}" for line, parts in sorted(held.items()) if parts]
    return "\n".join([f"Measured with Python {platform.python_version()}.", "", *lines, ""])


_WORLD = re.compile(r"^(- tier .*parameters `\w+`); (.*)$", re.MULTILINE)
_DATED = re.compile(r"(\w+) (\d{4}-\d\d-\d\d)")


def renewed(
    page: str, tier: str, manifests: Sequence[Mapping[str, Any]], made: Iterable[tuple[str, Row, list[Row]]],
    measured: Sequence[str] = (), served: Container[str] | None = None,
    beside: tuple[Sequence[Mapping[str, Any]], Sequence[str]] = ((), ()),
) -> str:  # fmt: skip
    """The page with these tables in place of its own.

    ``measured`` names the parts that were, ``beside`` further worlds with those that were measured there. Tables
    of other tiers stay. Of the table of goals only the rows of the goals that were ``served`` are replaced, all of
    them for None. Errors: ValueError for a page without a measured part.
    """
    before, found, rest = page.partition(BEGIN)
    inside, ended, after = rest.partition(END)
    if not found or not ended:
        raise ValueError("the page has no measured part")
    head, *parts = inside.split("## ")
    sections = {part.partition("\n")[0]: part for part in parts}
    for title, columns, rows in made:
        title = title if title != "Goals" or tier == "S" else f"Goals, tier {tier}"
        text = markdown(title, columns, rows).removeprefix("## ") + "\n"
        if title.startswith("Goals") and served is not None and _line(columns) in sections.get(title, ""):
            text = _rows_of(sections[title], text, served)
        sections[title] = text
    first = [title for title in sections if title.startswith("Goals")]
    order = [*sorted(first), *(title for title in sections if title not in first)]
    return (
        before
        + BEGIN
        + "\n\n"
        + "## ".join([base(base(head, manifests, measured), *beside) + "\n", *(sections[n] for n in order)])
        + END
        + after
    )


def _rows_of(old: str, new: str, goals: Container[str]) -> str:
    """The lines of ``old`` with the rows of ``goals`` taken from ``new``; rows without one belong to the last."""
    kept, fresh = _by_goal(old), _by_goal(new)
    return "\n".join("\n".join(fresh[goal] if goal in goals else lines) for goal, lines in kept.items())


def _by_goal(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {"": []}
    goal = ""
    for line in text.split("\n"):
        number = line.split("|")[1].strip() if line.startswith("| G") else goal if line.startswith("|") else ""
        goal = number or ("end" if goal else "")
        found.setdefault(goal, []).append(line)
    return found


def answer(worlds: Sequence[World], real: Sequence[Real], manifests: Sequence[Mapping[str, Any]]) -> str:
    """Everything as JSON, intervals and all."""
    found = {
        "worlds": [{key: value for key, value in one.items() if key != "files"} for one in manifests],
        "goals": [
            {
                "goal": goal.number,
                "about": goal.about,
                "figures": [
                    {
                        "what": figure.what,
                        "bar": figure.bar,
                        "met": [met(figure, world) for world in worlds],
                        "found": {world.name: figure.of(world)._asdict() for world in worlds},
                        "references": {
                            world.name: {name: one._asdict() for name, one in figure.references(world).items()}
                            for world in worlds
                        },
                    }
                    for figure in goal.figures
                ],
            }
            for goal in GOALS
        ],
        "real": [{"what": one.what, **one.estimate._asdict(), "note": one.note} for one in real],
    }
    return json.dumps(_finite(found), indent=1)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return value
