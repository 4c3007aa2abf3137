"""G15: what campaigns are about, fitted on worlds of tuning seeds and scored on others, and on real mail of one kind.

python -m accuracy.kinds --fit WORLD ...    worlds of seeds below 100: writes the product's table of weights
python -m accuracy.kinds WORLD ...          scores the table on true campaigns of worlds
python -m accuracy.kinds --real             phishing_pot: mail that is phishing, one mail a campaign
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from accuracy import corpus, reading
from accuracy.intervals import Estimate, clopper_pearson
from junkhound.campaign import kinds
from junkhound.campaign import reading as room
from junkhound.evidence.message import parse
from junkhound.ledger.campaigns import Book
from junkhound.verbs import wording
from junkhound.verbs.office import Office
from spamworld.out.files import lines

Id = tuple[int, int]
PAGE = Path(kinds.__file__).parent / "data" / "kinds.toml"
TRUE = {
    "pharma": "pharma", "replica": "replica", "stock": "stock", "phish": "phishing", "malware": "malware",
    "advance-fee": "advance fee", "casino": "gambling", "software": "software", "dating": "dating",
    "diploma": "education", "sextortion": "extortion", "crypto": "crypto", "b2b": "business", "mule": "mule",
    "other": "", "worm": "malware",
}  # fmt: skip
"""Categories of the simulated world in the product's words."""
TARGETED = "impersonation"
"""What targeted campaigns say, whatever their sender else deals in."""
MAILS = 40
DRAWS = 6  # smaller samples of each campaign that are learned from too
RIDGE = 0.5  # how much a weight's distance from what was written for it costs


class Campaign(NamedTuple):
    """A true campaign: its world and number, its kind, what some of its mails tell."""

    world: str
    number: int
    kind: str
    said: tuple[kinds.Said, ...]


class Score(NamedTuple):
    """How well kinds were told: macro-F1 over what was answered, share not answered, and each kind's confusions."""

    f1: float
    abstained: float
    campaigns: int
    wrong: Mapping[tuple[str, str], int]


def campaigns(folder: Path) -> list[Campaign]:
    """The true campaigns of a world, with up to ``MAILS`` of their mails each; pictures are as good as blank here."""
    said: dict[int, list[kinds.Said]] = defaultdict(list)
    kind: dict[int, str] = {}
    aimed = targeted(folder)
    for seen, true in reading.pairs(folder):
        if true.kind == "junk" and true.campaign and TRUE.get(true.category):
            kind[true.campaign] = TARGETED if true.campaign in aimed else TRUE[true.category]
            if len(said[true.campaign]) < MAILS:
                said[true.campaign].append(room.read(parse(seen.mail)).said)
    return [Campaign(folder.name, number, kind[number], tuple(mails)) for number, mails in sorted(said.items())]


def targeted(folder: Path) -> set[int]:
    """The campaigns of a world that are written for single persons."""
    rows = (json.loads(line) for line in lines(folder / "truth/campaigns.jsonl.zst"))
    return {row["id"] for row in rows if row["targeted"]}


# -- fitting ---------------------------------------------------------------------------------------------------


def fitted(learned: Sequence[Campaign], written: kinds.Model) -> kinds.Model:
    """The table moved towards what the campaigns say: logistic regression, each weight held by what was written.

    Kinds count alike, and what they start from stays, so that those which no world has are not pushed aside.
    """
    names = list(written.kinds)
    shares, place = _examples(learned, names)
    found = sorted({fact for amounts in shares for fact in amounts})
    base = np.array([written.kinds[name].base for name in names])
    prior = np.array([[written.kinds[name].by.get(fact, 0.0) for fact in found] for name in names])
    x = np.array([[amounts.get(fact, 0.0) for fact in found] for amounts in shares])
    weights = prior.copy()
    true = np.eye(len(names))[place]
    rows = 1.0 / np.bincount(place, minlength=len(names))[place]  # each kind counts alike
    rows *= len(place) / rows.sum()
    for step in range(3000):
        off = (_softmax(x @ weights.T + base) - true) * rows[:, None] / len(x)
        pull = RIDGE * (weights - prior) / len(names)
        rate = 3.0 / (1 + step / 600)
        weights -= rate * (off.T @ x * 4 + pull * 0.1)
    made = {
        name: kinds.Kind(
            written.kinds[name].base,
            {**written.kinds[name].by, **dict(zip(found, map(float, weights[n]), strict=True))},
            written.kinds[name].rsit,
        )
        for n, name in enumerate(names)
    }
    return msgspec.structs.replace(written, kinds=made, dated=datetime.now(UTC).strftime("%Y-%m-%d"))


def _examples(learned: Sequence[Campaign], names: list[str]) -> tuple[list[dict[str, float]], NDArray[np.int64]]:
    """Facts and kind of each campaign, and of smaller samples of it: most campaigns of a stream are small yet."""
    chance = np.random.default_rng(7)
    shares, place = [], []
    for one in learned:
        parts = [one.said] + [
            tuple(one.said[n] for n in chance.choice(len(one.said), min(len(one.said), 1 + draw), replace=False))
            for draw in range(DRAWS)
        ]
        for part in parts:
            shares.append(kinds.facts(part))
            place.append(names.index(one.kind))
    return shares, np.array(place, np.int64)


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True), np.float64)


# -- scoring ---------------------------------------------------------------------------------------------------


def score(pairs: Sequence[tuple[str, str]]) -> Score:
    """(true kind, told kind) of each campaign; an empty answer is none."""
    told = [(true, said) for true, said in pairs if said]
    names = sorted({true for true, _ in pairs})
    marks = []
    for name in names:
        right = sum(true == said == name for true, said in told)
        wrong = sum(said == name != true for true, said in told)
        missed = sum(true == name != said for true, said in told)
        if right + wrong + missed:
            marks.append(2 * right / (2 * right + wrong + missed))
    wrong_ones = Counter((true, said) for true, said in told if true != said)
    return Score(float(np.mean(marks)) if marks else 0.0, 1 - len(told) / max(1, len(pairs)), len(pairs), wrong_ones)


class Told(NamedTuple):
    """What the product says of the campaigns it found, against what most of their mails are."""

    f1: Estimate
    abstained: Estimate


def told(folder: Path, office: Office, true: Mapping[Id, reading.Truth], ours: Mapping[Id, tuple[int, int]]) -> Told:
    """Every campaign of a home that was grouped: read, told, and compared."""
    wording.read(office, math.inf)
    aimed = targeted(folder)
    votes: dict[int, Counter[str]] = defaultdict(Counter)
    for one, (group, _) in ours.items():
        said = true.get(one)
        if group and said is not None and said.campaign and TRUE.get(said.category):
            votes[group][TARGETED if said.campaign in aimed else TRUE[said.category]] += 1
    book = {one.number: one.kind for one in Book(office.ledger.state).all()}
    pairs = [(most.most_common(1)[0][0], book.get(group, "")) for group, most in sorted(votes.items())]
    chance = np.random.default_rng(1)
    drawn = [score([pairs[n] for n in chance.integers(0, len(pairs), len(pairs))]).f1 for _ in range(200)]
    found = score(pairs)
    low, high = np.quantile(drawn, (0.025, 0.975)) if pairs else (0.0, 0.0)
    return Told(
        Estimate(found.f1, float(low), float(high), len(pairs), len(pairs)),
        clopper_pearson(sum(not said for _, said in pairs), len(pairs)),
    )


def real(limit: int = 500) -> Counter[str] | None:
    """What single mails of phishing_pot are called; None where the corpus is absent."""
    path = corpus.ROOT / corpus.PHISHING
    if not path.is_file():
        return None
    found: Counter[str] = Counter()
    for number, (_, mail) in enumerate(corpus.messages(path)):
        if number % 16 == 0:
            found[kinds.judge([room.read(parse(mail)).said]).kind or "not told"] += 1
        if sum(found.values()) >= limit:
            break
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", nargs="*", type=Path)
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--real", action="store_true")
    asked = parser.parse_args()
    found = [one for folder in asked.worlds for one in campaigns(folder)]
    if asked.fit:
        for folder in asked.worlds:
            if json.loads((folder / "manifest.json").read_text("utf-8"))["seed"] >= 100:
                parser.error(f"{folder}: its seed is for evaluation")
        written = kinds.read(PAGE.read_text("utf-8"))
        made = msgspec.structs.replace(
            fitted(found, written), source=f"written by hand, moved by {len(found)} campaigns of tuning seeds"
        )
        head = ["How much each fact speaks for each kind (campaign/kinds.py); weights are log odds at a share of 1."]
        PAGE.write_text(kinds.written(made, head), "utf-8")
        kinds.shipped.cache_clear()
    if found:
        pairs = [(one.kind, kinds.judge(one.said).kind) for one in found]
        told = score(pairs)
        print(f"{told.campaigns} campaigns: macro-F1 {told.f1:.3f}, not told {told.abstained:.1%}")
        for (true, said), times in sorted(told.wrong.items(), key=lambda pair: -pair[1]):
            print(f"  {times} of {true} called {said}")
        for one in found:
            verdict = kinds.judge(one.said)
            if verdict.kind != one.kind:
                print(
                    f"    {one.world} {one.number} {one.kind}: {verdict.kind or '-'} {verdict.sure:.0%} {verdict.why}"
                )
    if asked.real and (mails := real()) is not None:
        print(", ".join(f"{name} {count}" for name, count in mails.most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
