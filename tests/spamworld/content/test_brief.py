"""Briefs made of the world's campaigns, and the domains that a campaign has in use at an instant."""

from __future__ import annotations

import pytest

from spamworld.content import Brief, Name, Options, attach, of
from spamworld.content.brief import Brief as Same
from spamworld.world import facts


def campaign(**more: object) -> facts.Campaign:
    known: dict[str, object] = {
        "category": "stock",
        "channels": (facts.Channel("bot", 1, 0, 100, 1.0),),
        "versions": (facts.Version(1, 0, 50), facts.Version(2, 50, 100)),
    }
    return facts.Campaign(id=4, spammer=2, start=0, end=100, volume=1.0, language="en", **(known | more))  # type: ignore[arg-type]


def test_a_campaign_becomes_a_brief() -> None:
    stock = facts.Stock("QVXA.PK", "Quarvex Inc.", 0.31, 1.2, 0, 100)
    made = of(campaign(stock=stock, picture_share=0.9, noise="waves", canspam={"E6": True, "E8": False}, spin=True))
    assert isinstance(made, Same)
    assert (made.ticker, made.company, made.price, made.target) == ("QVXA.PK", "Quarvex Inc.", 0.31, 1.2)
    assert (made.versions, made.pictures, made.noise, made.spin) == (2, 0.9, "waves", True)
    assert made.canspam == {"E6"}


def test_a_worm_and_a_targeted_series_have_prose_of_their_own() -> None:
    assert of(campaign(channels=(facts.Channel("worm", 0, 0, 100, 1.0),))).category == "worm"
    assert of(campaign(targeted=True)).category == "targeted"
    assert not attach.wanted(of(campaign()))
    assert attach.wanted(of(campaign(category="malware", attachment="zip")))


@pytest.mark.parametrize(
    ("at", "domain"), [(0, "one.example"), (15, "two.example"), (25, "two.example"), (99, "two.example")]
)
def test_the_newest_domain_in_use_is_advertised(at: int, domain: str) -> None:
    brief = Brief(1, "pharma", domains=(Name("one.example", 0, 20), Name("two.example", 10, 30)))
    assert brief.domain(at) == domain


def test_a_campaign_without_domains_has_none() -> None:
    assert Brief(1, "pharma").domain(5) == ""


def test_the_test_file_of_antivirus_makers_is_off_by_default() -> None:
    assert not Options().eicar
    assert len(attach.EICAR) == 68  # as its publisher says
