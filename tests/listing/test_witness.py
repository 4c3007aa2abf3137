"""Who may witness, and how often (RUNTIME, observations 9 and 10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from junkhound.listing import Unit, witnesses
from junkhound.tables import Standing
from support.histories import unit

MAILBOX = {"standing": Standing.MAILBOX, "trap": 0}
PARTNER = {"standing": Standing.PARTNER, "trap": 0}

units = st.builds(
    unit,
    st.integers(0, 30),
    vantage=st.integers(0, 3),
    trap=st.integers(0, 3),
    standing=st.sampled_from(Standing),
)


@pytest.mark.parametrize(
    ("seen", "own", "public"),
    [
        ([], 0, 0),
        ([unit(0)], 1, 1),
        ([unit(0), unit(10)], 1, 1),  # one trap address, whatever the hours
        ([unit(0), unit(10, trap=2)], 2, 1),  # two addresses, ten hours apart
        ([unit(0), unit(6, trap=2)], 2, 1),
        ([unit(0), unit(5, trap=2)], 1, 1),  # not six hours apart
        ([unit(0, trap=0), unit(10, trap=0)], 1, 1),  # no known trap address
        ([unit(0), unit(1, trap=2), unit(10)], 2, 1),  # the widest pair is one address, another pair is not
        ([unit(0), unit(3, trap=2), unit(5)], 1, 1),
        ([unit(0), unit(10, trap=2), unit(20, trap=3)], 2, 1),  # never three
        ([unit(0, **MAILBOX), unit(6, **MAILBOX)], 2, 1),  # mailboxes: two messages
        ([unit(0, **MAILBOX), unit(5, **MAILBOX)], 1, 1),
        ([unit(0), unit(0, vantage=2)], 2, 2),
        ([unit(0), unit(0, vantage=2, **PARTNER)], 2, 2),  # a partner is the second
        ([unit(0, **PARTNER), unit(0, vantage=2, **PARTNER)], 0, 0),  # never the first, never both
        ([unit(0), unit(0, vantage=2, **PARTNER), unit(9, vantage=3, **PARTNER)], 2, 2),
        ([unit(0), unit(0, vantage=2, standing=Standing.COMPLAINT)], 1, 1),
        ([unit(0), unit(0, vantage=2, standing=Standing.FEED)], 1, 1),
        ([unit(0), unit(0, vantage=2, standing=Standing.FBL)], 1, 1),
        ([unit(0, vantage=0), unit(9, vantage=0, trap=2)], 0, 0),
    ],
)
def test_how_many_witnesses(seen: list[Unit], own: int, public: int) -> None:
    assert (witnesses(seen, "own").independent, witnesses(seen, "public").independent) == (own, public)


@given(st.lists(units, max_size=12), st.randoms(use_true_random=False))
def test_order_changes_nothing(seen: list[Unit], shuffler) -> None:
    turned = list(seen)
    shuffler.shuffle(turned)
    assert [witnesses(seen, s) for s in ("own", "public")] == [witnesses(turned, s) for s in ("own", "public")]


@given(st.lists(units, max_size=10))
def test_two_in_one_vantage_are_what_trying_every_pair_finds(seen: list[Unit]) -> None:
    traps = [u for u in seen if u.vantage == 1 and u.standing == Standing.TRAP]
    boxes = [u for u in seen if u.vantage == 1 and u.standing in (Standing.MAILBOX, Standing.LOG)]
    pairs = any(a.trap and b.trap and a.trap != b.trap and abs(a.hour - b.hour) >= 6 for a in traps for b in traps)
    pairs = pairs or any(abs(a.hour - b.hour) >= 6 for a in boxes for b in boxes)
    expected = (2 if pairs else 1) if traps or boxes else 0
    assert witnesses(traps + boxes, "own").independent == expected


@given(st.lists(units, max_size=10))
def test_public_never_has_more_witnesses_than_own(seen: list[Unit]) -> None:
    assert witnesses(seen, "public").independent <= witnesses(seen, "own").independent
