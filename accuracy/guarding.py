"""G26: the inbox guard on the next day's mail, learned from the days before.

The hub takes in a world's traps and the mail that people let it count. At the start of each day it makes a book of what
it knows; the model of each mail server has learned its people's mail of the days before, sorted as they left it. Then
every mail that reaches them that day is judged, and the truth compared.

    python -m accuracy.guarding WORLD...              figures of these worlds
    python -m accuracy.guarding --fit WORLD...        weights fitted on worlds of tuning seeds, as a table
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from accuracy import reading
from accuracy.hub import DAY, Hub, opened
from accuracy.intervals import Estimate, clopper_pearson, share
from junkhound import guard
from junkhound.attribution import RouteTable
from junkhound.kernel import config
from junkhound.kernel.config import Config
from junkhound.verbs import data
from junkhound.verbs.office import Office

WARM = 2  # days that only teach

Progress = Callable[[str, float], None]


class Judged(NamedTuple):
    """One mail of a person's: what it is, what the guard saw, and what it cost (CPU seconds)."""

    kind: str
    group: int
    day: int
    amounts: dict[str, float]
    own: guard.Own | None
    score: float
    word: str
    cost: float
    category: str


def run(folder: Path, hub: Hub, progress: Progress, warm: int = WARM) -> list[Judged]:
    """Judge every person's mail of a world, day after day."""
    loaded = config.load(hub.settings)
    pairs = sorted(reading.pairs(folder, "mail/people/"), key=lambda pair: pair[1].at)
    first = pairs[0][1].at // DAY
    borders = reading.borders(folder)
    houses = {name.rpartition("@")[2]: guard.Personal(os.urandom(16)) for name in borders}  # one model a mail server
    by_day: dict[int, list[Any]] = defaultdict(list)
    for pair in pairs:
        by_day[pair[1].at // DAY].append(pair)
    found: list[Judged] = []
    model = guard.shipped()
    warm = min(warm, len(by_day) - 1)  # of a very short world the last day
    for number, day in enumerate(sorted(by_day)):
        progress(f"judging day {number + 1}", number / len(by_day))
        book, routes = hub.books.get(day, guard.empty()), routes_on(loaded, day)
        learned = []
        for seen, true in by_day[day]:
            judge = guard.Judge(book, model, borders[true.intake], routes, houses[_house(true.intake)])
            before = time.process_time()
            said = judge(seen.mail, None, true.at)
            cost = time.process_time() - before
            learned.append((true.intake, seen.mail, said.words, true.kind == "junk"))
            if day >= first + warm and true.kind in ("good", "junk"):
                own = houses[_house(true.intake)].asked(said.words)
                found.append(Judged(true.kind, true.group, day, said.evidence.amounts, own, said.opinion.score,
                                    str(said.opinion.word), cost, true.category))  # fmt: skip
        for place, (name, mail, words, junk) in enumerate(learned):
            houses[_house(name)].learn(day.to_bytes(4, "big") + place.to_bytes(8, "big") + mail[:4], words, junk)
    return found


def routes_on(loaded: Config, day: int) -> RouteTable | None:
    """Whose network an address was on a day."""
    office = Office(loaded, day * DAY)
    found = data.dated(office).on(day)
    office.ledger.close()
    return found


def _house(name: str) -> str:
    return name.rpartition("@")[2]


# --- figures ---------------------------------------------------------------------------------------------------


HARD = ("newsletter", "forwarded")  # wanted mail that looks like junk, or came by a way that junk comes too


class Scores(NamedTuple):
    """What a person would see: junk moved, wanted mail moved, and junk caught where no wanted mail may be.

    ``hard`` is of newsletters and forwarded mail alone. ``worst`` is the highest score of a wanted mail; ``points`` and
    ``groups`` are those of junk, so that worlds can be put together.
    """

    recall: Estimate
    false: Estimate
    hard: Estimate
    recall_at_none: Estimate
    cost_us: float
    cost_99_ms: float
    worst: float
    points: tuple[float, ...]
    groups: tuple[int, ...]


def together(worlds: Sequence[Scores]) -> tuple[int, Estimate]:
    """How many wanted mails all worlds have, and the junk caught where none of them may be moved."""
    worst = max(one.worst for one in worlds)
    hits = [point > worst for one in worlds for point in one.points]
    groups = [(number << 40) + group for number, one in enumerate(worlds) for group in one.groups]
    return sum(one.false.base for one in worlds), share(hits, groups)


def score(judged: Sequence[Judged]) -> Scores:
    """All figures of one world."""
    junk = [one for one in judged if one.kind == "junk"]
    good = [one for one in judged if one.kind == "good"]
    hard = [one for one in good if one.category in HARD]
    worst = max((one.score for one in good), default=0.0)
    costs = np.array([one.cost for one in judged])
    return Scores(
        recall=share([one.word == "junk" for one in junk], [one.group for one in junk]),
        false=clopper_pearson(sum(one.word == "junk" for one in good), len(good)),
        hard=clopper_pearson(sum(one.word == "junk" for one in hard), len(hard)),
        recall_at_none=share([one.score > worst for one in junk], [one.group for one in junk]),
        cost_us=float(costs.mean() * 1e6),
        cost_99_ms=float(np.quantile(costs, 0.99) * 1e3),
        worst=worst,
        points=tuple(one.score for one in junk),
        groups=tuple(one.group for one in junk),
    )


# --- fitting ---------------------------------------------------------------------------------------------------

RIDGE = 0.02
WHENCE = 3.0
"""What facts about a mail's origin add together at most. Chosen on seed 10: so no wanted mail of a mail server that was
broken into is moved where nobody taught the guard; of the junk, one that was taught moves 0.6 of 100 less."""
FIRST = 3  # columns before those of facts: the base, and what the person's model says


def fit(judged: Sequence[Judged], taught: bool, rounds: int = 60) -> guard.Weights:
    """Weights by logistic regression (Newton's method), with or without what people taught.

    Facts that speak against a mail are kept from turning in its favour: a book full of junk must not vouch for any.
    """
    names = sorted({name for one in judged for name in one.amounts})
    rows = np.zeros((len(judged), len(names) + FIRST))
    rows[:, 0] = 1
    for row, one in enumerate(judged):
        if taught and one.own is not None:
            rows[row, 1:FIRST] = guard.leaning(one.own.score), one.own.known
        for name, amount in one.amounts.items():
            rows[row, names.index(name) + FIRST] = amount
    truth = np.array([one.kind == "junk" for one in judged], float)
    weights = np.zeros(rows.shape[1])
    shrink = RIDGE * len(truth) / 100 * np.eye(len(weights))
    shrink[0, 0] = 0  # the base is not drawn towards nothing
    if not taught:
        shrink[1, 1] = shrink[2, 2] = 1.0
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        gradient = rows.T @ (truth - p) - shrink @ weights
        hessian = (rows * (p * (1 - p))[:, None]).T @ rows + shrink + 1e-6 * np.eye(len(weights))
        weights = weights + np.clip(np.linalg.solve(hessian, gradient), -1, 1)
        weights[FIRST:] = np.maximum(weights[FIRST:], 0)
        weights[2] = min(weights[2], 0)
    by = dict(zip(names, weights[FIRST:].tolist(), strict=True))
    own, known = (float(weights[1]), float(weights[2])) if taught else (0.0, 0.0)
    return guard.Weights(float(weights[0]), by, own, known, 0.99, WHENCE)


def table(taught: guard.Weights, alone: guard.Weights, source: str) -> str:
    """Weights as the file that ships."""
    lines = [
        "# What each fact adds to the log odds of junk, times its amount (guard/evidence.py says what an amount is).",
        f'dated = "{time.strftime("%Y-%m-%d")}"', f'source = "{source}"', "good = 0.10",
    ]  # fmt: skip
    for name, weights in (("taught", taught), ("alone", alone)):
        lines += ["", f"[{name}]", f"base = {weights.base:.3f}", f"own = {weights.own:.3f}"]
        lines += [f"known = {weights.known:.3f}", f"junk = {weights.junk}", f"whence = {weights.whence}"]
        lines += ["", f"[{name}.by]", *(f"{fact} = {value:.3f}" for fact, value in sorted(weights.by.items()))]
    return "\n".join(lines) + "\n"


def told(name: str) -> Progress:
    return lambda what, share: print(f"\r{name}: {what:40} {share:4.0%}", end="", file=sys.stderr)


def main(words: Iterable[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m accuracy.guarding", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("worlds", nargs="+", type=Path)
    parser.add_argument("--fit", action="store_true")
    said = parser.parse_args(None if words is None else list(words))
    every = []
    for folder in said.worlds:
        with opened(folder, told(folder.name)) as hub:
            judged = run(folder, hub, told(folder.name))
        every += judged
        figures = score(judged)
        print(f"\n{folder.name}: {figures._replace(points=(), groups=())}")
    if said.fit:
        source = f"fitted on simulated worlds: {', '.join(folder.name for folder in said.worlds)}"
        print(table(fit(every, True), fit(every, False), source))
    return 0


if __name__ == "__main__":
    sys.exit(main())
