"""G9 and what hangs on it: which junk belongs together, against the campaigns of the simulated world.

The whole world is taken in and grouped by the product; every junk mail then has a campaign, or stands alone. The
references see the same rows: equal texts, and single links between texts whose bands collide (no guards, no keys).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from accuracy import botnets, kinds, mailboxes, reading
from accuracy.intervals import NONE, Estimate
from junkhound import campaign as room
from junkhound import sighting
from junkhound.campaign import forest, sketches
from junkhound.kernel import config
from junkhound.ledger.campaigns import Book
from junkhound.ledger.queries_campaigns import Campaigns
from junkhound.tables import Kind
from junkhound.verbs import grouping, pictures
from junkhound.verbs import ingest as verbs_ingest
from junkhound.verbs.campaigns import alias_of
from junkhound.verbs.office import Office
from junkhound.wire import jsonl

Ints = NDArray[np.int64]
Progress = Callable[[str, float], None]
DRAWS = 200


class Scores(NamedTuple):
    """How one grouping of the junk compares with the truth."""

    ari: Estimate
    v: Estimate
    precision: Estimate
    recall: Estimate
    pieces: Estimate  # groups that hold nine tenths of a campaign, the median campaign


class World(NamedTuple):
    """The groupings of one world by method, ours first; how much another order of arrival changes ours."""

    held: dict[str, Scores]
    order: Estimate
    nets: botnets.Scores
    told: kinds.Told | None = None


def settings_of(folder: Path, home: Path) -> config.Config:
    """The world's settings with a home of its own, judged in this process."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "junkhound.toml"
    text = (folder / "junkhound.toml").read_text("utf-8")
    known = f'\n[domains]\nrdap = "{(folder / "world/rdap.jsonl.zst").absolute()}"\n'  # what a register would answer
    path.write_text(text + f'\n[store]\nhome = "{home / "state"}"\n{known}', "utf-8")
    return replace(
        config.load(path), engine=config.Engine(name="inline", isolate=False), pictures=config.Pictures(ocr="none")
    )


def ingest(
    folder: Path, home: Path, progress: Progress, after: Callable[[Office], None] | None = None
) -> config.Config:
    """All junk of a world into a home; ``after`` each trap that was taken in."""
    loaded = settings_of(folder, home)
    traps = sorted((folder / "mail/traps").iterdir())
    for number, path in enumerate(traps):
        progress("junk of traps", number / len(traps))
        office = Office(loaded)
        name = path.name.removesuffix(".jsonl.zst")
        verbs_ingest.ingest(office, verbs_ingest.Request((str(path),), Kind.JUNK, trap=name))
        if after is not None:
            after(office)
        office.ledger.close()
    office = Office(loaded)
    boxes = sorted((folder / "mail/people").glob("*/Junk*"))
    mailboxes.take(office, boxes, lambda share: progress("junk of mailboxes", share))
    office.ledger.close()
    return loaded


def truths(folder: Path) -> dict[tuple[int, int], reading.Truth]:
    """What is true of every junk mail, by the id of its sighting."""
    found = {}
    with TemporaryDirectory(prefix="accuracy-truth-") as scratch:
        parts = reading.spread(folder, Path(scratch), ("junk",))
        for seen, true in (pair for part in parts for pair in reading.part(folder, part)):
            facts = jsonl.facts_of(dict(seen.facts), true.intake, int(Kind.JUNK), true.at)
            true.content, true.hops = {}, []  # of a world of millions only what groups need is held
            packed = sighting.sighting_id(sha256(seen.mail).digest(), true.intake, facts.origin.arrival)
            found[int.from_bytes(packed[:8], "big"), int.from_bytes(packed[8:], "big")] = true
    return found


def labels_of(office: Office) -> dict[tuple[int, int], tuple[int, int]]:
    """(campaign or 0, unit) of every junk sighting of a home."""
    queries = Campaigns(office.ledger.engine, office.ledger.snapshot())
    alias = alias_of(Book(office.ledger.state))
    with queries.aliased(alias):
        rows = queries.engine.rows(  # words of our own
            "SELECT p.id_hi, p.id_lo, coalesce(a.target, u.campaign, 0), coalesce(p.unit, 0)"  # noqa: S608
            f" FROM {queries.placed()} p LEFT JOIN {queries.grouped()} u USING (unit)"
            " LEFT JOIN alias a ON a.campaign = u.campaign"
        )
    return {(int(hi), int(lo)): (int(group), int(unit)) for hi, lo, group, unit in rows}


def run(folder: Path, scratch: Path, span: tuple[int, int], progress: Progress, order: bool = True) -> World:
    """All of it for one world."""
    office = Office(ingest(folder, scratch / "whole", progress))
    _grouped(office)
    true = truths(folder)
    ours = labels_of(office)
    ids = [one for one in true if one in ours]
    campaigns = np.array([true[one].campaign for one in ids], np.int64)
    groups = {"Junkhound": _alone([ours[one][0] for one in ids], [ours[one][1] for one in ids])}
    groups |= _references(office, [ours[one][1] for one in ids])
    nets = botnets.run(folder, office, true, ours, span)
    told = kinds.told(folder, office, true, ours)
    office.ledger.close()
    held = {name: score(found, campaigns) for name, found in groups.items()}
    changed = NONE
    if order:
        streamed = Office(ingest(folder, scratch / "streamed", progress, lambda office: _grouped(office)))
        _grouped(streamed)
        other = labels_of(streamed)
        streamed.ledger.close()
        there = [one for one in ids if one in other]
        found = _alone([other[one][0] for one in there], [other[one][1] for one in there])
        value = abs(ari(found, campaigns) - held["Junkhound"].ari.value)
        changed = Estimate(value, value, value, len(there))
    return World(held, changed, nets, told)


def _grouped(office: Office) -> None:
    """Pictures that are near-copies made one, none of them read; then everything grouped."""
    pictures.read(office, limit=1 << 30)
    grouping.group(office)


def _alone(groups: Sequence[int], units: Sequence[int]) -> Ints:
    """Campaigns as numbers; mail in none is together with its own text, and alone where it has none."""
    named: dict[tuple[str, int], int] = {}
    found = []
    for place, (group, unit) in enumerate(zip(groups, units, strict=True)):
        key = ("campaign", group) if group else ("unit", unit) if unit else ("mail", place)
        found.append(named.setdefault(key, len(named)))
    return np.array(found, np.int64)


def _references(office: Office, units: Sequence[int]) -> dict[str, Ints]:
    queries = grouping.units_of(office)
    numbers, place = np.unique(np.array(units, np.uint64), return_inverse=True)
    sketch, words, _ = queries.texts(numbers)
    rank = room.shuffled(numbers)
    labels = np.arange(len(numbers), dtype=np.int64)
    told = np.flatnonzero(words > 0)
    for mixed in sketches.bands(sketch[told], 4):
        a, b = sketches.neighbours(mixed, rank[told])
        labels = forest.joined(labels, labels[told[a]], labels[told[b]])
    return {"equal texts": place.reshape(-1).astype(np.int64), "single links by bands": labels[place.reshape(-1)]}


# -- figures --------------------------------------------------------------------------------------------------


def table(found: Ints, true: Ints) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """The cells of the contingency table: group, campaign, mails."""
    code, times = np.unique(found * (int(true.max()) + 1) + true, return_counts=True)
    return code // (int(true.max()) + 1), code % (int(true.max()) + 1), times.astype(float)


def _sums(of: Ints, cell: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.bincount(of, cell).astype(np.float64)


def ari(found: Ints, true: Ints) -> float:
    """The adjusted Rand index (Hubert and Arabie, Journal of Classification 2, 1985)."""
    group, campaign, cell = table(found, true)
    return _ari(cell, _sums(group, cell), _sums(campaign, cell))


def _ari(cell: NDArray[np.float64], rows: NDArray[np.float64], columns: NDArray[np.float64]) -> float:
    def two(n: Any) -> Any:
        return n * (n - 1) / 2

    together, one, other = two(cell).sum(), two(rows).sum(), two(columns).sum()
    chance = one * other / two(cell.sum())
    most = (one + other) / 2
    return float((together - chance) / (most - chance)) if most != chance else 1.0


def v_measure(found: Ints, true: Ints) -> float:
    """The harmonic mean of homogeneity and completeness (Rosenberg and Hirschberg, EMNLP 2007)."""
    group, campaign, cell = table(found, true)
    total = cell.sum()
    rows, columns = _sums(group, cell), _sums(campaign, cell)

    def entropy(counts: NDArray[np.float64]) -> float:
        some = counts[counts > 0] / total
        return float(-(some * np.log(some)).sum())

    given_group = float(-(cell / total * np.log(cell / rows[group])).sum())
    given_campaign = float(-(cell / total * np.log(cell / columns[campaign])).sum())
    homogeneous = 1 - given_group / entropy(columns) if entropy(columns) else 1.0
    complete = 1 - given_campaign / entropy(rows) if entropy(rows) else 1.0
    return 2 * homogeneous * complete / (homogeneous + complete) if homogeneous + complete else 0.0


def b_cubed(found: Ints, true: Ints) -> tuple[float, float]:
    """Precision and recall of the mean mail (Bagga and Baldwin, ACL 1998), on campaigns of two mails and more."""
    some = np.bincount(true)[true] > 1
    found, true = found[some], true[some]
    group, campaign, cell = table(found, true)
    rows, columns = _sums(group, cell), _sums(campaign, cell)
    total = cell.sum()
    return float((cell**2 / rows[group]).sum() / total), float((cell**2 / columns[campaign]).sum() / total)


def pieces(found: Ints, true: Ints) -> float:
    """In how many groups nine tenths of the mail of the median campaign (of ten mails and more) are."""
    held: dict[int, Counter[int]] = defaultdict(Counter)
    for group, campaign in zip(found.tolist(), true.tolist(), strict=True):
        held[campaign][group] += 1
    counts = []
    for groups in held.values():
        size = sum(groups.values())
        if size >= 10:
            sums = np.cumsum(sorted(groups.values(), reverse=True))
            counts.append(1 + int(np.searchsorted(sums, 0.9 * size)))
    return float(np.median(counts)) if counts else math.nan


def score(found: Ints, true: Ints) -> Scores:
    """Every figure with its interval: campaigns are drawn anew."""
    names, place = np.unique(true, return_inverse=True)
    members = [np.flatnonzero(place == number) for number in range(len(names))]
    chance = np.random.default_rng(1)
    drawn: list[tuple[float, float, float, float]] = []
    for _ in range(DRAWS):
        picks = chance.integers(0, len(members), len(members))
        rows = np.concatenate([members[pick] for pick in picks])
        # a campaign drawn twice is two campaigns, and its groups are two
        again = np.repeat(np.arange(len(picks)), [len(members[pick]) for pick in picks])
        drawn_before = [int((picks[:n] == pick).sum()) for n, pick in enumerate(picks)]
        doubled = found[rows] * (len(picks) + 1) + np.array(drawn_before)[again]
        drawn.append((ari(doubled, again), v_measure(doubled, again), *b_cubed(doubled, again)))
    low, high = np.quantile(np.array(drawn), 0.025, axis=0), np.quantile(np.array(drawn), 0.975, axis=0)
    values = (ari(found, true), v_measure(found, true), *b_cubed(found, true))
    made = [Estimate(value, float(low[n]), float(high[n]), len(true), len(names)) for n, value in enumerate(values)]
    parts = pieces(found, true)
    return Scores(made[0], made[1], made[2], made[3], Estimate(parts, parts, parts, len(names)))
