"""Fits the weights of tracing on worlds of tuning seeds and on honest public mail, and writes them into the product.

python -m accuracy.fit WORLD ...            worlds of seeds 0 to 99, as `spamworld gen` makes them
python -m accuracy.fit WORLD ... --dry      only say how well it would do, strategy by strategy left out

Logistic regression with a ridge (each log-ratio has a prior of mean 0 and variance 1), so a word that was met ten times
weighs little. Honest mail: list and ham archives, the mails whose hash is even; `accuracy` measures on the others.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from accuracy import corpus, reading
from junkhound import trace
from junkhound.evidence.message import parse
from junkhound.trace import below, weights
from junkhound.trace.pair import Looked, Odd
from junkhound.trace.speech import speech
from junkhound.trace.walk import AT_STRANGER, walk
from junkhound.wire import jsonl

PAGE = Path(weights.__file__).parent / "data" / weights.FILE
RIDGE = 1.0
FREE = ("id", "time", "line")  # whatever the sender typed
DEEPER = "line: deeper"  # not of the line's own text
BOUND = {
    "id: clock agrees": 0.4, "id: form": 0.4, "id: unknown": 1.0, "id: none": 2.0, "time: near": 1.0, "time: day": 1.0,
    "time: ages": 10.0,  # by hand: five of 15,143 honest lines, and no forger of the tuning seeds pastes old lines
    "line: scanned": 1.0, "line: unread": 1.0, "line: logged in": 1.0, "line: no address": 1.0,
}  # fmt: skip
LEAST = 20  # lines on which a word must have been met
REAL = 5.0  # an honest line of real mail counts as so many of a world: real mail is odder
GOOD = 3.0  # good mails to one of junk, as in the worlds of the evaluation; the worlds of ``tuning`` have fewer


TAIL_BOUND = {DEEPER: 1.0, "line: spoken": 1.0, "line: other program": 1.0}


class Line(NamedTuple):
    """A line below a hand-over: one whose upper neighbours are all honest; or a ``lower`` one, under others.

    Of the lower ones those are typed that stand under a typed one, and honest those under an honest one.
    """

    looked: Looked
    typed: bool
    strategy: str
    weight: float = 1.0
    lower: bool = False


def lines(folder: Path) -> Iterator[Line]:
    """Those of one world. Errors: ValueError for an evaluation seed."""
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    if manifest["seed"] >= 100:
        raise ValueError(f"{folder}: seed {manifest['seed']} is for evaluation")
    mails = manifest["counts"]
    good = GOOD * mails["mails, junk"] / mails["mails, good"]
    borders = reading.borders(folder)
    for seen, true in reading.pairs(folder):
        hops = trace.read(parse(seen.mail))
        facts = jsonl.facts_of(seen.facts, true.intake, 0, true.at) if seen.facts else None
        border = borders[true.intake]
        path = walk(hops, border, facts)
        if path.end is not AT_STRANGER or path.hop is None or path.hop.ip is None:
            continue
        first = path.believed + below.record(hops, path, border)
        spoken = speech(facts.session) if facts is not None else 0
        typed = False
        for place, looked in below.pairs(hops, first, path, border, spoken):
            if place >= min(len(true.hops), first + below.DEEP):
                break
            honest = true.hops[place][0]
            weight = good if true.kind == "good" else 1.0
            if not typed:
                yield Line(looked, not honest, true.strategy, weight)
            if typed or place > first:
                yield Line(looked, typed, true.strategy, weight, lower=True)
            typed = typed or not honest


def real() -> Iterator[Line]:
    """Lines of honest public mail; none where the archives are absent."""
    for name in corpus.HONEST:
        if not (corpus.ROOT / name).is_file():
            continue
        border, mails = corpus.honest_mails(name)
        for for_fit, hops in mails:
            path = walk(hops, border, None)
            if for_fit and path.end is AT_STRANGER and path.hop is not None and path.hop.ip is not None:
                for place, looked in below.pairs(hops, path.believed, path, border):
                    yield Line(looked, False, "", REAL)
                    if place > path.believed:
                        yield Line(looked, False, "", REAL, lower=True)


def fit(found: Iterable[Line], bounds: Mapping[str, float] = BOUND) -> tuple[float, dict[str, float]]:
    """The prior odds that a line is typed, and the ratio of each word.

    What a forger is free to type (ids, dates, clauses) hardly counts for him: that an id has the right clock proves
    little, though no forger of the tuning seeds has thought of it. So those words are ``BOUND`` by hand.
    """
    honest: Counter[tuple[str, ...]] = Counter()
    typed: Counter[tuple[str, ...]] = Counter()
    for line in found:
        (typed if line.typed else honest)[weights.words(line.looked)] += line.weight  # type: ignore[assignment]
    rows = sorted(honest.keys() | typed.keys())
    met = Counter(word for row in rows for word in row for _ in range(int(honest[row] + typed[row])))
    free = sorted(word for word, count in met.items() if count >= LEAST)
    hits = np.array([typed[row] for row in rows], float)
    every = hits + np.array([honest[row] for row in rows], float)
    bound = dict(bounds)
    while True:
        free = [word for word in free if word not in bound]
        prior, ratios = _fitted(rows, free, bound, hits, every)
        kinds = [word for word in free if word.startswith(FREE) and word != DEEPER and ratios[word] < 1]
        if not kinds:
            return prior, ratios
        bound.update(dict.fromkeys(kinds, 1.0))


def lower(found: Iterable[Line]) -> tuple[float, dict[str, float]]:
    """What a line without a word says of the one above it, and the ratio of each word.

    A typed line has others under it only where its forger typed several, so how often they are met says nothing: the
    odds are taken out.
    """
    its = [line for line in found if line.lower]
    prior, ratios = fit(its, TAIL_BOUND)
    typed = sum(line.weight for line in its if line.typed)
    return prior * (sum(line.weight for line in its) - typed) / typed, ratios


def _fitted(
    rows: list[tuple[str, ...]], free: list[str], bound: Mapping[str, float], hits: NDArray[np.float64],
    every: NDArray[np.float64],
) -> tuple[float, dict[str, float]]:  # fmt: skip
    """The prior and the ratios of the words that are ``free``, with those that are ``bound``."""
    place = {name: n + 1 for n, name in enumerate(free)}
    given = np.zeros((len(rows), len(free) + 1))
    given[:, 0] = 1
    for n, row in enumerate(rows):
        given[n, [place[word] for word in row if word in place]] = 1
    fixed = np.array([sum(np.log(bound.get(word, 1.0)) for word in row) for row in rows])
    at = np.zeros(given.shape[1])
    ridge = np.eye(len(at)) * RIDGE
    ridge[0, 0] = 1e-3
    for _ in range(100):
        chance = 1 / (1 + np.exp(-given @ at - fixed))
        slope = given.T @ (hits - every * chance) - ridge @ at
        bend = (given * (every * chance * (1 - chance))[:, None]).T @ given + ridge
        step = np.clip(np.linalg.solve(bend, slope), -2, 2)
        at = at + step
        if np.abs(step).max() < 1e-6:
            break
    return float(np.exp(at[0])), {name: float(np.exp(at[place[name]])) for name in free} | dict(bound)


def honest(looked: Looked, prior: float, ratios: Mapping[str, float]) -> float:
    """P that a line is honest by these weights."""
    odds = prior
    for word in weights.words(looked):
        odds *= ratios.get(word, 1.0)
    return 1 / (1 + odds)


def left_out(found: list[Line]) -> Iterator[tuple[str, int, float]]:
    """For each strategy: its forged lines, and the share found by weights fitted without it."""
    for strategy in sorted({line.strategy for line in found if line.typed}):
        heads = [line for line in found if not line.lower]
        prior, ratios = fit(line for line in heads if line.strategy != strategy or not line.typed)
        its = [line for line in heads if line.typed and line.strategy == strategy]
        caught = sum(honest(line.looked, prior, ratios) < below.TYPED for line in its)
        yield strategy, len(its), caught / len(its)


def page(found: list[Line], said: str) -> str:
    """The file of weights."""
    heads = [line for line in found if not line.lower]
    prior, ratios = fit(heads)
    even, tails = lower(found)
    tests = {kind.__name__.lower(): test for test, kind in weights.TESTS}
    odd = {f"line: {(bit.name or '').lower().replace('_', ' ')}": weights.ODD_TEST[bit] for bit in Odd}
    out = [
        "# How much more often a word about a line is met among typed lines than among honest ones.",
        "# Made by `python -m accuracy.fit`; do not edit by hand. trace/pair.py says what each word means.",
        "", f'date = "{datetime.now(UTC):%Y-%m-%d}"', f'fitted_on = "{said}"', f"prior = {prior:.4g}",
        f"even = {even:.4g}",
    ]  # fmt: skip
    for kind, its, about in (("clue", ratios, heads), ("tail", tails, [line for line in found if line.lower])):
        met = _met(about)
        for word in sorted(its):
            if kind == "tail" and word in TAIL_BOUND:
                continue
            test = odd.get(word) or tests[word.partition(":")[0]]
            out += ["", f"[[{kind}]]", f'test = "{test}"', f'word = "{word}"', f"ratio = {its[word]:.3g}"]
            out += [f"honest = {met[word][0]}", f"typed = {met[word][1]}"]
    return "\n".join(out).replace("e+0", "e+").replace("e-0", "e-") + "\n"


def _met(found: Iterable[Line]) -> dict[str, list[int]]:
    """On how many honest and typed lines each word was met."""
    met: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for line in found:
        for word in weights.words(line.looked):
            met[word][line.typed] += 1
    return met


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m accuracy.fit", description=__doc__)
    parser.add_argument("world", nargs="+", type=Path)
    parser.add_argument("--dry", action="store_true")
    asked = parser.parse_args()
    found = [line for folder in asked.world for line in lines(folder)]
    simulated = sum(not line.lower for line in found)
    found += real()
    for strategy, count, share in left_out(found):
        print(f"{strategy}: {share:.1%} of {count:,} first forged lines found by weights fitted without it")
    public = sum(not line.lower for line in found) - simulated
    said = f"{simulated:,} lines of {len(asked.world)} simulated worlds, {public:,} of honest public mail"
    text = page(found, said)
    if asked.dry:
        print(text)
    else:
        PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
