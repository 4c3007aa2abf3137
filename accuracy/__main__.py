"""Every goal on worlds of evaluation seeds, beside the reference methods and real mail.

python -m accuracy                          tier S, seeds 1000 (2006) and 1001 (modern); writes docs/accuracy.md
python -m accuracy --quick                  the tiny tier, to see that everything runs; the page stays as it is
python -m accuracy --lists                  G4 to G8 alone, in a quarter of the time
python -m accuracy --tier M --seed 1000     other worlds; --no-lists leaves out the slow part
python -m accuracy --tracing                tracing alone; the other tables of the page stay as they are
python -m accuracy --groups                 campaigns, botnets, actors alone; --guard: the inbox guard alone
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from accuracy import campaigns, corpus, goals, guarding, lists, report, tracing
from accuracy.baselines import HOUR
from spamworld.out.forms import instant

OUT = Path(__file__).parent / "out"
TRACING = ("G1", "G2", "G3")
LISTS = ("G4", "G5", "G6", "G7", "G8")
GUARD = ("G26",)
GROUPS = ("G9", "G11", "G12", "G23")
WARM_H = 6
FIRST = 1000
"""Seeds below are for tuning; no figure is published on them."""

Progress = Callable[[str, float], None]


def world(folder: Path, tier: str, variant: str, seed: int) -> dict[str, Any]:
    """Make a world by the command; gives its manifest. A world that is there is taken as it is."""
    path = folder / "manifest.json"
    if not path.exists() or "mails" not in json.loads(path.read_text("utf-8")):
        command = [sys.executable, "-m", "spamworld", "gen", "--tier", tier, "--seed", str(seed), "--variant", variant]
        command += ["--out", str(folder), "--anew", "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def measure(
    folder: Path, manifest: dict[str, Any], with_lists: bool, limit: int, progress: Progress, with_groups: bool = True,
    with_guard: bool = True,
) -> goals.World:  # fmt: skip
    """All figures of one world; a ``limit`` below 0 leaves out tracing."""
    name = f"{manifest['tier']} {manifest['variant']}"
    progress(f"{name}: tracing", 0.0)
    traced = (
        tracing.Tally() if limit < 0 else tracing.run(folder, limit, lambda share: progress(f"{name}: tracing", share))
    )
    junk = traced.part(lambda cell: cell[0] == "junk")
    held: dict[str, lists.Scores] = {}
    if with_lists:
        held = _lists(folder, manifest, lambda what, share: progress(f"{name}: {what}", share))
    tell = lambda what, share: progress(f"{name}: {what}", share)  # noqa: E731
    with tempfile.TemporaryDirectory(prefix="accuracy-groups-") as scratch:
        span = instant(manifest["start"]), instant(manifest["end"])
        grouped = campaigns.run(folder, Path(scratch), span, tell) if with_groups else None
    guarded = guarding.score(guarding.run(folder, tell)) if with_guard else None
    return goals.World(
        name, tracing.score(junk), tracing.score(traced), tracing.by_strategy(traced), tracing.by_class(traced), held,
        grouped, guarded,
    )  # fmt: skip


def _lists(folder: Path, manifest: dict[str, Any], progress: Progress) -> dict[str, lists.Scores]:
    start, end = instant(manifest["start"]), instant(manifest["end"])
    with tempfile.TemporaryDirectory(prefix="accuracy-home-") as home:
        settings = lists.ingest(folder, Path(home) / "home", manifest["start"][:10], progress)
        ours = lists.decide(settings, start, end, progress)
    mails = lists.arrivals(folder)
    warm = start + WARM_H * HOUR  # nobody lists before something was seen
    return {held.name: lists.score(held, mails, warm) for held in (*ours, *lists.references(mails))}


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m accuracy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tier", default="S", choices=["tiny", "demo", "S", "M"])
    parser.add_argument("--seed", type=int, default=FIRST, help=f"of the first world; from {FIRST} for the page")
    parser.add_argument("--variant", action="append", choices=["2006", "modern"], help="default: both")
    parser.add_argument("--worlds", type=Path, help="keep the worlds here, and take those that are there")
    parser.add_argument("--limit", type=int, default=0, help="trace only so many mails of each world")
    parser.add_argument("--no-lists", action="store_true", help="leave out G4 to G7")
    parser.add_argument("--tracing", action="store_true", help="G1 to G3 alone; the page's other figures stay")
    parser.add_argument("--lists", action="store_true", help="G4 to G8 alone; the page's other figures stay")
    parser.add_argument("--groups", action="store_true", help="G9, G11, G12, G23 alone; the page's other figures stay")
    parser.add_argument("--guard", action="store_true", help="G26 alone; the page's other figures stay")
    parser.add_argument("--no-corpus", action="store_true", help="leave out real mail")
    parser.add_argument("--quick", action="store_true", help="the tiny tier; the page stays as it is")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser.parse_args()


def main() -> int:
    asked = _asked()
    tier = "tiny" if asked.quick else asked.tier
    variants = asked.variant or ["2006", "modern"]
    wanted = ((asked.tracing, TRACING), (asked.lists, LISTS), (asked.groups, GROUPS), (asked.guard, GUARD))
    alone = next((goals_of for said, goals_of in wanted if said), ())
    whole = not (asked.limit or asked.no_lists or asked.quick or alone)
    publish = tier in ("S", "M") and asked.seed >= FIRST and bool(whole or alone)
    with_lists = not (asked.no_lists or asked.tracing or asked.guard or asked.groups)

    def progress(what: str, share: float) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{what} {share:.0%}", end="", file=sys.stderr, flush=True)

    worlds, manifests = [], []
    with tempfile.TemporaryDirectory(prefix="accuracy-") as scratch:
        for number, variant in enumerate(variants):
            seed = asked.seed + number
            folder = (asked.worlds or Path(scratch)) / f"{tier}-{variant}-{seed}"
            folder.parent.mkdir(parents=True, exist_ok=True)
            progress(f"{tier} {variant}: making the world", 0.0)
            manifests.append(world(folder, tier, variant, seed))
            traced = -1 if asked.lists or asked.guard or asked.groups else asked.limit
            with_guard = asked.guard or whole
            worlds.append(
                measure(folder, manifests[-1], with_lists, traced, progress, asked.groups or not alone, with_guard)
            )
    real = (
        []
        if asked.no_corpus or asked.quick or asked.lists or asked.guard or asked.groups
        else [*corpus.handover(), *corpus.honest()]
    )
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    made = list(report.tables(worlds, real))
    OUT.mkdir(exist_ok=True)
    said = report.answer(worlds, real, manifests)
    (OUT / ("accuracy.json" if publish and whole else "part.json")).write_text(said, "utf-8")
    print(said if asked.json else "\n".join(report.plain(*one) for one in made))
    if publish and asked.tracing:
        page = report.renew(report.PAGE.read_text("utf-8"), made, TRACING)
        report.PAGE.write_text(page, "utf-8")
    elif publish and alone:
        about = [one for one in made if one[0] == "Goals" or (asked.lists and one[0].startswith("Lists"))]
        report.PAGE.write_text(report.renew(report.PAGE.read_text("utf-8"), about, alone), "utf-8")
    elif publish:
        measured = "\n".join([report.base(manifests), *(report.markdown(*one) for one in made)])
        report.PAGE.write_text(report.rewrite(report.PAGE.read_text("utf-8"), measured), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
