"""How the class of a source is told: bot, open relay, account and so on, each true class with what was said of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import NamedTuple

import numpy as np

from accuracy.intervals import NONE, Estimate, clopper_pearson, grouped
from accuracy.tracing import Tally

NAMES: dict[str, tuple[str, ...]] = {
    "bot": ("bot",), "proxy": ("bot", "open_proxy"), "relay": ("open_relay",), "account": ("account",),
    "webmail": ("webmail",), "bulk": ("bulk",), "own": ("server",), "controller": ("controller",),
    "forward": ("forward",),
}  # fmt: skip
"""The world's words for the classes of sources, and the product's that are right for each.

A bot and a proxy that is spoken to by SOCKS look alike, and the product's class says so: "an infected machine, or a
proxy that somebody speaks through".
"""
SHOWN = 4  # confusions of one class


class Classed(NamedTuple):
    """What was said of the junk of one true class: the share named rightly, how much of what bears its name is it."""

    true: str
    mails: int
    right: Estimate
    precision: Estimate
    said: tuple[tuple[str, int], ...]


def score(found: Tally) -> list[Classed]:
    """Every true class of junk, the one with most mails first."""
    by_true: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for (kind, true, said), groups in found.said.items():
        if kind != "junk":
            continue
        for group, mails in groups.items():
            table[true][said] += mails
            held = by_true[true][group]
            held[0] += mails * (said in NAMES.get(true, ()))
            held[1] += mails
    every = sum(table.values(), Counter[str]())
    out = []
    for true, answers in table.items():
        rows = np.array([by_true[true][group] for group in sorted(by_true[true])], np.float64)
        names = NAMES.get(true, ())
        said_so = sum(every[name] for name in names)
        rightly = sum(table[other][name] for name in names for other in table if name in NAMES.get(other, ()))
        precise = clopper_pearson(rightly, said_so) if said_so else NONE
        right = grouped(rows[:, :1], rows[:, 1:])[0]
        out.append(Classed(true, answers.total(), right, precise, tuple(answers.most_common())))
    return sorted(out, key=lambda one: -one.mails)


def confusions(one: Classed) -> str:
    """What else was said of a class, the most frequent first."""
    wrong = [(said, mails) for said, mails in one.said if said not in NAMES.get(one.true, ())]
    shown = [f"{said.replace('_', ' ')} {mails / one.mails:.1%}" for said, mails in wrong[:SHOWN]]
    return ", ".join(shown)
