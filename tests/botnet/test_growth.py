"""Bots that no trap met: asked about by those who ask about the botnet's known machines, and by nobody else."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from junkhound.botnet import growth
from junkhound.kernel.clock import DAY, HOUR
from junkhound.ledger.asked import ROW, Asked

ASKERS, BOTS, KNOWN, OTHERS = 400, 60, 25, 2000


def questions(seed: int, targets: int) -> tuple[np.ndarray, np.ndarray]:
    """Bots 0 to 59 mail a list of targets, whose servers ask; each of 2,000 other addresses mails whom it likes."""
    chance = np.random.default_rng(seed)
    pairs = set()
    for bot in range(BOTS):
        pairs |= {(bot, int(one)) for one in chance.choice(targets, 12, replace=False)}
    for other in range(BOTS, BOTS + OTHERS):
        pairs |= {(other, int(one)) for one in chance.choice(ASKERS, int(chance.integers(3, 25)), replace=False)}
    subject, asker = np.array(sorted(pairs), np.int64).T
    return subject, asker


def test_machines_with_the_same_targets_join_and_others_do_not() -> None:
    for seed in range(3):
        subject, asker = questions(seed, targets=40)
        number = np.arange(BOTS + OTHERS, dtype=np.uint64) * np.uint64(0x5851F42D4C957F2D)
        found = {one.subject for one in growth.grown(subject, asker, np.arange(KNOWN), number)}
        assert len(found & set(range(KNOWN, BOTS))) >= 30
        assert not found - set(range(KNOWN, BOTS))


def test_where_everybody_asks_about_everybody_nothing_is_said() -> None:
    subject, asker = questions(5, targets=ASKERS)
    number = np.arange(BOTS + OTHERS, dtype=np.uint64) * np.uint64(0x5851F42D4C957F2D)
    assert len(growth.grown(subject, asker, np.arange(KNOWN), number)) <= growth.CHANCE * OTHERS
    assert growth.grown(subject, asker, np.arange(growth.SEEDS - 1), number) == []
    assert growth.grown(subject[:0], asker[:0], np.arange(KNOWN), number) == []


def test_pairs_of_one_key_are_read_once_and_those_of_another_not(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    at = 7 * 3000 * DAY + 3 * DAY
    for moment, asker in ((at, 1), (at - HOUR, 1), (at - HOUR, 2), (at - 5 * DAY, 3), (at + 2 * HOUR, 4)):
        asked.write(np.array([(0, 7, asker)], ROW), moment)
    assert asked.pairs(at).tolist() == [(0, 7, 1), (0, 7, 2)]
    assert len(Asked(tmp_path / "none").pairs(at)) == 0
