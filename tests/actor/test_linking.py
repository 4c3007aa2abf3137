"""Links between campaigns: plenty is asserted, little is asked, what everybody has is nothing."""

from __future__ import annotations

import numpy as np

from junkhound import actor
from junkhound.actor import Campaign


def one(number: int, *keys: tuple[str, int], sketch: bytes = b"", days: tuple[int, int] = (0, 5)) -> Campaign:
    return Campaign(number, frozenset(keys), sketch, 30, frozenset(), 100, *days)


def test_one_wallet_is_one_hand_and_says_so() -> None:
    made = [one(1, ("WALLET", 7)), one(2, ("WALLET", 7)), one(3, ("WALLET", 8))]
    (link,) = actor.links(made)
    assert (link.one, link.other) == (1, 2)
    assert link.sure > actor.SURE
    assert link.reasons[0].text == "the same wallet"
    assert actor.actors(made, [link]) == [0, 0, 1]


def test_a_shared_tracker_or_signer_asserts_nothing() -> None:
    made = [one(n, ("DOMAIN", 7), ("DKIM_DOMAIN", 9)) for n in (1, 2)]
    (link,) = actor.links(made)
    assert link.sure < actor.OFFERED
    assert actor.actors(made, [link]) == [0, 1]


def test_what_many_have_is_nobodys_own() -> None:
    assert actor.links([one(n, ("WALLET", 7)) for n in range(30)]) == []
    assert actor.links([one(n, ("ATTACHMENT", 7)) for n in range(9)]) == []


def test_one_account_in_many_campaigns_is_as_sure_as_in_two() -> None:
    """Who sends much uses his account in all of it; with five campaigns it was a question, with two it was asserted."""
    made = [one(n, ("ACCOUNT", 7)) for n in range(6)]
    found = actor.links(made)
    assert len(found) == 15
    assert all(link.sure >= actor.SURE for link in found)
    assert set(actor.actors(made, found)) == {0}
    assert all(reason.weight > 0 for link in found for reason in link.reasons)


def test_a_campaign_between_two_actors_does_not_tie_them() -> None:
    """Its text is near both: each tie alone is a question, so nothing is asserted."""
    chance = np.random.default_rng(1)
    left, right = (chance.integers(0, 1 << 32, 128, np.uint32) for _ in range(2))
    both = np.where(np.arange(128) < 50, left, right)
    made = [one(1, sketch=left.tobytes()), one(2, sketch=both.tobytes()), one(3, sketch=right.tobytes())]
    found = actor.links(made)
    assert all(link.sure < actor.SURE for link in found)
    assert actor.actors(made, found) == [0, 1, 2]


def test_a_successor_is_offered_and_not_asserted() -> None:
    chance = np.random.default_rng(2)
    text = chance.integers(0, 1 << 32, 128, np.uint32)
    later = np.where(np.arange(128) < 64, text, chance.integers(0, 1 << 32, 128, np.uint32))
    made = [one(1, sketch=text.tobytes(), days=(0, 30)), one(2, sketch=later.tobytes(), days=(35, 60))]
    found = actor.links(made)
    labels = actor.actors(made, found)
    assert labels == [0, 1]
    assert [(old, new) for old, new, _ in actor.successors(made, labels, found)] == [(0, 1)]
    assert actor.significance(1000, 3.0, 365) > actor.significance(1000, 1.0, 365)
