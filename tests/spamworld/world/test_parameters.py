"""The table of parameters is frozen, sourced and typed."""

from __future__ import annotations

import re

import pytest

from spamworld import parameters
from spamworld.errors import DataError

FROZEN = "eb3b47f18d4ed5c2de91ad6f3fcbc135a479005fa6e068486b9a77f1b91c9a8d"


def test_the_table_is_frozen() -> None:
    assert parameters.sha256() == FROZEN, (
        "parameters.toml changed: that needs a line in CHANGELOG.md, all accuracy tables anew, and the new hash here"
    )


def test_every_entry_has_a_source_with_a_tag() -> None:
    text = parameters.TABLE.read_text()
    assert len(re.findall(r"\bvalue = ", text)) == len(re.findall(r"\bsource = ", text)) > 200


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("top10 = ", "top11 = ", "top1"),
        ("[clocks]", "[clokcs]", "clo"),
        ('far_off = { value = 0.03, source = "SPAMWORLD', 'far_off = { value = 0.03, source = "somebody', "far_off"),
        ("far_off = { value = 0.03,", "far_off = { value = 'often',", "far_off"),
        ("far_off = { value = 0.03,", "far_off = { value = 0.03, unit = 's',", "far_off"),
        ("far_off = { value = 0.03,", "far_off = { ", "far_off"),
        ("[clocks]", "[clocks]\nextra = 3", "extra"),
    ],
)
def test_a_table_with_a_stranger_in_it_is_refused(old: str, new: str, said: str) -> None:
    text = parameters.TABLE.read_text()
    assert old in text
    with pytest.raises(DataError) as caught:
        parameters.read(text.replace(old, new, 1).encode())
    assert said in str(caught.value)


def test_shares_are_shares() -> None:
    p = parameters.load()
    for era in p.variant.values():
        assert sum(era.channels.values()) == pytest.approx(1.0)
        assert sum(era.categories.values()) == pytest.approx(1.0)
        assert sum(era.servers.values()) == pytest.approx(1.0, abs=0.02)
    for mix in (p.strategies.tuning, p.strategies.evaluation, p.traps.kinds, p.good.kinds, p.networks.roles):
        assert sum(mix.values()) == pytest.approx(1.0)
    assert not {"F4", "F8", "F9", "E1", "E2"} & set(p.strategies.tuning), "left out of tuning"
