"""Real mail that was joined, judged by hand: pairs of one campaign are right where both mails are of one mailing.

python -m accuracy.pairs --draw N --seed WORD   N pairs at random, as labels to be filled in, on stdout
python -m accuracy.pairs                        how many of the judged pairs that are joined today are right, by draw

Pairs are of different texts: equal ones say nothing. Mails are drawn in the order of the hash of seed and mail, each
with the first other text of its campaign in the order of the hash of seed and both, so that no large mailing fills the
sample. Only hashes are filed. Joins are mended by looking at pairs judged before, so the newest draw is what to quote.

A pair is the same where both are of one mailing: the same sentences, perhaps with another brand or amount in them, or
one sender's own links under like offers. Small print, a host of pictures and a frame that strangers share make nothing
the same. What cannot be told by reading both is unsure, and counts as wrong.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from accuracy import campaigns, corpus
from accuracy.intervals import Estimate, clopper_pearson
from junkhound import sighting
from junkhound.kernel import config
from junkhound.tables import Kind
from junkhound.verbs import grouping, ingest
from junkhound.verbs.office import Office

LABELS = Path(__file__).parents[1] / "labels" / "pairs.tsv"
ARCHIVES = ("phishing_pot.tar.gz", "spamassassin.tar.gz", "csdmc2010.tar.gz")
GOOD = ("ham",)
BOX = "corpus"


class Joined(NamedTuple):
    """What the product made of the archives: of each spam its campaign (0 none) and text."""

    spam: dict[str, tuple[int, int]]


def joined(folder: Path) -> Joined | None:
    """Take the spam of the archives in and group it; None where any is absent."""
    mails = {name: corpus.ROOT / name for name in ARCHIVES}
    if not all(path.is_file() for path in mails.values()):
        return None
    spam = [
        (sha256(mail).hexdigest(), mail)
        for path in mails.values() for label, mail in corpus.messages(path) if label not in GOOD
    ]  # fmt: skip
    return Joined(_grouped(spam, folder / "spam"))


def _home(folder: Path) -> config.Config:
    folder.mkdir(parents=True)
    path = folder / "junkhound.toml"
    path.write_text(f'[store]\nhome = "{folder / "home"}"\n[mailboxes.{BOX}]\n', "utf-8")
    return replace(config.load(path), engine=config.Engine(name="inline", isolate=False))


def _grouped(mails: list[tuple[str, bytes]], folder: Path) -> dict[str, tuple[int, int]]:
    """(campaign, text) of each mail by its hash."""
    loaded = _home(folder)
    box = folder / "mails"
    box.mkdir()
    for digest, mail in mails:
        (box / f"{digest}.eml").write_bytes(mail)
    office = Office(loaded)
    ingest.ingest(office, ingest.Request((str(box),), Kind.JUNK, mailbox=BOX))
    grouping.group(office)
    held = campaigns.labels_of(office)
    office.ledger.close()
    found = {}
    for digest, _ in mails:
        packed = sighting.sighting_id(bytes.fromhex(digest), BOX, "")
        number = int.from_bytes(packed[:8], "big"), int.from_bytes(packed[8:], "big")
        if number in held:
            found[digest] = held[number]
    return found


def drawn(found: Joined, count: int, seed: str) -> Iterator[tuple[str, str]]:
    """Joined pairs of different texts, in the order of hashes with the seed."""
    members: dict[int, list[str]] = defaultdict(list)
    for digest, (group, _) in found.spam.items():
        if group:
            members[group].append(digest)
    taken = set[frozenset[str]]()
    for one in sorted(found.spam, key=lambda one: _order(seed, one)):
        group, text = found.spam[one]
        others = [other for other in members[group] if found.spam[other][1] != text] if group else []
        if others:
            other = min(others, key=lambda other: _order(seed, one, other))
            if frozenset((one, other)) not in taken:
                taken.add(frozenset((one, other)))
                yield one, other
                if len(taken) == count:
                    return


def _order(*words: str) -> bytes:
    return sha256(" ".join(words).encode()).digest()


def labels() -> dict[str, dict[tuple[str, str], str]]:
    """The judged pairs by draw, in the order they were drawn: same, different, or unsure."""
    held: dict[str, dict[tuple[str, str], str]] = {}
    with LABELS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            held.setdefault(row["seed"], {})[row["one"], row["other"]] = row["label"]
    return held


def score(found: Joined, judged: Mapping[tuple[str, str], str]) -> Estimate:
    """Of the judged pairs that are joined, those that are right; unsure ones count as wrong."""
    pairs = [
        label
        for (one, other), label in judged.items()
        if one in found.spam and other in found.spam and found.spam[one][0] == found.spam[other][0] != 0
    ]
    return clopper_pearson(sum(label == "same" for label in pairs), len(pairs))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", type=int, default=0, metavar="N")
    parser.add_argument("--seed", default="", metavar="WORD")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="accuracy-pairs-") as scratch:
        found = joined(Path(scratch))
    if found is None:
        print("the archives are not here")
        return 1
    if asked.draw:
        print("one\tother\tlabel\tdate\tseed")
        for one, other in drawn(found, asked.draw, asked.seed):
            print(f"{one}\t{other}\t\t\t{asked.seed}")
        return 0
    for seed, judged in labels().items():
        right = score(found, judged)
        print(
            f"{seed}: {right.base} of {len(judged)} judged pairs are joined today, {right.value:.3f} of them right"
            f" ({right.low:.3f} to {right.high:.3f})"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
