"""Every goal on worlds of evaluation seeds, beside the reference methods and real mail.

python -m accuracy                          tier S, seeds 1000 (2006) and 1001 (modern); writes docs/accuracy.md
python -m accuracy --quick                  the tiny tier, to see that everything runs; the page stays as it is
python -m accuracy --lists                  G4 to G8 alone, in a quarter of the time
python -m accuracy --tier M --seed 1000     other worlds; --no-lists leaves out the slow part
python -m accuracy --tracing                tracing alone; the other tables of the page stay as they are
python -m accuracy --groups                 campaigns, botnets, actors alone; so --content and --guard
python -m accuracy --race                   the guard against rspamd and SpamAssassin, alone
python -m accuracy --guard --race --more 2  on two worlds more, of the seeds behind those of the page
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import Any

from accuracy import (
    baselines,
    blocks,
    campaigns,
    classes,
    content,
    corpus,
    goals,
    guarding,
    hub,
    lists,
    race,
    report,
    templates,
    tracing,
    wanted,
    written,
)
from accuracy.baselines import HOUR
from spamworld.out.forms import instant

OUT = Path(__file__).parent / "out"
PARTS = {
    "tracing": ("G1", "G2", "G3"),
    "lists": ("G4", "G5", "G6", "G7", "G8"),
    "groups": ("G9", "G11", "G12", "G15", "G23"),
    "content": ("G10", "G13", "G14"),
    "guard": ("G26",),
    "race": (),
}
"""What can be measured alone, and the goals it serves."""
GUARD = ("guard", "race")
DRAWN = 2  # touts drawn under each kind of noise
WARM_H = 6
SHARES = {"M": tracing.Share(good=16, junk=3, texts=False)}
"""By tier, what of its mails is scored, so that two millions take minutes; their mails are much alike."""
MORE = 4  # seeds from the first world to the first of those on which the guard alone is measured
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
    folder: Path, manifest: dict[str, Any], parts: Container[str], limit: int, progress: Progress,
    pictures: dict[int, content.Read] | None = None,
) -> goals.World:  # fmt: skip
    """The figures of one world that belong to the asked ``parts``."""
    name = f"{manifest['tier']} {manifest['variant']}"

    def tell(what: str, share: float) -> None:
        progress(f"{name}: {what}", share)

    span = instant(manifest["start"]), instant(manifest["end"])
    traced, held, grouped, networks = tracing.Tally(), dict[str, lists.Scores](), None, None
    if "tracing" in parts:
        some = SHARES.get(manifest["tier"], tracing.ALL)
        traced = tracing.run(folder, limit, lambda share: tell("tracing", share), some=some)
    if "lists" in parts:
        held, networks = _lists(folder, manifest, tell)
    if "groups" in parts:
        with tempfile.TemporaryDirectory(prefix="accuracy-groups-") as scratch:
            grouped = campaigns.run(folder, Path(scratch), span, tell, order=manifest["tier"] != "M")
    guarded, raced = _guarded(folder, parts, tell)
    touts = content.touts(folder) if "content" in parts else None
    return goals.World(
        name, tracing.score(traced.part(lambda cell: cell[0] == "junk")), tracing.score(traced),
        tracing.by_strategy(traced), tracing.by_class(traced),
        tracing.by_network(traced), held, grouped, guarded, touts, pictures,
        classes.score(traced), raced, templates.run(folder) if "content" in parts else None, networks,
    )  # fmt: skip


def _guarded(
    folder: Path, parts: Container[str], progress: Progress
) -> tuple[guarding.Scores | None, Sequence[race.Ran]]:  # fmt: skip
    """The guard's figures and its race against other filters, from one home; the race only where they are installed."""
    racing = "race" in parts and not race.absent()
    if "race" in parts and not racing:
        print(f"no race: {race.absent()}", file=sys.stderr)
    if not racing and "guard" not in parts:
        return None, ()
    with hub.opened(folder, progress) as home:
        guarded = guarding.score(guarding.run(folder, home, progress)) if "guard" in parts else None
        return guarded, race.run(folder, home, progress) if racing else ()


def _lists(folder: Path, manifest: dict[str, Any], progress: Progress) -> tuple[dict[str, lists.Scores], blocks.Scores]:
    start, end = instant(manifest["start"]), instant(manifest["end"])
    with tempfile.TemporaryDirectory(prefix="accuracy-home-") as home:
        settings = lists.ingest(folder, Path(home) / "home", manifest["start"][:10], progress)
        ours = lists.decide(settings, start, end, progress)
    mails = lists.arrivals(folder)
    warm = start + WARM_H * HOUR  # nobody lists before something was seen
    routes = baselines.Routes(folder / "routes.csv")
    accusing = [held for held in ours if held.name in ("Junkhound, snowshoe", "Junkhound, escalated")]
    scores = {held.name: lists.score(held, mails, warm) for held in (*ours, *lists.references(mails, routes))}
    return scores, blocks.score(folder, accusing, mails)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m accuracy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tier", default="S", choices=["tiny", "demo", "S", "M"])
    parser.add_argument("--seed", type=int, default=FIRST, help=f"of the first world; from {FIRST} for the page")
    parser.add_argument("--variant", action="append", choices=["2006", "modern"], help="default: both")
    parser.add_argument("--worlds", type=Path, help="keep the worlds here, and take those that are there")
    parser.add_argument("--limit", type=int, default=0, help="trace only so many mails of each world")
    parser.add_argument("--more", type=int, default=0, help="worlds on which the guard alone is measured besides")
    parser.add_argument("--no-lists", action="store_true", help="leave out G4 to G8")
    for name, served in PARTS.items():
        parser.add_argument(f"--{name}", action="store_true", help=f"{', '.join(served)} alone; other figures stay")
    parser.add_argument("--no-corpus", action="store_true", help="leave out real mail")
    parser.add_argument("--quick", action="store_true", help="the tiny tier; the page stays as it is")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser.parse_args()


def _more(
    asked: argparse.Namespace, tier: str, variants: Sequence[str], parts: Container[str], where: Path,
    progress: Progress,
) -> tuple[list[goals.World], list[dict[str, Any]]]:  # fmt: skip
    """Worlds on which the guard alone is measured, and their manifests."""
    found, manifests = [], []
    for number in range(asked.more):
        variant, seed = variants[number % len(variants)], asked.seed + MORE + number
        folder = where / f"{tier}-{variant}-{seed}"
        manifests.append(world(folder, tier, variant, seed))
        only = [name for name in GUARD if name in parts]
        one = measure(folder, manifests[-1], only, asked.limit, progress)
        found.append(one._replace(name=f"{one.name}, seed {seed}"))
    return found, manifests


def _archives(
    asked: argparse.Namespace, parts: Container[str], progress: Progress
) -> dict[str, Sequence[race.Ran]]:  # fmt: skip
    """The race on real mail, where that is here."""
    if "race" not in parts or asked.no_corpus or asked.quick or race.absent():
        return {}
    known = [name for name in race.ARCHIVES if (corpus.ROOT / name).is_file()]
    return {name.partition(".")[0]: race.real(name, progress) for name in known}


def main() -> int:
    asked = _asked()
    tier = "tiny" if asked.quick else asked.tier
    variants = asked.variant or ["2006", "modern"]
    alone = [name for name in PARTS if getattr(asked, name)]
    parts = alone or [name for name in PARTS if not (name == "lists" and asked.no_lists)]
    if asked.limit or asked.quick:
        parts = alone or [name for name in parts if name not in ("guard", "content", "race")]
    whole = len(parts) == len(PARTS)
    publish = tier in ("S", "M") and asked.seed >= FIRST and bool(whole or alone) and not asked.limit

    def progress(what: str, share: float) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{what} {share:.0%}", end="", file=sys.stderr, flush=True)

    worlds, manifests = [], []
    pictures = content.drawn(DRAWN) if "content" in parts else None
    with tempfile.TemporaryDirectory(prefix="accuracy-") as scratch:
        for number, variant in enumerate(variants):
            seed = asked.seed + number
            folder = (asked.worlds or Path(scratch)) / f"{tier}-{variant}-{seed}"
            folder.parent.mkdir(parents=True, exist_ok=True)
            progress(f"{tier} {variant}: making the world", 0.0)
            manifests.append(world(folder, tier, variant, seed))
            worlds.append(measure(folder, manifests[-1], parts, asked.limit, progress, pictures))
        more, others = _more(asked, tier, variants, parts, asked.worlds or Path(scratch), progress)
    with_real = "tracing" in parts and not (asked.no_corpus or asked.quick)
    real = [*corpus.handover(), *corpus.honest(), *written.figures()] if with_real else []
    of_guard = wanted.figures() if "guard" in parts and not (asked.no_corpus or asked.quick) else []
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr)
    made = list(report.tables(worlds, real, of_guard, more, _archives(asked, parts, progress)))
    OUT.mkdir(exist_ok=True)
    said = report.answer(worlds, real, manifests)
    (OUT / ("accuracy.json" if publish and whole else "part.json")).write_text(said, "utf-8")
    print(said if asked.json else "\n".join(report.plain(*one) for one in made))
    if publish:
        served = [goal for name in parts for goal in PARTS[name]]
        page = report.PAGE.read_text("utf-8")
        page = report.renewed(page, tier, manifests, made, parts, None if whole else served, (others, GUARD))
        report.PAGE.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
