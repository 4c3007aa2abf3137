"""What mail says, against what is true: keys of texts and touted shares (G13), near-copies and text of pictures (G14).

python -m accuracy.content WORLD            keys and shares of a world that `spamworld gen` made
python -m accuracy.content --pictures N     N campaigns under each of eight kinds of noise, read from 1, 5 and 9 copies
python -m accuracy.content --real           the 450 real pictures of 2006, grouped, against labels/image-spam.tsv
"""

from __future__ import annotations

import argparse
import base64
import csv
import sys
import tarfile
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from accuracy import corpus, reading
from accuracy.intervals import Estimate, clopper_pearson, grouped
from junkhound import content, picture
from junkhound.evidence.message import parse
from junkhound.picture.opening import Pixels
from junkhound.tables import KeyKind
from spamworld.content import junk, keys, noise, pictures
from spamworld.content.brief import Brief

FIRST = 1000
"""Seeds below are for tuning."""
LABELS = Path(__file__).parents[1] / "labels" / "image-spam.tsv"


class Score(NamedTuple):
    """Right, wrong and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


_KINDS = {"phones": KeyKind.PHONE, "wallets": KeyKind.WALLET, "ibans": KeyKind.IBAN, "ticker": KeyKind.TICKER}


class Touts(NamedTuple):
    """G13 on one world: touted shares in texts; intervals by campaign."""

    ticker: Estimate  # F1
    target: Estimate  # promised price, exact
    false: Estimate  # other junk in which a share is seen


def world(folder: Path) -> dict[str, Score]:
    """Keys of every junk mail whose text is no picture; ``target`` is the promised price of touts, exact."""
    totals: dict[str, Counter[str]] = {}
    for held in counted(folder).values():
        for name, counts in held.items():
            totals.setdefault(name, Counter()).update(counts)
    return {name: Score(one["right"], one["wrong"], one["missed"]) for name, one in totals.items()}


def touts(folder: Path) -> Touts:
    """What is said of shares, against the campaigns that tout them."""
    by_campaign = counted(folder)
    names, words = ("ticker", "target", "false ticker"), ("right", "wrong", "missed")
    rows = [[[held[name][word] for word in words] for name in names] for held in by_campaign.values()]
    sums = np.array(rows, float)
    hit, wrong, missed = sums[:, 0].T
    exact = sums[:, 1]
    f1, target = grouped(
        np.array([2 * hit, exact[:, 0]]).T, np.array([2 * hit + wrong + missed, exact.sum(axis=1)]).T
    )  # fmt: skip
    quiet = sums[:, 2]
    base = int((hit + missed).sum())
    return Touts(f1._replace(base=base), target, clopper_pearson(int(quiet[:, 1].sum()), int(quiet.sum())))


def counted(folder: Path) -> dict[int, dict[str, Counter[str]]]:
    """By campaign, what was read right, wrong or not at all."""
    found: dict[int, dict[str, Counter[str]]] = {}
    with TemporaryDirectory(prefix="accuracy-content-") as scratch:
        parts = reading.spread(folder, Path(scratch), ("junk",))
        for seen, true in (pair for one in parts for pair in reading.part(folder, one)):
            if "image_text" not in true.content:
                fresh = {name: Counter[str]() for name in (*_KINDS, "target", "language", "false ticker")}
                _compared(seen.mail, true.content, found.setdefault(true.campaign, fresh))
    return found


def _compared(mail: bytes, said: Mapping[str, Any], counts: Mapping[str, Counter[str]]) -> None:
    view = content.view(parse(mail))
    found: dict[int, set[str]] = {}
    for kind, name in content.finds(view):
        found.setdefault(kind, set()).add(name.rpartition(":")[2].lower())
    for name, kind in _KINDS.items():
        true = said.get(name, [])
        true = {one.lower() for one in ([true.partition(".")[0]] if isinstance(true, str) else true)} - {""}
        _count(counts[name], true, found.get(int(kind), set()))
    if said.get("ticker"):
        shares = content.touts(view.text)
        if shares and f"{said['target']:.2f}" in view.text.replace(",", "."):
            counts["target"]["right" if abs(shares[0].target - said["target"]) < 0.005 else "wrong"] += 1
    else:
        counts["false ticker"]["wrong" if int(KeyKind.TICKER) in found else "right"] += 1
    counts["language"]["right" if content.language_of(view) == said.get("language") else "missed"] += 1


def _count(counts: Counter[str], true: set[str], found: set[str]) -> None:
    counts["right"] += len(true & found)
    counts["wrong"] += len(found - true)
    counts["missed"] += len(true - found)


class Read(NamedTuple):
    """Key fields read right, of so many, and the mean share of wrong characters."""

    right: int
    of: int
    wrong_characters: float


def drawn(campaigns: int, first: int = FIRST) -> dict[int, Read]:
    """By copies: ticker, price and target out of touts drawn under each kind of noise."""
    reader = picture.engine("rapidocr")
    sums = {copies: [0, 0, 0.0, 0] for copies in (1, 5, 9)}
    for seed in range(first, first + campaigns):
        for kind in noise.KINDS:
            brief, text, sheets = _sheets(seed, kind)
            for copies, held in sums.items():
                found = picture.read_group(sheets[:copies], reader)
                shares = content.agreed([found.text, *found.texts])
                got = (shares[0].ticker, shares[0].price, shares[0].target) if shares else ("", 0.0, 0.0)
                held[0] += got[0] == brief.ticker.partition(".")[0]
                held[1] += 1
                for value, read in ((brief.price, got[1]), (brief.target, got[2])):
                    if f"{value:.2f}" in text:
                        held[0] += abs(value - read) < 0.001
                        held[1] += 1
                held[2] += _wrong(found.text, text)
                held[3] += 1
    return {copies: Read(int(held[0]), int(held[1]), held[2] / max(1, held[3])) for copies, held in sums.items()}


def _sheets(seed: int, kind: str) -> tuple[Brief, str, list[Pixels]]:
    rng = Random(seed)  # noqa: S311
    price = round(rng.uniform(0.05, 3), 2)
    brief = Brief(
        id=seed, category="stock", spammer=seed, ticker=keys.ticker(rng), company="Harbor Crest Holdings", price=price,
        target=round(price * rng.uniform(2, 5), 2), url="none", pictures=1.0,
    )  # fmt: skip
    text, _ = junk.lettering(seed, brief, 1, "")
    sheets = []
    for variant in range(9):
        made = pictures.render(seed, seed, 1, variant, text, kind, "")
        opened = [picture.open_picture(base64.b64decode(tile), 1).colour for row in made.tiles for tile in row]
        pieces = [one for one in opened if one is not None]
        whole = picture.joined(pieces) if len(pieces) > 1 else pieces[0]
        if whole is not None:
            sheets.append(whole)
    return brief, text, sheets


def _wrong(read: str, true: str) -> float:
    """Edit distance over the length of the truth, blanks put together."""
    one, other = " ".join(read.split()), " ".join(true.split())
    row = list(range(len(other) + 1))
    for i, mine in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, theirs in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (mine != theirs))
    return row[-1] / max(1, len(other))


def real() -> Score | None:
    """Pairs of near-copies among the labelled pictures; None where the corpus is absent."""
    path = corpus.ROOT / "image-spam.tar.gz"
    if not path.is_file():
        return None
    with LABELS.open(encoding="utf-8") as file:
        labels = {row["sha256"]: row["copies"] for row in csv.DictReader(file, delimiter="\t")}
    files: dict[str, bytes] = {}
    with tarfile.open(path, "r:gz") as tar:
        for member in tar:
            body = tar.extractfile(member)
            if body is not None and (digest := sha256(octets := body.read()).hexdigest()) in labels:
                files[digest] = octets
    order = sorted(files)
    opened = [picture.open_picture(files[digest]).colour for digest in order]
    groups = picture.grouped(picture.looks(colour) for colour in opened if colour is not None)
    right = wrong = missed = 0
    for i in range(len(order)):
        for j in range(i):
            same, joined = labels[order[i]] == labels[order[j]], groups[i] == groups[j]
            right += same and joined
            wrong += joined and not same
            missed += same and not joined
    return Score(right, wrong, missed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("world", nargs="?", type=Path)
    parser.add_argument("--pictures", type=int, metavar="N", default=0)
    parser.add_argument("--seed", type=int, default=FIRST)
    parser.add_argument("--real", action="store_true")
    asked = parser.parse_args()
    if asked.world:
        for name, score in world(asked.world).items():
            print(
                f"{name:<14} {score.right:>6} right {score.wrong:>5} wrong {score.missed:>5} missed  F1 {score.f1:.4f}"
            )
    if asked.pictures:
        for copies, read in drawn(asked.pictures, asked.seed).items():
            print(
                f"{copies} copies: {read.right} of {read.of} key fields, {read.wrong_characters:.1%} wrong characters"
            )
    if asked.real and (pairs := real()) is not None:
        print(f"near-copies, real: pair precision {pairs.precision:.3f}, recall {pairs.recall:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
