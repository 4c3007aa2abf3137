"""Fingerprints beside dialects: what few others show ties machines, what all show says nothing."""

from __future__ import annotations

import random

import numpy as np

from junkhound import botnet
from junkhound.botnet import Rows, prints
from junkhound.botnet.hours import Habit
from junkhound.kernel.clock import DAY

COMMON, RARE, OTHER = 101, 102, 103


def rows_of(groups: list[tuple[range, range, int]]) -> Rows:
    """Mails of (machines, campaigns, dialect): each campaign by a part of the machines, drawn anew for each."""
    chance = random.Random(3)
    rows = []
    for machines, campaigns, dialect in groups:
        for campaign in campaigns:
            for machine in chance.sample(list(machines), 60):
                day = chance.randrange(7)
                at = day * DAY + chance.randrange(DAY)
                rows.append((machine, machine, machine % 40, campaign, dialect, 0, day, 1, 1, at, at))
    columns = np.array(rows, np.int64).T
    unsigned = ("dialect", "habit")
    return Rows(**{
        name: column.astype(np.uint64) if name in unsigned else column
        for name, column in zip(Rows.__dataclass_fields__, columns, strict=True)
    })  # fmt: skip


def shown(*lines: tuple[int, int, int, int, int]) -> prints.Prints:
    """Rows of (campaign, dialect, what, key, addresses)."""
    campaign, dialect, what, key, addresses = np.array(lines, np.int64).T
    return prints.Prints(campaign, dialect.astype(np.uint64), what, key.astype(np.uint64), addresses)


def test_two_programs_with_a_rare_greeting_and_tls_stack_are_one_botnet_and_those_without_are_two() -> None:
    programs = {11 + 10 * n: (range(3000 * n, 3000 * n + 200), range(1 + 3 * n, 4 + 3 * n)) for n in range(6)}
    rows = rows_of([(machines, campaigns, dialect) for dialect, (machines, campaigns) in programs.items()])
    of = {campaign: dialect for dialect, (_, campaigns) in programs.items() for campaign in campaigns}
    rare = [(c, dialect, what, RARE if dialect in (11, 21) else COMMON, 40)
            for c, dialect in of.items() for what in (prints.HELO, prints.JA4)]  # fmt: skip
    found = botnet.find(rows, shown(*rare))
    net = {c: set(found.row_net[rows.campaign == c].tolist()) for c in of}
    assert found.count == 5
    assert net[1] == net[4] != net[7] != net[10]
    assert botnet.find(rows).count == 6
    one_thing = [row for row in rare if row[2] == prints.JA4]
    assert botnet.find(rows, shown(*one_thing)).count == 6  # one fingerprint alone joins no two programs


def test_one_dialect_on_two_tls_stacks_is_two_botnets() -> None:
    others = [(range(5000 * n, 5000 * n + 200), range(10 * n, 10 * n + 3), 11 + 10 * n) for n in range(1, 5)]
    rows = rows_of([(range(200), range(1, 4), 11), (range(120, 320), range(4, 7), 11), *others])
    assert botnet.find(rows).count == 5
    apart = [(c, 11, what, RARE if c < 4 else OTHER, 40) for c in range(1, 7) for what in (prints.SYN, prints.JA4)]
    found = botnet.find(rows, shown(*apart))
    assert found.count == 6
    assert {len(set(found.row_net[np.isin(rows.campaign, part)].tolist())) for part in ((1, 2, 3), (4, 5, 6))} == {1}


def test_what_every_machine_shows_says_nothing_and_a_few_machines_say_nothing() -> None:
    cells = [(0, campaign) for campaign in range(6)]
    same = shown(*((c, 11, prints.SYN, COMMON if n else OTHER, 39 if n else 1) for c in range(6) for n in (0, 1)))
    evidence = prints.Evidence(same, {11: 0}, cells)
    assert abs(evidence.weight(0, 1)) < 0.5
    few = prints.Evidence(shown(*((c, 11, prints.SYN, 200 + c, 3) for c in range(6))), {11: 0}, cells)
    assert few.weight(0, 1) == 0.0


def test_machines_that_sleep_are_not_those_that_never_do() -> None:
    assert prints.clock(Habit(0.35, 0.03, 60), Habit(0.01, 0.03, 60)) <= -2.0
    assert prints.clock(Habit(0.35, 0.03, 60), Habit(0.30, 0.03, 60)) == 0.0
    assert prints.clock(Habit(0.35, 0.03, 60), Habit(0.0, 0.03, 4)) == 0.0


def test_shares_of_what_machines_show_are_of_the_addresses_asked_about() -> None:
    held = shown((1, 11, prints.JA4, RARE, 30), (1, 11, prints.JA4, COMMON, 10), (2, 11, prints.JA4, OTHER, 99))
    assert prints.shares(held, {(11, 1)}) == [(prints.JA4, RARE, 0.75, 30), (prints.JA4, COMMON, 0.25, 10)]
    assert prints.shares(prints.Prints(), {(11, 1)}) == []
