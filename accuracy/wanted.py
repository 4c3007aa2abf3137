"""G26 on real mail: how much wanted mail of the archives a guard calls junk that was taught by the other half.

Each archive is one person's mailbox, halved by the order of the mails' hashes: one half is taught as it was filed, the
other judged. There is no pack, for nobody has the trap mail of those days, so these are figures of the person's model
and the trace alone. A list's archive has no junk folder: its person was taught that of another archive. Mail that
``labels/guard.tsv`` calls junk by hand was filed wrongly, and is counted apart.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from accuracy import corpus
from accuracy.corpus import Real
from accuracy.intervals import clopper_pearson
from junkhound import guard

ARCHIVES = ("spamassassin.tar.gz", "csdmc2010.tar.gz", "vger-lists.tar.gz")
WITHOUT_JUNK = {"vger-lists.tar.gz": "csdmc2010.tar.gz"}
LABELS = Path(__file__).parents[1] / "labels/guard.tsv"


class One(NamedTuple):
    """One judged mail of an archive."""

    digest: str
    wanted: bool
    opinion: guard.Opinion
    mail: bytes


def judged(name: str) -> Iterator[One]:
    """The second half of an archive, judged by a guard that was taught the first."""
    border, _ = corpus.honest_mails(name)
    personal = guard.Personal(b"wanted mail of an archive")
    judge = guard.Judge(guard.empty(), guard.shipped(), border, None, personal)
    mails = [
        (sha256(raw).hexdigest(), label in ("ham", "list"), raw) for label, raw in corpus.messages(corpus.ROOT / name)
    ]
    if name in WITHOUT_JUNK:
        other = corpus.messages(corpus.ROOT / WITHOUT_JUNK[name])
        mails += [(sha256(raw).hexdigest(), False, raw) for label, raw in other if label not in ("ham", "list")]
    mails.sort(key=lambda mail: mail[0])
    half = len(mails) // 2
    for digest, wanted, raw in mails[:half]:
        personal.learn(bytes.fromhex(digest)[:16], judge(raw, None, 0).words, not wanted)
    for digest, wanted, raw in mails[half:]:
        yield One(digest, wanted, judge(raw, None, 0).opinion, raw)


def labelled() -> frozenset[str]:
    """Mails that were filed as wanted and are junk, by hand."""
    with LABELS.open(encoding="utf-8", newline="") as file:
        return frozenset(row["sha256"] for row in csv.DictReader(file, delimiter="\t"))


def figures() -> list[Real]:
    """The table's rows; none where the archives are not here."""
    if not all((corpus.ROOT / name).is_file() for name in ARCHIVES):
        return []
    misfiled = labelled()
    good: list[bool] = []
    junk: list[bool] = []
    notes = []
    for name in ARCHIVES:
        called = [(one, one.opinion.word is guard.Word.JUNK) for one in judged(name)]
        wanted = [was for one, was in called if one.wanted and one.digest not in misfiled]
        good += wanted
        if name not in WITHOUT_JUNK:
            junk += [was for one, was in called if not one.wanted]
        notes.append(f"{name.partition('.')[0]} {sum(wanted)} of {len(wanted):,}")
    return [
        Real("wanted mail called junk by a guard taught on the other half", clopper_pearson(sum(good), len(good)),
             f"bar 0.1%; {', '.join(notes)}; {len(misfiled)} that are junk by hand are left out"),
        Real("junk of spamassassin and csdmc2010 called junk, without a pack", clopper_pearson(sum(junk), len(junk)),
             "taught by half of each"),
    ]  # fmt: skip
