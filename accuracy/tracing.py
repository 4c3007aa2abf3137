"""G1, G2, G3: who handed it over, who really sent it, which lines are forged; and how sure the product was.

The product is asked as a library: ``read`` and ``judge`` with the boundary that the operator states. Beside it stand
the reference methods of ``baselines`` on the same lines.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from accuracy import baselines, reading
from accuracy.intervals import Estimate, calibration_error, clopper_pearson, ratio, share
from junkhound import trace
from junkhound.evidence.message import parse
from junkhound.kernel import net
from junkhound.wire import jsonl

RECEIVED = b"received"
SURE = 0.99
METHODS = ("last-Received", "first-public", "SA-style trust walk")


class Traced(NamedTuple):
    """One mail: what is true, what was said. Addresses are text, "" for no answer."""

    group: int
    kind: str
    strategy: str
    class_: str
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


def run(folder: Path, limit: int = 0, traps_only: bool = False) -> list[Traced]:
    """Trace every mail of a world, or the first ``limit``."""
    relays = reading.relays(folder)
    borders = {name: trace.boundary(said, (), allow_documentation=True) for name, said in relays.items()}
    stated = {name: baselines.stated(said) for name, said in relays.items()}
    known = compared(folder, borders)
    found = []
    for number, (seen, true) in enumerate(reading.pairs(folder, "mail/traps/" if traps_only else "")):
        if limit and number >= limit:
            break
        found.append(one(seen, true, borders[true.intake], stated[true.intake], known))
    return found


def compared(folder: Path, borders: Mapping[str, trace.Boundary]) -> trace.Seen:
    """What the junk of all traps says of each other, as an operator has it who traces it together."""

    def samples() -> Iterator[trace.Sample]:
        for seen, true in reading.pairs(folder, "mail/traps/"):
            message = parse(seen.mail)
            facts = jsonl.facts_of(seen.facts, true.intake, 0, true.at) if seen.facts else None
            yield trace.Sample(message.first(b"message-id"), trace.read(message), borders[true.intake], facts)

    return trace.compare(samples())


def one(
    seen: reading.Seen, true: reading.Truth, border: trace.Boundary, own: baselines.Stated,
    known: trace.Seen = trace.NOTHING,
) -> Traced:  # fmt: skip
    """What is said of one mail."""
    message = parse(seen.mail)
    hops = trace.read(message)
    facts = jsonl.facts_of(seen.facts, true.intake, 0, true.at) if seen.facts else None
    verdict = trace.judge(hops, border, facts, seen=known)
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


def score(traced: Iterable[Traced]) -> Scores:
    """All figures of these mails."""
    rows = list(traced)
    group = [row.group for row in rows]
    answered = [row for row in rows if row.said]
    wrong = sum(row.confidence >= SURE and row.said != row.injector for row in answered)
    return Scores(
        handover=share([row.said_handover == row.handover for row in rows if row.anchored],
                       [row.group for row in rows if row.anchored]),
        wrong_sure=clopper_pearson(wrong, len(rows)),
        source=share([row.said == row.injector for row in answered], [row.group for row in answered]),
        three=share([row.injector in row.three for row in answered], [row.group for row in answered]),
        covered=share([bool(row.said) for row in rows], group),
        forged=ratio([row.found for row in rows], [row.forged for row in rows], group),
        flagged=clopper_pearson(sum(row.flagged for row in rows), sum(row.genuine for row in rows)),
        ece=calibration_error([row.confidence for row in answered], [row.said == row.injector for row in answered]),
        others={
            name: share([row.others[n] == row.injector for row in rows], group) for n, name in enumerate(METHODS)
        },
        others_handover={
            name: share([row.others[n] == row.handover for row in rows], group) for n, name in enumerate(METHODS)
        },
    )  # fmt: skip


def by_strategy(traced: Iterable[Traced]) -> dict[str, Scores]:
    """The same for the mails of each strategy of forgery, junk only, F0 first."""
    parts: dict[str, list[Traced]] = defaultdict(list)
    for row in traced:
        if row.kind == "junk":
            parts[row.strategy].append(row)
    return {name: score(rows) for name, rows in sorted(parts.items())}


def by_class(traced: Iterable[Traced]) -> dict[str, Scores]:
    """The same for each class of source; good mail is its own class."""
    parts: dict[str, list[Traced]] = defaultdict(list)
    for row in traced:
        parts[row.class_ if row.kind == "junk" else f"{row.kind} mail"].append(row)
    return {name: score(rows) for name, rows in sorted(parts.items())}
