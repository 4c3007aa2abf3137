"""G26's race: the guard, rspamd and SpamAssassin judge the next day's mail of a world in one run; the gain to each.

All three are taught the same sample of people's mail of the days before, sorted as they left it, into one model each;
the guard has its hub's pack of those days besides, which is what it is for. Neither of the others may ask the network.
Every sampled mail of a day is judged before any mail of that day is taught. All give points, so they are compared at
equal false positives: each one's bound is drawn where it moves none of the wanted mails, and where 1 of 1,000.

    python -m accuracy.race WORLD... [--junk 100] [--good 250]
"""

from __future__ import annotations

import argparse
import math
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from accuracy import corpus, guarding, reading, rspamd, spamd
from accuracy.hub import DAY, Hub, opened
from accuracy.intervals import Estimate, clopper_pearson, share
from accuracy.wanted import WANTED
from junkhound import guard, trace
from junkhound.kernel import config, net

WARM = 2
JUNK, GOOD = 100, 250  # most mails of a day that are judged
TAUGHT = 200  # most wanted mails of a day that are taught, and most junk
PARALLEL = 4
ADDED = {"rspamd": 6.0, "SpamAssassin": 5.0}
"""Points of the manual's snippets (docs/guard.md); tests/guard shows that the programs themselves add them."""
USUAL = {"rspamd": 6.0, "SpamAssassin": 5.0}
"""From how many points on each calls a mail junk as it is shipped: rspamd adds its header, SpamAssassin its mark."""


class Ran(NamedTuple):
    """One mail, and what each said of it."""

    kind: str
    group: int
    category: str
    ours: float
    word: str
    rspamd: float
    spamassassin: float


class Mail(NamedTuple):
    """A mail of a person's with what a mail server would tell of its session."""

    octets: bytes
    true: Any
    session: dict[str, str]
    junk: bool


def absent() -> str:
    """What is missing for a race, or nothing."""
    missing = [name for name in ("rspamd", "spamd") if shutil.which(name) is None]
    return f"{' and '.join(missing)} not installed (make peers)" if missing else ""


def versions() -> str:
    """Which programs took part."""
    said = [_first_line("rspamd"), _first_line("spamassassin")]
    return f"rspamd {said[0].rpartition(' ')[2]}, SpamAssassin {said[1].rpartition(' ')[2]}"


def _first_line(program: str) -> str:
    path = shutil.which(program) or program
    return subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.partition("\n")[0]  # noqa: S603


def run(
    folder: Path, hub: Hub, progress: guarding.Progress, junk: int = JUNK, good: int = GOOD
) -> list[Ran]:  # fmt: skip
    """The race on one world, which a hub took in. Errors: SystemExit for one that does not start."""
    with ExitStack() as stack:
        stated = {name for names in reading.relays(folder).values() for name in names}
        relays = sorted(name for name in stated if net.parse(name) is not None)
        filters = Filters(stack.enter_context(rspamd.running()), stack.enter_context(spamd.running(relays)))
        pool = stack.enter_context(ThreadPoolExecutor(PARALLEL))
        return list(_days(folder, hub, filters, pool, (junk, good), progress))


class Filters(NamedTuple):
    """The two others, running."""

    rspamd: rspamd.Rspamd
    spamd: spamd.Spamd

    def judge(self, mail: Mail) -> tuple[float, float]:
        return float(self.rspamd.said(mail.octets, mail.session)["score"]), self.spamd.score(mail.octets)

    def learn(self, mail: Mail) -> None:
        self.rspamd.learn(mail.octets, mail.junk)
        self.spamd.learn(mail.octets, mail.junk)


def _days(
    folder: Path, hub: Hub, filters: Filters, pool: ThreadPoolExecutor, most: tuple[int, int],
    progress: guarding.Progress,
) -> Iterator[Ran]:  # fmt: skip
    loaded = config.load(hub.settings)
    borders = reading.borders(folder)
    by_day = _by_day(folder)
    personal = guard.Personal(b"race of the guard")
    for number, day in enumerate(sorted(by_day)):
        progress(f"race, day {number + 1}", number / len(by_day))
        book, routes = hub.books.get(day, guard.empty()), guarding.routes_on(loaded, day)

        def judged(mail: Mail, book: guard.Book = book, routes: Any = routes) -> guard.Judged:
            border = borders[mail.true.intake]
            return guard.Judge(book, guard.shipped(), border, routes, personal)(mail.octets, None, mail.true.at)

        if number >= min(WARM, len(by_day) - 1):
            some = _sample(by_day[day], "judged", *most)
            some = [mail._replace(session=_session(judged(mail).verdict)) for mail in some]
            for mail, theirs in zip(some, pool.map(filters.judge, some), strict=True):
                ours = judged(mail).opinion
                yield Ran(mail.true.kind, mail.true.group, mail.true.category, ours.score, str(ours.word), *theirs)
        taught = _sample(by_day[day], "taught", TAUGHT, TAUGHT)
        list(pool.map(filters.learn, taught))
        for mail in taught:
            personal.learn(sha256(mail.octets).digest()[:16], judged(mail).words, mail.junk)


def _by_day(folder: Path) -> dict[int, list[Mail]]:
    found: dict[int, list[Mail]] = defaultdict(list)
    for seen, true in sorted(reading.pairs(folder, "mail/people/"), key=lambda pair: pair[1].at):
        if true.kind in ("good", "junk"):
            found[true.at // DAY].append(Mail(seen.mail, true, {}, true.kind == "junk"))
    return found


def _sample(mails: Sequence[Mail], what: str, junk: int, good: int) -> list[Mail]:
    """So many of each kind, by the order of their hashes."""

    def place(mail: Mail) -> bytes:
        return sha256(f"{what} {mail.true.id}".encode()).digest()

    found = [sorted((mail for mail in mails if mail.true.kind == kind), key=place)[:most]
             for kind, most in (("junk", junk), ("good", good))]  # fmt: skip
    return found[0] + found[1]


def _session(verdict: trace.Verdict) -> dict[str, str]:
    """Headers by which rspamd is told of a session: what the person's own relay saw of the machine that handed over."""
    said = {"IP": verdict.handover, "Helo": verdict.helo, "Hostname": verdict.rdns}
    return {name: str(value) for name, value in said.items() if value}


# --- real mail -------------------------------------------------------------------------------------------------


ARCHIVES = ("spamassassin.tar.gz", "csdmc2010.tar.gz")
"""Collections of real mail with both kinds in them."""
MOST_REAL = 600  # mails of each kind that are taught, and that are judged


def real(name: str, progress: guarding.Progress) -> list[Ran]:
    """The race on one archive of real mail: all three are taught mails of one half by hash, and judge the other half.

    There is no pack, for nobody has the trap mail of those days: of the guard the person's model and the trace run.
    """
    border, _ = corpus.honest_mails(name)
    mails = sorted((sha256(raw).digest(), label in WANTED, raw) for label, raw in corpus.messages(corpus.ROOT / name))
    half = len(mails) // 2
    personal = guard.Personal(b"race of the guard")
    judge = guard.Judge(guard.empty(), guard.shipped(), border, None, personal)
    with ExitStack() as stack:
        filters = Filters(stack.enter_context(rspamd.running()), stack.enter_context(spamd.running(())))
        pool = stack.enter_context(ThreadPoolExecutor(PARALLEL))
        taught = _some(mails[:half])
        progress(f"race, {name}: teaching", 0.0)
        list(pool.map(filters.learn, taught))
        for mail in taught:
            personal.learn(sha256(mail.octets).digest()[:16], judge(mail.octets, None, 0).words, mail.junk)
        progress(f"race, {name}: judging", 0.5)
        said = [judge(mail.octets, None, 0) for mail in _some(mails[half:])]
        some = [mail._replace(session=_session(one.verdict))
                for mail, one in zip(_some(mails[half:]), said, strict=True)]  # fmt: skip
        return [
            Ran("junk" if mail.junk else "good", number, "", ours.opinion.score, str(ours.opinion.word), *theirs)
            for number, (mail, ours, theirs) in enumerate(zip(some, said, pool.map(filters.judge, some), strict=True))
        ]


def _some(mails: Sequence[tuple[bytes, bool, bytes]]) -> list[Mail]:
    """The first of each kind."""
    return [
        Mail(raw, None, {}, junk) for junk in (True, False)
        for raw in [raw for _, wanted, raw in mails if wanted is not junk][:MOST_REAL]
    ]  # fmt: skip


# --- figures ---------------------------------------------------------------------------------------------------


class Lane(NamedTuple):
    """One contestant: junk caught where no wanted mail is moved, and where 1 of 1,000 is; and as it is shipped."""

    name: str
    none: Estimate
    thousandth: Estimate
    usual: Estimate
    usual_false: Estimate


def score(ran: Sequence[Ran]) -> list[Lane]:
    """Every contestant, alone and with us."""
    helped = {name: [ADDED[name] * (one.word == "junk") for one in ran] for name in ADDED}
    alone = {"rspamd": [one.rspamd for one in ran], "SpamAssassin": [one.spamassassin for one in ran]}
    lanes = [_lane("Junkhound", ran, [one.ours for one in ran], [one.word == "junk" for one in ran])]
    for name, points in alone.items():
        both = [a + b for a, b in zip(points, helped[name], strict=True)]
        for words, values in ((name, points), (f"{name} with Junkhound's snippet", both)):
            lanes.append(_lane(words, ran, values, [value >= USUAL[name] for value in values]))
    return lanes


def _lane(name: str, ran: Sequence[Ran], points: Sequence[float], moved: Sequence[bool]) -> Lane:
    good = sorted((value for value, one in zip(points, ran, strict=True) if one.kind == "good"), reverse=True)
    groups = [one.group for one in ran if one.kind == "junk"]

    def caught(bound: float) -> Estimate:
        hits = [value > bound for value, one in zip(points, ran, strict=True) if one.kind == "junk"]
        return share(hits, groups)

    allowed = len(good) // 1000
    by_kind = {
        kind: [was for was, one in zip(moved, ran, strict=True) if one.kind == kind] for kind in ("junk", "good")
    }
    return Lane(
        name, caught(good[0] if good else -math.inf), caught(good[allowed] if good else -math.inf),
        share(by_kind["junk"], groups), clopper_pearson(sum(by_kind["good"]), len(good)),
    )  # fmt: skip


def main(words: Iterable[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m accuracy.race", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("worlds", nargs="+", type=Path)
    parser.add_argument("--junk", type=int, default=JUNK, help="most junk mails of a day")
    parser.add_argument("--good", type=int, default=GOOD, help="most wanted mails of a day")
    said = parser.parse_args(None if words is None else list(words))
    missing = absent()
    if missing:
        raise SystemExit(missing)
    print(versions())
    for folder in said.worlds:
        with opened(folder, guarding.told(folder.name)) as hub:
            for lane in score(run(folder, hub, guarding.told(folder.name), said.junk, said.good)):
                print(f"\n{folder.name}: {lane}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
