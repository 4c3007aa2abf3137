"""G26 on real mail: how much wanted mail of the archives a guard calls junk that was taught by the other half.

Each archive is one person's mailbox, halved by the order of the mails' hashes; each half is judged by a guard that was
taught the other, as it was filed. There is no pack, for nobody has the trap mail of those days, so these are figures of
the person's model and the trace alone. A list's archive has no junk folder: its person has that of another archive.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from accuracy import corpus
from accuracy.corpus import Real
from accuracy.intervals import NONE, clopper_pearson
from junkhound import guard

ARCHIVES = ("spamassassin.tar.gz", "csdmc2010.tar.gz", "vger-lists.tar.gz")
WITHOUT_JUNK = {"vger-lists.tar.gz": "csdmc2010.tar.gz"}
WANTED = ("ham", "list")
FALSE, CAUGHT = "wanted mail of three archives called junk", "junk of two of them called junk, without a pack"


class One(NamedTuple):
    """One judged mail of an archive."""

    digest: str
    wanted: bool
    opinion: guard.Opinion
    mail: bytes


def judged(name: str, swapped: bool = False) -> Iterator[One]:
    """The second half of an archive, judged by a guard that was taught the first; ``swapped`` the other way round."""
    border, _ = corpus.honest_mails(name)
    personal = guard.Personal(b"wanted mail of an archive")
    judge = guard.Judge(guard.empty(), guard.shipped(), border, None, personal)
    here = corpus.messages(corpus.ROOT / name)
    mails = [(sha256(raw).hexdigest(), label in WANTED, raw) for label, raw in here]
    if name in WITHOUT_JUNK:
        other = corpus.messages(corpus.ROOT / WITHOUT_JUNK[name])
        mails += [(sha256(raw).hexdigest(), False, raw) for label, raw in other if label not in WANTED]
    mails.sort(key=lambda mail: mail[0], reverse=swapped)
    half = len(mails) // 2
    for digest, wanted, raw in mails[:half]:
        personal.learn(bytes.fromhex(digest)[:16], judge(raw, None, 0).words, not wanted)
    for digest, wanted, raw in mails[half:]:
        yield One(digest, wanted, judge(raw, None, 0).opinion, raw)


def figures() -> list[Real]:
    """The table's rows; where the archives are not here they say so."""
    if not all((corpus.ROOT / name).is_file() for name in ARCHIVES):
        return [Real(FALSE, NONE, "the archives are not on this machine", "<= 0.1%")]
    good: list[bool] = []
    junk: list[bool] = []
    notes = []
    for name in ARCHIVES:
        called = [
            (one, one.opinion.word is guard.Word.JUNK) for swapped in (False, True) for one in judged(name, swapped)
        ]
        wanted = [was for one, was in called if one.wanted]
        good += wanted
        if name not in WITHOUT_JUNK:
            junk += [was for one, was in called if not one.wanted]
        notes.append(f"{name.partition('.')[0]} {sum(wanted)} of {len(wanted):,}")
    halves = "each half judged by a guard taught on the other"
    return [
        Real(FALSE, clopper_pearson(sum(good), len(good)), f"{halves}; {', '.join(notes)}", "<= 0.1%"),
        Real(CAUGHT, clopper_pearson(sum(junk), len(junk)), halves),
    ]
