"""G1, G2, G3: who handed it over, who really sent it, which lines are forged; and how sure the product was.

The product is asked as a library: ``read`` and ``judge`` with the boundary that the operator states. Beside it stand
the reference methods of ``baselines`` on the same lines.
"""

from __future__ import annotations

import math
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from accuracy import baselines, reading, remembered
from accuracy.intervals import BINS, NONE, Estimate, binned_error, clopper_pearson, grouped
from junkhound import content, trace
from junkhound.evidence.message import parse
from junkhound.kernel import net
from junkhound.wire import jsonl

RECEIVED = b"received"
SURE = 0.99
Progress = Callable[[float], None]
METHODS = ("last-Received", "first-public", "SA-style trust walk")


class Traced(NamedTuple):
    """One mail: what is true, what was said. Addresses are text, "" for no answer."""

    group: int
    kind: str
    strategy: str
    class_: str
    asn: int
    country: str
    injector: str
    handover: str
    said: str  # the first candidate
    three: tuple[str, ...]
    source: str  # the one named as source, if any
    blamed: str
    said_handover: str
    confidence: float
    anchored: bool
    forged: int
    found: int
    genuine: int
    flagged: int
    others: tuple[str, ...]
    said_class: str = ""


class Tally:
    """What was said of any number of mails, in sums by (kind, strategy, class) and group: the mails themselves go."""

    def __init__(self) -> None:
        self.sums: dict[tuple[str, str, str], dict[int, list[int]]] = {}
        self.bins: dict[tuple[str, str, str], list[list[float]]] = {}
        self.nets: dict[tuple[int, str], dict[int, list[int]]] = {}  # junk by the injector's AS number and country
        self.said: dict[tuple[str, str, str], dict[int, int]] = {}
        """Mails by (kind, true class, class that was said) and group."""

    def add(self, row: Traced) -> None:
        """Count one mail."""
        cell = row.kind, row.strategy, row.class_
        right, answered = row.said == row.injector, bool(row.said)
        values = (
            1, row.anchored, row.anchored and row.said_handover == row.handover, answered, answered and right,
            answered and row.injector in row.three, answered and not right and row.confidence >= SURE,
            row.forged, row.found, row.genuine, row.flagged,
            *(other == row.injector for other in row.others), *(other == row.handover for other in row.others),
        )  # fmt: skip
        _add(self.sums.setdefault(cell, {}), row.group, values)
        if row.kind == "junk":
            _add(self.nets.setdefault((row.asn, row.country), {}), row.group, values)
        told = self.said.setdefault((row.kind, row.class_, row.said_class), {})
        told[row.group] = told.get(row.group, 0) + 1
        if answered:
            sizes, stated, hits = self.bins.setdefault(cell, [[0.0] * BINS for _ in range(3)])
            place = min(int(row.confidence * BINS), BINS - 1)
            sizes[place] += 1
            stated[place] += row.confidence
            hits[place] += right

    def merge(self, other: Tally) -> None:
        """Take over what another has counted."""
        for cell, groups in other.sums.items():
            for group, held in groups.items():
                _add(self.sums.setdefault(cell, {}), group, held)
        for place, groups in other.nets.items():
            for group, held in groups.items():
                _add(self.nets.setdefault(place, {}), group, held)
        for cell, mails in other.said.items():
            told = self.said.setdefault(cell, {})
            for group, count in mails.items():
                told[group] = told.get(group, 0) + count
        for cell, bins in other.bins.items():
            kept = self.bins.get(cell)
            self.bins[cell] = bins if kept is None else [
                [a + b for a, b in zip(*pair, strict=True)] for pair in zip(kept, bins, strict=True)
            ]  # fmt: skip

    @property
    def mails(self) -> int:
        """How many were counted."""
        return sum(held[0] for groups in self.sums.values() for held in groups.values())

    def part(self, wanted: Callable[[tuple[str, str, str]], bool]) -> Tally:
        """The cells that are wanted."""
        found = Tally()
        found.sums = {cell: groups for cell, groups in self.sums.items() if wanted(cell)}
        found.bins = {cell: bins for cell, bins in self.bins.items() if wanted(cell)}
        return found


WIDTH = 11 + 2 * len(METHODS)
BANDS = ((10, "10 networks with most"), (50, "next 40"), (200, "next 150"), (1 << 30, "all others"))
COUNTRIES = 8


def _add(groups: dict[int, list[int]], group: int, values: Sequence[int]) -> None:
    """Add the values to those of a group."""
    held = groups.setdefault(group, [0] * WIDTH)
    for place, value in enumerate(values):
        held[place] += value


class Share(NamedTuple):
    """What of a large world is scored; all junk of its traps is compared."""

    good: int = 1  # the good mail of one mailbox in so many
    junk: int = 1  # one junk mail in so many, over all days
    texts: bool = True  # whether mails of one text are known as such (test T12)


ALL = Share()


def run(
    folder: Path, limit: int = 0, progress: Progress = lambda share: None, workers: int = 0, some: Share = ALL
) -> Tally:  # fmt: skip
    """Trace every mail of a world, or about the first ``limit`` of each part of it; part by part, in processes."""
    relays = reading.relays(folder)
    borders = reading.borders(folder)
    stated = {name: baselines.stated(said) for name, said in relays.items()}
    found = Tally()
    with TemporaryDirectory(prefix="accuracy-tracing-") as scratch:
        parts = reading.spread(folder, Path(scratch), one_in=some.good)
        traps = [part for part in parts if not part.name.startswith("people-")]
        asked = _Asked(folder, borders, stated, remembered.Remembered(), limit, some)
        size = {part: part.stat().st_size for part in parts}
        whole, done = sum(size.values()) + sum(size[part] for part in traps), 0
        workers = workers or len(os.sched_getaffinity(0))
        notes: list[remembered.Note] = []
        for part, found_there in _mapped(asked, traps, _noted, workers):
            notes += found_there
            done += size[part]
            progress(done / whole)
        asked = asked._replace(known=remembered.looks(notes))
        for part, tally in _mapped(asked, parts, _traced, workers):
            found.merge(tally)
            done += size[part]
            progress(done / whole)
    return found


class _Asked(NamedTuple):
    """What every process needs to trace a part."""

    folder: Path
    borders: Mapping[str, trace.Boundary]
    stated: Mapping[str, baselines.Stated]
    known: remembered.Remembered
    limit: int
    some: Share = ALL


_asked: _Asked | None = None


Said = TypeVar("Said")


def _mapped(
    asked: _Asked, parts: Sequence[Path], ask: Callable[[Path], Said], workers: int
) -> Iterator[tuple[Path, Said]]:
    """What is said of each part; processes are forked, so that they share what is known."""
    global _asked
    _asked = asked
    if workers < 2 or len(parts) < 2:
        yield from ((part, ask(part)) for part in parts)
        return
    with ProcessPoolExecutor(workers, get_context("fork")) as pool:
        futures = {pool.submit(ask, part): part for part in parts}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _noted(part: Path) -> list[remembered.Note]:
    assert _asked is not None
    return list(remembered.notes(_asked.folder, part, _asked.borders, _asked.some.texts))


def _traced(part: Path) -> Tally:
    assert _asked is not None
    found = Tally()
    for number, (seen, true) in enumerate(reading.part(_asked.folder, part)):
        if _asked.limit and number >= _asked.limit:
            break
        if true.kind == "junk" and crc32(b"%d" % true.id) % _asked.some.junk:
            continue
        known = _asked.known.at(true.at)
        found.add(one(seen, true, _asked.borders[true.intake], _asked.stated[true.intake], known))
    return found


def one(
    seen: reading.Seen, true: reading.Truth, border: trace.Boundary, own: baselines.Stated,
    known: trace.Seen = trace.NOTHING,
) -> Traced:  # fmt: skip
    """What is said of one mail."""
    message = parse(seen.mail)
    hops = trace.read(message)
    facts = jsonl.facts_of(seen.facts, true.intake, 0, true.at) if seen.facts else None
    text = content.view(message).template if len(hops) > 1 and len(known.direct) else 0  # asked of lines below alone
    verdict = trace.judge(hops, border, facts, explain=False, seen=known, text=text)
    flagged = set(range(len(hops))[verdict.typed :]) if verdict.typed is not None else set()
    forged = {place for place, (genuine, _, _) in enumerate(true.hops) if not genuine}
    received = message.every(RECEIVED)
    packed = seen.facts.get("client")
    client = str(net.from_packed(packed)) if packed else None
    others = (
        baselines.last_received(received, client),
        baselines.first_public(received, client, own),
        baselines.trust_walk(list(hops), client, own),
    )
    return Traced(
        group=true.group,
        kind=true.kind,
        strategy=true.strategy,
        class_=true.class_,
        asn=true.asn,
        country=true.country,
        injector=true.injector,
        handover=true.handover,
        said=str(verdict.candidates[0].address) if verdict.candidates else "",
        three=tuple(str(one.address) for one in verdict.candidates[:3]),
        source=str(verdict.source or ""),
        blamed=str(verdict.address or ""),
        said_handover=str(verdict.handover or ""),
        confidence=verdict.candidates[0].p if verdict.candidates else 0.0,
        anchored=verdict.anchored,
        forged=len(forged),
        found=len(forged & flagged),
        genuine=len(true.hops) - len(forged),
        flagged=len(flagged - forged),
        others=tuple(address or "" for address in others),
        said_class=verdict.source_class.name.lower(),
    )


class Scores(NamedTuple):
    """Figures of one set of traced mails."""

    handover: Estimate
    wrong_sure: Estimate
    source: Estimate
    three: Estimate
    covered: Estimate
    forged: Estimate
    flagged: Estimate
    ece: float
    others: dict[str, Estimate]
    others_handover: dict[str, Estimate]


def score(found: Tally) -> Scores:
    """All figures of these mails."""
    bins = np.sum([np.array(one) for one in found.bins.values()], axis=0) if found.bins else np.zeros((3, BINS))
    return _scores(found.sums.values(), binned_error(*bins))


def _scores(parts: Iterable[Mapping[int, Sequence[int]]], ece: float) -> Scores:
    by_group: dict[int, NDArray[np.float64]] = defaultdict(lambda: np.zeros(WIDTH))
    for groups in parts:
        for group, held in groups.items():
            by_group[group] += held
    if not by_group:
        return Scores(NONE, NONE, NONE, NONE, NONE, NONE, NONE, math.nan, *(dict.fromkeys(METHODS, NONE),) * 2)
    rows = np.array([by_group[group] for group in sorted(by_group)])
    mails, anchored, handed, answered, right, three, wrong, forged, caught, genuine, flagged = rows[:, :11].T
    others = rows[:, 11:].T
    above = np.array([handed, right, three, answered, caught, *others]).T
    below = np.array([anchored, answered, answered, mails, forged, *[mails] * len(others)]).T
    made = grouped(above, below)
    names = len(METHODS)
    return Scores(
        handover=made[0],
        wrong_sure=clopper_pearson(int(wrong.sum()), int(mails.sum())),
        source=made[1],
        three=made[2],
        covered=made[3],
        forged=made[4],
        flagged=clopper_pearson(int(flagged.sum()), int(genuine.sum())),
        ece=ece,
        others=dict(zip(METHODS, made[5 : 5 + names], strict=True)),
        others_handover=dict(zip(METHODS, made[5 + names :], strict=True)),
    )


def by_strategy(found: Tally) -> dict[str, Scores]:
    """The same for the mails of each strategy of forgery, junk only, F0 first."""
    names = sorted({strategy for kind, strategy, _ in found.sums if kind == "junk"})
    return {name: score(found.part(lambda cell: cell[:2] == ("junk", name))) for name in names}  # noqa: B023


def by_class(found: Tally) -> dict[str, Scores]:
    """The same for each class of source; good mail is its own class."""

    def shown(cell: tuple[str, str, str]) -> str:
        return cell[2] if cell[0] == "junk" else f"{cell[0]} mail"

    names = sorted({shown(cell) for cell in found.sums})
    return {name: score(found.part(lambda cell: shown(cell) == name)) for name in names}  # noqa: B023


def by_network(found: Tally) -> dict[str, Scores]:
    """The same for junk by how much of it the injector's network sends, and by country: no score hides behind heads."""
    mails = {net: sum(held[0] for held in groups.values()) for net, groups in found.nets.items()}
    order = sorted(mails, key=lambda net: (-mails[net], net))
    out, first = {}, 0
    for last, name in BANDS:
        if order[first:last]:
            out[name] = _scores((found.nets[net] for net in order[first:last]), math.nan)
        first = last
    countries: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for one in order:
        countries[one[1]].append(one)
    ranked = sorted(countries, key=lambda name: -sum(mails[net] for net in countries[name]))
    for name in ranked[:COUNTRIES]:
        out[name] = _scores((found.nets[net] for net in countries[name]), math.nan)
    if ranked[COUNTRIES:]:
        rest = [net for name in ranked[COUNTRIES:] for net in countries[name]]
        out["other countries"] = _scores((found.nets[net] for net in rest), math.nan)
    return out
