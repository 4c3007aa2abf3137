"""``junkhound ingest`` with another judge: a null, or the spine alone.

The null hands out rows that were judged once, each under the id of its own mail: what ``bench.stages`` measures the
rest of the way with. The spine is everything but what campaigns ask of a text: what ``bench.ingest`` holds against the
bar that was set for it. ``BENCH_JUDGE`` in the environment says which.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

from junkhound.verbs import task

_made: dict[int, Any] = {}


def null(deliveries: Iterable[Any], rules: Any, killed: frozenset[int] = frozenset(), mark: Any = None) -> Any:
    """As ``sighting.judge``: rows judged once for so many mails, with the ids and places of these."""
    from junkhound import sighting

    given = list(deliveries)
    made = _made.get(len(given))
    if made is None:
        made = _made[len(given)] = sighting.batch.judge(given, rules, killed)
    rows = dict(made.columns["sightings"])
    ids = [sighting.sighting_id(d.sha256, d.facts.origin.intake, "") for d in given]
    rows["id_hi"] = [int.from_bytes(one[:8], "big") for one in ids]
    rows["id_lo"] = [int.from_bytes(one[8:], "big") for one in ids]
    rows["segment"] = [d.segment for d in given]
    rows["ordinal"] = [d.ordinal for d in given]
    return sighting.Batch({**made.columns, "sightings": rows}, made.names, made.intakes, made.counts, made.rows)


def start(orders: Any) -> Any:
    """In the parser process: as ``verbs.parser.start``, with the null."""
    from junkhound import sighting
    from junkhound.verbs import parser

    sighting.judge = null
    return parser.start(orders)


def start_spine(orders: Any) -> Any:
    """In the parser process: as ``verbs.parser.start``, without what campaigns ask of a text."""
    from junkhound import content
    from junkhound.verbs import parser

    content.finds, content.language_of = (lambda view: []), (lambda view: "")
    return parser.start(orders)


class Factory(task.Factory):
    """In a worker: a unit whose parser judges nothing, or no more than the spine."""

    modules = ("bench.nulled", *task.Factory.modules)

    def __call__(self) -> Any:
        from junkhound.verbs import unit

        unit.PARSER = "bench.nulled:start_spine" if os.environ.get("BENCH_JUDGE") == "spine" else "bench.nulled:start"
        return unit.UnitOfWork(self.config, self.orders)


def main() -> None:
    """The command, its processes raised as the command raises them."""
    from junkhound.cli import main as command
    from junkhound.cli.ingest import _raise_workers
    from junkhound.verbs.office import open_office

    _raise_workers(open_office(sys.argv[2]))
    from bench import nulled  # workers would not find __main__
    from junkhound.verbs import judge

    judge.Factory = nulled.Factory  # type: ignore[misc]
    command()


if __name__ == "__main__":
    main()
