"""G10: templates as filters. Patterns are learned from the first 500 mails of each wording and tried on the later ones.

python -m accuracy.templates WORLD ...      every wording of a world that has mails enough
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from accuracy import corpus, reading
from accuracy.intervals import Estimate, clopper_pearson
from junkhound import content
from junkhound.campaign import pattern
from junkhound.campaign import reading as room
from junkhound.campaign.pattern import Pattern
from junkhound.evidence.message import parse

LEARNED = 500
LEAST_TRIED = 50


class Scores(NamedTuple):
    """What patterns missed of later mails and hit of good mail; wordings that have one, of those with mails enough."""

    missed: Estimate
    hits: Estimate
    real_hits: Estimate
    made: Estimate


class Wording(NamedTuple):
    """The texts of one true wording, in the order of their arrival."""

    name: str
    texts: list[str]


def wordings(folder: Path) -> tuple[list[Wording], list[str]]:
    """(wordings with mails enough, the texts of good mail); mail whose text is a picture is left out."""
    texts: dict[str, list[str]] = defaultdict(list)
    good = []
    for seen, true in reading.pairs(folder):
        if true.kind == "good":
            good.append(room.canon(content.view(parse(seen.mail)).text))
        elif true.kind == "junk" and true.campaign and "image_text" not in true.content:
            known = [one.address.decode("utf-8", "replace") for one in seen.facts.get("rcpt", ())]
            texts[true.content.get("template", "")].append(room.read(parse(seen.mail), known).text)
    return [Wording(name, held) for name, held in sorted(texts.items()) if len(held) >= LEARNED + LEAST_TRIED], good


def real_good() -> Iterator[str]:
    """The texts of real wanted mail; none where the archives are absent."""
    for name in corpus.HONEST:
        path = corpus.ROOT / name
        if path.is_file():
            for label, mail in corpus.messages(path):
                if label == "ham":
                    yield room.canon(content.view(parse(mail)).text)


@lru_cache(1)
def known_good() -> tuple[str, ...]:
    """The texts of real wanted mail, read once."""
    return tuple(real_good())


def run(folder: Path) -> Scores:
    """One world, and real wanted mail where it is."""
    real = known_good()
    found, good = wordings(folder)
    made: list[Pattern] = []
    with_one = missed = tried = 0
    for one in found:
        patterns = pattern.infer(one.texts[:LEARNED])
        with_one += bool(patterns)
        later = one.texts[LEARNED:]
        tried += len(later)
        missed += sum(not any(each.matches(text) for each in patterns) for text in later)
        made += patterns
    return Scores(
        clopper_pearson(missed, tried),
        clopper_pearson(sum(any(one.matches(text) for one in made) for text in good), len(good)),
        clopper_pearson(sum(any(one.matches(text) for one in made) for text in real), len(real)),
        clopper_pearson(with_one, len(found)),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", nargs="+", type=Path)
    asked = parser.parse_args()
    for folder in asked.worlds:
        scores = run(folder)
        print(folder.name, *(f"{name} {one.value:.4f} of {one.base}" for name, one in scores._asdict().items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
